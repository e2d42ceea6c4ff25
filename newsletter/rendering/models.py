"""The proof of an edition: the bytes that were approved and will be sent; and what the checks keep of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model
from newsletter.editions.models import Edition


class Proof(Model):
    """One edition as rendered for approval, with slots where readers differ; never altered."""

    __tablename__ = "proof"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), index=True)
    #: the edition's revision it was made from
    revision: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    html: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[bytes] = mapped_column(LargeBinary)
    #: what is counted of it, as `counted.Counting` says it; empty is nothing
    tracking: Mapped[str] = mapped_column(String(40), default="", server_default="")
    #: SHA-256 over subject, html, text and what is counted, in hex
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Instant)


class Aside(Model):
    """A finding of the checks that an editor has set aside."""

    __tablename__ = "preflight_aside"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), primary_key=True)
    #: `Finding.key`
    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)


class Answer(Model):
    """What somebody else said when the checks asked: a page, a picture, a name server, a program."""

    __tablename__ = "preflight_answer"

    #: "link", "picture", "domain", "spelling", "spam"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: SHA-256 of what was asked about, in hex
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    about: Mapped[str] = mapped_column(Text)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)


class Asking(Model):
    """A round of such questions for one edition: how far it is, or when it was over."""

    __tablename__ = "preflight_asking"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), primary_key=True)
    by: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime] = mapped_column(Instant)
    #: when whoever asks last gave a sign of life
    seen_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)


class TemplateVersion(Model):
    """A template as somebody saved it at the desk, with every file of it; never altered but by having been tried."""

    __tablename__ = "template_version"
    __table_args__ = (Index(None, "name", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    #: as newsletters name it
    name: Mapped[str] = mapped_column(String(64))
    #: file → text
    files: Mapped[dict[str, str]] = mapped_column(JSON)
    #: who of the staff, as they were called then
    who: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(Instant)
    #: the version it was made from; 0 is the folder on disk
    made_from: Mapped[int] = mapped_column(Id, default=0)
    #: when it was last seen on an edition, with nothing red; None: never
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    #: that edition: "friday/2021-11-26"
    tried_on: Mapped[str] = mapped_column(String(80), default="")
