"""Elements in one another: those deeper than any text made shallow, and ends that are missing or astray put right.

In one pass and without recursion, for parsers take the square of the depth, or refuse all of it.
"""

import re
from collections import Counter

#: nested in one another, counted anew inside each entry; a table in a table in a table is some thirty
DEEPEST = 200
_TAG = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<(/?)([A-Za-z_][\w:.-]*+)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)>",
    re.DOTALL,
)
_ENTRIES = {"item", "entry"}
#: elements of HTML that have no end
_ALONE = {
    *("area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source", "track"),
    "wbr",
}
#: elements that may stand within a word
_INLINE = {"a", "abbr", "b", "code", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "u"}


def shallow(markup: str, *, html: bool = False) -> str:
    """*markup* without the tags of what is nested deeper than DEEPEST; their words stay.

    It is read as XML, or where it is *html* as that, with elements that have no end.
    """
    kept: list[str] = []
    at, depth, entries = 0, 0, 0
    #: what is open: its name, whether its tags are kept, and the depth and the entries around it
    around: list[tuple[str, bool, int, int]] = []
    opened: Counter[str] = Counter()
    for tag in _TAG.finditer(markup):
        if not tag[2] or tag[3].endswith("/"):
            continue
        name = tag[2].lower() if html else tag[2]
        if html and name in _ALONE:
            continue
        keeps = True
        if tag[1]:
            # what was never closed ends with what it stands in; an end without a beginning is left to the parser
            while opened[name]:
                last, keeps, depth, entries = around.pop()
                opened[last] -= 1
                if last == name:
                    break
        else:
            is_entry = not html and name.rpartition(":")[2].lower() in _ENTRIES
            keeps = (entries if is_entry else depth) < DEEPEST
            around.append((name, keeps, depth, entries))
            opened[name] += 1
            depth, entries = (0, entries + 1) if is_entry else (depth + 1, entries)
        if not keeps:
            if at < tag.start():
                kept += (markup[at : tag.start()], "" if name.lower() in _INLINE else " ")
            at = tag.end()
    return "".join(kept) + markup[at:] if at else markup


def balanced(markup: str) -> str:
    """*markup* with an end for each element, where what it stands in ends, and without ends that end nothing."""
    kept: list[str] = []
    at = 0
    around: list[str] = []
    opened: Counter[str] = Counter()
    for tag in _TAG.finditer(markup):
        name = tag[2]
        if not name or tag[3].endswith("/"):
            continue
        if not tag[1]:
            around.append(name)
            opened[name] += 1
            continue
        kept.append(markup[at : tag.start()])
        at = tag.end()
        while opened[name]:
            last = around.pop()
            opened[last] -= 1
            kept.append(f"</{last}>")
            if last == name:
                break
    return "".join((*kept, markup[at:], *(f"</{name}>" for name in reversed(around))))
