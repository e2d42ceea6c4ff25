"""Why somebody has, or has not, an edition: decided from facts, by nobody's memory; pure."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from newsletter.tracking.reports import copies, issues, people
from newsletter.tracking.reports.answers import Answer, Case, Evidence, of_day
from newsletter.tracking.reports.facts import Facts, Issue
from subscribers import addresses
from subscribers.errors import BadAddress

_UTC = ZoneInfo("UTC")


def decide(facts: Facts) -> Answer:
    """The first that decides: what became of the copy, then that nobody has the edition, then the person.

    Where the person would not get an edition that is not sent yet either, the answer says so beside its own.
    """
    issue, person = facts.issue, facts.found.person
    if facts.copy is not None and issue is not None and issue.run is not None:
        return _moved(facts, copies.of_copy(facts, issue, issue.run, facts.copy))
    if person is None:
        return _nobody(facts)
    if issue is None:
        return Answer(
            Case.NO_EDITION,
            "No edition's day has come yet: newsletter editions list shows those ahead, newsletter assemble makes one.",
        )
    if answer := issues.not_sent(facts, issue):
        return _moved(facts, _with_obstacle(facts, issue, answer))
    moment = issue.run.frozen_at if issue.run and issue.run.frozen_at else facts.now
    return _moved(facts, people.not_in_audience(facts, person, issue, moment))


def _nobody(facts: Facts) -> Answer:
    if facts.number is None and (why := _no_address(facts.found.asked)):
        remedy = f"Was {facts.found.near[0]} meant?" if facts.found.near else ""
        return Answer(Case.NOT_AN_ADDRESS, f"{why}.", remedy=remedy)
    return people.nobody(facts, facts.issue.zone if facts.issue else _UTC)


def _no_address(text: str) -> str:
    try:
        addresses.check(text)
    except BadAddress as error:
        return str(error)
    return ""


def _with_obstacle(facts: Facts, issue: Issue, answer: Answer) -> Answer:
    """*answer*, and beside it why they would not get the edition anyway."""
    person = facts.found.person
    if person is None or (hurdle := people.obstacle(facts, person, issue, facts.now)) is None:
        return answer
    evidence = [*answer.evidence, Evidence(None, "list", f"they would not get it anyway: {hurdle.sentence}")]
    return replace(answer, evidence=evidence, remedy=hurdle.remedy or answer.remedy)


def _moved(facts: Facts, answer: Answer) -> Answer:
    """*answer*, which says first that the address that was asked about is not theirs any more."""
    person, asked = facts.found.person, facts.found.asked
    if person is None or facts.number is not None or addresses.key(asked) == addresses.key(person.email):
        return answer
    change = next((one for one in person.changes if addresses.key(one.old) == addresses.key(asked)), None)
    if change is None:
        return answer
    zone = facts.issue.zone if facts.issue else _UTC
    day = of_day(change.at.astimezone(zone).date())
    evidence = [Evidence(change.at, "list", f"moved from {change.old} to {change.new}"), *answer.evidence]
    sentence = f"{asked} is {person.email} since {day}. {answer.sentence}"
    return replace(answer, sentence=sentence, evidence=evidence)
