"""Accounts: made, found, given a role, closed. There is always an admin, once there is anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session as Database

from newsletter.errors import AlreadyDone, BadInput, NotFound, WrongState
from newsletter.staff import acts, passwords
from newsletter.staff.acts import Doer
from newsletter.staff.models import ApiToken, RecoveryCode, Role, Session, User


class Verb(Protocol):
    """Something done to an account."""

    def __call__(self, session: Database, user: User, *, by: Doer, now: datetime) -> None: ...


def are_there(session: Database) -> bool:
    """Whether anybody has an account: until then the desk is open on the machine itself."""
    return bool(session.scalar(select(exists().where(User.id > 0))))


def add(session: Database, email: str, role: Role, *, name: str = "", by: Doer, now: datetime) -> User:
    """An account without a password yet; raises AlreadyDone where the address has one."""
    address = _address(email)
    if find(session, address):
        raise AlreadyDone(f"{address} has an account already.")
    user = User(email=address, email_key=address.casefold(), name=name.strip()[:200], role=role, created_at=now)
    user.password = user.sealed_totp = ""
    user.totp_step = 0
    session.add(user)
    session.flush()
    acts.note(session, by, "made an account", address, now=now, role=role.value)
    return user


def find(session: Database, email: str) -> User | None:
    """Whose address *email* is."""
    return session.scalar(select(User).where(User.email_key == email.strip().casefold()))


def get(session: Database, email: str) -> User:
    """The same; raises NotFound."""
    user = find(session, email)
    if user is None:
        raise NotFound(f"nobody here has the address {email.strip()}: newsletter users list")
    return user


def all_of_them(session: Database) -> Sequence[User]:
    """Everybody, in the order of their addresses."""
    return session.scalars(select(User).order_by(User.email_key)).all()


def set_role(session: Database, user: User, role: Role, *, by: Doer, now: datetime) -> None:
    """Give *user* another role; raises WrongState where nobody would be left to do it again."""
    if user.role is role:
        return
    if user.role is Role.ADMIN:
        _refuse_without_admin(session, user)
    acts.note(session, by, "changed a role", user.email, now=now, was=user.role.value, role=role.value)
    user.role = role


def close(session: Database, user: User, *, by: Doer, now: datetime) -> None:
    """*user* may not come in any more, and is out at once; what they did stays written."""
    if user.closed_at is not None:
        return
    if user.role is Role.ADMIN:
        _refuse_without_admin(session, user)
    user.closed_at = now
    session.execute(delete(Session).where(Session.user_id == user.id))
    _end_tokens(session, user, now)
    acts.note(session, by, "closed an account", user.email, now=now)


def reopen(session: Database, user: User, *, by: Doer, now: datetime) -> None:
    """*user* may come in again."""
    if user.closed_at is not None:
        user.closed_at = None
        acts.note(session, by, "opened an account again", user.email, now=now)


def forget_proofs(session: Database, user: User, *, by: Doer, now: datetime) -> None:
    """Password, second factor, sessions and API tokens are gone: only a new link of `keys` lets them in."""
    user.password = user.sealed_totp = ""
    _end_tokens(session, user, now)
    session.execute(delete(Session).where(Session.user_id == user.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    acts.note(session, by, "reset an account", user.email, now=now)


def set_password(session: Database, user: User, password: str, *, by: Doer, now: datetime, but: int = 0) -> None:
    """Keep *password*, and end every session of theirs other than *but*; raises BadInput where it is a bad one."""
    passwords.check(password, user.email, user.email.partition("@")[0], user.name)
    user.password = passwords.hashed(password)
    session.execute(delete(Session).where(Session.user_id == user.id, Session.id != but))
    acts.note(session, by, "set a password", user.email, now=now)


def rename(session: Database, user: User, name: str, *, now: datetime) -> None:
    """How *user* is called from now on."""
    user.name = " ".join(name.split())[:200]
    acts.note(session, acts.of(user), "changed their name", user.email, now=now)


def _refuse_without_admin(session: Database, user: User) -> None:
    # locked, so that two admins can't close each other's account at once
    query = select(User.id).where(User.role == Role.ADMIN, User.closed_at.is_(None)).order_by(User.id)
    if [each for each in session.scalars(query.with_for_update()) if each != user.id]:
        return
    raise WrongState(f"{user.email} is the only admin: make another one first, so that somebody can undo this.")


def _end_tokens(session: Database, user: User, now: datetime) -> None:
    live = update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    session.execute(live.values(revoked_at=now))


def _address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise BadInput(f"{email.strip()[:100]!r} is not an address: {error}") from error
