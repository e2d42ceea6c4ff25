"""Why copies did not arrive, told together: other people's words sorted under what they mean; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.delivery.models import Status
from newsletter.delivery.wire import blame
from newsletter.delivery.wire.blame import Step, Whose

_CODE = re.compile(r"\b(?:4(?:21|32|5\d)|5[0-5]\d)\b|\b[45]\.\d{1,3}\.\d")
#: what tells one copy's words from another's and says nothing: ids, numbers, times
_GREY = re.compile(r"gr[ae]y ?-?list", re.IGNORECASE)
_WORD = re.compile(r"[\w.:-]+")
_MEANT_TO_STAY = re.compile(r"[245]\d\d|[245]\.\d{1,3}\.\d{1,3}")
_ABOUT: Mapping[Whose, str] = {
    Whose.READER: "about the reader's mailbox",
    Whose.US: "about us: address, login, reputation",
    Whose.MESSAGE: "about the message",
    Whose.CONNECTION: "about the connection",
    Whose.SERVER: "about their server",
}
#: the codes that an answer begins with
_BEGINS = re.compile(r"[45]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?(?![\d.])")
#: of other words, as many as tell one reason from another
_SOUGHT = 6
#: statuses whose words are a server's answer
_ANSWERED = frozenset({Status.REFUSED, Status.BOUNCED, Status.DEFERRED, Status.UNKNOWN})
#: domains that are named beside a reason
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason, and whom it met."""

    status: Status
    #: "no such mailbox", "unsubscribed after planning"
    meaning: str
    copies: int
    #: the words that were said most, as they were said once
    words: str
    #: where it was said most
    domains: tuple[str, ...]

    @property
    def sought(self) -> str:
        """How the words begin, up to where they name a reader or differ from copy to copy: to look for their like.

        It holds no address, for it stands in the address of a page.
        """
        if code := _BEGINS.match(self.words):
            return code[0]
        kept = []
        for word in self.words.split()[:_SOUGHT]:
            if "@" in word or "<" in word or any(letter.isdigit() for letter in word):
                break
            kept.append(word)
        return " ".join(kept)


def of(rows: Iterable[tuple[str, Status, str, int]]) -> list[Ground]:
    """The reasons in *rows* of (domain, status, words, copies), the most frequent first."""
    together: dict[tuple[Status, str], list[tuple[str, str, int]]] = {}
    for domain, status, words, copies in rows:
        together.setdefault((status, meaning(status, words)), []).append((domain, words, copies))
    found = [_ground(status, meant, said) for (status, meant), said in together.items()]
    return sorted(found, key=lambda ground: (-ground.copies, ground.status, ground.meaning))


def meaning(status: Status, words: str) -> str:
    """What *words* about a copy mean, or the words themselves, less what differs from copy to copy."""
    if status in _ANSWERED and _CODE.search(words):
        fault = blame.judge(Step.LATER, None, words)
        if fault.lesson is not None:
            return {blame.Lesson.DEAD: "no such mailbox", blame.Lesson.FULL: "mailbox full"}[fault.lesson]
        if not fault.lasting and _GREY.search(words):
            return "greylisted: asked to come back"
        return _ABOUT[fault.whose]
    return _WORD.sub(_without_numbers, words)


def _without_numbers(word: re.Match[str]) -> str:
    changes = any(letter.isdigit() for letter in word[0]) and not _MEANT_TO_STAY.fullmatch(word[0])
    return "…" if changes else word[0]


def _ground(status: Status, meant: str, said: list[tuple[str, str, int]]) -> Ground:
    by_words: dict[str, int] = {}
    by_domain: dict[str, int] = {}
    for domain, words, copies in said:
        by_words[words] = by_words.get(words, 0) + copies
        if domain:
            by_domain[domain] = by_domain.get(domain, 0) + copies
    words = min(by_words, key=lambda one: (-by_words[one], one))
    most = sorted(by_domain, key=lambda domain: (-by_domain[domain], domain))[:_NAMED]
    return Ground(status, meant, sum(by_words.values()), words, tuple(most))
