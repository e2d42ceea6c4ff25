"""The bytes of one message that came back, understood: who it is about, what happened, what that teaches.

Pure, and for any bytes: what is not understood is "unrecognised", never an exception. What counts for more stands
first: fields made for machines, then what a server is quoted with, then words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.delivery.wire.blame import Step
from newsletter.tracking.bounces import (
    automatic,
    complaints,
    heuristics,
    mail,
    meanings,
    reports,
    transcripts,
    whose,
    wordings,
)
from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson, Meaning
from newsletter.tracking.bounces.mail import Head, Mail
from newsletter.tracking.bounces.reports import Recipient, Report
from newsletter.tracking.bounces.transcripts import Answer, Text

#: characters of a server's words that are kept
_WORDS = 500
#: reports within reports: somebody forwarded one
_DEEPEST = 3
_ACTIONS = {
    "failed": Action.FAILED,
    "failure": Action.FAILED,
    "fail": Action.FAILED,
    "error": Action.FAILED,  # OpenSMTPD, once
    "delayed": Action.DELAYED,
    "delivered": Action.DELIVERED,
    "relayed": Action.RELAYED,
    "expanded": Action.RELAYED,
    "deliverable": Action.DELIVERED,  # Postfix, asked to try and not to send
}
#: of several recipients of one copy, the one that is told first
_GRAVEST = (Action.FAILED, Action.DELAYED, Action.RELAYED, Action.DELIVERED)


def understand(raw: bytes) -> tuple[Judgement, ...]:
    """What the message *raw* says: a judgement for each recipient it speaks of, the gravest first; at least one."""
    message = mail.read(raw)
    found = _understand(message, 0)
    return found if _is_whole(message) else tuple(map(_spared, found))


def _is_whole(message: Mail) -> bool:
    """Whether what *message* says of a recipient is all there: neither its head nor its report's end is missing."""
    ends_in_report = message.cut and (not message.parts or message.parts[-1].inner is None)
    return "from" in message.head and not ends_in_report


def _spared(judgement: Judgement) -> Judgement:
    """*judgement* of a message of which a part is lost: what it says may be qualified in what is not there."""
    return replace(judgement, lesson=Lesson.COUNT) if judgement.lesson is Lesson.SUPPRESS else judgement


@dataclass(frozen=True, slots=True)
class _Case:
    """A message and what can be seen of it at once."""

    message: Mail
    text: Text
    #: the head of the message that came back
    returned: Head
    #: all that names whose copy it is
    clues: Judgement
    #: addresses that are ours, lower case
    ours: Sequence[str]


def _understand(message: Mail, depth: int) -> tuple[Judgement, ...]:
    case = _open(message)
    if (fields := complaints.find(message, case.returned)) is not None:
        return (_complaint(case, fields),)
    if (report := reports.find(message)) is not None:
        return _reported(case, report)
    if note := next(message.of("message/disposition-notification"), None):
        return (_disposed(case, dict(mail.fields(note.text))),)
    from_daemon = automatic.is_from_daemon(message)
    if depth < _DEEPEST and not from_daemon and (inner := _forwarded(message)) is not None:
        found = _understand(inner, depth + 1)
        # a reader who asks about a report of other mail wrote a letter
        return found if not _is_reply(case) or any(one.token for one in found) else (case.clues,)
    whole = "\n".join(part.text for part in message.parts)
    if (report := reports.find_loose(whole)) is not None:
        if from_daemon:
            return _reported(case, report)
        if _is_reply(case):
            # somebody shows us a report, which may be about anybody's mail, in answer to our own
            return (case.clues,)
        return tuple(map(_spared, _reported(case, report)))
    return _in_words(case)


def _open(message: Mail) -> _Case:
    text = transcripts.text_of(message)
    inner = (part.inner.head for part in message.parts if part.inner is not None and part.inner.head.fields)
    returned = next(inner, text.returned)
    head = message.head
    clues = Judgement(
        Action.UNRECOGNISED,
        token=whose.token(*whose.envelope(head)) or whose.token(*whose.envelope(returned)),
        message_id=whose.message_id(returned.get("message-id"), head.get("references"), head.get("in-reply-to")),
        list_id=returned.get("list-id"),
        feedback_id=returned.get("feedback-id"),
    )
    names = [*head.all("to", "delivered-to", "from", "sender", "reply-to"), *returned.all("from", "reply-to", "sender")]
    ours = [address.lower() for name in names for address in whose.addresses(name[:1000])]
    return _Case(message, text, returned, clues, ours)


# complaints, receipts, what was forwarded


