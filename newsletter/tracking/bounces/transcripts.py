"""What a report says in words, for people: the server's answer, what it answered to, and whose address is named."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsletter.delivery.wire.blame import Step
from newsletter.tracking.bounces import mail, whose, wordings
from newsletter.tracking.bounces.mail import Head, Mail
from newsletter.tracking.bounces.phrases import any_of

#: characters of a text that are looked at, and of one answer
_LOOKED_AT, _ANSWER_LENGTH = 10_000, 1000
#: a line behind which the message that came back is copied
_COPY = any_of(
    r"""
    (?:below (?:this line|the next line)|this|included|enclosed|attached) is a copy of / below is a copy of the original
    (?:the |your |a copy of the )?(?:original|returned|unsent|undelivered|bounced) (?:message|mail)[-=*_#.: \t]*$
    (?:the |your )?(?:original|returned|unsent|undelivered) (?:message|mail) (?:text|headers?)[-=*_#.: \t]*$
    (?:the |your )?(?:original|returned|unsent|undelivered) (?:message|mail)(?: headers?)? (?:follows|is )
    (?:the )?(?:message|mail) headers? (?:follows?|is below) / message text follows / old message: / end of message
    your message reads / start of returned message / the header of / forwarded message / weitergeleitete nachricht
    original-nachricht / ursprüngliche nachricht / der header der / message d'origine / mensaje original
    messaggio originale / mensagem original / исходное сообщение / 原始邮件
    """,
    begins=True,
)
_ORNAMENT = "-=*_#>. \t"
#: the first line of a head that came back
_HEAD = any_of(
    r"[> \t]{0,8}(?:Received|Return-Path|DKIM-Signature|Delivered-To|X-Original-To|Message-ID):[ \t]", begins=True
)
#: the first field of a report that lost its form
_FIELDS = any_of(r"[> \t]{0,8}(?:Reporting-MTA|Final-Recipient|Original-Recipient):", begins=True)
_ANSWER = re.compile(
    r"(?<![\d.,:/-])([45]\d\d)(?=[ :)-]|$)[ :-]? ?\(?#?(?:([45]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.MULTILINE
)
#: RFC 5321 section 4.2.1: all lines but the last have a hyphen
_GOES_ON = re.compile(r"\b[45]\d\d-")
_ENHANCED = re.compile(r"(?<![\d.])#?([45]\.\d{1,2}\.\d{1,3})(?![\d.])")
#: what stands before an answer that has no enhanced code to be known by
_BEFORE = re.compile(
    r"(?:^|said|says|response|responded|answer|answered|replied|error|reason|antwort|was|<<<|[;:[\"(])[ \t]*$",
    re.IGNORECASE,
)
_STEPS = (
    (Step.EHLO, re.compile(r"\bEHLO\b|\bHELO\b|initial connection|initial greeting|greeting failed", re.IGNORECASE)),
    (Step.MAIL, re.compile(r"\bMAIL FROM\b|sender command|\bMAIL command", re.IGNORECASE)),
    (
        Step.DOT,
        re.compile(
            r"end of data|DATA closing|final DATA|after I sent the message|message body|content of the message"
            r"|after (?:pipelined )?(?:end of )?DATA|BDAT|\. \(dot\)",
            re.IGNORECASE,
        ),
    ),
    (Step.RCPT, re.compile(r"\bRCPT\b|does not like recipient|recipient command", re.IGNORECASE)),
    (Step.DOT, re.compile(r">>> ?DATA|DATA command|\bDATA\b")),
)
#: what stands before an address at the beginning of a line, and the address itself
_DRESS = "<>\"'*- \t\n"
_FIRST = re.compile(r"[^\s>\"]*")
_LONGEST = 330
_NOBODY = re.compile(
    r"(?:postmaster|mailer-?daemon|abuse|hostmaster|support|help(?:desk)?|noreply|no-reply)@", re.IGNORECASE
)


class Answer(NamedTuple):
    """A server's answer as a text quotes it."""

    #: from its code on, on one line
    words: str
    #: what it answered to, as far as the text says
    step: Step = Step.LATER
    #: the text ends within it: more lines were to follow
    goes_on: bool = False


class Text(NamedTuple):
    """What a message says in words, and the head of the message that it copies."""

    said: str
    returned: Head


def text_of(message: Mail) -> Text:
    """The words of *message* itself, without what it returns."""
    plain = [part.text for part in message.of("text/plain") if part.text.strip()]
    shown = plain or [part.text for part in message.parts if part.kind.startswith("text/") and part.inner is None]
    before, copied = [], ""
    for text in shown:
        said, rest = _cut(text[: 4 * _LOOKED_AT])
        before.append(said)
        copied = copied or rest
    return Text("\n\n".join(before)[:_LOOKED_AT], Head(tuple(mail.fields(copied))) if copied else Head())


def blocks(text: str, ours: Sequence[str]) -> dict[str, str]:
    """Address, in lower case → what *text* says below and beside it, for each line that begins with one."""
    found: dict[str, list[str]] = {}
    now = ""
    for line in text.split("\n"):
        begins = line.strip(_DRESS)[:_LONGEST]
        if "@" in begins:
            first = next(whose.addresses(_FIRST.match(begins)[0]), "")  # type: ignore[index]
            if first and _is_recipient(first, ours):
                now = first.lower()
        if now:
            found.setdefault(now, []).append(line)
    return {address: "\n".join(lines) for address, lines in found.items()}


def answer(text: str, *addresses: str, only: bool = False) -> Answer | None:
    """The answer that *text* quotes, first where one of *addresses* is named; *only* there, if so asked."""
    parts = list(_paragraphs(text))
    named = [(part, part) for part in parts if any(address in part.lower() for address in addresses if address)]
    for candidates in (named,) if only else (named, _pairs(parts)):
        found = [(*best, part) for part, around in candidates if (best := _best(part, around)) is not None]
        if found:
            _, words, step, part = max(found, key=lambda one: one[0])
            last_line = part.rstrip().rpartition("\n")[2]
            return Answer(words, step, text.rstrip().endswith(last_line) and bool(_GOES_ON.search(last_line)))
    return None


def sentence(text: str, *addresses: str) -> str:
    """What *text* says beside one of *addresses*, where it quotes no answer: on one line."""
    parts = list(_paragraphs(text))
    for at, part in enumerate(parts):
        for address in addresses:
            if address and address in (low := part.lower()):
                begin = low.index(address)
                behind = part[begin + len(address) :].strip(_DRESS + ":;,.")
                before = part[:begin].strip(_DRESS)
                below = parts[at + 1] if at + 1 < len(parts) else ""
                for words in (behind, before, below):
                    if wordings.meaning(line := " ".join(words.split())[:_ANSWER_LENGTH]) is not None:
                        return line
                return " ".join((behind or below).split())[:_ANSWER_LENGTH]
    return ""


def named(text: str, ours: Sequence[str]) -> str:
    """The first address in *text* that is none of *ours* and no desk's of a server."""
    return next((address for address in whose.addresses(text) if _is_recipient(address, ours)), "")


def _is_recipient(address: str, ours: Sequence[str]) -> bool:
    return address.lower() not in ours and not _NOBODY.match(address) and not whose.token(address)


def _cut(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        short = line[:200]
        if _COPY.match(short.lstrip(_ORNAMENT)) or (at and (_HEAD.match(short) or _FIELDS.match(short))):
            # what is copied begins with a field, some lines below
            rest = lines[at:]
            if _FIELDS.match(short):
                rest = rest[next((number for number, one in enumerate(rest) if _HEAD.match(one[:200])), len(rest)) :]
            first = next(
                (number for number, one in enumerate(rest[:40]) if mail.is_field(one.lstrip("> \t"))), len(rest)
            )
            return "\n".join(lines[:at]), "\n".join(one.removeprefix("> ") for one in rest[first : first + 400])
    return text, ""


def _paragraphs(text: str) -> Iterator[str]:
    block: list[str] = []
    for line in text.split("\n"):
        if line.strip(" \t>|"):
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)


def _pairs(parts: Sequence[str]) -> list[tuple[str, str]]:
    """Each paragraph with the one before it, which may say what was answered."""
    return [(part, f"{parts[at - 1][-500:]}\n{part}" if at else part) for at, part in enumerate(parts)]


def _best(part: str, around: str) -> tuple[int, str, Step] | None:
    """How much the best answer in *part* says, its words, and what it answered to."""
    found: tuple[int, int] | None = None
    for match in _ANSWER.finditer(part):
        line = part[max(0, part.rfind("\n", 0, match.start()) + 1) : match.start()][-80:]
        if match[2]:
            weight = 4 if not match[2].endswith(".0.0") else 2
        elif _BEFORE.search(line):
            weight = 2
        else:
            continue
        if found is None or weight > found[0]:
            found = (weight, match.start())
        if weight == 4:
            break
    if found is None or found[0] < 4:
        alone = _ENHANCED.search(part)
        if alone and not alone[1].endswith(".0.0"):
            # what is said stands before a code that is only added
            found = (3, found[1] if found else part.rfind("\n", 0, alone.start()) + 1)
    if found is None:
        return None
    words = " ".join(line.strip().removeprefix("<<< ") for line in part[found[1] :][:_ANSWER_LENGTH].split("\n"))
    return found[0], words, _step(around)


def _step(around: str) -> Step:
    return next((step for step, pattern in _STEPS if pattern.search(around[-2000:])), Step.LATER)
