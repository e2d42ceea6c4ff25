"""The desk: what editors and operations see, and who may see it."""

from newsletter.web.desk import (
    account,
    deciding,
    editions,
    entrance,
    looks,
    people,
    results,
    settings,
    versions,
    whys,
    writing,
    writing_text,
)

#: its rooms
DESK = (
    entrance,
    account,
    people,
    settings,
    editions,
    looks,
    deciding,
    writing,
    writing_text,
    versions,
    results,
    whys,
)
