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
    week,
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
    week,
    editions,
    looks,
    deciding,
    writing,
    writing_text,
    versions,
    results,
    whys,
)
