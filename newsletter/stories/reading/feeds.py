"""A feed's bytes in, its entries as plain values out: RSS of every age, Atom, and JSON Feed.

Whatever the bytes are, the answer is a Feed: what could be saved, and a problem in words for an editor.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.stories.reading import encodings, entries, jsonfeeds
from newsletter.stories.reading.entries import Entry, Found

#: entries read of one feed: the newest
MOST = 500


@dataclass(frozen=True, slots=True)
class Feed:
    """What could be read of a feed."""

    entries: tuple[Entry, ...] = ()
    #: why it could not be read, or not to its end; "" where all is well
    problem: str = ""
    #: entries without a title or without a link to a page of the web
    dropped: int = 0
    #: entries beyond the newest MOST
    left: int = 0
    #: entries whose date is there, and can't be read
    unread_dates: int = 0


def parse(body: bytes, *, url: str, content_type: str = "", now: datetime) -> Feed:
    """Read *body*, found at *url*, at the time *now*."""
    from newsletter.stories.reading import xmlfeeds  # lxml takes a while to load

    whole = encodings.text(body, content_type)
    if not whole.strip():
        return Feed(problem="is empty")
    try:
        read = jsonfeeds.read if whole.lstrip().startswith(("{", "[")) else xmlfeeds.read
        return _kept(read(whole, url=url, most=MOST), url, now)
    except Exception as error:  # noqa: BLE001 - a feed can hold anything; one of them must not end the run
        return Feed(problem=f"can't be read as a feed ({type(error).__name__})")


def _kept(found: Found, url: str, now: datetime) -> Feed:
    kept = [entry for raw in found.raws if (entry := entries.tidy(raw, url, now))]
    problem = found.problem
    if found.raws and not kept and not problem:
        problem = "has entries, but none with a title and a link to a page of the web"
    dropped = len(found.raws) - len(kept)
    return Feed(entries.once(kept), problem, dropped, found.left, found.unread_dates)
