"""This week: the clock, the board, and every act as a plain form sends it."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import event, select

from newsletter import jobs
from newsletter.app import App
from newsletter.editions import revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import State
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.stories.models import Article, Health, RankedStory, Rule, Source
from newsletter.stories.picking import choosing, decisions, naming
from newsletter.testing.serving import serving
from tests.factories import FRIDAY, a_source, an_article
from tests.scheduler.world import a_week, utc
from tests.staff.conftest import Browser, Clock, a_colleague

THURSDAY = utc("2021-11-25 17:00")


@pytest.fixture
def now() -> datetime:
    return THURSDAY


@pytest.fixture
def week(app: App, browser: Browser, now: datetime) -> Browser:
    """An editor before a draft of the week's five stories, and one story beside them."""
    a_week(app)
    with app.database.write() as session:
        an_article(session, a_source(session, "Seventh Source"), "A shop opens on the moon", "A shop opens on the moon")
    jobs.assemble(app, app.newsletter(), FRIDAY, now=now, by="clock")
    browser.sign_in(a_colleague(app, now=now))
    browser.open("/week")
    return browser


def _stories(app: App) -> list[RankedStory]:
    with app.database.read() as session:
        ranking = choosing.latest(session, "friday", FRIDAY)
        assert ranking is not None
        return choosing.stories(session, ranking)


def _chosen(app: App) -> list[str]:
    return [naming.name(story) for story in _stories(app) if story.chosen]


def _headlines(app: App) -> list[str]:
    with app.database.read() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
        assert edition is not None
        return [story.headline for story in edition.stories]


def _act(browser: Browser, act: str, **fields: str) -> str:
    """Press a button of the board as it is in view, and look at what the page says of it."""
    answer = browser.send("/week", act=act, **fields)
    if answer.status_code == 303:
        answer = browser.open(answer.headers["location"])
    return _said(answer.text)


def _said(page: str) -> str:
    found = re.search(r'id="said"[^>]*>(.*?)</div>\s*<div id="board"', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1] if found else "")).split())


def test_the_page_shows_the_week_its_slots_and_the_candidates(app: App, week: Browser) -> None:
    page = week.open("/week").text
    shown = re.findall(r'id="row-(s\d+)"', page)
    assert (shown, [naming.name(story) for story in _stories(app)]) == (shown, shown)
    assert ('aria-current="step"><strong>Review' in page, "Next: <strong>lock" in page) == (True, True)


def test_a_story_is_placed_and_the_draft_follows(app: App, week: Browser) -> None:
    other = naming.name(_stories(app)[5])
    said = _act(week, f"place {other} 2")
    assert (_chosen(app)[1], _headlines(app)[1]) == (other, "A shop opens on the moon")
    assert "is in, as no. 2" in said


def test_two_stories_of_the_edition_change_places_and_one_undo_brings_both_back(app: App, week: Browser) -> None:
    before, headlines = _chosen(app), _headlines(app)
    _act(week, f"place {before[0]} 4")
    swapped = [before[3], before[1], before[2], before[0], before[4]]
    assert _chosen(app) == swapped
    _act(week, "undo")
    assert (_chosen(app), _headlines(app)) == (before, headlines)


@pytest.mark.parametrize(
    ("act", "fields", "holds"),
    [
        ("pin {5}", {}, lambda before, after: after[0] == before[5]),
        ("pin {3}", {}, lambda before, after: after[:5] == before[:5]),
        ("exclude {0}", {"reason": "old news"}, lambda before, after: before[0] not in after[:5]),
        ("boost {5} 20", {}, lambda before, after: before[5] in after),
        ("merge {0} {1}", {}, lambda before, after: len(after) == len(before) - 1),
    ],
)
def test_an_act_is_done_and_taken_back(
    app: App,
    week: Browser,
    act: str,
    fields: dict[str, str],
    holds: Callable[[list[str], list[str]], bool],
) -> None:
    before = [naming.name(story) for story in _stories(app)]
    _act(week, act.format(*before), **fields)
    after = [naming.name(story) for story in _stories(app)]
    _act(week, "undo")
    again = [naming.name(story) for story in _stories(app)]
    assert (holds(before, after), again) == (True, before)