def _complaint(case: _Case, fields: dict[str, str] | object) -> Judgement:
    said = dict(fields) if isinstance(fields, dict) else {}
    kind = said.get("feedback-type", "abuse").strip().lower()
    token = case.clues.token or whose.token(said.get("original-mail-from", ""), *said.values())
    told = [said.get(name, "") for name in ("original-rcpt-to", "removal-recipient", "original-recipient")]
    shown = [*told, *case.returned.all(*complaints.ADDED), *case.returned.all("to")]
    found = [address for text in shown for address in whose.addresses(text[:1000]) if address.lower() not in case.ours]
    clues = replace(case.clues, token=token, address=next((one for one in found if not whose.token(one)), ""))
    if kind == "not-spam":
        return replace(clues, words="not spam")
    if kind.startswith(("auth-failure", "dmarc", "dkim")):
        return replace(clues, meaning=Meaning.POLICY, lesson=Lesson.ALARM, words=kind)
    if kind.startswith("virus"):
        # a scanner's, of what we sent: no reader asked for anything
        return replace(clues, meaning=Meaning.POLICY, lesson=Lesson.ALARM, words=kind)
    if kind.startswith("opt-out"):
        return replace(clues, action=Action.UNSUBSCRIBE, words=kind)
    return replace(clues, action=Action.COMPLAINT, lesson=Lesson.SUPPRESS, words=kind)


def _disposed(case: _Case, fields: dict[str, str]) -> Judgement:
    about = Recipient(fields)
    address = about.addresses[0] if about.addresses else ""
    message_id = whose.message_id(fields.get("original-message-id", "")) or case.clues.message_id
    words = fields.get("disposition", "")[:_WORDS]
    found = replace(case.clues, action=Action.MDN, address=address, message_id=message_id, words=words)
    if "deleted" in words and wordings.meaning(case.text.said[:2000]) is Meaning.FULL:
        # an old Dovecot says so of a full mailbox
        return replace(found, meaning=Meaning.FULL, lesson=Lesson.COUNT, code="5.2.2")
    return found


def _forwarded(message: Mail) -> Mail | None:
    """The report that somebody sent on whole; whose copy it is about only it can say, and not who sent it on."""
    for part in message.parts:
        inner = part.inner
        if inner is not None and (
            inner.report in {"delivery-status", "feedback-report"}
            or next(inner.of(*reports.STATUS), None)
            or (inner.parts and automatic.is_from_daemon(inner))
        ):
            return inner
    return None


def _is_reply(case: _Case) -> bool:
    """Whether a person answers a message of ours, and hands on none."""
    head = case.message.head
    return automatic.is_reply(head.words("subject")) or ("in-reply-to" in head and not case.returned.fields)


# reports in fields


def _reported(case: _Case, report: Report) -> tuple[Judgement, ...]:
    clues = case.clues
    token = clues.token or whose.token(*report.message.values())
    named = whose.message_id(report.message.get("original-envelope-id", ""))
    case = replace(case, clues=replace(clues, token=token, message_id=clues.message_id or named))
    return _together(case, [_of_recipient(case, one, alone=len(report.recipients) == 1) for one in report.recipients])


def _together(case: _Case, found: list[Judgement]) -> tuple[Judgement, ...]:
    """What is said of several recipients of one copy, the gravest first; the same said twice is said once."""
    found = list(dict.fromkeys(found))
    found.sort(key=lambda one: (one.address.lower() not in _to(case), _GRAVEST.index(one.action)))
    if case.clues.token and any(one.lesson is not Lesson.SUPPRESS for one in found):
        # one copy went to several: whoever it was for is not known to be gone
        found = [replace(one, lesson=Lesson.COUNT) if one.lesson is Lesson.SUPPRESS else one for one in found]
    return tuple(found)


def _to(case: _Case) -> set[str]:
    return {address.lower() for value in case.returned.all("to") for address in whose.addresses(value[:1000])}


def _of_recipient(case: _Case, recipient: Recipient, *, alone: bool) -> Judgement:
    addresses = recipient.addresses
    last = addresses[-1] if addresses else ""
    address = reports.unescaped(addresses[0], last) if addresses else (_elsewhere(case) if alone else "")
    action = _action(case, recipient)
    clues = replace(case.clues, action=action, address=address)
    if action in {Action.DELIVERED, Action.RELAYED}:
        return replace(clues, words=recipient.words[:_WORDS])
    lowered = [one.lower() for one in dict.fromkeys([*addresses, address])]
    blocks = transcripts.blocks(case.text.said, case.ours)
    block = next((blocks[one] for one in lowered if one in blocks), "")
    answer = transcripts.answer(block) or transcripts.answer(case.text.said, *lowered, only=not alone)
    said = transcripts.sentence(block or case.text.said, *lowered)
    words = _chosen(recipient.words, answer, said)
    step = answer.step if answer else Step.LATER
    verdict = meanings.weigh(action, recipient.status, words, step, said=said)
    return _with(clues, verdict, words)


