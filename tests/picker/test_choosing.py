"""From the database and back."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.stories.models import Article, RankedStory, Ranking, Rule, Verdict
from newsletter.stories.picking import choosing, decisions, frequencies, scoring
from tests.factories import a_source, an_article
from tests.picker.builders import GETIR, WALMART


def rank(session: Session, newsletter: Newsletter, day: date, now: datetime) -> Ranking:
    return choosing.rank(session, newsletter, day, window=choosing.window(newsletter, day), now=now)


def first(session: Session, ranking: Ranking) -> RankedStory:
    return choosing.stories(session, ranking)[0]


@pytest.mark.usefixtures("week")
def test_a_week_is_ranked_and_stored(session: Session, newsletter: Newsletter, friday: date, now: datetime) -> None:
    stories = choosing.stories(session, rank(session, newsletter, friday, now))
    assert [(s.position, s.chosen, s.headline, s.voices, s.reprints) for s in stories] == [
        (1, True, "Walmart goes live on Twitter with Jason Derulo", 2, 1),
        (2, True, "Getir buys Weezy", 1, 0),
    ]


def test_a_story_carries_what_an_edition_copies(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    week[0].image_url = "https://retaildive.example/picture.jpg"
    week[0].image_width, week[0].image_height = 1200, 630
    story = first(session, rank(session, newsletter, friday, now))
    pictured = (story.image_url, story.image_width, story.image_height)
    assert (story.url, pictured, story.attribution, story.company) == (
        week[0].url,
        ("https://retaildive.example/picture.jpg", 1200, 630),
        "Retail Dive and 1 more",
        "Walmart",
    )


def test_an_article_of_unknown_age_is_no_news(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    week[0].dated_by = "unknown"
    told = [
        number
        for row in choosing.stories(session, rank(session, newsletter, friday, now))
        for number in row.article_ids
    ]
    assert week[0].id not in told


@pytest.mark.usefixtures("week")
def test_a_stored_score_is_recomputed_from_its_row(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    story = first(session, rank(session, newsletter, friday, now))
    session.expire_all()
    assert scoring.recompute(story.breakdown) == story.score


@pytest.mark.usefixtures("week")
def test_ranking_again_gives_the_same_hash_and_scores(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    one, other = rank(session, newsletter, friday, now), rank(session, newsletter, friday, now)
    assert (one.input_hash, [s.score for s in choosing.stories(session, one)]) == (
        other.input_hash,
        [s.score for s in choosing.stories(session, other)],
    )


@pytest.mark.usefixtures("week")
def test_the_latest_ranking_is_the_last_made(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    rank(session, newsletter, friday, now)
    again = rank(session, newsletter, friday, now)
    assert choosing.latest(session, "friday", friday) is again


def test_what_was_published_before_the_window_is_not_looked_at(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    an_article(session, a_source(session), "Old news", WALMART, published_at=now - timedelta(days=9))
    assert choosing.stories(session, rank(session, newsletter, friday, now)) == []


def test_what_was_seen_too_late_for_its_own_week_is_looked_at_now(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    late = an_article(session, a_source(session), "Late", WALMART, published_at=now - timedelta(days=7, hours=1))
    late.seen_at = now - timedelta(days=6)
    session.flush()
    assert first(session, rank(session, newsletter, friday, now)).headline == "Late"


def test_a_pin_brings_in_an_article_from_outside_the_window(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    week[3].published_at = now - timedelta(days=30)
    session.flush()
    decisions.decide(session, "friday", friday, Rule.PIN, [week[3].id], by="ada", now=now)
    assert first(session, rank(session, newsletter, friday, now)).headline == "Getir buys Weezy"


def test_an_exclusion_survives_the_next_collection(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    decisions.decide(session, "friday", friday, Rule.EXCLUDE, [week[3].id], by="ada", now=now, reason="an advert")
    an_article(session, a_source(session, "Later"), "Weezy is bought by Getir", " ".join(GETIR.split()[::-1]))
    stories = choosing.stories(session, rank(session, newsletter, friday, now))
    assert ["left out by ada: an advert" in s.why for s in stories if week[3].id in s.article_ids] == [True]


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("policy", "verdict"),
    [("shorter", Verdict.SHORT), ("widen", Verdict.SHORT), ("hold", Verdict.HOLD), ("skip", Verdict.SKIP)],
)
def test_a_thin_week_is_treated_as_the_newsletter_says(
    session: Session, newsletter: Newsletter, friday: date, now: datetime, policy: str, verdict: Verdict
) -> None:
    ranking = rank(session, newsletter.model_copy(update={"thin_week": policy}), friday, now)
    found, why = choosing.verdict(session, ranking)
    assert (found, "a thin week" in why) == (verdict, True)


@pytest.mark.usefixtures("week")
def test_a_full_week_needs_no_words(session: Session, newsletter: Newsletter, friday: date, now: datetime) -> None:
    ranking = rank(session, newsletter.model_copy(update={"stories": 2}), friday, now)
    assert choosing.verdict(session, ranking) == (Verdict.OK, "")


def test_a_thin_week_may_look_ten_days_further_back(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    an_article(session, a_source(session), "Ten days old", WALMART, published_at=now - timedelta(days=10))
    wider = newsletter.model_copy(update={"thin_week": "widen", "stories": 1})
    ranking = rank(session, wider, friday, now)
    assert (first(session, ranking).headline, ranking.verdict) == ("Ten days old", Verdict.OK)


@pytest.mark.usefixtures("week")
def test_clicks_are_handed_in(session: Session, newsletter: Newsletter, friday: date, now: datetime) -> None:
    window = choosing.window(newsletter, friday)
    ranking = choosing.rank(session, newsletter, friday, window=window, now=now, lifts={"Walmart": 1.4})
    assert "readers click stories like it 1.4 times as much as usual" in first(session, ranking).why


@pytest.mark.usefixtures("week")
def test_finished_weeks_are_counted_once_and_without_reprints(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    later = friday + timedelta(days=14)
    rank(session, newsletter, later, now)
    rank(session, newsletter, later, now)
    known = frequencies.history(session, choosing.window(newsletter, later)[0])
    assert (known.reports, known.terms["walmart"]) == (3, 2)


def test_a_week_that_is_not_over_is_not_counted(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    rank(session, newsletter, friday, now)
    assert week and frequencies.history(session, now).reports == 0
