"""The ledger: one row for each recipient, and state on the batch, because that is what makes a million cheap."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model, choice
from newsletter.editions.models import Edition

#: to be said word for word, or SQLite does not see that the index knows
ASTRAY, WORDED = text("status <> 'delivered'"), text("reason <> ''")


class SendingState(StrEnum):
    """Where the sending of an edition stands."""

    #: the audience is being frozen
    PLANNING = "planning"
    #: copies are going out
    RUNNING = "running"
    #: stopped by a person, the brake or the circuit breaker; `Sending.reason` says why
    PAUSED = "paused"
    #: stopped for good; what was not handed over stays so
    CANCELLED = "cancelled"
    #: every copy is accounted for
    COMPLETE = "complete"


class BatchState(StrEnum):
    """Where a batch stands; `ledger.MAY_FOLLOW` says what may follow what."""

    #: nothing was handed over
    QUEUED = "queued"
    #: a worker holds the lease; nothing was handed over
    CLAIMED = "claimed"
    #: past the fence: bytes may be on the wire
    SENDING = "sending"
    #: the provider took responsibility for all but the exceptions
    ACCEPTED = "accepted"
    #: certainly not taken, and never will be
    REFUSED = "refused"
    #: handed over, answer lost
    UNKNOWN = "unknown"
    #: the sending was cancelled before anything was handed over
    CANCELLED = "cancelled"


class Status(StrEnum):
    """What became of one copy, as a person reads it."""

    #: row written, nothing handed over yet
    PLANNED = "planned"
    #: bytes may be on the wire
    SENDING = "sending"
    #: not handed over, with the reason: suppressed, unsubscribed, erased, cancelled
    SKIPPED = "skipped"
    #: the provider will never take it
    REFUSED = "refused"
    #: handed over, answer lost
    UNKNOWN = "unknown"
    #: the provider took responsibility
    ACCEPTED = "accepted"
    #: the recipient's server said later
    DEFERRED = "deferred"
    #: the recipient's server took it
    DELIVERED = "delivered"
    #: the recipient's server refused it
    BOUNCED = "bounced"
    #: the provider gave up without trying
    DROPPED = "dropped"
    #: the reader pressed "spam"
    COMPLAINED = "complained"


class Sending(Model):
    """The sending of one edition: its two completeness marks and its brakes."""

    __tablename__ = "sending"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), primary_key=True)
    #: "maildir", "smtp" or "sendgrid"
    sender: Mapped[str] = mapped_column(String(16))
    state: Mapped[SendingState] = mapped_column(choice(SendingState), default=SendingState.PLANNING)
    #: why it is paused or cancelled, in words
    reason: Mapped[str] = mapped_column(Text, default="")
    #: why nothing moves although it runs, in words, and since when; empty while something does
    stuck: Mapped[str] = mapped_column(Text, default="", server_default="")
    stuck_at: Mapped[datetime | None] = mapped_column(Instant)
    #: rows written when the audience was frozen; never changes afterwards
    planned: Mapped[int] = mapped_column(default=0)
    #: first mark: the audience is frozen and counted
    audience_complete_at: Mapped[datetime | None] = mapped_column(Instant)
    #: second mark: nothing is queued, claimed or sending any more
    complete_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the canary slice was looked at and found good
    canary_passed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the figures over which the brake stopped it last; after a resume only what came since counts
    forgiven: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    #: the last canary message, which moves the event-time watermark
    watermark_canary_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    #: the newest change of settings when it began; what is set at the desk later does not touch it
    change: Mapped[int] = mapped_column(Id, default=0, server_default="0")


class Batch(Model):
    """Deliveries handed over together: up to 1,000 for an API request, a small group for SMTP."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_next", "edition_id", "state", "canary", "lane", "not_before", "number"),
        Index(None, "attempt"),
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("sending.edition_id", ondelete="CASCADE"), primary_key=True)
    #: from 1; a row that has to be treated apart is put into a new one
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[BatchState] = mapped_column(choice(BatchState), default=BatchState.QUEUED)
    #: delivery rows that carry this number
    size: Mapped[int]
    #: of these, exceptions: rows of `Outcome` with that status
    skipped: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    #: goes out before the rest, and is looked at
    canary: Mapped[bool] = mapped_column(default=False)
    #: the recipients' domain, where that domain has a limit of its own
    lane: Mapped[str] = mapped_column(String(255), default="")
    #: not to be claimed before
    not_before: Mapped[datetime] = mapped_column(Instant)
    #: how often it went past the fence
    attempts: Mapped[int] = mapped_column(default=0)
    #: the id of the newest attempt, which rides in custom_args; made at the fence
    attempt: Mapped[str] = mapped_column(String(32), default="")
    #: how often it was sent again though its fate was unknown
    resends: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str] = mapped_column(String(64), default="")
    #: counts up with every claim
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    #: when it last went past the fence; None where a restored backup can't say
    fenced_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the provider's id for the hand-over
    provider_id: Mapped[str] = mapped_column(String(200), default="")
    #: the other side's own words, and the number they began with
    reply: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[int | None]


