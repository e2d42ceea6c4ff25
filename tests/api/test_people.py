"""Readers, lists and suppressions through the API."""

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.staff.models import Act, Role
from subscribers.models import Consent
from tests.api.conftest import Program, problem
from tests.factories import a_list, a_subscriber

_NEW = {"email": "Eva@example.com", "name": "Eva", "lists": ["weekly"], "confirmed_by": "form at the fair"}


@pytest.fixture
def ada(app: App) -> int:
    with app.database.write() as session:
        return a_subscriber(session).id


@pytest.fixture
def weekly(app: App) -> None:
    with app.database.write() as session:
        a_list(session)


def _acts(app: App) -> list[tuple[str, str, str, str]]:
    with app.database.read() as session:
        rows = session.scalars(select(Act).where(Act.door == "api").order_by(Act.id))
        return [(one.who, one.did, one.what, str(one.details)) for one in rows]


def test_a_reader_is_added_with_the_evidence_of_their_consent(app: App, program: Program, weekly: None) -> None:
    answer = program(Role.OPERATOR).post("/subscribers", json=_NEW)
    added = answer.json()
    assert (answer.status_code, answer.headers["location"], added["email"], added["lists"][0]["consent"]) == (
        201,
        f"https://news.example.com/api/subscribers/{added['id']}",
        "Eva@example.com",
        "confirmed",
    )
    assert [(one["list"], one["consent"], one["source"]) for one in added["history"]] == [
        ("weekly", "confirmed", "form at the fair")
    ]


def test_the_audit_log_names_a_reader_by_number_alone(app: App, program: Program, weekly: None) -> None:
    number = program(Role.OPERATOR).post("/subscribers", json=_NEW).json()["id"]
    assert [one[:3] for one in _acts(app)] == [("Operator (a program)", "added a reader", f"reader {number}")]
    assert "example.com" not in str(_acts(app))


def test_who_has_not_said_yes_waits(program: Program, weekly: None) -> None:
    added = program().post("/subscribers", json=_NEW | {"confirmed_by": ""}).json()
    assert [(one["list"], one["consent"]) for one in added["lists"]] == [("weekly", "pending")]


def test_who_left_stays_off_unless_they_ask_to_come_back(app: App, program: Program) -> None:
    with app.database.write() as session:
        a_subscriber(session, "eva@example.com", consent=Consent.UNSUBSCRIBED)
    asking = program()
    stays = asking.post("/subscribers", json=_NEW).json()["lists"][0]["consent"]
    asks = asking.post("/subscribers", json=_NEW | {"again": True}).json()["lists"][0]["consent"]
    assert (stays, asks) == ("unsubscribed", "pending")


def test_a_reader_added_again_with_the_same_key_is_added_once(app: App, program: Program, weekly: None) -> None:
    asking, key = program(), {"Idempotency-Key": "eva"}
    first, second = (asking.post("/subscribers", json=_NEW, headers=key) for _ in range(2))
    assert (first.json(), second.headers["idempotency-replayed"], len(_acts(app))) == (second.json(), "true", 1)


def test_a_list_that_there_is_not_is_a_problem(program: Program, weekly: None) -> None:
    assert problem(program().post("/subscribers", json=_NEW | {"lists": ["daily"]}))[::2] == (422, "invalid")


def test_a_reader_is_found_by_an_address_that_stands_in_no_url(program: Program, ada: int) -> None:
    found = program(Role.APPROVER).post("/search/subscribers", json={"email": "ADA@example.com"}).json()
    assert (found["subscriber"]["id"], found["bar"]) == (ada, None)


def test_an_address_of_nobody_is_no_problem(program: Program) -> None:
    assert program().post("/search/subscribers", json={"email": "bob@example.com"}).json() == {
        "subscriber": None,
        "bar": None,
    }


def test_addresses_are_for_tokens_that_may_see_them(program: Program, ada: int) -> None:
    asking = program(Role.EDITOR)
    asked = asking.get("/subscribers"), asking.get(f"/subscribers/{ada}"), asking.get("/suppressions")
    assert [one.status_code for one in asked] == [403, 403, 403]


def test_readers_page_by_page(app: App, program: Program) -> None:
    with app.database.write() as session:
        people = [a_subscriber(session, f"{number}@example.com").id for number in range(5)]
        a_subscriber(session, "bob@example.com", consent=Consent.PENDING)
        a_subscriber(session, "cyd@example.com", "daily")
    asking, found, more = program(), list[int](), dict[str, str]()
    while True:
        page = asking.get("/subscribers", params={"list": "weekly", "limit": "2"} | more).json()
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        more = {"cursor": page["next"]}
    assert found == people


def test_what_somebody_has_seen_is_changed(app: App, program: Program, ada: int) -> None:
    asking = program(Role.OPERATOR)
    seen = {"If-Match": asking.get(f"/subscribers/{ada}").headers["etag"]}
    wanted = {"name": "Ada L.", "language": "fr", "rhythm": "monthly", "paused_until": "2021-12-24", "topics": ["ai"]}
    changed = asking.patch(f"/subscribers/{ada}", json=wanted, headers=seen)
    kept = asking.get(f"/subscribers/{ada}")
    assert {name: kept.json()[name] for name in wanted} == wanted
    assert (changed.json(), changed.headers["etag"]) == (kept.json(), kept.headers["etag"])
    assert _acts(app)[0][1:] == (
        "changed a reader",
        f"reader {ada}",
        "{'changed': 'name, language, paused_until, rhythm, topics'}",
    )


