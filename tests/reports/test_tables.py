"""A report as tables: what stands in their cells is other people's words, and no spreadsheet's formula."""

import pytest

from newsletter.delivery.models import Status
from newsletter.tracking.reports import tables
from newsletter.tracking.reports.figures import Rate
from newsletter.tracking.reports.grounds import Ground, meaning
from tests.factories import a_subscriber
from tests.reports.test_figures import report_of
from tests.reports.world import World


def test_a_servers_words_are_no_formula(world: World) -> None:
    person = a_subscriber(world.session, "ada@a.example")
    edition = world.copy(person)
    world.told(edition, person, Status.BOUNCED, "=HYPERLINK(0)")
    assert "'=HYPERLINK(0)\r\n" in tables.csv_of(report_of(world), "reasons")


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "good"), (9, "good"), (10, "watch it"), (29, "watch it"), (30, "too many: they may refuse our mail")],
)
def test_complaints_are_held_against_what_gmail_and_yahoo_bear(count: int, said: str) -> None:
    assert tables.verdict(Rate("complaints", count, 10_000)) == said


def test_of_nobody_nothing_is_said() -> None:
    assert tables.verdict(Rate("complaints", 0, 0)) == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("550 5.1.1 no such user", "no such mailbox"),
        ("452 4.2.2 over quota", "mailbox full"),
        ("451 4.7.1 Greylisted for 300 s", "greylisted: asked to come back"),
        ("550 5.7.1 listed by a block list", "about us: address, login, reputation"),
        ("552 5.3.4 too large", "about the message"),
        ("gave up after 12 attempts on host mx1-a.example", "gave up after … attempts on host …"),
    ],
)
def test_words_are_sorted_under_what_they_mean(words: str, meant: str) -> None:
    assert meaning(Status.BOUNCED, words) == meant


@pytest.mark.parametrize(
    ("words", "sought"),
    [
        ("550 5.1.1 <eva@shop.example>: User unknown", "550 5.1.1"),
        ("450-4.2.0 Greylisted", "450-4.2.0"),
        ("421 try later", "421"),
        ("connection lost after the final dot", "connection lost after the final dot"),
        ("refused for eva@shop.example at noon", "refused for"),
        ("<eva@shop.example> is full", ""),
        ("5500 is no code", ""),
        ("", ""),
    ],
)
def test_what_the_send_log_is_searched_for_names_no_reader(words: str, sought: str) -> None:
    assert Ground(Status.BOUNCED, "", 1, words, ()).sought == sought
