"""Whether receivers can tell that mail is its sender's: SPF, DKIM and DMARC of the domain, as they stand in DNS."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dns.exception
import dns.resolver
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.config import Checks
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material

#: mechanisms that make a receiver ask again; SPF allows ten of them in all (RFC 7208 section 4.6.4)
_ASKING = re.compile(r"[+?~-]?(include:|a(?=[:/]|\Z)|mx(?=[:/]|\Z)|ptr(?=:|\Z)|exists:)|redirect=", re.IGNORECASE)
_MOST_LOOKUPS = 10
#: names under which providers and packages keep their keys, tried where none is named in the settings
_USUAL = ("default", "dkim", "mail", "s1", "s2", "selector1", "selector2", "google", "k1", "smtp")
#: bits of an RSA key (RFC 8301 section 3.2)
_LEAST_BITS, _GOOD_BITS = 1024, 2048


def resolver(settings: Checks) -> dns.resolver.Resolver:
    """Whom to ask: the name servers of the settings, else this machine's; one question has *settings.seconds*."""
    asked = dns.resolver.Resolver(configure=not settings.nameservers)
    if settings.nameservers:
        where = [_place(each) for each in settings.nameservers]
        asked.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in where]
    asked.lifetime = asked.timeout = settings.seconds
    return asked


def _place(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":") if server.count(":") == 1 or server.startswith("[") else (server, "", "")
    return host.strip("[]"), int(port) if port.isdigit() else 53


def ask(asked: dns.resolver.Resolver, domain: str, given: str) -> dict[str, Any]:
    """What DNS says of *domain*; *given* is the domain of the return address, the sender, and the selectors."""
    envelope, _, *selectors = json.loads(given)
    try:
        if not _exists(asked, domain):
            return {"problem": "", "exists": False}
        return {
            "problem": "",
            "exists": True,
            "spf": _spf(asked, envelope),
            "dkim": {name: _texts(asked, f"{name}._domainkey.{domain}") for name in selectors or _USUAL},
            "dmarc": _dmarc(asked, domain),
        }
    except (dns.exception.DNSException, OSError) as error:
        return {"problem": _why(error)}


def judge(subject: Material, told: Mapping[str, dict[str, Any] | None]) -> Sequence[Finding]:
    """What that means for mail of the newsletter."""
    for domain, answer in told.items():
        if answer is None:
            return [Finding("sender", Level.UNKNOWN, f"Nobody asked today what DNS says of {domain}.")]
        if answer["problem"]:
            return [Finding("sender", Level.UNKNOWN, f"What DNS says of {domain} is not known: {answer['problem']}.")]
        found = list(_judge(subject, domain, answer))
        return or_green("sender", f"DNS speaks for {domain}: SPF, DKIM and DMARC are as they should be.", found)
    return []


def _judge(subject: Material, domain: str, answer: dict[str, Any]) -> Iterator[Finding]:
    # mail that stays on this machine is judged by nobody
    worst = Level.RED if subject.settings.hands_over_elsewhere else Level.AMBER
    if not answer["exists"]:
        text = f"The sender's domain, {domain}, does not exist: mail from it is refused. Look at from_address."
        yield Finding("sender", worst, text)
        return
    spf = [] if subject.settings.sender == "sendgrid" else list(_spf_faults(answer["spf"]))
    dkim, dkim_is_known = list(_dkim_faults(subject, domain, answer["dkim"])), bool(subject.newsletter.dkim_selectors)
    # Gmail and Yahoo refuse what neither speaks for, since February 2024
    neither = spf and dkim and dkim_is_known and subject.settings.sender != "sendgrid"
    yield from (Finding("sender", worst if neither else level, text) for level, text in (*spf, *dkim))
    yield from (Finding("sender", level, text) for level, text in _dmarc_faults(domain, answer["dmarc"]))


# SPF (RFC 7208)


def _spf(asked: dns.resolver.Resolver, domain: str) -> dict[str, Any]:
    records = _spf_records(asked, domain)
    lookups = _lookups(asked, records[0], {domain.lower()}) if len(records) == 1 else 0
    return {"domain": domain, "records": records, "lookups": lookups}


def _spf_records(asked: dns.resolver.Resolver, domain: str) -> list[str]:
    return [text for text in _texts(asked, domain) if re.match(r"v=spf1(?: |\Z)", text, re.IGNORECASE)]


def _lookups(asked: dns.resolver.Resolver, record: str, seen: set[str]) -> int:
    """How often a receiver has to ask because of *record*; it stops counting where it is clear that it is too often."""
    count = 0
    for term in record.split()[1:]:
        if not _ASKING.match(term):
            continue
        count += 1
        inner = re.fullmatch(r"[+?~-]?include:(.{1,253})|redirect=(.{1,253})", term, re.IGNORECASE)
        name = (inner[1] or inner[2]).lower() if inner else ""
        if name and "%" not in name and name not in seen and len(seen) <= _MOST_LOOKUPS:
            seen.add(name)
            records = _spf_records(asked, name)
            count += _lookups(asked, records[0], seen) if records else 0
        if count > _MOST_LOOKUPS:
            return count
    return count


