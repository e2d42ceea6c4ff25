"""The pages beside the send log: why one reader has an edition or not, and the edition's figures."""

import httpx
import pytest

from newsletter.app import App
from newsletter.delivery.models import BatchState
from subscribers import roll
from tests.tracking.ledger import SENT_AT, a_sending
from tests.web.conftest import World


@pytest.fixture
def ada(app: App) -> tuple[int, int]:
    """The edition, and Ada, who has it."""
    with app.database.write() as session:
        edition_id, (number,) = a_sending(session, "ada@example.com", state=BatchState.ACCEPTED)
    return edition_id, number


def test_each_reader_of_the_log_leads_to_their_copys_story(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, number = ada
    page = site.get(f"/editions/{edition_id}/log").text
    assert f'href="/editions/{edition_id}/why?who={number}"' in page


def test_the_story_is_told_by_number_so_that_no_address_stands_in_a_link(
    ada: tuple[int, int], site: httpx.Client
) -> None:
    edition_id, number = ada
    page = site.get(f"/editions/{edition_id}/why", params={"who": number}).text
    assert ("SendGrid took the copy for ada@example.com" in page, "The copy’s story" in page) == (True, True)


def test_whom_the_log_does_not_hold_leads_to_why_not(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, _ = ada
    page = site.get(f"/editions/{edition_id}/log", params={"q": "eva+<b>@example.com"}).text
    assert f"/editions/{edition_id}/why?who=eva%2B%3Cb%3E%40example.com" in page


def test_who_was_erased_is_still_told_of_by_number(ada: tuple[int, int], app: App, site: httpx.Client) -> None:
    edition_id, number = ada
    with app.database.write() as session:
        roll.erase(session, number, now=SENT_AT)
    page = site.get(f"/editions/{edition_id}/why", params={"who": number})
    assert (page.status_code, f"the copy for reader {number}" in page.text) == (200, True)


def test_a_name_of_a_stranger_is_no_markup(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, _ = ada
    page = site.get(f"/editions/{edition_id}/why", params={"who": "<script>x</script>@example.com"}).text
    assert "<script>" not in page


def test_an_edition_that_is_not_there_is_not_found(site: httpx.Client) -> None:
    assert site.get("/editions/4711/why", params={"who": "1"}).status_code == 404


def test_the_log_leads_to_the_figures(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, _ = ada
    assert f'href="/editions/{edition_id}/results"' in site.get(f"/editions/{edition_id}/log").text


def test_the_figures_are_tables(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, _ = ada
    page = site.get(f"/editions/{edition_id}/results").text
    titles = ("By domain", "By reason", "Clicks", "Who left, who complained", "Growth of the lists")
    assert [page.count(f">{title}</h2>") for title in titles] == [1, 1, 1, 1, 1]


def test_a_part_of_the_figures_is_a_file(ada: tuple[int, int], site: httpx.Client) -> None:
    edition_id, _ = ada
    answer = site.get(f"/editions/{edition_id}/results.csv", params={"part": "domains"})
    assert (answer.text, answer.headers["content-disposition"]) == (
        "domain,copies,accepted,wrong %\r\nexample.com,1,1,0.0\r\n",
        'attachment; filename="friday-2021-11-26-domains.csv"',
    )


def test_what_was_not_planned_has_no_figures(world: World, site: httpx.Client) -> None:
    answer = site.get(f"/editions/{world.edition_id}/results")
    assert (answer.status_code, "was planned yet" in answer.text) == (404, True)
