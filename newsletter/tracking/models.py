"""Events, stored for ever and once, whether or not they moved anything."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model
from newsletter.delivery.models import Sending

_OF_GROUPS = text("kind IN ('group_unsubscribe', 'group_resubscribe')")
#: to be said word for word, or SQLite does not see that the index knows
TEACHES = text("lesson <> ''")


class Event(Model):
    """Something heard about a delivery, by whichever channel, in the other side's words, without the address."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("provider", "provider_event_id"),
        Index(None, "edition_id", "subscriber_id"),
        # who left a group and who came back: few, and asked for by person
        Index("ix_event_groups", "subscriber_id", sqlite_where=_OF_GROUPS, postgresql_where=_OF_GROUPS),
        # what teaches: few too, and asked for by person (soft bounces), and by edition (alarms)
        Index("ix_event_lessons", "subscriber_id", sqlite_where=TEACHES, postgresql_where=TEACHES),
        Index("ix_event_alarms", "edition_id", "lesson", sqlite_where=TEACHES, postgresql_where=TEACHES),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: "sendgrid", "smtp" (an answer at hand-over) or "mailbox" (what came back by mail)
    provider: Mapped[str] = mapped_column(String(16))
    provider_event_id: Mapped[str] = mapped_column(String(128))
    #: the provider's word: "delivered", "bounce", "open", or one we have not met yet
    kind: Mapped[str] = mapped_column(String(64))
    #: the provider's clock
    at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    #: it is about a copy or a person of ours; another install on the same account has events too, which move nothing
    is_ours: Mapped[bool] = mapped_column(default=True)
    #: None where the event named none (a late bounce carries only an address), or none of ours
    edition_id: Mapped[int | None] = mapped_column(Id)
    subscriber_id: Mapped[int | None] = mapped_column(Id)
    attempt: Mapped[str] = mapped_column(String(32), default="")
    #: what it teaches, as `heard.Lesson`; empty where nothing
    lesson: Mapped[str] = mapped_column(String(16), default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    #: the whole event, less the address
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class Quarantined(Model):
    """A piece of a provider's post that could not be read as an event: kept once, shortened, without addresses."""

    __tablename__ = "event_quarantine"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    #: SHA-256 of the piece, so that it is kept once however often it is told
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    #: why it could not be read
    reason: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Instant)


class Watermark(Model):
    """The newest event time heard from a provider; moved in the transaction that stores the events."""

    __tablename__ = "watermark"

    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: when the hook last answered anything but 2xx; the provider retries, so late evidence is still coming
    trouble_at: Mapped[datetime | None] = mapped_column(Instant)


class MailboxPlace(Model):
    """A folder that letters come back to: how far it has been read, and whether it can be."""

    __tablename__ = "mailbox_place"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: "imap bounces@mail.example.com:993 INBOX"
    place: Mapped[str] = mapped_column(String(400), unique=True)
    #: UIDVALIDITY, and the last UID that was taken in and put away
    validity: Mapped[int] = mapped_column(Id, default=0)
    last: Mapped[int] = mapped_column(Id, default=0)
    #: when it was last read to its end
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    #: how often in a row it could not be read, and since when; 0 and None where it can
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(Text, default="")


class Returned(Model):
    """A letter that the mailbox brought, taken in once: what was made of it, for ever, without anybody's address."""

    __tablename__ = "returned"
    __table_args__ = (Index(None, "action"), Index(None, "subscriber_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: of the letter, as `digests` reads it; its text is `ReturnedMail` in subscribers, while that is kept
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    place_id: Mapped[int] = mapped_column(ForeignKey(MailboxPlace.id))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    #: when it was written, if that can be believed
    at: Mapped[datetime] = mapped_column(Instant)
    #: what it is: one of `bounces.Action`, or "reply"
    action: Mapped[str] = mapped_column(String(16))
    meaning: Mapped[str] = mapped_column(String(16), default="")
    code: Mapped[str] = mapped_column(String(16), default="")
    #: what it taught: one of `bounces.Lesson`
    lesson: Mapped[str] = mapped_column(String(16), default="")
    #: how we know whom it is about: "token", "message id", "address"; empty where we don't
    known_by: Mapped[str] = mapped_column(String(16), default="")
    edition_id: Mapped[int | None] = mapped_column(Id)
    subscriber_id: Mapped[int | None] = mapped_column(Id)
    #: a person should look at it, and has not
    is_odd: Mapped[bool] = mapped_column(default=False)
    #: the other side's, tidy
    words: Mapped[str] = mapped_column(Text, default="")


class ReturnedRuling(Model):
    """What a person made of a letter, never altered; the last one counts, and the verdict before it stays."""

    __tablename__ = "returned_ruling"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    returned_id: Mapped[int] = mapped_column(ForeignKey(Returned.id), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: who, at the command line or the desk
    by: Mapped[str] = mapped_column(String(64))
    #: the verdict that it replaced
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: what was said, and what came of it
    said: Mapped[str] = mapped_column(Text)
    came_of_it: Mapped[str] = mapped_column(Text)


class KeptFigures(Model):
    """The figures of an edition as they were at a moment: made anew while it still moves."""

    __tablename__ = "kept_figures"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Sending.edition_id, ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: `reports.figures.Report` as plain data
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
