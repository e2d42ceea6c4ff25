"""Addresses of the web: as a publisher wrote them, for readers; and in one form, for comparing only."""

import html
import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, quote, unquote, urljoin, urlsplit, urlunsplit

from newsletter.stories import tracking

LONGEST = 2000

#: browsers leave these out wherever they stand; a line end takes the blanks around it with it
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]*[\r\n][\r\n \t]*|\t")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_PORTS = {"http": 80, "https": 443}
_SMALL = re.compile(r"^(?:m|mobile|amp)\.(?=[^.]+\.[^.]+)")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_AMP = re.compile(r"(?<=[^/])/amp/?$|\.amp(?=\.html?$)|(?<=[^/])\.amp$", re.IGNORECASE)
_ROUTE = re.compile(r"!|/")
_UNRESERVED = "-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BARE_HOST = re.compile(r"www\d?\.[\w-]+(?:\.[\w-]+)+(?=[/:?#]|$)", re.IGNORECASE)
#: hosts and paths that only lead on, and the parameter that says where to
_WRAPPERS = (
    (re.compile(r"(?:www\.)?bing\.com/news/apiclick\.aspx"), ("url",)),
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}/url"), ("url", "q")),
    (re.compile(r"(?:news|feedproxy)\.google\.com/news/url"), ("url",)),
    (re.compile(r"(?:lm?|www)\.facebook\.com/l\.php"), ("u",)),
    (re.compile(r"duckduckgo\.com/l/"), ("uddg",)),
    (re.compile(r"out\.reddit\.com/.*"), ("url",)),
    (re.compile(r"t\.umblr\.com/redirect"), ("z",)),
    (re.compile(r"www\.youtube\.com/redirect"), ("q",)),
    (re.compile(r"slack-redir\.net/link"), ("url",)),
    (re.compile(r"l\.instagram\.com/"), ("u",)),
    (re.compile(r"(?:away\.|m\.)?vk\.com/away(?:\.php)?"), ("to",)),
    (re.compile(r"www\.linkedin\.com/redir/redirect"), ("url",)),
    (re.compile(r"steamcommunity\.com/linkfilter/"), ("url", "u")),
    (re.compile(r"click\.linksynergy\.com/(?:deeplink|link|fs-bin/click)"), ("murl", "RD_PARM1")),
    (re.compile(r"go\.(?:redirectingat|skimresources)\.com/"), ("url",)),
    (re.compile(r"www\.awin1\.com/(?:cread|awclick)\.php"), ("ued", "p")),
    (re.compile(r"(?:exit\.sc|disq\.us/url|medium\.com/r|getpocket\.com/redirect)/?"), ("url",)),
    (re.compile(r"[a-z0-9]+\.safelinks\.protection\.outlook\.com/"), ("url",)),
)
#: the same, where the path says where to
_WRAPPING_PATHS = (
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}/amp/s/(.+)"), "https://"),
    (re.compile(r"r\.search\.yahoo\.com/.*/RU=([^/]+)/.*"), ""),
)
_WRAPPED = 3
#: "http://https://…"
_TWICE = re.compile(r"^(?:https?:/{0,2}(?=https?:/))+", re.IGNORECASE)
_SLASHES = re.compile(r"^(https?):(?:/(?!/)|/{3,})(?=[^/])", re.IGNORECASE)


def web(url: object, base: str = "") -> str:
    """*url* as seen from *base*, if it is one of the web that can be shown to a reader; otherwise "".

    What the publisher wrote stays as it is; only what could end an attribute, a header or a line is escaped.
    """
    if not isinstance(url, str) or not url.strip():
        return ""
    try:
        absolute = _absolute(_UNSEEN.sub("", _LINE_ENDS.sub("", url.strip())).strip(), base)
        parts = urlsplit(absolute)
        usable = parts.scheme in _PORTS and bool(_host(parts)) and parts.port != 0
    except ValueError:
        return ""
    # a user name in a link is there to look like another host
    usable = usable and "@" not in parts.netloc and len(absolute) <= LONGEST
    if not usable:
        return ""
    written = _quoted(parts)
    if absolute.partition("#")[0].endswith("?") and not parts.query:
        address, mark, fragment = written.partition("#")
        written = f"{address}?{mark}{fragment}"
    return written if len(written) <= LONGEST else ""


def mended(address: str) -> str:
    """*address* as feeds get it wrong: with "&amp;" for "&", escaped once too often, or slashes too many or too few."""
    address = address.strip()
    if "&amp;" in address or "&#38;" in address:
        address = html.unescape(address)
    return _SLASHES.sub(r"\1://", _TWICE.sub("", address))


