"""Who wrote an article: names out of what feeds put where a name belongs."""

import re
from collections.abc import Iterable

from newsletter.stories.reading import plain
from newsletter.stories.reading.plain import Form, Written

_LONGEST = 300
_MAIL = re.compile(r"[(<\[]?(?:mailto:)?[^\s@<>()\[\],;]{1,100}@[^\s@<>()\[\],;]{1,200}[)>\]]?", re.IGNORECASE)
#: "ann AT site.example"
_HIDDEN = re.compile(r"(?<!\S)([\w.+-]{1,60})\s?[(\[]?(?:\bAT\b|\[at\]|\(at\))[)\]]?\s?([\w-]{1,60}\.[\w.-]{1,60})")
_BRACKETS = re.compile(r"[()<>\[\]\"]")


def name(written: str) -> str:
    """The name in "mail (Name)", "Name (mail)", "Name <mail>" or "Name"; the mail address if there is no name."""
    written = _HIDDEN.sub(r"\1@\2", written[:2_000])
    rest = _MAIL.sub(" ", written)
    if rest != written:
        rest = re.sub(r"(?<=\w)\s*+[,;]", ",", _BRACKETS.sub(" ", rest))
        written = rest if any(letter.isalnum() for letter in rest) else _MAIL.findall(written)[0].strip("()<>[]")
    line = plain.line(Written(written, Form.EITHER), _LONGEST).strip(" ,;")
    return line[1:-1] if line[:1] == "(" and line.find(")") == len(line) - 1 else line


def names(written: Iterable[str]) -> str:
    """All of *written*, each once, parted by commas; bare mail addresses only where there is no name."""
    found = [one for each in written if (one := name(each))]
    people = [one for one in found if not _MAIL.fullmatch(one)] or found
    once: dict[str, str] = {}
    for one in people:
        once.setdefault(one.casefold(), one)
    return ", ".join(once.values())
