"""The addresses that are told: added, listed, given a new secret, told again, switched off and on.

Every change by hand counts the epoch up: who is posting just then can't write its word over it, and what it had on
the wire is told again.
"""

import base64
import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.config import Fetch
from newsletter.errors import BadInput, Forbidden, NotFound, WrongState
from newsletter.staff import acts, secrets
from newsletter.staff.acts import Doer
from newsletter.stories.reading import guard
from newsletter.tracking.models import Event
from newsletter.tracking.webhooks import kinds
from newsletter.tracking.webhooks.models import Endpoint, Happening, Mark, ToldBatch, Tried

#: each has a thread of its own while there is something to tell
MOST = 20
#: both secrets sign for so long after a rotation
OVERLAP = timedelta(days=1)
#: so many at most that were there before
_SECRETS_BEFORE = 4
#: so long what happened can be told again, and waits for whoever is off
KEPT_FOR = timedelta(days=30)
_LONGEST = 2000
#: a number that databases keep is smaller
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was just made: shown once, and never again."""

    endpoint: Endpoint
    secret: str


def check(url: str, *, fetch: Fetch) -> str:
    """*url*, if it may be told anything. Asks the network, so not within a transaction.

    Raises BadInput where it is no such address, Forbidden where it leads to where nobody may look.
    """
    url = url.strip()
    try:
        found = httpx.URL(url)
        host = found.host
    except httpx.InvalidURL as error:
        raise BadInput(f"{url[:80]!r} is no address: {error}") from error
    if len(url) > _LONGEST or found.scheme not in {"https", "http"} or not host:
        raise BadInput(f"{url[:80]!r} is no address that begins with https:// and has a server's name")
    if found.userinfo or found.fragment:
        raise BadInput(
            "leave name, password and what follows a # out of the address: posts are known by their signature"
        )
    try:
        addresses = guard.addresses(host, found.port or _PORTS[found.scheme], allow_loopback=fetch.allow_loopback)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"{host} has no address on the network: is its name right?") from error
    if found.scheme == "http" and not all(address.is_loopback for address in addresses):
        raise Forbidden(f"{host} is to be posted to over https://, where nobody on the way reads along")
    return str(found)


_PORTS = {"https": 443, "http": 80}


def all_of_them(session: Session) -> Sequence[Endpoint]:
    return session.scalars(select(Endpoint).order_by(Endpoint.id)).all()


def get(session: Session, number: int) -> Endpoint:
    """The endpoint; raises NotFound."""
    found = session.get(Endpoint, number) if 0 < number < _LARGEST else None
    if found is None:
        raise NotFound(f"there is no webhook {number}: newsletter webhooks list shows them")
    return found


def add(
    session: Session, key: str, url: str, *, wanted: Sequence[str] = (), newsletter: str = "", by: Doer, now: datetime
) -> Secret:
    """Tell *url*, which `check` let pass, what happens from now on; *key* is the install's secret."""
    if len(all_of_them(session)) >= MOST:
        raise WrongState(f"there are {MOST} webhooks, and no more can be: newsletter webhooks remove takes one away")
    secret = _made()
    endpoint = Endpoint(
        key=chance.token_hex(6),
        url=url,
        newsletter=newsletter,
        kinds=kinds.understand(wanted),
        sealed_secret=secrets.seal(key, secret),
        made_by=by.who[:320],
        made_at=now,
        cursor=newest(session),
    )
    session.add(endpoint)
    if session.get(Mark, 1) is None:
        newest_event = session.scalar(select(func.max(Event.id))) or 0
        session.add(Mark(id=1, since=now, looked_at=now, event_id=newest_event))
    session.flush()
    acts.note(session, by, "webhook added", f"webhook {endpoint.id}", now=now, kinds=endpoint.kinds)
    return Secret(endpoint, secret)


def remove(session: Session, endpoint: Endpoint, *, by: Doer, now: datetime) -> None:
    """Tell it nothing more, and forget it; with the last one, what there was to tell is forgotten too."""
    _hold(session, endpoint)
    acts.note(session, by, "webhook removed", f"webhook {endpoint.id}", now=now)
    session.execute(delete(Tried).where(Tried.endpoint_id == endpoint.id))
    session.delete(endpoint)
    session.flush()
    if not all_of_them(session):
        for table in (Happening, ToldBatch, Mark):
            session.execute(delete(table))


def rotate(session: Session, key: str, endpoint: Endpoint, *, at_once: bool = False, by: Doer, now: datetime) -> Secret:
    """A new secret; those before sign beside it for a day, unless they have to end *at_once*.

    Who presses twice has seen one of the new ones, and the receiver none: so the one that it knows goes on signing.
    """
    _hold(session, endpoint)
    secret = _made()
    keeps = not at_once
    known = [endpoint.sealed_secret, *_before(endpoint, now)][:_SECRETS_BEFORE]
    endpoint.sealed_before = " ".join(known) if keeps else ""
    endpoint.before_until = now + OVERLAP if keeps else None
    endpoint.sealed_secret = secrets.seal(key, secret)
    acts.note(session, by, "webhook's secret changed", f"webhook {endpoint.id}", now=now, at_once=at_once)
    session.flush()
    return Secret(endpoint, secret)


