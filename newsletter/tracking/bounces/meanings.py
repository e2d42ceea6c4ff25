"""What an answer means and what it teaches: a table of enhanced codes (RFC 3463), and one of words.

Whose fault it is says `delivery.wire.blame`, for hand-over, events and bounces alike; here it gets a name that a
person can count. Where two things that are said quarrel, the milder one is believed: an address is dead only
where nothing speaks against it.
"""

import re
from typing import NamedTuple

from newsletter.delivery.wire import blame
from newsletter.delivery.wire.blame import Step, Whose
from newsletter.tracking.bounces import wordings
from newsletter.tracking.bounces.judgement import Action, Lesson, Meaning


class Verdict(NamedTuple):
    """What an answer comes to."""

    meaning: Meaning
    lesson: Lesson
    code: str


#: the first that fits an enhanced code, less its first figure
_CODES: tuple[tuple[str, Meaning], ...] = (
    (r"1\.[79]$|1\.8$", Meaning.POLICY),  # our own address
    (r"1\.2$", Meaning.NO_HOST),
    (r"1\.(1|3|6|10)$|2\.1$", Meaning.DEAD),
    (r"2\.2$|3\.1$", Meaning.FULL),
    (r"2\.3$|3\.4$", Meaning.TOO_LARGE),
    (r"4\.4$", Meaning.NO_HOST),
    (r"4\.(6|8|14)$|3\.5$", Meaning.LOOP),
    (r"4\.(310|312)$", Meaning.NO_HOST),
    (r"4\.(2|3|5|7|316)$|3\.2$", Meaning.TEMPORARY),
    (r"4\.1$|7\.13$", Meaning.OTHER),  # no answer, and of a large provider: no such user; a user who was locked out
    (r"7\.(17|18)$", Meaning.DEAD),
    (r"7\.", Meaning.POLICY),
)
_BY_CODE = tuple((re.compile(code), meaning) for code, meaning in _CODES)

#: the code that a meaning has where only words tell it
_TOLD_IN_WORDS = {
    Meaning.DEAD: "5.1.1",
    Meaning.FULL: "5.2.2",
    Meaning.TOO_LARGE: "5.3.4",
    Meaning.NO_HOST: "5.1.2",
    Meaning.LOOP: "5.4.6",
    Meaning.POLICY: "5.7.1",
}
_SPECIFIC = 2
#: codes of no known meaning that are about the reader all the same
_OF_READERS = frozenset({"4.1", "7.13"})
#: what may pass while a message waits, and has a name of its own
_WAITS = frozenset({Meaning.FULL, Meaning.LOOP, Meaning.TEMPORARY})
#: said in words beside the code of an unknown user, these count for more
_MILDER = frozenset({Meaning.FULL, Meaning.LOOP, Meaning.TEMPORARY, Meaning.TOO_LARGE})
#: answers to these speak of no recipient
_BEFORE_ANY_RECIPIENT = frozenset({Step.EHLO, Step.MAIL})
#: what a server says of any rule of its own, less its first figure
_ANY_RULE = frozenset({"7.0", "7.1"})
#: RFC 5321 section 4.2.2, word for word
_UNAVAILABLE = re.compile(r"requested action not taken: mailbox unavailable", re.IGNORECASE)
_LESSONS = {
    Meaning.DEAD: Lesson.SUPPRESS,
    Meaning.FULL: Lesson.COUNT,
    Meaning.NO_HOST: Lesson.COUNT,
    Meaning.TEMPORARY: Lesson.COUNT,
    Meaning.POLICY: Lesson.ALARM,
    Meaning.TOO_LARGE: Lesson.ALARM,
    Meaning.LOOP: Lesson.ALARM,
}
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([245]\d\d)(?=[ :;,)-]|$)")
_NOTHING = re.compile(r"#?\b[245]\.0\.0\b")
#: of foreign words no more than this is looked at, in characters; a basic code stands near their beginning
_LOOKED_AT, _CODES_WITHIN = 1000, 160


def weigh(action: Action, status: str, words: str, step: Step, *, said: str = "", unfinished: bool = False) -> Verdict:
    """What a report comes to that tells *status*, and a server's *words* in answer to *step*.

    *said* are words around them, for where they hold no answer. *unfinished*: more words may have followed.
    """
    words = words[:_LOOKED_AT]
    basic, told = _codes(words)
    code = _truest(basic, told, status)
    found = _meaning(basic, code, words, said[:_LOOKED_AT], step)
    if found is Meaning.DEAD and unfinished and _weight(code) < _SPECIFIC:
        found = Meaning.OTHER
    if action is not Action.FAILED:
        # it will be tried again, so nothing is for good
        found = found if found in _WAITS else Meaning.TEMPORARY
    shown = code if _weight(code) else basic or _TOLD_IN_WORDS.get(found, "")
    return Verdict(found, _lesson(found, basic, code, words, step) if action is Action.FAILED else Lesson.NONE, shown)


