"""The figures of one edition: balance, domains, reasons, clicks, who left and complained, how its lists grew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.delivery.models import Delivery, Sending, SendingState, Status
from newsletter.delivery.operations import balance as balances
from newsletter.delivery.operations import sendlog
from newsletter.delivery.operations.balance import Balance
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.tracking.links import counts
from newsletter.tracking.links.counts import Counts
from newsletter.tracking.reports import clicks, courses, grounds
from newsletter.tracking.reports.clicks import Followed, Place
from newsletter.tracking.reports.courses import Course
from newsletter.tracking.reports.grounds import Ground
from subscribers import departures, domains, growth
from subscribers.growth import Week

#: domains that are named; what fewer are at is told together
_NAMED = 25
#: a smaller domain is named too where so many of its copies went wrong
_TROUBLED = 3
#: so much of the words about a copy tells one reason from another
_LETTERS = 120
#: who leaves within this time of an edition, and before the next one, leaves by it
_AFTER = timedelta(days=7)
_WENT_WRONG = frozenset({Status.REFUSED, Status.BOUNCED, Status.DROPPED, Status.COMPLAINED, Status.UNKNOWN})
#: what ended up with the recipient's server, as far as was told
_ARRIVED = frozenset({Status.DELIVERED, Status.COMPLAINED})
#: what somebody took responsibility for
_TAKEN = _ARRIVED | {Status.ACCEPTED, Status.DEFERRED, Status.BOUNCED, Status.DROPPED}


@dataclass(frozen=True, slots=True)
class Share:
    """How the copies to one domain stand."""

    #: empty for readers who were erased; `OTHERS` for the small ones together
    domain: str
    copies: int
    by_status: Mapping[Status, int]

    @property
    def wrong(self) -> int:
        """Copies that went wrong."""
        return sum(self.by_status.get(status, 0) for status in _WENT_WRONG)


OTHERS = "(others)"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of those who got it, beside what the large houses bear."""

    what: str
    count: int
    of: int

    @property
    def percent(self) -> float:
        """In hundred; 0 where nobody got it."""
        return 100 * self.count / self.of if self.of else 0.0


#: Gmail's and Yahoo's rules for who sends many: complaints stay below the first, and never reach the second, in percent
#: (support.google.com/a/answer/81126, senders.yahooinc.com/best-practices)
KEEP_BELOW, NEVER_REACH = 0.10, 0.30


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    edition_id: int
    #: "friday/2021-11-26"
    edition: str
    title: str
    subject: str
    sender: str
    state: SendingState
    at: datetime
    balance: Balance
    told: Mapping[Status, int]
    domains: Sequence[Share]
    reasons: Sequence[Ground]
    clicks: Sequence[Place]
    unsubscribes: Rate
    #: by which way they left → how many
    left_by: Mapping[str, int]
    #: of all readers, and of Gmail's and Yahoo's
    complaints: Sequence[Rate]
    #: to how many it was delivered; where nobody tells that, how many were taken
    got_it: int
    #: how many people followed a link, most likely
    clicked: int
    #: when copies were taken, delivered and came back; when links were followed; when readers left
    copies: Course
    following: Course
    leaving: Course
    #: "off", "anonymous" or "individual", and whether the copies hold the pixel
    counting: str = "off"
    pixel: bool = False
    #: the twelve weeks that end with its own
    growth: Sequence[Week] = field(default_factory=list)


def of(session: Session, settings: Settings, edition: Edition, *, now: datetime) -> Report:
    """The report of *edition*; raises NotFound where nothing of it was planned."""
    newsletter = settings.newsletters.get(edition.newsletter)
    stands = balances.balance(session, edition.id)
    sending = session.get_one(Sending, edition.id)
    rows = session.execute(sendlog.counted(edition.id, domains.domain(session), letters=_LETTERS)).all()
    shares = _shares([(domain, status, copies) for domain, status, _, copies in rows])
    lists = newsletter.lists if newsletter else []
    until = _leaves_by_it(session, sending, edition.newsletter, now)
    left = _left(session, sending, lists, until)
    counted = counts.counts(session, edition.id)
    followed = clicks.followed(session, edition, counted)
    got_it = _got_it(shares)
    return Report(
        edition_id=edition.id,
        edition=shelf.name(edition),
        title=newsletter.title if newsletter else edition.newsletter,
        subject=edition.subject,
        sender=sending.sender,
        state=sending.state,
        at=now,
        balance=stands,
        told=balances.progress(session, edition.id),
        domains=_named(shares),
        reasons=grounds.of([(domain, status, words, copies) for domain, status, words, copies in rows if words]),
        clicks=followed.places,
        unsubscribes=Rate("unsubscribes", sum(left.values()), got_it),
        left_by=left,
        complaints=_complaints(shares),
        got_it=got_it,
        clicked=followed.readers,
        copies=courses.of_copies(session, sending),
        following=_following(session, sending, counted, followed),
        leaving=courses.of_leaving(session, sending, lists, until=until),
        counting=counted.mode,
        pixel=counted.pixel,
        growth=growth.weeks(session, lists, until=_end_of_its_week(sending, now)) if lists else [],
    )


