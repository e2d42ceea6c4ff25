"""Who wrote an article: names out of what feeds put where a name belongs."""

import re
from collections.abc import Iterable

from newsletter.stories.reading import plain
from newsletter.stories.reading.plain import Form, Written

_LONGEST = 300
_MAIL = re.compile(r"[(<\[]?(?:mailto:)?[^\s@<>()\[\],;]{1,100}@[^\s@<>()\[\],;]{1,200}[)>\]]?", re.IGNORECASE)
_BRACKETS = re.compile(r"[()<>\[\]\"]")


def name(written: str) -> str:
    """The name in "mail (Name)", "Name (mail)", "Name <mail>" or "Name"; the mail address if there is no name."""
    written = written[:2_000]
    rest = _MAIL.sub(" ", written)
    if rest != written:
        rest = _BRACKETS.sub(" ", rest).replace(" ,", ",")
        written = rest if any(letter.isalnum() for letter in rest) else written
    return plain.line(Written(written, Form.EITHER), _LONGEST).strip(" ,;")


def names(written: Iterable[str]) -> str:
    """All of *written*, each once, parted by commas; bare mail addresses only where there is no name."""
    found = [one for each in written if (one := name(each))]
    people = [one for one in found if not _MAIL.fullmatch(one)] or found
    once: dict[str, str] = {}
    for one in people:
        once.setdefault(one.casefold(), one)
    return ", ".join(once.values())
