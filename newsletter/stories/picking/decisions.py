"""What editors decided about stories: stored as constraints on articles, replayed on every later run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NotFound
from newsletter.stories.models import Decision, Rule

BOOSTS = (-20, -10, 10, 20)


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision, as a value."""

    rule: Rule
    articles: tuple[int, ...]
    points: int = 0
    reason: str = ""
    by: str = ""
    #: PIN: the place wanted, from 1; 0 is the next that is free
    place: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """All decisions of one edition, the oldest first; where two contradict each other the later one holds."""

    rulings: tuple[Ruling, ...] = ()

    def links(self) -> "Links":
        """Which articles must be one story, and which must not."""
        return _links(self.rulings)

    def fates(self) -> "Fates":
        """What was decided, to be asked about many stories."""
        return Fates(self)

    def on(self, articles: Iterable[int]) -> "Fate":
        """What was decided about the story that holds *articles*."""
        members = frozenset(articles)
        touching = [(at, ruling) for at, ruling in enumerate(self.rulings) if members.intersection(ruling.articles)]
        boost, found = None, _UNTOUCHED
        for at, ruling in reversed(touching):
            if ruling.rule is Rule.FREE:
                break
            if ruling.rule is Rule.BOOST and boost is None:
                boost = ruling.points
            elif found is _UNTOUCHED and ruling.rule is Rule.PIN:
                found = Fate(pin=at, place=ruling.place)
            elif found is _UNTOUCHED and ruling.rule is Rule.EXCLUDE:
                found = Fate(excluded=True, reason=ruling.reason, by=ruling.by)
        return replace(found, boost=boost or 0)


@dataclass(frozen=True, slots=True)
class Fate:
    """What editors decided about one story."""

    #: its place among the pins, the earliest decision first
    pin: int | None = None
    #: the place that the pin asks for, from 1; 0 is the next that is free
    place: int = 0
    excluded: bool = False
    boost: int = 0
    reason: str = ""
    by: str = ""


class Fates:
    """The rules, with the articles that any of them names at hand: most stories hold none."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._named = frozenset(article for ruling in rules.rulings for article in ruling.articles)

    def on(self, articles: Iterable[int]) -> Fate:
        """What was decided about the story that holds *articles*."""
        return _UNTOUCHED if self._named.isdisjoint(articles) else self._rules.on(articles)


_UNTOUCHED = Fate()


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of article ids, the smaller first."""

    together: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    apart: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def decide(
    session: Session,
    newsletter: str,
    day: date,
    rule: Rule,
    articles: Sequence[int],
    *,
    by: str,
    now: datetime,
    points: int = 0,
    reason: str = "",
    place: int = 0,
    revision: int = 0,
    act: int | None = None,
) -> Decision:
    """Store a decision, which may be part of an earlier one's *act*.

    BOOST wants *points* of -20, -10, 10 or 20, or 0, which takes off what was given; MERGE and SPLIT want two
    articles or more.
    """
    if rule is Rule.BOOST and points not in {*BOOSTS, 0}:
        raise BadInput(f"a boost of {points} is not possible; give one of {', '.join(map(str, BOOSTS))}")
    if (not articles and rule is not Rule.WORDS) or (rule in {Rule.MERGE, Rule.SPLIT} and len(set(articles)) < 2):
        raise BadInput(f"{rule.value} needs {'two different articles or more' if articles else 'an article'}")
    decision = Decision(
        newsletter=newsletter,
        date=day,
        rule=rule,
        article_ids=list(dict.fromkeys(articles)),
        points=points if rule is Rule.BOOST else 0,
        place=place if rule is Rule.PIN else 0,
        revision=revision,
        act=act,
        reason=reason,
        by=by,
        at=now,
    )
    session.add(decision)
    session.flush()
    return decision


def undo(session: Session, decision_id: int, *, now: datetime) -> Decision:
    """Take a decision back, with all that was decided in the same act; the rows stay."""
    decision = session.get(Decision, decision_id)
    if decision is None or decision.undone_at is not None:
        raise NotFound(f"there is no decision {decision_id} to take back; newsletter stories decisions lists them")
    first = decision.act or decision.id
    together = select(Decision).where((Decision.id == first) | (Decision.act == first), Decision.undone_at.is_(None))
    for one in session.scalars(together):
        one.undone_at = now
    session.flush()
    return decision


def last(session: Session, newsletter: str, day: date, *, by: str) -> Decision | None:
    """What *by* decided last on that edition and has not taken back."""
    mine = [decision for decision in standing(session, newsletter, day) if decision.by == by]
    return mine[-1] if mine else None


def standing(session: Session, newsletter: str, day: date) -> list[Decision]:
    """The decisions on one edition that were not taken back, the oldest first."""
    query = select(Decision).where(Decision.newsletter == newsletter, Decision.date == day)
    return list(session.scalars(query.where(Decision.undone_at.is_(None)).order_by(Decision.at, Decision.id)))


def rules(session: Session, newsletter: str, day: date) -> Rules:
    """The standing decisions as a value."""
    return Rules(
        tuple(
            Ruling(row.rule, tuple(row.article_ids), row.points, row.reason, row.by, row.place)
            for row in standing(session, newsletter, day)
            if row.article_ids
        )
    )


def _links(rulings: Sequence[Ruling]) -> Links:
    """From the newest to the oldest: a pair is kept unless something newer contradicts it."""
    leaders: dict[int, int] = {}
    apart: set[tuple[int, int]] = set()
    together: set[tuple[int, int]] = set()

    def leader(article: int) -> int:
        while leaders.setdefault(article, article) != article:
            article = leaders[article]
        return article

    def parted(one: int, other: int) -> bool:
        ends = {one, other}
        return any({leader(a), leader(b)} == ends for a, b in apart)

    for ruling in reversed(rulings):
        head, *rest = ruling.articles or (0,)
        for other in rest:
            pair = (min(head, other), max(head, other))
            if ruling.rule is Rule.SPLIT and leader(head) != leader(other):
                apart.add(pair)
            elif ruling.rule is Rule.MERGE and head != other and not parted(leader(head), leader(other)):
                together.add(pair)
                leaders[max(leader(head), leader(other))] = min(leader(head), leader(other))
    return Links(frozenset(together), frozenset(apart))
