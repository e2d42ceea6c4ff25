"""Who is signed in where: begun, found by the cookie, listed, ended."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Database

from newsletter.staff import acts, secrets
from newsletter.staff.models import Session, User

#: at most, and without being seen
LONGEST, IDLE = timedelta(days=7), timedelta(hours=12)
#: between the password and the second factor
HALFWAY = timedelta(minutes=10)
#: how often it is written down that somebody was seen
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody, in one of their sessions."""

    user: User
    session: Session
    #: stands in every form of this session
    csrf: str


def begin(
    session: Database,
    user: User,
    *,
    browser: str,
    halfway: bool = False,
    sealed_id_token: str = "",
    now: datetime,
) -> str:
    """Sign *user* in; returns what goes into the cookie."""
    token = secrets.token()
    session.add(
        Session(
            digest=secrets.digest(token),
            user_id=user.id,
            began_at=now,
            seen_at=now,
            until=now + (HALFWAY if halfway else LONGEST),
            is_halfway=halfway,
            browser=" ".join(browser.split())[:200],
            sealed_id_token=sealed_id_token,
        )
    )
    if not halfway:
        acts.note(session, acts.of(user), "signed in", user.email, now=now)
    return token


def find(session: Database, token: str, *, halfway: bool = False, now: datetime) -> SignedIn | None:
    """Whose session the cookie *token* is; None where it is nobody's, or over."""
    if not token:
        return None
    row = session.execute(
        select(Session, User)
        .join(User, User.id == Session.user_id)
        .where(Session.digest == secrets.digest(token), Session.is_halfway == halfway, User.closed_at.is_(None))
    ).one_or_none()
    if row is None or now > row[0].until or (not halfway and now > row[0].seen_at + IDLE):
        return None
    return SignedIn(row[1], row[0], csrf(token))


def csrf(token: str) -> str:
    """What forms of the session of cookie *token* carry: made from it, and useless for making it."""
    return hmac.new(token.encode(), b"forms of this session", sha256).hexdigest()


def needs_a_mark(one: Session, now: datetime) -> bool:
    """Whether it is time to write down that *one* was seen."""
    return now - one.seen_at > _SEEN_EVERY


def seen(session: Database, one: Session, *, now: datetime) -> None:
    """*one* is in use."""
    session.connection().execute(update(Session).where(Session.id == one.id).values(seen_at=now))


def all_of(session: Database, user: User, *, now: datetime) -> Sequence[Session]:
    """*user*'s sessions that are not over, the newest first."""
    query = select(Session).where(
        Session.user_id == user.id, ~Session.is_halfway, Session.until >= now, Session.seen_at >= now - IDLE
    )
    return session.scalars(query.order_by(Session.seen_at.desc(), Session.id.desc())).all()


def end(session: Database, user: User, session_id: int, *, now: datetime) -> bool:
    """End one session of *user*'s; False where it is none of theirs."""
    statement = delete(Session).where(Session.id == session_id, Session.user_id == user.id)
    ended = session.connection().execute(statement).rowcount == 1
    if ended:
        acts.note(session, acts.of(user), "ended a session", user.email, now=now)
    return ended


def spoken(browser: str) -> str:
    """The *browser* that a session calls itself, as its owner would: "Firefox on Windows"."""
    named = next((name for mark, name in _BROWSERS if mark in browser), "")
    system = next((name for mark, name in _SYSTEMS if mark in browser), "")
    return " on ".join(filter(None, (named, system))) or browser[:60] or "not said"


#: the first that a browser names: most name others too, to be taken for them
_BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox")),
    *(("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("CrOS", "ChromeOS"), ("Mac OS X", "Mac"), ("Linux", "Linux")),
)


def forget(session: Database, *, now: datetime) -> None:
    """Sessions that are over are nobody's business any more."""
    session.execute(delete(Session).where((Session.until < now) | (Session.seen_at < now - IDLE)))
