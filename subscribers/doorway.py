"""How fast anybody may knock: GCRA buckets in the database, shared by all processes, kept under keyed hashes."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from . import addresses
from .models import DoorRate
from .rows import upsert

#: one home or office, more or less: what a single visitor can't easily change
_PREFIX_4, _PREFIX_6 = 24, 56


@dataclass(frozen=True, slots=True)
class Allowance:
    """*most* knocks within *seconds*, and as many at once after a long silence."""

    most: int
    seconds: float


def network(address: str) -> str:
    """The network that *address* belongs to: /24 for IPv4, /56 for IPv6; what is no address is its own."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    prefix = _PREFIX_4 if isinstance(parsed, IPv4Address) else _PREFIX_6
    return str(ip_network(f"{parsed}/{prefix}", strict=False))


def key(secret: str, kind: str, what: str) -> str:
    """What a knock is counted under: nobody can read an address out of it."""
    return hmac.new(secret.encode(), f"{kind} {what}".encode(), sha256).hexdigest()


def key_of_address(secret: str, email: str) -> str:
    """Under what knocks for *email* are counted, in whatever case it is written."""
    return key(secret, "address", addresses.key(email))


def key_of_network(secret: str, address: str) -> str:
    """Under what knocks from the network of *address* are counted."""
    return key(secret, "network", network(address))


def knock(session: Session, allowed: Mapping[str, Allowance], *, now: datetime) -> float:
    """Count a knock under each key of *allowed*; seconds to wait where one has had its share, and 0 where none has.

    A refused knock costs nothing, so that who waits gets in.
    """
    moment = now.timestamp()
    keys = sorted(allowed)  # always in the same order, so that two knocks can't block each other
    held = dict(
        session.execute(select(DoorRate.key, DoorRate.tat).where(DoorRate.key.in_(keys)).with_for_update()).all()
    )
    waits = [_wait(held.get(one, 0.0), allowed[one], moment) for one in keys]
    if longest := max(waits, default=0.0):
        return longest
    for one in keys:
        if not _count(session, one, allowed[one], moment):
            return allowed[one].seconds / allowed[one].most  # somebody else knocked at the same moment
    return 0.0


def forget(session: Session, *, now: datetime) -> None:
    """Buckets that are full again say nothing any more."""
    session.execute(delete(DoorRate).where(DoorRate.tat <= now.timestamp()))


def _wait(tat: float, allowance: Allowance, moment: float) -> float:
    each = allowance.seconds / allowance.most
    return max(0.0, max(tat, moment) + each - moment - allowance.seconds)


def _count(session: Session, one: str, allowance: Allowance, moment: float) -> bool:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    each = allowance.seconds / allowance.most
    statement = upsert(session, DoorRate).values(key=one, tat=moment + each)
    later = (func.greatest if on_postgresql else func.max)(DoorRate.tat, moment) + each
    statement = statement.on_conflict_do_update(
        index_elements=["key"], set_={"tat": later}, where=later <= moment + allowance.seconds + 1e-6
    )
    return session.scalar(statement.returning(DoorRate.key)) is not None
