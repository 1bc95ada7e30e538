"""The first schema: the log, the attempts, and the caches that the log rebuilds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "log",
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(32), nullable=False),
        sa.Column("clock", sa.BigInteger, nullable=False),
        sa.Column("utc_ms", sa.BigInteger, nullable=False),
        sa.Column("offset_min", sa.Integer, nullable=False),
        sa.Column("study_day", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("item_kind", sa.String(12), nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("batch", sa.String(32), nullable=False),
        sa.Column("rating", sa.Integer),
        sa.Column("rated_by", sa.String(12), nullable=False),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("answer", sa.Text),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("variant_seed", sa.BigInteger),
        sa.Column("scheduled", sa.Integer),
        sa.Column("r_before", sa.Float),
        sa.Column("s_after", sa.Float),
        sa.Column("d_after", sa.Float),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("params_id", sa.String(32), nullable=False),
        sa.Column("retention", sa.Float),
        sa.PrimaryKeyConstraint("event_id", name="pk_log"),
    )
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(32), nullable=False),
        sa.Column("clock", sa.BigInteger, nullable=False),
        sa.Column("utc_ms", sa.BigInteger, nullable=False),
        sa.Column("offset_min", sa.Integer, nullable=False),
        sa.Column("study_day", sa.Integer, nullable=False),
        sa.Column("exercise", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("passed", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("device", sa.String(12), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.Column("rating", sa.Integer),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_attempt"),
    )
    op.create_table(
        "memory",
        sa.Column("item_kind", sa.String(12), nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("stability", sa.Float, nullable=False),
        sa.Column("difficulty", sa.Float, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("due_day", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("last_day", sa.Integer, nullable=False),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("reps", sa.Integer, nullable=False),
        sa.Column("lapses", sa.Integer, nullable=False),
        sa.Column("suspended", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("buried_day", sa.Integer),
        sa.Column("last_clock", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("item_kind", "item_id", name="pk_memory"),
    )
    op.create_table(
        "entity",
        sa.Column("item_kind", sa.String(12), nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("item_kind", "item_id", name="pk_entity"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_index("ix_log_order", "log", ["clock", "device_id", "event_id"])
    op.create_index("ix_log_item", "log", ["item_kind", "item_id"])
    op.create_index("ix_log_target", "log", ["target"])
    op.create_index("ix_log_batch", "log", ["batch"])
    op.create_index("ix_log_study_day", "log", ["study_day"])
    op.create_index("ix_attempt_exercise", "attempt", ["exercise", "clock"])


def downgrade() -> None:
    """Refuse: a backup is made before every migration; restore that."""
    raise NotImplementedError("restore the backup made before the migration")
