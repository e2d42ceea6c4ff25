"""Where the mail's links lead, as far as their addresses tell: nowhere, to a machine of somebody's own, to a draft."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit

from newsletter import plural
from newsletter.rendering import slots
from newsletter.rendering.preflight import places
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.stories import tracking

#: last parts of names that no public server has (RFC 6761, RFC 8375, and what routers and offices use)
_AT_HOME = {"localhost", "local", "localdomain", "lan", "home", "internal", "intranet", "corp", "private", "test"} | {
    "invalid"
}
#: words in the names of sites that are not the site
_STAGING = {"staging", "stage", "stg", "preprod", "uat", "qa", "sandbox", "dev", "develop", "preview", "draft"}
#: where previews of sites, and tunnels to somebody's machine, are served
_PASSING = (
    *(".ngrok.io", ".ngrok.app", ".ngrok-free.app", ".ngrok-free.dev", ".trycloudflare.com", ".loca.lt", ".lhr.life"),
    *(".localtunnel.me", ".serveo.net", ".wpengine.com", ".pantheonsite.io", ".azurestaticapps.net"),
)
#: parameters by which a site shows what is not published
_PREVIEW = {"preview", "preview_id", "preview_nonce", "draft", "is_draft", "staging", "_ppp"}
_NO = {"", "0", "false", "no"}


def check(subject: Material) -> Sequence[Finding]:
    """Whether each link leads where a reader can go, and should."""
    found = [finding for address in _foreign(subject) for finding in _of(subject, address)]
    count = plural.counted(len(subject.page.links), "link")
    return or_green("links", f"{count}; where they lead can be asked.", found)


def asked(subject: Material) -> list[str]:
    """The links that can be tried: pages of others, each once, in their order."""
    return [address for address in _foreign(subject) if _parts(address).scheme in {"http", "https"}]


def same(address: str) -> str:
    """What two addresses of one page have in common: no scheme, no www, no counting of readers, no final slash."""
    parts = _parts(address)
    query = tracking.without(f"?{parts.query}").lstrip("?") if parts.query else ""
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' if query else ''}{query}"


def _foreign(subject: Material) -> list[str]:
    """Every link but a reader's own, once."""
    return [address for address in dict.fromkeys(subject.page.links) if not slots.count(address)]


def _of(subject: Material, address: str) -> Iterator[Finding]:
    field, parts = places.of_link(subject.words, address), _parts(address)
    if not _is_link(parts):
        yield Finding("links", Level.RED, f"{address or 'An empty link'} leads nowhere a reader can go.", field)
        return
    if parts.scheme == "mailto" or _is_ours(subject, address):
        return
    if why := _not_public(parts):
        level = Level.RED if subject.settings.hands_over_elsewhere else Level.AMBER
        yield Finding("links", level, f"{address} {why}: put the public address there.", field)
    elif why := _not_final(parts):
        yield Finding("links", Level.AMBER, f"{address} {why}: is that the page for readers?", field)
    if before := (subject.used or {}).get(same(address)):
        text = f"{address} was in the edition of {before.day} {before:%B %Y} already: is this something new?"
        yield Finding("links", Level.AMBER, text, field)


def _not_public(parts: SplitResult) -> str:
    """Why no reader gets to that host; empty where they may."""
    host = parts.hostname or ""
    address = _ip(host)
    if address is not None and not address.is_global:
        return "leads to this machine" if address.is_loopback else "leads into a network of somebody's own"
    if host == "localhost" or host.endswith(".localhost"):
        return "leads to this machine"
    labels = host.rstrip(".").split(".")
    if address is None and (len(labels) == 1 or labels[-1] in _AT_HOME or labels[-2:] == ["home", "arpa"]):
        return "has a name that only some network of somebody's own knows"
    return ""


def _not_final(parts: SplitResult) -> str:
    """What looks like a draft of the page rather than the page; empty where nothing does."""
    host = (parts.hostname or "").rstrip(".")
    if parts.username is not None:
        return "has a name or password in it"
    if _is_passing(host):
        return "is a preview or a tunnel, which will not be there for long"
    if _is_staging(host):
        return "has the name of a staging site"
    if any(name.lower() in _PREVIEW and value.lower() not in _NO for name, value in parse_qsl(parts.query)):
        return "asks its site for a preview"
    if parts.port not in {None, 80, 443}:
        return f"leads to port {parts.port}, where sites are tried"
    return ""


def _is_passing(host: str) -> bool:
    first = host.partition(".")[0]
    of_a_branch = host.endswith(".netlify.app") and "--" in first
    return of_a_branch or host.endswith(_PASSING) or (host.endswith(".vercel.app") and "-git-" in first)


def _is_staging(host: str) -> bool:
    # of names alone, and not of the domain that somebody has registered: dev.to is a site like any other
    words = [word for label in host.split(".")[:-2] for word in label.split("-")]
    return any(word.rstrip("0123456789") in _STAGING for word in words)


def not_public(address: str) -> str:
    """Why no reader gets to *address*; empty where they may."""
    return _not_public(_parts(address))


def _is_ours(subject: Material, address: str) -> bool:
    """Whether it leads to our own pages, of which the check of addresses speaks."""
    public = subject.settings.public_url
    return address == public or address.startswith(f"{public}/")


def _is_link(parts: SplitResult) -> bool:
    return (parts.scheme in {"http", "https"} and bool(parts.hostname)) or (
        parts.scheme == "mailto" and bool(parts.path)
    )


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 (raises where it is no number)
    except ValueError:
        return urlsplit("")
    return parts


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
