"""Why somebody is not mailed at all, or was not among an audience: decided from how they stood when it was fixed."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.delivery.models import Status
from newsletter.tracking.reports.answers import Answer, Case, Evidence, listed, of_day, on, quoted, stamp
from newsletter.tracking.reports.facts import Facts, Issue
from subscribers.history import Step
from subscribers.models import Barred, Consent, Rhythm, SuppressionReason
from subscribers.standing import Place, Standing

_STOPPED = {
    SuppressionReason.HARD_BOUNCE: "the address does not exist",
    SuppressionReason.COMPLAINT: "they reported a mail of ours as spam",
    SuppressionReason.GIVEN_UP: "mail came back too often, from a full mailbox or one that could not be reached",
    SuppressionReason.MANUAL: "somebody here decided so",
}
_BARRED = {
    Barred.HARD_BOUNCE: "the address does not exist",
    Barred.COMPLAINT: "a mail to it was reported as spam",
    Barred.GIVEN_UP: "mail to it came back too often",
    Barred.MANUAL: "somebody decided so",
    Barred.UNSUBSCRIBED: "they left, here or where the address came from",
}


def nobody(facts: Facts, zone: ZoneInfo) -> Answer:
    """The answer where the address is nobody's here."""
    found = facts.found
    if facts.number is not None:
        return Answer(Case.ERASED, f"Nobody here has the number {facts.number}: they were erased, or never were here.")
    if found.bar is not None:
        return _barred(facts, zone)
    if found.requests:
        return _asked_to_join(facts, zone)
    remedy = f"Was {listed(found.near, last='or')} meant?" if found.near else ""
    return Answer(Case.NO_SUCH_PERSON, f"Nobody here has the address {found.asked}.", remedy=remedy)


def _barred(facts: Facts, zone: ZoneInfo) -> Answer:
    bar, who = facts.found.bar, facts.found.asked
    if bar is None:
        raise ValueError("nothing is known against them")
    evidence = [Evidence(bar.at, "list", f"{bar.reason.value}, known by: {bar.source or 'nothing said'}")]
    back = f"Their own sign-up brings them back, or newsletter subscribers add {who}, on purpose."
    if bar.source == "erased" or bar.reason is Barred.ERASED:
        sentence = (
            f"Whoever had the address {who} was erased {on(bar.at, zone)}; what they were sent can't be told any more."
        )
        return Answer(Case.ERASED, sentence, evidence, back)
    sentence = f"Nobody here has the address {who}, and no file may bring it in: {_BARRED[bar.reason]}."
    return Answer(Case.BARRED, sentence, evidence, back)


def _asked_to_join(facts: Facts, zone: ZoneInfo) -> Answer:
    last = facts.found.requests[-1]
    who, asked = facts.found.asked, on(last.asked_at, zone)
    evidence = [Evidence(last.asked_at, "list", f"a form asked for {last.newsletter}")]
    if last.confirmed_at:
        evidence.append(Evidence(last.confirmed_at, "list", "said yes"))
        return Answer(
            Case.ASKED_TO_JOIN,
            f"{who} said yes {on(last.confirmed_at, zone)}, and is here under no address since.",
            evidence,
        )
    if last.mailed_at is None:
        said = "the letter that asks for their yes has not gone out yet"
        return Answer(Case.ASKED_TO_JOIN, f"{who} asked to join {asked}, and {said}.", evidence, _LOOK_AT_LETTERS)
    evidence.append(Evidence(last.mailed_at, "list", "the letter that asks for their yes went out"))
    sentence = f"{who} asked to join {asked} and has not said yes: the letter that asks for it is not answered."
    return Answer(
        Case.ASKED_TO_JOIN, sentence, evidence, "It may lie in their spam folder; asking again sends another."
    )


_LOOK_AT_LETTERS = "newsletter doctor says whether letters go out."


