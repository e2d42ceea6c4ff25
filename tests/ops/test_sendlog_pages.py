"""The send log's pages: searched without an address in any URL, paged both ways, taken away as a file."""

import csv
import io
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import event

from newsletter.app import App
from newsletter.delivery.models import BatchState, Delivery
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.tracking import events
from subscribers import readdressing, roll
from subscribers.models import Subscriber
from tests.factories import a_subscriber, an_edition
from tests.staff.conftest import Browser, a_colleague
from tests.tracking.ledger import SENT_AT, a_sending, an_event


@pytest.fixture
def two_weeks(app: App) -> tuple[tuple[int, int], tuple[int, int]]:
    """Ada and Bob had two editions; what became of Ada's first. Their numbers, and those of the editions."""
    with app.database.write() as session:
        first, (ada, bob) = a_sending(session, "ada@example.com", "bob@example.com", state=BatchState.ACCEPTED)
        second, _ = a_sending(
            session, "ada@example.com", "bob@example.com", state=BatchState.ACCEPTED, attempt="a2.1", weeks=1
        )
        events.record(session, [an_event(first, ada, "bounce", reason="550 5.1.1 no such user")], now=SENT_AT)
    return (first, second), (ada, bob)


def _copies(page: httpx.Response) -> list[str]:
    return re.findall(r'href="/ops/copies/([0-9]+-[0-9]+)"', page.text)


def _search(browser: Browser, **fields: str) -> httpx.Response:
    """Fill in the form of the log, and go where it leads."""
    browser.open("/ops/log")
    answer = browser.send("/ops/log", **fields)
    return browser.open(answer.headers["location"]) if answer.status_code == 303 else answer


def test_all_editions_are_in_it_newest_first(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, second), (ada, bob) = two_weeks
    page = browser.open("/ops/log")
    assert _copies(page) == [f"{second}-{bob}", f"{second}-{ada}", f"{first}-{bob}", f"{first}-{ada}"]


@pytest.mark.parametrize("who", ["ada@example.com", "ADA@Example.com", "Ada Lovelace <ada@example.com>", "ad", "{ada}"])
def test_a_reader_is_found_by_address_by_how_it_begins_and_by_number(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser, who: str
) -> None:
    (first, second), (ada, _) = two_weeks
    page = _search(browser, who=who.replace("{ada}", str(ada)))
    assert (_copies(page), page.url.query) == ([f"{second}-{ada}", f"{first}-{ada}"], f"reader={ada}".encode())


def test_a_reader_is_found_by_the_address_they_had_before(
    app: App, two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, second), (ada, _) = two_weeks
    with app.database.write() as session:
        person = session.get_one(Subscriber, ada)
        change = readdressing.ask(session, person, "countess@example.com", newsletter="friday", now=SENT_AT)
        readdressing.move(session, change, ada, now=SENT_AT)
    assert _copies(_search(browser, who="ada@example.com")) == [f"{second}-{ada}", f"{first}-{ada}"]


def test_whom_nobody_knows_stands_in_no_address_and_leads_to_why(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    page = _search(browser, who="eva+<b>@example.com")
    assert ("eva+&lt;b&gt;@example.com" in page.text, "eva" in str(page.url), _copies(page)) == (True, False, [])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"edition": "friday/2021-11-26"}, ["1-bob", "1-ada"]),
        ({"status": "bounced"}, ["1-ada"]),
        ({"reason": "NO such"}, ["1-ada"]),
        ({"since": "2021-12-01T00:00"}, ["2-bob", "2-ada"]),
        ({"until": "2021-12-01T00:00"}, ["1-bob", "1-ada"]),
        ({"status": "complained"}, []),
    ],
)
def test_it_is_narrowed_by(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser, asked: dict[str, str], found: list[str]
) -> None:
    (first, second), (ada, bob) = two_weeks
    called = {
        f"{first}-{ada}": "1-ada",
        f"{first}-{bob}": "1-bob",
        f"{second}-{ada}": "2-ada",
        f"{second}-{bob}": "2-bob",
    }
    assert [called[copy] for copy in _copies(_search(browser, **asked))] == found


