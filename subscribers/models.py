"""The tables that hold names and addresses; no table outside this package does."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
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
    #: mail to it came back too often, from a full mailbox or one that could not be reached
    GIVEN_UP = "given_up"
    #: somebody here decided so
    MANUAL = "manual"


class Barred(StrEnum):
    """Why somebody who is not here must not be brought in by a file."""

    #: the address does not exist
    HARD_BOUNCE = "hard_bounce"
    #: pressed "spam", here or elsewhere
    COMPLAINT = "complaint"
    #: mail to it came back too often
    GIVEN_UP = "given_up"
    #: somebody decided so, here or elsewhere
    MANUAL = "manual"
    #: left, elsewhere; only a new yes of their own brings them in
    UNSUBSCRIBED = "unsubscribed"
    #: asked to be forgotten; only their own sign-up, or somebody's on purpose, brings them back
    ERASED = "erased"


class Rhythm(StrEnum):
    """How often a person wants to hear from us."""

    #: every edition
    WEEKLY = "weekly"
    #: the first edition of each month
    MONTHLY = "monthly"


class Why(StrEnum):
    """What somebody who left gave as the reason, in one click."""

    TOO_OFTEN = "too_often"
    NOT_RELEVANT = "not_relevant"
    NEVER_ASKED = "never_asked"
    ELSEWHERE = "elsewhere"
    OTHER = "other"

    @property
    def spoken(self) -> str:
        """How a sentence says it."""
        return {
            "too_often": "it came too often",
            "not_relevant": "it was not about what they need",
            "never_asked": "they never asked for it",
            "elsewhere": "they read it elsewhere",
        }.get(self.value, "something else")


class Subscriber(Model):
    """A person."""

    __tablename__ = "subscriber"
    #: without it SQLite gives an erased person's id, which the ledger still holds, to the next one
    __table_args__ = (
        # few want plain text, and planning asks how many
        Index("ix_subscriber_plain_text", "id", sqlite_where=text("plain_text"), postgresql_where=text("plain_text")),
        # on PostgreSQL only an index that compares bytes tells which addresses begin so
        Index("ix_subscriber_email_begins", "email_key", postgresql_ops={"email_key": "varchar_pattern_ops"}),
        {"sqlite_autoincrement": True},
    )

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
    # defaults of the database too: people come in by COPY, thousands at a time
    rhythm: Mapped[Rhythm] = mapped_column(choice(Rhythm), default=Rhythm.WEEKLY, server_default=Rhythm.WEEKLY.value)
    #: no edition of an earlier date comes; None is not paused
    paused_until: Mapped[date | None] = mapped_column(Date)
    #: gets the text part alone
    plain_text: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


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
    #: when the person said so, where a file or form tells; None: at that moment, or not known
    given_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the network address they said it from, where that is known
    given_from: Mapped[str] = mapped_column(String(45), default="", server_default="")
    #: the import that brought it; None: the person's own act, or somebody's by hand
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_file.id"))
    #: the words that were agreed to, as `Wording.digest`; empty where none were shown
    wording: Mapped[str] = mapped_column(String(16), default="", server_default="")
    #: which form it was given in
    form: Mapped[str] = mapped_column(String(64), default="", server_default="")


class ImportFile(Model):
    """A file that was imported, or was about to be; what a process that died had taken in is not taken in again."""

    __tablename__ = "import_file"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: SHA-256 of the file and of all that decides how it is read
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    #: whether the file, or the operator, said how people stand; else it was taken for granted that they wait
    told: Mapped[bool]
    #: addresses taken in so far, in the order of their keys
    done: Mapped[int] = mapped_column(default=0)
    #: outcome → how many, so far
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class Salt(Model):
    """What is mixed into the hashes of strangers; one row, made on first use and never changed."""

    __tablename__ = "salt"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


class Stranger(Model):
    """Somebody who is not here and must not be mailed, known by a salted hash of the address alone."""

    __tablename__ = "stranger"

    digest: Mapped[str] = mapped_column(String(40), primary_key=True)
    reason: Mapped[Barred] = mapped_column(choice(Barred))
    #: by which way we know; never the provider's words, which may hold the address
    source: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(Instant)


class Suppression(Model):
    """An address of somebody here that is never to be mailed; of who is not here, see `Stranger`."""

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason))
    #: the provider's words, or the operator's
    note: Mapped[str] = mapped_column(Text, default="")
    #: what it rests on, as who keeps the evidence names it ("mailbox/…"); empty where somebody decided it
    evidence: Mapped[str] = mapped_column(String(160), default="", server_default="")
    at: Mapped[datetime] = mapped_column(Instant)


class Lift(Model):
    """A suppression that was taken back: what it was, by whose word it ended, and when."""

    __tablename__ = "suppression_lift"
    __table_args__ = (Index(None, "subscriber_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason))
    note: Mapped[str] = mapped_column(Text, default="")
    suppressed_at: Mapped[datetime] = mapped_column(Instant)
    #: why mail may go there again, in the operator's words
    why: Mapped[str] = mapped_column(Text)
    #: what was heard until then counts no more
    at: Mapped[datetime] = mapped_column(Instant)


class Wording(Model):
    """The words beside a sign-up button, kept for ever, so that it can be shown what somebody said yes to."""

    __tablename__ = "wording"

    digest: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(Instant)


class SignUp(Model):
    """Somebody asked, in a form, to be sent a newsletter; who asks again brings their row up to date.

    It names an address and not a person: a stranger may have typed it, and only its yes makes it somebody's.
    """

    __tablename__ = "sign_up"
    __table_args__ = (
        UniqueConstraint("email_key", "newsletter"),
        Index(
            "ix_sign_up_unmailed",
            "id",
            sqlite_where=text("mailed_at IS NULL"),
            postgresql_where=text("mailed_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    #: the newsletter's slug
    newsletter: Mapped[str] = mapped_column(String(64))
    #: slugs of the lists that were asked for
    lists: Mapped[list[str]] = mapped_column(JSON)
    #: of the page it was asked on, for the letter
    page_language: Mapped[str] = mapped_column(String(35), default="")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    #: as `Wording.digest`
    wording: Mapped[str] = mapped_column(String(16), default="")
    form: Mapped[str] = mapped_column(String(64), default="")
    #: from which address of the network; emptied when its time is over
    given_from: Mapped[str] = mapped_column(String(45), default="")
    #: when the letter that asks for the yes was handed over, or was about to be
    mailed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: when the welcome was handed over, or was about to be
    welcomed_at: Mapped[datetime | None] = mapped_column(Instant)


class DoorRate(Model):
    """How fast one network, or one address, may knock: GCRA, as for messages."""

    __tablename__ = "door_rate"

    #: what is counted, as a keyed hash: it can be compared but not read
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: theoretical arrival time of the next knock, seconds since 1970 in UTC
    tat: Mapped[float] = mapped_column(Float(53))


class TopicChoice(Model):
    """A topic that a person ticked."""

    __tablename__ = "topic_choice"
    __table_args__ = (Index(None, "topic", "subscriber_id"),)

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(64), primary_key=True)


class AddressChange(Model):
    """A person's wish to be written to elsewhere: confirmed at the new address, told at the old one."""

    __tablename__ = "address_change"
    __table_args__ = (Index(None, "subscriber_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    #: in whose name we write
    newsletter: Mapped[str] = mapped_column(String(64))
    old_email: Mapped[str] = mapped_column(String(320))
    new_email: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    #: when the new address was asked, or was about to be
    mailed_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: when the old address was told, or was about to be
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class Departure(Model):
    """Why somebody left a newsletter, if they said; outlives the person, as a figure."""

    __tablename__ = "departure"
    __table_args__ = (UniqueConstraint("subscriber_id", "newsletter"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscriber.id", ondelete="SET NULL"))
    newsletter: Mapped[str] = mapped_column(String(64))
    #: the edition whose link they used
    edition_id: Mapped[int | None] = mapped_column(Id)
    why: Mapped[Why] = mapped_column(choice(Why))
    at: Mapped[datetime] = mapped_column(Instant)


class Segment(Model):
    """A saved filter over people; `segments` has its language."""

    __tablename__ = "segment"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: as it was written: "list:weekly and language:fr"
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class ReturnedMail(Model):
    """The beginning of a letter that came back to the mailbox, as it lay there; what was made of it stands elsewhere.

    It names people: whom it is about, and whoever else stands in it. It goes with any of them, and with time.
    """

    __tablename__ = "returned_mail"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: of the whole letter
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"), index=True)
    kept_at: Mapped[datetime] = mapped_column(Instant, index=True)
    #: the addresses in it, decoded, as keys with a blank before and behind each
    mentions: Mapped[str] = mapped_column(Text)
    #: last, so that looking through the others is quick
    raw: Mapped[bytes] = mapped_column(LargeBinary)
