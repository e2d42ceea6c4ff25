"""Links that open a door once: the first account of an install, a new colleague's first visit, a reset."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session as Database

from newsletter.errors import BadInput
from newsletter.staff import acts, secrets, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import DoorKey, Role, User

SET_UP_FOR, INVITED_FOR = timedelta(days=1), timedelta(days=7)
_SPENT = "This link was used already, is too old, or is not complete: ask for a new one, or sign in."


def make(session: Database, user: User | None, *, now: datetime) -> str:
    """A new link's token for *user*, or for the first admin; the ones made before are void."""
    session.execute(delete(DoorKey).where(DoorKey.user_id == (user.id if user else None)))
    token = secrets.token()
    until = now + (INVITED_FOR if user else SET_UP_FOR)
    session.add(DoorKey(digest=secrets.digest(token), user_id=user.id if user else None, made_at=now, until=until))
    session.flush()
    return token


def path(token: str) -> str:
    """Where the link leads, under the address of the pages."""
    return f"/desk/welcome/{token}"


def whose(session: Database, token: str, *, now: datetime) -> User | None:
    """Whom *token* lets in; None: whoever makes the first account. Raises BadInput where it is good for nothing."""
    key = session.get(DoorKey, secrets.digest(token))
    if key is None or key.used_at is not None or now > key.until:
        raise BadInput(_SPENT)
    user = session.get(User, key.user_id) if key.user_id is not None else None
    if (user and user.closed_at) or (user is None and users.are_there(session)):
        raise BadInput(_SPENT)
    return user


def use(session: Database, token: str, password: str, *, email: str = "", name: str = "", now: datetime) -> User:
    """Come in by *token* and keep *password*; *email* and *name* are the first admin's. Raises BadInput."""
    user = whose(session, token, now=now)
    spend = update(DoorKey).where(DoorKey.digest == secrets.digest(token), DoorKey.used_at.is_(None))
    if session.connection().execute(spend.values(used_at=now)).rowcount != 1:
        raise BadInput(_SPENT)  # somebody else was faster
    if user is None:
        user = users.add(session, email, Role.ADMIN, name=name, by=Doer("set-up link", "desk"), now=now)
    elif name.strip():
        user.name = " ".join(name.split())[:200]
    users.set_password(session, user, password, by=acts.of(user), now=now)
    return user
