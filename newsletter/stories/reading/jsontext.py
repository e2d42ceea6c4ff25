"""JSON as feeds write it: one item that is broken, or nested deeper than anybody reads, costs nobody but itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

#: lists and objects in one another; a JSON Feed needs five
MOST = 50
_MOST_DIGITS = 400
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_ITEMS = re.compile(r'"items"\s*:\s*\[')
#: where one object ends and another begins, between two quotation marks
_NEXT = re.compile(r'\}\s*+,\s*+(\{)\s*+"\Z')
_PAIRS = {"}": "{", "]": "["}
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*+[\]}])', re.DOTALL)


def read(text: str) -> tuple[Any, bool]:
    """What *text* says, and True if that is all of it; of a feed that is broken its sound items. Raises ValueError."""
    try:
        return _loaded(text), True
    except (ValueError, RecursionError):
        shallow = _shallow(_TRAILING_COMMA.sub(lambda found: found[1] or "", text))
    try:
        return _loaded(shallow), True
    except ValueError:
        return _saved(shallow), False


def _loaded(text: str) -> Any:
    # a line end within a string is none of JSON, but many write it
    return json.loads(text, parse_int=_whole, strict=False)


def _whole(digits: str) -> int | str:
    """A number, unless it has so many digits that Python would refuse the whole feed for it."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _shallow(text: str) -> str:
    """*text* with null for what is nested deeper than MOST."""
    kept: list[str] = []
    at, depth = 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in {"[", "{"}:
            depth += 1
            if depth == MOST + 1:
                kept += (text[at : token.start()], "null")
        elif token[0] in {"]", "}"}:
            if depth == MOST + 1:
                at = token.end()
            depth -= 1
    return "".join(kept) + (text[at:] if depth <= MOST else "")


def _saved(text: str) -> dict[str, Any]:
    """The feed *text*, which is no JSON, with those of its items that are."""
    found = _ITEMS.search(text)
    if not found:
        raise ValueError("no JSON, and no items in it")
    head = _loaded_or_none(text[: found.start()].rstrip().rstrip(",") + "}")
    items = [item for piece in _pieces(text, found.end()) if isinstance(item := _loaded_or_none(piece), dict)]
    if not items:
        raise ValueError("no JSON, and no item that is")
    return {**(head if isinstance(head, dict) else {}), "items": items}


def _loaded_or_none(text: str) -> Any:
    try:
        return _loaded(text)
    except ValueError:
        return None


def _pieces(text: str, at: int) -> Iterator[str]:
    """The objects of the list that begins at *at*, each with its brackets."""
    around: list[str] = []
    begin = at
    while token := _TOKEN.search(text, at):
        at = token.end()
        if next_one := _NEXT.search(token[0]):
            # within a string this would have been escaped: somebody forgot to escape a quotation mark
            around, begin = ["{"], token.start() + next_one.start(1)
            at = token.end() - 1
        elif token[0] in _PAIRS.values():
            begin = begin if around else token.start()
            around.append(token[0])
        elif token[0] in _PAIRS and around:
            # an object ends its lists, too: who wrote [1, 2} forgot a bracket
            while around.pop() != _PAIRS[token[0]] and around and token[0] == "}":
                pass
            if not around:
                yield text[begin:at]
