"""mj-include: other files put in their places, before the compiler sees them, so that every fault has a line."""

from collections.abc import Callable

from newsletter.errors import BadTemplate
from newsletter.rendering.mjml import lint, tree
from newsletter.rendering.mjml.tree import Locating, Node

#: mj-include may be followed this often in one compile
MOST_INCLUDES = 50

#: reads the file that an mj-include names; raises BadTemplate
Reading = Callable[[str], str]


def whole(source: str, locate: Locating, read: Reading | None) -> Node:
    """The mjml tag of *source* with every file it includes; raises BadTemplate where something is wrong in one."""
    includes = _Includes(read or _no_includes)
    nodes = includes.placed(_parsed(source, locate, root="mjml"), ())
    root = next((node for node in nodes if isinstance(node, Node)), None)
    if root is None:
        file, line = locate(0)
        raise BadTemplate("there is no <mjml> in it", file=file, line=line)
    if includes.heads:
        _head(root).children += includes.heads
    return root


class _Includes:
    def __init__(self, read: Reading) -> None:
        self._read = read
        self._left = MOST_INCLUDES
        #: what whole documents that were included have in their heads
        self.heads: list[Node | str] = []

    def placed(self, nodes: list[Node | str], chain: tuple[str, ...]) -> list[Node | str]:
        """*nodes* with files instead of the tags that include them; *chain* is the way here."""
        done: list[Node | str] = []
        for node in nodes:
            if isinstance(node, str):
                done.append(node)
            elif node.name == "mj-include":
                done += self._included(node, chain)
            else:
                node.children = self.placed(node.children, chain)
                done.append(node)
        return done

    def _included(self, include: Node, chain: tuple[str, ...]) -> list[Node | str]:
        path = include.attributes.get("path", "")
        self._left -= 1
        if path in chain:
            raise include.wrong(f"{path} includes itself: {' → '.join((*chain, path))}")
        if self._left < 0:
            raise include.wrong(f"more than {MOST_INCLUDES} includes")
        source = self._read(path)
        nodes = self.placed(_parsed(source, _lines_of(path, source), root=None), (*chain, path))
        document = next((node for node in nodes if isinstance(node, Node) and node.name == "mjml"), None)
        return self._taken_apart(document) if document else nodes

    def _taken_apart(self, document: Node) -> list[Node | str]:
        parts = {part.name: part.children for part in document.tags()}
        self.heads += parts.get("mj-head", [])
        return parts.get("mj-body", [])


def _parsed(source: str, locate: Locating, root: str | None) -> list[Node | str]:
    problem = lint.first_problem(source, root=root)
    if problem:
        file, line = locate(problem.at)
        raise BadTemplate(problem.text, file=file, line=line)
    return tree.parse(source, locate)


def _head(root: Node) -> Node:
    head = next((node for node in root.tags() if node.name == "mj-head"), None)
    if head is None:
        head = Node("mj-head", {}, root.at, root.locate)
        root.children.insert(0, head)
    return head


def _lines_of(file: str, source: str) -> Locating:
    return lambda at: (file, source.count("\n", 0, at) + 1)


def _no_includes(path: str) -> str:
    raise BadTemplate("mj-include needs a folder to read from", file=path)
