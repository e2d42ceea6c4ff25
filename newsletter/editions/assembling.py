"""A ranking in, a draft out: the chosen stories copied, and title, subject, preheader and introduction proposed."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.editions import markdown, review, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, EditionEvent, State
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import WrongState
from newsletter.stories.models import RankedStory, Ranking

#: characters; longer subjects are cut off by most inboxes
SUBJECT_LENGTH = 70
PREHEADER_LENGTH = 110
#: companies named in an introduction
_NAMES = 4

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def assemble(session: Session, newsletter: Newsletter, friday: date, ranking: Ranking, *, now: datetime) -> Edition:
    """Make the draft for *friday* from the chosen stories of *ranking*.

    Assembling again replaces a draft that nobody has edited; any other edition of that date is left
    alone, with WrongState. A week without any story makes no edition, with WrongState too.
    """
    chosen = the_chosen(session, ranking)
    if not chosen:
        raise WrongState(
            f"no story was chosen for {newsletter.slug}/{friday}: add sources, or write the edition by hand"
        )
    edition = _blank(session, newsletter, friday, now)
    edition.ranking_id = ranking.id
    wording.write(session, edition, wording.clean(propose(newsletter, chosen)))
    for story, ranked in zip(edition.stories, chosen, strict=True):
        story.why = ranked.why
        story.image_width, story.image_height = ranked.image_width, ranked.image_height
    session.add(EditionEvent(edition_id=edition.id, state=edition.state, by="picker", reason="assembled", at=now))
    revisions.keep(session, edition, by="picker", now=now)
    return edition


def by_hand(session: Session, newsletter: Newsletter, day: date, words: Words, *, by: str, now: datetime) -> Edition:
    """Make the draft of *day* as somebody has written it; raises BadInput as `words.put` does."""
    words = wording.clean(words)
    edition = Edition(newsletter=newsletter.slug, date=day, title="", subject="", created_at=now, edited_at=now)
    session.add(edition)
    session.flush()
    wording.write(session, edition, words)
    session.add(EditionEvent(edition_id=edition.id, state=edition.state, by=by, reason="written by hand", at=now))
    revisions.keep(session, edition, by=by, now=now)
    return edition


def propose(newsletter: Newsletter, chosen: Sequence[RankedStory]) -> Words:
    """The words of a draft; every one of them is the editors' afterwards."""
    headlines = [wording.one_line(story.headline) for story in chosen]
    names = companies(chosen)
    return Words(
        title=newsletter.title,
        subject=subject(headlines, names),
        preheader=preheader(headlines),
        introduction=markdown.escape(introduction(len(chosen), names)),
        stories=tuple(_copy(story) for story in chosen),
    )


def the_chosen(session: Session, ranking: Ranking) -> list[RankedStory]:
    """The stories of *ranking* that make the edition, in their order."""
    query = select(RankedStory).where(RankedStory.ranking_id == ranking.id, RankedStory.chosen)
    return list(session.scalars(query.order_by(RankedStory.position)))


def introduction(count: int, names: Sequence[str]) -> str:
    """ "This week's five biggest stories, including A, B, C and D." """
    if count == 1:
        return f"This week's biggest story, from {names[0]}." if names else "This week's biggest story."
    opening = f"This week's {_spelt(count)} biggest stories"
    return f"{opening}, including {_listed(names[:_NAMES])}." if names else f"{opening}."


def subject(headlines: Sequence[str], names: Sequence[str] = ()) -> str:
    """The leading headline, with the next companies where there is room; at most SUBJECT_LENGTH characters."""
    lead = headlines[0].rstrip(".")
    if len(lead) > SUBJECT_LENGTH:
        return _from_names(names) or shorten(lead, SUBJECT_LENGTH)
    others = [name for name in names if name.casefold() not in lead.casefold()]
    for count in (2, 1):
        longer = f"{lead}, plus {_listed(others[:count])}"
        if len(others) >= count and len(longer) <= SUBJECT_LENGTH and lead[-1:].isalnum():
            return longer
    return lead


def preheader(headlines: Sequence[str]) -> str:
    """What stands beside the subject in an inbox: the headlines after the first, as many as fit."""
    others = [headline.rstrip(".") for headline in headlines[1:]]
    if not others:
        return ""
    text = f"Also: {others[0]}"
    for headline in others[1:]:
        longer = f"{text}; {headline}"
        if len(longer) > PREHEADER_LENGTH:
            break
        text = longer
    return shorten(text, PREHEADER_LENGTH)


def companies(chosen: Sequence[RankedStory]) -> list[str]:
    """The companies of the stories, leading ones first, each once whatever its case."""
    found: dict[str, str] = {}
    for story in chosen:
        name = " ".join(story.company.split())
        if name:
            found.setdefault(name.casefold(), name)
    return list(found.values())


def shorten(text: str, length: int) -> str:
    """*text* cut after a word and ended with an ellipsis, where it is longer than *length* characters."""
    if len(text) <= length:
        return text
    kept = text[:length].rpartition(" ")[0] or text[: length - 1]
    return kept.rstrip(" ,;:.–—-") + "…"


def _blank(session: Session, newsletter: Newsletter, friday: date, now: datetime) -> Edition:
    """The row to fill: a new one, or a draft that nobody has edited."""
    edition = shelf.of_date(session, newsletter.slug, friday)
    if edition is None:
        edition = Edition(newsletter=newsletter.slug, date=friday, title="", subject="", created_at=now)
        session.add(edition)
        session.flush()
        return edition
    if not shelf.is_untouched(edition):
        raise WrongState(
            f"there is an edition {shelf.name(edition)} already, and people have worked on it: "
            f"edit that one, or cancel it"
        )
    if edition.state is State.IN_REVIEW:
        review.move(session, edition, State.DRAFT, by="picker", reason="assembled again", now=now)
    edition.revision += 1  # an approval link that was mailed for the old draft must not fit the new one
    return edition


def _copy(story: RankedStory) -> StoryWords:
    return StoryWords(
        headline=story.headline,
        summary=markdown.escape(story.summary),
        url=story.url,
        image_url=story.image_url,
        attribution=story.attribution,
    )


def _from_names(names: Sequence[str]) -> str:
    for count in (3, 2):
        text = f"{_listed(names[:count])}: the week's biggest stories"
        if len(names) >= count and len(text) <= SUBJECT_LENGTH:
            return text
    return ""


def _listed(names: Sequence[str]) -> str:
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def _spelt(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
