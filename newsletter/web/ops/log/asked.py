"""What is asked of the send log, as it stands in an address: readers by number alone, for proxies keep addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Sending, Status
from newsletter.delivery.operations.searching import Search
from newsletter.delivery.operations.sendlog import Place
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import BadInput
from newsletter.tracking.reports import asking

#: letters of a search
_LONGEST = 200
#: editions that a form offers
_OFFERED = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the form, as they were filled in; nothing of it is believed."""

    readers: Sequence[str] = ()
    edition: str = ""
    batch: str = ""
    statuses: Sequence[str] = ()
    domain: str = ""
    #: stands in the words about a copy
    reason: str = ""
    since: str = ""
    until: str = ""

    def search(self, session: Session, zone: ZoneInfo) -> Search:
        """What it comes to, times by the clock of *zone*; raises BadInput, NotFound."""
        edition = shelf.find(session, self.edition) if self.edition.strip() else None
        batch = _number(self.batch, "a batch") if self.batch else None
        if batch is not None and edition is None:
            raise BadInput("A batch is one of an edition: say which edition.")
        words = self.reason.strip()
        if len(words) > _LONGEST:
            raise BadInput(f"Search for fewer words: {_LONGEST} letters at most.")
        if len(self.readers) > asking.MOST_READERS:
            raise BadInput(f"Search for fewer readers at once: {asking.MOST_READERS} at most.")
        return Search(
            readers=[_number(one, "a reader") for one in self.readers] if self.readers else None,
            edition_id=edition.id if edition else None,
            batch=batch,
            statuses=frozenset(_status(one) for one in self.statuses),
            domain=self.domain.strip().lower(),
            words=words,
            since=_moment(self.since, zone),
            until=_moment(self.until, zone),
        )

    def of_readers(self, numbers: Sequence[int]) -> "Asked":
        """The same of these readers."""
        return replace(self, readers=[str(number) for number in numbers])

    def pairs(self) -> list[tuple[str, str]]:
        """What an address or a hidden part of a form says, less what says nothing."""
        found = [
            *(("reader", one) for one in self.readers),
            ("edition", self.edition),
            ("batch", self.batch),
            *(("status", one) for one in self.statuses),
            ("domain", self.domain),
            ("reason", self.reason),
            ("since", self.since),
            ("until", self.until),
        ]
        return [(name, value) for name, value in found if value]

    def query(self, **more: str) -> str:
        """The same as the end of an address, "" or "?reader=7"; *more* is what else stands there."""
        pairs = [*self.pairs(), *more.items()]
        return f"?{urlencode(pairs)}" if pairs else ""


def offered(session: Session) -> list[str]:
    """The newest editions that were ever begun, by name."""
    query = select(Edition).join(Sending, Sending.edition_id == Edition.id).order_by(Edition.date.desc(), Edition.id)
    return [shelf.name(one) for one in session.scalars(query.limit(_OFFERED))]


def place(given: str | None) -> Place | None:
    """The copy that *given* ("12-4711") names; raises BadInput."""
    if not given:
        return None
    edition, _, reader = given.partition("-")
    return Place(_number(edition, "a copy"), _number(reader, "a copy"))


def named(place: Place) -> str:
    """What `place` reads."""
    return f"{place.edition_id}-{place.subscriber_id}"


def described(search: Search) -> Mapping[str, str]:
    """*search* for the audit log: numbers instead of people."""
    found = {
        "readers": ", ".join(str(one) for one in search.readers or ()),
        "edition": str(search.edition_id or ""),
        "batch": str(search.batch or ""),
        "status": ", ".join(sorted(search.statuses)),
        "domain": search.domain,
        "reason": search.words,
        "since": search.since.isoformat() if search.since else "",
        "until": search.until.isoformat() if search.until else "",
    }
    return {name: value for name, value in found.items() if value}


def _number(given: str, what: str) -> int:
    if not asking.is_number(given):
        raise BadInput(f"{given[:40]!r} is not the number of {what}.")
    return int(given)


def _status(given: str) -> Status:
    try:
        return Status(given)
    except ValueError as error:
        raise BadInput(f"No copy stands at {given[:40]!r}.") from error


def _moment(given: str, zone: ZoneInfo) -> datetime | None:
    if not given.strip():
        return None
    try:
        at = datetime.fromisoformat(given.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{given[:40]!r} is not a time such as 2021-11-26T09:00.") from error
