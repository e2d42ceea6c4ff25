"""Whose fault an answer is: one table for hand-over, events and bounces alike; pure, it knows no server by name.

Only an answer about the reader may cost a reader their copy, and only "there is no such mailbox" teaches
anything about them. Sources: RFC 5321 section 4.2 (basic codes), RFC 3463 (enhanced codes), and what servers
were seen to say.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Step(StrEnum):
    """What the other side answered to."""

    CONNECT = "the connection"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "the login"
    MAIL = "the sender"
    RCPT = "the recipient"
    DATA = "DATA"
    DOT = "the message"
    #: told after it was accepted: an event, or a bounce
    LATER = "the copy, later"


class Whose(StrEnum):
    """Whom an answer is about."""

    #: this recipient and nobody else
    READER = "the reader"
    #: our address, login, authentication or reputation: the same for every copy
    US = "us"
    #: its size or content, the same for every copy or nearly so
    MESSAGE = "the message"
    #: this connection: its limits, or commands that got out of step; another one may fare better
    CONNECTION = "the connection"
    #: the server as a whole, now
    SERVER = "the server"


class Lesson(StrEnum):
    """What an answer teaches about a person, beyond this one copy."""

    #: there is no such mailbox: never mail it again
    DEAD = "dead"
    #: the mailbox is full: it may be emptied
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Fault:
    """What an answer says."""

    whose: Whose
    #: asking again would be answered so again
    lasting: bool
    lesson: Lesson | None = None


class _Rule(NamedTuple):
    """At one of *steps*, a basic code (or an enhanced one) that matches means *whose*."""

    steps: frozenset[Step]
    code: re.Pattern[str]
    whose: Whose
    lesson: Lesson | None = None


def _rules(*lines: tuple[str, str, Whose] | tuple[str, str, Whose, Lesson]) -> tuple[_Rule, ...]:
    return tuple(_Rule(_STEPS[line[0]], re.compile(line[1]), *line[2:]) for line in lines)


#: before any mail, the sender, the recipient, the message, and whatever names a recipient
_STEPS = {
    "before": frozenset({Step.CONNECT, Step.EHLO, Step.STARTTLS}),
    "login": frozenset({Step.AUTH}),
    "sender": frozenset({Step.MAIL}),
    "recipient": frozenset({Step.RCPT, Step.LATER}),
    "message": frozenset({Step.DATA, Step.DOT}),
    "copy": frozenset({Step.RCPT, Step.LATER, Step.DATA, Step.DOT}),
    "mail": frozenset({Step.MAIL, Step.RCPT, Step.LATER, Step.DATA, Step.DOT}),
    "any": frozenset(Step),
}

#: the first that fits an enhanced code, less its first figure
_ENHANCED = _rules(
    ("before", r".*", Whose.SERVER),
    ("login", r".*", Whose.US),
    ("mail", r"5\.[13]$", Whose.CONNECTION),  # out of step; too many recipients, which some say of a session
    ("mail", r"3\.4$|2\.3$", Whose.MESSAGE),  # too large: for the server, for the mailbox
    ("mail", r"3\.|4\.3$|4\.5$", Whose.SERVER),
    ("mail", r"6\.7$|6\.9$", Whose.READER),  # an address in letters that the way there does not bear
    ("mail", r"6\.", Whose.MESSAGE),
    ("mail", r"7\.(17|18)$", Whose.READER),  # the mailbox, or its domain, has another owner now
    ("mail", r"7\.", Whose.US),
    ("sender", r"5\.", Whose.US),
    ("sender", r".*", Whose.US),
    ("copy", r"1\.[79]$|1\.8$", Whose.US),  # our own address
    ("copy", r"1\.(1|2|3|6|10)$", Whose.READER, Lesson.DEAD),
    ("copy", r"1\.", Whose.READER),
    ("copy", r"2\.1$", Whose.READER, Lesson.DEAD),  # disabled
    ("copy", r"2\.2$", Whose.READER, Lesson.FULL),
    ("copy", r"2\.", Whose.READER),
    ("copy", r"4\.6$", Whose.SERVER),  # a loop
    ("copy", r"4\.", Whose.READER),
    ("recipient", r"5\.0$", Whose.READER),  # "mailbox unavailable", of a large provider
    ("copy", r"5\.", Whose.US),
)

#: the first that fits a basic code, where the enhanced one says nothing
_BASIC = _rules(
    ("before", r"...", Whose.SERVER),
    ("login", r"454|4..", Whose.SERVER),
    ("any", r"530|53[458]", Whose.US),
    ("login", r"5..", Whose.US),
    ("mail", r"50[0234]", Whose.CONNECTION),
    ("sender", r"552", Whose.MESSAGE),
    ("sender", r"4..", Whose.SERVER),
    ("sender", r"5..", Whose.US),
    ("recipient", r"550", Whose.READER, Lesson.DEAD),
    ("recipient", r"[45]52", Whose.READER, Lesson.FULL),
    ("recipient", r"554|555", Whose.US),
    ("recipient", r"...", Whose.READER),
    ("message", r"4..", Whose.SERVER),
    ("message", r"5..", Whose.MESSAGE),
)

#: at the beginning of an answer, or of a line of it: "550-5.1.1 …", "5.1.1 …", "550 #5.1.1 …"
_CODE = re.compile(r"(?:^|\s)(?:([245]\d\d)[ -])?#?(?:([245])\.(\d{1,3}\.\d{1,3})(?![.\d]))?")
#: words of policy behind a code that speaks of mailboxes; seen with 550 and 5.1.1 alike they spare the reader
_POLICY = re.compile(
    r"\b(?:spam\w*|blocked|block ?list\w*|black ?list\w*|dnsbl|rbl|reputation|policy|polic|relay|rcpthosts"
    r"|authenticat\w*|unauthenticated|spf|dkim|dmarc|ptr record|reverse dns|banned|denied|not permitted|prohibited"
    r"|preferences|(?:daily|hourly|relay|sending) (?:\w+ )?(?:quota|limit)|too many (?:recipients|messages|e?mails))\b",
    re.IGNORECASE,
)
#: words that name the recipient's mailbox for certain, whatever else is said: "User unknown in relay recipient table"
_NOBODY = re.compile(
    r"\b(?:user unknown|unknown user|no such (?:user|mailbox|recipient|address)|unknown in (?:virtual|relay|local)"
    r"|(?:user|mailbox|recipient|account)(?: address)? (?:unknown|not found|does(?:n't| not) exist))\b",
    re.IGNORECASE,
)
#: words about our own address, which may be called an unknown user too: some servers look it up and answer with that
_SENDER = re.compile(
    r"\b(?:sender (?:address|verif\w*|domain|denied|rejected|unknown)|verification failed for|sender callout"
    r"|domain of sender|unroute?able sender|from: domain|return(?:ing)? (?:address|path)|envelope from"
    r"|address of the sender)\b",
    re.IGNORECASE,
)
#: of foreign words no more than this is looked at, in characters
_LOOKED_AT = 1000


def judge(step: Step, code: int | None, words: str = "", *, status: str = "") -> Fault:
    """Whose fault the answer *code* *words* to *step* is; *status* is an enhanced code that was told beside it.

    The code in the words counts for more than *status*: many reports say 5.0.0 beside "552 5.2.2 full".
    Without any code it is taken as 550, for somebody said no.
    """
    words = words[:_LOOKED_AT]
    said, enhanced = _codes(words)
    basic = str(code or said or (f"{status[0]}50" if status[:1] in {"4", "5"} else 550))
    enhanced = enhanced or _general(status)
    if basic == "421" and step is not Step.LATER:
        return Fault(Whose.CONNECTION, lasting=False)
    lasting = (enhanced or basic)[0] == "5" if step is Step.LATER else basic[0] == "5"
    rule = _first(_ENHANCED, step, enhanced[2:]) if enhanced and not enhanced.endswith(".0.0") else None
    rule = rule or _first(_BASIC, step, basic)
    if rule is None:
        return Fault(Whose.SERVER, lasting)
    if rule.lesson is Lesson.DEAD and against_us(words):
        return Fault(Whose.US, lasting)
    return Fault(rule.whose, lasting, rule.lesson if lasting or rule.lesson is Lesson.FULL else None)


def against_us(words: str) -> bool:
    """Whether *words* speak of us or of a policy, so that whatever they say of a mailbox teaches nothing about it."""
    words = words[:_LOOKED_AT]
    return bool(_SENDER.search(words) or (_POLICY.search(words) and not _NOBODY.search(words)))


def _first(rules: tuple[_Rule, ...], step: Step, code: str) -> _Rule | None:
    return next((rule for rule in rules if step in rule.steps and rule.code.match(code)), None)


def _codes(words: str) -> tuple[str, str]:
    """The basic and the first enhanced code in *words*, each empty where there is none."""
    basic = enhanced = ""
    for match in _CODE.finditer(words):
        basic = basic or match[1] or ""
        if match[3] and (match[1] or match.start() == 0 or not enhanced):
            enhanced = f"{match[2]}.{match[3]}"
            break
    return basic, enhanced


def _general(status: str) -> str:
    match = re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status.strip()[:20])
    return match[0] if match else ""
