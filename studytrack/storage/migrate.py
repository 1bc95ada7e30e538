"""Bringing a database to the newest revision, with a verified backup first.

Whether a migration is due is decided with sqlite3 alone; SQLAlchemy and Alembic are imported only
when one is.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
from pathlib import Path

from studytrack.errors import StoreFault
from studytrack.storage.faults import NOT_CHANGED, damaged, explain, not_ours
from studytrack.storage.files import reading

Schema = dict[str, list[tuple[object, ...]]]
VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest_revision() -> str:
    """Return the highest revision that this program ships."""
    names = [match[1] for path in VERSIONS.iterdir() if (match := re.match(r"(\d{4})_", path.name))]
    return max(names)


def current_revision(path: Path) -> str | None:
    """Return a database's revision; None if the file is missing or empty.

    Raises:
        StoreFault, EnvironmentFault: no database of studytrack, busy, or not readable.
    """
    if not path.exists():
        return None
    if not path.is_file():
        raise not_ours(path, "It is no regular file.")
    if path.stat().st_size == 0:
        return None
    try:
        with reading(path) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if "alembic_version" not in tables:
                if tables:
                    raise not_ours(path, "It holds other tables.")
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise explain(path, str(error), NOT_CHANGED) from error
    return row[0] if row else None


def is_unknown(path: Path) -> bool:
    """Tell whether a database names a revision that never was, as after a flipped bit.

    A higher one is of a newer version, unless it is one bit from this one, the tables are exactly
    this version's, and no backup was made before the migration that would have led there.

    Raises:
        StoreFault, EnvironmentFault: no database of studytrack, busy, or not readable.
    """
    current = current_revision(path)
    known = {one.name[:4] for one in VERSIONS.iterdir() if re.match(r"\d{4}_", one.name)}
    if current is None or current in known:
        return False
    newest = max(known)
    if re.fullmatch(r"[0-9]{4}", current) is None or current < newest:
        return True
    apart = int.from_bytes(current.encode()) ^ int.from_bytes(newest.encode())
    left = path.parent.glob(f"backups/*-before-migration-from-{newest}.db")
    return apart.bit_count() == 1 and not any(left) and _schema(path) == _newest_schema()


def has_other_tables(path: Path) -> bool:
    """Tell whether a database of the newest revision has not its tables, as after a flipped bit."""
    return current_revision(path) == newest_revision() and _schema(path) != _newest_schema()


def _newest_schema() -> Schema:
    with tempfile.TemporaryDirectory(prefix="studytrack-") as folder:
        empty = Path(folder) / "empty.db"
        migrate(empty)
        return _schema(empty)


def _schema(path: Path) -> Schema:
    """Return the columns of every table and index."""
    names = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
    with reading(path) as connection:
        return {
            name: connection.execute(f"SELECT * FROM pragma_{kind}_info(?)", (name,)).fetchall()  # noqa: S608 - a table or an index
            for kind, name in connection.execute(names).fetchall()
            if kind in {"table", "index"}
        }


def check_revision(path: Path) -> bool:
    """Tell whether a migration is due.

    Raises:
        StoreFault: the database comes from a newer version; nothing is written.
    """
    current, newest = current_revision(path), newest_revision()
    if current not in {None, newest} and is_unknown(path):
        raise damaged(path, f"It names a schema that never was: {current!r}.")
    if current is not None and current > newest:
        raise StoreFault(
            f"{path} was written by a newer studytrack.",
            f"Its schema is {current}; this version knows {newest} and could lose the rest.",
            "Upgrade studytrack. Nothing was changed.",
        )
    return current != newest


def migrate(path: Path) -> None:
    """Run the revisions that are due, in one transaction; who had to wait for another finds none.

    Raises:
        StoreFault, EnvironmentFault: a revision failed; nothing was changed.
    """
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": 5.0},
        isolation_level="AUTOCOMMIT",  # the transaction is written out below
    )
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            connection.exec_driver_sql("PRAGMA journal_mode = WAL").close()
            connection.exec_driver_sql("PRAGMA synchronous = FULL").close()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                command.upgrade(config, "head")
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
    except sa.exc.DBAPIError as error:
        raise explain(path, str(error.orig), NOT_CHANGED) from error
    finally:
        engine.dispose()
