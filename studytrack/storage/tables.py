"""The tables, as SQLAlchemy Core sees them. The migrations create them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=CONVENTION)

log = Table(
    "log",
    metadata,
    Column("event_id", String(32), primary_key=True),
    Column("device_id", String(32), nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Column("offset_min", Integer, nullable=False),
    Column("study_day", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("item_kind", String(12), nullable=False),
    Column("item_id", Text, nullable=False),
    Column("target", String(32), nullable=False),
    Column("batch", String(32), nullable=False),
    Column("rating", Integer),
    Column("rated_by", String(12), nullable=False),
    Column("duration_ms", Integer),
    Column("answer", Text),
    Column("evidence", JSON, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("variant_seed", BigInteger),
    Column("scheduled", Integer),
    Column("r_before", Float),
    Column("s_after", Float),
    Column("d_after", Float),
    Column("algorithm", String(20), nullable=False),
    Column("params_id", String(32), nullable=False),
    Column("retention", Float),
    Index("ix_log_order", "clock", "device_id", "event_id"),
    Index("ix_log_item", "item_kind", "item_id", "clock"),
    # Most rows have neither: left out, they cost an answer two pages less.
    Index("ix_log_target", "target", sqlite_where=text("target > ''")),
    Index("ix_log_batch", "batch", sqlite_where=text("batch > ''")),
    Index("ix_log_study_day", "study_day"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("attempt_id", String(32), primary_key=True),
    Column("device_id", String(32), nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Column("offset_min", Integer, nullable=False),
    Column("study_day", Integer, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("passed", Boolean(create_constraint=False), nullable=False),
    Column("device", String(12), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("report", JSON, nullable=False),
    Column("rating", Integer),
    Column("evidence", JSON, nullable=False),
    Index("ix_attempt_exercise", "exercise", "clock"),
)

memory = Table(
    "memory",
    metadata,
    Column("item_kind", String(12), primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("stability", Float, nullable=False),
    Column("difficulty", Float, nullable=False),
    Column("step", Integer, nullable=False),
    Column("due_day", Integer, nullable=False),
    Column("due_ms", BigInteger),
    Column("last_day", Integer, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("reps", Integer, nullable=False),
    Column("lapses", Integer, nullable=False),
    Column("suspended", Boolean(create_constraint=False), nullable=False),
    Column("buried_day", Integer),
    Column("last_clock", BigInteger, nullable=False),
)

entity = Table(
    "entity",
    metadata,
    Column("item_kind", String(12), primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("fields", JSON, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
