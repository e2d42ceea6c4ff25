"""What is heard by SendGrid's posts, at hand-over and by mail, mixed, doubled, shuffled, lost, cut: one outcome."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.models import BatchState, Progress, Sending
from newsletter.delivery.operations.balance import balance
from newsletter.editions.models import Alarm
from newsletter.tracking import events, evidence, heard
from newsletter.tracking.heard import Heard, Lesson
from newsletter.tracking.models import Event
from subscribers.models import Subscription, Suppression
from tests.tracking.ledger import SENT_AT, a_sending, an_event

WEEKS = 4
NOW = SENT_AT + timedelta(weeks=WEEKS)
FULL, DEAD, POLICY = "552 5.2.2 mailbox full", "550 5.1.1 no such user", "550 5.7.1 blocked by policy"
READERS = ("well", "full", "wavers", "dead", "angry", "slow", "shop1", "shop2", "shop3", "silent")

#: as `bounces` judges what failed, or what else it is
JUDGED = {
    "complaint": "suppress", "delayed": "none", "auto-reply": "none",
    "dead": "suppress", "full": "count", "policy": "alarm", "loop": "none",
}  # fmt: skip

#: SendGrid's event as it wrote it, or what another channel heard
Told = dict[str, Any] | Heard


class World:
    """Four Fridays, the last of which ended without an answer, and all that is ever told of them."""

    def __init__(self, session: Session) -> None:
        addresses = [f"{name}@{'shop' if 'shop' in name else name}.example" for name in READERS]
        states = [BatchState.ACCEPTED] * (WEEKS - 1) + [BatchState.UNKNOWN]
        made = [
            a_sending(session, *addresses, state=state, attempt=f"a{week}.1", weeks=week)
            for week, state in enumerate(states)
        ]
        self.editions = [edition_id for edition_id, _ in made]
        self.ids = dict(zip(READERS, made[0][1], strict=True))
        self.addresses = dict(zip(READERS, addresses, strict=True))

    def post(self, week: float, name: str, kind: str, **more: Any) -> Told:
        seconds = int(week * 7 * 24 * 3600) + 60
        edition = self.editions[int(week)]
        who = {"attempt": f"a{int(week)}.1", "email": self.addresses[name]}
        return an_event(edition, self.ids[name], kind, seconds=seconds, **who, **more)

    def mail(self, week: int, name: str, meaning: str = "", *, action: str = "failed") -> Told:
        words = {"full": FULL, "dead": DEAD, "policy": POLICY}.get(meaning, "")
        at = SENT_AT + timedelta(weeks=week, hours=1)
        return heard.by_mail(
            f"{week}-{name}-{action}", action=action, meaning=meaning,
            lesson=JUDGED.get(action, JUDGED.get(meaning, "none")), edition_id=self.editions[week],
            subscriber_id=self.ids[name], at=at, words=words,
        )  # fmt: skip

    def refusal(self, week: int, name: str) -> Told:
        return Heard(
            heard.SMTP, f"a{week}.1/{self.ids[name]}", "refused", SENT_AT + timedelta(weeks=week),
            edition_id=self.editions[week], subscriber_id=self.ids[name], lesson=Lesson.SOFT_BOUNCE, reason=FULL,
            attempt=f"a{week}.1", proves=False,
        )  # fmt: skip

    def everything(self) -> list[Told]:
        blocked = {"type": "blocked", "reason": FULL}
        return [
            *(self.post(week, "well", kind) for week in range(WEEKS) for kind in ("processed", "delivered", "open")),
            self.refusal(0, "full"), self.post(1, "full", "bounce", **blocked), self.mail(2, "full", "full"),
            self.post(3, "full", "processed"),
            # given up, but for the one in between that arrived
            self.mail(0, "wavers", "full"), self.refusal(1, "wavers"), self.mail(2, "wavers", "loop"),
            self.post(2, "wavers", "delivered"),
            self.mail(3, "wavers", "full"),
            self.mail(1, "dead", "dead"), self.post(0, "dead", "delivered"), self.post(1, "dead", "spamreport"),
            self.mail(2, "angry", action="complaint"), self.post(2, "angry", "delivered"),
            self.mail(3, "angry", action="auto-reply"), self.post(3, "angry", "unsubscribe"),
            self.mail(3, "slow", "temporary", action="delayed"), self.post(3, "slow", "deferred"),
            self.post(3.1, "slow", "delivered"),
            self.mail(0, "shop1", "policy"), self.mail(0, "shop2", "policy"),
            self.post(0, "shop3", "bounce", type="blocked", reason=POLICY),
        ]  # fmt: skip


def _take_in(session: Session, told: Sequence[Told]) -> None:
    """What came at once, each by its own channel."""
    posted = [each for each in told if isinstance(each, dict)]
    evidence.record(session, [each for each in told if isinstance(each, Heard)], now=NOW)
    events.record(session, posted, now=NOW)


def _standing(session: Session) -> tuple[object, ...]:
    """Everything that what is heard can move, as one value."""
    session.expire_all()
    progress = select(Progress.edition_id, Progress.subscriber_id, Progress.status, Progress.reason, Progress.at)
    return (
        [
            balance(session, edition_id)
            for edition_id in session.scalars(select(Sending.edition_id).order_by("edition_id"))
        ],
        session.execute(progress.order_by(Progress.edition_id, Progress.subscriber_id)).all(),
        session.execute(select(Event.provider, Event.provider_event_id).order_by(Event.provider_event_id)).all(),
        session.execute(select(Suppression.email_key, Suppression.reason).order_by(Suppression.email_key)).all(),
        session.execute(
            select(Subscription.subscriber_id, Subscription.consent).order_by(Subscription.subscriber_id)
        ).all(),
        session.scalars(select(Alarm.key).order_by(Alarm.key)).all(),
    )


def _afresh(told: Iterable[Told]) -> list[Told]:
    """Each as it was heard, for what is heard is filled in on its way."""
    return [dict(each) if isinstance(each, dict) else each for each in told]


@given(data=some.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_three_channels_in_any_order_doubled_lost_and_cut_leave_the_same(
    database: Database, data: some.DataObject
) -> None:
    with Session(database.writer, expire_on_commit=False) as session:
        everything = World(session).everything()
        lost = data.draw(some.sets(some.integers(0, len(everything) - 1), max_size=12))
        kept = [each for number, each in enumerate(everything) if number not in lost]
        again = data.draw(some.lists(some.sampled_from(kept), max_size=10))
        told = data.draw(some.permutations([*kept, *again]))
        cuts = sorted(data.draw(some.sets(some.integers(1, len(told) - 1), max_size=8)))
        savepoint = session.begin_nested()
        _take_in(session, _afresh(kept))
        in_order = _standing(session)
        savepoint.rollback()
        for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
            _take_in(session, _afresh(told[start:end]))
        assert _standing(session) == in_order
        assert all(balance(session, edition_id).holds for edition_id in session.scalars(select(Sending.edition_id)))


def test_all_of_it_leaves_what_each_of_it_says(session: Session) -> None:
    world = World(session)
    _take_in(session, world.everything())
    suppressed = dict(session.execute(select(Suppression.email_key, Suppression.reason)).all())
    assert (
        {key.partition("@")[0]: reason.value for key, reason in suppressed.items()},
        session.scalars(select(Alarm.key)).all(),
    ) == (
        {"full": "given_up", "dead": "hard_bounce", "angry": "complaint"},
        ["policy friday/2021-11-26 shop.example"],
    )