def test_an_article_is_split_off(app: App, week: Browser) -> None:
    story = _stories(app)[0]
    _act(week, f"split {naming.name(story)} {story.article_ids[-1]}")
    assert story.article_ids[-1] not in _stories(app)[0].article_ids


def test_a_freed_story_stands_where_its_score_puts_it(app: App, week: Browser) -> None:
    before = _chosen(app)
    other = naming.name(_stories(app)[5])
    _act(week, f"pin {other}")
    _act(week, f"free {other}")
    assert _chosen(app) == before


def test_the_reason_is_kept_and_shown(app: App, week: Browser) -> None:
    first = _chosen(app)[0]
    _act(week, f"exclude {first}", reason="told  last week")
    assert "left out by Eva: told last week" in week.open("/week").text


def test_what_everybody_did_has_it(app: App, week: Browser) -> None:
    first = _chosen(app)[0]
    _act(week, f"exclude {first}", reason="old")
    with app.database.read() as session:
        (act, *_) = acts.lately(session, limit=1)
    assert (act.did, act.what, act.details) == ("left a story out", f"friday/2021-11-26 {first}", {"reason": "old"})


def test_an_act_on_an_older_ranking_does_nothing_and_says_who_was_quicker(
    app: App, week: Browser, clock: Clock
) -> None:
    names = [naming.name(story) for story in _stories(app)]
    clock.turn(minutes=1)
    articles = _stories(app)[5].article_ids
    jobs.rule(app, "friday", FRIDAY, Rule.PIN, articles, by="Bob", now=clock())
    answer = week.send("/week", act=f"exclude {names[0]}")
    with app.database.read() as session:
        rules = [one.rule for one in decisions.standing(session, "friday", FRIDAY)]
    said = _said(answer.text)
    assert (answer.status_code, rules) == (409, [Rule.PIN])
    assert "Bob changed the ranking meanwhile, so nothing was done" in said
    assert "“A shop opens on the moon” is in" in said


def test_of_two_acts_at_the_same_moment_one_is_done(app: App, week: Browser, now: datetime) -> None:
    stories = _stories(app)

    def leave_out(at: int) -> bool:
        try:
            jobs.rule(
                app,
                "friday",
                FRIDAY,
                Rule.EXCLUDE,
                stories[at].article_ids,
                by=f"editor {at}",
                seen=stories[0].ranking_id,
                now=now,
            )
        except jobs.Outdated:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(leave_out, range(4)))
    with app.database.read() as session:
        standing = decisions.standing(session, "friday", FRIDAY)
    assert (done.count(True), len(standing)) == (1, 1)


def test_after_looking_again_the_same_act_is_done(app: App, week: Browser, clock: Clock) -> None:
    names = [naming.name(story) for story in _stories(app)]
    jobs.rule(app, "friday", FRIDAY, Rule.PIN, _stories(app)[5].article_ids, by="Bob", now=clock())
    week.send("/week", act=f"exclude {names[0]}")  # its answer has the ranking of now
    _act(week, f"exclude {names[0]}")
    assert names[0] not in _chosen(app)


def test_what_an_editor_has_written_stays_and_the_ranking_is_offered(app: App, week: Browser, now: datetime) -> None:
    with app.database.write() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
        assert edition is not None
        words = wording.of(edition)
        mine = wording.StoryWords("By my own hand", "I was there.")
        changed = wording.Words(words.title, words.subject, (mine, *words.stories[1:]))
        jobs.take_in(session, app.newsletter(), FRIDAY, changed, by="Eva", now=now)
    week.open("/week")
    _act(week, f"pin {naming.name(_stories(app)[5])}")
    assert (_headlines(app)[0], "The ranking has “" in week.open("/week").text) == ("By my own hand", True)


@pytest.mark.parametrize(
    "act",
    [
        "",
        "dance s1",
        "pin",
        "pin s999999",
        "place s1",
        "place s1 x",
        "place s1 99",
        "boost s1 7",
        "undo 77",
        "split s1 1",
    ],
)
def test_nonsense_is_answered_and_changes_nothing(app: App, week: Browser, act: str) -> None:
    first = _chosen(app)[0]
    before = _stories(app)[0].ranking_id
    answer = week.send("/week", act=act.replace("s1 ", f"{first} "))
    assert (answer.status_code, _stories(app)[0].ranking_id) == (409, before)


