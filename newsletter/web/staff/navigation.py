"""The desk's navigation: where one can go, of what is there and what a visitor may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from newsletter.staff.roles import May

if TYPE_CHECKING:
    from newsletter.web.staff.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to go, named as everywhere else."""

    says: str
    path: str
    #: what else belongs to it: paths that begin so
    under: tuple[str, ...] = ()
    #: whether what is below its own path is others'
    is_alone: bool = False


#: in this order; an entry is shown once a route has its path, to whom that route lets in
ENTRIES = (
    Entry("This week", "/week"),
    Entry("Editions", "/", under=("/editions",)),
    Entry("Calendar", "/desk/calendar"),
    Entry("Sources", "/desk/sources"),
    Entry("Newsletters", "/desk/newsletters", under=("/desk/templates", "/desk/settings")),
    Entry("Operations", "/ops", under=("/ops",)),
    Entry("People", "/desk/people"),
    Entry("Your account", "/desk/account"),
)
#: within Operations: a second row there
OPERATIONS: tuple[Entry, ...] = (
    Entry("Sends", "/ops", under=("/ops/sends",), is_alone=True),
    Entry("Send log", "/ops/log", under=("/ops/copies",)),
    Entry("Why", "/ops/why"),
    Entry("Bounces", "/ops/bounces"),
    Entry("Suppressions", "/ops/suppressions"),
    Entry("Readers", "/ops/readers"),
    Entry("Import", "/ops/import"),
    Entry("Scheduler", "/ops/scheduler"),
    Entry("Alarms", "/ops/alarms"),
    Entry("Doctor", "/ops/doctor"),
    Entry("Webhooks", "/ops/webhooks"),
    Entry("Audit log", "/ops/acts"),
)
#: only who is signed in has one
_ACCOUNT = "/desk/account"


class Navigation:
    """What there is to go to, asked for one visitor at a time."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        pages = [route for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
        needed = {page.path: _needed(page) for page in pages}
        self._entries = [(entry, may) for entry in ENTRIES if (may := needed.get(entry.path)) is not None]
        self._operations = [(entry, may) for entry in OPERATIONS if (may := needed.get(entry.path)) is not None]

    def __call__(self, visitor: "Visitor") -> list[Entry]:
        """Where *visitor* may go."""
        return [
            entry
            for entry, may in self._entries
            if visitor.may(may) and (visitor.signed_in is not None or entry.path != _ACCOUNT)
        ]

    def within(self, visitor: "Visitor") -> list[Entry]:
        """Where *visitor* may go from a page of Operations; nowhere from any other."""
        at_operations = visitor.path == "/ops" or visitor.path.startswith("/ops/")
        return [entry for entry, may in self._operations if visitor.may(may)] if at_operations else []


def is_at(entry: Entry, path: str) -> bool:
    """Whether the page at *path* is of *entry*."""
    below = entry.under if entry.is_alone or entry.path == "/" else (entry.path, *entry.under)
    return path == entry.path or any(path == one or path.startswith(f"{one}/") for one in below)


def _needed(route: APIRoute) -> May | None:
    found = (getattr(each.call, "may", None) for each in route.dependant.dependencies)
    return next((may for may in found if may is not None), None)
