"""Clicks for each story and place, people told from machines; and what the picker learns from them."""

from datetime import timedelta

from newsletter.jobs import liking
from newsletter.tracking.reports import clicks
from newsletter.tracking.reports.clicks import Place
from tests.factories import FRIDAY, a_subscriber
from tests.reports.world import World

#: what the factory's stories lead to
FIRST, SECOND = "https://retaildive.example/1", "https://retaildive.example/2"


def _places(world: World, edition: object) -> list[Place]:
    world.session.flush()
    return clicks.of(world.session, edition)  # type: ignore[arg-type]


def test_each_story_has_its_clicks_and_its_readers(world: World) -> None:
    ada, bea = a_subscriber(world.session, "ada@a.example"), a_subscriber(world.session, "bea@a.example")
    edition = world.copy(ada)
    world.copy(bea, edition)
    world.event(edition, ada, "click", minutes=30, url=FIRST)
    world.event(edition, ada, "click", minutes=50, url=f"{FIRST}/#more")
    world.event(edition, bea, "click", minutes=31, url=FIRST)
    assert _places(world, edition) == [
        Place("story", 1, "Walmart goes live", raw=3, machine=0, readers=2),
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
