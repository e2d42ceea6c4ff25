"""Who asks, by what they call themselves: known machines by name, others by their words without figures.

Versions and models of devices are not kept: they would tell people apart, and say nothing of man or machine.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What an agent is, as far as its name says."""

    #: fetches pictures for people, hiding whether and when they look
    PROXY = "proxy"
    #: looks through mail, or the web
    SCANNER = "scanner"
    #: an ordinary program that fetches pages
    PROGRAM = "program"
    #: shows people mail
    MAIL = "mail"
    #: shows people pages
    BROWSER = "browser"
    #: it said nothing
    SILENT = "silent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Agent:
    """A name by which an agent is kept, and what it is."""

    name: str
    kind: Kind


#: Gmail fetches some mails' pictures before anybody looks, under this name alone
_GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
#: what stands in a name, lowered → who it is; the first that fits. Where each was seen: docs/tracking.md
_KNOWN: Sequence[tuple[str, Agent]] = (
    ("googleimageproxy", Agent("Gmail image proxy", Kind.PROXY)),
    ("ggpht.com", Agent("Gmail image proxy", Kind.PROXY)),
    ("yahoomailproxy", Agent("Yahoo image proxy", Kind.PROXY)),
    ("duckduckgo-email", Agent("DuckDuckGo email protection", Kind.PROXY)),
    ("barracuda", Agent("Barracuda", Kind.SCANNER)),
    ("proofpoint", Agent("Proofpoint", Kind.SCANNER)),
    ("mimecast", Agent("Mimecast", Kind.SCANNER)),
    ("safelinks", Agent("Microsoft Safe Links", Kind.SCANNER)),
    ("safe links", Agent("Microsoft Safe Links", Kind.SCANNER)),
    ("existence discovery", Agent("Microsoft Office Existence Discovery", Kind.SCANNER)),
    ("protocol discovery", Agent("Microsoft Office Protocol Discovery", Kind.SCANNER)),
    ("bingpreview", Agent("Bing preview", Kind.SCANNER)),
    ("skypeuripreview", Agent("Skype preview", Kind.SCANNER)),
    ("ironport", Agent("Cisco Secure Email", Kind.SCANNER)),
    ("cisco", Agent("Cisco Secure Email", Kind.SCANNER)),
    ("trendmicro", Agent("Trend Micro", Kind.SCANNER)),
    ("tmes", Agent("Trend Micro", Kind.SCANNER)),
    ("symantec", Agent("Symantec", Kind.SCANNER)),
    ("messagelabs", Agent("Symantec", Kind.SCANNER)),
    ("forcepoint", Agent("Forcepoint", Kind.SCANNER)),
    ("fortinet", Agent("Fortinet", Kind.SCANNER)),
    ("fortimail", Agent("Fortinet", Kind.SCANNER)),
    ("sophos", Agent("Sophos", Kind.SCANNER)),
    ("avanan", Agent("Avanan", Kind.SCANNER)),
    ("hornetsecurity", Agent("Hornetsecurity", Kind.SCANNER)),
    ("vadesecure", Agent("Vade", Kind.SCANNER)),
    ("cloudmark", Agent("Cloudmark", Kind.SCANNER)),
    ("urlscan", Agent("urlscan", Kind.SCANNER)),
    ("virustotal", Agent("VirusTotal", Kind.SCANNER)),
    ("zscaler", Agent("Zscaler", Kind.SCANNER)),
    ("trustwave", Agent("Trustwave", Kind.SCANNER)),
    ("mailmarshal", Agent("Trustwave", Kind.SCANNER)),
    ("ms-office", Agent("Outlook", Kind.MAIL)),
    ("msoffice", Agent("Outlook", Kind.MAIL)),
    ("microsoft outlook", Agent("Outlook", Kind.MAIL)),
    ("outlook-ios", Agent("Outlook", Kind.MAIL)),
    ("outlook-android", Agent("Outlook", Kind.MAIL)),
    ("microsoft office", Agent("Microsoft Office", Kind.MAIL)),
    ("thunderbird", Agent("Thunderbird", Kind.MAIL)),
)
#: words of names that programs have and browsers do not
_PROGRAM = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|monitor|fetch|check|validator|headless|phantom|selenium|puppeteer|playwright"
    r"|curl|wget|python|aiohttp|httpx|urllib|requests|okhttp|java/|jakarta|apache-http|go-http|node|axios|undici|ruby"
    r"|perl|libwww|php|guzzle|scrapy|winhttp|powershell|dart|http_client|httpclient|facebookexternalhit|whatsapp|slack"
)
_BROWSERS = re.compile(r"^mozilla/\d.*(?:chrome/|firefox/|safari/|edge?/|opr/|trident/|applewebkit/)|^opera/")
_MAIL_OF_APPLE = re.compile(
    r"^mozilla/5\.0 \((?:macintosh|iphone|ipad)[^)]*+\) applewebkit/[\d.]+ \(khtml, like gecko\)(?: mobile/\w+)?$"
)
_FIGURES = re.compile(r"[^A-Za-z();,:/+.@_ -]+")
_BLANKS = re.compile(r"\s+")
#: a bracket of a name: its system, its device
_BRACKET = re.compile(r"\(([^()]*+)\)")
#: the few words of a bracket that are kept: they are everybody's
_SYSTEMS = ("windows", "macintosh", "iphone", "ipad", "android", "linux", "cros", "x11")
_LONGEST, _LONGEST_ASKED = 120, 1000


@lru_cache(maxsize=4096)
def name(asked: str) -> str:
    """The name under which an agent is kept that called itself *asked*."""
    asked = asked[:_LONGEST_ASKED].strip()
    known = _known(asked)
    return known.name if known else _plain(asked)


@lru_cache(maxsize=4096)
def kind(kept: str) -> Kind:
    """What an agent is, by the name it was *kept* under."""
    if not kept:
        return Kind.SILENT
    if kept in _BY_NAME:
        return _BY_NAME[kept]
    lowered = kept.lower()
    if _PROGRAM.search(lowered):
        return Kind.PROGRAM
    return Kind.BROWSER if lowered.startswith("browser") else Kind.OTHER


APPLE, GMAIL_AHEAD, APPLE_MAIL = "Apple Mail Privacy Protection", "Gmail, ahead of its reader", "Apple Mail"
_BY_NAME = {agent.name: agent.kind for _, agent in _KNOWN} | {
    APPLE: Kind.PROXY,
    GMAIL_AHEAD: Kind.SCANNER,
    APPLE_MAIL: Kind.MAIL,
}


def _known(asked: str) -> Agent | None:
    if asked == "Mozilla/5.0":
        return Agent(APPLE, Kind.PROXY)
    if asked == _GMAIL_AHEAD:
        return Agent(GMAIL_AHEAD, Kind.SCANNER)
    lowered = asked.lower()
    for words, agent in _KNOWN:
        if words in lowered:
            return agent
    return Agent(APPLE_MAIL, Kind.MAIL) if _MAIL_OF_APPLE.match(lowered) else None


def _plain(asked: str) -> str:
    """*asked* without what differs from device to device; what browsers say is "browser" and their system."""
    lowered = asked.lower()
    if _BROWSERS.match(lowered) and not _PROGRAM.search(lowered):
        system = next((word for word in _SYSTEMS if word in lowered), "")
        return f"browser on {system}" if system else "browser"
    # the words of a program's bracket say who it is: (compatible; SomeScanner; +https://…)
    return _BLANKS.sub(" ", _FIGURES.sub("", asked)).strip()[:_LONGEST]
