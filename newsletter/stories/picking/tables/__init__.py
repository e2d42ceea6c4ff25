"""Tables that ship with the picker: how often words stand in reports, places, first names. NOTICE.md says whence."""

import gzip
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


def lines(name: str) -> list[str]:
    """The lines of the table *name*."""
    return gzip.decompress((_HERE / f"{name}.txt.gz").read_bytes()).decode().split("\n")


@cache
def members(name: str) -> frozenset[str]:
    """The lines of the table *name*, to look up in."""
    return frozenset(lines(name))
