"""What is kept of a click, under each setting, and what is never kept."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from newsletter.jobs import access
from newsletter.rendering import links
from newsletter.tracking.links.counts import Tally
from newsletter.tracking.links.models import Verdict
from subscribers import roll
from subscribers.models import Subscriber
from tests.links.conftest import CHROME, NINE, SECRET, House

INDIVIDUAL = pytest.mark.parametrize("tracking", [{"tracking": "individual"}])
PIXEL = pytest.mark.parametrize("tracking", [{"pixel": True}])


def everything(house: House) -> str:
    """Each row of each table that the pages write, as text."""
    house.recorder.flush()
    with house.app.database.read() as session:
        tables = {"visit", "event", "delivery_progress"} & set(inspect(session.connection()).get_table_names())
        rows = {
            table: [dict(row) for row in session.execute(text(f"SELECT * FROM {table}")).mappings()] for table in tables
        }
    return json.dumps(rows, default=str)


def test_a_click_is_counted_without_a_name(house: House) -> None:
    house.follow(2)
    (visit,) = house.visits()
    kept = (visit.subscriber_id, visit.number, visit.at, visit.delay, visit.times, visit.first, visit.verdict)
    assert kept == (None, 2, NINE + timedelta(hours=1), 3600, 1, 1, Verdict.HUMAN)


def test_what_is_alike_in_one_hour_is_one_row(house: House) -> None:
    house.follow(2, house.ada)
    house.wait(minutes=7)
    house.follow(2, house.ben)
    house.wait(minutes=7)
    house.follow(2, house.ada)
    assert [(visit.times, visit.first) for visit in house.visits()] == [(3, 2)]


def test_no_row_without_a_name_tells_when_its_copy_was_handed_over(house: House) -> None:
    house.wait(minutes=12, seconds=34)
    house.follow(2)
    (visit,) = house.visits()
    assert (visit.at.minute, visit.at.second, visit.delay) == (0, 0, 3600)


def test_no_address_on_the_network_is_kept(house: House) -> None:
    house.follow(2, headers={"X-Forwarded-For": "203.0.113.77, 198.51.100.23"})
    kept = everything(house)
    assert ("203.0.113" in kept, "198.51.100" in kept, "127.0.0.1" in kept, '"times": 1' in kept) == (
        False, False, False, True,
    )  # fmt: skip


@INDIVIDUAL
def test_no_address_on_the_network_is_kept_of_named_clicks_either(house: House) -> None:
    house.follow(2, headers={"X-Forwarded-For": "203.0.113.77"})
    kept = everything(house)
    assert ("203.0.113" in kept, "127.0.0.1" in kept, '"times": 1' in kept) == (False, False, True)


@INDIVIDUAL
def test_a_click_is_kept_with_its_copy_where_that_is_wanted(house: House) -> None:
    house.wait(seconds=17)
    house.follow(2)
    (visit,) = house.visits()
    assert (visit.edition_id, visit.subscriber_id, visit.number, visit.at, visit.delay) == (
        house.edition_id, house.ada, 2, NINE + timedelta(hours=1, seconds=17), 3617,
    )  # fmt: skip


@INDIVIDUAL
def test_a_browser_is_kept_without_version_and_device(house: House) -> None:
    house.follow(2)
    assert house.visits()[0].agent == "browser on windows"


@INDIVIDUAL
def test_clicks_stand_in_what_is_held_of_a_person(house: House) -> None:
    house.follow(2)
    house.recorder.flush()
    with house.app.database.read() as session:
        held = access.everything(session, session.get_one(Subscriber, house.ada))["what_was_followed"]
    assert [(each["edition_id"], each["leads_to"]) for each in held] == [
        (house.edition_id, "https://retaildive.example/1")
    ]


@INDIVIDUAL
def test_clicks_go_with_the_person(house: House) -> None:
    house.follow(2)
    assert len(house.visits()) == 1
    with house.app.database.write() as session:
        roll.erase(session, house.ada, now=house.now)
    assert house.visits() == []


@INDIVIDUAL
def test_a_click_of_who_was_erased_is_counted_without_a_name(house: House) -> None:
    with house.app.database.write() as session:
        roll.erase(session, house.ada, now=house.now)
    house.follow(2)
    assert [visit.subscriber_id for visit in house.visits()] == [None]


@INDIVIDUAL
def test_who_asks_not_to_be_followed_is_counted_without_a_name(house: House) -> None:
    house.follow(2, headers={"Sec-GPC": "1"})
    assert [visit.subscriber_id for visit in house.visits()] == [None]


@pytest.mark.parametrize("tracking", [{"tracking": "off", "pixel": True}])
def test_where_nothing_is_counted_links_lead_straight_on(house: House) -> None:
    copy = house.text_of(house.ada)
    assert (house.addresses(house.ada), "https://retaildive.example/1" in copy, "/o/" in copy) == ([], True, False)


def test_counting_less_holds_at_once(house: House) -> None:
    house.app.settings.newsletters["friday"] = house.app.newsletter().model_copy(update={"tracking": "off"})
    assert (house.follow(2).status_code, house.visits()) == (302, [])


@PIXEL
def test_the_pixel_is_a_picture_that_counts_an_opening(house: House) -> None:
    address = next(each for each in house.addresses(house.ada) if each.startswith("/o/"))
    answer = house.site.get(address, headers={"User-Agent": CHROME})
    opened = house.counts().opens
    assert (answer.headers["content-type"], answer.content[:6], opened) == (
        "image/gif", b"GIF89a", Tally(human=1, people=1),
    )  # fmt: skip


def test_without_the_pixel_no_copy_holds_one(house: House) -> None:
    assert [each for each in house.addresses(house.ada) if each.startswith("/o/")] == []


def test_a_picture_leads_nowhere_and_a_link_is_no_picture(house: House) -> None:
    token = links.click_token(SECRET, house.edition_id, house.ada)
    pixel, link = links.tag(SECRET, house.edition_id, 0), links.tag(SECRET, house.edition_id, 2)
    found = [house.site.get(address).status_code for address in (f"/l/{token}{pixel}", f"/o/{token}{link}.gif")]
    assert found == [404, 404]


def test_counts_stand_side_by_side(house: House) -> None:
    house.follow(2)
    house.follow(2, house.ben, headers={"User-Agent": "BarracudaSentinel (EE)"})
    counts = house.counts()
    first = counts.by_story()[1]
    assert (first, first.raw, first.machine, first.human, counts.by_story()[2]) == (
        Tally(human=1, scanner=1, people=1), 2, 1, 1, Tally(),
    )  # fmt: skip


@INDIVIDUAL
def test_a_person_who_follows_three_links_is_one_person(house: House) -> None:
    for number in (2, 4, 1):
        house.follow(number)
        house.wait(minutes=1)
    assert (house.counts().clicks, [link.clicks.people for link in house.counts().links[:4]]) == (
        Tally(human=3, people=1), [1, 1, 0, 1],
    )  # fmt: skip


def test_time_never_runs_backwards_in_what_is_kept(house: House) -> None:
    house.follow(2)
    house.now = datetime.fromisoformat("2021-11-26T08:59:50+00:00")
    house.follow(4)
    assert sorted(visit.delay for visit in house.visits()) == [-1, 3600]
