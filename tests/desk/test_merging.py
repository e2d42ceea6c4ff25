"""Two people's words made one: what only one changed is taken, what both did is shown, and nothing is lost."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions import merging
from newsletter.editions.merging import Conflict, Place, merge
from newsletter.editions.words import StoryWords, Words

A, B, C, D = (
    StoryWords(f"Story {key}", f"What {key} is about", f"https://example.com/{key}", key=key) for key in "abcd"
)
BASE = Words("The Five", "A subject", (A, B, C), introduction="Hello")


def keys(words: Words) -> str:
    return "".join(story.key for story in words.stories)


def but(*stories: StoryWords, **own: str) -> Words:
    values: dict[str, object] = {**own, **({"stories": stories} if stories else {})}
    return replace(BASE, **values)  # type: ignore[arg-type]


def test_different_fields_of_both_are_taken() -> None:
    mine, theirs = but(replace(A, headline="Mine"), B, C), but(replace(A, summary="Theirs"), B, C, subject="Theirs too")
    assert merge(BASE, mine, theirs) == merging.Merged(
        but(replace(A, headline="Mine", summary="Theirs"), B, C, subject="Theirs too")
    )


def test_the_same_field_of_both_is_a_conflict_and_stays_as_theirs() -> None:
    found = merge(BASE, but(subject="Mine"), but(subject="Theirs"))
    assert found == merging.Merged(but(subject="Theirs"), (Conflict(Place("", "subject"), "Mine", "Theirs"),))


def test_the_same_change_of_both_is_none() -> None:
    assert merge(BASE, but(subject="Both"), but(subject="Both")) == merging.Merged(but(subject="Both"))


def test_a_story_is_followed_to_where_it_was_moved() -> None:
    found = merge(BASE, but(replace(A, headline="Mine"), B, C), but(C, B, A))
    assert (found.words.stories, found.conflicts) == ((C, B, replace(A, headline="Mine")), ())


def test_what_one_removed_and_the_other_left_alone_is_gone() -> None:
    assert keys(merge(BASE, but(A, C), but(B, C)).words) == "c"


def test_a_story_that_i_rewrote_and_they_removed_is_asked_about() -> None:
    found = merge(BASE, but(replace(A, headline="Mine"), B, C), but(B, C))
    assert (keys(found.words), found.conflicts) == ("bc", (Conflict(Place("a", ""), "Mine", ""),))


def test_a_story_that_they_rewrote_and_i_removed_stays_and_is_asked_about() -> None:
    found = merge(BASE, but(B, C), but(replace(A, headline="Theirs"), B, C))
    assert (keys(found.words), found.conflicts) == ("abc", (Conflict(Place("a", ""), "", "Theirs"),))


def test_stories_that_both_added_stand_behind_those_they_were_put_behind() -> None:
    new = StoryWords("New", key="n")
    assert keys(merge(BASE, but(A, new, B, C), but(A, B, C, D)).words) == "anbcd"


def test_both_moved_stories_each_otherwise() -> None:
    found = merge(BASE, but(B, A, C), but(A, C, B))
    order = Conflict(Place("", "stories"), "Story b\nStory a\nStory c", "Story a\nStory c\nStory b")
    assert (keys(found.words), found.conflicts) == ("acb", (order,))


def test_an_answer_that_was_lost_adds_no_story_twice() -> None:
    mine = but(A, B, C, D)
    assert merge(BASE, mine, merge(BASE, mine, BASE).words) == merging.Merged(mine)


def test_only_what_is_wanted_is_taken() -> None:
    mine = but(replace(A, headline="Mine", summary="Mine"), C, subject="Mine")
    assert merging.restrict(mine, BASE, lambda place: place == Place("a", "headline")) == but(
        replace(A, headline="Mine"), B, C
    )


def test_what_could_not_be_kept_stands_over_what_is_said_now() -> None:
    mine = but(replace(A, headline="Mine"), B, C, subject="Mine")
    assert merging.overlay(but(B, C), mine, [Place("a", ""), Place("a", "headline")]) == but(
        replace(A, headline="Mine"), B, C
    )


_TEXT = st.sampled_from(["", "one", "two"])
_STORY = st.builds(StoryWords, headline=_TEXT, summary=_TEXT, key=st.sampled_from("abcde"))
_WORDS = st.builds(
    Words,
    title=_TEXT,
    subject=_TEXT,
    stories=st.lists(_STORY, max_size=4, unique_by=lambda story: story.key).map(tuple),
)


@given(_WORDS, _WORDS)
def test_who_is_alone_gets_what_they_said(base: Words, mine: Words) -> None:
    assert (merge(base, mine, base), merge(base, base, mine)) == (merging.Merged(mine), merging.Merged(mine))


@given(_WORDS, _WORDS, _WORDS)
def test_every_text_of_either_is_in_the_outcome_or_in_a_conflict_unless_the_other_changed_nothing(
    base: Words, mine: Words, theirs: Words
) -> None:
    found = merge(base, mine, theirs)
    asked = {conflict.place for conflict in found.conflicts}
    was, said = merging.texts(base), merging.texts(found.words)
    lost = {
        place
        for one, other in ((mine, theirs), (theirs, mine))
        for place, text in merging.texts(one).items()
        if text not in ("", was.get(place, ""), said.get(place))
        and place not in asked
        and Place(place.key, merging.WHOLE) not in asked
    }
    assert lost == set()
