"""The table of files that people bring to be taken in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.models import Model
from subscribers.types import Id, Instant, choice


class UploadState(StrEnum):
    """Where a file stands that somebody brought to a page."""

    #: to be read, or being read
    READING = "reading"
    #: read: somebody has to say whether it is taken in, and how
    WAITING = "waiting"
    #: to be taken in, or being taken in
    TAKING = "taking"
    #: taken in
    DONE = "done"
    #: somebody stopped it; what was taken in stays, and it can go on
    STOPPED = "stopped"
    #: it can't be read, or not taken in; `problem` says why
    FAILED = "failed"


class Upload(Model):
    """A file of people that somebody brought to a page; the file lies in a folder of its own, for a day at most."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: names its folder; nobody can guess it
    key: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    #: bytes
    size: Mapped[int] = mapped_column(Id)
    #: on which machine it lies, and who brought it
    machine: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(320))
    state: Mapped[UploadState] = mapped_column(choice(UploadState))
    #: what was said of it: "as", "state_columns", "ignored", "words", "lists", "source"
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: what it holds, as `moving.telling.survey` says it; empty while nobody knows, and once it is forgotten
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: how far it is: what is done, how much of it, of how much
    what: Mapped[str] = mapped_column(String(200), default="")
    done: Mapped[int] = mapped_column(Id, default=0)
    total: Mapped[int | None] = mapped_column(Id)
    #: what it came to
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    problem: Mapped[str] = mapped_column(Text, default="")
    brought_at: Mapped[datetime] = mapped_column(Instant)
    #: when it was last asked for that it is read or taken in
    asked_at: Mapped[datetime] = mapped_column(Instant)
    #: which process works at it, when that said so last, and how often that changed
    owner: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    epoch: Mapped[int] = mapped_column(default=0)
    #: when file and findings were forgotten
    forgotten_at: Mapped[datetime | None] = mapped_column(Instant)
