"""What an editor sees while writing: the page, and the answers that its script gets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi.responses import HTMLResponse

from newsletter.editions import fields, merging, pictures, presence, revisions, shelf
from newsletter.editions.merging import ORDER, WHOLE, Conflict, Place
from newsletter.editions.models import State
from newsletter.editions.presence import Other
from newsletter.editions.words import MOST_STORIES, StoryWords, Words
from newsletter.jobs import writing
from newsletter.jobs.writing import Saved
from newsletter.web.desk.edition import looks
from newsletter.web.ground import WRITING_POLICY
from newsletter.web.staff.visitor import Visitor

#: who else may have changed something, where nobody else did
YOURSELF = "You, in another page,"


@dataclass(frozen=True, slots=True)
class Shown:
    """Words in the form, from which revision they began, and what was wrong with them."""

    words: Words
    revision: int
    problems: Mapping[Place, str] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    #: the stories in the order of whoever saved, where somebody else moved them too
    order: str = ""
    #: who changed the same
    who: str = ""
    sorry: str = ""
    status: int = 200


def page(visitor: Visitor, edition_id: int, shown: Shown) -> HTMLResponse:
    """The form with what is *shown*."""
    here, now = visitor.ground, visitor.ground.clock()
    with here.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        own = pictures.of_stories(session, edition)
        others = presence.others(session, edition, "", now=now)
        undo = writing.to_undo(session, edition, by=visitor.doer.who)
        last = revisions.newest(session, edition)
        looking = looks.panel(session, edition)
    whys = {story.key: story.why for story in edition.stories}
    sizes = {story.image_url: (story.image_width, story.image_height) for story in edition.stories}
    newsletter = here.newsletter_of(edition)
    return visitor.page(
        "writing.html",
        status=shown.status,
        edition=edition,
        looking=looking,
        draft=shown.words,
        revision=shown.revision,
        problems={str(place): why for place, why in shown.problems.items()},
        conflicts={str(one.place): _asked(one, shown.words, shown.who) for one in shown.conflicts},
        order=shown.order,
        sorry=shown.sorry,
        whys=whys,
        choices={story.key: _choices(visitor, story, own.get(story.key, ()), sizes) for story in shown.words.stories},
        blank=StoryWords(""),
        others=[_other(visitor, one) for one in others if not one.is_opened or one.who != visitor.doer.who],
        undo=undo,
        last=last,
        zone=newsletter.zone if newsletter else None,
        is_approved=edition.state is State.APPROVED,
        most_stories=MOST_STORIES,
        most_megabytes=pictures.MOST_BYTES // 1024 // 1024,
        policy=WRITING_POLICY,
    )


def left(saved: Saved, mine: Words) -> Shown:
    """What is left to do after saving: *mine* where it could not be kept, in what is said now."""
    places = [*saved.problems, *(one.place for one in saved.conflicts)]
    words = merging.overlay(saved.words, mine, places)
    return Shown(
        words,
        saved.edition.revision,
        problems=saved.problems,
        conflicts=saved.conflicts,
        order=" ".join(story.key for story in mine.stories),
        who=saved.who,
        sorry=_sorry(saved),
        status=409 if saved.conflicts else 400,
    )


def answer(visitor: Visitor, saved: Saved, others: Sequence[Other], *, undo: int | None) -> dict[str, Any]:
    """What the page's script is told after it has saved."""
    sizes = {story.image_url: (story.image_width, story.image_height) for story in saved.edition.stories}
    return {
        "revision": saved.edition.revision,
        "isNew": saved.is_new,
        "isApproved": saved.edition.state is State.APPROVED,
        "words": {name: getattr(saved.words, name) for name in fields.OWN},
        "stories": [
            asdict(story) | {"picture": _choice(visitor, story.image_url, sizes)} for story in saved.words.stories
        ],
        "conflicts": [
            {
                "place": str(one.place),
                "mine": one.mine,
                "theirs": one.theirs,
                "says": _asked(one, saved.words, saved.who)["says"],
            }
            for one in saved.conflicts
        ],
        "problems": [{"place": str(place), "says": why} for place, why in saved.problems.items()],
        "others": [_other(visitor, one) for one in others],
        "undo": undo,
    }


def seen_at(visitor: Visitor, url: str) -> str:
    """Where this browser can see the picture at *url*: our own from here, for public_url may not be reachable."""
    ours = f"{visitor.ground.app.settings.public_url.rstrip('/')}{pictures.PREFIX}"
    return f"{visitor.base}{pictures.PREFIX}{url.removeprefix(ours)}" if url.startswith(ours) else url


def _choices(
    visitor: Visitor, story: StoryWords, own: Sequence[str], sizes: Mapping[str, tuple[int | None, int | None]]
) -> list[dict[str, str]]:
    urls = dict.fromkeys(filter(None, [story.image_url, *own]))
    return [_choice(visitor, url, sizes) for url in urls]


def _choice(visitor: Visitor, url: str, sizes: Mapping[str, tuple[int | None, int | None]]) -> dict[str, str]:
    width, height = sizes.get(url, (None, None))
    return {"url": url, "seen": seen_at(visitor, url), "size": f"{width} × {height}" if width and height else ""}


def _other(visitor: Visitor, one: Other) -> dict[str, Any]:
    minutes = int((visitor.ground.clock() - one.since).total_seconds() // 60)
    return {"who": one.who, "isYou": one.who == visitor.doer.who, "minutes": minutes}


def _asked(one: Conflict, words: Words, who: str) -> dict[str, str]:
    """The question that a conflict puts."""
    somebody = who or YOURSELF
    if one.place.field == ORDER and not one.place.key:
        says = f"{somebody} moved stories too: whose order?"
    elif one.place.field == WHOLE:
        gone = one.theirs or one.mine
        says = (
            f"You removed “{gone}”, and {somebody} rewrote it meanwhile: what of it?"
            if one.theirs
            else f"{somebody} removed “{gone}”, and you rewrote it: what of it?"
        )
    else:
        says = f"{somebody} changed {_spoken(one.place, words)} too: whose words?"
    return {"place": str(one.place), "says": says, "mine": one.mine, "theirs": one.theirs}


def _spoken(place: Place, words: Words) -> str:
    number = next((n for n, story in enumerate(words.stories) if story.key == place.key), None)
    return fields.spoken(place.field if number is None else fields.name(number, place.field))


def _sorry(saved: Saved) -> str:
    if saved.conflicts:
        somebody = saved.who or YOURSELF
        return f"{somebody} changed the same while you were writing, and nothing of either is lost: choose below."
    return "Saved, but for this: " + " ".join(dict.fromkeys(saved.problems.values()))
