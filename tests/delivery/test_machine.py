"""A random walk over the real ledger on the real databases; what the provider took is the truth it is held against."""

import secrets
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.ledger import claiming, recording, settling
from newsletter.delivery.ledger.claiming import Claim, Fenced
from newsletter.delivery.ledger.rules import Hearing
from newsletter.delivery.models import Act, Batch, BatchState, Delivery, Outcome, Progress, Sending, SendingState
from newsletter.delivery.operations import audit, controls
from newsletter.delivery.operations.balance import balance
from newsletter.delivery.wire import takeover
from newsletter.delivery.wire.blackbox import BlackBox, Boxes, Page
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.editions.models import Edition
from subscribers import roll
from subscribers.models import Subscriber, Subscription, Suppression
from tests.delivery.world import LEASE, LISTS, NINE, RNG, learn, people, planned

QUIET = timedelta(minutes=2)
WORDS = Words("so says the wire", 450)
#: what becomes of a hand-over
FATES = st.sampled_from(["taken", "lost", "again", "refused", "some", "nothing"])
#: how many walks, and the states that so many certainly reach (which walks are drawn changes with every line of code)
OFTEN = {BatchState.QUEUED, BatchState.CLAIMED, BatchState.SENDING}
WALKS = [
    pytest.param(20, OFTEN, id="short"),
    pytest.param(400, set(BatchState) - {BatchState.CANCELLED}, id="long", marks=pytest.mark.long),
]


