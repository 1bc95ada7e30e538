"""Indexes that keep answers cheap in a long log: an item's rows in order, no empty columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make three indexes anew."""
    for name in ("ix_log_item", "ix_log_target", "ix_log_batch"):
        op.drop_index(name, "log")
    op.create_index("ix_log_item", "log", ["item_kind", "item_id", "clock"])
    op.create_index("ix_log_target", "log", ["target"], sqlite_where=sa.text("target > ''"))
    op.create_index("ix_log_batch", "log", ["batch"], sqlite_where=sa.text("batch > ''"))


def downgrade() -> None:
    """Refuse: a backup is made before every migration; restore that."""
    raise NotImplementedError("restore the backup made before the migration")
