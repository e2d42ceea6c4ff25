"""What is said of who was left out agrees with the planner, whoever they are and whatever they did since."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Delivery
from newsletter.editions.models import Edition
from newsletter.tracking.reports.answers import Case
from subscribers import roll, suppressions
from subscribers.models import Consent, Rhythm, SuppressionReason
from subscribers.segments import shelf as segments
from tests.factories import FRIDAY, a_list
from tests.reports.world import NINE, World

_LEFT_OUT = {
    Case.NOT_ON_LIST,
    Case.UNCONFIRMED,
    Case.LEFT,
    Case.SUPPRESSED,
    Case.PAUSED,
    Case.MONTHLY,
    Case.OUTSIDE_SEGMENT,
    Case.JOINED_LATER,
}
_BEFORE, _AFTER = NINE - timedelta(days=9), NINE + timedelta(hours=5)


def _somebody(world: World, number: int, chance: random.Random) -> str:
    """A person on the lists or not, who did this and that before the audience was fixed."""
    email, session = f"reader{number}@example.com", world.session
    lists = chance.choice([[], ["weekly"], ["events"], ["weekly", "events"]])
    consent = chance.choice([Consent.PENDING, Consent.CONFIRMED, Consent.CONFIRMED])
    language = chance.choice(["fr", "fr-CA", "de", ""])
    person = roll.add(session, email, lists=lists, consent=consent, source="form", language=language, now=_BEFORE)
    person.rhythm = chance.choice([Rhythm.WEEKLY, Rhythm.WEEKLY, Rhythm.MONTHLY])
    person.paused_until = chance.choice([None, None, date(2021, 11, 26), date(2021, 12, 24)])
    if chance.random() < 0.3:
        roll.unsubscribe(session, person.id, source="one-click", now=_BEFORE + timedelta(days=1))
    if chance.random() < 0.3:
        roll.suppress(session, email, reason=chance.choice(list(SuppressionReason)), now=_BEFORE + timedelta(days=2))
    return email


def _and_since(world: World, email: str, chance: random.Random) -> None:
    """What may follow after it, and must change nothing about why they were left out."""
    person = roll.get(world.session, email)
    roll.add(world.session, email, lists=["weekly"], consent=Consent.CONFIRMED, source="form", now=_AFTER)
    if chance.random() < 0.5:
        roll.rejoin(world.session, person.id, ["weekly"], source="form", now=_AFTER)
        roll.confirm(world.session, person.id, source="confirmation link", now=_AFTER)
    if chance.random() < 0.3:
        roll.unsubscribe(world.session, person.id, source="letter", now=_AFTER + timedelta(hours=1))
    suppressions.lift(world.session, email, why="asked on the phone", despite_complaint=True, now=_AFTER)


def _planned(world: World, edition: Edition) -> set[int]:
    friday = world.settings.newsletters["friday"]
    planning.plan(world.session, edition.id, friday, sender="smtp", batch_size=10, now=NINE)
    query = select(Delivery.subscriber_id).where(Delivery.edition_id == edition.id)
    return set(world.session.scalars(query))


@pytest.mark.parametrize("segment", ["", "french"])
@pytest.mark.parametrize("seed", range(3))
def test_who_was_left_out_is_told_why_and_who_was_not_has_a_copy(world: World, seed: int, segment: str) -> None:
    chance = random.Random(f"{seed} {segment}")  # noqa: S311
    for slug in ("weekly", "events"):
        a_list(world.session, slug)
    segments.save(world.session, "french", "language:fr and list:weekly", now=_BEFORE)
    if seed:
        world.sending(world.edition(date=date(2021, 11, 5)), audience_complete_at=NINE - timedelta(days=21))
    emails = [_somebody(world, number, chance) for number in range(24)]
    edition = world.edition(segment=segment)
    has_copy = _planned(world, edition)
    for email in emails:
        if chance.random() < 0.5:
            _and_since(world, email, chance)
    wrong = {}
    for email in emails:
        (reply,) = world.ask(email, str(FRIDAY))
        if (reply.answer.case in _LEFT_OUT) == (roll.get(world.session, email).id in has_copy):
            wrong[email] = reply.answer.sentence
    assert wrong == {}