def test_a_sent_edition_can_be_looked_at_and_not_changed(app: App, week: Browser) -> None:
    with app.database.write() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
        assert edition is not None
        edition.state = State.SENT
    page = week.open("/week?date=2021-11-26").text
    answer = week.send("/week", act=f"pin {_chosen(app)[0]}")
    assert ('value="pin ' in page, answer.status_code) == (False, 409)


def test_who_may_not_draft_sees_no_buttons_and_is_refused(app: App, other_browser: Browser, week: Browser) -> None:
    other_browser.sign_in(a_colleague(app, "op@example.com", Role.OPERATOR, now=THURSDAY))
    page = other_browser.open("/week").text
    answer = other_browser.send("/week", act=f"pin {_chosen(app)[0]}")
    shown = ("Candidates" in page, "data-open=" in page, 'value="pin ' in page)
    assert (shown, answer.status_code) == ((True, True, False), 403)


def test_before_anything_is_ranked_the_page_says_when_and_ranks_when_asked(
    app: App, browser: Browser, clock: Clock
) -> None:
    a_week(app)
    clock.at = utc("2021-11-24 12:00")
    browser.sign_in(a_colleague(app, now=clock()))
    page = browser.open("/week").text
    assert ("Nothing is ranked yet" in page, "25 articles of this week have" in page) == (True, True)
    _act(browser, "rank")
    with app.database.read() as session:
        assert shelf.of_date(session, "friday", FRIDAY) is None
    assert len(_chosen(app)) == 5


def test_a_story_shows_its_numbers_and_articles(app: App, week: Browser) -> None:
    first = _stories(app)[0]
    path = f"/week/story?newsletter=friday&date=2021-11-26&story={naming.name(first)}"
    whole, part = week.open(path).text, week.client.get(path, headers={"HX-Request": "true"}).text
    for page in (whole, part):
        assert (page.count('value="split '), "coverage" in page) == (len(first.article_ids), True)
    assert ("<html" in whole, "<html" in part) == (True, False)


def test_hostile_words_stay_words(app: App, browser: Browser, now: datetime) -> None:
    a_week(app)
    with app.database.write() as session:
        for article in session.query(Article):
            article.title += ' <script>alert(1)</script> "onload=x'
    jobs.assemble(app, app.newsletter(), FRIDAY, now=now, by="clock")
    browser.sign_in(a_colleague(app, now=now))
    page = browser.open("/week").text
    assert ("<script>alert" in page, "&lt;script&gt;alert" in page) == (False, True)


def test_the_number_of_queries_does_not_grow_with_the_week(app: App, week: Browser, now: datetime) -> None:
    def asked() -> int:
        counted: list[str] = []

        def count(*given: Any) -> None:
            # settings that were changed are looked for by the clock, not by the page
            if given[2].startswith("SELECT") and "setting_change" not in given[2]:
                counted.append(given[2])

        event.listen(app.database.reader, "before_cursor_execute", count)
        week.open("/week")
        event.remove(app.database.reader, "before_cursor_execute", count)
        return len(counted)

    few = asked()
    with app.database.write() as session:
        source = a_source(session, "Grown")
        for number in range(40):
            an_article(session, source, f"Matter {number} of {number * 7} things", f"thing{number} word{number} " * 40)
    jobs.rank(app, "friday", FRIDAY, by="Eva", now=now)
    assert (len(_stories(app)) > 20, asked()) == (True, few)


def test_an_undone_place_is_a_version_like_any_other(app: App, week: Browser) -> None:
    _act(week, f"place {_chosen(app)[0]} 3")
    with app.database.read() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
        assert edition is not None
        assert [one.by for one in revisions.kept(session, edition)] == ["Eva", "picker"]


# the draft's own words


def _write(app: App, now: datetime) -> None:
    """An editor writes no. 1 and the subject anew."""
    with app.database.write() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
        assert edition is not None
        words = wording.of(edition)
        mine = replace(words.stories[0], headline="In my own words")
        changed = replace(words, subject="My subject", stories=(mine, *words.stories[1:]))
        jobs.take_in(session, app.newsletter(), FRIDAY, changed, by="Eva", now=now)


