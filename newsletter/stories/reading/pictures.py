"""Which of the pictures in and around an article is its own, and how large it is.

A feed offers them in groups, the likeliest first: what it names as its picture, then those in its text.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from newsletter.stories import links

#: pixels; what the mail shows, so that a picture of this width is neither blurred nor needlessly heavy
SHOWN = 600
#: narrower ones are taken only where there is no other
_NARROW = 200
#: narrower or lower ones decorate or count
_ICON = 40
_LONGEST_MARKUP = 100_000
_MOST_TAGS = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was offered; its sizes are pixels, None where the feed does not say."""

    url: str
    width: int | None = None
    height: int | None = None
    #: "image", "image/jpeg", "video/mp4", or ""
    type: str = ""
    #: what relative addresses are seen from, where the feed says
    base: str = ""
    #: words beside it
    title: str = ""


#: no mail program shows drawings (SVG)
_PICTURE_ENDING = re.compile(r"\.(?:jpe?g|jfif|png|gif|webp|avif|bmp|heic|tiff?)$", re.IGNORECASE)
_DRAWING = re.compile(r"\.svgz?$", re.IGNORECASE)
_OTHER_ENDING = re.compile(
    r"\.(?:mp[234gv]|m4[abv]|m3u8?|mpe?g|mov|avi|wmv|flv|f4v|swf|webm|mkv|og[agv]|opus|3gp|ts|mpd|aac|wav|flac|wma|pdf|epub"
    r"|docx?|xlsx?|pptx?|zip|gz|rar|7z|exe|dmg|apk|torrent|html?|js|css|xml|json|txt|ics|vtt|srt)$",
    re.IGNORECASE,
)
#: faces, smileys, counters and buttons
_NOT_THE_ARTICLES = re.compile(
    r"""^https?://(?:
        [^/]*\bgravatar\.com/ | [^/]*\bgravatar\.[^/]*/avatar | [^/]*\bwp\.com/[^?]*gravatar
      | (?:[^/]*\.)?s\.w\.org/ | [^?]*/images/core/emoji/ | twemoji\.[^/]*/ | [^/]*abs\.twimg\.com/emoji/
      | [^?]*/(?:wp-includes/images/smilies|emoji(?:\.php)?)/
      | avatars?\d*\.[^/]*/ | [^?]*/(?:accounts?|users?|members?)/avatars?/
      | yt\d\.ggpht\.com/ | graph\.facebook\.com/[^?]*/picture
      | pbs\.twimg\.com/profile_images/
      | feeds?\.feedburner\.com/~ | feedproxy\.google\.com/~ | [^/]*feedsportal\.com/ | feeds\.wordpress\.com/
      | (?:pixel|stats|b)\.(?:wp|wordpress)\.com/ | pixel\.(?:quantserve|mathtag|everesttech|rubiconproject)\.
      | [^/]*doubleclick\.net/ | ads?\.[^/]*/
      | (?:www\.)?google-analytics\.com/ | (?:www\.)?facebook\.com/tr | b\.scorecardresearch\.com/
      | [^/]*\bassoc-amazon\.[^/]*/ | [^/]*amazon-adsystem\.com/ | [^/]*rss\.buysellads\.com/
      | (?:www\.)?w3\.org/Icons/ | [^?]*/(?:spacer|blank|clear|pixel|transparent|1x1|b|s)\.(?:gif|png)$
      | [^?]*/(?:tracking|beacon|counter)[^/?]*\.(?:gif|png|php)
    )""",
    re.IGNORECASE | re.VERBOSE,
)

