"""Clicks for each story and place, people told from machines; and what the picker learns from them."""

from datetime import timedelta

from newsletter.editions.models import Edition
from newsletter.jobs import liking
from newsletter.tracking.links.models import Link, Tracked, Verdict, Visit
from newsletter.tracking.reports import clicks
from newsletter.tracking.reports.clicks import Place
from subscribers.models import Subscriber
from tests.factories import FRIDAY, a_subscriber
from tests.reports.world import NINE, World

#: what the factory's stories lead to
FIRST, SECOND = "https://retaildive.example/1", "https://retaildive.example/2"


def _places(world: World, edition: Edition) -> list[Place]:
    world.session.flush()
    return clicks.of(world.session, edition)


def test_each_story_has_its_clicks_and_its_readers(world: World) -> None:
    ada, bea = a_subscriber(world.session, "ada@a.example"), a_subscriber(world.session, "bea@a.example")
    edition = world.copy(ada)
    world.copy(bea, edition)
    world.event(edition, ada, "click", minutes=30, url=FIRST)
    world.event(edition, ada, "click", minutes=50, url=f"{FIRST}/#more")
    world.event(edition, bea, "click", minutes=31, url=FIRST)
    assert _places(world, edition) == [
        Place("story", 1, "Walmart goes live", human=3, readers=2),
        Place("story", 2, "Carrefour opens a shop"),
    ]


def test_links_beside_the_stories_are_told_apart(world: World) -> None:
    ada = a_subscriber(world.session, "ada@a.example")
    edition = world.edition(sponsor_name="Acme", sponsor_url="https://acme.example/")
    world.copy(ada, edition)
    world.event(edition, ada, "click", minutes=30, url="https://acme.example")
    world.event(edition, ada, "click", minutes=60, url="https://elsewhere.example/x")
    assert [(place.place, place.raw) for place in _places(world, edition)] == [
        ("story", 0),
        ("story", 0),
        ("sponsor", 1),
        ("other", 1),
    ]


def test_a_burst_over_many_links_is_a_machines(world: World) -> None:
    ada = a_subscriber(world.session, "ada@a.example")
    edition = world.copy(ada)
    for number in range(4):
        world.event(edition, ada, "click", minutes=30, url=f"https://retaildive.example/{number}", number=number)
    world.event(edition, ada, "click", minutes=90, url=FIRST)
    first = _places(world, edition)[0]
    assert (first.raw, first.machine, first.human, first.readers) == (2, 1, 1, 1)


def test_what_readers_followed_is_handed_to_the_picker(world: World) -> None:
    readers = [a_subscriber(world.session, f"reader{number}@a.example") for number in range(60)]
    for week in range(1, 4):
        edition = world.edition(date=FRIDAY - timedelta(weeks=week))
        edition.stories[0].headline = "Walmart goes live" if week == 1 else "A shop opens"
        edition.stories[0].summary = "Many saw that the chain Walmart did so."
        for number, reader in enumerate(readers):
            liked = week == 1 or number < 30
            world.event(edition, reader, "click", minutes=week, url=FIRST if liked else SECOND)
    world.session.flush()
    friday = world.settings.newsletters["friday"]
    assert (
        liking.lifts(world.session, friday, FRIDAY),
        liking.lifts(world.session, friday, FRIDAY - timedelta(weeks=1)),
    ) == ({"Walmart": 1.308}, {})


def _counted(world: World, edition: Edition, *visits: tuple[int, Verdict, int, Subscriber | None]) -> None:
    """The edition's links as our doors know them, and visits of (link, verdict, minutes, who)."""
    world.session.add(Tracked(edition_id=edition.id, mode="individual", pixel=True, seen=3))
    for number, (place, story) in enumerate([("story", 1), ("story", 2), ("introduction", None)], start=1):
        world.session.add(
            Link(
                edition_id=edition.id,
                number=number,
                url=f"https://a.example/{number}",
                part="html",
                place=place,
                story=story,
            )
        )
    for number, verdict, minutes, person in visits:
        world.session.add(
            Visit(
                edition_id=edition.id,
                number=number,
                subscriber_id=person.id if person else None,
                at=NINE + timedelta(minutes=minutes),
                delay=60 * minutes,
                agent="Firefox",
                verdict=verdict,
                reasons="a browser, minutes later",
                rules=1,
            )
        )
    world.session.flush()


def test_what_our_own_doors_counted_stands_with_its_verdicts(world: World) -> None:
    ada, bea = a_subscriber(world.session, "ada@a.example"), a_subscriber(world.session, "bea@a.example")
    edition = world.copy(ada)
    _counted(
        world,
        edition,
        (1, Verdict.HUMAN, 10, ada),
        (1, Verdict.HUMAN, 11, bea),
        (1, Verdict.SCANNER, 1, bea),
        (3, Verdict.UNKNOWN, 9, ada),
        (0, Verdict.PROXY, 5, ada),
    )
    world.event(edition, ada, "click", minutes=30, url=FIRST)
    assert _places(world, edition) == [
        Place("story", 1, "Walmart goes live", human=2, machine=1, readers=2),
        Place("story", 2, "Carrefour opens a shop"),
        Place("introduction", None, "links in the introduction", unclear=1),
        Place("opens", None, "the mail, by its pixel", machine=1),
    ]


def test_who_followed_a_link_of_ours_is_said_to_have_it(world: World) -> None:
    ada = a_subscriber(world.session, "ada@example.com")
    edition = world.copy(ada)
    _counted(world, edition, (0, Verdict.PROXY, 5, ada), (1, Verdict.HUMAN, 10, ada))
    assert world.why() == (
        "clicked",
        "ada@example.com has it: they followed a link in it on 26 November 2021 at 09:10.",
    )
    assert [(one.source, one.words) for one in world.ask()[0].moments[-2:]] == [
        ("our pages", "open proxy: a browser, minutes later"),
        ("our pages", "click https://a.example/1 (human: a browser, minutes later)"),
    ]


def test_what_a_scanner_followed_is_not_taken_for_the_reader(world: World) -> None:
    ada = a_subscriber(world.session, "ada@example.com")
    edition = world.copy(ada)
    _counted(world, edition, (1, Verdict.SCANNER, 1, ada))
    assert world.why()[0] == "fetched"
