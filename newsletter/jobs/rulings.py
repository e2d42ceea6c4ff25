"""An editor's word on a story: kept, ranked again, and put into the draft, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import assembling, following, review, shelf
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.jobs import drafting, liking, writing
from newsletter.stories.models import Decision, RankedStory, Ranking, Rule
from newsletter.stories.picking import changes, choosing, decisions, items
from newsletter.stories.picking.decisions import Ruling


class Outdated(WrongState):
    """What was decided on is not the ranking that stands: somebody else has decided something meanwhile."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """The ranking after a decision, and what became of the draft."""

    #: None where the edition was written by hand
    ranking: Ranking | None
    stories: tuple[RankedStory, ...]
    #: the edition's revision where there is one
    revision: int | None = None
    changed: bool = False
    left_alone: tuple[str, ...] = ()
    #: one sentence on the draft
    says: str = ""
    #: what the ranking says otherwise than before, a clause each
    turned: tuple[str, ...] = ()
    #: the decision to take back, where there is one
    act: int | None = None


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
    place: int = 0,
    seen: int | None = None,
    now: datetime,
) -> Ruled:
    """Decide on the story that holds *articles* in the edition of *day*; raises WrongState once it is being sent.

    *seen* is the ranking that was looked at, 0 where there was none: raises Outdated where another one stands by now.
    """
    ruling = Ruling(verdict, tuple(articles), points, reason, by, place)
    return _rule(app, newsletter, day, (ruling,), by=by, what=verdict.value, seen=seen, now=now)


def place(
    app: App,
    newsletter: str,
    day: date,
    story: Sequence[int],
    place: int,
    *,
    by: str,
    reason: str = "",
    seen: int | None = None,
    now: datetime,
) -> Ruled:
    """Give the story that holds the articles *story* a place in the edition, from 1, and keep it there.

    Where it has a place already it changes places with the story that stands there.
    """
    of = app.newsletter(newsletter)
    if not place:
        raise BadInput(f"say which place: 1 to {of.stories}")
    check_place(of, place)
    wanted = Ruling(Rule.PIN, tuple(story), reason=reason, by=by, place=place)
    with app.database.write() as session:
        before = ready(session, newsletter, day, seen)
        chosen = assembling.the_chosen(session, before) if before else []
        mine = next((row for row in chosen if not set(story).isdisjoint(row.article_ids)), None)
        there = next((row for row in chosen if row.position == place), None)
        rulings = [wanted]
        if mine is not None and there is not None and mine is not there:
            rulings.append(Ruling(Rule.PIN, tuple(there.article_ids), reason=reason, by=by, place=mine.position))
        act = keep(session, newsletter, day, rulings, by=by, now=now)
        return again(session, app, of, day, before, by=by, what="place", act=act, now=now)


def undo(app: App, decision_id: int, *, by: str, now: datetime) -> Ruled:
    """Take back a decision, and what was decided in the same act; raises WrongState once its edition is being sent."""
    with app.database.write() as session:
        decision = session.get(Decision, decision_id)
        if decision is not None:
            _refuse_if_settled(session, decision.newsletter, decision.date)
        row = decisions.undo(session, decision_id, now=now)
        before = choosing.latest(session, row.newsletter, row.date)
        if row.rule is Rule.WORDS:
            return _words_again(session, app, row, before, by=by, now=now)
        what = f"{row.rule.value} taken back"
        return again(session, app, app.newsletter(row.newsletter), row.date, before, by=by, what=what, now=now)


def undo_last(app: App, newsletter: str, day: date, *, by: str, now: datetime) -> Ruled:
    """Take back what *by* decided last on the edition of *day*."""
    with app.database.read() as session:
        decision = decisions.last(session, newsletter, day, by=by)
    if decision is None:
        raise NotFound(
            f"{by} has decided nothing on {newsletter}/{day} that could be taken back; "
            "newsletter stories decisions lists what others did"
        )
    return undo(app, decision.id, by=by, now=now)


def rank(app: App, newsletter: str, day: date, *, by: str, seen: int | None = None, now: datetime) -> Ruled:
    """Rank the week as it is now, with what came in since; the draft follows where nobody has edited it."""
    with app.database.write() as session:
        before = ready(session, newsletter, day, seen)
        return again(session, app, app.newsletter(newsletter), day, before, by=by, what="ranked again", now=now)


def check_place(newsletter: Newsletter, place: int) -> None:
    """Raise BadInput where an edition has no such *place*; 0 is any."""
    if not 0 <= place <= newsletter.stories:
        raise BadInput(f"there is no place {place}: the edition has places 1 to {newsletter.stories}")


def apart(story: Sequence[int], article: int) -> list[int]:
    """*story*'s articles as a split of *article* names them: it first; raises BadInput where it is not of them."""
    if article not in story:
        raise BadInput(f"article {article} is not of that story; its articles are {', '.join(map(str, story))}")
    return [article, *(other for other in story if other != article)]


