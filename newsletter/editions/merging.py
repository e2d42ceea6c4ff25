"""Two people's words made one, field by field: what only one of them changed is taken, what both did is shown to both.

Three ways, as merges are: what both began from, mine, and theirs. Stories are told apart by their keys.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.editions import fields
from newsletter.editions.words import StoryWords, Words

#: field of a story that is there for one and gone for the other
WHOLE = ""
#: field, of no story, that says which stories there are, and in which order
ORDER = "stories"


@dataclass(frozen=True, slots=True)
class Place:
    """One field: of the story with that *key*, or of the edition itself where it is empty."""

    key: str
    field: str

    def __str__(self) -> str:
        return f"{self.key}-{self.field}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both changed, and each otherwise; of a story that is gone for one of them, that one's is empty."""

    place: Place
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """Both people's words; where they are in conflict, theirs."""

    words: Words
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Words, mine: Words, theirs: Words) -> Merged:
    """*mine* and *theirs*, which both began as *base*. Every story of the three has its key."""
    conflicts: list[Conflict] = []
    own = {name: _field(Place("", name), base, mine, theirs, conflicts) for name in fields.OWN}
    stories = [_story(key, base, mine, theirs, conflicts) for key in _order(base, mine, theirs, conflicts)]
    values: dict[str, Any] = own
    return Merged(Words(**values, stories=tuple(story for story in stories if story)), tuple(conflicts))


def restrict(mine: Words, base: Words, to: Callable[[Place], bool]) -> Words:
    """*mine* where the field is one *to* be taken, and *base* everywhere else."""
    was = _by_key(base)
    own: dict[str, Any] = {name: getattr(mine if to(Place("", name)) else base, name) for name in fields.OWN}
    if to(Place("", ORDER)):
        stories = [story for story in mine.stories if story.key in was or to(Place(story.key, WHOLE))]
    else:
        by_key = _by_key(mine)
        stories = [by_key.get(story.key, story) for story in base.stories]
    return Words(**own, stories=tuple(_restricted(story, was.get(story.key), to) for story in stories))


def overlay(words: Words, mine: Words, places: Collection[Place]) -> Words:
    """*words*, with what *mine* says in those *places*; a story of mine that is gone stands again where it stood."""
    own: dict[str, Any] = {name: getattr(mine if Place("", name) in places else words, name) for name in fields.OWN}
    known = _by_key(words)
    stories, mines = list(words.stories), _by_key(mine)
    for place, story in enumerate(mine.stories):
        if story.key not in known and any(one.key == story.key for one in places):
            stories.insert(place, story)
    return Words(**own, stories=tuple(_overlaid(story, mines.get(story.key), places) for story in stories))


def changed(base: Words, mine: Words) -> set[Place]:
    """The fields in which *mine* is not *base*."""
    was, now = _by_key(base), _by_key(mine)
    found = {Place("", name) for name in fields.OWN if getattr(base, name) != getattr(mine, name)}
    if _keys(base) != _keys(mine):
        found.add(Place("", ORDER))
    for key in was.keys() & now.keys():
        found |= {Place(key, name) for name in fields.OF_STORY if getattr(was[key], name) != getattr(now[key], name)}
    return found


def texts(words: Words) -> dict[Place, str]:
    """What each field of *words* says."""
    own = {Place("", name): str(getattr(words, name)) for name in fields.OWN}
    return own | {
        Place(story.key, name): str(getattr(story, name)) for story in words.stories for name in fields.OF_STORY
    }


def between(theirs: Words, mine: Words, called: str) -> Conflict | None:
    """What *mine* says otherwise than *theirs* in the place *called* so; None where both say the same."""
    for place in sorted(changed(theirs, mine), key=str):
        if str(place) == called:
            return Conflict(place, _at(mine, place), _at(theirs, place))
    my, their = (_by_key(words).get(called.removesuffix("-")) for words in (mine, theirs))
    if called.endswith("-") and my != their:
        place = Place(called.removesuffix("-"), WHOLE)
        return Conflict(place, my.headline if my else "", their.headline if their else "")
    return None


def _at(words: Words, place: Place) -> str:
    is_order = place == Place("", ORDER)
    return _listed(words, _keys(words)) if is_order else texts(words).get(place, "")


def _overlaid(story: StoryWords, mine: StoryWords | None, places: Collection[Place]) -> StoryWords:
    names = [name for name in fields.OF_STORY if Place(story.key, name) in places] if mine else []
    return replace(story, **{name: getattr(mine, name) for name in names})


def _restricted(story: StoryWords, was: StoryWords | None, to: Callable[[Place], bool]) -> StoryWords:
    if was is None:
        return story
    return replace(
        was,
        **{name: getattr(story, name) for name in fields.OF_STORY if to(Place(story.key, name))},
    )


def _field(place: Place, base: object, mine: object, theirs: object, conflicts: list[Conflict]) -> str:
    was, my, their = (str(getattr(one, place.field)) for one in (base, mine, theirs))
    if my == their or their == was:
        return my
    if my != was:
        conflicts.append(Conflict(place, my, their))
    return their


def _story(key: str, base: Words, mine: Words, theirs: Words, conflicts: list[Conflict]) -> StoryWords | None:
    was, my, their = (_by_key(words).get(key) for words in (base, mine, theirs))
    if my and their:
        # both added it: what is missing says so, and whoever saved later is asked
        before = was or StoryWords("")
        values = {name: _field(Place(key, name), before, my, their, conflicts) for name in fields.OF_STORY}
        return StoryWords(**values, key=key)
    there = my or their
    if was is None:
        return there
    if there is not None and there != was:  # one removed what the other rewrote
        conflicts.append(Conflict(Place(key, WHOLE), my.headline if my else "", their.headline if their else ""))
        return their
    return None


def _order(base: Words, mine: Words, theirs: Words, conflicts: list[Conflict]) -> list[str]:
    """The keys of all stories, of one who moved some as they did."""
    was, my, their = (_keys(words) for words in (base, mine, theirs))
    shared = set(was) & set(my) & set(their)
    common = [[key for key in keys if key in shared] for keys in (was, my, their)]
    i_moved, they_moved = common[0] != common[1], common[0] != common[2]
    if i_moved and they_moved and common[1] != common[2]:
        conflicts.append(Conflict(Place("", ORDER), _listed(mine, shared), _listed(theirs, shared)))
    lead, other = (my, their) if i_moved and not they_moved else (their, my)
    order = list(lead)
    for place, key in enumerate(other):
        if key not in order:
            behind = next((before for before in reversed(other[:place]) if before in order), None)
            order.insert(order.index(behind) + 1 if behind else 0, key)
    return order


def _listed(words: Words, keys: Collection[str]) -> str:
    return "\n".join(story.headline for story in words.stories if story.key in keys)


def _keys(words: Words) -> Sequence[str]:
    return [story.key for story in words.stories]


def _by_key(words: Words) -> dict[str, StoryWords]:
    return {story.key: story for story in words.stories}
