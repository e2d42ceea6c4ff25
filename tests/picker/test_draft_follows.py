"""A decision on a story changes the draft where nobody has edited it, and says what it left alone."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newsletter import jobs
from newsletter.app import App
from newsletter.editions import following, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import State
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import NotFound, WrongState
from newsletter.jobs.rulings import Ruled
from newsletter.stories.models import Ranking, Rule
from newsletter.stories.picking import choosing, naming
from tests.factories import FRIDAY
from tests.scheduler.world import a_week, utc

NOW = utc("2021-11-25 16:00")


@pytest.fixture
def draft(app: App) -> int:
    """The number of a draft of four of the week's five stories."""
    few = app.newsletter().model_copy(update={"stories": 4})
    app = _with(app, few)
    a_week(app)
    number = jobs.assemble(app, few, FRIDAY, now=NOW, by="ed").edition_id
    assert number is not None
    return number


def _with(app: App, newsletter: object) -> App:
    return App(app.settings.model_copy(update={"newsletters": {"friday": newsletter}}), app.database)


def _ranking(app: App) -> Ranking:
    with app.database.read() as session:
        return choosing.latest(session, "friday", FRIDAY) or pytest.fail()


def _headlines(app: App, number: int) -> list[str]:
    with app.database.read() as session:
        return [story.headline for story in shelf.get(session, number).stories]


def _rule(app: App, rule: Rule, position: int, now: datetime = NOW) -> Ruled:
    few = _with(app, app.newsletter().model_copy(update={"stories": 4}))
    with app.database.read() as session:
        story = naming.find(choosing.stories(session, _ranking(app)), str(position))
    return jobs.rule(few, "friday", FRIDAY, rule, story.article_ids, by="ada", now=now + timedelta(minutes=1))


def test_a_pin_changes_the_draft_that_nobody_has_edited(app: App, draft: int) -> None:
    before = _headlines(app, draft)
    ruled = _rule(app, Rule.PIN, 5)
    after = _headlines(app, draft)
    assert (len(after), after[0] in before, set(after[1:]) < set(before)) == (4, False, True)
    assert (ruled.changed, ruled.left_alone, ruled.says) == (True, (), "The draft follows, now revision 2.")


def test_an_edited_story_stays_in_its_place_and_is_named(app: App, draft: int) -> None:
    with app.database.write() as session:
        edition = shelf.get(session, draft)
        words = wording.of(edition)
        own = replace(words.stories[1], headline="In the editor's words")
        stories = (words.stories[0], own, *words.stories[2:])
        jobs.take_in(session, app.newsletter(), FRIDAY, replace(words, stories=stories), by="ed", now=NOW)
    ruled = _rule(app, Rule.PIN, 5)
    assert _headlines(app, draft)[1] == "In the editor's words"
    assert ruled.left_alone == ("story 2, “In the editor's words”",)
    assert len(set(_headlines(app, draft))) == 4


def test_an_exclusion_brings_in_the_next_story(app: App, draft: int) -> None:
    first = _headlines(app, draft)[0]
    _rule(app, Rule.EXCLUDE, 1)
    assert (len(_headlines(app, draft)), first in _headlines(app, draft)) == (4, False)


def test_taking_it_back_brings_the_draft_back(app: App, draft: int) -> None:
    before = _headlines(app, draft)
    _rule(app, Rule.EXCLUDE, 1)
    few = _with(app, app.newsletter().model_copy(update={"stories": 4}))
    jobs.undo(few, 1, by="ada", now=NOW)
    assert _headlines(app, draft) == before


def test_an_approved_draft_that_changes_has_to_be_approved_again(app: App, draft: int) -> None:
    jobs.approve(app, draft, by="ed", now=NOW)
    ruled = _rule(app, Rule.EXCLUDE, 1)
    with app.database.read() as session:
        assert shelf.get(session, draft).state is State.IN_REVIEW
    assert "has to be approved again" in ruled.says


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.CANCELLED])
def test_on_a_sent_edition_nothing_is_decided(app: App, draft: int, state: State) -> None:
    with app.database.write() as session:
        shelf.get(session, draft).state = state
    with pytest.raises(WrongState, match="can't be edited"):
        _rule(app, Rule.PIN, 5)
    with app.database.read() as session:
        assert _ranking(app).id == shelf.get(session, draft).ranking_id


