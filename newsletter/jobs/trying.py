"""Test copies: an edition as it would go out now, to colleagues, marked [Test], beside the ledger.

Their links are those of nobody: they work, say that they are of a test, and change no reader.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.app import App
from newsletter.delivery.wire.parcel import Parcel, Report
from newsletter.editions import shelf
from newsletter.errors import BadInput, Delivery, WrongState
from newsletter.rendering import links, proofs
from newsletter.rendering.mould import Mould, Reader
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from subscribers import addresses, audience
from subscribers.segments import shelf as segments

#: addresses at once, copies of one edition in a day, and of all in an hour: a test is no way to send an edition
MOST_AT_ONCE, MOST_OF_ONE, MOST_IN_AN_HOUR = 10, 200, 250
#: readers of a segment that a test may go to
MOST_OF_A_SEGMENT = 100
DID = "sent a test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test copy."""

    address: str
    taken: bool
    #: the other side's own words
    said: str


def to_addresses(app: App, edition_id: int, given: Sequence[str], *, by: Doer, now: datetime) -> list[Outcome]:
    """Send a test copy to each of the addresses *given*.

    Raises BadInput where one is none, or there are none or too many; WrongState where there were enough already.
    """
    wanted = list(dict.fromkeys(addresses.wire(addresses.check(each)) for each in given if each.strip()))
    if not wanted:
        raise BadInput("Say to which address the test should go.")
    if len(wanted) > MOST_AT_ONCE:
        raise BadInput(f"That are {len(wanted)} addresses; a test goes to {MOST_AT_ONCE} at once.")
    token = _token(app, edition_id)
    readers = [Reader(0, address, "", token) for address in wanted]
    return _send(app, edition_id, readers, by=by, now=now)


def to_segment(app: App, edition_id: int, name: str, *, by: Doer, now: datetime) -> list[Outcome]:
    """Send one to each reader of that segment, as each of them would see it; raises as `to_addresses` does."""
    with app.database.read() as session:
        newsletter = app.newsletter(shelf.get(session, edition_id).newsletter)
        query = segments.get(session, name).query
        ids = segments.members(session, query, lists=newsletter.lists, limit=MOST_OF_A_SEGMENT + 1)
        people = audience.people(session, ids)
    if not people:
        raise BadInput(f"nobody in {name} may be mailed: newsletter subscribers segments count {name}")
    if len(people) > MOST_OF_A_SEGMENT:
        raise BadInput(f"{name} holds more than {MOST_OF_A_SEGMENT} people: give the edition that segment, and send it")
    token = _token(app, edition_id)
    readers = [Reader(0, one.email, one.name, token, plain=one.plain_text) for one in people]
    return _send(app, edition_id, readers, by=by, now=now)


def _send(app: App, edition_id: int, readers: Sequence[Reader], *, by: Doer, now: datetime) -> list[Outcome]:
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        newsletter = app.newsletter(edition.newsletter)
        _refuse_too_many(session, shelf.name(edition), len(readers), now)
        proof = proofs.current(session, edition, newsletter, app.settings, now=now)
        mould = proofs.mould(proof, edition, newsletter, app.settings, now=now, for_a_test=True)
        # noted before the first byte leaves: who dies in between has sent more than is noted, never less.
        # Where to, but not to whom: no address of a person stands outside the roll
        details = {"copies": len(readers), "to": _domains(readers), "bytes": proof.digest[:12]}
        acts.note(session, by, DID, shelf.name(edition), now=now, revision=edition.revision, **details)
        name = shelf.name(edition)
    outcomes = _hand_over(app, edition_id, mould, readers)
    if lost := [outcome for outcome in outcomes if not outcome.taken]:
        with app.database.write() as session:
            said = sorted({outcome.said[:300] for outcome in lost})
            acts.note(session, by, "had a test not taken", name, now=now, copies=len(lost), said=said[:5])
    return outcomes


def _hand_over(app: App, edition_id: int, mould: Mould, readers: Sequence[Reader]) -> list[Outcome]:
    """One parcel for each: they share no fate, and each has an answer of its own."""
    outcomes = []
    with closing(app.sender()) as sender:
        for reader in readers:
            try:
                report = sender.send(Parcel(edition_id, 0, "test", mould, [reader]))
            except Delivery as error:
                outcomes.append(Outcome(reader.address, False, error.reply or str(error)))
            else:
                outcomes.append(_outcome(reader, report))
    return outcomes


def _outcome(reader: Reader, report: Report) -> Outcome:
    for words in (*report.refused.values(), *report.again.values(), *report.unknown.values()):
        return Outcome(reader.address, False, words.text)
    if report.blocked is not None:
        return Outcome(reader.address, False, str(report.blocked))
    return Outcome(reader.address, True, report.reply)


def _refuse_too_many(session: Session, name: str, more: int, now: datetime) -> None:
    done = acts.since(session, now - timedelta(days=1), did=DID)
    of_this = sum(act.details.get("copies", 0) for act in done if act.what == name)
    lately = sum(act.details.get("copies", 0) for act in done if act.at > now - timedelta(hours=1))
    if of_this + more > MOST_OF_ONE:
        raise WrongState(
            f"{plural.counted(of_this, 'test copy', 'test copies')} of {name} went out in the last day, and"
            f" {MOST_OF_ONE} are enough: send it to a segment if more people shall have it."
        )
    if lately + more > MOST_IN_AN_HOUR:
        raise WrongState(f"{lately} test copies went out in the last hour, and {MOST_IN_AN_HOUR} are enough: wait.")


def _token(app: App, edition_id: int) -> str:
    """Stands for nobody: whatever it opens says that it is of a test."""
    return links.token(app.settings.secret.get_secret_value(), edition_id, 0)


def _domains(readers: Sequence[Reader]) -> list[str]:
    return sorted({reader.address.rpartition("@")[2] for reader in readers})[:20]
