"""The desk: what editors and operations see, and who may see it."""

from newsletter.web.desk import (
    account,
    checking,
    correcting,
    deciding,
    editions,
    entrance,
    looks,
    people,
    results,
    settings,
    templating,
    trying,
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
    templating,
    editions,
    looks,
    checking,
    trying,
    deciding,
    writing,
    writing_text,
    versions,
    results,
    correcting,
    whys,
)