class Delivery(Model):
    """One edition to one subscriber. Only `batch` ever changes, when a row is put into another batch."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        {"sqlite_with_rowid": False},
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("sending.edition_id", ondelete="CASCADE"), primary_key=True)
    batch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: not a foreign key: an erased subscriber leaves the count intact
    subscriber_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)


class Outcome(Model):
    """What became of one recipient where it differs from the batch: skipped or refused, and with which words."""

    __tablename__ = "outcome"
    __table_args__ = (Index(None, "status", "edition_id", "subscriber_id"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("sending.edition_id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    status: Mapped[Status] = mapped_column(choice(Status))
    code: Mapped[int | None]
    #: "unsubscribed after planning", "550 5.1.1 no such user"
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class Progress(Model):
    """What the provider has told of one copy since it was accepted."""

    __tablename__ = "delivery_progress"
    __table_args__ = (
        Index(None, "edition_id", "status"),
        Index(None, "at"),
        # what did not simply arrive: few in a hundred, and looked for over all editions, by status and by words
        Index(
            "ix_delivery_progress_astray",
            *("status", "edition_id", "subscriber_id"),
            sqlite_where=ASTRAY,
            postgresql_where=ASTRAY,
        ),
        Index(
            "ix_delivery_progress_worded",
            *("edition_id", "subscriber_id"),
            sqlite_where=WORDED,
            postgresql_where=WORDED,
        ),
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("sending.edition_id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    status: Mapped[Status] = mapped_column(choice(Status))
    reason: Mapped[str] = mapped_column(Text, default="")
    #: the event's own time
    at: Mapped[datetime] = mapped_column(Instant)


class Act(Model):
    """What an operator, the brake or the clock did to a sending: pause, resume, cancel, retry, resolve."""

    __tablename__ = "sending_act"
    __table_args__ = (Index(None, "edition_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("sending.edition_id", ondelete="CASCADE"))
    verb: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    #: how many recipients it touched
    recipients: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(Instant)


class Allowance(Model):
    """A token bucket shared by all workers, as a GCRA row: messages in a second."""

    __tablename__ = "allowance"

    #: "smtp", "smtp gmail.com"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    #: theoretical arrival time of the next message, seconds since 1970 in UTC
    tat: Mapped[float]


class Tally(Model):
    """How many messages were handed over in one minute of one sender's life: messages in an hour and in a day."""

    __tablename__ = "tally"

    #: "smtp"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    #: minutes since 1970 in UTC
    minute: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    messages: Mapped[int]


class MailServer(Model):
    """What one mail server bears, as it showed by itself; old knowledge is learned anew."""

    __tablename__ = "mail_server"

    #: "smtp.example.com:587"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    #: takes the next envelope in one write with the final dot; None: not tried yet
    groups: Mapped[bool | None]
    #: messages it takes on one connection, where it has a limit
    most: Mapped[int | None]
    #: hangs up on a connection that brings several errors
    counts_errors: Mapped[bool] = mapped_column(default=False)
    learned_at: Mapped[datetime] = mapped_column(Instant)


class Install(Model):
    """The one row that names this database among others on the same broker."""

    __tablename__ = "install"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: made once, at random
    name: Mapped[str] = mapped_column(String(32))


class HintQueue(Model):
    """One newsletter's queue of hints at the broker, as it was last seen; times are the database's."""

    __tablename__ = "hint_queue"

    newsletter: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: hints that were given, ever, and when the last was
    given: Mapped[int] = mapped_column(default=0)
    given_at: Mapped[datetime | None] = mapped_column(Instant)
    #: when it was last looked at, and what was there: hints that nobody took yet, and workers that listen
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    waiting: Mapped[int] = mapped_column(default=0)
    listening: Mapped[int] = mapped_column(default=0)
    #: since when at every look some hint waited; None where none does
    waiting_since: Mapped[datetime | None] = mapped_column(Instant)


class Process(Model):
    """A process that oversees or sends, and its last word; times are the database's."""

    __tablename__ = "process"

    #: "mail2/4711/9f3a", or what --name said
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    #: which process goes by that name: "mail2/4711/9f3a11c0", unlike any other's
    owner: Mapped[str] = mapped_column(String(64), default="")
    #: "scheduler" or "worker"
    kind: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(32), default="")
    #: the newsletters it works for, by slug; empty is all of them
    newsletters: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: what the settings that must be alike everywhere come to
    settings: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    #: when it said that it ends; None while it works
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    #: what it does, and what keeps it from its work, in words
    doing: Mapped[str] = mapped_column(Text, default="")
    trouble: Mapped[str] = mapped_column(Text, default="")
    #: seconds by which its machine's clock is ahead of the database's
    ahead: Mapped[float] = mapped_column(default=0.0)
    #: hints that it gave or heard, and those that told it nothing new
    hints: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
