"""What a counted link does: it leads on, and refuses what is not ours, over real HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from newsletter.editions.models import State
from newsletter.rendering import links, proofs
from newsletter.tracking.links import register
from newsletter.tracking.links.models import Link
from tests.factories import FRIDAY, an_edition
from tests.links.conftest import SECRET, House

STORY = "https://retaildive.example/1"


def test_every_counted_link_of_a_copy_leads_where_the_approved_one_leads(house: House) -> None:
    found = [house.site.get(address) for address in house.addresses(house.ada)]
    assert {(each.status_code, each.headers["location"]) for each in found} == {
        (302, "https://figures.example/?a=1&b=2"),
        (302, STORY),
        (302, "https://retaildive.example/2"),
        (302, "https://news.example.com/join"),
    }


def test_links_of_both_parts_are_counted(house: House) -> None:
    with house.app.database.read() as session:
        found = [(link.number, link.part, link.place, link.story) for link in register.of(session, house.edition_id)]
    assert found == [
        (1, "html", "introduction", None),
        (2, "html", "story", 1),
        (3, "html", "story", 1),
        (4, "html", "story", 2),
        (5, "html", "story", 2),
        (6, "text", "introduction", None),
        (7, "text", "story", 1),
        (8, "text", "story", 2),
        (0xFFFF, "html", "decoy", None),
    ]


def test_the_readers_own_links_stay_as_they_are(house: House) -> None:
    token = links.token(SECRET, house.edition_id, house.ada)
    copy = house.text_of(house.ada)
    assert [copy.count(f"https://news.example.com/{door}/{token}") for door in "upe"] == [2, 2, 3]


def test_head_leads_on_too_without_a_body(house: House) -> None:
    answer = house.site.head(house.link(2))
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, STORY, b"")


def test_nobody_keeps_a_copy_and_no_search_engine_lists_it(house: House) -> None:
    headers = house.follow(2).headers
    assert [headers[name] for name in ("cache-control", "x-robots-tag", "referrer-policy")] == [
        "no-store",
        "noindex",
        "no-referrer",
    ]


def test_another_method_is_refused(house: House) -> None:
    answer = house.site.post(house.link(2))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("place", range(0, 54, 5))
def test_a_link_altered_anywhere_is_refused_with_a_page(house: House, place: int) -> None:
    token = house.link(2).removeprefix("/l/")
    altered = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
    answer = house.site.get(f"/l/{altered}")
    assert (answer.status_code, "This link is not one of ours" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "token", ["", "x", "0" * 53, "0" * 55, "G" * 54, "https://evil.example/", "%00", "é" * 54, "../u/1", "0" * 40_000]
)
def test_what_is_no_token_is_refused_with_a_page(house: House, token: str) -> None:
    answer = house.site.get(f"/l/{token}")
    assert (answer.status_code, "location" in answer.headers) in {(400, False), (404, False)}


def test_the_halves_of_two_editions_fit_no_link(house: House) -> None:
    with house.app.database.write() as session:
        other = an_edition(session, date=FRIDAY + timedelta(days=7), state=State.APPROVED)
        newsletter = house.app.newsletter()
        proof = proofs.make(session, other, newsletter, house.app.settings, now=house.now)
        register.write(session, proof, other, public_url=house.app.settings.public_url)
        other_id = other.id
    mixed = f"/l/{links.click_token(SECRET, house.edition_id, house.ada)}{links.tag(SECRET, other_id, 2)}"
    assert house.site.get(mixed).status_code == 400


def test_the_token_of_another_purpose_is_refused(house: House) -> None:
    unsubscribing = links.token(SECRET, house.edition_id, house.ada)
    answer = house.site.get(f"/l/{unsubscribing}{links.tag(SECRET, house.edition_id, 2)}")
    assert answer.status_code == 400


def test_a_counted_link_unsubscribes_nobody(house: House) -> None:
    token = links.click_token(SECRET, house.edition_id, house.ada)
    assert [house.site.get(f"/{door}/{token}").status_code for door in "upe"] == [400, 400, 400]


def test_a_number_that_the_edition_has_not_leads_nowhere(house: House) -> None:
    answer = house.follow(99)
    assert (answer.status_code, "not in our records any more" in answer.text) == (404, True)


def test_an_edition_that_is_gone_leads_nowhere(house: House) -> None:
    with house.app.database.write() as session:
        session.execute(delete(Link).where(Link.edition_id == house.edition_id))
    assert house.follow(2).status_code == 404


def test_a_link_too_old_says_where_it_led_and_follows_nothing(house: House) -> None:
    house.wait(days=731)
    answer = house.follow(2)
    shown = "It led to:" in answer.text and STORY in answer.text and "26 November 2021" in answer.text
    assert (answer.status_code, shown, "location" in answer.headers, house.visits()) == (410, True, False, [])


def test_a_copy_of_nobody_leads_on_and_counts_nobody(house: House) -> None:
    answer = house.follow(2, reader=0)
    assert (answer.status_code, house.visits()) == (302, [])


def test_an_address_in_other_letters_goes_into_the_header_in_ascii() -> None:
    found = [register.location(url) for url in ("https://müller.example:81/ä?q=ü#ö", 'https://a.example/a b%20c"<')]
    assert found == ["https://xn--mller-kva.example:81/%C3%A4?q=%C3%BC#%C3%B6", "https://a.example/a%20b%20c%22%3C"]
