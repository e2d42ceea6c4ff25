"""An editor's word on a story: kept, ranked again, and put into the draft, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.editions import assembling, following, review, shelf
from newsletter.errors import BadInput
from newsletter.jobs import drafting, liking
from newsletter.stories.models import Decision, RankedStory, Ranking, Rule
from newsletter.stories.picking import choosing, decisions, items


@dataclass(frozen=True, slots=True)
class Ruled:
    """The ranking after a decision, and what became of the draft."""

    ranking: Ranking
    stories: tuple[RankedStory, ...]
    #: the edition's revision where there is one
    revision: int | None = None
    changed: bool = False
    left_alone: tuple[str, ...] = ()
    #: one sentence on the draft
    says: str = ""


def rule(
    app: App,
    newsletter: str,
    day: date,
    verdict: Rule,
    articles: Sequence[int],
    *,
    by: str,
    points: int = 0,
    reason: str = "",
    now: datetime,
) -> Ruled:
    """Decide on the story that holds *articles* in the edition of *day*; raises WrongState once it is being sent."""
    with app.database.write() as session:
        _refuse_if_settled(session, newsletter, day)
        decisions.decide(session, newsletter, day, verdict, articles, by=by, now=now, points=points, reason=reason)
        return _again(session, app, newsletter, day, by=by, what=verdict.value, now=now)


def undo(app: App, decision_id: int, *, by: str, now: datetime) -> Ruled:
    """Take a decision back; raises WrongState once its edition is being sent."""
    with app.database.write() as session:
        decision = session.get(Decision, decision_id)
        if decision is not None:
            _refuse_if_settled(session, decision.newsletter, decision.date)
        row = decisions.undo(session, decision_id, now=now)
        return _again(session, app, row.newsletter, row.date, by=by, what=f"{row.rule.value} taken back", now=now)


def apart(story: Sequence[int], article: int) -> list[int]:
    """*story*'s articles as a split of *article* names them: it first; raises BadInput where it is not of them."""
    if article not in story:
        raise BadInput(f"article {article} is not of that story; its articles are {', '.join(map(str, story))}")
    return [article, *(other for other in story if other != article)]


def _refuse_if_settled(session: Session, newsletter: str, day: date) -> None:
    edition = shelf.of_date(session, newsletter, day)
    if edition is not None:
        review.refuse_unless_editable(edition)


def _again(session: Session, app: App, slug: str, day: date, *, by: str, what: str, now: datetime) -> Ruled:
    newsletter = app.newsletter(slug)
    before = choosing.latest(session, slug, day)
    start, end = choosing.window(newsletter, day)
    window = (before.opens_at or start, before.closes_at or end) if before else (start, end)
    lifts = liking.lifts(session, newsletter, day)
    ranking = choosing.rank(
        session, newsletter, day, window=window, now=now, lifts=lifts, kept=choosing.kept_in(app.kept)
    )
    stories = tuple(choosing.stories(session, ranking))
    edition = shelf.of_date(session, slug, day)
    if edition is None:
        return Ruled(ranking, stories, says="There is no draft yet; assembling makes it so.")
    was = edition.state
    changed, left = following.follow(
        session, edition, newsletter, ranking, links=_links(session, ranking), by=by, reason=what, now=now
    )
    if changed:
        drafting.tell_editors(session, edition, f"{what} by {by}, now revision {edition.revision}", now)
    says = f"The draft follows, now revision {edition.revision}." if changed else "The draft stays as it is."
    if was is not edition.state:
        says += " It was approved and has to be approved again."
    if left:
        says += f" Left alone, for it was edited: {'; '.join(left)}."
    return Ruled(ranking, stories, edition.revision, changed, left, says)


def _links(session: Session, ranking: Ranking) -> dict[str, int]:
    """Link of an article → place of its story among the chosen, from 0."""
    chosen = assembling.the_chosen(session, ranking)
    return {item.url: place for place, row in enumerate(chosen) for item in items.by_ids(session, row.article_ids)}
