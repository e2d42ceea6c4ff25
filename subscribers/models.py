"""The tables that hold names and addresses; no table outside this package does."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import Id, Instant, choice


class Model(DeclarativeBase):
    """The one declarative base; `newsletter` borrows it, so there is one metadata and one migration history."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Consent(StrEnum):
    """Where a subscription stands."""

    #: asked to join, has not answered the confirmation mail
    PENDING = "pending"
    #: said yes; the only status that gets mail
    CONFIRMED = "confirmed"
    #: left; comes back only by a new confirmation
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why an address is never mailed."""

    #: the address does not exist
    HARD_BOUNCE = "hard_bounce"
    #: the reader pressed "spam"
    COMPLAINT = "complaint"
    #: somebody here decided so
    MANUAL = "manual"


class Subscriber(Model):
    """A person."""

    __tablename__ = "subscriber"
    #: without it SQLite gives an erased person's id, which the ledger still holds, to the next one
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: as the person writes it, domain normalised
    email: Mapped[str] = mapped_column(String(320))
    #: the same, casefolded: what is unique and what is looked up
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    #: BCP 47, or empty where unknown
    language: Mapped[str] = mapped_column(String(35), default="")
    #: IANA name, or empty where unknown
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class List(Model):
    """A list that people are on, named by its slug."""

    __tablename__ = "list"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Subscription(Model):
    """A person on a list; one row for each pair, whose history is in `ConsentEvent`."""

    __tablename__ = "subscription"
    __table_args__ = (Index(None, "list_id", "consent", "subscriber_id"),)

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("list.id", ondelete="CASCADE"), primary_key=True)
    consent: Mapped[Consent] = mapped_column(choice(Consent))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    #: when a confirmation letter for it was last handed over, or was about to be; None is never
    invited_at: Mapped[datetime | None] = mapped_column(Instant)


class ConsentEvent(Model):
    """One change of one subscription, never altered: when, to what, and by which way."""

    __tablename__ = "consent_event"
    __table_args__ = (Index(None, "subscriber_id", "list_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    list_id: Mapped[int] = mapped_column(ForeignKey("list.id", ondelete="CASCADE"))
    consent: Mapped[Consent] = mapped_column(choice(Consent))
    #: by which way: "csv import", "one-click", "confirmation link", "command line", "complaint"
    source: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)


class Suppression(Model):
    """An address never to be mailed, whether or not it is anybody's here."""

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason))
    #: the provider's words, or the operator's
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)
