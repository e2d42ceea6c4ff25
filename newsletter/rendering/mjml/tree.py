"""MJML as a tree whose nodes know where they come from. It is read after the linter has passed it as well-formed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from newsletter.errors import BadTemplate
from newsletter.rendering.mjml import tokens
from newsletter.rendering.mjml.vocabulary import HTML_TAGS, VOID

#: the file and line that a character of the source comes from
Locating = Callable[[int], tuple[str, int | None]]

_VERBATIM = HTML_TAGS | {"mj-style"}


@dataclass(slots=True)
class Node:
    """A tag; *children* are tags, and as strings the HTML of a tag that holds HTML."""

    name: str
    attributes: dict[str, str]
    at: int
    locate: Locating
    children: list["Node | str"] = field(default_factory=list)

    def tags(self) -> list["Node"]:
        """The children that are tags."""
        return [child for child in self.children if isinstance(child, Node)]

    def walk(self) -> Iterator["Node"]:
        """This tag and all below it."""
        yield self
        for child in self.tags():
            yield from child.walk()

    def wrong(self, text: str) -> BadTemplate:
        """The error that says *text* of this tag."""
        file, line = self.locate(self.at)
        return BadTemplate(text, file=file, line=line)


def parse(source: str, locate: Locating) -> list[Node | str]:
    """What *source* holds: one mjml tag, or what another file includes."""
    top = Node("", {}, 0, locate)
    stack, done = [top], 0
    for token in tokens.read(source):
        holder = stack[-1]
        if holder.name in _VERBATIM and token["end_name"] != holder.name:
            continue
        _add(holder, source[done : token.start()])
        done = token.end()
        if token["comment"]:
            continue  # between tags it is the author's own
        if token["end"]:
            stack.pop()
        else:
            values = {name: value or "" for name, value in tokens.attributes(token).items()}
            node = Node(token["name"], values, token.start(), locate)
            holder.children.append(node)
            if not token["closed"] and node.name not in VOID:
                stack.append(node)
    _add(top, source[done:])
    return top.children


def write(nodes: list[Node | str]) -> str:
    """*nodes* as MJML."""
    return "".join(node if isinstance(node, str) else _tag(node) for node in nodes)


def _add(holder: Node, text: str) -> None:
    if text.strip() or (text and holder.name in _VERBATIM):
        holder.children.append(text)


def _tag(node: Node) -> str:
    attributes = "".join(f' {name}="{_quotable(value)}"' for name, value in node.attributes.items())
    if not node.children:
        return f"<{node.name}{attributes} />"
    return f"<{node.name}{attributes}>{write(node.children)}</{node.name}>"


def _quotable(value: str) -> str:
    return re.sub(r"[\r\n\t]+ *", " ", value.replace('"', "&quot;"))
