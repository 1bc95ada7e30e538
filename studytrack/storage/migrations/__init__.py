"""Alembic's scripts, shipped in the wheel. A landed one is never edited."""
