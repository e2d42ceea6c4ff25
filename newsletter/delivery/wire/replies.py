"""Other people's words about a hand-over, made fit to be kept: short, on one line, and without addresses."""

import re

_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:=]+@[^\s<>\[\]()\"',;:]+")
_TAG = re.compile(r"<(?:style|script|title)\b.*?</[^>]*>|<[/!a-zA-Z][^@>]*>", re.DOTALL | re.IGNORECASE)


def tidy(words: str, *, limit: int = 500) -> str:
    """*words* on one line of at most *limit* characters, with "(address)" wherever an address stood.

    Servers like to repeat the address they refuse, and addresses are kept nowhere but in `subscribers`.
    """
    line = " ".join(_ADDRESS.sub("(address)", words).replace("\x00", "").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def plain(page: str) -> str:
    """The words of an HTML error page, such as a gateway's."""
    return tidy(_TAG.sub(" ", page))
