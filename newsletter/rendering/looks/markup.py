"""HTML rewritten tag by tag and sheet by sheet; what is not asked for stays as it was, to the byte.

Comments are left alone: what stands in them is for Outlook, which no look here imitates.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape

_OPENING = re.compile(
    r"""<!--|<(?P<name>[a-z][a-z0-9:-]*+)(?P<said>(?:[^"'<>]|"[^"<]*+"|'[^'<]*+')*+)>""", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'<>]++))?""", re.IGNORECASE)
_END_OF_SHEET = re.compile(r"</style", re.IGNORECASE)
_END_OF_HEAD = re.compile(r"</head", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening tag: its name in small letters, and what stands in it behind the name."""

    name: str
    said: str

    def get(self, attribute: str) -> str:
        """The value of *attribute*; empty where there is none."""
        return next((_value(found[2] or "") for found in self._attributes() if found[1].lower() == attribute), "")

    def has(self, attribute: str) -> bool:
        """Whether it says *attribute*."""
        return any(found[1].lower() == attribute for found in self._attributes())

    def saying(self, attribute: str, value: str | None) -> "Tag":
        """The same with *value* in the place of what *attribute* says; without it where that is None."""
        said, done = [], 0
        for found in self._attributes():
            if found[1].lower() == attribute:
                new = "" if value is None else f'{found[1]}="{escape(value)}"'
                said += [self.said[done : found.start()], new]
                done = found.end()
        return Tag(self.name, "".join(said) + self.said[done:])

    def __str__(self) -> str:
        return f"<{self.name}{self.said}>"

    def _attributes(self) -> Iterator[re.Match[str]]:
        return _ATTRIBUTE.finditer(self.said)


def rewritten(
    html: str, *, tag: Callable[[Tag], object] = lambda tag: tag, sheet: Callable[[str], str] = lambda css: css
) -> str:
    """*html* with what *tag* makes of each opening tag, and *sheet* of what stands in each <style>."""
    return "".join(_pieces(html, tag, sheet))


def _pieces(html: str, tag: Callable[[Tag], object], sheet: Callable[[str], str]) -> Iterator[str]:
    done = 0
    while found := _OPENING.search(html, done):
        yield html[done : found.start()]
        done = found.end()
        if found["name"] is None:
            end = html.find("-->", done)
            done = len(html) if end < 0 else end + 3
            yield html[found.start() : done]
            continue
        name = found["name"].lower()
        yield str(tag(Tag(name, found["said"])))
        if name == "style":
            end_of_sheet = _END_OF_SHEET.search(html, done)
            end = end_of_sheet.start() if end_of_sheet else len(html)
            yield sheet(html[done:end])
            done = end
    yield html[done:]


def with_sheet(html: str, css: str) -> str:
    """*html* with one more sheet behind its own, and whose links open beside the page and not in its place."""
    more = f'<style>{css}</style><base target="_blank">'
    end = _END_OF_HEAD.search(html)
    return f"{html[: end.start()]}{more}{html[end.start() :]}" if end else f"<!doctype html><head>{more}</head>{html}"


def _value(written: str) -> str:
    return unescape(written[1:-1] if written[:1] in {'"', "'"} else written)
