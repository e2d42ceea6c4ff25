"""A JSON array cut into the texts of its elements, for when one of them can't be read and the others can."""

import re
from collections.abc import Iterator

#: a whole string (one that never ends runs to the end), or what opens, closes or divides
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def split(text: str) -> Iterator[str]:
    """The elements of the array *text* begins with; what is cut off or follows its end is one more."""
    depth, start = 0, 0
    for mark in _MARK.finditer(text):
        match mark[0]:
            case "[" | "{":
                depth += 1
                start = mark.end() if depth == 1 else start
            case "]" | "}":
                depth -= 1
                if depth == 0:
                    yield from _worth(text[start : mark.start()])
                    yield from _worth(text[mark.end() :])
                    return
            case "," if depth == 1:
                yield from _worth(text[start : mark.start()])
                start = mark.end()
    yield from _worth(text[start:])


def _worth(element: str) -> Iterator[str]:
    if element := element.strip():
        yield element
