"""Sources and articles, what editors decided about stories, and what was ranked and published."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model, choice


class Kind(StrEnum):
    """What sort of publisher a source is; the default authority follows from it."""

    #: the trade press
    TRADE = "trade"
    #: a national or international newsroom
    NATIONAL = "national"
    #: a company's own blog
    VENDOR = "vendor"
    #: press releases
    PR_WIRE = "pr_wire"
    #: other people's stories
    AGGREGATOR = "aggregator"


class Health(StrEnum):
    """How the last visit to a source went."""

    #: never visited
    NEW = "new"
    #: read, whether or not there was anything new
    OK = "ok"
    #: the last visit failed; `Source.problem` says why
    FAILING = "failing"
    #: answered 410 Gone again and again: not visited any more
    GONE = "gone"
    #: no feed, never visited: it holds what editors have added by its address
    BY_HAND = "by hand"


#: never visited
LEFT_ALONE = frozenset({Health.GONE, Health.BY_HAND})


class Source(Model):
    """A feed."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url: Mapped[str] = mapped_column(String(2000), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    #: who owns it: two sources of one owner are one voice
    owner: Mapped[str] = mapped_column(String(200))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    #: in hundredths: 25 PR wire, 50 vendor, 75 small, 100 usual, 125 key trade
    authority: Mapped[int]
    health: Mapped[Health] = mapped_column(choice(Health), default=Health.NEW)
    #: why the last visit failed, in words for an editor
    problem: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(default=0)
    #: opaque, echoed exactly as given
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    #: not to be visited before
    next_fetch_at: Mapped[datetime | None] = mapped_column(Instant)
    #: where it says it has moved for good, and on how many visits in a row it said so
    moved_to: Mapped[str] = mapped_column(String(2000), default="")
    moved_seen: Mapped[int] = mapped_column(default=0)
    #: on how many visits in a row it said that it is gone for good
    gone_seen: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    #: since when it is left alone; its articles stay
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    #: since when it counts for nothing, with its articles; both are forgotten a month later
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


#: `Article.dated_by` of what had no date when its source was first visited: it may be years old, so it is no news
UNKNOWN = "unknown"


