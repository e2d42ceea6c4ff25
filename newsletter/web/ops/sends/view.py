"""A sending as operations see it: where it stands, how fast it goes, why it doesn't, and who is at work on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.config import Limits, Newsletter
from newsletter.delivery.models import Act, Sending, SendingState
from newsletter.delivery.operations import balance as balances
from newsletter.delivery.operations import waits
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.operations.waits import Wait
from newsletter.editions.models import Edition
from newsletter.tracking.reports import pacing
from newsletter.tracking.reports.pacing import Pace
from newsletter.web.ground import Ground
from newsletter.web.staff import glances

#: something may still happen by itself
UNDER_WAY = frozenset({SendingState.PLANNING, SendingState.RUNNING, SendingState.PAUSED})
#: how wide the whole of a bar is drawn
_WIDE = 1000
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a bar of progress."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Live:
    """What moves of a sending."""

    edition: Edition
    sending: Sending
    balance: Balance
    wait: Wait | None
    pace: Pace
    at: datetime
    zone: ZoneInfo

    @property
    def share(self) -> int:
        """Of a hundred readers, how many are dealt with; a hundred only where all are."""
        return 100 * self.balance.done // self.balance.planned if self.balance.planned else 100

    @property
    def pieces(self) -> Sequence[Piece]:
        """The bar: what became of them, from the left."""
        stands = self.balance
        counts = (
            ("accepted", stands.accepted),
            ("skipped", stands.skipped),
            ("refused", stands.refused),
            ("unknown", stands.unknown),
            ("flies", stands.in_flight),
        )
        return list(_laid(counts, stands.planned))

    @property
    def says(self) -> str:
        """The bar for who does not see it."""
        return f"{self.share} % dealt with: {self.balance}"

    @property
    def speed(self) -> str:
        """How fast it goes; empty where nobody can say."""
        rate = self.pace.rate
        if rate is None:
            return ""
        return (
            f"{plural.counted(round(rate), 'reader')} a minute" if rate >= 1 or not rate else "less than one a minute"
        )

    @property
    def left(self) -> str:
        """How long it still takes, and when that is; empty where nobody can say."""
        lasts = self.pace.lasts(self.balance.to_do)
        if self.sending.state is not SendingState.RUNNING or lasts is None or lasts > timedelta(days=30):
            return ""
        ends = (self.at + lasts + timedelta(seconds=30)).astimezone(self.zone)
        return f"{spoken(lasts)} left, until {ends:%H:%M}{'' if lasts < timedelta(hours=12) else f' on {ends:%A}'}"

    @property
    def later(self) -> str:
        """Who waits for an hour of their own."""
        last = self.pace.last_hour
        if not self.pace.later or last is None or self.sending.state not in UNDER_WAY:
            return ""
        local = last.astimezone(self.zone)
        waiting = plural.counted(self.pace.later, "reader waits", "readers wait")
        return f"{waiting} for a later hour of their own, the last for {local:%A, %H:%M}"


def look(session: Session, here: Ground, edition: Edition, sending: Sending) -> Live:
    """How the sending of *edition* goes, as it was counted a moment ago; since the newest act, in any case."""
    key = ("sending", edition.id, sending.state, sending.stuck, newest_act(session))
    balance, wait, pace, at = glances.at(here.app, key, lambda: _counted(session, here, edition, sending))
    return Live(edition, sending, balance, wait, pace, at, zone_of(newsletter_of(session, here, edition, sending)))


def _counted(
    session: Session, here: Ground, edition: Edition, sending: Sending
) -> tuple[Balance, Wait | None, Pace, datetime]:
    now = here.clock()
    newsletter = newsletter_of(session, here, edition, sending)
    limits = newsletter.limits if newsletter else Limits()
    wait = waits.find(session, sending, limits, now=now)
    return balances.balance(session, edition.id), wait, pacing.of(session, sending, now=now), now


def newest_act(session: Session) -> int:
    """The newest act on any sending: what was counted before it is old."""
    return session.scalar(select(func.max(Act.id))) or 0


def newsletter_of(session: Session, here: Ground, edition: Edition, sending: Sending | None) -> Newsletter | None:
    """The newsletter of *edition*, as it was when its sending began; None where it is not in the settings any more."""
    app = here.app.going_by(session, sending.change) if sending else here.app
    return app.settings.newsletters.get(edition.newsletter)


def zone_of(newsletter: Newsletter | None) -> ZoneInfo:
    """The clock of its pages."""
    return newsletter.zone if newsletter else _UTC


def spoken(lasts: timedelta) -> str:
    """ "less than a minute", "12 minutes", "2 hours 5 minutes"."""
    minutes = round(lasts.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    parts = [plural.counted(hours, "hour")] if hours else []
    return " ".join(parts + ([plural.counted(rest, "minute")] if rest else []))


def lasted(sending: Sending) -> str:
    """How long a sending that is over took."""
    if sending.complete_at is None:
        return ""
    return spoken(sending.complete_at - (sending.audience_complete_at or sending.started_at))


def _laid(counts: Sequence[tuple[str, int]], planned: int) -> Iterator[Piece]:
    x = 0.0
    for kind, count in counts:
        if not count or not planned:
            continue
        # a few of a million are seen too
        width = max(4.0, _WIDE * count / planned)
        yield Piece(kind, round(min(x, _WIDE - width), 1), round(width, 1))
        x += width
