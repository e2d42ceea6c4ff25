"""Who may move an edition where, and what an edit does to an approval."""

from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import review
from newsletter.editions import words as wording
from newsletter.editions.models import EditionEvent, State
from newsletter.editions.words import StoryWords
from newsletter.errors import BadInput, WrongState
from tests.factories import an_edition

LISTED = [(old, new) for old, new in product(State, State) if new in review.MAY_FOLLOW[old]]
UNLISTED = [(old, new) for old, new in product(State, State) if new not in review.MAY_FOLLOW[old]]


def test_the_table_knows_every_state() -> None:
    assert set(review.MAY_FOLLOW) == set(State)


@pytest.mark.parametrize(("old", "new"), LISTED)
def test_a_listed_move_is_made_and_kept(session: Session, now: datetime, old: State, new: State) -> None:
    edition = an_edition(session, state=old)
    review.move(session, edition, new, by="ed", reason="because", now=now)
    event = session.scalars(select(EditionEvent)).one()
    assert (edition.state, event.state, event.by, event.reason, event.at) == (new, new, "ed", "because", now)


@pytest.mark.parametrize(("old", "new"), UNLISTED)
def test_any_other_move_is_refused_and_leaves_no_trace(session: Session, now: datetime, old: State, new: State) -> None:
    edition = an_edition(session, state=old)
    with pytest.raises(WrongState, match=r"friday/2021-11-26 is .* and can't be .*: .+"):
        review.move(session, edition, new, by="ed", now=now)
    assert (edition.state, session.scalars(select(EditionEvent)).all()) == (old, [])


def test_a_refusal_says_what_to_do_instead(session: Session, now: datetime) -> None:
    edition = an_edition(session, state=State.SENDING)
    with pytest.raises(WrongState) as caught:
        review.hold(session, edition, by="ed", now=now)
    assert str(caught.value) == (
        "friday/2021-11-26 is being sent and can't be held: pause or cancel the sending instead"
    )


def test_an_edit_takes_the_approval_back(session: Session, now: datetime) -> None:
    edition = an_edition(session, state=State.APPROVED)
    wording.put(session, edition, replace(wording.of(edition), subject="Another"), by="ed", now=now)
    assert (edition.state, edition.revision, edition.edited_at, edition.subject) == (
        State.IN_REVIEW,
        2,
        now,
        "Another",
    )


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.HELD, State.SKIPPED])
def test_an_edit_of_what_is_not_approved_leaves_it_where_it_is(session: Session, now: datetime, state: State) -> None:
    edition = an_edition(session, state=state)
    wording.put(session, edition, replace(wording.of(edition), subject="Another"), by="ed", now=now)
    assert (edition.state, edition.revision) == (state, 2)


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.CANCELLED])
def test_once_sending_has_begun_nothing_is_edited(session: Session, now: datetime, state: State) -> None:
    edition = an_edition(session, state=state)
    with pytest.raises(WrongState, match="can't be edited"):
        wording.put(session, edition, replace(wording.of(edition), subject="Another"), by="ed", now=now)
    assert (edition.subject, edition.revision) == ("Walmart goes live, Carrefour goes cashierless", 1)


def test_saving_the_same_words_changes_nothing(session: Session, now: datetime) -> None:
    edition = an_edition(session, state=State.APPROVED)
    assert not wording.put(session, edition, wording.of(edition), by="ed", now=now)
    assert (edition.state, edition.revision, edition.edited_at) == (State.APPROVED, 1, None)


def test_stories_change_places_and_keep_their_reasons(session: Session, now: datetime) -> None:
    edition = an_edition(session, "Walmart", "Carrefour")
    edition.stories[0].why = "three voices"
    words = wording.of(edition)
    wording.put(session, edition, replace(words, stories=words.stories[::-1]), by="ed", now=now)
    session.expire_all()
    assert [(story.position, story.headline, story.why) for story in edition.stories] == [
        (1, "Carrefour", ""),
        (2, "Walmart", "three voices"),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": " \n"}, "needs a title"),
        ({"subject": ""}, "needs a subject"),
        ({"stories": ()}, "at least one story"),
        ({"stories": (StoryWords("A"), StoryWords("\t"))}, "story 2 needs a headline"),
        ({"stories": (StoryWords("A", url="javascript:alert(1)"),)}, "must begin with http"),
        ({"stories": (StoryWords("A", image_url="https://a b"),)}, "must begin with http"),
        ({"sponsor_url": "https://example.com/" + "a" * 2000}, "longer than 2,000"),
    ],
)
def test_words_that_readers_could_not_use_are_refused(
    session: Session, now: datetime, change: dict[str, object], says: str
) -> None:
    edition = an_edition(session)
    with pytest.raises(BadInput, match=says):
        wording.put(session, edition, replace(wording.of(edition), **change), by="ed", now=now)  # type: ignore[arg-type]


def test_a_subject_of_two_lines_becomes_one(session: Session, now: datetime) -> None:
    edition = an_edition(session)
    wording.put(session, edition, replace(wording.of(edition), subject=" A\r\n Bcc: b\x00 "), by="ed", now=now)
    assert edition.subject == "A Bcc: b"