def published(url: str) -> str:
    """*url*, which `web` has let pass, as its publisher meant it: unwrapped, and without what only counts readers."""
    for _ in range(_WRAPPED):
        inner = _unwrapped(url)
        if not inner:
            break
        url = inner
    address, mark, fragment = url.partition("#")
    address = tracking.without(address)
    if urlsplit(address).path == "" and "?" not in address:
        address += "/"
    return address if tracking.counts(fragment) else address + mark + fragment


def canonical(url: str) -> str:
    """The one form of *url*, which `web` has let pass, for all the ways to link to the same article.

    It is for comparing: it may lead nowhere, so no reader is ever shown it.
    """
    return _canonical(url)


def identity(url: str) -> str:
    """What tells *url* apart from the other articles of one feed, where some differ only by their fragment."""
    fragment = published(url).partition("#")[2]
    form = canonical(url)
    return form if not fragment or "#" in form else f"{form}#{fragment}"


@lru_cache(maxsize=10_000)
def _canonical(url: str) -> str:
    while (shorter := _shortened(url)) != url:
        url = shorter
    return url


def _absolute(url: str, base: str) -> str:
    if not urlsplit(url).scheme and not url.startswith("/"):
        host, own = re.split(r"[/:?#]", url, maxsplit=1)[0].lower(), urlsplit(base)
        # "www.site.example/a", and "site.example/a" where that is the site's own name
        if _BARE_HOST.match(url) or (own.hostname and host in {own.hostname, own.hostname.removeprefix("www.")}):
            return f"{own.scheme or 'https'}://{url}"
    elif re.match(r"[\w.-]+:\d+(?:/|$)", url) and "." in url.partition(":")[0]:
        return f"{urlsplit(base).scheme or 'https'}://{url}"
    return url if urlsplit(url).scheme else urljoin(base, url)


def _unwrapped(url: str) -> str:
    parts = urlsplit(url)
    place = f"{_host(parts)}{parts.path}"
    for pattern, names in _WRAPPERS:
        if pattern.fullmatch(place):
            said = parse_qs(parts.query)
            return next((inner for name in names for value in said.get(name, ()) if (inner := web(value))), "")
    for pattern, scheme in _WRAPPING_PATHS:
        if found := pattern.fullmatch(place):
            return web(scheme + (found[1] if scheme else unquote(found[1])))
    return ""


def _shortened(url: str) -> str:
    parts = urlsplit(url)
    path = _without_dots(_quoted_path(parts.path)) or "/"
    path = _AMP.sub("", _INDEX.sub("/", path)) or "/"
    query = "&".join(sorted(pair for pair in _pairs(parts.query) if not tracking.is_tracking(pair, for_comparing=True)))
    # a page of a program that runs in the browser stands in the fragment
    fragment = parts.fragment if _ROUTE.match(parts.fragment) else ""
    return urlunsplit((parts.scheme.lower(), _place(parts), path, query, fragment))


def _pairs(query: str) -> list[str]:
    """The pairs of *query*, each in one form; "a=" and "a" are the same question."""
    pairs = (_normal(pair).replace("%20", "+") for pair in query.split("&"))
    return [pair.removesuffix("=") for pair in pairs if pair not in {"", "="}]


def _place(parts: SplitResult) -> str:
    host = _SMALL.sub("", _host(parts))
    if ":" in host:
        host = f"[{host}]"
    return host if parts.port in {None, _PORTS[parts.scheme.lower()]} else f"{host}:{parts.port}"


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if re.search(r"[^\w.:-]", host) or ".." in host or host.startswith("."):
        return ""
    return host


def _quoted(parts: SplitResult) -> str:
    """Nothing that could end an attribute, a header or a line of text."""
    path = quote(parts.path, safe="!$&()*+,;=:@/%~-._")
    query = quote(parts.query, safe="!$&()*+,;=:@/?%~-._[]")
    fragment = quote(parts.fragment, safe="!$&()*+,;=:@/?%~-._")
    return urlunsplit((parts.scheme, parts.netloc.rstrip("."), path, query, fragment))


def _quoted_path(path: str) -> str:
    return quote(_normal(path), safe="!$&'()*+,;=:@/%" + _UNRESERVED)


def _normal(text: str) -> str:
    """Percent signs only where they are needed, and in capitals (RFC 3986 section 6.2.2)."""
    return re.sub(r"%([0-9a-fA-F]{2})", _normal_escape, text)


def _normal_escape(match: re.Match[str]) -> str:
    character = unquote(match[0], "latin-1")
    return character if character in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1] if len(kept) > 1 else kept
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
