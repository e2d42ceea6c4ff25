"""Editions and their stories, which editors own, and the slots of the timetable."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, Double, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Id, Instant, Model, choice
from newsletter.stories.models import Ranking


class State(StrEnum):
    """Where an edition stands; `editions.review.MAY_FOLLOW` says what may follow what."""

    #: being made
    DRAFT = "draft"
    #: shown to the editors, waiting for their word
    IN_REVIEW = "in_review"
    #: an editor said yes; the rendered bytes are frozen
    APPROVED = "approved"
    #: an editor said not now, or nobody answered in time
    HELD = "held"
    #: the audience is frozen and copies are going out
    SENDING = "sending"
    #: every copy is accounted for
    SENT = "sent"
    #: no edition this week, with a reason
    SKIPPED = "skipped"
    #: stopped for good, before or while sending
    CANCELLED = "cancelled"

    @property
    def spoken(self) -> str:
        """How a sentence says it: an edition is "a draft", "in review", "being sent"."""
        return {"draft": "a draft", "in_review": "in review", "sending": "being sent"}.get(self.value, self.value)


class Edition(Model):
    """One date's newsletter."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("newsletter", "date", "correction"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    #: of a correction, that of the edition it corrects
    date: Mapped[date] = mapped_column(Date)
    #: 0 is the date's edition itself; from 1 on, corrections of it that are mailed
    correction: Mapped[int] = mapped_column(default=0, server_default="0")
    #: the edition that a correction is of: it goes to those who have that one, and to nobody else
    corrects: Mapped[int | None] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    #: a correction: also to those of whom nobody can say whether they have it
    unknown_too: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[State] = mapped_column(choice(State), default=State.DRAFT)
    #: the line above the introduction
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    preheader: Mapped[str] = mapped_column(Text, default="")
    #: paragraphs, parted by an empty line
    introduction: Mapped[str] = mapped_column(Text, default="")
    sponsor_name: Mapped[str] = mapped_column(Text, default="")
    sponsor_text: Mapped[str] = mapped_column(Text, default="")
    sponsor_url: Mapped[str] = mapped_column(Text, default="")
    #: goes only to the people of this segment; empty is everybody on the newsletter's lists
    segment: Mapped[str] = mapped_column(String(64), default="", server_default="")
    #: counts up with every change of content; approval is of one revision
    revision: Mapped[int] = mapped_column(default=1)
    #: the ranking it was drafted from; None for an edition written by hand
    ranking_id: Mapped[int | None] = mapped_column(ForeignKey(Ranking.id, ondelete="SET NULL"))
    #: when a person last changed its words; None as long as it stands as it was assembled
    edited_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    stories: Mapped[list["EditionStory"]] = relationship(
        order_by="EditionStory.position", cascade="all, delete-orphan", lazy="selectin"
    )


