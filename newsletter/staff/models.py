"""Accounts, their proofs, their sessions, and what they did."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model, choice


class Role(StrEnum):
    """What somebody is here; `roles` has what each may."""

    #: writes and changes drafts
    EDITOR = "editor"
    #: an editor who may also say yes, and stop what goes out
    APPROVER = "approver"
    #: sends, suppressions, settings
    OPERATOR = "operator"
    #: all of it, and who the others are
    ADMIN = "admin"


class User(Model):
    """Somebody who works here."""

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: as it was written, and casefolded, by which people are found
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[Role] = mapped_column(choice(Role))
    #: argon2id, with its parameters; empty where none was set
    password: Mapped[str] = mapped_column(String(200), default="")
    #: the secret of the second factor, sealed; empty where there is none
    sealed_totp: Mapped[str] = mapped_column(String(300), default="")
    #: the last time step (of 30 s since 1970) whose code was used, so that none is good twice
    totp_step: Mapped[int] = mapped_column(Id, default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    #: since when they may not come in; None: they may
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def called(self) -> str:
        """How others see them."""
        return self.name or self.email


class RecoveryCode(Model):
    """Good once, in place of the second factor."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Identity(Model):
    """Who somebody is at a provider of OpenID Connect; never known by an address."""

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime] = mapped_column(Instant)


class DoorKey(Model):
    """A link that is good once: to set the place up, to come in for the first time, or after a reset."""

    __tablename__ = "staff_door_key"

    #: SHA-256 of what stands in the link
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: whose; None makes the first account
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Session(Model):
    """Somebody signed in, in one browser."""

    __tablename__ = "staff_session"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: SHA-256 of what stands in the cookie
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    began_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    #: the password was right, and the second factor is still asked for
    is_halfway: Mapped[bool] = mapped_column(default=False)
    #: the browser's own words, shortened
    browser: Mapped[str] = mapped_column(String(200), default="")
    #: sealed; for the provider's own end of the session, empty for passwords
    sealed_id_token: Mapped[str] = mapped_column(Text, default="")


class PendingSignIn(Model):
    """Somebody went to a provider and is expected back; several at once, one for each tab."""

    __tablename__ = "staff_pending_sign_in"

    #: SHA-256 of the state
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: SHA-256 of the cookie of the browser that left
    browser: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))
    goes_to: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(Instant)


class Tries(Model):
    """How fast a password may be tried: GCRA, for an account and for a network."""

    __tablename__ = "staff_tries"

    #: what is counted, as a keyed hash
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: theoretical arrival time of the next try, seconds since 1970 in UTC
    tat: Mapped[float] = mapped_column(Float(53))


class ApiToken(Model):
    """What a program shows in place of somebody: it may what it was given, and never more than its owner."""

    __tablename__ = "staff_api_token"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    #: what it is for, as its owner calls it
    name: Mapped[str] = mapped_column(String(100))
    #: SHA-256 of its secret part
    digest: Mapped[str] = mapped_column(String(64))
    #: names of `roles.May`, in small letters
    scope: Mapped[list[str]] = mapped_column(JSON, default=list)
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    #: the hour in which it was used last
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    #: theoretical arrival time of the next request, seconds since 1970 in UTC
    tat: Mapped[float] = mapped_column(Float(53), default=0.0)


class ApiAnswer(Model):
    """What a program was answered to a request that it may send again."""

    __tablename__ = "staff_api_answer"
    __table_args__ = (Index(None, "began_at"),)

    token_id: Mapped[int] = mapped_column(ForeignKey(ApiToken.id, ondelete="CASCADE"), primary_key=True)
    #: SHA-256 of its Idempotency-Key
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: keyed digest of all that was asked
    request: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(Instant)
    #: until when somebody is at it, if there is no answer yet
    lease_until: Mapped[datetime] = mapped_column(Instant)
    #: counts up whenever somebody else takes it over, so that who was thought dead can't answer any more
    epoch: Mapped[int] = mapped_column(default=1)
    #: of the answer; None: there is none yet
    status: Mapped[int | None] = mapped_column()
    #: headers and body, readable with the token and the key alone
    sealed: Mapped[str] = mapped_column(Text, default="")


class Act(Model):
    """Something that somebody did, never altered; outlives their account."""

    __tablename__ = "staff_act"
    __table_args__ = (Index(None, "at"), Index(None, "user_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: None: nobody signed in did it, or somebody at the machine
    user_id: Mapped[int | None] = mapped_column(Id)
    #: how they were called then
    who: Mapped[str] = mapped_column(String(320))
    #: by which door: "desk", "command line"
    door: Mapped[str] = mapped_column(String(16))
    #: as a person says it: "signed in", "approved"
    did: Mapped[str] = mapped_column(String(64))
    #: to what: "friday/2026-11-27", an account's address
    what: Mapped[str] = mapped_column(String(320), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
