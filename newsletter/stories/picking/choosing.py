"""From the database and back: this week's articles are ranked for an edition, and the ranking is stored."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.stories.models import RankedStory, Ranking, Verdict
from newsletter.stories.picking import copies, decisions, frequencies, items, picker, published, readings, scoring
from newsletter.stories.picking.picker import Kept, Pick, Ranked
from newsletter.stories.picking.snapshot import Snapshot
from newsletter.stories.picking.windows import window

__all__ = ["kept_in", "latest", "rank", "snapshot", "stories", "verdict", "window"]

#: how much further back a thin week may look
WIDER = timedelta(days=10)

Window = tuple[datetime, datetime]


def rank(
    session: Session,
    newsletter: Newsletter,
    day: date,
    *,
    window: Window,
    now: datetime,
    lifts: Mapping[str, float] | None = None,
    kept: Kept | None = None,
) -> Ranking:
    """Rank the articles of *window* for the edition of *day* and store the ranking with up to 30 stories.

    A thin week is treated as the newsletter says; `Ranking.verdict` and `Ranking.notes` tell. *lifts* says
    how much more than usual readers clicked stories about a name, where that is known. *kept* is what the last
    ranking of this process left, see `kept_in`.
    """
    count_weeks(session, before=window[0])
    seen = snapshot(session, newsletter, day, window=window, lifts=lifts)
    outcome = picker.pick(seen, kept)
    notes: tuple[str, ...] = ()
    if len(outcome.chosen) < newsletter.stories and newsletter.thin_week == "widen":
        window = (window[0] - WIDER, window[1])
        seen = snapshot(session, newsletter, day, window=window, lifts=lifts)
        outcome = picker.pick(seen, kept)
        notes = (f"a thin week: the window was widened by {WIDER.days} days, back to {window[0]:%d %B %Y}",)
    found, said = _judge(newsletter, outcome)
    ranking = Ranking(
        newsletter=newsletter.slug,
        date=day,
        at=now,
        opens_at=window[0],
        closes_at=window[1],
        weights_version=scoring.VERSION,
        input_hash=seen.digest(kept.hashes if kept else None),
        verdict=found,
        notes=[*notes, *outcome.notes, *said],
    )
    session.add(ranking)
    session.flush()
    session.add_all(_row(ranking.id, place, one) for place, one in enumerate(outcome.ranked, start=1))
    session.flush()
    return ranking


def kept_in(store: dict[str, Any]) -> Kept:
    """What rankings leave to one another in *store*: after the first, only what is new is worked out."""
    found: Kept = store.setdefault("stories", Kept())
    return found


def verdict(session: Session, ranking: Ranking) -> tuple[Verdict, str]:
    """What should become of the edition, and why in one sentence (empty where all is well)."""
    return ranking.verdict, "" if ranking.verdict is Verdict.OK else "; ".join(ranking.notes)


def latest(session: Session, newsletter: str, day: date) -> Ranking | None:
    """The last ranking made for the edition of *day*."""
    query = select(Ranking).where(Ranking.newsletter == newsletter, Ranking.date == day)
    return session.scalar(query.order_by(Ranking.id.desc()).limit(1))


def stories(session: Session, ranking: Ranking) -> list[RankedStory]:
    """The stories of *ranking*: the chosen in slot order, then the rest in order of preference."""
    query = select(RankedStory).where(RankedStory.ranking_id == ranking.id)
    return list(session.scalars(query.order_by(RankedStory.position)))


def snapshot(
    session: Session,
    newsletter: Newsletter,
    day: date,
    *,
    window: Window,
    lifts: Mapping[str, float] | None = None,
    until: datetime | None = None,
) -> Snapshot:
    """All that the picker is given; *until* lets in what came after the window closed."""
    rules = decisions.rules(session, newsletter.slug, day)
    known = frequencies.history(session, window[0])
    named = {article for ruling in rules.rulings for article in ruling.articles}
    start, end = window
    return Snapshot(
        items=items.together(items.in_window(session, start, until or end), items.by_ids(session, named)),
        closes_at=end,
        interests=newsletter.interests,
        rules=rules,
        memory=published.recall(session, newsletter, day, known, lifts=lifts),
        frequencies=known,
        limit=newsletter.stories,
    )


def count_weeks(session: Session, *, before: datetime) -> None:
    """Count the terms of each finished week that was not counted yet; a reprint is not counted twice."""
    for week in frequencies.uncounted(session, before):
        start = datetime(week.year, week.month, week.day, tzinfo=UTC)
        found = items.in_window(session, start, start + timedelta(days=7))
        read = readings.read_all(found)
        origins = copies.origins(found, read)
        reports = [read[item.id].long[0] for item in found if origins[item.id] == item.id]
        frequencies.store(session, week, frequencies.count(reports))


def _judge(newsletter: Newsletter, outcome: Pick) -> tuple[Verdict, tuple[str, ...]]:
    number = len(outcome.chosen)
    if number >= newsletter.stories:
        return Verdict.OK, ()
    if newsletter.thin_week == "skip":
        return Verdict.SKIP, ("no edition this week, by the newsletter's thin-week policy",)
    if newsletter.thin_week == "hold" or number == 0:
        return Verdict.HOLD, ("held for an editor, by the newsletter's thin-week policy",)
    return Verdict.SHORT, (f"an edition of {number}, by the newsletter's thin-week policy",)


def _row(ranking_id: int, place: int, one: Ranked) -> RankedStory:
    lead = one.story.lead
    pictured = next((item for item in (lead, *one.story.reports) if item.image_url), lead)
    return RankedStory(
        ranking_id=ranking_id,
        position=place,
        chosen=one.chosen,
        score=one.score,
        headline=one.draft.headline,
        summary=one.draft.summary,
        url=lead.url,
        image_url=pictured.image_url,
        image_width=pictured.image_width,
        image_height=pictured.image_height,
        attribution=one.draft.attribution,
        company=one.story.company,
        article_ids=list(one.story.articles),
        voices=len(one.story.voices),
        reprints=len(one.story.reprints),
        breakdown=one.stored(),
        why=one.why,
        warning=one.warning,
    )