def not_in_audience(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer:
    """Why *person* was not in the audience of *issue*, fixed at *moment*: the first reason that decides."""
    for reason in _REASONS:
        if answer := reason(facts, person, issue, moment):
            return answer
    return _unexplained(facts, person, issue, moment)


def obstacle(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    """What would keep *person* from having *issue* if it were sent at *moment*; None where nothing would."""
    return next((answer for reason in _REASONS if (answer := reason(facts, person, issue, moment))), None)


_Reason = Callable[[Facts, Standing, Issue, datetime], Answer | None]


def _not_on_list(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    places = person.places(issue.lists)
    then = {slug: person.consent_at(slug, moment) for slug in issue.lists}
    if Consent.CONFIRMED in then.values():
        return None
    if not places:
        return _on_other_lists(facts, person, issue)
    if later := _joined_later(facts, person, issue, moment):
        return later
    return _left(facts, person, issue, moment) or _waits_for_yes(facts, person, issue, places)


def _nothing_to_correct(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    """A correction goes to those who have what it corrects."""
    of = issue.corrects
    if of is None or (of.copy is not None and of.copy.stands in _HAVE_IT):
        return None
    goes = "went" if issue.run else "goes"
    if of.copy is None:
        sentence = f"{issue.spoken} {goes} to those who have that edition, and {facts.who} was not in its audience."
    elif of.copy.stands is not Status.UNKNOWN:
        sentence = (
            f"{issue.spoken} {goes} to those who have that edition, and {facts.who} does not: their copy is"
            f" {of.copy.stands.value}."
        )
    elif of.unknown_too:
        return None
    else:
        sentence = (
            f"{issue.spoken} {goes} only to those who certainly have that edition, and of {facts.who} nobody can say:"
            " their copy was handed over and the answer got lost."
        )
    remedy = f"newsletter why {facts.who} {of.name} tells of that copy."
    return Answer(Case.NOTHING_TO_CORRECT, sentence, _frozen(issue, moment), remedy)


_HAVE_IT = frozenset({Status.ACCEPTED, Status.DELIVERED, Status.DEFERRED, Status.COMPLAINED})


def _on_other_lists(facts: Facts, person: Standing, issue: Issue) -> Answer:
    if not issue.lists:
        sentence = (
            f"{facts.who} was not in the audience of {issue.spoken}; the newsletter left the settings since, and"
            " which lists it went to nobody can say."
        )
        return Answer(Case.NOT_ON_LIST, sentence, _steps(person, tuple(person.on or ())))
    mine = [slug for slug, place in (person.on or {}).items() if place.consent is Consent.CONFIRMED]
    where = f"they are on {listed(mine)}" if mine else "they are on no list at all"
    lists = _list_names(issue)
    sentence = f"{facts.who} is here, but not on {lists}, which {issue.title} goes to: {where}."
    evidence = [Evidence(person.since, "list", f"{facts.who} came here"), *_steps(person, tuple(person.on or ()))]
    remedy = (
        f"newsletter subscribers add {facts.who} --list {issue.lists[0]} --invite asks them." if issue.lists else ""
    )
    return Answer(Case.NOT_ON_LIST, sentence, evidence, remedy)


def _joined_later(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    """Their yes came after the audience was fixed, and stands or stood."""
    yes = [step for step in person.steps if step.slug in issue.lists and step.consent is Consent.CONFIRMED]
    after = [step for step in yes if step.at > moment]
    places = person.places(issue.lists)
    unrecorded = [
        slug for slug, place in places.items() if place.consent is Consent.CONFIRMED and place.changed_at > moment
    ]
    if (not after and not unrecorded) or (issue.run is None and moment >= facts.now):
        return None
    if any(person.consent_at(slug, moment) is Consent.UNSUBSCRIBED for slug in issue.lists):
        return None  # they were away then, which `_left` tells with their way back
    slug, at = (after[0].slug, after[0].at) if after else (unrecorded[0], places[unrecorded[0]].changed_at)
    was = person.consent_at(slug, moment)
    verb = "said yes to" if was is Consent.PENDING else "joined"
    sentence = (
        f"{facts.who} {verb} {slug} {on(at, issue.zone)}, after the audience of {issue.spoken} was fixed"
        f" {on(moment, issue.zone)}; the next edition is their first."
    )
    return Answer(Case.JOINED_LATER, sentence, [*_frozen(issue, moment), *_steps(person, issue.lists)])


def _left(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    gone = [slug for slug in issue.lists if person.consent_at(slug, moment) is Consent.UNSUBSCRIBED]
    if not gone:
        return None
    step = max((step for slug in gone if (step := person.as_of(slug, moment))), key=lambda step: step.at, default=None)
    at = step.at if step else person.places(gone)[gone[0]].changed_at
    how = f", {_by(step)}" if step else ""
    back = next((s for s in person.steps if s.slug in gone and s.at > moment and s.consent is Consent.CONFIRMED), None)
    again = f"; they came back {on(back.at, issue.zone)}, after its audience was fixed" if back else ""
    sentence = f"{facts.who} left {listed(gone)} {on(at, issue.zone)}{how}{again}."
    remedy = "" if back else "Only a new yes of their own brings them back."
    return Answer(Case.LEFT, sentence, [*_steps(person, issue.lists), *_frozen(issue, moment)], remedy)


def _waits_for_yes(facts: Facts, person: Standing, issue: Issue, places: dict[str, Place]) -> Answer:
    slug, place = next(
        ((slug, place) for slug, place in places.items() if place.consent is Consent.PENDING),
        next(iter(places.items())),
    )
    step = next(
        (step for step in reversed(person.steps) if step.slug == slug and step.consent is Consent.PENDING), None
    )
    came = f"was put on {slug} {on(step.at if step else place.changed_at, issue.zone)}" + (
        f", {_by(step)}" if step else ""
    )
    asked = (
        f"they were asked {on(place.invited_at, issue.zone)} and have not answered"
        if place.invited_at
        else "they were never asked for it"
    )
    evidence = _steps(person, issue.lists)
    if place.invited_at:
        evidence.append(Evidence(place.invited_at, "list", "the letter that asks for their yes went out"))
    remedy = f"newsletter subscribers invite {facts.who} asks them{' again' if place.invited_at else ''}."
    return Answer(Case.UNCONFIRMED, f"{facts.who} {came}, and has not said yes: {asked}.", evidence, remedy)


def _suppressed(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    stop = person.suppression
    if stop is None or stop.at > moment:
        return _suppressed_then(facts, person, issue, moment)
    words = f" The evidence: {quoted(stop.note)}." if stop.note else ""
    sentence = f"Nothing is mailed to {facts.who} since {stamp(stop.at, issue.zone)}: {_STOPPED[stop.reason]}.{words}"
    evidence = [Evidence(stop.at, "list", f"suppressed: {stop.reason.value}" + (f", {stop.note}" if stop.note else ""))]
    in_spite = " --despite-complaint" if stop.reason is SuppressionReason.COMPLAINT else ""
    remedy = f"If that is over, newsletter subscribers unsuppress {facts.who} --why …{in_spite} lifts it."
    return Answer(Case.SUPPRESSED, sentence, evidence, remedy)


def _suppressed_then(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    """What kept them out then and is lifted since."""
    over = next((one for one in person.over if one.stop.at <= moment < one.at), None)
    if over is None:
        return None
    sentence = (
        f"Nothing was mailed to {facts.who} from {stamp(over.stop.at, issue.zone)} until {stamp(over.at, issue.zone)}:"
        f" {_STOPPED[over.stop.reason]}. That is lifted since, in the words {quoted(over.why)}."
    )
    evidence = [
        Evidence(over.stop.at, "list", " ".join(part for part in (over.stop.reason.value, over.stop.note) if part)),
        *_frozen(issue, moment),
        Evidence(over.at, "list", f"lifted: {over.why}"),
    ]
    return Answer(Case.SUPPRESSED, sentence, evidence)


def _paused(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    if person.paused_until is None or person.paused_until <= issue.day:
        return None
    until = of_day(person.paused_until)
    sentence = f"{facts.who} paused by their own wish: they want nothing before {until}, and this is {issue.spoken}."
    evidence = [Evidence(None, "list", f"paused until {person.paused_until}")]
    return Answer(Case.PAUSED, sentence, evidence, "They end the pause on their preferences page.")


def _monthly(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    if person.rhythm is not Rhythm.MONTHLY or issue.first_of_month is None:
        return None
    sentence = (
        f"{facts.who} wants only the first edition of each month, and in {issue.day:%B} that was the one of"
        f" {of_day(issue.first_of_month)}."
    )
    return Answer(Case.MONTHLY, sentence, [Evidence(None, "list", f"rhythm: {person.rhythm.value}")])


def _outside_segment(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer | None:
    unmet = [condition.words for condition in issue.conditions if not condition.holds]
    if not issue.segment or (issue.conditions and not unmet):
        return None
    then = issue.run.segment_then if issue.run else ""
    evidence = [Evidence(issue.run.frozen_at if issue.run else None, "ledger", then or f"segment {issue.segment}")]
    goes = "went" if issue.run else "goes"
    if not issue.conditions:
        sentence = (
            f"{issue.spoken} {goes} to the segment {issue.segment} alone, which is not kept any more: whether"
            f" {facts.who} was in it nobody can say."
        )
        return Answer(Case.OUTSIDE_SEGMENT, sentence, evidence)
    sentence = (
        f"{issue.spoken} {goes} to the segment {issue.segment} alone, and {facts.who} is not in it:"
        f" {listed([_unmet(words, person) for words in unmet])}."
    )
    return Answer(Case.OUTSIDE_SEGMENT, sentence, evidence)


def _unmet(words: str, person: Standing) -> str:
    """What a condition asks for and the person has not; their topics are named, for they chose them."""
    if words.startswith("topic"):
        ticked = f"they ticked {listed(sorted(person.topics))}" if person.topics else "they ticked no topic"
        return f"it asks for {words}, and {ticked}"
    return f"it asks for {words}"


def _unexplained(facts: Facts, person: Standing, issue: Issue, moment: datetime) -> Answer:
    stop = person.suppression
    sentence = (
        f"{facts.who} could have had {issue.spoken} as they stand on record, and was not in its audience when that was"
        f" fixed {on(moment, issue.zone)}: a pause, a suppression or a choice of theirs must have ended since."
    )
    evidence = [*_frozen(issue, moment), *_steps(person, issue.lists)]
    if stop is not None:
        evidence.append(Evidence(stop.at, "list", f"suppressed since: {stop.reason.value}"))
    return Answer(Case.CHANGED_SINCE, sentence, evidence, "newsletter audit counts the audience again.")


#: in the order in which a colleague would look
_REASONS: tuple[_Reason, ...] = (_nothing_to_correct, _not_on_list, _suppressed, _paused, _monthly, _outside_segment)


def _by(step: Step) -> str:
    """By which way, as a sentence says it."""
    return {
        "one-click": "by the unsubscribe button of their mail program",
        "letter": "by a letter to the unsubscribe mailbox",
        "confirmation link": "by the link in our letter",
        "command line": "by hand, on the command line",
        "preferences page": "on their preferences page",
        "unsubscribe page": "on the unsubscribe page",
        "undo on the unsubscribe page": "on the unsubscribe page",
        "sign-up form": "by the sign-up form",
        "sendgrid unsubscribe": "by SendGrid's link in the mail",
        "sendgrid group_unsubscribe": "by SendGrid's page",
    }.get(step.source, f"by {step.source}")


def _list_names(issue: Issue) -> str:
    return f"the list {issue.lists[0]}" if len(issue.lists) == 1 else f"any of the lists {listed(issue.lists)}"


def _steps(person: Standing, slugs: tuple[str, ...]) -> list[Evidence]:
    return [
        Evidence(step.at, "list", f"{step.slug}: {step.consent.value}, by {step.source}")
        for step in person.steps
        if step.slug in slugs
    ]


def _frozen(issue: Issue, moment: datetime) -> list[Evidence]:
    return [Evidence(moment, "ledger", "the audience was fixed")] if issue.run else []
