"""The figures of an edition, as a page and as files."""

import httpx
import pytest

from newsletter.app import App
from newsletter.delivery.models import BatchState
from tests.tracking.ledger import a_sending
from tests.web.conftest import World


@pytest.fixture
def ada(app: App) -> tuple[int, int]:
    """The edition, and Ada, who has it."""
    with app.database.write() as session:
        edition_id, (number,) = a_sending(session, "ada@example.com", state=BatchState.ACCEPTED)
    return edition_id, number


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
