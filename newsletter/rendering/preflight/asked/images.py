"""Whether a picture is there, and how heavy and how large it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from newsletter import plural
from newsletter.rendering.preflight import places, programs
from newsletter.rendering.preflight.asked import links
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.stories.reading import measuring
from newsletter.stories.reading.fetching import Fetcher, Outcome

#: bytes; a phone on the move waits a second for half a megabyte
HEAVY, HEAVY_IN_ALL = 500_000, 2_000_000
#: nothing larger is read
_LARGEST = 8 * 2**20
#: pixels across the mail's column, and what a sharp screen makes of it at most
_COLUMN, _SHARPEST = 552, 2400
#: what a file begins with → how its name would end
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"\xff\xd8\xff", "jpg"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x00\x00\x01\x00", "ico"),
)
#: brands of ISO files that hold a picture
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}


def ask(fetcher: Fetcher, address: str) -> dict[str, Any]:
    """What the picture at *address* is."""
    answer = fetcher.page(address, may_visit=lambda _: True, limit=_LARGEST, accept="image/*")
    said = links.said(answer)
    if answer.outcome is not Outcome.FRESH:
        return said
    width, height = measuring.size(answer.body) or (0, 0)
    shape = {"bytes": len(answer.body), "width": width, "height": height}
    return said | shape | {"format": kind(answer.body), "type": answer.content_type.partition(";")[0].strip().lower()}


def kind(body: bytes) -> str:
    """How the name of a picture that begins like *body* would end; empty for what is no picture."""
    for beginning, ending in _BEGINNINGS:
        if body.startswith(beginning):
            return ending
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    if body[4:8] == b"ftyp":
        return _BRANDS.get(body[8:12], "")
    return "svg" if b"<svg" in body[:2000].lower() else ""


def judge(subject: Material, told: Mapping[str, dict[str, Any] | None]) -> Sequence[Finding]:
    """What the answers mean."""
    found: list[Finding] = []
    network_is_there = any(each and each["status"] for each in told.values())
    for address, answer in told.items():
        if answer is not None:
            field = places.of_picture(subject.words, address)
            found.extend(_judge(address, answer, field, network_is_there=network_is_there))
    weight = sum(each.get("bytes", 0) for each in told.values() if each)
    if weight > HEAVY_IN_ALL:
        text = f"The pictures weigh {weight / 1e6:.1f} MB in all: below {HEAVY_IN_ALL / 1e6:.0f} MB nobody has to wait."
        found.append(Finding("pictures", Level.AMBER, text))
    if silent := [address for address, answer in told.items() if answer is None]:
        text = f"{plural.counted(len(silent), 'picture was', 'pictures were')} not looked at today."
        found.append(Finding("pictures", Level.UNKNOWN, text))
    there = f"{plural.counted(len(told), 'picture is', 'pictures are')} there, {weight / 1000:,.0f} kB in all."
    return or_green("pictures", there if told else "There are no pictures.", found)


def _judge(address: str, answer: dict[str, Any], field: str, *, network_is_there: bool) -> Iterator[Finding]:
    status, problem = answer["status"], answer["problem"]
    if status in {404, 410} or ("no such host" in problem and network_is_there):
        yield Finding("pictures", Level.RED, f"{address} is not there: choose another picture.", field)
    elif "larger than" in problem:
        yield Finding("pictures", Level.AMBER, f"{address} {problem}: make it smaller.", field)
    elif status in {401, 403, 451}:
        text = f"{address} refuses to be shown elsewhere ({status}): choose a picture that readers may see."
        yield Finding("pictures", Level.AMBER, text, field)
    elif problem:
        yield Finding("pictures", Level.UNKNOWN, f"{address} could not be looked at: it {problem}.", field)
    elif not answer["format"]:
        said = f"what is there calls itself {answer['type'] or 'nothing'}"
        yield Finding("pictures", Level.RED, f"{address} is no picture: {said}.", field)
    else:
        yield from _shape(address, answer, field)


def _shape(address: str, answer: dict[str, Any], field: str) -> Iterator[Finding]:
    if lacking := programs.lacking(slug) if (slug := programs.of_format(answer["format"])) else "":
        text = f"{address} is {answer['format'].upper()}, not shown by {lacking}: give it as JPEG, PNG or GIF."
        yield Finding("pictures", Level.AMBER, text, field)
    if answer["bytes"] > HEAVY:
        text = f"{address} weighs {answer['bytes'] / 1000:,.0f} kB: below {HEAVY / 1000:.0f} kB it is there at once."
        yield Finding("pictures", Level.AMBER, text, field)
    width, height = answer["width"], answer["height"]
    if width > _SHARPEST:
        text = f"{address} is {width} × {height} pixels: it is shown {_COLUMN} wide, so {2 * _COLUMN} are enough."
        yield Finding("pictures", Level.AMBER, text, field)
    elif 2 < width < _COLUMN // 2 and height > 2:
        text = f"{address} is only {width} × {height} pixels: beside others it looks small or coarse."
        yield Finding("pictures", Level.AMBER, text, field)
