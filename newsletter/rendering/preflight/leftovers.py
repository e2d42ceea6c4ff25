"""What was left in the mail that somebody, or some other system, should have filled in."""

import re
from collections.abc import Iterator, Sequence

from newsletter.rendering import slots
from newsletter.rendering.preflight import places
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.rendering.slots import Reader

#: the longest values that slots can take
LONGEST = Reader(2**40 - 1, f"{'a' * 64}@{'b' * 60}.example", "&" * slots.LONGEST_NAME, "f" * 42)

_LEFT_OVER = re.compile(r"\{\{|\{%|\}\}|%\}|[\ue000\ue001]")
#: how other systems write what they fill in; here nobody does
_FOREIGN = re.compile(
    r"\*\|[A-Z0-9_:\-]{1,40}\|\*"  # Mailchimp
    r"|%%[A-Za-z0-9_]{1,40}%%|%recipient\.[A-Za-z0-9_]{1,40}%"  # Salesforce, Mailgun
    r"|\[\[ ?[A-Za-z0-9_.]{1,40} ?\]\]|\$\{[A-Za-z0-9_.]{1,40}\}|\{\$[A-Za-z0-9_.]{1,40}\}"
    r"|(?<!\{)\{[A-Z]{1,4}[_A-Z]{2,40}\}|<%= ?[A-Za-z0-9_.]{1,40} ?%>|#\{[A-Za-z0-9_.]{1,40}\}"
    r"|\{(?:first|last|full)_?name\}|\[(?:FIRST|LAST|FULL)[_ ]?NAME\]|\[UNSUBSCRIBE\]",
)
#: what newsrooms and designers write where something is to come
_TO_COME = re.compile(
    r"(?<![\w-])(?:TK(?:TK)*|TODO|TBD|TBC|FIXME|XXX+)(?![\w-])|(?i:\blorem ipsum\b)"
    r"|\[(?i:insert|add|your|placeholder|caption|headline|link|image|name)(?: [^\[\]\n]{0,40})?(?: here| goes here)?\]"
    r"(?!\()",  # "[your garden](https://…)" are the words of a link
)
#: what programs write for nothing
_NOTHING = re.compile(r"(?<![\w.\"'“])(?:undefined|\[object Object\]|NaN)(?![\w\"'”])")


def check(subject: Material) -> Sequence[Finding]:
    """Whether a slot, a foreign merge tag or a placeholder was left."""
    return or_green("slots", "Nothing is left unfilled.", [*_slots(subject), *_words(subject)])


def _slots(subject: Material) -> Iterator[Finding]:
    filled = slots.fill(subject.html, LONGEST) + slots.fill(subject.text, LONGEST) + subject.proof.subject
    found = _LEFT_OVER.search(filled)
    if found or slots.count(subject.proof.subject):
        shown = found[0] if found else "a slot in the subject"
        field = places.of_words(subject.words, shown)
        yield Finding("slots", Level.RED, f"Something was left unfilled: {shown}", field)


def _words(subject: Material) -> Iterator[Finding]:
    # and as it was typed: Markdown takes Mailchimp's stars for its own
    typed = [text for _, text in places.each(subject.words)] if subject.words else []
    said = "\n".join((subject.proof.subject, subject.page.words, subject.text, *typed))
    for shown in _distinct(_FOREIGN, said):
        # nobody writes Mailchimp's form for anything else
        level = Level.RED if shown.startswith("*|") else Level.AMBER
        text = f"“{shown}” is how another system writes what it fills in; here it goes out as it stands."
        yield Finding("slots", level, text, places.of_words(subject.words, shown))
    for shown in _distinct(_TO_COME, said):
        text = f"“{shown}” looks like something that was to come: write it, or take it out."
        yield Finding("slots", Level.AMBER, text, places.of_words(subject.words, shown))
    for shown in _distinct(_NOTHING, said):
        text = f"“{shown}” looks like a program's word for nothing: look where it comes from."
        yield Finding("slots", Level.AMBER, text, places.of_words(subject.words, shown))


def _distinct(pattern: re.Pattern[str], said: str) -> Iterator[str]:
    return iter(dict.fromkeys(found[0] for found in pattern.finditer(said)))
