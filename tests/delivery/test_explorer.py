"""Every interleaving of a small ledger keeps its invariants; and planted mistakes are found, so the search can fail."""

import pytest

from newsletter.delivery.models import BatchState
from tests.delivery.explorer import Bugs, Explored, Size, explore

SMALL = Size(batches=1, ticks=4)


@pytest.fixture(scope="module")
def explored() -> Explored:
    """One batch, two workers, four ticks, a kill or another start of the machine: about 430,000 worlds."""
    return explore(SMALL)


def test_one_batch_keeps_every_invariant_whatever_happens_in_which_order(explored: Explored) -> None:
    assert explored.violation is None


def test_the_exploration_reaches_every_state(explored: Explored) -> None:
    assert explored.reached == {state.value for state in BatchState}


def test_the_exploration_is_large(explored: Explored) -> None:
    assert explored.worlds > 300_000


def test_two_batches_and_two_workers_keep_every_invariant() -> None:
    assert explore(Size(batches=2, ticks=2, canaries=0, attempts=1, reboots=0)).violation is None


@pytest.mark.long
def test_two_batches_over_a_longer_time_keep_every_invariant() -> None:
    assert explore(Size(batches=2, ticks=3, canaries=0, attempts=2)).violation is None


def found(bugs: Bugs) -> str:
    violation = explore(SMALL, bugs).violation
    return violation.invariant if violation else "nothing"


def test_sending_without_a_fence_is_found() -> None:
    assert found(Bugs(no_fence=True)) == "I3: batch 0 is claimed but was taken"


def test_recording_without_the_attempts_id_is_found() -> None:
    assert found(Bugs(no_epoch=True)) == "I3: batch 0 is queued but was taken"


def test_refuting_by_the_wall_clock_is_found() -> None:
    assert found(Bugs(wall_clock=True)) == "I3: batch 0 is queued but was taken"


def test_queueing_a_dead_workers_batch_again_is_found() -> None:
    assert found(Bugs(requeue_dead=True)) == "I3: batch 0 is queued but was taken"


def test_writing_after_the_deadline_is_found() -> None:
    assert found(Bugs(no_deadline=True)) == "I3: batch 0 is queued but was taken"


def test_a_black_box_written_after_the_wire_is_found() -> None:
    assert found(Bugs(marked_late=True)) == "I3: batch 0 is queued but was taken"


def test_believing_the_black_box_of_another_start_of_the_machine_is_found() -> None:
    assert found(Bugs(any_boot=True)) == "I3: batch 0 is queued but was taken"


def test_believing_the_black_box_of_another_attempt_is_found() -> None:
    assert found(Bugs(any_attempt=True)) == "I3: batch 0 is queued but was taken"


def test_not_looking_once_more_at_the_fence_is_found() -> None:
    assert found(Bugs(no_last_look=True)) == "I9: batch 0 was sent to a reader who had left before the fence"
