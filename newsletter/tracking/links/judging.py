"""Whether a person did it: pure, from what is kept; the same evidence gives the same verdict for ever.

Whoever changes a rule counts RULES up: `newsletter links judge` brings what was judged before up to date.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from newsletter.rendering.counted import DECOY, PIXEL
from newsletter.tracking.links import agents, networks
from newsletter.tracking.links.agents import Kind
from newsletter.tracking.links.models import Verdict
from newsletter.tracking.links.networks import Bearing

RULES = 1

#: seconds within which links of one copy count as followed together
TOGETHER = 10
#: nobody has read a mail so many seconds after it was handed over, and hardly anybody after so many
TOO_SOON, SOON = 5, 15
#: gateways look through a mail while it comes in; later, people browse through the same networks
_COMING_IN = 600
#: links followed together that are more than a person opens at once
_MANY = 4
#: that many are more where they are all there are
_FEW = 3
#: to which delays are rounded where nobody is named: each border of a rule is one of them
STEPS = (0, 2, TOO_SOON, SOON, 60, _COMING_IN, 3600, 86400)
UNKNOWN_DELAY = -1


class Facts(NamedTuple):
    """What is known of one visit."""

    #: of the link; 0 is the pixel
    number: int
    head: bool
    #: seconds since its copy was handed over; -1 where nobody knows
    delay: int
    #: links of the same copy followed together with it, itself among them; all of them there are
    touched: int
    seen: int
    #: whether the link that nobody sees was among them
    decoy: bool
    #: as `agents` and `networks` name them
    agent: str
    network: str
    #: the provider says that a machine did it
    flagged: bool = False


class Judgement(NamedTuple):
    """A verdict and what it rests on."""

    verdict: Verdict
    reasons: str


@lru_cache(maxsize=16384)
def judge(facts: Facts) -> Judgement:
    """Who did it, by today's rules: what speaks for a machine is said in full, and decides before anything else."""
    for verdict, found in (
        (Verdict.SCANNER, [*_scanner(facts)]),
        (Verdict.PROXY, [*_proxy(facts)]),
        (Verdict.UNKNOWN, [*_doubt(facts)]),
    ):
        if found:
            return Judgement(verdict, "; ".join(found))
    return Judgement(Verdict.HUMAN, f"{facts.agent}, in their own time")


def round_delay(delay: int) -> int:
    """*delay* as it is kept where nobody is named."""
    return max((step for step in STEPS if step <= delay), default=UNKNOWN_DELAY)


def _scanner(facts: Facts) -> Iterator[str]:
    kind = agents.kind(facts.agent)
    if facts.decoy or facts.number == DECOY:
        yield "followed the link that nobody sees"
    if facts.head:
        yield "asked only whether it is there (HEAD)"
    if kind is Kind.SCANNER:
        yield f"agent {facts.agent}"
    elif kind is Kind.PROGRAM:
        yield "agent is a program, not a browser"
    elif facts.number != PIXEL and kind in (Kind.SILENT, Kind.PROXY):
        yield "no browser has this agent"
    if _all_at_once(facts):
        yield f"{facts.touched} links within {TOGETHER} seconds"
    if 0 <= facts.delay < TOO_SOON and not (facts.number == PIXEL and kind is Kind.PROXY):
        yield f"within {TOO_SOON} seconds of delivery"
    bearing = networks.BEARINGS.get(facts.network)
    if bearing is Bearing.SCANNER or (bearing is Bearing.PROBABLY and 0 <= facts.delay < _COMING_IN):
        yield f"network {facts.network}"


def _proxy(facts: Facts) -> Iterator[str]:
    if facts.flagged:
        yield "the provider says that a machine did it"
    if facts.number != PIXEL:
        return
    if agents.kind(facts.agent) is Kind.PROXY:
        yield f"agent {facts.agent}"
    if networks.BEARINGS.get(facts.network) is Bearing.PROXY:
        yield f"network {facts.network}"


def _doubt(facts: Facts) -> Iterator[str]:
    kind = agents.kind(facts.agent)
    if networks.BEARINGS.get(facts.network) is Bearing.PROBABLY:
        yield f"network {facts.network}: a gateway, or somebody who browses through it"
    if 0 <= facts.delay < SOON:
        yield f"within {SOON} seconds of delivery"
    if kind is Kind.SILENT:
        yield "the agent says nothing"
    elif kind is Kind.OTHER:
        yield "an agent that nobody knows"


def _all_at_once(facts: Facts) -> bool:
    return facts.touched >= _MANY or _FEW <= facts.seen <= facts.touched
