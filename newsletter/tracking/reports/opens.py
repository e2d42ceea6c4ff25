"""What was heard of a reader's own doing: opens and clicks, by a person or by a machine in their stead."""

from newsletter.tracking.reports.answers import Answer, Case, on
from newsletter.tracking.reports.facts import Facts, Heard, Issue, Sign


def seen(facts: Facts, issue: Issue) -> Answer | None:
    """The answer, without its full stop, where the copy was opened or a link in it followed; None where it was not."""
    clicks = _by_people(facts, Sign.CLICK)
    if clicks:
        times = _times(len(clicks))
        return Answer(
            Case.CLICKED, f"{facts.who} has it: they followed a link in it {on(clicks[0].at, issue.zone)}{times}"
        )
    opens = _by_people(facts, Sign.OPEN)
    if opens:
        times = _times(len(opens))
        return Answer(Case.OPENED, f"{facts.who} has it: it was opened {on(opens[0].at, issue.zone)}{times}")
    machine = next((one for one in facts.heard if one.kind in _SIGNS and one.by_machine), None)
    if machine is None:
        return None
    sentence = (
        f"The copy for {facts.who} arrived: it was fetched {on(machine.at, issue.zone)}, as mail programs and scanners"
        " do; whether a person has looked nobody can say"
    )
    return Answer(Case.FETCHED, sentence, remedy="If they can't find it, it lies in a spam or promotions folder.")


_SIGNS = frozenset(sign.value for sign in Sign)


def _by_people(facts: Facts, sign: Sign) -> list[Heard]:
    return [one for one in facts.heard if one.kind == sign.value and not one.by_machine]


def _times(count: int) -> str:
    return f", the first of {count} times" if count > 1 else ""
