"""Quotes and brackets: whether each that opens in a text closes in it."""

import re

#: how they open, and what closes each: Germans write „so“ and »so«, the French « so », Swedes ”so”, others “so”
_PAIRS = dict(
    zip("([{（「『《“‚‘«»‹›”\"'", ")]}）」』》”’’»«›‹”\"'", strict=True),
)
_PAIRS |= {"„": "“”", "‚": "‘’"}
_CLOSING = frozenset(")]}）」』》”“’‘»«›‹\"'")
_APOSTROPHES = frozenset("’'")
#: no language opens with these
_NEVER_FIRST = frozenset(")]}）」』》’")

_ANY = re.compile(f"[{re.escape(''.join(_CLOSING.union(_PAIRS)))}]")


def are_balanced(text: str) -> bool:
    """Whether every quote and bracket of *text* closes in it, in order, and none closes what was not opened."""
    open_ones: list[str] = []
    for match in _ANY.finditer(text):
        at, letter = match.start(), match[0]
        if letter in _CLOSING and open_ones and letter in _PAIRS[open_ones[-1]] and _may_close(text, at):
            open_ones.pop()
        elif letter in _APOSTROPHES and not _may_open(text, at):
            continue
        elif letter in _NEVER_FIRST or (letter == "”" and not _may_open(text, at)):
            return False
        elif letter in _PAIRS:
            open_ones.append(letter)
    return not open_ones


def _may_close(text: str, at: int) -> bool:
    """A sign between letters is an apostrophe, and closes nothing."""
    return text[at] not in _APOSTROPHES or not (text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum())


def _may_open(text: str, at: int) -> bool:
    """Whether a sign that may be either stands where a quote can open."""
    before, after = text[at - 1 : at] if at else " ", text[at + 1 : at + 2]
    return not before.isalnum() and before not in ".,!?…;:" and after.isalnum() and text[at] != "’"