def _rule(
    app: App,
    newsletter: str,
    day: date,
    rulings: Sequence[Ruling],
    *,
    by: str,
    what: str,
    seen: int | None,
    now: datetime,
) -> Ruled:
    with app.database.write() as session:
        before = ready(session, newsletter, day, seen)
        act = keep(session, newsletter, day, rulings, by=by, now=now)
        return again(session, app, app.newsletter(newsletter), day, before, by=by, what=what, act=act, now=now)


def ready(session: Session, newsletter: str, day: date, seen: int | None) -> Ranking | None:
    """The ranking that stands, where one may decide on it; raises Outdated where *seen* is another one."""
    _refuse_if_settled(session, newsletter, day)
    if seen:
        # of two who looked at one ranking, one waits here until the other is done (SQLite has one writer anyway)
        session.get(Ranking, seen, with_for_update=True)
    stands = choosing.latest(session, newsletter, day)
    if seen is not None and (stands.id if stands else 0) != seen:
        raise Outdated("The ranking has changed since you looked at it, so nothing was done: look again, then decide.")
    return stands


def keep(
    session: Session, newsletter: str, day: date, rulings: Sequence[Ruling], *, by: str, now: datetime
) -> int | None:
    """Store what is decided at once; the number by which it is taken back."""
    act: int | None = None
    for ruling in rulings:
        row = decisions.decide(
            session,
            newsletter,
            day,
            ruling.rule,
            ruling.articles,
            by=by,
            now=now,
            points=ruling.points,
            reason=ruling.reason,
            place=ruling.place,
            act=act,
        )
        act = act or row.id
    return act


def _words_again(
    session: Session, app: App, row: Decision, ranking: Ranking | None, *, by: str, now: datetime
) -> Ruled:
    """Take back what was done to the draft's own words, and nothing that was changed since."""
    edition = shelf.of_date(session, row.newsletter, row.date)
    if edition is None:
        raise NotFound(f"there is no edition {row.newsletter}/{row.date} any more")
    edition = shelf.get(session, edition.id, lock=True)
    saved = writing.undo(session, app.newsletter(row.newsletter), edition, row.revision, by=by, now=now)
    stories = tuple(choosing.stories(session, ranking)) if ranking else ()
    says = f"The draft is changed, now revision {saved.edition.revision}."
    return Ruled(ranking, stories, saved.edition.revision, changed=True, says=says)


def _refuse_if_settled(session: Session, newsletter: str, day: date) -> None:
    edition = shelf.of_date(session, newsletter, day)
    if edition is not None:
        review.refuse_unless_editable(edition)


def again(
    session: Session,
    app: App,
    newsletter: Newsletter,
    day: date,
    before: Ranking | None,
    *,
    by: str,
    what: str,
    act: int | None = None,
    now: datetime,
) -> Ruled:
    slug = newsletter.slug
    start, end = drafting.window(session, newsletter, day, now)
    window = (before.opens_at or start, before.closes_at or end) if before else (start, end)
    lifts = liking.lifts(session, newsletter, day)
    ranking = choosing.rank(
        session, newsletter, day, window=window, now=now, lifts=lifts, kept=choosing.kept_in(app.kept)
    )
    stories = tuple(choosing.stories(session, ranking))
    turned = changes.between(choosing.stories(session, before), stories) if before else ()
    edition = shelf.of_date(session, slug, day)
    if edition is None:
        says = "There is no draft yet; assembling makes it so."
        return Ruled(ranking, stories, says=says, turned=turned, act=act)
    was = edition.state
    changed, left = following.follow(
        session,
        edition,
        newsletter,
        ranking,
        links=_links(session, ranking),
        placed=_placed(session, ranking),
        by=by,
        reason=what,
        now=now,
    )
    if changed:
        drafting.tell_editors(session, edition, f"{what} by {by}, now revision {edition.revision}", now)
    says = f"The draft follows, now revision {edition.revision}." if changed else "The draft stays as it is."
    if was is not edition.state:
        says += " It was approved and has to be approved again."
    if left:
        says += f" Left alone, for it was edited: {'; '.join(left)}."
    return Ruled(ranking, stories, edition.revision, changed, left, says, turned, act)


def _links(session: Session, ranking: Ranking) -> dict[str, int]:
    """Link of an article → place of its story among the chosen, from 0."""
    chosen = assembling.the_chosen(session, ranking)
    links = items.links(session, {article for row in chosen for article in row.article_ids})
    return {links[one]: place for place, row in enumerate(chosen) for one in row.article_ids if one in links}


def _placed(session: Session, ranking: Ranking) -> set[int]:
    """The chosen that stand where an editor has put them."""
    fates = decisions.rules(session, ranking.newsletter, ranking.date).fates()
    return {
        row.id for row in assembling.the_chosen(session, ranking) if fates.on(row.article_ids).place == row.position
    }
