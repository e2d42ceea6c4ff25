"""`newsletter stories …` and `newsletter rehearse`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newsletter.app import App
from newsletter.cli.root import program
from newsletter.errors import BadInput, NotFound
from newsletter.stories.picking import choosing, memory, scoring
from newsletter.stories.picking.memory import Sent
from tests.factories import FRIDAY, a_source, an_article
from tests.picker.builders import CLOSES_AT, GETIR, WALMART, WALMART_AGAIN

TOML = """
database_url = "{url}"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB"
time_zone = "Europe/London"
stories = 2
"""


@pytest.fixture
def ranked(app: App, tmp_path: Path, database_url: str) -> Path:
    """A folder whose database holds a ranked week: Walmart with articles 1 to 3, Getir with article 4."""
    (tmp_path / "newsletter.toml").write_text(TOML.format(url=database_url), "utf-8")
    newsletter = app.newsletter().model_copy(update={"stories": 2, "interests": {}})
    with app.database.write() as session:
        for name, title, text in (
            ("Retail Dive", "Walmart goes live on Twitter with Jason Derulo", WALMART),
            ("Modern Shop", "Jason Derulo to front Walmart's Twitter livestream", WALMART_AGAIN),
            ("Reprinter", "Walmart goes live on Twitter", WALMART),
            ("Grocer", "Getir [buys] Weezy", GETIR),
        ):
            an_article(session, a_source(session, name), title, text)
        window = choosing.window(newsletter, FRIDAY)
        choosing.rank(session, newsletter, FRIDAY, window=window, now=CLOSES_AT)
    return tmp_path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(program, ["--home", str(home), *words])


def data(home: Path, *words: str) -> Any:
    return json.loads(run(home, *words, "--json").stdout)


def test_the_list_shows_scores_voices_reprints_and_reasons(ranked: Path) -> None:
    shown = " ".join(run(ranked, "stories", "list", "--edition", "friday/2021-11-26").stdout.split())
    assert "1 ● " in shown and "2 1 Walmart goes live on Twitter" in shown and "1 reprint not counted" in shown


def test_the_list_as_data_is_in_slot_order(ranked: Path) -> None:
    stories = data(ranked, "stories", "list", "--edition", "2021-11-26")["stories"]
    assert [(s["position"], s["chosen"], s["headline"]) for s in stories] == [
        (1, True, "Walmart goes live on Twitter with Jason Derulo"),
        (2, True, "Getir [buys] Weezy"),
    ]


def test_other_peoples_words_are_not_read_as_markup(ranked: Path) -> None:
    assert "Getir [buys] Weezy" in run(ranked, "stories", "explain", "2").stdout


def test_an_explanation_holds_all_that_recomputes_the_score(ranked: Path) -> None:
    story = data(ranked, "stories", "explain", "friday/2021-11-26/1")
    assert scoring.recompute(story["breakdown"]) == story["score"]


def test_an_explanation_lists_the_articles(ranked: Path) -> None:
    articles = data(ranked, "stories", "explain", "1")["articles"]
    assert [article["source"] for article in articles] == ["Retail Dive", "Modern Shop", "Reprinter"]


def test_a_pin_takes_effect_at_once(ranked: Path) -> None:
    stories = data(ranked, "stories", "pin", "2", "--by", "ada")["stories"]
    assert [s["headline"] for s in stories][:1] == ["Getir [buys] Weezy"]


def test_an_exclusion_needs_no_second_word(ranked: Path) -> None:
    stories = data(ranked, "stories", "exclude", "1", "--by", "ada", "--reason", "an advert")["stories"]
    assert [(s["chosen"], "left out by ada: an advert" in s["why"]) for s in stories] == [(True, False), (False, True)]


def test_a_boost_may_be_below_nought(ranked: Path) -> None:
    before = data(ranked, "stories", "explain", "2")["score"]
    data(ranked, "stories", "boost", "2", "-10")
    assert data(ranked, "stories", "explain", "2")["score"] == before - 10_000


def test_a_merge_makes_one_story(ranked: Path) -> None:
    stories = data(ranked, "stories", "merge", "1", "2")["stories"]
    assert [s["article_ids"] for s in stories] == [[1, 2, 3, 4]]


def test_a_split_takes_an_article_out(ranked: Path) -> None:
    stories = data(ranked, "stories", "split", "1", "2")["stories"]
    assert sorted(s["article_ids"] for s in stories) == [[1, 3], [2], [4]]


def test_a_split_of_another_storys_article_is_refused(ranked: Path) -> None:
    with pytest.raises(BadInput, match="its articles are 1, 2, 3"):
        raise run(ranked, "stories", "split", "1", "4").exception  # type: ignore[misc]


def test_a_decision_is_listed_and_taken_back(ranked: Path) -> None:
    run(ranked, "stories", "exclude", "1", "--by", "ada")
    (decision,) = data(ranked, "stories", "decisions")
    stories = data(ranked, "stories", "undo", str(decision["id"]))["stories"]
    assert (decision["rule"], decision["by"], [s["chosen"] for s in stories]) == ("exclude", "ada", [True, True])


@pytest.mark.parametrize(
    "words", [("list", "--edition", "2021-12-03"), ("explain", "9"), ("pin", "friday/2021-11-26/x")]
)
def test_what_is_not_there_is_named(ranked: Path, words: tuple[str, ...]) -> None:
    assert isinstance(run(ranked, "stories", *words).exception, NotFound)


def test_an_edition_that_is_no_date_is_refused(ranked: Path) -> None:
    assert isinstance(run(ranked, "stories", "list", "--edition", "next week").exception, NotFound | BadInput)


def test_a_rehearsal_compares_with_what_was_sent(ranked: Path, app: App) -> None:
    with app.database.write() as session:
        row = choosing.stories(session, choosing.latest(session, "friday", FRIDAY) or pytest.fail())[0]
        memory.remember(session, app.newsletter(), FRIDAY, [Sent(row.headline, row.url)], now=CLOSES_AT)
    found = data(ranked, "rehearse", "--weeks", "4")
    assert [(one["day"], one["overlap"], one["swaps"]) for one in found["editions"]] == [("2021-11-26", 1.0, 0)]


def test_there_is_nothing_to_rehearse_before_the_first_friday(ranked: Path) -> None:
    assert isinstance(run(ranked, "rehearse").exception, NotFound)
