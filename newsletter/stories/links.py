"""Addresses of the web: which may be shown, and one form for all the ways to write the same one."""

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

LONGEST = 2000

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_TRACKING = re.compile(
    r"utm_.*|mc_[ce]id|_?hs(enc|mi|_.*)|[gy]clid|gclsrc|d?clid|fbclid|msclkid|twclid|igshid|wbraid|gbraid|mkt_tok|cmpid|vero_id"
    r"|ns_(campaign|source|mchannel|linkname|fee)|ref_?src|ito|ocid|cmp|ncid|spm|guccounter|__twitter_impression|amp",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}
_SMALL = re.compile(r"^(?:m|mobile|amp)\.(?=[^.]+\.[^.]+)")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_AMP = re.compile(r"(?<=[^/])/amp/?$|\.amp(?=\.html?$)|(?<=[^/])\.amp$", re.IGNORECASE)
_UNRESERVED = "-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def web(url: object, base: str = "") -> str:
    """*url* as seen from *base*, if it is one of the web that can be shown to a reader; otherwise ""."""
    if not isinstance(url, str) or not url.strip():
        return ""
    try:
        absolute = _UNSEEN.sub("", url)
        if not urlsplit(absolute).scheme:
            absolute = urljoin(base, absolute)
        parts = urlsplit(absolute)
        usable = parts.scheme in _PORTS and bool(_host(parts)) and parts.port != 0
    except ValueError:
        return ""
    # a user name in a link is there to look like another host
    usable = usable and "@" not in parts.netloc and len(absolute) <= LONGEST
    return _quoted(parts) if usable and len(_quoted(parts)) <= LONGEST else ""


def canonical(url: str) -> str:
    """The one form of *url*, which `web` has let pass, for all the ways to link to the same article."""
    while (shorter := _shortened(url)) != url:
        url = shorter
    return url


def _shortened(url: str) -> str:
    parts = urlsplit(url)
    path = _without_dots(_quoted_path(parts.path)) or "/"
    path = _AMP.sub("", _INDEX.sub("/", path))
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0]))
    return urlunsplit((parts.scheme.lower(), _place(parts), path, urlencode(query), ""))


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
    query = quote(parts.query, safe="!$&()*+,;=:@/?%~-._")
    fragment = quote(parts.fragment, safe="!$&()*+,;=:@/?%~-._")
    return urlunsplit((parts.scheme, parts.netloc.rstrip("."), _quoted_path(parts.path), query, fragment))


def _quoted_path(path: str) -> str:
    """Percent signs only where they are needed, and in capitals (RFC 3986 section 6.2.2)."""
    kept = re.sub(r"%([0-9a-fA-F]{2})", _normal_escape, path)
    return quote(kept, safe="!$&()*+,;=:@/%" + _UNRESERVED)


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
