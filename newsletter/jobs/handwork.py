"""What editors do to the draft's own words from the board: take what the ranking offers, or add a story by hand."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import assembling, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.jobs import board, drafting, rulings
from newsletter.jobs.board import Board, Slot
from newsletter.jobs.rulings import Ruled
from newsletter.stories.models import Ranking, Rule
from newsletter.stories.picking import choosing, decisions


def take_story(
    app: App, newsletter: str, day: date, number: int, *, by: str, seen: int | None = None, now: datetime
) -> Ruled:
    """Let the slot *number* tell what the ranking has for it, in the words of its draft."""
    of = app.newsletter(newsletter)
    with app.database.write() as session:
        edition, shown = _open(session, of, day, seen, now=now)
        slot = _slot(shown, number)
        wanted = slot.offered or (slot.of if slot.edited else None)
        if wanted is None:
            raise NotFound(f"Place {number} tells what the ranking has for it already.")
        words = wording.of(edition)
        drafted = wording.clean(assembling.propose(of, [wanted.story])).stories[0]
        # a draft of the same story stays the same story; another one is new
        mine = replace(drafted, key="" if slot.offered else words.stories[number - 1].key)
        stories = (*words.stories[: number - 1], mine, *words.stories[number:])
        return _changed(session, of, day, replace(words, stories=stories), f"no. {number} as drafted", by=by, now=now)


def take_field(
    app: App, newsletter: str, day: date, field: str, *, by: str, seen: int | None = None, now: datetime
) -> Ruled:
    """Let the edition's *field* (one of `board.FIELDS`) say what the ranking proposes."""
    of = app.newsletter(newsletter)
    with app.database.write() as session:
        edition, shown = _open(session, of, day, seen, now=now)
        offer = next((one for one in shown.offers if one.field == field), None)
        if offer is None:
            raise NotFound("That says what the ranking proposes already.")
        proposed: dict[str, str] = {offer.field: offer.proposed}
        words = _saying(wording.of(edition), proposed)
        return _changed(session, of, day, words, f"{offer.called.lower()} as proposed", by=by, now=now)


def write_story(
    app: App,
    newsletter: str,
    day: date,
    story: StoryWords,
    place: int,
    *,
    by: str,
    seen: int | None = None,
    now: datetime,
) -> Ruled:
    """Put *story*, as somebody wrote it, into the draft at *place*; what stands there moves on, the last one out.

    Nothing goes out that an editor has written: the edition is longer by one then.
    """
    of = app.newsletter(newsletter)
    rulings.check_place(of, place)
    with app.database.write() as session:
        edition, shown = _open(session, of, day, seen, now=now)
        words = wording.of(edition)
        at = (place or of.stories) - 1
        stories = [*words.stories[:at], story, *words.stories[at:]]
        drafted = {slot.number - 1 for slot in shown.slots if not slot.edited}
        leaves = max((number for number in drafted if number >= at), default=None)
        if len(stories) > of.stories and leaves is not None:
            del stories[leaves + 1]
        changed = replace(words, stories=tuple(stories))
        return _changed(session, of, day, changed, f"by hand at no. {at + 1}", by=by, now=now)


def _open(session: Session, of: Newsletter, day: date, seen: int | None, *, now: datetime) -> tuple[Edition, Board]:
    """The draft, which nobody else may change meanwhile, and its board; raises WrongState where there is none."""
    rulings.ready(session, of.slug, day, seen)
    edition = shelf.of_date(session, of.slug, day)
    if edition is None:
        raise WrongState(f"There is no draft of {of.slug}/{day} yet: make it first.")
    edition = shelf.get(session, edition.id, lock=True)
    return edition, board.look(session, of, day, now=now)


def _changed(session: Session, of: Newsletter, day: date, words: Words, what: str, *, by: str, now: datetime) -> Ruled:
    edition, says = drafting.take_in(session, of, day, words, by=by, now=now)
    decision = decisions.decide(
        session, of.slug, day, Rule.WORDS, (), by=by, reason=what, revision=edition.revision, now=now
    )
    ranking: Ranking | None = choosing.latest(session, of.slug, day)
    stories = tuple(choosing.stories(session, ranking)) if ranking else ()
    said = f"The draft is {says}."
    return Ruled(ranking, stories, edition.revision, changed=True, says=said, act=decision.id)


def _slot(shown: Board, number: int) -> Slot:
    found = next((slot for slot in shown.slots if slot.number == number), None)
    if found is None:
        raise BadInput(f"There is no place {number} in the edition.")
    return found


def _saying(words: Words, values: dict[str, str]) -> Words:
    return replace(words, **values)  # type: ignore[arg-type]
