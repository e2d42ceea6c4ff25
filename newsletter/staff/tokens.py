"""Tokens by which programs come in: made and shown once, found, counted, ended. Kept are digests alone.

A token acts for its owner, may at most what they may at that moment, and ends with their account.
"""

import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session as Database

from newsletter.errors import AlreadyDone, BadInput, NotFound
from newsletter.staff import acts, secrets
from newsletter.staff.acts import Doer
from newsletter.staff.models import ApiToken, User
from newsletter.staff.roles import ROLES, May
from subscribers.doorway import Allowance

#: how long a token is good where nobody says, and at most
USUAL, LONGEST = timedelta(days=90), timedelta(days=366)
#: characters of a token's name
LONGEST_NAME = 100
#: stands before all of them, so that a scanner for secrets that were published knows them
_PREFIX = "nlt"
_FORM = re.compile(rf"{_PREFIX}_([0-9]{{1,18}})_([A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True, slots=True)
class Holder:
    """A token that somebody showed, and for whom it acts."""

    token: ApiToken
    user: User
    #: what it may: what it was given, as far as its owner may that still
    may: frozenset[May]

    @property
    def doer(self) -> Doer:
        """Who does what is done by it."""
        return Doer(f"{self.user.called} ({self.token.name})", "api", self.user.id)


@dataclass(frozen=True, slots=True)
class Counted:
    """A request that was counted against what a token may in a while."""

    #: requests left at this moment, and seconds until all of them are there again
    left: int
    full_in: int
    #: seconds to wait where it was one too many, else 0
    wait: int = 0


def spoken(may: May) -> str:
    """How a scope is written: "look", "read_as"."""
    return may.name.lower()


def scope(words: Collection[str]) -> frozenset[May]:
    """The scope that *words* name; raises BadInput, which says what there is."""
    known = {spoken(may): may for may in May}
    if unknown := sorted(set(words) - known.keys()):
        raise BadInput(f"there is no scope {unknown[0]!r}; there are {', '.join(known)}")
    return frozenset(known[word] for word in words)


def make(
    session: Database,
    user: User,
    name: str,
    may: Collection[May],
    *,
    good_for: timedelta = USUAL,
    by: Doer,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token of *user*'s and its secret, which nobody can read again. Raises BadInput."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(f"say what the token is for, in up to {LONGEST_NAME} characters")
    if user.closed_at is not None:
        raise BadInput(f"the account of {user.email} is closed: newsletter users reopen {user.email}")
    if not timedelta(0) < good_for <= LONGEST:
        raise BadInput(f"a token is good for 1 to {LONGEST.days} days")
    if not may:
        raise BadInput("say what the token may: look is the least")
    if too_much := [one for one in May if one in may and one not in ROLES[user.role]]:
        words = ", ".join(map(spoken, too_much))
        raise BadInput(f"{user.email} is {user.role.value}, and may not {words}: no token of theirs may")
    secret = secrets.token()
    token = ApiToken(user_id=user.id, name=name, digest=secrets.digest(secret), made_at=now, until=now + good_for)
    token.scope = [spoken(one) for one in May if one in may]
    token.tat = 0.0
    session.add(token)
    session.flush()
    acts.note(session, by, "made an API token", user.email, now=now, token=token.id, name=name, scope=token.scope)
    return token, f"{_PREFIX}_{token.id}_{secret}"


def find(session: Database, given: str, *, now: datetime) -> Holder | None:
    """Whose token *given* is; None where it is nobody's, or is not good any more."""
    parts = _FORM.fullmatch(given)
    if parts is None:
        return None
    query = select(ApiToken, User).join(User, User.id == ApiToken.user_id).where(ApiToken.id == int(parts[1]))
    row = session.execute(query).one_or_none()
    # as long for a number that there is not
    is_right = hmac.compare_digest(secrets.digest(parts[2]), row[0].digest if row else secrets.digest(""))
    if row is None or not is_right or stands(row[0], row[1], now=now) != "good":
        return None
    token, user = row
    return Holder(token, user, scope(set(token.scope) & {spoken(may) for may in ROLES[user.role]}))


def stands(token: ApiToken, user: User, *, now: datetime) -> str:
    """How *token* stands, in a word or two."""
    if token.revoked_at is not None:
        return "revoked"
    if user.closed_at is not None:
        return "account closed"
    return "good" if now < token.until else "expired"


def count(session: Database, token: ApiToken, allowance: Allowance, *, now: datetime) -> Counted:
    """Count a request of *token*'s, and take down that it is in use (GCRA, for all processes together)."""
    moment, each, window = now.timestamp(), allowance.seconds / allowance.most, allowance.seconds
    latest = func.greatest if session.get_bind().dialect.name == "postgresql" else func.max
    # later than it can be: the clock was set back since
    begins = case((ApiToken.tat > moment + window + each, moment), else_=latest(ApiToken.tat, moment))
    hour = now.replace(minute=0, second=0, microsecond=0)
    counted = update(ApiToken).where(ApiToken.id == token.id, begins + each <= moment + window + 1e-6)
    tat = session.scalar(counted.values(tat=begins + each, used_at=hour).returning(ApiToken.tat))
    if tat is not None:
        return Counted(floor((moment + window - tat) / each + 1e-6), ceil(tat - moment))
    tat = session.scalar(select(ApiToken.tat).where(ApiToken.id == token.id)) or moment
    return Counted(0, ceil(tat - moment), max(1, ceil(tat + each - moment - window)))


def all_of_them(session: Database) -> Sequence[tuple[ApiToken, User]]:
    """Every token with its owner, the newest first."""
    query = select(ApiToken, User).join(User, User.id == ApiToken.user_id).order_by(ApiToken.id.desc())
    return [(token, user) for token, user in session.execute(query)]


def revoke(session: Database, number: int, *, by: Doer, now: datetime) -> ApiToken:
    """End the token with that *number* at once; raises NotFound, AlreadyDone."""
    token = session.get(ApiToken, number) if 0 < number < 2**63 else None
    if token is None:
        raise NotFound(f"there is no token {number}: newsletter api token list shows them")
    if token.revoked_at is not None:
        raise AlreadyDone(f"token {number} is revoked already")
    token.revoked_at = now
    user = session.get_one(User, token.user_id)
    acts.note(session, by, "revoked an API token", user.email, now=now, token=token.id, name=token.name)
    return token