def test_the_drafts_words_are_taken_again_and_that_is_taken_back(app: App, week: Browser, now: datetime) -> None:
    drafted = _headlines(app)
    _write(app, now)
    week.open("/week")
    _act(week, "take 1")
    taken = _headlines(app)
    _act(week, "undo")
    assert (taken, _headlines(app)) == (drafted, ["In my own words", *drafted[1:]])


def test_a_subject_that_somebody_wrote_stays_and_the_proposed_one_is_offered(
    app: App, week: Browser, now: datetime
) -> None:
    _write(app, now)
    page = week.open("/week").text
    _act(week, "take subject")
    with app.database.read() as session:
        edition = shelf.of_date(session, "friday", FRIDAY)
    assert ("My subject" in page, edition and edition.subject != "My subject") == (True, True)


def test_a_story_by_hand_is_put_in_and_the_last_one_makes_way(app: App, week: Browser) -> None:
    before = _headlines(app)
    said = _act(week, "write", headline="Seen by <b>nobody</b> else", summary="I was there.", link="", place="2")
    put_in = _headlines(app)
    _act(week, "undo")
    assert put_in == [before[0], "Seen by <b>nobody</b> else", *before[1:4]]
    assert (_headlines(app), "You added a story by hand" in said) == (before, True)


def test_a_ranking_leaves_a_story_by_hand_where_it_is(app: App, week: Browser) -> None:
    _act(week, "write", headline="By hand", place="2")
    _act(week, f"exclude {_chosen(app)[0]}")
    assert (_headlines(app)[1], len(_headlines(app))) == ("By hand", 5)


@pytest.mark.parametrize("fields", [{"headline": ""}, {"headline": "H", "link": "javascript:alert(1)"}, {"place": "9"}])
def test_a_story_by_hand_that_can_not_stand_is_refused(app: App, week: Browser, fields: dict[str, str]) -> None:
    before = _headlines(app)
    answer = week.send("/week", act="write", **({"headline": "H"} | fields))
    assert (answer.status_code, _headlines(app)) == (409, before)


# by address


@pytest.fixture
def site(app: App) -> Iterator[str]:
    """A site with one article, and one page of nothing."""
    article = (
        "<html><head><title>Shops open at night</title><meta property='og:site_name' content='The Night Post'></head>"
        f"<body><article><h1>Shops open at night</h1>{'<p>Shops in the north stay open until four.</p>' * 12}</article>"
        "</body></html>"
    )
    web = FastAPI()
    web.get("/night")(lambda: HTMLResponse(article))
    web.get("/none")(lambda: HTMLResponse("<html></html>"))
    app.settings.__dict__["fetch"] = app.settings.fetch.model_copy(update={"allow_loopback": True, "host_gap": 0})
    with serving(web) as url:
        yield url


def test_a_story_is_added_by_its_address_read_drafted_and_placed(app: App, week: Browser, site: str) -> None:
    said = _act(week, "add", url=f"{site}/night", place="3")
    row = _stories(app)[2]
    with app.database.read() as session:
        source = session.scalars(select(Source).where(Source.health == Health.BY_HAND)).one()
    assert (row.headline, row.chosen, row.url, _headlines(app)[2]) == (
        "Shops open at night",
        True,
        f"{site}/night",
        "Shops open at night",
    )
    assert ("You added a story by its address" in said, source.name) == (True, "The Night Post")


def test_an_address_that_is_known_is_pinned_and_not_read(app: App, week: Browser) -> None:
    last = _stories(app)[5]
    _act(week, "add", url=last.url)
    assert _chosen(app)[0] == naming.name(last)


@pytest.mark.parametrize("url", ["", "not an address", "javascript:alert(1)", "http://10.0.0.1/x", "ftp://e.example/x"])
def test_what_is_no_page_is_refused(app: App, week: Browser, url: str) -> None:
    before = _stories(app)[0].ranking_id
    answer = week.send("/week", act="add", url=url)
    assert (answer.status_code, _stories(app)[0].ranking_id) == (409, before)


def test_a_page_without_a_story_is_told_and_nothing_is_kept(app: App, week: Browser, site: str) -> None:
    answer = week.send("/week", act="add", url=f"{site}/none")
    with app.database.read() as session:
        known = session.scalars(select(Article.url).where(Article.url.like("%/none"))).all()
    assert (answer.status_code, "by hand instead" in _said(answer.text), known) == (409, True, [])