class EditionStory(Model):
    """The edition's own copy of a chosen story; editors own every word of it."""

    __tablename__ = "edition_story"
    __table_args__ = (UniqueConstraint("edition_id", "position"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    #: from 1
    position: Mapped[int]
    #: which story of its edition it is, whatever it says and wherever it stands
    key: Mapped[str] = mapped_column(String(16), default=lambda: secrets.token_hex(4))
    headline: Mapped[str] = mapped_column(Text)
    #: plain paragraphs, parted by an empty line
    summary: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    image_url: Mapped[str] = mapped_column(String(2000), default="")
    #: the image's true size in pixels; None where it is not known
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    image_alt: Mapped[str] = mapped_column(Text, default="")
    #: "Retail Dive and 3 more"
    attribution: Mapped[str] = mapped_column(Text, default="")
    #: why the picker chose it; for editors, not for readers
    why: Mapped[str] = mapped_column(Text, default="")


class Wording(Model):
    """What one revision of an edition said, kept so that a change can be shown and taken back."""

    __tablename__ = "edition_wording"
    __table_args__ = (UniqueConstraint("edition_id", "revision"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    revision: Mapped[int]
    #: `editions.words.Words` as plain data
    words: Mapped[dict[str, Any]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)
    #: saved by the page while somebody typed; see `editions.folding`
    auto: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: when the version began that it is of; None for what is older than this column
    began_at: Mapped[datetime | None] = mapped_column(Instant)
    #: somebody else than who wrote it has looked at it
    seen: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: what an editor calls it
    name: Mapped[str] = mapped_column(String(80), default="", server_default="")


class Presence(Model):
    """A page in which somebody has an edition open to write in it."""

    __tablename__ = "edition_presence"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    #: what the page calls itself
    page: Mapped[str] = mapped_column(String(64), primary_key=True)
    who: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(Instant)
    #: it will speak again; a browser without scripts says only that it was opened
    speaks: Mapped[bool]
    #: when it spoke last, and until when it is believed to be open
    at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)


class Picture(Model):
    """A picture that an editor brought, made anew from its pixels; mails link to it by its name."""

    __tablename__ = "picture"

    #: of its content, with the ending that browsers know it by: "5f3c….jpg"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    #: in pixels
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class Amendment(Model):
    """What was corrected of an edition after it went out, as its page in the browser says since; never altered."""

    __tablename__ = "amendment"
    __table_args__ = (UniqueConstraint("edition_id", "revision"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    #: of the wording, and of the proof, that the page shows since; what was sent keeps its own
    revision: Mapped[int]
    #: what readers are told of it, in the newsroom's words
    note: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class Showing(Model):
    """A link that shows one revision of an edition to somebody without an account."""

    __tablename__ = "edition_showing"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    #: which colleague made it
    by: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class EditionEvent(Model):
    """Who moved an edition, when, to which state, and why."""

    __tablename__ = "edition_event"
    __table_args__ = (Index(None, "edition_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    state: Mapped[State] = mapped_column(choice(State))
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)


class Job(StrEnum):
    """What a slot of the timetable does."""

    ASSEMBLE = "assemble"
    LOCK = "lock"
    SEND = "send"


class SlotState(StrEnum):
    """Where a slot stands."""

    #: planned ahead, not due or not taken yet
    PLANNED = "planned"
    #: a worker holds its lease
    RUNNING = "running"
    #: its effect and this word were committed together
    DONE = "done"
    #: too old to be done; somebody was told
    MISSED = "missed"


class Slot(Model):
    """One job of one date; the key is the nominal local date, not the instant."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("newsletter", "date", "job"), Index(None, "state", "due_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    #: the newsletter's own day of that week, for which it stands; None where people gave an edition a day of its own
    week: Mapped[date | None] = mapped_column(Date)
    date: Mapped[date] = mapped_column(Date)
    job: Mapped[Job] = mapped_column(choice(Job))
    due_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[SlotState] = mapped_column(choice(SlotState), default=SlotState.PLANNED)
    owner: Mapped[str] = mapped_column(String(64), default="")
    #: counts up with every claim; a worker thought dead can't finish over its successor
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    #: what came of it, or why it was missed
    result: Mapped[str] = mapped_column(Text, default="")


class MovedDay(Model):
    """A week whose edition goes out on another day than the newsletter's, or not at all."""

    __tablename__ = "moved_day"
    __table_args__ = (UniqueConstraint("newsletter", "week"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    #: the newsletter's own day of that week
    week: Mapped[date] = mapped_column(Date)
    #: when its edition goes out instead; None where there is none
    to: Mapped[date | None] = mapped_column(Date)
    why: Mapped[str] = mapped_column(Text, default="")
    #: who said so; empty where it is the newsletter's rule
    by: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(Instant)


class Heartbeat(Model):
    """The last run of something that runs again and again ("tick", "collect", "sweep")."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    ok: Mapped[bool] = mapped_column(default=True)
    result: Mapped[str] = mapped_column(Text, default="")


class ClockReading(Model):
    """What the clock said at the last tick, and the machine's counter beside it; see `editions.timekeeping`."""

    __tablename__ = "clock_reading"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: which start of which machine counted; empty where nothing counts
    boot: Mapped[str] = mapped_column(String(64), default="")
    #: seconds since that start, sleep included
    counter: Mapped[float] = mapped_column(Double, default=0.0)
    #: until when a time that came by a jump, or after days of silence, has to hold before it is believed
    settles_at: Mapped[datetime | None] = mapped_column(Instant)
    #: whether it is known to have been a jump
    jumped: Mapped[bool] = mapped_column(default=False, server_default=false())


class Alarm(Model):
    """Something a person should know: a missed Friday, a held edition, a paused sending."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: what it is about, so that one matter rings once: "missed friday/2026-11-27 send"
    key: Mapped[str] = mapped_column(String(200), unique=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    #: when the editors were mailed about it
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the editors whose letter is out of our hands, so that none gets it twice
    told_to: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    #: why an editor could not be mailed, in the mail server's words; empty where all were
    trouble: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: when it was posted to `watchdog.webhook`, or given up; None while that is still to be done
    posted_at: Mapped[datetime | None] = mapped_column(Instant)


class Matter(Model):
    """Something that was found wrong: since when, and whether it is over; it rings at both."""

    __tablename__ = "matter"

    #: "not started friday/2021-11-26"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Instant)
    over_at: Mapped[datetime | None] = mapped_column(Instant)
