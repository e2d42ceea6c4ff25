"""What became of a copy that was planned: not handed over yet, left out at the last moment, or out in the world."""

import re
from collections.abc import Callable, Mapping

from newsletter.delivery.models import BatchState, SendingState, Status
from newsletter.delivery.wire import blame
from newsletter.delivery.wire.blame import Step, Whose
from newsletter.tracking.reports import opens
from newsletter.tracking.reports.answers import Answer, Case, Evidence, of_day, on, quoted, stamp
from newsletter.tracking.reports.facts import Copy, Facts, Issue, Run, Told
from subscribers import audience
from subscribers.models import Consent

#: how a sentence calls who took a copy
_TAKER = {"sendgrid": "SendGrid", "smtp": "the mail server", "maildir": "the outbox folder on disk"}
#: who tries again, and for how long
_TRYING = {
    "sendgrid": "SendGrid goes on trying, for up to three days",
    "smtp": "the mail server goes on trying, usually for five days, and then tells that it gave up",
    "maildir": "whoever sends on from the outbox folder goes on trying, usually for five days",
}
#: what was understood of mail that came back, as a sentence goes on
_MEANT = {
    "dead": ": there is no such mailbox",
    "full": ": the mailbox is full",
    "policy": ": they do not want it from us, which is not about the reader",
    "too large": ": it was too large for them",
    "no host": ": their domain has no mail server",
    "loop": ": their mail goes round in circles",
    "temporary": ": it was tried for days, and given up",
}
#: what shows that a copy arrived, though no status moved by it
_ARRIVED_BY = {
    "delivered": "their mail server said so",
    "mdn": "their mail program said what it did with it",
    "auto-reply": "a machine of theirs answered it",
}
_LOOK_FOR_SPAM = "If they can't find it, it lies in a spam, promotions or quarantine folder on their side."
_CODE = re.compile(r"\b(?:4(?:21|32|5\d)|5[0-5]\d)\b|\b[45]\.\d{1,3}\.\d")
#: a provider's reason for not even trying → what it means and what to do about it
_DROPPED_FOR = {
    "bounced address": "the address bounced before, and it keeps a list of those",
    "invalid": "it holds the address for no address at all",
    "spam reporting address": "the reader reported a mail of this account as spam",
    "unsubscribed address": "the reader left by its own link",
    "spam content": "it holds our text for spam",
    "recipient list over package quota": "the account's quota is used up",
}


