"""The only importer of SQLAlchemy and Alembic: records in, records out.

A SQLite database in WAL mode. The log and the attempts are the truth; `memory` and `entity` are
caches that the log rebuilds.
"""
