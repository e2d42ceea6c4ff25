"""Who wants to be told what, what there is to tell, and how far that has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model, choice
from newsletter.delivery.models import BatchState, Sending


class Endpoint(Model):
    """An address that is told what happens, and how far it has been told."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: in the ids of its posts, so that no other endpoint's, here or elsewhere, are like them
    key: Mapped[str] = mapped_column(String(16), unique=True)
    url: Mapped[str] = mapped_column(String(2000))
    #: told of this newsletter alone, by slug; empty is all of them
    newsletter: Mapped[str] = mapped_column(String(64), default="")
    #: names of `kinds.KINDS`, and "edition.*" for all of that family
    kinds: Mapped[list[str]] = mapped_column(JSON)
    #: signs its posts, readable with the install's secret only
    sealed_secret: Mapped[str] = mapped_column(Text)
    #: the secret before the last rotation, and until when it signs too
    sealed_before: Mapped[str] = mapped_column(Text, default="")
    before_until: Mapped[datetime | None] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(Instant)
    #: the newest happening that it took, or did not want
    cursor: Mapped[int] = mapped_column(Id)
    #: how often the next one was not taken, since when, and when it is tried again
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    #: it is told nothing since then, and why, in words
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_why: Mapped[str] = mapped_column(Text, default="")
    #: which process posts to it; the epoch counts up with every claim and every change by hand
    owner: Mapped[str] = mapped_column(String(64), default="")
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)


class Happening(Model):
    """Something to tell, in the one order in which every endpoint is told; written by one process at a time."""

    __tablename__ = "webhook_happening"
    __table_args__ = (Index(None, "source", "source_id"), Index(None, "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: "edition.approved", "alarm.raised", or "delivery.events" for up to some hundred copies
    type: Mapped[str] = mapped_column(String(32))
    #: by slug; empty where it is about none, or about several
    newsletter: Mapped[str] = mapped_column(String(64), default="")
    #: when it happened, and when it was found
    at: Mapped[datetime] = mapped_column(Instant)
    found_at: Mapped[datetime] = mapped_column(Instant)
    #: where it stood: "edition", "act", "alarm", "event" or "batch", and the row's number there
    source: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[int] = mapped_column(Id)
    #: what is told; of events, from which to which of them
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class Mark(Model):
    """How far happenings have been collected: one row, there while there are endpoints; whoever collects locks it."""

    __tablename__ = "webhook_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: what was before is not told
    since: Mapped[datetime] = mapped_column(Instant)
    looked_at: Mapped[datetime] = mapped_column(Instant)
    #: all events up to this one are looked at
    event_id: Mapped[int] = mapped_column(Id)


class ToldBatch(Model):
    """A batch as it was when it was last told of."""

    __tablename__ = "webhook_batch"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Sending.edition_id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[BatchState] = mapped_column(choice(BatchState))
    size: Mapped[int]
    skipped: Mapped[int]
    refused: Mapped[int]
    told_at: Mapped[datetime] = mapped_column(Instant)
    #: numbers of its subscribers, where more came to it after it was told of
    members: Mapped[list[int] | None] = mapped_column(JSON)


class Tried(Model):
    """A post that was made, and the answer; the newest of each endpoint are kept."""

    __tablename__ = "webhook_post"
    __table_args__ = (Index(None, "endpoint_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey(Endpoint.id, ondelete="CASCADE"))
    #: None for a test
    happening_id: Mapped[int | None] = mapped_column(Id)
    type: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    #: which try it was, from 1
    number: Mapped[int]
    #: of the answer; None where none came
    status: Mapped[int | None]
    #: the first words of the answer, or why there was none; without addresses
    words: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float] = mapped_column(Double)
