"""What SendGrid tells of opens and clicks goes through the same rules, and keeps no address on the network."""

from typing import Any

import pytest
from sqlalchemy import select

from newsletter.tracking import events
from newsletter.tracking.links.counts import Counts, Tally
from newsletter.tracking.links.models import Verdict, Visit
from newsletter.tracking.models import Event
from tests.links.conftest import CHROME, House

MODES = pytest.mark.parametrize("tracking", [{"tracking": "individual"}, {"tracking": "anonymous"}])


def tell(house: House, *told: dict[str, Any]) -> Counts:
    """SendGrid posts *told*, each about Ada's copy, now."""
    about = {
        "email": "ada@example.com",
        "timestamp": int(house.now.timestamp()),
        "nl_edition": str(house.edition_id),
        "nl_subscriber": str(house.ada),
        "useragent": CHROME,
        "ip": "203.0.113.77",
    }
    post = [{**about, "sg_event_id": f"e{number}", **event} for number, event in enumerate(told)]
    with house.app.database.write() as session:
        events.record(session, post, now=house.now)
        events.record(session, post, now=house.now)
    return house.counts()


@MODES
def test_a_machines_open_is_no_persons(house: House) -> None:
    told = tell(house, {"event": "open", "sg_machine_open": True}, {"event": "open", "sg_machine_open": False})
    assert (told.told_opens, told.opens) == (Tally(human=1, proxy=1, people=1), Tally())


@MODES
def test_a_click_told_is_counted_once_and_apart_from_ours(house: House) -> None:
    told = tell(house, {"event": "click", "url": "https://retaildive.example/1"})
    with house.app.database.read() as session:
        kept = [(visit.number, visit.provider, visit.verdict) for visit in session.scalars(select(Visit))]
    assert (told.told_clicks, told.clicks, kept) == (
        Tally(human=1, people=1), Tally(), [(2, "sendgrid", Verdict.HUMAN)],
    )  # fmt: skip


@MODES
def test_a_burst_told_in_one_post_is_a_scanners(house: House) -> None:
    urls = (
        "https://retaildive.example/1",
        "https://retaildive.example/2",
        "https://figures.example/?a=1&b=2",
        "https://o.example/",
    )
    told = tell(house, *({"event": "click", "url": url} for url in urls))
    assert told.told_clicks == Tally(scanner=4)


def test_of_an_address_on_the_network_only_its_owner_is_kept(house: House) -> None:
    tell(house, {"event": "open", "ip": "66.249.84.1"}, {"event": "click", "url": "https://o.example/"})
    with house.app.database.read() as session:
        payloads = [dict(event.payload) for event in session.scalars(select(Event).order_by(Event.id))]
    assert [(each.get("ip"), each["network"]) for each in payloads] == [(None, "google"), (None, "")]