def test_an_id_leads_to_its_story_whatever_place_it_has(app: App, draft: int) -> None:
    with app.database.read() as session:
        last = choosing.stories(session, _ranking(app))[4]
    called = naming.name(last)
    _rule(app, Rule.PIN, 5)
    with app.database.read() as session:
        found = naming.find(choosing.stories(session, _ranking(app)), called)
    assert (found.position, found.headline, naming.name(found)) == (1, last.headline, called)


@pytest.mark.parametrize("wanted", ["s999999", "99", "x", "", "s"])
def test_an_id_of_no_story_is_refused(app: App, draft: int, wanted: str) -> None:
    with app.database.read() as session, pytest.raises(NotFound, match="shows their ids"):
        naming.find(choosing.stories(session, _ranking(app)), wanted)


def test_what_an_earlier_revision_said_is_nobodys_edit(app: App, draft: int) -> None:
    _rule(app, Rule.PIN, 5)
    with app.database.write() as session:
        first = revisions.said(session, shelf.get(session, draft), 1)
        jobs.take_in(session, app.newsletter(), FRIDAY, first, by="ed", now=NOW)
    left = _rule(app, Rule.EXCLUDE, 1).left_alone
    assert [one for one in left if one.startswith("story")] == []


# merging words, without a database


def _words(*headlines: str, **own: str) -> Words:
    stories = tuple(StoryWords(headline, url=f"https://e.example/{headline[0].lower()}") for headline in headlines)
    return Words(own.get("title", "T"), own.get("subject", "S"), stories, preheader=own.get("preheader", "P"))


LINKS = {f"https://e.example/{letter}": place for place, letter in enumerate("xab")}


def test_where_nothing_was_edited_all_of_it_follows() -> None:
    before, after = _words("A", "B", "C"), _words("X", "A", "B", subject="S2")
    assert following.merge(before, before, after, LINKS).words == after


def test_an_edited_subject_stays_and_is_named() -> None:
    before, after = _words("A", "B"), _words("X", "A", subject="S2", preheader="P2")
    done = following.merge(replace(before, subject="Mine"), before, after, LINKS)
    assert (done.words.subject, done.words.preheader, done.left_alone) == ("Mine", "P2", ("the subject",))


def test_an_edited_story_is_not_told_a_second_time() -> None:
    before, after = _words("A", "B", "C"), _words("X", "A", "B")
    mine = replace(before, stories=(before.stories[0], replace(before.stories[1], summary="Mine"), before.stories[2]))
    told = [story.headline for story in following.merge(mine, before, after, LINKS).words.stories]
    assert told == ["X", "B", "A"]


def test_a_story_that_an_editor_added_stays() -> None:
    before, after = _words("A", "B"), _words("X", "A")
    mine = replace(before, stories=(*before.stories, StoryWords("Mine alone")))
    told = [story.headline for story in following.merge(mine, before, after, LINKS).words.stories]
    assert told == ["X", "A", "Mine alone"]


def test_an_edited_story_goes_to_the_place_that_an_editor_gave_it() -> None:
    before, after = _words("A", "B", "C"), _words("X", "A", "B")
    mine = replace(before, stories=(replace(before.stories[0], summary="Mine"), *before.stories[1:]))
    done = following.merge(mine, before, after, LINKS, fixed={1})
    assert [(story.headline, story.summary) for story in done.words.stories] == [("X", ""), ("A", "Mine"), ("B", "")]


def test_where_a_story_is_placed_an_edited_one_makes_way_and_stays_in_the_edition() -> None:
    before, after = _words("A", "B", "C"), _words("X", "A", "B")
    mine = replace(before, stories=(StoryWords("By hand"), *before.stories[1:]))
    done = following.merge(mine, before, after, LINKS, fixed={0})
    assert [story.headline for story in done.words.stories] == ["X", "By hand", "A"]


def test_two_edited_stories_change_places() -> None:
    before, after = _words("A", "B", "C"), _words("B", "A", "C")
    links = {f"https://e.example/{letter}": place for place, letter in enumerate("bac")}
    written = [replace(story, summary=f"{story.headline}, mine") for story in before.stories]
    done = following.merge(replace(before, stories=tuple(written)), before, after, links, fixed={0, 1})
    assert [story.summary for story in done.words.stories] == ["B, mine", "A, mine", "C, mine"]