def _end_of_its_week(sending: Sending, now: datetime) -> datetime:
    return min(now, (sending.audience_complete_at or now) + _AFTER)


def _shares(rows: Sequence[tuple[str, Status, int]]) -> list[Share]:
    """One for each domain, the largest first."""
    found: dict[str, dict[Status, int]] = {}
    for domain, status, copies in rows:
        by_status = found.setdefault(domain, {})
        by_status[status] = by_status.get(status, 0) + copies
    shares = [Share(domain, sum(by_status.values()), by_status) for domain, by_status in found.items()]
    return sorted(shares, key=lambda share: (-share.copies, share.domain))


def _named(shares: Sequence[Share]) -> list[Share]:
    """The large ones, and those in trouble; the rest together, so that the sums stay true."""
    large = shares[:_NAMED]
    troubled = [share for share in shares[_NAMED:] if share.wrong >= _TROUBLED]
    rest = [share for share in shares[_NAMED:] if share.wrong < _TROUBLED]
    together: dict[Status, int] = {}
    for share in rest:
        for status, copies in share.by_status.items():
            together[status] = together.get(status, 0) + copies
    others = [Share(OTHERS, sum(together.values()), together)] if rest else []
    return [*large, *troubled, *others]


def _got_it(shares: Sequence[Share]) -> int:
    """To how many it was delivered; where nobody tells that, how many were taken."""
    delivered = sum(share.by_status.get(status, 0) for share in shares for status in _ARRIVED)
    if any(share.by_status.get(Status.DELIVERED) for share in shares):
        return delivered
    return sum(share.by_status.get(status, 0) for share in shares for status in _TAKEN)


def _complaints(shares: Sequence[Share]) -> list[Rate]:
    houses = {
        "complaints": list(shares),
        "complaints at Gmail": [share for share in shares if domains.is_gmail(share.domain)],
        "complaints at Yahoo": [share for share in shares if domains.is_yahoo(share.domain)],
    }
    return [
        Rate(what, sum(share.by_status.get(Status.COMPLAINED, 0) for share in some), _got_it(some))
        for what, some in houses.items()
    ]


def _following(session: Session, sending: Sending, counted: Counts, followed: Followed) -> Course:
    if counted.mode == "off":
        return courses.followed(sending.audience_complete_at or sending.started_at, followed.moments)
    return courses.of_clicks(session, sending)


def _leaves_by_it(session: Session, sending: Sending, newsletter: str, now: datetime) -> datetime:
    """Until when who leaves does so by this edition: for a week, and before the next one."""
    begins = sending.audience_complete_at or sending.started_at
    following = session.scalar(
        select(func.min(Sending.audience_complete_at))
        .join(Edition, Edition.id == Sending.edition_id)
        .where(Edition.newsletter == newsletter, Edition.correction == 0, Sending.audience_complete_at > begins)
    )
    return min(begins + _AFTER, following or now, now)


def _left(session: Session, sending: Sending, lists: Sequence[str], until: datetime) -> dict[str, int]:
    """By which way → how many of its readers left up to *until*."""
    begins = sending.audience_complete_at
    if begins is None or not lists:
        return {}
    gone = departures.left(lists, since=begins, until=until).subquery()
    counted = (
        select(gone.c.source, func.count(gone.c.subscriber_id.distinct()))
        .join(Delivery, (Delivery.subscriber_id == gone.c.subscriber_id) & (Delivery.edition_id == sending.edition_id))
        .group_by(gone.c.source)
    )
    rows = [(source, int(people)) for source, people in session.execute(counted)]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))
