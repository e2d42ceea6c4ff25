"""Why nobody has an edition yet, or ever will: it is not made, not approved, held, missed, cancelled."""

from newsletter.editions import review
from newsletter.editions.models import SlotState, State
from newsletter.tracking.reports.answers import Answer, Case, Evidence, of_day, on, stamp
from newsletter.tracking.reports.facts import Facts, Issue


def not_sent(facts: Facts, issue: Issue) -> Answer | None:
    """The answer where nothing of *issue* was planned for anybody; None where it was."""
    if issue.run is not None and issue.run.frozen_at is not None:
        return None
    if issue.run is not None:
        sentence = f"The audience of {issue.spoken} is being fixed at this moment: ask again in a minute."
        return Answer(Case.PLANNING, sentence)
    if issue.hour is not None and issue.hour.state is SlotState.MISSED and issue.state not in _DECIDED:
        return _missed(issue)
    match issue.state:
        case None:
            return _not_made(issue)
        case State.SENDING | State.SENT:
            return Answer(
                Case.CHANGED_SINCE, f"{issue.spoken} was sent, and no ledger of that is kept here.", _evidence(issue)
            )
        case State.HELD:
            return _decided(issue, Case.HELD, "is held", "Approving it sends it: newsletter editions approve {name}.")
        case State.SKIPPED:
            return _decided(issue, Case.NO_ISSUE, "was skipped", "Approving it sends it to everybody.")
        case State.CANCELLED:
            return _decided(issue, Case.CANCELLED, "was cancelled before anything went out", "")
        case _:
            return _not_yet(facts, issue)


#: somebody's word says more than the timetable's
_DECIDED = frozenset({State.HELD, State.CANCELLED, State.SKIPPED})


def _decided(issue: Issue, case: Case, verb: str, remedy: str) -> Answer:
    moved = issue.moved
    who = f", by {moved.by}" if moved else ""
    since = f" {on(moved.at, issue.zone)}" if moved else ""
    if moved and case is Case.HELD:
        since = f" since {stamp(moved.at, issue.zone)}"
    because = f": {moved.reason}" if moved and moved.reason else ""
    is_restored = moved is not None and moved.reason == review.RESTORED
    has = "nobody has it"
    if is_restored:
        has = "the mail server's log or the provider knows who has it"
    elif case is Case.NO_ISSUE:  # its reason may be that it went out before a backup was restored
        has = "no copy was planned here"
    return Answer(
        case,
        f"{issue.spoken} {verb}{since}{who}{because}; {has}.",
        _evidence(issue),
        remedy.format(name=issue.name),
    )


def _missed(issue: Issue) -> Answer:
    hour = issue.hour
    because = f": {hour.result}" if hour and hour.result else ""
    due = f" Its hour was {stamp(hour.due_at, issue.zone)}." if hour else ""
    remedy = f"newsletter send {issue.name} sends it still, once it is approved." if issue.state else ""
    return Answer(Case.MISSED, f"{issue.spoken} was missed{because}.{due} Nobody has it.", _evidence(issue), remedy)


def _not_made(issue: Issue) -> Answer:
    due = f" It is due {on(issue.hour.due_at, issue.zone)}." if issue.hour else ""
    return Answer(Case.NO_EDITION, f"There is no {issue.title} of {of_day(issue.day)}.{due}", _evidence(issue))


def _not_yet(facts: Facts, issue: Issue) -> Answer:
    hour = issue.hour
    if issue.state is State.APPROVED:
        when = f" {on(hour.due_at, issue.zone)}" if hour else " as soon as somebody sends it"
        if issue.corrects is not None:
            sentence = (
                f"{issue.spoken} is approved and goes out by the scheduler once nothing more of that edition does;"
                " nobody has it yet."
            )
            return Answer(Case.NOT_YET_SENT, sentence, _evidence(issue), f"newsletter send {issue.name} sends it now.")
        late = hour is not None and hour.due_at <= facts.now
        sentence = f"{issue.spoken} is approved and goes out{when}; nobody has it yet."
        if late:
            sentence = f"{issue.spoken} is approved and was due{when}; nobody has it yet."
        remedy = f"newsletter scheduler sends it, or newsletter send {issue.name}." if late or not hour else ""
        return Answer(Case.NOT_YET_SENT, sentence, _evidence(issue), remedy)
    spoken = issue.state.spoken if issue.state else "not made"
    due = f" It is due {on(hour.due_at, issue.zone)}, if it is approved by then." if hour else ""
    sentence = f"{issue.spoken} is {spoken} and was sent to nobody yet.{due}"
    return Answer(Case.NOT_YET_SENT, sentence, _evidence(issue))


def _evidence(issue: Issue) -> list[Evidence]:
    found = []
    if issue.moved and issue.state:
        because = f": {issue.moved.reason}" if issue.moved.reason else ""
        found.append(Evidence(issue.moved.at, "edition", f"{issue.state.spoken}, by {issue.moved.by}{because}"))
    if issue.hour:
        result = f", {issue.hour.result}" if issue.hour.result else ""
        found.append(Evidence(issue.hour.due_at, "timetable", f"send: {issue.hour.state.value}{result}"))
    return found