def signing(endpoint: Endpoint, key: str, *, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first; raises WrongState where they can't be read."""
    try:
        return [secrets.unseal(key, one) for one in (endpoint.sealed_secret, *_before(endpoint, now))]
    except WrongState as error:
        raise WrongState(
            "its secret can't be read, because the setting `secret` has changed:"
            f" newsletter webhooks rotate {endpoint.id} --at-once makes a new one"
        ) from error


def _before(endpoint: Endpoint, now: datetime) -> list[str]:
    """Its secrets before the newest that sign still, sealed, the newest first."""
    signs = endpoint.before_until is not None and now < endpoint.before_until
    return endpoint.sealed_before.split() if signs else []


def enable(session: Session, endpoint: Endpoint, *, by: Doer, now: datetime) -> None:
    """Go on where it stopped, or try at once what waits for its next try."""
    _hold(session, endpoint)
    _begin_anew(endpoint)
    acts.note(session, by, "webhook switched on", f"webhook {endpoint.id}", now=now)
    session.flush()


def disable(session: Session, endpoint: Endpoint, *, by: Doer, why: str = "", now: datetime) -> None:
    """Tell it nothing until it is enabled; what happens meanwhile waits."""
    _hold(session, endpoint)
    if endpoint.disabled_at is not None:
        raise WrongState(f"webhook {endpoint.id} is off already: {endpoint.disabled_why}")
    _begin_anew(endpoint)
    endpoint.disabled_at, endpoint.disabled_why = now, f"switched off by {by.who}{f': {why}' if why else ''}"[:500]
    acts.note(session, by, "webhook switched off", f"webhook {endpoint.id}", now=now)
    session.flush()


def replay(
    session: Session,
    endpoint: Endpoint,
    *,
    since: datetime | None = None,
    number: int | None = None,
    by: Doer,
    now: datetime,
) -> int:
    """Tell again what happened *since* then, or from happening *number* on; returns how many happenings that is.

    Further on than it has come is allowed too: so one that it will never take is left out.
    """
    _hold(session, endpoint)
    if since is not None:
        _refuse_what_is_not_kept(session, since, now)
        first = session.scalar(select(func.min(Happening.id)).where(Happening.at >= since))
        number = first if first is not None else newest(session) + 1
    if number is None or not 1 <= number <= newest(session) + 1:
        raise BadInput(f"there is no happening {number}; the newest is {newest(session)}")
    _begin_anew(endpoint, keep_off=True)
    endpoint.cursor = number - 1
    acts.note(session, by, "webhook replayed", f"webhook {endpoint.id}", now=now, from_happening=number)
    session.flush()
    return session.scalar(select(func.count()).where(Happening.id >= number)) or 0


def moment(text: str) -> datetime:
    """ "2026-11-27" or "2026-11-27T09:00", in UTC unless it says otherwise; raises BadInput."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{text[:40]!r} is no time, such as 2026-11-27T09:00") from error


def newest(session: Session) -> int:
    """The number of the newest happening; 0 where there is none."""
    return session.scalar(select(func.max(Happening.id))) or 0


def stands(endpoint: Endpoint, *, now: datetime) -> str:
    """How it stands, in words."""
    if endpoint.disabled_at is not None:
        return f"off since {endpoint.disabled_at:%Y-%m-%d %H:%M} UTC: {endpoint.disabled_why}"
    if endpoint.failing_since is not None:
        tries = plural.counted(endpoint.failures, "try", "tries")
        again = f"; again at {endpoint.next_at:%H:%M:%S} UTC" if endpoint.next_at and endpoint.next_at > now else ""
        return f"not taken since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC, after {tries}{again}"
    return "on"


def tried(session: Session, endpoint_id: int, *, limit: int = 50) -> Sequence[Tried]:
    """Its last posts, the newest first."""
    query = select(Tried).where(Tried.endpoint_id == endpoint_id).order_by(Tried.id.desc()).limit(limit)
    return session.scalars(query).all()


def _refuse_what_is_not_kept(session: Session, since: datetime, now: datetime) -> None:
    mark = session.get(Mark, 1)
    began = mark.since if mark else now
    if since < began:
        raise BadInput(
            f"nothing is kept of what happened before {began:%Y-%m-%d %H:%M} UTC, when the first webhook was added"
        )
    oldest = session.scalar(select(func.min(Happening.at)))
    if since < now - KEPT_FOR and (oldest is None or since < oldest):
        raise BadInput(f"what happened is kept for {KEPT_FOR.days} days: say a time after {now - KEPT_FOR:%Y-%m-%d}")


def _hold(session: Session, endpoint: Endpoint) -> None:
    """Have *endpoint* as it is now, and nobody else change it: who took it since it was read has counted it up too."""
    if session.get(Endpoint, endpoint.id, with_for_update=True, populate_existing=True) is None:
        raise NotFound(f"webhook {endpoint.id} has been removed meanwhile")


def _begin_anew(endpoint: Endpoint, *, keep_off: bool = False) -> None:
    endpoint.epoch += 1
    endpoint.failures, endpoint.failing_since, endpoint.next_at, endpoint.lease_until = 0, None, None, None
    if not keep_off:
        endpoint.disabled_at, endpoint.disabled_why = None, ""


def _made() -> str:
    return "whsec_" + base64.b64encode(chance.token_bytes(32)).decode()
