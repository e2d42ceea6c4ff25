"""What the buttons and keys of "This week" do: each a verb of the jobs, and a sentence on what came of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions.words import StoryWords
from newsletter.errors import AlreadyDone, BadInput, NewsletterError, NotFound
from newsletter.jobs import board, handwork
from newsletter.jobs.board import Board, Candidate
from newsletter.jobs.rulings import Outdated, Ruled, apart
from newsletter.staff import acts
from newsletter.stories.models import Ranking, Rule
from newsletter.stories.picking import changes, choosing, decisions
from newsletter.web.staff.visitor import Posted

_LONGEST = 300
#: clauses that are told one by one
_TOLD = 4
#: what was asked for need not be told as news
_PLACE = re.compile(r"has place ([0-9]{1,2})\.$")
_NUMBER = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of the act before it."""

    text: str = ""
    #: what the ranking says otherwise
    turned: tuple[str, ...] = ()
    #: what became of the draft
    draft: str = ""
    is_wrong: bool = False

    @property
    def told(self) -> tuple[str, ...]:
        """The clauses that are worth hearing; many small moves are counted."""
        about = self.text[: self.text.find("”") + 1]
        clauses = tuple(f"It{one[len(about) :]}" if about and one.startswith(about) else one for one in self.turned)
        at = _PLACE.search(self.text)
        clauses = tuple(one for one in clauses if at is None or not one.startswith("It is") or not one.endswith(at[1]))
        more = len(clauses) - _TOLD
        return clauses if more < 2 else (*clauses[:_TOLD], f"{more} more have moved")


@dataclass(frozen=True, slots=True)
class _Asked:
    """An act that was asked for, and where."""

    app: App
    newsletter: Newsletter
    day: date
    board: Board
    posted: Posted
    words: tuple[str, ...]
    now: datetime

    @property
    def by(self) -> str:
        return self.posted.visitor.doer.who

    @property
    def seen(self) -> int:
        return number(self.posted.form.get("ranking") or "0")

    @property
    def reason(self) -> str:
        return " ".join(self.posted.form.get("reason").split())[:_LONGEST]

    @property
    def story(self) -> Candidate:
        return called(self.board, self.word(0))

    def word(self, at: int) -> str:
        """The word that follows the verb; what a button leaves open, a field of the form says."""
        names = ("story", "other")
        if at < len(self.words):
            return self.words[at]
        return self.posted.form.get(names[at]) if at < len(names) else ""

    def rule(self, rule: Rule, articles: list[int], **more: int) -> Ruled:
        return jobs.rule(
            self.app,
            self.newsletter.slug,
            self.day,
            rule,
            articles,
            by=self.by,
            reason=self.reason,
            seen=self.seen,
            now=self.now,
            **more,
        )


def do(app: App, newsletter: Newsletter, day: date, posted: Posted, *, now: datetime) -> Said:
    """Do what the form's *act* says: a verb, and what it is about. Raises what the verb raises."""
    verb, *words = posted.form.get("act").split() or [""]
    if verb not in _VERBS:
        raise BadInput("That button is not known here: open the page again.")
    with app.database.read() as session:
        shown = board.look(session, newsletter, day, now=now)
    asked = _Asked(app, newsletter, day, shown, posted, tuple(words), now)
    did, about, ruled = _VERBS[verb](asked)
    with app.database.write() as session:
        what = f"{newsletter.slug}/{day}" + (f" {about}" if about else "")
        details = {"reason": asked.reason} if asked.reason else {}
        acts.note(session, posted.visitor.doer, _NOTED[verb], what, now=now, **details)
    return Said(f"{did}.", ruled.turned, ruled.says) if ruled else Said(f"{did}.")


def sorry(session: Session, newsletter: Newsletter, day: date, error: NewsletterError, posted: Posted) -> Said:
    """Why an act was not done; where somebody was quicker, who, and what they have changed."""
    text = str(error)
    if not isinstance(error, Outdated):
        return Said(f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}", is_wrong=True)
    seen = session.get(Ranking, number(posted.form.get("ranking") or "0"))
    stands = choosing.latest(session, newsletter.slug, day)
    turned: tuple[str, ...] = ()
    who: list[str] = []
    if seen is not None and stands is not None:
        turned = changes.between(choosing.stories(session, seen), choosing.stories(session, stands))
        standing = decisions.standing(session, newsletter.slug, day)
        who = list(dict.fromkeys(one.by for one in standing if one.at >= seen.at and one.by != posted.visitor.doer.who))
    text = (
        f"{' and '.join(who)} changed the ranking meanwhile, so nothing was done. Look, then decide." if who else text
    )
    return Said(text, turned, is_wrong=True)


def done(verb: str) -> str:
    """What somebody did, for the page that a plain form leads to."""
    return f"You {_NOTED[verb]}." if verb in _NOTED else ""


def called(shown: Board, name: str) -> Candidate:
    """The story of that name on the board; raises NotFound."""
    found = shown.called(name)
    if found is None:
        raise NotFound("That story is not among the ranked ones any more: look at the list as it is now.")
    return found


def number(text: str) -> int:
    """A number that a form brings; raises BadInput."""
    if not _NUMBER.fullmatch(text):
        raise BadInput("That form is not complete: open the page again.")
    return int(text)


# the verbs: each says what it did, about what, and what came of it

_Done = tuple[str, str, Ruled | None]