def basic(words: str) -> str:
    """The basic code of an answer; empty where it has none."""
    return _codes(words[:_LOOKED_AT])[0]


def tells(words: str) -> int:
    """How much *words* say: 4 a code that says what, 3 one that says about what, 2 a basic code, 1 known words."""
    if not words:
        return 0
    three, told = _codes(words[:_LOOKED_AT])
    if weight := _weight(told):
        return weight + 2
    if three:
        return 2
    return 1 if wordings.meaning(words[:_LOOKED_AT]) else 0


def _meaning(basic: str, code: str, words: str, said: str, step: Step) -> Meaning:
    found = _told(basic, code, words, said, step)
    # nobody had been named yet: it was said to us
    return Meaning.POLICY if found is Meaning.DEAD and step in _BEFORE_ANY_RECIPIENT else found


def _told(basic: str, code: str, words: str, said: str, step: Step) -> Meaning:
    by_code = _by_code(code)
    in_words = wordings.meaning(words)
    if (code or basic)[:1] == "4":
        lasting = by_code or (in_words if _weight(code) < _SPECIFIC else None)
        return lasting if lasting in _WAITS and lasting is not None else Meaning.TEMPORARY
    if by_code is Meaning.DEAD:
        if basic == "556" or (code[2:] == "1.10" and in_words is Meaning.NO_HOST):
            return Meaning.NO_HOST  # RFC 7505; others say 5.1.10 of a mailbox
        if blame.against_us(words):
            return Meaning.POLICY
        return in_words if in_words in _MILDER and in_words is not None else Meaning.DEAD
    if by_code is Meaning.POLICY and code[2:] in _ANY_RULE and in_words is Meaning.FULL:
        return Meaning.FULL  # a rule of Postfix's that looked at the quota answers so
    if by_code is not None:
        return by_code
    if basic == "550" and code == "5.5.0" and _UNAVAILABLE.search(words):
        # Outlook.com's form of a bare 550
        return _by_blame(basic, "", words.replace(code, ""), step)
    if in_words in {Meaning.DEAD, Meaning.NO_HOST} and blame.against_us(words):
        return Meaning.POLICY
    if in_words is not None and in_words is not Meaning.OTHER:
        return in_words
    if basic or _weight(code):
        return _by_blame(basic, code, words, step)
    return Meaning.POLICY if blame.against_us(words) else wordings.meaning(said) or Meaning.OTHER


def _by_code(code: str) -> Meaning | None:
    if _weight(code) < _SPECIFIC and not code[2:].startswith("7."):
        return None
    return next((meaning for pattern, meaning in _BY_CODE if pattern.match(code[2:])), None)


def _by_blame(basic: str, code: str, words: str, step: Step) -> Meaning:
    fault = _fault(basic, code, words, step)
    if fault.lesson is blame.Lesson.DEAD:
        return Meaning.DEAD
    if fault.lesson is blame.Lesson.FULL:
        return Meaning.FULL
    match fault.whose:
        case Whose.US:
            return Meaning.POLICY
        case Whose.MESSAGE:
            return Meaning.TOO_LARGE if basic == "552" else Meaning.POLICY
        case _:
            return Meaning.OTHER


def _fault(basic: str, code: str, words: str, step: Step) -> blame.Fault:
    # a code that says nothing must not stand before one that does
    return blame.judge(step, int(basic) if basic else None, _NOTHING.sub("", words), status=code)


def _lesson(found: Meaning, basic: str, code: str, words: str, step: Step) -> Lesson:
    if found is not Meaning.OTHER:
        return _LESSONS[found]
    if (not basic and not _weight(code)) or code[2:] in _OF_READERS:
        return Lesson.COUNT
    fault = _fault(basic, code, words, step)
    return Lesson.COUNT if fault.whose is Whose.READER else Lesson.ALARM


def _codes(words: str) -> tuple[str, str]:
    """The basic and the enhanced code that *words* begin with, or nearly so; each empty where there is none."""
    beginning = words[:_CODES_WITHIN]
    basic, enhanced = _BASIC.search(beginning), None
    for match in _ENHANCED.finditer(words):
        if enhanced is None or (_weight(enhanced) == 0 and _weight(match[0])):
            enhanced = match[0]
    return basic[1] if basic else "", enhanced or ""


def _truest(basic: str, told: str, status: str) -> str:
    """The code that says most; what the server said itself counts for more than what the report makes of it."""
    if _weight(told) >= _weight(status) and told:
        return told
    if basic and status and basic[0] != status[0]:
        return told
    return status or told


def _weight(code: str) -> int:
    """2 where *code* says what happened, 1 where it says about what, 0 where it says nothing."""
    if not code or code.endswith(".0.0"):
        return 0
    return 1 if code.endswith(".0") else _SPECIFIC