def test_it_is_narrowed_to_a_domain(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], app: App, browser: Browser
) -> None:
    (first, _), _ = two_weeks
    with app.database.write() as session:
        eva = a_subscriber(session, "eva@elsewhere.example").id
        session.add(Delivery(edition_id=first, batch=1, subscriber_id=eva))
    assert _copies(browser.open("/ops/log?domain=elsewhere.example")) == [f"{first}-{eva}"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"edition": "2031-01-01"}, "there is no edition"),
        ({"since": "yesterday"}, "is not a time such as"),
        ({"status": "lost"}, "No copy stands at"),
        ({"batch": "3"}, "say which edition"),
        ({"reason": "x" * 201}, "Search for fewer words"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_form(browser: Browser, asked: dict[str, str], says: str) -> None:
    page = _search(browser, **asked)
    assert (page.status_code in (400, 404), says in page.text, 'name="who"' in page.text) == (True, True, True)


def test_pages_lead_both_ways(app: App, browser: Browser) -> None:
    with app.database.write() as session:
        edition, ids = a_sending(
            session, *(f"r{number:03}@example.com" for number in range(150)), state=BatchState.ACCEPTED
        )
    first = browser.open(f"/ops/log?edition={edition}")
    second = browser.open("/ops/log" + _way(first, "next"))
    again = browser.open("/ops/log" + _way(second, "prev"))
    backwards = [f"{edition}-{number}" for number in reversed(ids)]
    assert (_copies(first), _copies(second), _copies(again)) == (backwards[:100], backwards[100:], backwards[:100])


def _way(page: httpx.Response, rel: str) -> str:
    found = re.search(rf'href="/ops/log([^"]*)" rel="{rel}"', page.text)
    assert found
    return found[1].replace("&amp;", "&")


def test_what_was_never_planned_says_how_the_edition_stands(app: App, browser: Browser) -> None:
    with app.database.write() as session:
        edition = an_edition(session).id
    assert "Nothing of this edition was planned yet" in browser.open(f"/ops/log?edition={edition}").text


def test_an_unsubscribe_is_seen_beside_the_copy_it_came_from(
    app: App, two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (_, second), (_, bob) = two_weeks
    with app.database.write() as session:
        roll.unsubscribe(session, bob, ["weekly"], source="one-click", now=SENT_AT + timedelta(days=8))
    page = browser.open(f"/ops/copies/{second}-{bob}").text
    assert ("They left weekly." in page, "unsubscribed, by one-click" in page) == (True, True)


def test_no_number_of_copies_makes_the_queries_grow(app: App, browser: Browser) -> None:
    asked = []
    for week, readers in enumerate((3, 90)):
        with app.database.write() as session:
            people = [f"w{week}r{number:03}@example.com" for number in range(readers)]
            edition, ids = a_sending(session, *people, state=BatchState.ACCEPTED, attempt=f"a{week}.1", weeks=week)
            told = [an_event(edition, one, "bounce", attempt=f"a{week}.1") for one in ids]
            events.record(session, told, now=SENT_AT)
        asked.append([_queries(app, browser, path) for path in ("/ops/log", "/ops/log?status=bounced&reason=x")])
    assert asked[0] == asked[1]


def _queries(app: App, browser: Browser, path: str) -> int:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN" and "setting_change" not in statement:  # looked at once a second, whoever asks
            statements.append(statement)

    event.listen(app.database.reader, "before_cursor_execute", note)
    try:
        browser.open(path)
    finally:
        event.remove(app.database.reader, "before_cursor_execute", note)
    return len(statements)


# as a file


def test_what_was_searched_for_is_a_file_for_who_may_take_it(
    app: App, two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    _, (ada, _) = two_weeks
    bounced = ("2021-11-26T09:00:01+00:00", "550 5.1.1 no such user", "1")
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=SENT_AT))
    _search(browser, who="ada@example.com", status="bounced")
    answer = browser.send("/ops/log.csv")
    assert (list(csv.reader(io.StringIO(answer.text))), answer.headers["cache-control"]) == (
        [
            ["edition", "reader", "address", "status", "at", "in their words", "batch"],
            ["friday/2021-11-26", str(ada), "ada@example.com", "bounced", *bounced],
        ],
        "no-store",
    )
    with app.database.read() as session:
        (act,) = acts.lately(session, limit=1)
    assert (act.did, act.details) == ("took the send log away", {"readers": str(ada), "status": "bounced"})


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 403), (Role.APPROVER, 403), (Role.ADMIN, 200)])
def test_not_everybody_may_take_it_away(
    app: App, two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser, role: Role, status: int
) -> None:
    browser.sign_in(a_colleague(app, role=role, now=SENT_AT))
    page = browser.open("/ops/log")
    offered = "/ops/log.csv" in page.text
    assert (browser.send("/ops/log.csv").status_code, offered) == (status, status == 200)


