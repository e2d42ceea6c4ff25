"""The figures of an edition: whole values, on both databases."""

from datetime import timedelta

import pytest

from newsletter.delivery.models import BatchState, Status
from newsletter.editions.models import State
from newsletter.errors import NotFound
from newsletter.tracking.reports import figures, tables
from newsletter.tracking.reports.figures import OTHERS, Rate, Report, Share
from newsletter.tracking.reports.grounds import Ground
from subscribers import growth, roll
from subscribers.growth import Week
from subscribers.models import Consent, Subscriber, SuppressionReason
from tests.factories import FRIDAY, a_list, a_subscriber
from tests.reports.world import MONDAY, NINE, World

_HOUR = timedelta(hours=1)


def report_of(world: World, edition_id: str = "2021-11-26") -> Report:
    from newsletter.editions import shelf

    world.session.flush()
    return figures.of(world.session, world.settings, shelf.find(world.session, edition_id), now=MONDAY)


def _people(world: World, *addresses: str) -> list[Subscriber]:
    return [a_subscriber(world.session, address) for address in addresses]


_SHOW = "newsletter editions show friday/2021-11-26 says by whom"


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (State.DRAFT, "", "planned yet: approve it, and newsletter send friday/2021-11-26 sends it"),
        (State.IN_REVIEW, "", "planned yet: approve it, and newsletter send friday/2021-11-26 sends it"),
        (State.APPROVED, "", "planned yet: it is approved, and newsletter send friday/2021-11-26 sends it"),
        (State.HELD, "not now", f"planned here; it is held (not now): {_SHOW}"),
        (State.SKIPPED, "went out before", f"planned here; it is skipped (went out before): {_SHOW}"),
        (State.CANCELLED, "", f"planned here; it is cancelled: {_SHOW}"),
    ],
)
def test_what_was_not_planned_has_no_figures(world: World, state: State, reason: str, sentence: str) -> None:
    world.edition(state=state, reason=reason)
    with pytest.raises(NotFound) as refused:
        report_of(world)
    assert str(refused.value) == f"nothing of friday/2021-11-26 was {sentence}"


def test_copies_are_counted_by_domain_and_the_erased_are_not_lost(world: World) -> None:
    ada, bea, eva = _people(world, "ada@shop.example", "bea@shop.example", "eva@corner.example")
    edition = world.copy(ada)
    world.copy(bea, edition)
    world.copy(eva, edition)
    world.told(edition, ada, Status.DELIVERED)
    world.told(edition, bea, Status.BOUNCED, "550 5.1.1 no such user")
    roll.erase(world.session, eva.id, now=NINE)
    assert report_of(world).domains == [
        Share("shop.example", 2, {Status.DELIVERED: 1, Status.BOUNCED: 1}),
        Share("", 1, {Status.ACCEPTED: 1}),
    ]


def test_small_domains_are_told_together_unless_they_are_in_trouble(world: World) -> None:
    large = [f"{name}@big{number}.example" for number in range(25) for name in ("a", "b", "c", "d")]
    small = ["one@tiny.example", "two@little.example"]
    bad = [f"{name}@broken.example" for name in ("a", "b", "c")]
    edition = world.edition()
    for person in _people(world, *large, *small, *bad):
        world.copy(person, edition)
        if person.email.endswith("broken.example"):
            world.told(edition, person, Status.BOUNCED, "550 5.1.1 gone")
    shares = report_of(world).domains
    assert ([share.domain for share in shares[25:]], sum(share.copies for share in shares)) == (
        ["broken.example", OTHERS],
        len(large + small + bad),
    )


def test_reasons_are_sorted_under_what_they_mean(world: World) -> None:
    ada, bea, eva, fay, gil = _people(
        world, "ada@a.example", "bea@b.example", "eva@b.example", "fay@b.example", "gil@c.example"
    )
    edition = world.copy(ada)
    for person in (bea, eva, fay, gil):
        world.copy(person, edition)
    world.told(edition, ada, Status.BOUNCED, "550 5.1.1 no such user (id 4711-x1)")
    world.told(edition, bea, Status.BOUNCED, "550 5.1.1 unknown")
    world.told(edition, eva, Status.BOUNCED, "550 5.1.1 unknown")
    world.told(edition, gil, Status.BOUNCED, "550 5.7.1 blocked for spam")
    world.outcome(edition, fay, Status.SKIPPED, "unsubscribed after planning")
    assert report_of(world).reasons == [
        Ground(Status.BOUNCED, "no such mailbox", 3, "550 5.1.1 unknown", ("b.example", "a.example")),
        Ground(Status.BOUNCED, "about us: address, login, reputation", 1, "550 5.7.1 blocked for spam", ("c.example",)),
        Ground(Status.SKIPPED, "unsubscribed after planning", 1, "unsubscribed after planning", ("b.example",)),
    ]


