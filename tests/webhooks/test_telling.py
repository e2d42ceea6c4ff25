"""What is told: of editions, copies and alarms, once each, in order, to whoever wants it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from newsletter.app import App
from newsletter.delivery.ledger import recording
from newsletter.delivery.models import Batch, BatchState, Outcome, Sending, SendingState, Status
from newsletter.delivery.operations import controls
from newsletter.delivery.wire.parcel import Words
from newsletter.editions import review, watch
from newsletter.editions.models import Alarm, Edition, State
from newsletter.errors import BadInput
from newsletter.tracking.webhooks import endpoints, happenings, kinds
from newsletter.tracking.webhooks.models import Happening, ToldBatch
from tests.factories import a_subscriber
from tests.scheduler.world import Process
from tests.webhooks.conftest import SOMEBODY, World
from tests.webhooks.receiver import Receiver

APPROVED_AND_SENT = (State.IN_REVIEW, State.APPROVED, State.SENDING, State.SENT)


def test_an_editions_way_is_told_in_its_order(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.edition(*APPROVED_AND_SENT)
    said = world.tell()
    assert (said, receiver.types) == (
        "4 posts taken",
        ["edition.in_review", "edition.approved", "edition.sending", "edition.sent"],
    )


def test_what_is_told_of_an_edition(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    edition = world.edition(State.IN_REVIEW)
    world.sending(edition, 3, 2)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.tell()
    assert receiver.heard[0].said == {
        "type": "edition.in_review",
        "timestamp": "2021-11-25T16:00:01.000Z",
        "data": {
            "newsletter": "friday",
            "edition": edition.id,
            "name": "friday/2021-11-26",
            "date": "2021-11-26",
            "correction": 0,
            "revision": 1,
            "copies": {"planned": 5, "accepted": 3, "skipped": 0, "refused": 0, "unknown": 0, "to_do": 2},
        },
    }


def test_words_that_change_are_no_other_state(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    edition = world.edition(State.IN_REVIEW, State.HELD, State.APPROVED, State.IN_REVIEW)
    with world.app.database.write() as session:
        review.reopen_for_edit(session, session.get_one(Edition, edition.id), by="ed", now=world.now)
    world.tell()
    assert receiver.types[2:] == ["edition.approved", "edition.in_review", "edition.changed"]


def test_a_pause_is_told_and_that_it_goes_on(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.paused", "edition.resumed")
    edition = world.edition()
    world.sending(edition, 2)
    with world.app.database.write() as session:
        controls.pause(session, edition.id, by="ops", reason="wait", now=world.now)
        controls.resume(session, edition.id, by="ops", reason="", now=world.now + timedelta(seconds=1))
    world.tell()
    assert receiver.types == ["edition.paused", "edition.resumed"]


def test_what_became_of_copies_at_hand_over(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 3, 1, 1, 1)
    with world.app.database.write() as session:
        recording.refuse_some(session, edition.id, 1, {2: Words("550 no such user", 550)}, now=world.now)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.settle(edition, 2, BatchState.UNKNOWN)
    world.settle(edition, 3, BatchState.REFUSED, code=552)
    world.tell()
    (post,) = receiver.heard
    number = int(post.id.rpartition("_")[2])
    at = "2021-11-25T16:00:00.000Z"
    wanted = [
        ("delivery.accepted", 1, {}),
        ("delivery.accepted", 3, {}),
        ("delivery.refused", 2, {"code": 550}),
        ("delivery.unknown", 4, {}),
        ("delivery.refused", 5, {"code": 552}),
    ]
    assert post.said == {
        "type": "delivery.events",
        "timestamp": at,
        "data": {
            "events": [
                {"id": f"copy-{number}-{reader}", "type": kind, "at": at, "newsletter": "friday",
                 "edition": edition.id, "reader": reader, **more}
                for kind, reader, more in wanted
            ]
        },
    }  # fmt: skip


def test_what_was_unknown_is_told_again_once_it_is_known(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 2)
    world.settle(edition, 1, BatchState.UNKNOWN)
    first = world.tell()
    nothing = world.tell()
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.tell()
    assert (first, nothing, receiver.copies) == (
        "1 post taken",
        "nothing to tell",
        [("delivery.unknown", 1), ("delivery.unknown", 2), ("delivery.accepted", 1), ("delivery.accepted", 2)],
    )


def test_a_copy_that_is_proved_alone_is_told_alone(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 4)
    world.settle(edition, 1, BatchState.UNKNOWN)
    world.tell()
    with world.app.database.write() as session:
        proved = {"state": BatchState.ACCEPTED, "settled_at": world.now}
        new = recording.put_apart(session, edition.id, 1, [3], now=world.now, **proved)
    world.tell()
    for reader in (2, 4):
        with world.app.database.write() as session:
            recording.put_beside(session, edition.id, 1, [reader], into=new)
        world.tell()
    assert receiver.copies[4:] == [
        ("delivery.accepted", 3),
        # that more may come to a batch is known once it did
        ("delivery.accepted", 2),
        ("delivery.accepted", 3),
        ("delivery.accepted", 4),
    ]


def test_a_reader_whom_the_server_refuses_later_is_told(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 2)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.tell()
    with world.app.database.write() as session:
        session.add(Outcome(edition_id=edition.id, subscriber_id=2, status=Status.SKIPPED, reason="left", at=world.now))
        session.get_one(Batch, (edition.id, 1)).skipped = 1
    world.tell()
    assert receiver.copies[2:] == [("delivery.skipped", 2)]


def test_a_batch_that_is_cancelled_skips_its_readers(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 1, 1)
    world.settle(edition, 2, BatchState.CANCELLED)
    world.tell()
    assert receiver.copies == [("delivery.skipped", 2)]


def test_batches_large_and_small_become_posts_of_five_hundred(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 700, 400, 100)
    for number in (1, 2, 3):
        world.settle(edition, number, BatchState.ACCEPTED)
    world.tell()
    sizes = [len(post.said["data"]["events"]) for post in receiver.heard]
    assert (sizes, sorted(reader for _, reader in receiver.copies)) == ([500, 500, 200], list(range(1, 1201)))


def test_a_sending_that_was_over_before_is_not_told(world: World, receiver: Receiver) -> None:
    edition = world.edition()
    world.sending(edition, 1, state=SendingState.COMPLETE)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.wait(hours=1)
    world.add(receiver)
    assert (world.tell(), receiver.heard) == ("nothing to tell", [])


def test_what_is_settled_long_after_a_sending_is_over_is_told(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.sending(edition, 1)
    world.settle(edition, 1, BatchState.UNKNOWN)
    with world.app.database.write() as session:
        sending = session.get_one(Sending, edition.id)
        sending.state, sending.complete_at = SendingState.COMPLETE, world.now
    world.tell()
    world.wait(days=2)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.tell()
    assert receiver.copies == [("delivery.unknown", 1), ("delivery.accepted", 1)]


def test_what_the_provider_tells_later(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    edition = world.edition()
    world.hear("delivered", "processed", "bounce", "open", "deferred", "dropped", "spamreport", edition=edition)
    world.tell()
    assert receiver.copies == [
        ("delivery.delivered", 1),
        ("delivery.bounced", 3),
        ("delivery.deferred", 5),
        ("delivery.dropped", 6),
        ("delivery.complained", 7),
    ]


def test_events_are_told_five_hundred_at_a_time(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    world.hear(*["delivered"] * 1200)
    world.tell()
    assert [len(post.said["data"]["events"]) for post in receiver.heard] == [500, 500, 200]


def test_events_of_another_install_are_not_told(world: World, receiver: Receiver) -> None:
    world.add(receiver, "delivery.*")
    world.hear("delivered", "delivered")
    with world.app.database.write() as session:
        session.execute(text("UPDATE event SET is_ours = :no WHERE subscriber_id = 1"), {"no": False})
    world.tell()
    assert receiver.copies == [("delivery.delivered", 2)]


def test_an_alarm_is_told_and_that_it_is_over(world: World, receiver: Receiver) -> None:
    world.add(receiver, "alarm.*")
    world.ring("not started friday/2021-11-26 2021-11-26 09:11", "It has not begun, ada@example.com")
    world.wait(minutes=1)
    world.ring("over not started friday/2021-11-26 2021-11-26 09:11", "Over since 09:15 UTC")
    world.tell()
    assert [(post.type, post.said["data"]["newsletter"], post.said["data"]["text"]) for post in receiver.heard] == [
        ("alarm.raised", "friday", "It has not begun, (address)"),
        ("alarm.over", "friday", "Over since 09:15 UTC"),
    ]


def test_an_alarm_that_gets_the_number_of_one_that_was_taken_back_is_told(world: World, receiver: Receiver) -> None:
    world.add(receiver, "alarm.*")
    world.ring("one", "told too early")
    world.tell()
    with world.app.database.write() as session:
        session.execute(Alarm.__table__.delete())  # type: ignore[attr-defined]
        if world.app.database.is_sqlite:
            assert session.scalar(select(func.max(Alarm.id))) is None  # so its number comes again
    world.wait(minutes=1)
    world.ring("two", "this counts")
    world.tell()
    assert [post.said["data"]["text"] for post in receiver.heard] == ["told too early", "this counts"]


def test_each_gets_what_it_wants(world: World, receiver: Receiver, second: Receiver) -> None:
    world.add(receiver, "edition.approved", "delivery.bounced")
    world.add(second, "alarm.*")
    world.edition(State.IN_REVIEW, State.APPROVED)
    world.ring("something")
    world.hear("delivered", "bounce")
    world.hear("delivered")
    world.tell()
    assert (receiver.types, receiver.copies, second.types) == (
        ["edition.approved", "delivery.events"],
        [("delivery.bounced", 2)],
        ["alarm.raised"],
    )


def test_one_newsletters_endpoint_hears_of_that_one_and_of_the_house(
    world: World, receiver: Receiver, second: Receiver
) -> None:
    world.add(receiver, newsletter="friday")
    world.add(second, newsletter="other")
    other = world.edition(State.APPROVED, newsletter="other")
    world.ring("no scheduler 2021-11-25 16")
    world.ring("paused friday/2021-11-26: 450 not now")
    world.hear("delivered", edition=other)
    world.tell()
    assert (receiver.types, second.types) == (
        ["alarm.raised", "alarm.raised"],
        ["edition.approved", "alarm.raised", "delivery.events"],
    )


def test_no_reader_is_named_in_anything(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    edition = world.edition(*APPROVED_AND_SENT)
    with world.app.database.write() as session:
        ada = a_subscriber(session, "ada@example.com", name="Ada Lovelace")
    world.sending(edition, ada.id)
    world.settle(edition, 1, BatchState.ACCEPTED, reply="250 ok ada@example.com")
    world.hear(*["bounce"] * ada.id, edition=edition)
    world.tell()
    everything = b"".join(post.body for post in receiver.heard).lower()
    assert (len(receiver.heard), b"ada" in everything, b"@" in everything) == (6, False, False)


def test_what_was_before_the_first_endpoint_is_not_told(world: World, receiver: Receiver) -> None:
    world.edition(State.APPROVED)
    world.hear("delivered")
    world.ring("before")
    world.wait(seconds=1)
    world.add(receiver)
    world.hear("bounce")
    world.tell()
    assert (receiver.types, receiver.copies) == (["delivery.events"], [("delivery.bounced", 1)])


def test_a_scheduler_that_was_away_for_weeks_tells_all_of_it(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.tell()
    world.edition(*APPROVED_AND_SENT)
    world.wait(days=40)
    world.tell()
    assert len(receiver.heard) == 4


def test_what_is_old_is_forgotten_but_never_the_newest(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(*APPROVED_AND_SENT, newsletter="other")
    world.tell()
    world.wait(days=31)
    world.tell()
    with world.app.database.read() as session:
        kept = session.scalars(select(Happening.type)).all()
    world.edition(State.APPROVED)
    world.tell()
    assert (kept, receiver.types[4:]) == (["edition.sent"], ["edition.approved"])


def test_with_the_last_endpoint_all_of_it_goes(world: World, receiver: Receiver) -> None:
    made = world.add(receiver)
    edition = world.edition()
    world.sending(edition, 2)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.tell()
    with world.app.database.write() as session:
        endpoints.remove(session, endpoints.get(session, made.endpoint.id), by=SOMEBODY, now=world.now)
        left = [session.scalar(select(func.count()).select_from(table)) for table in (Happening, ToldBatch)]
    assert (left, world.tell()) == ([0, 0], "nothing to tell")


def test_the_scheduler_does_it_by_itself(app: App, world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.APPROVED)
    process = Process(world.app, now=world.now)
    assert ([name for name in process.tick() if name == "webhooks"], receiver.types) == (
        ["webhooks"],
        ["edition.approved"],
    )


def test_whatever_is_wrong_with_it_the_timetable_goes_on(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    with world.app.database.write() as session:
        session.execute(text("ALTER TABLE webhook_happening RENAME TO gone"))
    Process(world.app, now=world.now).tick()
    with world.app.database.read() as session:
        beat = watch.is_ticking(session, world.now + timedelta(seconds=15))
        alarms = session.scalars(select(Alarm.key).where(Alarm.key.startswith("failed webhooks"))).all()
    assert (beat, alarms) == (True, ["failed webhooks 2021-11-25"])


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_each_kind_can_be_asked_for_alone_and_by_family(kind: str) -> None:
    family = f"{kind.partition('.')[0]}.*"
    assert (kinds.wants([kind], kind), kinds.wants([family], kind), kinds.wants(["other.*"], kind)) == (
        True,
        True,
        False,
    )


def test_every_state_and_status_has_a_name_that_is_told() -> None:
    named = {*kinds.OF_STATE.values(), *kinds.OF_ACT.values(), *kinds.OF_BATCH.values(), *kinds.OF_OUTCOME.values()}
    named |= {*kinds.OF_STATUS.values(), kinds.CHANGED, kinds.RAISED, kinds.OVER}
    assert (named, set(kinds.OF_STATE)) == (set(kinds.KINDS), set(State))


def test_what_is_nothing_that_is_told_is_said_with_what_there_is() -> None:
    with pytest.raises(BadInput, match=r"'edition.opened' is nothing that is told; there are edition.\*"):
        kinds.understand(["edition.sent", "edition.opened"])


def test_a_happening_is_as_small_as_what_it_says(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.hear(*["delivered"] * happenings.TOGETHER)
    world.tell()
    with world.app.database.read() as session:
        data: list[Any] = list(session.scalars(select(Happening.data)))
    assert (len(data), len(json.dumps(data[0])) < 60) == (1, True)