def _action(case: _Case, recipient: Recipient) -> Action:
    if action := _ACTIONS.get(recipient.action):
        return action
    if recipient.status.startswith("2"):
        return Action.DELIVERED
    waits = recipient.status.startswith("4") or not recipient.status
    delayed = waits and automatic.is_delay(case.message.head.words("subject"), case.text.said)
    return Action.DELAYED if delayed else Action.FAILED


def _chosen(diagnostic: str, answer: Answer | None, said: str) -> str:
    """The words that say most of what happened."""
    quoted = answer.words if answer else ""
    # in the text some servers quote the same answer whole, and others say what they made of it
    same = meanings.basic(diagnostic) in {"", meanings.basic(quoted)}
    if diagnostic and (not same or meanings.tells(diagnostic) >= meanings.tells(quoted)):
        return diagnostic
    return quoted or diagnostic or said


# reports in words


def _in_words(case: _Case) -> tuple[Judgement, ...]:
    head, said = case.message.head, case.text.said
    subject = head.words("subject")
    answers = automatic.is_answer(head)
    reports_it = automatic.is_report(subject) and not automatic.is_reply(subject)
    if automatic.is_unsubscribe(head):
        return (replace(case.clues, action=Action.UNSUBSCRIBE),)
    reports_it = reports_it and (not answers or bool(case.returned.fields))
    from_system = automatic.is_from_daemon(case.message) or (
        automatic.is_from_nobody(head) and transcripts.answer(said) is not None
    )
    if not from_system and not reports_it:
        return (replace(case.clues, action=Action.AUTO_REPLY) if answers else case.clues,)
    if answers and not reports_it and not case.returned.fields and transcripts.answer(said) is None:
        # a postmaster may be away too
        return (replace(case.clues, action=Action.AUTO_REPLY),)
    action = Action.DELAYED if automatic.is_delay(subject, said) else Action.FAILED
    blocks = transcripts.blocks(said, case.ours)
    if len(blocks) > 1 and all(_tells(block, address) for address, block in blocks.items()):
        found = [_of_block(case, action, block, address) for address, block in blocks.items()]
        return _together(case, found)
    address = _elsewhere(case, *blocks)
    if _tells(said, address.lower()) or (address and reports_it):
        return (_of_block(case, action, said, address),)
    if reports_it and (address := heuristics.failed(case.message)):
        return (_of_block(case, action, said, address),)
    return (replace(case.clues, action=Action.AUTO_REPLY) if answers else case.clues,)


def _tells(said: str, address: str) -> bool:
    """Whether *said* says what happened to a message."""
    return transcripts.answer(said, address) is not None or wordings.meaning(said) is not None


def _of_block(case: _Case, action: Action, said: str, address: str) -> Judgement:
    """What is *said* of one recipient, in words alone."""
    answer = transcripts.answer(said, address.lower())
    words = answer.words if answer else transcripts.sentence(said, address.lower())
    unfinished = answer is not None and answer.goes_on and not case.returned.fields
    step = answer.step if answer else Step.LATER
    # some say it in the subject alone
    around = said if wordings.meaning(said) else case.message.head.words("subject")
    verdict = meanings.weigh(action, "", words, step, said=around, unfinished=unfinished)
    found = _with(replace(case.clues, action=action, address=_written(case, address)), verdict, words)
    # neither a server's answer nor our message is there: a cut report, or junk that looks like one
    return found if answer or case.returned.fields else _spared(found)


def _written(case: _Case, address: str) -> str:
    """*address* in the letters in which the message has it."""
    named = (one for one in whose.addresses(case.text.said) if one.lower() == address)
    return next(named, address)


def _elsewhere(case: _Case, *named_first: str) -> str:
    """The recipient, by what is no field of a report: heads of the message itself, and the message that came back."""
    head = case.message.head
    for text in head.all("x-failed-recipients", "x-original-to", "x-actual-recipient"):
        for address in whose.addresses(text[:2000]):
            if address.lower() not in case.ours and not whose.token(address):
                return address
    said = _written(case, named_first[0]) if named_first else transcripts.named(case.text.said, case.ours)
    return said or next(
        (one for value in case.returned.all("to") for one in whose.addresses(value[:1000]) if not whose.token(one)), ""
    )


def _with(clues: Judgement, verdict: meanings.Verdict, words: str) -> Judgement:
    line = " ".join(words.split())[:_WORDS]
    return replace(clues, meaning=verdict.meaning, lesson=verdict.lesson, code=verdict.code, words=line)
