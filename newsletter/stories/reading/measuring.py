"""How large a picture truly is: its first bytes are asked once, when its article is taken in."""

from io import BytesIO

from newsletter.stories.reading.fetching import Fetcher, Outcome
from newsletter.stories.reading.pages import Robots

#: enough for the head of a photograph with its camera's notes before it
HEAD_BYTES = 128 * 1024
#: what mail programs show; nothing else is handed to the library that measures
_KNOWN = (b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8\xff", b"RIFF")
_LARGEST = 50_000


def measure(fetcher: Fetcher, robots: Robots, url: str) -> tuple[int, int] | None:
    """Width and height in pixels of the picture at *url*, as it is shown; None where that can't be known."""
    answer = fetcher.beginning(url, may_visit=robots.allow, limit=HEAD_BYTES)
    return size(answer.body) if answer.outcome is Outcome.FRESH else None


def size(head: bytes) -> tuple[int, int] | None:
    """The size that the picture beginning with *head* says it has, turned as its camera was held."""
    import imagesize  # needed only here

    if not head.startswith(_KNOWN):
        return None
    try:
        width, height = imagesize.get(BytesIO(head))
    except Exception:  # noqa: BLE001 - a picture can hold anything; one of them must not end the run
        return None
    return (width, height) if 0 < width <= _LARGEST and 0 < height <= _LARGEST else None
