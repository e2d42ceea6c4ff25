"""The black box: what a dead process leaves behind, who may read it, and what is made of it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.ledger import claiming, recording, settling
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.ledger.rules import Mark
from newsletter.delivery.models import Act, Batch, Sending, SendingState
from newsletter.delivery.operations import audit, controls
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.wire import takeover
from newsletter.delivery.wire.blackbox import BlackBox, Boxes, Found
from newsletter.delivery.wire.blame import Lesson
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.errors import Refused, Unavailable
from tests.delivery.world import LEASE, LISTS, NINE, RNG, batches, learn, people, planned

LATER = NINE + timedelta(hours=1)
OK, NO, LATER_PLEASE = Words("2.0.0 taken"), Words("550 5.1.1 no such user", 550, Lesson.DEAD), Words("451 later", 451)


@pytest.fixture
def boxes(tmp_path: Path) -> Boxes:
    return Boxes(tmp_path / "blackbox", "this boot")


def opened(boxes: Boxes, *, pages: int = 2, copies: int = 10, owner: str = "ada", careful: bool = True) -> BlackBox:
    box = boxes.open(pages=pages, copies=copies)
    assert box is not None
    box.sign(owner, careful=careful)
    return box


def dies(box: BlackBox) -> None:
    """kill -9: the kernel lets go of the lock, and the file stays as it is."""
    box._lost = True
    box.close()


def fenced(session: Session, *, readers: int = 4, size: int = 10, owner: str = "ada") -> tuple[int, list[Fenced]]:
    people(session, readers)
    edition_id = planned(session, size=size).edition_id
    claims = claiming.claim(session, edition_id, owner=owner, lease=LEASE, limit=9, now=NINE)
    return edition_id, claiming.fence(session, claims, lists=LISTS, lease=LEASE, now=NINE)


def ids(batch: Fenced) -> list[int]:
    return [person.id for person in batch.people]


def inherited(session: Session, boxes: Boxes) -> int:
    return takeover.inherit(session, boxes, learn=learn, now=NINE, rng=RNG)


def only(boxes: Boxes) -> Found:
    (found,) = boxes.found()
    return found


def test_marks_and_words_come_back_as_they_were_written(boxes: Boxes) -> None:
    box = opened(boxes)
    page = box.page("a.1", [11, 12, 13, 14, 15, 16])
    page.begun(0)
    page.answered(1, Mark.ACCEPTED, b"2.0.0 taken")
    page.answered(2, Mark.REFUSED, NO)
    page.answered(3, Mark.AGAIN, LATER_PLEASE)
    page.answered(4, Mark.UNKNOWN, Words("the connection was lost — unerwartet"))
    dies(box)

    found = only(boxes)
    entry = found.entries["a.1"]
    marks = [Mark.BEGUN, Mark.ACCEPTED, Mark.REFUSED, Mark.AGAIN, Mark.UNKNOWN, Mark.NOT_BEGUN]
    assert (found.owner, found.complete, list(found.entries)) == ("ada", True, ["a.1"])
    assert entry.marks == dict(zip([11, 12, 13, 14, 15, 16], marks, strict=True))
    assert entry.words == {13: NO, 14: LATER_PLEASE, 15: Words("the connection was lost — unerwartet")}
    assert entry.reply == OK


def test_a_living_process_is_not_read(boxes: Boxes) -> None:
    box = opened(boxes)
    box.page("a.1", [1])
    assert list(boxes.found()) == []
    dies(box)
    assert len(list(boxes.found())) == 1


def test_a_run_that_ended_well_leaves_no_file(boxes: Boxes) -> None:
    box = opened(boxes)
    box.page("a.1", [1])
    box.release("a.1")
    box.close()
    assert list(boxes.folder.iterdir()) == []


def test_answers_that_could_not_be_written_stay_for_the_next_process(boxes: Boxes) -> None:
    box = opened(boxes)
    box.page("a.1", [1]).answered(0, Mark.ACCEPTED, OK)
    box.close()
    assert only(boxes).entries["a.1"].marks == {1: Mark.ACCEPTED}


def test_a_page_that_nobody_waits_for_is_not_used_again(boxes: Boxes) -> None:
    box = opened(boxes, pages=2)
    late = box.page("a.1", [1])
    box.abandon("a.1")
    box.page("a.2", [2])
    late.answered(0, Mark.ACCEPTED, OK)
    dies(box)
    assert {name: entry.marks for name, entry in only(boxes).entries.items()} == {
        "a.1": {1: Mark.ACCEPTED},
        "a.2": {2: Mark.NOT_BEGUN},
    }


def test_more_batches_than_pages_make_silence_mean_nothing(boxes: Boxes) -> None:
    box = opened(boxes, pages=1)
    box.page("a.1", [1])
    box.page("a.2", [2]).begun(0)
    dies(box)
    assert (only(boxes).complete, list(only(boxes).entries)) == (False, ["a.1"])


def test_words_beyond_the_room_are_left_out_and_marks_are_not(boxes: Boxes) -> None:
    box = opened(boxes, copies=1000)
    page = box.page("a.1", range(1000))
    for index in range(1000):
        page.answered(index, Mark.REFUSED, Words("550 " + "no " * 200, 550))
    dies(box)
    entry = only(boxes).entries["a.1"]
    assert (set(entry.marks.values()), 10 < len(entry.words) < 1000) == ({Mark.REFUSED}, True)


def test_a_whole_request_has_one_fate(boxes: Boxes) -> None:
    box = opened(boxes)
    page = box.page("a.1", [1, 2])
    page.all_begun()
    page.told(Report("id-7", "202 Accepted", refused={2: NO}))
    box.page("a.2", [3, 4]).failed(Unavailable("down", reply="429 slower", code=429))
    dies(box)
    taken, turned_down = (only(boxes).entries[name] for name in ("a.1", "a.2"))
    assert (taken.marks, taken.words, taken.reply.text, taken.provider_id) == (
        {1: Mark.ACCEPTED, 2: Mark.REFUSED},
        {2: NO},
        "202 Accepted",
        "id-7",
    )
    assert (set(turned_down.marks.values()), turned_down.reply) == ({Mark.AGAIN}, Words("429 slower", 429))


def test_a_folder_that_cannot_be_written_makes_no_box(tmp_path: Path) -> None:
    (tmp_path / "blackbox").write_text("a file where the folder should be")
    assert Boxes(tmp_path / "blackbox", "boot").open(pages=1, copies=1) is None


def test_what_is_no_box_is_passed_over(boxes: Boxes) -> None:
    boxes.folder.mkdir(parents=True)
    (boxes.folder / "a.box").write_bytes(b"newsletter box 1" + b"\xff" * 500)
    (boxes.folder / "b.box").write_bytes(b"")
    assert list(boxes.found()) == []


def test_not_begun_is_queued_again_answered_is_recorded_and_the_rest_is_unknown(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session, readers=5)
    box = opened(boxes)
    page = box.page(batch.attempt, ids(batch))
    page.answered(0, Mark.ACCEPTED, OK)
    page.answered(1, Mark.REFUSED, NO)
    page.begun(2)
    dies(box)

    assert inherited(session, boxes) == 1
    stands = balance(session, edition_id)
    assert (stands.accepted, stands.refused, stands.unknown, stands.to_do) == (1, 1, 1, 2)
    assert audit.audit(session, edition_id).violations == ()
    act = session.query(Act).filter_by(edition_id=edition_id, verb="black box").one()
    assert act.reason == "1 had been accepted, 1 refused, 2 queued again, 1 unknown"


def test_a_batch_without_a_page_was_not_begun(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    dies(opened(boxes))

    assert (inherited(session, boxes), batches(session, edition_id)) == (1, [(batch.number, "queued", 4)])


def test_a_batch_without_a_page_stays_unknown_where_a_page_was_missing(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes, copies=1)
    box.page(batch.attempt, ids(batch))  # four copies on a page for one
    dies(box)

    assert (inherited(session, boxes), batches(session, edition_id)) == (0, [(batch.number, "sending", 4)])


def test_another_boots_box_is_not_believed(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch))
    dies(box)

    after_a_restart = Boxes(boxes.folder, "another boot")
    assert inherited(session, after_a_restart) == 0
    settling.expire(session, now=LATER)
    assert batches(session, edition_id) == [(batch.number, "unknown", 4)]


def test_another_attempts_page_is_not_believed(session: Session, boxes: Boxes) -> None:
    """The worker ada was thought dead, bob's attempt is on the wire, and then ada's box is found."""
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch))
    recording.requeue(session, batch, LATER_PLEASE, until=NINE, now=NINE)
    claims = claiming.claim(session, edition_id, owner="bob", lease=LEASE, limit=1, now=NINE)
    claiming.fence(session, claims, lists=LISTS, lease=LEASE, now=NINE)
    dies(box)

    assert (inherited(session, boxes), batches(session, edition_id)) == (0, [(batch.number, "sending", 4)])


def test_what_ended_as_unknown_before_the_box_was_found_is_still_settled_by_it(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    page = box.page(batch.attempt, ids(batch))
    for index in range(4):
        page.answered(index, Mark.ACCEPTED, OK)
    dies(box)
    settling.expire(session, now=LATER)

    assert inherited(session, boxes) == 1
    assert balance(session, edition_id) == Balance(planned=4, accepted=4)


def test_nothing_is_queued_again_in_a_sending_that_was_cancelled(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch)).answered(0, Mark.ACCEPTED, OK)
    controls.cancel(session, edition_id, by="ada", reason="wrong list", now=NINE)
    dies(box)

    inherited(session, boxes)
    stands = balance(session, edition_id)
    assert (session.get_one(Sending, edition_id).state, stands.accepted, stands.to_do) == (SendingState.CANCELLED, 1, 0)


def test_a_box_is_removed_once_all_of_it_is_in_the_ledger(session: Session, boxes: Boxes) -> None:
    _, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch))
    dies(box)
    inherited(session, boxes)
    assert len(list(boxes.folder.iterdir())) == 1  # until it is certain that this was committed
    inherited(session, boxes)
    assert list(boxes.folder.iterdir()) == []


def test_refused_by_the_server_keeps_its_words(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch)).failed(Refused("no", reply="550 5.7.1 go away", code=550))
    dies(box)

    inherited(session, boxes)
    assert balance(session, edition_id) == Balance(planned=4, refused=4)


def test_a_server_that_said_later_is_not_asked_at_once(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    page = box.page(batch.attempt, ids(batch))
    for index in range(4):
        page.answered(index, Mark.AGAIN, LATER_PLEASE)
    dies(box)

    inherited(session, boxes)
    assert session.get_one(Batch, (edition_id, batch.number), populate_existing=True).not_before > NINE


def test_the_lock_ends_with_the_process_and_not_before(tmp_path: Path) -> None:
    """A real process, really killed."""
    code = (
        "import sys; from pathlib import Path; from newsletter.delivery.wire.blackbox import Boxes\n"
        "box = Boxes(Path(sys.argv[1]), 'boot').open(pages=1, copies=1); box.sign('ada', careful=True)\n"
        "box.page('a.1', [7]).begun(0); print('begun', flush=True); sys.stdin.read()"
    )
    boxes = Boxes(tmp_path, "boot")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        alive = list(boxes.found())
        os.kill(process.pid, 9)
        process.wait()
    assert (alive, only(boxes).entries["a.1"].marks) == ([], {7: Mark.BEGUN})


def test_a_sender_that_does_not_tell_what_it_begins_has_begun_it_all(boxes: Boxes) -> None:
    box = opened(boxes, careful=False)
    box.page("a.1", [1, 2])
    dies(box)
    assert only(boxes).entries["a.1"].marks == {1: Mark.BEGUN, 2: Mark.BEGUN}


def test_after_a_restored_backup_no_box_queues_anything_again(session: Session, boxes: Boxes) -> None:
    edition_id, (batch,) = fenced(session)
    box = opened(boxes)
    box.page(batch.attempt, ids(batch))
    dies(box)
    settling.safe_mode(session, by="ada", now=NINE)

    assert (inherited(session, boxes), batches(session, edition_id)) == (0, [(batch.number, "unknown", 4)])


def test_boxes_are_forgotten_but_not_those_of_living_processes(boxes: Boxes) -> None:
    dies(opened(boxes))
    alive = opened(boxes)
    boxes.forget()
    assert list(boxes.folder.iterdir()) == [alive._file]
