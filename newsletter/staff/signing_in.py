"""Signing in with a password and, where there is one, a second factor; who guesses waits longer and longer.

An account that is not there, is closed or has no password answers as one whose password was wrong, after as
long: nobody learns from here who works here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session as Database

from newsletter.errors import BadInput, WrongState
from newsletter.staff import acts, codes, passwords, secrets, sessions, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Tries, User
from subscribers.doorway import Allowance, network
from subscribers.rows import upsert

WRONG = "That address and password don't belong together."
WRONG_CODE = "That code is not right, or was used already."


_AN_ACCOUNT = Allowance(10, 15 * 60)
_A_NETWORK = Allowance(50, 15 * 60)
_CODES = Allowance(5, 10 * 60)


class TooFast(WrongState):
    """Somebody tries too often; after *seconds* they may again."""

    def __init__(self, seconds: float) -> None:
        minutes = max(1, round(seconds / 60))
        super().__init__(f"Too many tries: wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Entered:
    """What goes into the cookie, and whether a second factor is still asked for."""

    cookie: str
    halfway: bool


def knock(session: Database, email: str, peer: str, *, secret: str, now: datetime) -> None:
    """Count a try with a password; raises TooFast. Committed before the try itself, so that none is free."""
    keys = {
        secrets.keyed(secret, f"account {email.strip().casefold()}"): _AN_ACCOUNT,
        secrets.keyed(secret, f"network {network(peer)}"): _A_NETWORK,
    }
    _count(session, keys, now)


def knock_with_code(session: Database, user_id: int, *, secret: str, now: datetime) -> None:
    """The same, of a second factor."""
    _count(session, {secrets.keyed(secret, f"code {user_id}"): _CODES}, now)


def enter(session: Database, email: str, password: str, *, browser: str, now: datetime) -> Entered:
    """Sign in; raises BadInput where address and password don't belong together."""
    user = users.find(session, email)
    open_to = user if user and user.closed_at is None else None
    if not passwords.verify(open_to.password if open_to else "", password) or open_to is None:
        raise BadInput(WRONG)
    if passwords.is_old(open_to.password):
        open_to.password = passwords.hashed(password)
    halfway = bool(open_to.sealed_totp)
    return Entered(sessions.begin(session, open_to, browser=browser, halfway=halfway, now=now), halfway)


def failed(session: Database, email: str, *, now: datetime) -> None:
    """Write down that somebody could not come in as one of us; of strangers' addresses nothing is kept."""
    if user := users.find(session, email):
        acts.note(session, Doer("somebody", "desk"), "failed to sign in", user.email, now=now)


def go_on(session: Database, cookie: str, code: str, *, secret: str, browser: str, now: datetime) -> str:
    """From halfway to signed in, by the second factor; returns the new cookie. Raises BadInput."""
    found = sessions.find(session, cookie, halfway=True, now=now)
    if found is None:
        raise BadInput("That took too long: sign in again.")
    if not codes.prove(session, found.user, code, secret=secret, now=now):
        raise BadInput(WRONG_CODE)
    token = found.session.sealed_id_token
    session.delete(found.session)
    return sessions.begin(session, found.user, browser=browser, sealed_id_token=token, now=now)


def forgive(session: Database, user: User, *, secret: str) -> None:
    """Who came in was no guesser."""
    keys = (secrets.keyed(secret, f"account {user.email_key}"), secrets.keyed(secret, f"code {user.id}"))
    session.execute(delete(Tries).where(Tries.key.in_(keys)))


def forget(session: Database, *, now: datetime) -> None:
    """Tries that count no more."""
    session.execute(delete(Tries).where(Tries.tat <= now.timestamp()))


def _count(session: Database, keys: Mapping[str, Allowance], now: datetime) -> None:
    moment = now.timestamp()
    latest = func.greatest if session.get_bind().dialect.name == "postgresql" else func.max
    for key in sorted(keys):
        allowance, each = keys[key], keys[key].seconds / keys[key].most
        later = latest(Tries.tat, moment) + each
        statement = upsert(session, Tries).values(key=key, tat=moment + each)
        statement = statement.on_conflict_do_update(
            index_elements=["key"], set_={"tat": later}, where=later <= moment + allowance.seconds + 1e-6
        )
        if session.scalar(statement.returning(Tries.key)) is None:
            tat = session.scalar(select(Tries.tat).where(Tries.key == key)) or moment
            raise TooFast(tat + each - moment - allowance.seconds)