def of_copy(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    """The answer where a row of the ledger says that a copy was planned for them."""
    if copy.outcome is not None and copy.outcome.status is Status.SKIPPED:
        return _skipped(facts, issue, run, copy.outcome)
    if copy.outcome is not None:
        return _refused(facts, issue, run, copy, copy.outcome)
    if copy.progress is not None:
        return _told(facts, issue, run, copy, copy.progress)
    return _BY_BATCH[copy.batch](facts, issue, run, copy)


def _skipped(facts: Facts, issue: Issue, run: Run, outcome: Told) -> Answer:
    at = on(outcome.at, issue.zone)
    evidence = [*_frozen(run), Evidence(outcome.at, "ledger", f"skipped: {outcome.reason}")]
    between = "after the audience was fixed and before their copy went out"
    person = facts.found.person
    match outcome.reason:
        case audience.UNSUBSCRIBED:
            step = (
                next((s for s in reversed(person.steps) if s.consent is Consent.UNSUBSCRIBED), None) if person else None
            )
            when = f" {on(step.at, issue.zone)}" if step else ""
            said = f"{facts.who} left{when}, {between}; so it was not sent."
            evidence += [Evidence(step.at, "list", f"{step.slug}: left, by {step.source}")] if step else []
        case audience.ERASED:
            said = f"They were erased {between}; so it was not sent."
        case audience.PAUSED:
            said = f"{facts.who} paused by their own wish {between}; so it was not sent."
        case reason if reason in audience.SUPPRESSED.values():
            why = reason.removeprefix("suppressed: ")
            said = f"Mail to {facts.who} was stopped ({why}) {between}; so it was not sent."
        case reason:
            said = f"The copy for {facts.who} was left out {at}: {reason}."
    return Answer(Case.SKIPPED, said, evidence)


def _refused(facts: Facts, issue: Issue, run: Run, copy: Copy, outcome: Told) -> Answer:
    taker = _taker(run)
    words = f", and its words were {quoted(outcome.reason)}{_fault(outcome.reason)}" if outcome.reason else ""
    sentence = f"{_capital(taker)} refused the copy for {facts.who} {on(outcome.at, issue.zone)}{words}."
    evidence = [*_way(issue, run, copy), Evidence(outcome.at, run.sender, outcome.reason)]
    remedy = ""
    if outcome.reason[:3].isdigit():
        again = f"newsletter deliveries retry {issue.name} --refused-with {outcome.reason[:3]}"
        remedy = f"Once that is mended, {again} tries again."
    return Answer(Case.REFUSED, sentence, evidence, remedy)


def _fault(words: str) -> str:
    """What an answer is about, as a sentence goes on; empty where it bears no code that says so."""
    if not _CODE.search(words[:200]):
        return ""
    fault = blame.judge(Step.LATER, None, words)
    if fault.lesson is not None:
        return {blame.Lesson.DEAD: ": there is no such mailbox", blame.Lesson.FULL: ": the mailbox is full"}[
            fault.lesson
        ]
    return {
        Whose.READER: ": that is about the reader's own mailbox",
        Whose.US: ": that is about us (our address, login or reputation) and not about the reader",
        Whose.MESSAGE: ": that is about the message, and not about the reader",
        Whose.CONNECTION: ": that is about the connection, and not about the reader",
        Whose.SERVER: ": that is about their server, and not about the reader",
    }[fault.whose]


def _told(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    if told.status in (Status.DELIVERED, Status.DEFERRED) and (seen := opens.seen(facts, issue)):
        return _seen(facts, issue, run, copy, seen)
    return _BY_STATUS[told.status](facts, issue, run, copy, told)


def _seen(facts: Facts, issue: Issue, run: Run, copy: Copy, seen: Answer) -> Answer:
    sentence = f"{seen.sentence}{_then_at(facts, issue, copy)}."
    return Answer(seen.case, sentence, _heard(facts, issue, run, copy), seen.remedy)


def _delivered(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    sentence = (
        f"Their mail server took the copy for {facts.who} {on(told.at, issue.zone)}{_then_at(facts, issue, copy)}."
    )
    return Answer(Case.DELIVERED, sentence, _heard(facts, issue, run, copy), _LOOK_FOR_SPAM)


def _delayed(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    words = f", and says {quoted(told.reason)}" if told.reason else ""
    sentence = f"Their mail server puts the copy for {facts.who} off, last {on(told.at, issue.zone)}{words}."
    remedy = f"Nothing to do: {_TRYING.get(run.sender, 'the mail server goes on trying, usually for five days')}."
    return Answer(Case.DELAYED, sentence, _heard(facts, issue, run, copy), remedy)


def _bounced(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    words = f": {quoted(told.reason)}" if told.reason else ""
    words += _MEANT.get(_meaning(facts), "") or _fault(told.reason)
    sentence = f"The copy for {facts.who} came back {on(told.at, issue.zone)}{words}.{_stopped_since(facts, issue)}"
    return Answer(Case.BOUNCED, sentence, _heard(facts, issue, run, copy))


def _meaning(facts: Facts) -> str:
    """What was understood of the last message that came back."""
    return next((one.meaning for one in reversed(facts.heard) if one.meaning), "")


def _dropped(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    why = _DROPPED_FOR.get(told.reason.strip().lower(), "")
    because = f": {why} ({quoted(told.reason)})" if why else f": {quoted(told.reason)}" if told.reason else ""
    sentence = f"{_capital(_taker(run))} did not even try the copy for {facts.who} {on(told.at, issue.zone)}{because}."
    remedy = f"If the address is good again, take it off the list at {_taker(run)} too." if why else ""
    return Answer(Case.DROPPED, sentence, _heard(facts, issue, run, copy), remedy)


def _complained(facts: Facts, issue: Issue, run: Run, copy: Copy, told: Told) -> Answer:
    sentence = (
        f"{facts.who} had it, and reported it as spam {on(told.at, issue.zone)}; so nothing more is mailed to them."
    )
    return Answer(Case.COMPLAINED, sentence, _heard(facts, issue, run, copy))


_BY_STATUS: Mapping[Status, Callable[[Facts, Issue, Run, Copy, Told], Answer]] = {
    Status.DELIVERED: _delivered,
    Status.DEFERRED: _delayed,
    Status.BOUNCED: _bounced,
    Status.DROPPED: _dropped,
    Status.COMPLAINED: _complained,
}


def _accepted(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    if seen := opens.seen(facts, issue):
        return _seen(facts, issue, run, copy, seen)
    if sign := next((one for one in reversed(facts.heard) if one.kind in _ARRIVED_BY), None):
        sentence = (
            f"The copy for {facts.who} arrived{_then_at(facts, issue, copy)}: {_ARRIVED_BY[sign.kind]}"
            f" {on(sign.at, issue.zone)}."
        )
        return Answer(Case.DELIVERED, sentence, _heard(facts, issue, run, copy), _LOOK_FOR_SPAM)
    at = copy.settled_at or copy.fenced_at
    when = f" {on(at, issue.zone)}" if at else ""
    sentence = (
        f"{_capital(_taker(run))} took the copy for {facts.who}{when}{_then_at(facts, issue, copy)}, and nothing was"
        " heard of it since."
    )
    return Answer(Case.ACCEPTED, sentence, _heard(facts, issue, run, copy), _silence_means(facts, run))


def _silence_means(facts: Facts, run: Run) -> str:
    if run.sender == "maildir":
        return "No mail leaves this machine by it: sender is maildir, which is for trying things out."
    if run.sender == "smtp" and not facts.settling.reads:
        return "Only what fails comes back by SMTP, and no mailbox is read for it: see [mailbox] in newsletter.toml."
    if run.sender == "smtp":
        return "Silence is good news there: only what fails comes back, within five days. Ask them to look for spam."
    if not facts.settling.hears:
        return "Nothing can be heard: sendgrid.webhook_key is not set, so SendGrid's events are not believed."
    return "SendGrid tells within a day what became of it; if it does not, look at its Activity page."


def _unknown(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    at = copy.fenced_at or copy.settled_at
    when = f" {on(at, issue.zone)}" if at else ""
    words = f" ({quoted(copy.reply)})" if copy.reply else ""
    if copy.fenced_at is None:
        # a restored backup does not know what happened after it was made
        sentence = f"A backup was restored{when}, and nobody can say whether the copy for {facts.who} had gone out."
        return Answer(Case.UNKNOWN, sentence, _heard(facts, issue, run, copy), facts.settling.words)
    sentence = (
        f"The copy for {facts.who} was handed over{when} and the answer was lost{words}: nobody can say whether they"
        " have it."
    )
    return Answer(Case.UNKNOWN, sentence, _heard(facts, issue, run, copy), facts.settling.words)


def _on_the_wire(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    since = f" since {stamp(copy.fenced_at, issue.zone)}" if copy.fenced_at else ""
    sentence = f"The copy for {facts.who} is being handed over{since}: ask again in a minute."
    return Answer(Case.ON_THE_WIRE, sentence, _way(issue, run, copy))


def _batch_refused(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    told = Told(Status.REFUSED, copy.reply, copy.settled_at or facts.now)
    return _refused(facts, issue, run, copy, told)


def _cancelled(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    because = f": {run.reason}" if run.reason else ""
    by = f" by {run.by}" if run.by else ""
    when = f" {on(run.at, issue.zone)}" if run.at else ""
    sentence = (
        f"The sending of {issue.spoken} was cancelled{when}{by}{because}; the copy for {facts.who} had not gone out and"
        " will not."
    )
    return Answer(Case.CANCELLED, sentence, _way(issue, run, copy))


def _queued(facts: Facts, issue: Issue, run: Run, copy: Copy) -> Answer:
    evidence = _way(issue, run, copy)
    if run.state is SendingState.PAUSED:
        why = run.wait.why if run.wait else f"paused: {run.reason}"
        since = f" since {stamp(run.wait.since, issue.zone)}" if run.wait and run.wait.since else ""
        sentence = (
            f"The sending of {issue.spoken} stands still{since}, {why}; the copy for {facts.who} is among those that"
            " did not go out yet."
        )
        return Answer(Case.STOPPED, sentence, evidence, f"newsletter resume {issue.name} lets it go on.")
    return Answer(Case.WAITS, f"The copy for {facts.who} {_waits_for(facts, issue, run, copy)}.", evidence)


def _waits_for(facts: Facts, issue: Issue, run: Run, copy: Copy) -> str:
    if copy.not_before is not None and copy.not_before > facts.now:
        when = on(copy.not_before, issue.zone)
        if copy.attempts and copy.reply:
            tries = "once" if copy.attempts == 1 else f"{copy.attempts} times"
            return f"was tried {tries}, and put off with the words {quoted(copy.reply)}; it is tried again {when}"
        return f"goes out {when}, in the morning of its reader"
    if not run.canary_passed and not copy.canary:
        return "waits until the first slice of readers has theirs and was found good"
    if run.wait is not None:
        until = f", until {stamp(run.wait.until, issue.zone)}" if run.wait.until else ""
        return f"waits: {run.wait.why}{until}"
    if copy.lane:
        return f"is in the queue; {copy.lane} has a limit of its own (limits.domains)"
    return "is in the queue: the sending is under way"


_BY_BATCH: Mapping[BatchState, Callable[[Facts, Issue, Run, Copy], Answer]] = {
    BatchState.QUEUED: _queued,
    BatchState.CLAIMED: _queued,
    BatchState.SENDING: _on_the_wire,
    BatchState.ACCEPTED: _accepted,
    BatchState.REFUSED: _batch_refused,
    BatchState.UNKNOWN: _unknown,
    BatchState.CANCELLED: _cancelled,
}


def _taker(run: Run) -> str:
    return _TAKER.get(run.sender, run.sender)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _then_at(facts: Facts, issue: Issue, copy: Copy) -> str:
    """Where it went, if they had another address then."""
    person, moment = facts.found.person, copy.fenced_at
    if person is None or moment is None or (then := person.address_at(moment)) == person.email:
        return ""
    moved = next(change for change in person.changes if change.at > moment)
    return f", at {then}, the address they had until {of_day(moved.at.astimezone(issue.zone).date())}"


def _stopped_since(facts: Facts, issue: Issue) -> str:
    stop = facts.found.person.suppression if facts.found.person else None
    return " Nothing is mailed to them since." if stop else ""


def _frozen(run: Run) -> list[Evidence]:
    return [Evidence(run.frozen_at, "ledger", "the audience was fixed, and they were in it")]


def _way(issue: Issue, run: Run, copy: Copy) -> list[Evidence]:
    """The ledger's own record of the copy."""
    found = _frozen(run)
    if copy.fenced_at:
        tries = f", attempt {copy.attempts}" if copy.attempts > 1 else ""
        found.append(Evidence(copy.fenced_at, "ledger", f"handed over to {_taker(run)}{tries}"))
    if copy.settled_at and copy.batch in (BatchState.ACCEPTED, BatchState.UNKNOWN):
        words = f"{copy.batch.value}: {copy.reply}" if copy.reply else copy.batch.value
        found.append(Evidence(copy.settled_at, run.sender, words))
    return found


def _heard(facts: Facts, issue: Issue, run: Run, copy: Copy) -> list[Evidence]:
    """The ledger's record, and all that was heard since."""
    told = [
        Evidence(
            one.at,
            one.provider,
            " ".join(part for part in (f"{one.kind}:", one.reason or one.detail) if part).rstrip(":"),
        )
        for one in facts.heard
    ]
    found = [*_way(issue, run, copy), *told]
    return sorted(found, key=lambda one: (one.at is None, one.at))
