"""What happened to an edition, through the API: its stories, its sending, each copy, its results."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.delivery.models import BatchState, Sending, SendingState, Status
from newsletter.staff.models import Act, Role
from tests.api.conftest import Program, problem
from tests.desk.aftermath import NINE, readers, told, went_out
from tests.factories import FRIDAY, an_edition
from tests.scheduler.world import a_week


@pytest.fixture
def now() -> datetime:
    return NINE + timedelta(hours=3)


@pytest.fixture
def sent(app: App) -> int:
    """100 readers: of 50 nobody knows, 50 have it, and one of these came back."""
    with app.database.write() as session:
        people = readers(session, 100)
        states = (BatchState.UNKNOWN, BatchState.ACCEPTED)
        edition = went_out(app, session, people, states=states, sending=SendingState.RUNNING)
        told(session, edition, people[60:61], Status.BOUNCED)
        return edition.id


# stories


def test_the_weeks_stories_are_told_with_every_number_and_why(app: App, program: Program) -> None:
    a_week(app)
    jobs.assemble(app, app.newsletter(), FRIDAY, now=NINE - timedelta(hours=17), by="clock")
    asking = program()
    week = asking.get("/newsletters/friday/week?date=2021-11-26").json()
    first = week["stories"][0]
    own = asking.get(f"/editions/{week['edition_id']}/stories").json()["stories"]
    assert (week["verdict"], len(week["slots"]), first["chosen"], first["why"] != "", first["breakdown"] != {}) == (
        ("ok", 5, True, True, True)
    )
    assert [(one["ranked"]["name"], one["why"]) for one in own] == [
        (slot["story"], one["why"]) for slot, one in zip(week["slots"], week["stories"], strict=False)
    ]


def test_before_anything_is_ranked_there_are_no_stories(program: Program) -> None:
    week = program().get("/newsletters/friday/week").json()
    assert (week["date"], week["edition_id"], week["stories"], week["verdict"]) == ("2021-12-03", None, [], None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/newsletters/monday/week", 404),
        ("/newsletters/friday/week?date=yesterday", 422),
        ("/newsletters/friday/week?date=0001-01-01", 422),
        ("/newsletters/friday/week?date=9999-12-31", 422),
        ("/newsletters/%00/week", 404),
        ("/newsletters/friday%2fx/week", 404),
    ],
)
def test_weeks_that_may_not_be(program: Program, path: str, status: int) -> None:
    assert program().get(path).status_code == status


def test_of_an_edition_by_hand_no_story_is_ranked(app: App, program: Program) -> None:
    with app.database.write() as session:
        number = an_edition(session).id
    assert [one["ranked"] for one in program().get(f"/editions/{number}/stories").json()["stories"]] == [None, None]


# the sending


def test_how_a_sending_goes(program: Program, sent: int) -> None:
    found = program().get(f"/editions/{sent}/sending").json()
    assert (found["state"], found["balance"], found["told"]) == (
        "running",
        {"planned": 100, "accepted": 50, "skipped": 0, "refused": 0, "unknown": 50, "to_do": 0, "in_flight": 0},
        {"bounced": 1},
    )


@pytest.mark.parametrize("path", ["sending", "sending/prospect?verb=pause", "results"])
def test_of_what_was_not_planned_there_is_nothing(app: App, program: Program, path: str) -> None:
    with app.database.write() as session:
        number = an_edition(session).id
    assert problem(program().get(f"/editions/{number}/{path}"))[0] == 404


def test_it_is_stopped_and_goes_on(app: App, program: Program, sent: int) -> None:
    asking = program(Role.OPERATOR)
    stopped = asking.post(f"/editions/{sent}/sending/stop", json={"reason": "a wrong link"})
    twice = asking.post(f"/editions/{sent}/sending/stop", json={})
    with app.database.read() as session:
        stood = session.get_one(Sending, sent).reason
    on = asking.post(f"/editions/{sent}/sending/go-on", json={})
    again = asking.post(f"/editions/{sent}/sending/go-on", json={})
    with app.database.read() as session:
        acts = [(act.who, act.door, act.did) for act in session.scalars(select(Act))][2:]
    assert ([one.status_code for one in (stopped, twice, on, again)], stood, acts[0], acts[-1]) == (
        [200, 200, 200, 409],
        "a wrong link",
        ("Operator (a program)", "api", "paused the sending"),
        ("Operator (a program)", "api", "let the sending go on"),
    )


def test_unknown_copies_are_resolved_by_who_saw_the_numbers(program: Program, sent: int) -> None:
    asking = program()
    seen = asking.get(f"/editions/{sent}/sending/prospect?verb=assume-accepted").json()
    other = asking.post(
        f"/editions/{sent}/sending/resolve", json={"how": "assume-accepted", "seen": "assume-accepted.1"}
    )
    done = asking.post(f"/editions/{sent}/sending/resolve", json={"how": "assume-accepted", "seen": seen["seen"]})
    assert (seen["readers"], problem(other)[::2], done.json()["readers"], done.json()["balance"]["unknown"]) == (
        50,
        (409, "conflict"),
        50,
        0,
    )


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("retry", {"code": "250", "seen": "retry.0"}),
        ("retry", {"code": "5xx", "seen": "x"}),
        ("retry", {"code": "5xx"}),
        ("resolve", {"how": "forget", "seen": "resend.50"}),
        ("resolve", {"how": "resend", "seen": "resend." + "9" * 30}),
        ("stop", {"reason": "x" * 501}),
    ],
)
def test_acts_that_can_not_be_are_422(program: Program, sent: int, verb: str, said: dict[str, str]) -> None:
    assert program().post(f"/editions/{sent}/sending/{verb}", json=said).status_code == 422


# copies


def test_one_copy_is_told_with_its_story(program: Program, sent: int) -> None:
    copy = program().get(f"/editions/{sent}/copies/61").json()
    assert (copy["status"], copy["case"], copy["batch"], copy["edition"]) == (
        "bounced",
        "bounced",
        2,
        "friday/2021-11-26",
    )
    assert [moment["source"] for moment in copy["timeline"]] == ["ledger", "ledger", "sendgrid"]


def test_who_has_no_copy_is_told_why(program: Program, sent: int) -> None:
    copy = program().get(f"/editions/{sent}/copies/9223372036854775807").json()
    assert (copy["status"], copy["batch"], copy["at"]) == (None, None, None)


def test_why_is_asked_by_address(program: Program, sent: int) -> None:
    asking = program()
    by_address = asking.post("/why", json={"who": "reader0@corner.example", "edition_id": sent}).json()["answers"]
    of_newest = asking.post("/why", json={"who": "1"}).json()["answers"]
    assert ([one["case"] for one in by_address], by_address[0]["reader"], of_newest) == (["unknown"], 1, by_address)


@pytest.mark.parametrize(
    ("who", "case"),
    [("nobody@example.com", "no such person"), ("nonsense", "not an address"), ("\U0001f600" * 100, "not an address")],
)
def test_who_is_nobody_here(program: Program, sent: int, who: str, case: str) -> None:
    answers = program().post("/why", json={"who": who, "edition_id": sent}).json()["answers"]
    assert [one["case"] for one in answers] == [case]


def test_results(program: Program, sent: int) -> None:
    found = program().get(f"/editions/{sent}/results").json()
    assert (found["edition"], found["balance"]["planned"], found["told"], found["domains"][0]["domain"]) == (
        "friday/2021-11-26",
        100,
        {"bounced": 1},
        "shop.example",
    )


# the send log


@pytest.fixture
def two(app: App) -> tuple[int, int]:
    """Two editions to the same six readers; of the later one a copy came back."""
    with app.database.write() as session:
        people = readers(session, 6)
        earlier = went_out(app, session, people, day=FRIDAY - timedelta(weeks=1))
        later = went_out(app, session, people)
        told(session, later, people[2:3], Status.BOUNCED)
        return earlier.id, later.id


def _places(page: dict[str, Any]) -> list[tuple[int, int]]:
    return [(one["edition_id"], one["reader"]) for one in page["items"]]


def test_the_log_of_all_editions_page_by_page(program: Program, two: tuple[int, int]) -> None:
    asking = program()
    page = asking.get("/deliveries?limit=5").json()
    found = _places(page)
    while page["next"] is not None:
        page = asking.get("/deliveries", params={"limit": 5, "cursor": page["next"]}).json()
        found += _places(page)
    assert found == [(edition, reader) for edition in reversed(two) for reader in range(6, 0, -1)]


def test_the_log_is_searched(program: Program, two: tuple[int, int]) -> None:
    asking, (earlier, later) = program(), two

    def found(**asked: Any) -> list[tuple[int, int]]:
        return _places(asking.get("/deliveries", params=asked).json())

    assert (
        found(reader=3),
        found(edition_id=earlier, reader=[1, 2]),
        found(status="bounced"),
        found(since="2021-11-26T09:04:00Z"),
        found(until="2021-11-20T00:00:00+01:00", reader=1),
        found(words="nothing of the kind"),
    ) == (
        [(later, 3), (earlier, 3)],
        [(earlier, 2), (earlier, 1)],
        [(later, 3)],
        [(later, 3)],
        [(earlier, 1)],
        [],
    )


def test_somebodys_copies_are_found_by_address_and_nobody_is_named(program: Program, two: tuple[int, int]) -> None:
    asking, (earlier, later) = program(), two
    whole = asking.post("/search/deliveries", json={"who": "Reader2@shop.example", "limit": 1})
    more = asking.post(
        "/search/deliveries", json={"who": "Reader2@shop.example", "limit": 1, "cursor": whole.json()["next"]}
    )
    nobody = asking.post("/search/deliveries", json={"who": "nobody@example.com"}).json()
    assert ([_places(one.json()) for one in (whole, more)], nobody["items"], "shop.example" in whole.text) == (
        [[(later, 3)], [(earlier, 3)]],
        [],
        False,
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"batch": "1"},
        {"status": "sent"},
        {"since": "2021-11-26T09:00"},
        {"since": "yesterday"},
        {"reader": "0"},
        {"reader": "9223372036854775808"},
        {"edition_id": "x"},
        {"words": "x" * 201},
    ],
)
def test_searches_that_can_not_be_are_422(program: Program, asked: dict[str, str]) -> None:
    assert program().get("/deliveries", params=asked).status_code == 422