def test_a_pause_ends_by_null_and_other_nulls_change_nothing(program: Program, ada: int) -> None:
    asking = program()
    for wanted in ({"paused_until": "2021-12-24", "rhythm": "monthly"}, {"paused_until": None, "rhythm": None}):
        answer = asking.patch(f"/subscribers/{ada}", json=wanted, headers={"If-Match": "*"})
    assert (answer.json()["paused_until"], answer.json()["rhythm"]) == (None, "monthly")


def test_what_somebody_else_has_changed_meanwhile_stays(program: Program, ada: int) -> None:
    asking = program()
    seen = {"If-Match": asking.get(f"/subscribers/{ada}").headers["etag"]}
    asking.post(f"/subscribers/{ada}/unsubscribe", json={})
    answers = (
        asking.patch(f"/subscribers/{ada}", json={"name": "X"}, headers=seen),
        asking.delete(f"/subscribers/{ada}", headers=seen),
        asking.delete(f"/subscribers/{ada}"),
    )
    assert [one.status_code for one in answers] == [412, 412, 428]


@pytest.mark.parametrize("wanted", [{"time_zone": "Mars/Olympus"}, {"language": "!"}, {"paused_until": "2031-01-01"}])
def test_what_can_not_be_kept_changes_nothing(program: Program, ada: int, wanted: dict[str, str]) -> None:
    asking = program()
    before = asking.get(f"/subscribers/{ada}").json()
    answer = asking.patch(f"/subscribers/{ada}", json=wanted | {"name": "X"}, headers={"If-Match": "*"})
    assert (answer.status_code, asking.get(f"/subscribers/{ada}").json()) == (422, before)


def test_a_reader_leaves_a_list_and_the_way_is_written_down(app: App, program: Program, ada: int) -> None:
    left = program(Role.OPERATOR).post(f"/subscribers/{ada}/unsubscribe", json={"lists": ["weekly"]}).json()
    assert (left["lists"][0]["consent"], left["history"][-1]["source"], len(_acts(app))) == (
        "unsubscribed",
        "api, by Operator (a program)",
        1,
    )


def test_who_is_erased_is_gone_and_barred(app: App, program: Program, ada: int) -> None:
    asking = program(Role.OPERATOR)
    erased = asking.delete(f"/subscribers/{ada}", headers={"If-Match": "*"})
    found = asking.post("/search/subscribers", json={"email": "ada@example.com"}).json()
    gone = asking.get(f"/subscribers/{ada}")
    assert (erased.status_code, found["subscriber"], found["bar"]["reason"], problem(gone)[0]) == (
        204,
        None,
        "erased",
        404,
    )


# suppressions


def test_an_address_is_never_mailed_again_and_then_is(app: App, program: Program, ada: int) -> None:
    asking = program(Role.OPERATOR)
    asked = {"email": "ada@example.com", "note": "asked by telephone"}
    suppressed, again = (asking.post("/suppressions", json=asked).json() for _ in range(2))
    (line,) = asking.get("/suppressions?reason=manual").json()["items"]
    shown = asking.get(f"/subscribers/{ada}").json()["suppression"]
    lifted = asking.post("/suppressions/lift", json={"email": "ada@example.com", "why": "asked again"}).json()
    assert (suppressed, again, lifted) == (
        {"changed": True, "subscriber": ada},
        {"changed": False, "subscriber": ada},
        {"changed": True, "subscriber": ada},
    )
    assert (line["email"], line["note"], line["footing"], shown["note"]) == (
        "ada@example.com",
        "asked by telephone",
        None,
        "asked by telephone",
    )
    assert asking.get("/suppressions").json()["items"] == []
    assert [one[1:3] for one in _acts(app)] == [
        ("suppressed an address", f"reader {ada}"),
        ("lifted a suppression", f"reader {ada}"),
    ]


def test_a_complaint_is_lifted_only_in_spite_of_it(program: Program, ada: int) -> None:
    asking = program()
    asking.post("/suppressions", json={"email": "ada@example.com", "reason": "complaint"})
    wanted = {"email": "ada@example.com", "why": "she asked"}
    refused = asking.post("/suppressions/lift", json=wanted)
    lifted = asking.post("/suppressions/lift", json=wanted | {"despite_complaint": True})
    assert (refused.status_code, lifted.json()["changed"]) == (422, True)


def test_lists_with_their_figures(app: App, program: Program, ada: int) -> None:
    made = program(Role.OPERATOR).post("/lists", json={"slug": "retail-tech"})
    assert (made.status_code, made.json()["title"]) == (201, "Retail tech")
    assert program(Role.EDITOR).get("/lists").json() == {
        "items": [
            {"slug": "retail-tech", "title": "Retail tech", "confirmed": 0, "pending": 0, "unsubscribed": 0},
            {"slug": "weekly", "title": "Weekly", "confirmed": 1, "pending": 0, "unsubscribed": 0},
        ]
    }
