"""Bringing a database to the newest revision, with a verified backup first.

Whether a migration is due is decided with sqlite3 alone; Alembic is imported only when one is.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from studytrack.errors import StoreFault

VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """Return the highest revision that this program ships."""
    names = [match[1] for path in VERSIONS.iterdir() if (match := re.match(r"(\d{4})_", path.name))]
    return max(names)


def current_revision(path: Path) -> str | None:
    """Return a database's revision; None if the file is missing or empty.

    Raises:
        StoreFault: the file is no database of studytrack, or cannot be read.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if "alembic_version" not in tables:
                if tables:
                    raise not_ours(path, "It holds other tables.")
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise not_ours(path, f"SQLite says: {error}.") from error
    return row[0] if row else None


def not_ours(path: Path, why: str) -> StoreFault:
    """Return the error for a file that cannot be used as the database."""
    return StoreFault(
        f"{path} cannot be used as the database.",
        why,
        "Move it away, or restore a copy from the backups folder beside it. Nothing was changed.",
    )


def check_revision(path: Path) -> bool:
    """Tell whether a migration is due.

    Raises:
        StoreFault: the database comes from a newer version; nothing is written.
    """
    current, newest = current_revision(path), newest_revision()
    if current is not None and current > newest:
        raise StoreFault(
            f"{path} was written by a newer studytrack.",
            f"Its schema is {current}; this version knows {newest} and could lose the rest.",
            "Upgrade studytrack. Nothing was changed.",
        )
    return current != newest


def migrate(connection: object) -> None:
    """Run the revisions that are due on an open SQLAlchemy connection, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
