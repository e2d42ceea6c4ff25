"""What was sent is remembered; what comes too late alerts an editor and never swaps itself in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.config import Newsletter
from newsletter.stories import links
from newsletter.stories.models import Article, Published, RankedStory, Ranking
from newsletter.stories.picking import choosing, followups, frequencies, items, picker, vectors, voices, words
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.picker import Kept, Ranked
from newsletter.stories.picking.ranking import FLOOR
from newsletter.stories.picking.snapshot import Item
from newsletter.stories.picking.windows import window

#: thousandths of a point by which late news must beat the weakest chosen story
_CLEARLY = 10_000
#: so many voices in so short a time, or one source of this authority, make news of it
_VOICES, _WITHIN, _KEY_SOURCE = 3, timedelta(hours=12), 125
_CENTRE_TERMS = 120
_MOST_HASHES = 4000


@dataclass(frozen=True, slots=True)
class Sent:
    """A story as it went out, in the words and with the link that an editor left it."""

    headline: str
    url: str


@dataclass(frozen=True, slots=True)
class LateNews:
    """A story that would have made the edition, had it come in time."""

    headline: str
    url: str
    article_ids: tuple[int, ...]
    #: thousandths of a point, and by how many it beats the weakest chosen story
    score: int
    ahead: int
    voices: int
    #: one sentence for the alert
    text: str


def remember(session: Session, newsletter: Newsletter, day: date, stories: Iterable[Sent], *, now: datetime) -> None:
    """Keep the links, shingles and centre of what the edition of *day* told, in its order; again replaces."""
    mine = (Published.newsletter == newsletter.slug, Published.date == day)
    session.execute(delete(Published).where(*mine))
    known = frequencies.history(session, window(newsletter, day)[0])
    ranking = choosing.latest(session, newsletter.slug, day)
    ranked = choosing.stories(session, ranking) if ranking else []
    for position, sent in enumerate(stories, start=1):
        told = _told(session, sent, ranked)
        session.add(_published(newsletter.slug, day, position, sent, told, known, now))
    session.flush()


def late_news(
    session: Session, newsletter: Newsletter, day: date, *, now: datetime, kept: Kept | None = None
) -> list[LateNews]:
    """Stories that came after the edition of *day* was ranked and would enter it, the biggest first.

    They are measured as of the frozen ranking's closing time; whether to swap one in is for an editor.
    """
    ranking = choosing.latest(session, newsletter.slug, day)
    if ranking is None:
        return []
    opens, closes = _window(ranking, newsletter)
    seen = choosing.snapshot(session, newsletter, day, window=(opens, closes), until=now)
    chosen = [row for row in choosing.stories(session, ranking) if row.chosen]
    known = {article for row in chosen for article in row.article_ids}
    # a thin edition has a place free, and only the floor to beat
    full = len(chosen) >= newsletter.stories
    weakest = min(row.score for row in chosen) if full else FLOOR - _CLEARLY
    late = [one for one in picker.pick(seen, kept).ranked if _is_late(one, known, closes, weakest)]
    return [_alert(one, weakest) for one in sorted(late, key=lambda one: (-one.score, one.story.id))]


def _told(session: Session, sent: Sent, ranked: Sequence[RankedStory]) -> list[Item]:
    """The articles behind a sent story: those of the ranked story that has its link, or those with the link."""
    for row in ranked:
        found = items.by_ids(session, row.article_ids)
        if sent.url and (sent.url == row.url or any(item.url == sent.url for item in found)):
            return found
    return items.by_ids(session, list(session.scalars(select(Article.id).where(Article.url == sent.url))))


def _published(
    newsletter: str, day: date, position: int, sent: Sent, told: Sequence[Item], known: Frequencies, now: datetime
) -> Published:
    reports = [vectors.of_report(item, known) for item in told]
    centre = vectors.centroid(reports or [vectors.of_terms(words.telling(sent.headline), known)])
    heaviest = sorted(centre, key=lambda term: (-centre[term], term))[:_CENTRE_TERMS]
    hashes = sorted({number for item in told for number in voices.sketch(item.text)})
    return Published(
        newsletter=newsletter,
        date=day,
        position=position,
        headline=sent.headline,
        urls=sorted({_comparable(url) for url in (sent.url, *(item.url for item in told)) if url}),
        sketch=hashes[:_MOST_HASHES],
        centroid=followups.marked(vectors.unit({term: centre[term] for term in heaviest})),
        at=now,
    )


def _comparable(url: str) -> str:
    """The one form of *url*; as it stands where an editor wrote one that is not of the web."""
    return links.canonical(url) if links.web(url) else url


def _window(ranking: Ranking, newsletter: Newsletter) -> tuple[datetime, datetime]:
    start, end = window(newsletter, ranking.date)
    return ranking.opens_at or start, ranking.closes_at or end


def _is_late(one: Ranked, known: set[int], closes: datetime, weakest: int) -> bool:
    if known.intersection(one.story.articles) or one.fate.excluded or one.score < weakest + _CLEARLY:
        return False
    if one.relation is not None and not one.relation.is_follow_up:
        return False
    since = [voice.since for voice in one.story.voices]
    if max(since) < closes:
        return False
    newest = [moment for moment in since if moment >= max(since) - _WITHIN]
    return len(newest) >= _VOICES or any(
        report.authority >= _KEY_SOURCE and report.published_at >= closes for report in one.story.reports
    )


def _alert(one: Ranked, weakest: int) -> LateNews:
    ahead = one.score - weakest
    told = f"{len(one.story.voices)} voices" if len(one.story.voices) > 1 else "one voice"
    by = plural.counted(ahead // 1000, "point")
    return LateNews(
        headline=one.draft.headline,
        url=one.story.lead.url,
        article_ids=one.story.articles,
        score=one.score,
        ahead=ahead,
        voices=len(one.story.voices),
        text=f"Late news: “{one.draft.headline}” ({told}) would enter the edition by {by}.",
    )
