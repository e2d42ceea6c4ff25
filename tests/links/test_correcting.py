"""A link that was wrong when it went out leads elsewhere from then on, and it is known who changed it."""

import json
import time

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from newsletter.cli.root import program
from newsletter.delivery.models import Act
from newsletter.editions import shelf
from newsletter.errors import BadInput, NotFound
from newsletter.tracking.links import register
from tests.links.conftest import House

RIGHT = "https://right.example/story?a=1"


def correct(house: House, number: int = 2, url: str = RIGHT) -> list[int]:
    with house.app.database.write() as session:
        edition = shelf.get(session, house.edition_id)
        changed = register.correct(session, edition, number, url, by="eve", reason="a typo", now=house.now)
        return [link.number for link in changed]


def test_a_corrected_link_leads_elsewhere_and_all_to_the_same_page_with_it(house: House) -> None:
    before = house.follow(2).headers["location"]
    assert (before, correct(house)) == ("https://retaildive.example/1", [2, 3, 7])
    while house.follow(2).headers["location"] == before:
        time.sleep(0.01)
    assert [house.follow(number).headers["location"] for number in (2, 3, 7, 4)] == [
        RIGHT, RIGHT, RIGHT, "https://retaildive.example/2",
    ]  # fmt: skip


def test_who_corrected_what_is_told(house: House) -> None:
    correct(house)
    with house.app.database.read() as session:
        known = register.history(session, house.edition_id)
        told = [(each.number, each.was, each.url, each.by, each.reason) for each in known]
        acts = [(act.verb, act.by, act.reason) for act in session.scalars(select(Act).where(Act.verb != "plan"))]
    was = "https://retaildive.example/1"
    assert (told, acts) == (
        [(number, was, RIGHT, "eve", "a typo") for number in (2, 3, 7)],
        [("correct link", "eve", f"2, 3, 7: {was} → {RIGHT} (a typo)")],
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "right.example",
        "javascript:alert(1)",
        "https://",
        "ftp://a.example/",
        "https://a.example/\r\nSet-Cookie: a=b",
        "https://user:word@a.example/",
        "https://a.example/ b",
        f"https://a.example/{'x' * 2000}",
        "http://[::1",
        "//a.example",
    ],
)
def test_what_is_no_address_of_a_page_corrects_nothing(house: House, url: str) -> None:
    with pytest.raises(BadInput):
        correct(house, url=url)


@pytest.mark.parametrize("number", [0, 9, 0xFFFF])
def test_only_links_that_readers_see_can_be_corrected(house: House, number: int) -> None:
    with pytest.raises(NotFound):
        correct(house, number)


def test_what_leads_there_already_is_not_corrected(house: House) -> None:
    correct(house)
    with pytest.raises(BadInput, match="already"):
        correct(house)


TOML = """
database_url = "{url}"
secret = "a secret for tests"
public_url = "https://news.example.com"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB"
"""


def run(house: House, *arguments: str) -> Result:
    home = house.app.settings.home
    (home / "newsletter.toml").write_text(TOML.format(url=house.app.settings.database_url), "utf-8")
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def test_corrections_are_made_and_shown_on_the_command_line(house: House) -> None:
    name = str(house.edition_id)
    made = run(house, "links", "correct", name, "2", RIGHT, "--by", "eve", "--reason", "a typo")
    shown = json.loads(run(house, "links", "history", name, "--json").stdout)
    assert (made.stdout.split(), [(each["number"], each["url"], each["by"]) for each in shown]) == (
        f"links 2, 3, 7 of friday/2021-11-26 lead to {RIGHT} now".split(),
        [(number, RIGHT, "eve") for number in (2, 3, 7)],
    )


def test_a_link_corrected_to_nonsense_says_what_an_address_looks_like(house: House) -> None:
    failed = run(house, "links", "correct", str(house.edition_id), "2", "nonsense")
    assert str(failed.exception) == "'nonsense' is not the address of a page, such as https://example.com/story"


def test_the_list_shows_all_machines_and_people_side_by_side(house: House) -> None:
    house.follow(2)
    house.follow(2, house.ben, {"User-Agent": "curl/8.4.0"})
    house.recorder.flush()
    listed = json.loads(run(house, "links", "list", str(house.edition_id), "--json").stdout)
    second = next(link for link in listed["links"] if link["number"] == 2)
    assert (listed["mode"], second["story"], second["clicks"]) == (
        "anonymous", 1, {"human": 1, "proxy": 0, "scanner": 1, "unknown": 0, "people": 1},
    )  # fmt: skip


def test_judging_again_says_how_many_verdicts_changed(house: House) -> None:
    house.follow(2)
    house.recorder.flush()
    said = run(house, "links", "judge", str(house.edition_id)).stdout
    assert said.splitlines()[0] == "0 verdicts of friday/2021-11-26 changed"
