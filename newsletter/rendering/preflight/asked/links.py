"""Whether a page is there: asked for its head, and where a server minds that, for its first byte."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from newsletter import plural
from newsletter.rendering.preflight import leads, places
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.stories.reading.fetching import Answer, Fetcher, Outcome

_GONE = {404, 410}
#: statuses by which a server says that it is busy, or talks to no programs: a person may get in
_NOT_TO_PROGRAMS = {401, 402, 403, 405, 406, 407, 408, 409, 421, 425, 429, 451, 503, 520, 521, 522, 523, 524, 530, 999}
_NO_HOST = "there is no such host"


def ask(fetcher: Fetcher, address: str) -> dict[str, Any]:
    """What became of *address*: its last status and page, and whether each step of the way there was for good."""
    answer = fetcher.head(address)
    if answer.outcome is not Outcome.FRESH:
        answer = fetcher.glance(address)  # many servers answer HEAD by mistake, or not at all
    return said(answer)


def said(answer: Answer) -> dict[str, Any]:
    """*answer* as it is kept."""
    return {
        "status": answer.status,
        "url": answer.url,
        "for_good": answer.moved_to,
        "problem": answer.problem if answer.outcome is not Outcome.FRESH else "",
    }


def judge(subject: Material, told: Mapping[str, dict[str, Any] | None]) -> Sequence[Finding]:
    """What the answers of the pages mean."""
    found: list[Finding] = []
    network_is_there = any(each and each["status"] for each in told.values())
    for address, answer in told.items():
        if answer is not None:
            field = places.of_link(subject.words, address)
            found.extend(_judge(address, answer, field, network_is_there=network_is_there))
    if silent := [address for address, answer in told.items() if answer is None]:
        text = f"{plural.counted(len(silent), 'link was', 'links were')} not tried today."
        found.append(Finding("pages", Level.UNKNOWN, text))
    return or_green("pages", f"{plural.counted(len(told), 'link leads', 'links lead')} where they should.", found)


def _judge(address: str, answer: dict[str, Any], field: str, *, network_is_there: bool) -> Iterator[Finding]:
    status, problem, at = answer["status"], answer["problem"], answer["url"]
    way = f"{address} leads on to {at}, which" if leads.same(at) != leads.same(address) else address
    if status in _GONE:
        yield Finding("pages", Level.RED, f"{way} is not there ({status}): readers would find nothing.", field)
    elif status in _NOT_TO_PROGRAMS:
        text = f"{way} does not answer programs ({status}): open it yourself."
        yield Finding("pages", Level.UNKNOWN, text, field)
    elif status >= 400:
        yield Finding("pages", Level.AMBER, f"{way} answers with an error ({status}): open it yourself.", field)
    elif problem:
        yield _unreached(address, way, problem, field, network_is_there=network_is_there)
    elif at != address:
        yield from _moved(address, at, field, for_good=answer["for_good"] == at)


def _unreached(address: str, way: str, problem: str, field: str, *, network_is_there: bool) -> Finding:
    if _NO_HOST in problem and network_is_there:
        text = f"{way} is on no host that anybody knows: readers would find nothing."
        return Finding("pages", Level.RED, text, field)
    if "refused" in problem or "certificate" in problem.lower() or "redirects" in problem:
        return Finding("pages", Level.AMBER, f"{way} {problem}: open it yourself.", field)
    return Finding("pages", Level.UNKNOWN, f"{address} could not be tried: it {problem}.", field)


def _moved(address: str, at: str, field: str, *, for_good: bool) -> Iterator[Finding]:
    here, there = urlsplit(address), urlsplit(at)
    if there.path in {"", "/"} and not there.query and here.path not in {"", "/"}:
        text = f"{address} leads to a front page, {at}: the page itself may be gone."
        yield Finding("pages", Level.AMBER, text, field)
    elif for_good:
        yield Finding("pages", Level.AMBER, f"{address} has moved for good: write {at}.", field)
    else:
        text = f"{address} leads on to {at}: look whether that is the page you mean."
        yield Finding("pages", Level.AMBER, text, field)
