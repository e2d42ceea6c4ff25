"""Processor's time of a database server: what all its processes for one database have used."""

import os
from pathlib import Path

from sqlalchemy import text

from newsletter.db import Database


def served(database: Database) -> float:
    """Seconds that PostgreSQL has spent for this database's connections; 0 of SQLite, which works in our process."""
    if database.is_sqlite:
        return 0.0
    with database.read() as session:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        processes = list(session.scalars(query))
    return sum(map(_used, processes))


def _used(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:  # it has ended since
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