def _pin(asked: _Asked) -> _Done:
    one = asked.story
    # what has a place is kept in it; what has none comes first among the free ones
    at = next((slot.number for slot in asked.board.slots if slot.of is not None and slot.of.name == one.name), 0)
    place = at if one.story.chosen and at <= asked.newsletter.stories else 0
    ruled = asked.rule(Rule.PIN, one.story.article_ids, place=place)
    return f"{_quoted(one)} is pinned", one.name, ruled


def _place(asked: _Asked) -> _Done:
    one, at = asked.story, number(asked.word(1))
    ruled = jobs.place(
        asked.app,
        asked.newsletter.slug,
        asked.day,
        one.story.article_ids,
        at,
        by=asked.by,
        reason=asked.reason,
        seen=asked.seen,
        now=asked.now,
    )
    return f"{_quoted(one)} has place {at}", one.name, ruled


def _exclude(asked: _Asked) -> _Done:
    one = asked.story
    return f"{_quoted(one)} is left out", one.name, asked.rule(Rule.EXCLUDE, one.story.article_ids)


def _free(asked: _Asked) -> _Done:
    one = asked.story
    ruled = asked.rule(Rule.FREE, one.story.article_ids)
    return f"{_quoted(one)} stands where its score puts it", one.name, ruled


def _boost(asked: _Asked) -> _Done:
    one, points = asked.story, number(asked.word(1))
    ruled = asked.rule(Rule.BOOST, one.story.article_ids, points=points)
    did = f"has {points:+d} points" if points else "has its own points again"
    return f"{_quoted(one)} {did}", one.name, ruled


def _merge(asked: _Asked) -> _Done:
    one, other = asked.story, called(asked.board, asked.word(1))
    if one.name == other.name:
        raise BadInput("A story can't be merged with itself: choose another one.")
    ruled = asked.rule(Rule.MERGE, [*one.story.article_ids, *other.story.article_ids])
    return f"{_quoted(one)} and {_quoted(other)} are one story", f"{one.name} {other.name}", ruled


def _split(asked: _Asked) -> _Done:
    one, article = asked.story, number(asked.word(1))
    ruled = asked.rule(Rule.SPLIT, apart(one.story.article_ids, article))
    return f"An article of {_quoted(one)} is a story of its own", one.name, ruled


def _undo(asked: _Asked) -> _Done:
    if not asked.word(0):
        ruled = jobs.undo_last(asked.app, asked.newsletter.slug, asked.day, by=asked.by, now=asked.now)
        return "Your last act is taken back", "", ruled
    decision = next((one for one in asked.board.decided if one.id == number(asked.word(0))), None)
    if decision is None:
        raise AlreadyDone("That was taken back already.")
    ruled = jobs.undo(asked.app, decision.id, by=asked.by, now=asked.now)
    return f"Taken back: {decision.rule.value} by {decision.by}", str(decision.id), ruled


def _rank(asked: _Asked) -> _Done:
    ruled = jobs.rank(asked.app, asked.newsletter.slug, asked.day, by=asked.by, seen=asked.seen, now=asked.now)
    return "Ranked with what is there now", "", ruled


def _draft(asked: _Asked) -> _Done:
    drafted = jobs.assemble(asked.app, asked.newsletter, asked.day, now=asked.now, by=asked.by)
    return drafted.result, "", None


def _take(asked: _Asked) -> _Done:
    what = asked.word(0)
    if what in board.FIELDS:
        ruled = handwork.take_field(
            asked.app, asked.newsletter.slug, asked.day, what, by=asked.by, seen=asked.seen, now=asked.now
        )
        return f"The {what} is as the ranking proposes it", what, ruled
    at = number(what)
    ruled = handwork.take_story(
        asked.app, asked.newsletter.slug, asked.day, at, by=asked.by, seen=asked.seen, now=asked.now
    )
    return f"No. {at} is as the ranking has it", f"no. {at}", ruled


def _add(asked: _Asked) -> _Done:
    form = asked.posted.form
    place, url = number(form.get("place") or "0"), form.get("url").strip()
    ruled = jobs.add(
        asked.app, asked.newsletter.slug, asked.day, url, place=place, by=asked.by, seen=asked.seen, now=asked.now
    )
    return "The story is added and pinned", url, ruled


def _write(asked: _Asked) -> _Done:
    form = asked.posted.form
    place, headline = number(form.get("place") or "0"), form.get("headline")
    story = StoryWords(headline, form.get("summary"), form.get("link").strip())
    ruled = handwork.write_story(
        asked.app, asked.newsletter.slug, asked.day, story, place, by=asked.by, seen=asked.seen, now=asked.now
    )
    return f"“{changes.short(headline)}” is in the draft", "", ruled


def _quoted(one: Candidate) -> str:
    return f"“{changes.short(one.story.headline)}”"


#: how the log of what everybody did calls them
_NOTED = {
    "pin": "pinned a story",
    "place": "placed a story",
    "exclude": "left a story out",
    "free": "freed a story",
    "boost": "boosted a story",
    "merge": "merged stories",
    "split": "split a story",
    "undo": "took an act back",
    "rank": "ranked again",
    "draft": "had the draft made",
    "take": "took what was offered",
    "add": "added a story by its address",
    "write": "added a story by hand",
}
_VERBS: Mapping[str, Callable[[_Asked], _Done]] = {
    "pin": _pin,
    "place": _place,
    "exclude": _exclude,
    "free": _free,
    "boost": _boost,
    "merge": _merge,
    "split": _split,
    "undo": _undo,
    "rank": _rank,
    "draft": _draft,
    "take": _take,
    "add": _add,
    "write": _write,
}