class Article(Model):
    """One item from one source; text is plain, never HTML."""

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("source_id", "guid"),
        Index(None, "published_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    #: the feed's own id, or one form of the link where it has none
    guid: Mapped[str] = mapped_column(String(500))
    #: http or https, as it was published, less what only counts readers
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(Text)
    #: the feed's summary, or the page's lead
    summary: Mapped[str] = mapped_column(Text, default="")
    #: as much of the body as was to be had
    text: Mapped[str] = mapped_column(Text, default="")
    image_url: Mapped[str] = mapped_column(String(2000), default="")
    #: the image's true size in pixels; None where it is not known
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(300), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    #: never in the future: clamped to the time of the visit; that time itself where it is unknown
    published_at: Mapped[datetime] = mapped_column(Instant)
    #: where `published_at` comes from: "feed", "page", "first seen", or UNKNOWN
    dated_by: Mapped[str] = mapped_column(String(16))
    seen_at: Mapped[datetime] = mapped_column(Instant)
    #: of what the feed said last, so that a page's longer text is not taken for a change
    digest: Mapped[str] = mapped_column(String(64), default="")
    #: the feed brought little text, and the article's page was not asked for yet
    page_due: Mapped[bool] = mapped_column(default=False)


class Rule(StrEnum):
    """What an editor decided about a story of one edition."""

    #: takes a slot before anything is scored
    PIN = "pin"
    #: removed, with a reason
    EXCLUDE = "exclude"
    #: points added: -20, -10, 10 or 20
    BOOST = "boost"
    #: these articles are one story
    MERGE = "merge"
    #: this article is not of that story
    SPLIT = "split"
    #: neither pinned, excluded nor boosted any more
    FREE = "free"
    #: no word on a story: the draft's own words were changed at the desk
    WORDS = "words"


class Decision(Model):
    """An editor's constraint; it names articles, which stay, not stories, which are made anew each time."""

    __tablename__ = "story_decision"
    __table_args__ = (Index(None, "newsletter", "date"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    date: Mapped[date] = mapped_column(Date)
    rule: Mapped[Rule] = mapped_column(choice(Rule))
    #: MERGE: all of one story. SPLIT: the first is parted from each of the rest. Others: any of the story's, WORDS none
    article_ids: Mapped[list[int]] = mapped_column(JSON)
    #: BOOST: points; otherwise 0
    points: Mapped[int] = mapped_column(default=0)
    #: PIN: the place it was given, from 1; 0 is the next that is free
    place: Mapped[int] = mapped_column(default=0)
    #: WORDS: the edition's revision that it made; otherwise 0
    revision: Mapped[int] = mapped_column(default=0)
    #: the first decision of what was done at once, and is taken back at once; None: this one alone
    act: Mapped[int | None] = mapped_column(ForeignKey("story_decision.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Instant)
    #: when it was taken back (undo keeps the row)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class Verdict(StrEnum):
    """What should become of the edition that a ranking is for."""

    #: as many stories as wanted
    OK = "ok"
    #: fewer stories; the edition is made with them
    SHORT = "short"
    #: too few; an editor should look first
    HOLD = "hold"
    #: too few; no edition this week
    SKIP = "skip"


class Ranking(Model):
    """One run of the picker, with all that is needed to recompute it to the integer."""

    __tablename__ = "ranking"
    __table_args__ = (Index(None, "newsletter", "date"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    date: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(Instant)
    #: the window of the articles it looked at, the end not part of it; None means the timetable's
    opens_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict), default=Verdict.OK)
    weights_version: Mapped[str] = mapped_column(String(32))
    input_hash: Mapped[str] = mapped_column(String(64))
    #: "a limit was relaxed", "a thin week", in the order in which they happened
    notes: Mapped[list[str]] = mapped_column(JSON)


class RankedStory(Model):
    """One story of a ranking, chosen or not, with its reasons."""

    __tablename__ = "ranked_story"
    __table_args__ = (UniqueConstraint("ranking_id", "position"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ranking_id: Mapped[int] = mapped_column(ForeignKey("ranking.id", ondelete="CASCADE"))
    #: from 1, in order of the picker's preference
    position: Mapped[int]
    chosen: Mapped[bool]
    #: thousandths of a point
    score: Mapped[int]
    headline: Mapped[str] = mapped_column(Text)
    #: a draft of at most two sentences, taken from the articles
    summary: Mapped[str] = mapped_column(Text, default="")
    #: the lead article's link and image
    url: Mapped[str] = mapped_column(String(2000), default="")
    image_url: Mapped[str] = mapped_column(String(2000), default="")
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    #: "Retail Dive and 3 more"
    attribution: Mapped[str] = mapped_column(Text, default="")
    company: Mapped[str] = mapped_column(String(200), default="")
    article_ids: Mapped[list[int]] = mapped_column(JSON)
    #: how many independent voices, and how many reprints were not counted
    voices: Mapped[int]
    reprints: Mapped[int]
    #: every number behind the score
    breakdown: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: one sentence
    why: Mapped[str] = mapped_column(Text)
    #: "this cluster looks mixed: …", or empty
    warning: Mapped[str] = mapped_column(Text, default="")


class Published(Model):
    """A story that was sent, remembered so that it comes back only as a follow-up."""

    __tablename__ = "published_story"
    __table_args__ = (UniqueConstraint("newsletter", "date", "position"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(64))
    date: Mapped[date] = mapped_column(Date)
    position: Mapped[int]
    headline: Mapped[str] = mapped_column(Text)
    #: canonical links of all its articles
    urls: Mapped[list[str]] = mapped_column(JSON)
    #: kept shingle hashes (containment) and the centre's terms with weights (cosine)
    sketch: Mapped[list[int]] = mapped_column(JSON)
    centroid: Mapped[dict[str, float]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)


class TermWeek(Model):
    """In how many articles of one week a term stood: the rolling document frequencies."""

    __tablename__ = "term_week"

    #: Monday of the week
    week: Mapped[date] = mapped_column(Date, primary_key=True)
    #: term → number of articles; the empty term counts the articles themselves
    frequencies: Mapped[dict[str, int]] = mapped_column(JSON)
