"""Other people's words about a hand-over, made fit to be kept: short, on one line, and without addresses.

The words are a stranger's and may be a megabyte of anything: nothing here takes longer than their length asks for.
"""

import re

#: what nobody says in so many characters is not looked at
_LONGEST = 65_536
#: what stands around an address, as servers write them
_AROUND = re.compile(r"([\s<>\[\]()\"',;:=]+)")
_OPENING = re.compile(r"<(?:style|script|title)\b", re.IGNORECASE)
_TAG = re.compile(r"<[/!a-zA-Z][^@<>]*>")


def tidy(words: str, *, limit: int = 500) -> str:
    """*words* on one line of at most *limit* characters, with "(address)" wherever an address stood.

    Servers like to repeat the address they refuse, and addresses are kept nowhere but in `subscribers`.
    """
    line = " ".join(_blotted(words[:_LONGEST]).replace("\x00", "").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def plain(page: str) -> str:
    """The words of an HTML error page, such as a gateway's."""
    return tidy(_TAG.sub(" ", _shown(page[:_LONGEST])))


def _blotted(words: str) -> str:
    if "@" not in words:
        return words
    return "".join("(address)" if 0 < part.find("@") < len(part) - 1 else part for part in _AROUND.split(words))


def _shown(page: str) -> str:
    """*page* without what a browser does not show as text; an element that never ends takes the rest with it."""
    shown, at = [], 0
    for opening in _OPENING.finditer(page):
        if opening.start() < at:
            continue
        shown.append(page[at : opening.start()])
        closing = page.find("</", opening.end())
        end = page.find(">", closing) if closing >= 0 else -1
        if end < 0:
            return " ".join(shown)
        at = end + 1
    return " ".join([*shown, page[at:]])
