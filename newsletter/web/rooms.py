"""Who comes in by which door."""

from newsletter.web import decisions, health, hooks, metrics, showing
from newsletter.web.desk import DESK
from newsletter.web.ops import OPS
from newsletter.web.readers import addresses, joining, leaving, pictures, preferences, reading
from newsletter.web.readers.archive import pages as archive
from newsletter.web.staff import STAFF

#: where who works here goes in and out: every route of theirs has a role
INSIDE = (*STAFF, *DESK, *OPS)

#: machines, readers, who works here, strangers with a link
ROOMS = (
    health,
    metrics,
    hooks,
    leaving,
    preferences,
    addresses,
    reading,
    joining,
    archive,
    pictures,
    *INSIDE,
    showing,
    decisions,
)