def machine(database: Database, reached: Counter[BatchState], home: Path) -> type[RuleBasedStateMachine]:
    """Two workers with black boxes, a provider that takes copies and tells late, readers who leave, an operator."""

    class Ledger(RuleBasedStateMachine):
        claims, fences = Bundle("claims"), Bundle("fences")

        def __init__(self) -> None:
            super().__init__()
            self.session = Session(database.writer, expire_on_commit=False)
            _empty(self.session)
            self.now = NINE
            self.ids = people(self.session, 8)
            self.edition_id = planned(self.session, size=3).edition_id
            #: the truth: copies the provider took, attempts it will tell of, readers gone before the fence
            self.taken: Counter[int] = Counter()
            self.untold: list[tuple[str, datetime]] = []
            self.done: set[str] = set()
            self.gone: set[int] = set()
            self.watermark = NINE
            self.home, self.boot = home / secrets.token_hex(8), 0

        @rule(target=claims, owner=st.sampled_from(["ada", "bob"]))
        def claim(self, owner: str) -> object:
            found = claiming.claim(self.session, self.edition_id, owner=owner, lease=LEASE, limit=1, now=self.now)
            return multiple(*found)

        @rule(target=fences, claim=claims)
        def fence(self, claim: Claim) -> object:
            passed = claiming.fence(self.session, [claim], lists=LISTS, lease=LEASE, now=self.now)
            for fenced in passed:
                assert not self.gone & {person.id for person in fenced.people}, "I9"
            return multiple(*((fenced, self.now) for fenced in passed))

        @rule(claim=claims)
        def give_back(self, claim: Claim) -> None:
            """What was claimed ahead is not wanted after all; somebody else may hold it by now."""
            claiming.give_back(self.session, [claim])

        @rule(fence=fences, fate=FATES, dies=st.booleans())
        def send_and_record(self, fence: tuple[Fenced, datetime], fate: str, dies: bool) -> None:
            """The hand-over and its record; a worker that dies writes nothing down."""
            fenced, at = fence
            if at == self.now and fenced.attempt not in self.done:  # else its deadline is over, or it was sent
                self._send(fenced, fate, dies)

        @rule(owner=st.sampled_from(["ada", "bob"]), fate=FATES, dies=st.booleans())
        def work(self, owner: str, fate: str, dies: bool) -> None:
            """From claim to record without an interruption."""
            claims = claiming.claim(self.session, self.edition_id, owner=owner, lease=LEASE, limit=1, now=self.now)
            for fenced in claiming.fence(self.session, claims, lists=LISTS, lease=LEASE, now=self.now):
                self._send(fenced, fate, dies)

        def _send(self, fenced: Fenced, fate: str, dies: bool) -> None:
            self.done.add(fenced.attempt)
            ids = [person.id for person in fenced.people]
            taken = ids if fate in ("taken", "lost") else ids[1:] if fate == "some" else []
            box, page = self._box(fenced)
            page.all_begun()
            self.taken.update(taken)
            if fate in ("taken", "lost"):
                self.untold.append((fenced.attempt, self.now))
            if fate not in ("lost", "nothing"):
                page.told(_report(fate, ids))
            # who tells of copies by events takes a hand-over whole or not at all
            if fate == "some" or not dies:
                self._record(fenced, fate, ids)
                box.release(fenced.attempt)
            box.close()  # what it was not rid of stays, as after kill -9

        def _box(self, fenced: Fenced) -> tuple[BlackBox, Page]:
            box = self._boxes().open(pages=1, copies=8)
            assert box is not None
            box.sign("", careful=True)
            return box, box.page(fenced.attempt, [person.id for person in fenced.people])

        def _boxes(self) -> Boxes:
            return Boxes(self.home, f"boot {self.boot}")

        @rule(owner=st.sampled_from(["ada", "bob"]))
        def die_before_the_wire(self, owner: str) -> None:
            for fenced in self._fenced(owner):
                self._box(fenced)[0].close()

        @rule(owner=st.sampled_from(["ada", "bob"]), taken=st.booleans())
        def a_power_cut(self, owner: str, taken: bool) -> None:
            """The machine is started again, and what was written into the box last is not on the disk."""
            for fenced in self._fenced(owner):
                self._box(fenced)[0].close()
                if taken:
                    self.taken.update(person.id for person in fenced.people)
                    self.untold.append((fenced.attempt, self.now))
            self.boot += 1

        def _fenced(self, owner: str) -> list[Fenced]:
            claims = claiming.claim(self.session, self.edition_id, owner=owner, lease=LEASE, limit=1, now=self.now)
            passed = claiming.fence(self.session, claims, lists=LISTS, lease=LEASE, now=self.now)
            self.done.update(fenced.attempt for fenced in passed)
            return passed

        @rule()
        def black_boxes_are_found(self) -> None:
            takeover.inherit(self.session, self._boxes(), learn=learn, now=self.now, rng=RNG)

        def _record(self, fenced: Fenced, fate: str, ids: list[int]) -> None:
            words = WORDS
            whole = {"now": self.now}
            if fate in ("lost", "nothing"):
                recording.lose(self.session, fenced, words, **whole)
            elif fate == "refused":
                recording.refuse(self.session, fenced, words, **whole)
            else:
                recording.record(self.session, fenced, _report(fate, ids), now=self.now, rng=RNG)

        @rule(minutes=st.integers(1, 3))
        def time_passes(self, minutes: int) -> None:
            self.now += timedelta(minutes=minutes)

        @rule()
        def leases_end(self) -> None:
            settling.expire(self.session, now=self.now)

        @rule()
        def the_next_event_comes(self) -> None:
            if self.untold:
                attempt, at = self.untold.pop(0)
                settling.settle(self.session, attempt, now=self.now)
                self.watermark = max(self.watermark, at)

        @rule()
        def a_canary_message_comes(self) -> None:
            if not self.untold:
                self.watermark = self.now

        @rule()
        def silence_is_weighed(self) -> None:
            settling.refute(self.session, "notebook", Hearing(self.watermark, QUIET), now=self.now)

        @rule(index=st.integers(0, 7))
        def a_reader_leaves(self, index: int) -> None:
            roll.unsubscribe(self.session, self.ids[index], source="one-click", now=self.now)
            self.gone.add(self.ids[index])

        @rule()
        def pause_or_resume(self) -> None:
            state = self.session.get_one(Sending, self.edition_id, populate_existing=True).state
            act = controls.pause if state is SendingState.RUNNING else controls.resume
            act(self.session, self.edition_id, by="ada", reason="", now=self.now)

        @rule()
        def retry_the_refused(self) -> None:
            controls.retry(self.session, self.edition_id, refused_with="4xx", by="ada", now=self.now)

        @invariant()
        def nobody_has_two_copies(self) -> None:
            assert all(count == 1 for count in self.taken.values()), "I1"

        @invariant()
        def the_rows_add_up(self) -> None:
            self.session.flush()
            assert balance(self.session, self.edition_id).holds

        @invariant()
        def what_is_queued_or_refused_was_not_taken(self) -> None:
            rows = self.session.execute(
                select(Delivery.subscriber_id, Batch.state)
                .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
                .where(Delivery.edition_id == self.edition_id)
            ).all()
            excepted = set(self.session.scalars(select(Outcome.subscriber_id)))
            for subscriber_id, state in rows:
                reached[state] += 1
                if state in (BatchState.QUEUED, BatchState.CLAIMED, BatchState.REFUSED):
                    assert not self.taken[subscriber_id], "I3"
                if state is BatchState.ACCEPTED and subscriber_id not in excepted:
                    assert self.taken[subscriber_id] == 1, "I3"

        def teardown(self) -> None:
            found = audit.audit(self.session, self.edition_id).violations
            self.session.rollback()
            self.session.close()
            assert found == ()

    return Ledger


def _report(fate: str, ids: list[int]) -> Report:
    again = {"again": ids, "some": ids[:1]}.get(fate, [])
    return Report(again=dict.fromkeys(again, WORDS), refused=dict.fromkeys(ids if fate == "refused" else [], WORDS))


def _empty(session: Session) -> None:
    for table in (Act, Progress, Outcome, Delivery, Batch, Sending, Edition, Suppression, Subscription, Subscriber):
        session.execute(delete(table))
    session.expunge_all()


@pytest.mark.parametrize(("examples", "expected"), WALKS)
def test_a_random_walk_keeps_every_invariant_and_reaches_the_states(
    database: Database, tmp_path: Path, examples: int, expected: set[BatchState]
) -> None:
    reached: Counter[BatchState] = Counter()

    run_state_machine_as_test(
        machine(database, reached, tmp_path),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            derandomize=examples < 100,  # the short walk is the same every time: a red one can be repeated
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert set(reached) >= expected