def test_no_cell_of_the_file_is_run_by_a_spreadsheet(app: App, browser: Browser) -> None:
    with app.database.write() as session:
        edition, (one,) = a_sending(session, "+ada@example.com", state=BatchState.ACCEPTED)
        events.record(session, [an_event(edition, one, "bounce", reason='=HYPERLINK("x")')], now=SENT_AT)
    browser.open("/ops/log")
    rows = list(csv.reader(io.StringIO(browser.send("/ops/log.csv").text)))
    assert (rows[1][2], rows[1][5]) == ("'+ada@example.com", '\'=HYPERLINK("x")')


def test_the_file_holds_all_however_many(app: App, browser: Browser) -> None:
    with app.database.write() as session:
        _, ids = a_sending(session, *(f"r{number}@example.com" for number in range(2_100)), state=BatchState.ACCEPTED)
    browser.open("/ops/log")
    rows = list(csv.reader(io.StringIO(browser.send("/ops/log.csv").text)))
    assert [row[1] for row in rows[1:]] == [str(number) for number in reversed(ids)]


# one copy, and why


def test_a_copy_tells_its_story_and_leads_to_edition_reader_and_batch(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, _), (ada, _) = two_weeks
    page = browser.open(f"/ops/copies/{first}-{ada}").text
    ways = (f"/editions/{first}", f"/ops/log?reader={ada}", f"/ops/log?edition={first}&amp;batch=1")
    said = ("550 5.1.1 no such user", "Their mail server sent it back.", "The copy’s story")
    assert [f'href="{way}"' in page for way in ways] + [words in page for words in said] == [True] * 6


@pytest.mark.parametrize("copy", ["{edition}-4711", "4711-1", "x", "1-", "-1", "1-2-3", "9" * 30 + "-1"])
def test_a_copy_that_is_none_is_not_found(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser, copy: str
) -> None:
    (first, _), _ = two_weeks
    assert browser.open(f"/ops/copies/{copy.replace('{edition}', str(first))}").status_code in (400, 404)


def test_who_was_erased_is_told_of_by_number(
    app: App, two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, _), (ada, _) = two_weeks
    with app.database.write() as session:
        roll.erase(session, ada, now=SENT_AT)
    page = browser.open(f"/ops/copies/{first}-{ada}").text
    assert (f"the copy for reader {ada}" in page.lower(), "ada@example.com" in page) == (True, False)


def test_why_goes_on_by_number_where_somebody_has_one(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, _), (ada, _) = two_weeks
    browser.open("/ops/why")
    answer = browser.send("/ops/why", who="ada@example.com", edition=str(first))
    where = answer.headers["location"]
    page = browser.open(where).text
    assert (where, "The copy for ada@example.com came back" in page, f'href="/ops/copies/{first}-{ada}"' in page) == (
        f"/ops/why?reader={ada}&edition=friday%2F2021-11-26",
        True,
        True,
    )


def test_why_is_answered_of_somebody_who_is_no_subscriber(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    browser.open("/ops/why")
    answer = browser.send("/ops/why", who="<script>x</script>@example.com")
    assert (answer.status_code, "<script>x" in answer.text, "answer" in answer.text) == (200, False, True)


def test_why_says_who_may_have_been_meant(two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser) -> None:
    browser.open("/ops/why")
    assert "ada@example.com" in browser.send("/ops/why", who="adaa@example.com").text


@pytest.mark.parametrize(
    ("who", "edition", "says", "status"),
    [("", "", "Say whom it is about", 400), ("ada@example.com", "2031-01-01", "there is no edition", 404)],
)
def test_why_says_what_is_missing(browser: Browser, who: str, edition: str, says: str, status: int) -> None:
    browser.open("/ops/why")
    answer = browser.send("/ops/why", who=who, edition=edition)
    assert (answer.status_code, says in answer.text) == (status, True)


def test_where_the_log_and_why_stood_before_leads_here(
    two_weeks: tuple[tuple[int, int], tuple[int, int]], browser: Browser
) -> None:
    (first, _), (ada, _) = two_weeks
    ways = (
        f"/editions/{first}/log?status=bounced",
        f"/editions/{first}/why?who={ada}",
        f"/editions/{first}/why?who=ada@example.com",
    )
    assert [browser.open(way).headers["location"] for way in ways] == [
        f"/ops/log?edition={first}&status=bounced",
        f"/ops/why?reader={ada}&edition=friday%2F2021-11-26",
        f"/ops/why?reader={ada}&edition=friday%2F2021-11-26",
    ]
