"""RSS 0.90 to 2.0, RDF and Atom, by lxml: entries found wherever they stand, each read from its own children only.

A feed that is no XML is cut into its entries, so that a broken one costs nobody but itself.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice, pairwise
from typing import Any, TypeVar

from lxml import etree

from newsletter.stories.reading import dates, items, loose, nesting, repairs
from newsletter.stories.reading.dialects import NAMESPACES, is_entry, is_feed
from newsletter.stories.reading.entries import Found, Raw, newest
from newsletter.stories.reading.items import Item

Thing = TypeVar("Thing")

_BEGIN = re.compile(r"<(?:[!?]|\w)")
_END = re.compile(r"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ROOT = re.compile(r"<((?:\w+:)?(?:rss|feed|rdf|channel))((?:\s[^<>]*)?)>", re.IGNORECASE)
_NAMESPACE = re.compile(r"\sxmlns\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
#: where an entry begins or ends; what stands in CDATA or a comment is none
_MARK = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<(/?)((?:\w+:)?(?:item|entry))(?=[\s>])", re.IGNORECASE | re.DOTALL
)
#: entries looked at, and entries cut out of a feed that is no XML: no newsroom publishes so many at once
_MOST_READ, _MOST_MENDED = 20_000, 5_000
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
#: prefixes that many feeds use and some forget to declare
_DECLARED = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_OPEN, _CLOSE = f"<feeds{_DECLARED}>", "</feeds>"


def read(text: str, *, url: str, most: int) -> Found:
    """The entries of the feed *text*, found at *url*, the *most* newest ones; and what is wrong with it."""
    begin = _BEGIN.search(text[:5000])
    if not begin:
        return Found(problem="is no feed: it is neither XML nor JSON")
    # some servers print warnings of their own before the feed
    text = text[begin.start() :]
    markup = repairs.well_formed(text)
    root, error = _tree(markup)
    if not any(is_feed(one) for one in root.iter(etree.Element)):
        root, error = _tree(_ROOT.sub(_without_namespace, markup, 1))
    entries = [one for one in root.iter(etree.Element) if is_entry(one) and not _only_holds_entries(one)]
    found = [Item(one) for one in _ends(entries, _MOST_READ)]
    problem = _problem(text, root, error, bool(found))
    # half an entry has half a link
    if problem and _ends_inside_an_entry(text):
        found = found[:-1]
    return _dated(found, items.Channel(root, url), problem, most, total=len(entries))


def _without_namespace(root: re.Match[str]) -> str:
    """The tag of a feed without the namespace that somebody made up for it."""
    return _NAMESPACE.sub("", root[0])


def _dated(found: Sequence[Item], channel: items.Channel, problem: str, most: int, *, total: int) -> Found:
    if len(found) > most:
        # what leads nowhere takes no other's place
        found = [item for item in found if any(item.links())]
    written = [list(item.dates()) for item in found]
    habit = loose.habit((one for each in written for one in each), language=channel.language, url=channel.url)
    moments = [_first(each, habit) for each in written]
    kept = newest(list(zip(moments, found, strict=True)), most)
    raws: list[Raw] = [items.raw(item, channel, moment) for moment, item in kept]
    unread = sum(bool(each) and moment is None for each, moment in zip(written, moments, strict=True))
    return Found(raws, problem, left=total - len(kept), unread_dates=unread)


def _first(written: Sequence[str], habit: loose.Habit) -> datetime | None:
    return next((moment for one in written if (moment := dates.read(one, habit))), None)


def _tree(markup: str) -> tuple[Any, str]:
    """The elements of *markup* under a root of ours, and why it is no XML, if it is none."""
    try:
        return _parsed(f"{_OPEN}{markup}{_CLOSE}"), ""
    except etree.XMLSyntaxError as error:
        shallower = nesting.shallow(markup)
        if shallower != markup:
            return _tree(shallower)
        root = _parsed(_OPEN + _CLOSE)
        for piece in _pieces(markup):
            root.extend(_mended(piece))
        return root, str(error).splitlines()[0][:200]


def _only_holds_entries(element: Any) -> bool:
    return len(element) > 0 and all(isinstance(one.tag, str) and is_entry(one) for one in element)


def _pieces(markup: str) -> Iterator[str]:
    """The feed's head, and each of its entries inside the tags that declare its namespaces."""
    marks = [mark for mark in _MARK.finditer(markup) if mark[2]]
    begins = _ends([mark.start() for mark in marks if not mark[1]], _MOST_MENDED) or [len(markup)]
    roots = list(islice(_ROOT.finditer(markup[: begins[0]]), 3))
    opened, closed = "".join(root[0] for root in roots), "".join(f"</{root[1]}>" for root in reversed(roots))
    yield markup[: begins[0]]
    ends = iter([mark for mark in marks if mark[1]])
    end = next(ends, None)
    for begin, limit in pairwise([*begins, len(markup)]):
        own, last = "", limit
        while end and end.start() < limit:
            own, last, end = f"</{end[2]}>", end.start(), next(ends, None)
        yield opened + (markup[begin:last] + own if own else _ROOT_END.sub("", markup[begin:limit])) + closed


def _ends(things: list[Thing], most: int) -> list[Thing]:
    """*things*, or where they are very many the first and the last of them, where the newest are."""
    return things if len(things) <= most else things[: most // 2] + things[-most // 2 :]


def _mended(piece: str) -> list[Any]:
    for mend in (str, repairs.harder, nesting.balanced):
        piece = mend(piece)
        try:
            return list(_parsed(f"{_OPEN}{piece}{_CLOSE}"))
        except etree.XMLSyntaxError:
            continue
    root = _parsed(f"{_OPEN}{piece}{_CLOSE}", recover=True)
    return list(root) if root is not None else []


def _parsed(markup: str, *, recover: bool = False) -> Any:
    # there are no entities left but XML's own, so nothing can grow, and no file or host is asked
    parser = etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(markup.encode(), parser)


def _ends_inside_an_entry(text: str) -> bool:
    *_, last = ("", *(mark[1] or mark[2] for mark in _MARK.finditer(text) if mark[2]))
    return last not in {"", "/"}


def _problem(text: str, root: Any, error: str, has_entries: bool) -> str:
    is_known = has_entries or any(is_feed(one) for one in root.iter("*"))
    if not is_known and _PAGE.search(text[:2000]):
        return "is a web page, not a feed: look for the feed's own address on it"
    if not is_known:
        return "is XML, but no feed that is known"
    if error and not _END.search(text):
        return "breaks off before its end; what stood before was kept"
    if error and not has_entries:
        return f"is not well-formed XML: {error}"
    return ""