def _spf_faults(spf: dict[str, Any]) -> Iterator[tuple[Level, str]]:
    domain, records = spf["domain"], spf["records"]
    if not records:
        yield Level.AMBER, f"{domain} has no SPF record: add a TXT record that names who sends for it, v=spf1 … ~all."
        return
    if len(records) > 1:
        yield Level.AMBER, f"{domain} has {len(records)} SPF records, so none counts (RFC 7208 section 4.5): keep one."
        return
    terms = [term.lower() for term in records[0].split()[1:]]
    if wrong := next((term for term in terms if not _is_term(term)), ""):
        yield (
            Level.AMBER,
            f"The SPF record of {domain} can't be understood at “{wrong[:60]}”, so it counts for nothing.",
        )
    elif not [term for term in terms if term[-4:] not in {"-all", "~all", "?all"} and not term.startswith("exp=")]:
        yield Level.AMBER, f"The SPF record of {domain}, “{records[0][:80]}”, says that no server may send for it."
    elif terms[-1:] in (["+all"], ["all"]):
        yield Level.AMBER, f"The SPF record of {domain} lets everybody send for it: end it with ~all."
    elif spf["lookups"] > _MOST_LOOKUPS:
        text = f"The SPF record of {domain} makes receivers ask more than {_MOST_LOOKUPS} times, and they give up"
        yield Level.AMBER, f"{text} (RFC 7208 section 4.6.4): take out includes that nobody needs."


def _is_term(term: str) -> bool:
    return bool(
        re.fullmatch(
            r"[+?~-]?(?:all|include:\S{1,253}|(?:a|mx)(?::[^\s/]{1,253})?(?:/\d{1,2})?(?://\d{1,3})?|ptr(?::\S{1,253})?"
            r"|ip4:[0-9./]{7,18}|ip6:[0-9a-f:./]{2,50}|exists:\S{1,253})|[a-z][a-z0-9_.-]{0,60}=\S{0,253}",
            term,
        )
    )


# DKIM (RFC 6376)


def _dkim_faults(subject: Material, domain: str, keys: Mapping[str, list[str]]) -> Iterator[tuple[Level, str]]:
    named = subject.newsletter.dkim_selectors
    if not named and not any(keys.values()):
        text = f"Whether the key of {domain} is in DNS (DKIM) is not known: name its selector in dkim_selectors"
        yield Level.UNKNOWN, f"{text} under newsletters.{subject.newsletter.slug}."
        return
    for name, records in keys.items():
        where = f"{name}._domainkey.{domain}"
        if not records and named:
            yield Level.AMBER, f"There is no key at {where}: what is signed with it (DKIM) counts as not signed."
        elif len(records) > 1:
            yield Level.AMBER, f"There are {len(records)} keys at {where}, so none counts (RFC 6376 section 3.6.2.2)."
        elif records and (fault := _key_fault(records[0])):
            yield Level.AMBER, f"The key at {where} {fault}"


def _key_fault(record: str) -> str:
    tags = _tags(record)
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return "can't be understood: look whether it was pasted whole."
    if not tags["p"]:
        return "has been withdrawn: signatures made with it count for nothing."
    if tags.get("k", "rsa").lower() != "rsa":
        return ""
    try:
        key = load_der_public_key(base64.b64decode("".join(tags["p"].split()), validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return "can't be understood: look whether it was pasted whole."
    bits = key.key_size if isinstance(key, RSAPublicKey) else _GOOD_BITS
    if bits < _LEAST_BITS:
        return f"has {bits} bits, and receivers don't believe fewer than {_LEAST_BITS} (RFC 8301): make a new one."
    return ""


# DMARC (RFC 7489)


def _dmarc(asked: dns.resolver.Resolver, domain: str) -> dict[str, Any]:
    """The policy of *domain*, or of the next domain above it that has one."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        at = ".".join(labels[start:])
        records = [text for text in _texts(asked, f"_dmarc.{at}") if text.lower().startswith("v=dmarc1")]
        if records:
            return {"at": at, "records": records}
    return {"at": "", "records": []}


def _dmarc_faults(domain: str, dmarc: dict[str, Any]) -> Iterator[tuple[Level, str]]:
    records = dmarc["records"]
    if not records:
        text = f"{domain} has no DMARC policy, which Gmail and Yahoo ask of who sends much: add a TXT record at"
        yield Level.AMBER, f"{text} _dmarc.{domain}, at least v=DMARC1; p=none."
    elif len(records) > 1:
        yield Level.AMBER, f"There are {len(records)} DMARC policies at _dmarc.{dmarc['at']}, so none counts: keep one."
    elif _tags(records[0]).get("p", "").lower() not in {"none", "quarantine", "reject"}:
        yield Level.AMBER, f"The DMARC policy at _dmarc.{dmarc['at']} has no p=none, quarantine or reject."


# DNS


def _exists(asked: dns.resolver.Resolver, domain: str) -> bool:
    try:
        asked.resolve(domain, "SOA", raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return False
    return True


def _texts(asked: dns.resolver.Resolver, name: str) -> list[str]:
    """The TXT records of *name*, each of one piece."""
    try:
        found = asked.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.exception.SyntaxError, dns.name.LabelTooLong):
        return []
    except dns.name.EmptyLabel:
        return []
    return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in found]


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _why(error: Exception) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "no name server answered in time"
    if isinstance(error, dns.resolver.NoNameservers):
        return "the name servers answered with an error"
    if isinstance(error, dns.resolver.NoResolverConfiguration):
        return "this machine knows no name server"
    return f"{type(error).__name__}"