_UNSEEN_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
_IMAGE_TAG = re.compile(r"<(img|amp-img|source|video)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*'){0,4000}+)", re.IGNORECASE)
_LAST = {"source": 1, "video": 2}
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]++)(?:\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
#: where pages that load their pictures late keep the address
_LATE = (
    *("data-src", "data-lazy-src", "data-original", "data-orig-file", "data-lazy", "data-actualsrc"),
    *("data-hi-res-src", "data-url", "data-full-src", "data-image", "data-img-src", "data-echo", "data-runner-src"),
)
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_CANDIDATE = re.compile(r"(?<![^\s,])(?!,)(\S+[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?\s*(?:,|$)")
_STYLE_SIZE = re.compile(r"(?<![\w-])(width|height)\s*:\s*([\d.]+)\s*(px|em|rem)?", re.IGNORECASE)
_UNSHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SMILEY = re.compile(r"\b(?:wp-smiley|emoji|avatar|gravatar|feedflare)\b", re.IGNORECASE)


def best(groups: Iterable[Sequence[Picture]], *, base: str, author: str = "") -> Picture | None:
    """The article's picture out of *groups*, at an address of the web; a narrow one only where there is no other.

    *base* is the article's own address, from which relative ones are seen.
    """
    narrow: Picture | None = None
    for group in groups:
        usable = [found for one in group if (found := _usable(one, base, author))]
        chosen = _nearest(usable)
        if chosen and not _is_narrow(chosen):
            return chosen
        narrow = narrow or chosen
    return narrow


def in_markup(markup: str, base: str = "") -> Iterator[list[Picture]]:
    """The pictures in the HTML *markup*, each as the group of the sizes it comes in, in their order.

    Those of <source> come last, for they are often of a kind that mail programs don't know, and those that stand for
    a video.
    """
    if "<" not in markup and "&lt;img" in markup.lower():
        markup = html.unescape(markup)  # escaped once too often
    markup = _UNSEEN_MARKUP.sub("", markup[:_LONGEST_MARKUP]) if "<" in markup else ""
    tags = list(islice(_IMAGE_TAG.finditer(markup), _MOST_TAGS))
    for tag in sorted(tags, key=lambda tag: _LAST.get(tag[1].lower(), 0)):
        said = attributes(tag[2])
        pictures = list(_of_tag({"src": said.get("poster", "")} if tag[1].lower() == "video" else said, base))
        if pictures:
            yield pictures


def pixels(value: object) -> int | None:
    """*value* in pixels; None unless it is a plain number of them."""
    found = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*", value) if isinstance(value, str) else None
    return int(found[1]) if found and int(found[1]) > 0 else None


def attributes(text: str) -> dict[str, str]:
    """The attributes of the tag *text*, the first of each name, in small letters and unescaped."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return found


def _usable(picture: Picture, base: str, author: str) -> Picture | None:
    if not _is_picture(picture):
        return None
    url = links.web(links.mended(picture.url), links.web(picture.base, base) or base)
    if not url or _NOT_THE_ARTICLES.match(url) or _is_face(picture, author):
        return None
    small = [size for size in (picture.width, picture.height) if size and size <= _ICON]
    return None if small else replace(picture, url=url)


def _is_picture(picture: Picture) -> bool:
    kind, path = picture.type.strip().lower(), _path(picture.url)
    if _DRAWING.search(path) or "svg" in kind:
        return False
    if kind.startswith("image"):
        return not _OTHER_ENDING.search(path) or "/" in kind
    if kind and not kind.startswith(("application/octet-stream", "binary", "unknown")):
        return bool(_PICTURE_ENDING.search(path)) and not kind.startswith(("video", "audio", "application/x-shockwave"))
    return not _OTHER_ENDING.search(path)


def _path(url: str) -> str:
    """The path of *url*, whatever it is."""
    try:
        return urlsplit(url.strip()).path
    except ValueError:
        return ""


def _is_face(picture: Picture, author: str) -> bool:
    """True if the words beside *picture* are no more than the author's name, or the name of an account."""
    said, people = picture.title.casefold().split(), author.casefold().replace(",", " ").split()
    if not said or len(said) > 3:
        return False
    accounts = author.casefold().replace(" ", "").split(",")
    return "".join(said) in accounts or all(any(one.startswith(word) for one in people) for word in said)


def _nearest(pictures: Sequence[Picture]) -> Picture | None:
    """The one whose width is nearest to what is shown, from above; the first where widths are unknown."""
    measured = [one for one in pictures if one.width]
    if not measured or not pictures[0].width:
        return pictures[0] if pictures else None
    wide = [one for one in measured if (one.width or 0) >= SHOWN]
    return min(wide, key=lambda one: one.width or 0) if wide else max(measured, key=lambda one: one.width or 0)


def _is_narrow(picture: Picture) -> bool:
    return bool(picture.width and picture.width < _NARROW)


def _of_tag(tag: dict[str, str], base: str) -> Iterator[Picture]:
    style = tag.get("style", "")
    if _UNSHOWN.search(style) or _SMILEY.search(tag.get("class", "")) or "hidden" in (*tag, tag.get("type")):
        return
    width, height = _size(tag, "width", style), _size(tag, "height", style)
    if any(size is not None and size <= _ICON for size in (width, height)):
        return
    sizes = [one for name in _SETS for one in _candidates(tag.get(name, ""), base)]
    source = next((tag[name] for name in _LATE if tag.get(name)), "") or tag.get("src", "")
    if len({one.width for one in sizes if one.width}) > 1:
        yield from sizes
    elif source and not source.lower().startswith("data:"):
        yield Picture(source, width, height, tag.get("type", ""), base)
    else:
        yield from sizes


def _size(tag: dict[str, str], name: str, style: str) -> int | None:
    """The size in pixels that is asked for; 0 for what is asked to be as small as a letter."""
    if tag.get(name, "").strip().lower() in {"0", "0px"}:
        return 0
    if found := pixels(tag.get(name)):
        return found
    for style_name, number, unit in _STYLE_SIZE.findall(style):
        if style_name.lower() == name and number.strip("0.") == "":
            return 0
        if style_name.lower() == name and unit:
            return int(float(number) if unit == "px" else 0 if float(number) <= 2 else 1000) or 0
    return None


def _candidates(written: str, base: str) -> Iterator[Picture]:
    for address, number, unit in _CANDIDATE.findall(written[:10_000]):
        if not address.lower().startswith("data:"):
            yield Picture(address, int(float(number)) if unit == "w" else None, base=base)
