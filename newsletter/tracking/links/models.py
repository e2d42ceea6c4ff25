"""The links of an edition as sent, what was corrected since, and what was heard of them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model, choice
from newsletter.editions.models import Edition
from subscribers.models import Subscriber

_NOBODY, _SOMEBODY = text("subscriber_id IS NULL"), text("subscriber_id IS NOT NULL")


class Tracked(Model):
    """What is counted of an edition's copies, fixed when its audience was."""

    __tablename__ = "tracked"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), primary_key=True)
    #: "anonymous" or "individual"
    mode: Mapped[str] = mapped_column(String(16))
    #: whether its copies hold the pixel
    pixel: Mapped[bool]
    #: links that a reader sees of one part, at most: what "all links" means
    seen: Mapped[int]


class Link(Model):
    """One link of an edition's copies: the only places that its tokens lead to."""

    __tablename__ = "link"

    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: where it leads now
    url: Mapped[str] = mapped_column(Text)
    #: "html" or "text"
    part: Mapped[str] = mapped_column(String(8))
    #: "story", "sponsor", "introduction", "other", or "decoy" of the one that nobody sees
    place: Mapped[str] = mapped_column(String(16))
    #: the story's position, where it is a story's
    story: Mapped[int | None]
    #: what readers see of it
    words: Mapped[str] = mapped_column(Text, default="")


class Correction(Model):
    """A link that leads elsewhere since; never altered."""

    __tablename__ = "link_correction"
    __table_args__ = (Index(None, "edition_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"))
    number: Mapped[int]
    was: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)


class Verdict(StrEnum):
    """Who did it, as far as can be told."""

    #: a person, most likely
    HUMAN = "human"
    #: a service that fetches pictures in a person's stead, and hides whether and when they looked
    PROXY = "proxy"
    #: a program that looks through mail before, or instead of, a person
    SCANNER = "scanner"
    #: nothing speaks for either
    UNKNOWN = "unknown"


class Visit(Model):
    """What was heard of one link (or of the pixel, number 0), with all that the verdict is made of.

    Counted one by one it names the copy. Counted without a name it stands for everything alike in one hour: then
    it names nobody, its time is the hour's, and its delay is rounded, so that no copy's own hour can be found in it.
    """

    __tablename__ = "visit"
    __table_args__ = (
        Index(
            "ix_visit_of_copies", "edition_id", "subscriber_id", "at",
            sqlite_where=_SOMEBODY, postgresql_where=_SOMEBODY,
        ),
        Index("ix_visit_of_people", "subscriber_id", sqlite_where=_SOMEBODY, postgresql_where=_SOMEBODY),
        Index(
            "uq_visit_of_nobody",
            "edition_id", "number", "at", "head", "delay", "touched", "decoy", "agent", "network", "flagged",
            "provider",
            unique=True, sqlite_where=_NOBODY, postgresql_where=_NOBODY,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), index=True)
    #: 0 is the pixel
    number: Mapped[int]
    #: goes with the person
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    #: asked only whether it is there
    head: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: seconds since the copy was handed over, or -1 where nobody knows
    delay: Mapped[int]
    #: how many links of its copy were followed within seconds of it, itself among them
    touched: Mapped[int] = mapped_column(default=1, server_default="1")
    #: whether one of those was the link that nobody sees
    decoy: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: who said to be asking: a known name, else its words without figures
    agent: Mapped[str] = mapped_column(String(120))
    #: whose network it came from, where it is one of those that matter
    network: Mapped[str] = mapped_column(String(32), default="", server_default="")
    #: whether a provider says that a machine did it, and who told of it; empty where we heard it ourselves
    flagged: Mapped[bool] = mapped_column(default=False, server_default=false())
    provider: Mapped[str] = mapped_column(String(16), default="", server_default="")
    #: how often
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    #: how often by a copy that had not done it before, as far as was remembered
    first: Mapped[int] = mapped_column(default=1, server_default="1")
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict))
    #: the evidence, in words that may be counted: "HEAD; agent Barracuda"
    reasons: Mapped[str] = mapped_column(Text)
    #: the version of the rules that it was judged by
    rules: Mapped[int]
