"""The dispatcher: from planned to accounted for."""

from datetime import datetime
from threading import Event

from newsletter.db import Database
from newsletter.delivery.models import SendingState
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.parcel import Parcel, Report, Words
from newsletter.errors import Blocked, Unknown
from tests.delivery.world import NINE, Notebook, people, planned, route


def nine() -> datetime:
    return NINE


def send(database: Database, edition_id: int, sender: Notebook, owner: str = "ada") -> Ended:
    return dispatch.run(database, sender, route(edition_id), owner=owner, clock=nine, stop=Event())


def plan(database: Database, count: int) -> tuple[int, list[int]]:
    with database.write() as session:
        ids = people(session, count)
        return planned(session).edition_id, ids


def test_everybody_gets_one_copy_and_the_balance_says_so(database: Database) -> None:
    edition_id, ids = plan(database, 35)
    sender = Notebook()

    ended = send(database, edition_id, sender)

    assert (ended, dict(sender.sent)) == (
        Ended(SendingState.COMPLETE, "", Balance(planned=35, accepted=35)),
        dict.fromkeys(ids, 1),
    )


def test_what_is_on_the_wire_never_exceeds_the_window(database: Database) -> None:
    edition_id, _ = plan(database, 95)
    sender = Notebook(window=3)

    send(database, edition_id, sender)

    assert sender.most_at_once <= 30


def test_refused_and_lost_recipients_are_told_apart(database: Database) -> None:
    edition_id, ids = plan(database, 10)
    report = Report(refused={ids[0]: Words("550 no such user", 550)}, unknown={ids[1]: Words("connection reset")})
    sender = Notebook(answer=lambda parcel: report)

    ended = send(database, edition_id, sender)

    assert ended.balance == Balance(planned=10, accepted=8, refused=1, unknown=1)


def test_whatever_a_sender_raises_is_unknown_unless_it_says_otherwise(database: Database) -> None:
    def stumble(parcel: Parcel) -> Report:
        raise RuntimeError("a bug after the request was written")

    edition_id, _ = plan(database, 10)

    ended = send(database, edition_id, Notebook(answer=stumble))

    assert ended.balance == Balance(planned=10, unknown=10)


def test_a_locked_account_pauses_the_sending_and_keeps_every_reader(database: Database) -> None:
    def locked(parcel: Parcel) -> Report:
        raise Blocked("the API key is wrong", reply="401 authorization required", code=401)

    edition_id, _ = plan(database, 30)

    ended = send(database, edition_id, Notebook(answer=locked))

    assert ended == Ended(
        SendingState.PAUSED,
        "the API key is wrong",
        Balance(planned=30, to_do=30),
    )


def test_a_lost_answer_is_never_sent_again(database: Database) -> None:
    def lose(parcel: Parcel) -> Report:
        raise Unknown("timeout after the request was written")

    edition_id, _ = plan(database, 10)
    send(database, edition_id, Notebook(answer=lose))
    sender = Notebook()

    send(database, edition_id, sender)

    assert sender.sent == {}


def test_after_stop_nothing_more_is_claimed_and_nothing_is_left_unknown(database: Database) -> None:
    stop = Event()

    def stop_after_the_first(parcel: Parcel) -> Report:
        stop.set()
        return Report()

    edition_id, _ = plan(database, 100)
    sender = Notebook(window=1, answer=stop_after_the_first)

    ended = dispatch.run(database, sender, route(edition_id), owner="ada", clock=nine, stop=stop)

    assert ended == Ended(SendingState.RUNNING, "stopped", Balance(planned=100, accepted=10, to_do=90))


def test_planning_and_sending_again_sends_nobody_a_second_copy(database: Database) -> None:
    edition_id, _ = plan(database, 25)
    sender = Notebook()
    send(database, edition_id, sender)

    send(database, edition_id, sender)

    with database.read() as session:
        assert (sender.sent.total(), balance(session, edition_id)) == (25, Balance(planned=25, accepted=25))
