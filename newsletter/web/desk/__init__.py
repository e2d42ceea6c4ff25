"""The desk: where editors make the edition."""

from newsletter.web.desk import diary
from newsletter.web.desk.edition import (
    checking,
    correcting,
    deciding,
    editions,
    looks,
    results,
    showing,
    timing,
    trying,
)
from newsletter.web.desk.house import settings, sources, templating
from newsletter.web.desk.week import board
from newsletter.web.desk.writing import editor, text, versions

#: its rooms
DESK = (
    settings,
    board,
    diary,
    sources,
    templating,
    editions,
    looks,
    showing,
    checking,
    trying,
    timing,
    deciding,
    editor,
    text,
    versions,
    results,
    correcting,
)
