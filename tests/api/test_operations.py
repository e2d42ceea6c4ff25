"""What operations see and do, through the API: letters judged, alarms, the scheduler, webhooks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import watch
from newsletter.editions.models import ClockReading, Matter
from newsletter.staff.models import Act, Role
from subscribers.models import Suppression
from tests.api.conftest import Program, problem
from tests.mailbox.conftest import Reader
from tests.mailbox.conftest import of_files as of_files
from tests.mailbox.letters import note
from tests.ops.test_bounces import put
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Webhooks may post to this machine."""
    return settings.model_copy(update={"fetch": settings.fetch.model_copy(update={"allow_loopback": True})})


def _did(app: App) -> list[tuple[str, str]]:
    with app.database.read() as session:
        return [(one.did, one.what) for one in session.scalars(select(Act).where(Act.door == "api").order_by(Act.id))]


# alarms and the scheduler


@pytest.fixture
def rung(app: App, now: datetime) -> None:
    with app.database.write() as session:
        for number in range(3):
            watch.ring(session, f"not approved friday/{number}", f"alarm {number}", now)
        session.add(Matter(key="clock", text="the clock has jumped", since=now))
        session.add(Matter(key="source 3", text="it is silent", since=now - timedelta(days=1), over_at=now))


def test_alarms_the_newest_first_page_by_page(program: Program, rung: None) -> None:
    asking = program(Role.EDITOR)
    first = asking.get("/alarms?limit=2").json()
    second = asking.get("/alarms", params={"limit": "2", "cursor": first["next"]}).json()
    assert [one["text"] for one in first["items"] + second["items"]] == ["alarm 2", "alarm 1", "alarm 0"]


def test_what_is_over_is_not_open(program: Program, rung: None) -> None:
    assert [one["key"] for one in program().get("/alarms/open").json()["items"]] == ["clock"]


def test_whether_the_clock_ticks_and_how_a_round_went(app: App, program: Program, now: datetime) -> None:
    with app.database.write() as session:
        session.add(ClockReading(name="tick", at=now))
        watch.take_turn(session, "tick", timedelta(seconds=1), now)
        watch.beat(session, "tick", now)
        watch.take_turn(session, "collect", timedelta(seconds=1), now)
        watch.beat(session, "collect", now, ok=False, result="1 source failed")
    asking = program(Role.OPERATOR)
    shown = asking.get("/scheduler").json()
    (collect,) = (one for one in shown["rounds"] if one["name"] == "collect")
    begun = asking.post("/scheduler/collect/begin")
    assert (shown["is_ticking"], collect["ok"], collect["result"], begun.status_code, _did(app)) == (
        True,
        False,
        "1 source failed",
        202,
        [("began a job now", "collect")],
    )


def test_a_round_is_not_begun_where_nothing_ticks(program: Program) -> None:
    assert problem(program().post("/scheduler/collect/begin"))[::2] == (409, "conflict")


# letters


@pytest.fixture
def letter(of_files: Reader) -> int:
    put(of_files, note(1, words="Ada is not here any more."))
    return 1


def test_a_letter_is_read_judged_and_the_verdict_taken_back(app: App, program: Program, letter: int) -> None:
    asking = program(Role.OPERATOR)
    (listed,) = asking.get("/bounces").json()["items"]
    read = asking.get(f"/bounces/{letter}").json()
    judged = asking.post(f"/bounces/{letter}/judge", json={"word": "seen"}).json()
    left = asking.get("/bounces").json()["items"]
    back = asking.post(f"/bounces/{letter}/take-back", json={}).json()
    assert (listed["to_judge"], "Ada is not here" in read["text"], judged["bounce"]["to_judge"], left) == (
        True,
        True,
        False,
        [],
    )
    assert (back["bounce"]["to_judge"], _did(app)) == (
        True,
        [("judged a letter", "letter 1"), ("took back a verdict", "letter 1")],
    )


def test_a_word_that_there_is_not_judges_nothing(app: App, program: Program, letter: int) -> None:
    assert problem(program().post(f"/bounces/{letter}/judge", json={"word": "bounced"}))[::2] == (422, "invalid")
    with app.database.read() as session:
        assert session.scalars(select(Suppression)).all() == []


# webhooks


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_a_webhook_is_added_told_again_switched_off_and_removed(program: Program, receiver: Receiver) -> None:
    asking = program(Role.OPERATOR)
    made = asking.post("/webhooks", json={"url": receiver.url, "events": ["edition.*"]})
    path = f"/webhooks/{made.json()['id']}"
    again = asking.post(f"{path}/replay", json={"happening": 1})
    off = asking.post(f"{path}/disable", json={"why": "it moves"}).json()
    on = asking.post(f"{path}/enable", json={}).json()
    other = asking.post(f"{path}/rotate", json={"at_once": True}).json()
    shown = asking.get(path).json()
    removed, gone = asking.delete(path), asking.get(path)
    assert (made.status_code, again.json(), off["enabled"], on["enabled"], other["secret"][:6]) == (
        201,
        {"happenings": 0},
        False,
        True,
        "whsec_",
    )
    assert (other["secret"] != made.json()["secret"], "secret" in shown, shown["posts"]) == (True, False, [])
    assert (removed.status_code, problem(gone)[0], asking.get("/webhooks").json()) == (204, 404, {"items": []})


def test_a_webhook_within_the_house_is_refused(program: Program) -> None:
    answer = program().post("/webhooks", json={"url": "https://192.168.0.1/"})
    assert problem(answer)[::2] == (422, "invalid")


@pytest.mark.parametrize("wanted", [{}, {"since": "2021-11-25T09:00:00Z", "happening": 1}, {"since": "yesterday"}])
def test_a_replay_says_from_where(program: Program, wanted: dict[str, object]) -> None:
    assert problem(program().post("/webhooks/1/replay", json=wanted))[::2] == (422, "invalid")