def test_words_that_differ_by_an_id_are_one_reason(world: World) -> None:
    edition = world.edition()
    for number, person in enumerate(_people(world, "ada@a.example", "bea@a.example")):
        world.copy(person, edition, state=BatchState.UNKNOWN, reply=f"no answer to request 8f{number}a2b after 30s")
    assert [(ground.meaning, ground.copies) for ground in report_of(world).reasons] == [
        ("no answer to request … after …", 2)
    ]


def test_complaints_stand_beside_those_to_whom_it_was_delivered(world: World) -> None:
    edition = world.edition()
    addresses = [f"reader{number}@gmail.com" for number in range(4)] + ["eva@yahoo.co.uk", "fay@shop.example"]
    for person in _people(world, *addresses):
        world.copy(person, edition)
        is_first = person.email == "reader0@gmail.com"
        world.told(edition, person, Status.COMPLAINED if is_first else Status.DELIVERED)
    assert report_of(world).complaints == [
        Rate("complaints", 1, 6),
        Rate("complaints at Gmail", 1, 4),
        Rate("complaints at Yahoo", 0, 1),
    ]


def test_where_nobody_tells_of_deliveries_what_was_taken_counts(world: World) -> None:
    edition = world.edition()
    for person in _people(world, "ada@a.example", "bea@a.example"):
        world.copy(person, edition, sender="smtp")
    assert report_of(world).complaints[0].of == 2


def test_who_leaves_before_the_next_edition_leaves_by_this_one(world: World) -> None:
    ada, bea, eva, fay = _people(world, "ada@a.example", "bea@a.example", "eva@a.example", "fay@a.example")
    edition = world.copy(ada)
    world.copy(bea, edition)
    world.copy(eva, edition)
    following = world.edition(date=FRIDAY + timedelta(days=1))
    world.sending(following, audience_complete_at=NINE + timedelta(days=1))
    world.step(ada, Consent.UNSUBSCRIBED, "one-click", NINE + _HOUR)
    world.step(bea, Consent.UNSUBSCRIBED, "unsubscribe page", NINE + _HOUR)
    world.step(eva, Consent.UNSUBSCRIBED, "one-click", NINE + timedelta(days=2))
    world.step(fay, Consent.UNSUBSCRIBED, "one-click", NINE + _HOUR)
    told = report_of(world)
    assert (told.unsubscribes, told.left_by) == (
        Rate("unsubscribes", 2, 3),
        {"one-click": 1, "unsubscribe page": 1},
    )


def test_a_list_grows_by_who_comes_and_shrinks_by_who_leaves(world: World) -> None:
    a_list(world.session)
    first, second = MONDAY - timedelta(days=13), MONDAY - timedelta(days=6)
    for name in ("ada", "bea", "eva"):
        roll.add(
            world.session, f"{name}@a.example", lists=["weekly"], consent=Consent.CONFIRMED, source="form", now=first
        )
    roll.add(world.session, "gil@a.example", lists=["weekly"], source="form", now=first)
    roll.unsubscribe(world.session, roll.get(world.session, "gil@a.example").id, source="page", now=second)
    roll.unsubscribe(world.session, roll.get(world.session, "bea@a.example").id, source="one-click", now=second)
    roll.suppress(world.session, "eva@a.example", reason=SuppressionReason.COMPLAINT, now=second)
    roll.add(
        world.session, "fay@a.example", lists=["weekly"], consent=Consent.CONFIRMED, source="form", now=MONDAY + _HOUR
    )
    world.session.flush()
    assert growth.weeks(world.session, ["weekly"], until=MONDAY, count=2) == [
        Week("weekly", MONDAY - timedelta(days=14), joined=3, left=0, suppressed=0, confirmed=3),
        Week("weekly", MONDAY - timedelta(days=7), joined=0, left=1, suppressed=1, confirmed=2),
    ]


def test_the_balance_is_the_ledgers(world: World) -> None:
    ada, bea = _people(world, "ada@a.example", "bea@a.example")
    edition = world.copy(ada)
    world.copy(bea, edition, state=BatchState.UNKNOWN)
    world.told(edition, ada, Status.DELIVERED)
    stands = report_of(world)
    assert (stands.balance.accepted, stands.balance.unknown, dict(stands.told)) == (1, 1, {Status.DELIVERED: 1})


def test_weeks_in_which_a_list_stood_still_are_not_shown_but_for_the_last(world: World) -> None:
    a_list(world.session)
    begun = NINE - timedelta(days=17)
    roll.add(world.session, "ada@a.example", lists=["weekly"], consent=Consent.CONFIRMED, source="form", now=begun)
    world.copy(roll.get(world.session, "ada@a.example"))
    told = report_of(world)
    assert (len(told.growth), [row[2:] for row in tables.shown(told, "growth").rows]) == (
        12,
        [(1, 0, 1, 0, 1), (0, 0, 0, 0, 1)],
    )
