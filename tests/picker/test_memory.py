"""What was sent is remembered; what comes too late alerts."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.stories.models import Article, Kind, Published, RankedStory, Ranking
from newsletter.stories.picking import choosing, memory, published, rehearsing
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.memory import Sent
from tests.factories import a_source, an_article
from tests.picker.builders import GETIR, WALMART, WALMART_AGAIN

WEEK = timedelta(days=7)
RICHEMONT = (
    "Richemont takes all of its computing to Amazon Web Services before the end of next year. The Swiss owner of "
    "Cartier names five thousand virtual machines and a hundred and twenty systems of SAP that have to move."
)


def rank(session: Session, newsletter: Newsletter, day: date, now: datetime) -> Ranking:
    return choosing.rank(session, newsletter, day, window=choosing.window(newsletter, day), now=now)


def send(session: Session, newsletter: Newsletter, day: date, now: datetime) -> list[RankedStory]:
    """Rank the edition of *day* and remember what was chosen."""
    chosen = [row for row in choosing.stories(session, rank(session, newsletter, day, now)) if row.chosen]
    memory.remember(session, newsletter, day, [Sent(row.headline, row.url) for row in chosen], now=now)
    return chosen


def late(session: Session, source: str, title: str, text: str, at: datetime, authority: int = 100) -> Article:
    """An article of *source*, made with *authority*, published at *at*."""
    of = a_source(session, source)
    of.authority = authority
    return an_article(session, of, title, text, published_at=at)


def test_what_was_sent_is_remembered_with_the_links_of_all_its_articles(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    send(session, newsletter, friday, now)
    first = session.scalars(select(Published).where(Published.position == 1)).one()
    assert first.urls == sorted(article.url for article in week[:3])


def test_remembering_again_replaces(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    send(session, newsletter, friday, now)
    memory.remember(session, newsletter, friday, [Sent("Only this", week[3].url)], now=now)
    assert session.scalars(select(Published.headline)).all() == ["Only this"]


def test_a_story_written_by_hand_is_remembered_by_its_headline(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    memory.remember(session, newsletter, friday, [Sent("Getir buys Weezy", "")], now=now)
    row = session.scalars(select(Published)).one()
    assert (row.urls, sorted(row.centroid)) == ([], [" made by", "^buy", "^getir", "^weezi", "buy", "getir", "weezi"])


def test_a_used_story_does_not_come_back_by_one_more_voice(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    send(session, newsletter, friday, now)
    late(session, "Latecomer", week[0].title, f"{WALMART_AGAIN} We come late.", now + timedelta(days=2))
    row = choosing.stories(session, rank(session, newsletter, friday + WEEK, now + WEEK))[0]
    assert (row.chosen, "already told on 2021-11-26" in row.why) == (False, True)


def test_two_new_voices_make_a_follow_up(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    send(session, newsletter, friday, now)
    turned = " ".join(reversed(WALMART.split()))
    late(session, "Latecomer", week[0].title, WALMART_AGAIN, now + timedelta(days=2))
    late(session, "Another", week[1].title, turned, now + timedelta(days=3))
    row = choosing.stories(session, rank(session, newsletter, friday + WEEK, now + WEEK))[0]
    assert (row.chosen, "follow-up of “Walmart goes live" in row.why) == (True, True)


def test_after_three_weeks_a_story_is_new_again(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    send(session, newsletter, friday, now)
    late(session, "Latecomer", week[0].title, WALMART_AGAIN, now + 3 * WEEK)
    row = choosing.stories(session, rank(session, newsletter, friday + 4 * WEEK, now + 4 * WEEK))[0]
    assert (row.chosen, "follow-up" in row.why) == (True, False)


def test_late_news_of_a_key_source_alerts(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    assert week and rank(session, newsletter.model_copy(update={"stories": 2}), friday, now)
    late(session, "Key", "Richemont goes to the cloud by livestream", RICHEMONT, now + timedelta(hours=9), 125)
    news = memory.late_news(session, newsletter, friday, now=now + timedelta(hours=16))
    assert [(one.headline, one.voices) for one in news] == [("Richemont goes to the cloud by livestream", 1)]


def test_late_news_of_one_usual_source_does_not(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    assert week and rank(session, newsletter, friday, now)
    late(session, "Usual", "Richemont goes to the cloud by livestream", RICHEMONT, now + timedelta(hours=9))
    assert memory.late_news(session, newsletter, friday, now=now + timedelta(hours=16)) == []


def test_more_on_a_chosen_story_is_no_late_news(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    rank(session, newsletter, friday, now)
    late(session, "Key", week[0].title, WALMART_AGAIN, now + timedelta(hours=9), 125)
    assert memory.late_news(session, newsletter, friday, now=now + timedelta(hours=16)) == []


def test_late_news_stores_and_swaps_nothing(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    before = rank(session, newsletter, friday, now)
    late(session, "Key", "Richemont goes to the cloud by livestream", RICHEMONT, now + timedelta(hours=9), 125)
    memory.late_news(session, newsletter, friday, now=now + timedelta(hours=16))
    assert week and choosing.latest(session, "friday", friday) is before


def test_without_a_ranking_there_is_no_late_news(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    assert memory.late_news(session, newsletter, friday, now=now) == []


def test_taste_has_no_say_before_the_fifth_edition(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    for weeks in range(1, 5):
        memory.remember(session, newsletter, friday - weeks * WEEK, [Sent("Getir buys Weezy", "")], now=now)
    assert published.recall(session, newsletter, friday, Frequencies()).taste_share == 0


def test_from_the_fifth_on_what_editors_kept_counts_more_each_week(
    session: Session, newsletter: Newsletter, friday: date, now: datetime
) -> None:
    for weeks in range(1, 8):
        memory.remember(session, newsletter, friday - weeks * WEEK, [Sent("Getir buys Weezy", "")], now=now)
    recalled = published.recall(session, newsletter, friday, Frequencies())
    assert (recalled.taste_share, sorted(recalled.taste)) == (
        30,
        ["^buy", "^getir", "^weezi", "buy", "getir", "weezi"],
    )


def test_a_rehearsal_of_what_the_picker_chose_is_perfect(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    assert week and send(session, newsletter, friday, now)
    found = rehearsing.rehearse(session, newsletter, 4)
    assert [(one.ndcg, one.overlap, one.swaps) for one in found] == [(1.0, 1.0, 0)]


def test_a_rehearsal_counts_what_an_editor_swapped(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    rank(session, newsletter, friday, now)
    kept = [Sent("By hand", "https://example.com/by-hand"), Sent(week[0].title, week[0].url)]
    memory.remember(session, newsletter, friday, kept, now=now)
    (found,) = rehearsing.rehearse(session, newsletter, 4)
    assert (found.overlap, found.swaps, round(found.ndcg, 2)) == (0.5, 1, 0.41)


def test_a_press_release_alone_is_no_late_news(
    session: Session, newsletter: Newsletter, week: list[Article], friday: date, now: datetime
) -> None:
    assert week and rank(session, newsletter.model_copy(update={"stories": 2}), friday, now)
    of = a_source(session, "Wire", kind=Kind.PR_WIRE)
    of.authority = 25
    an_article(session, of, "Weezy news", GETIR + RICHEMONT, published_at=now + timedelta(hours=9))
    assert memory.late_news(session, newsletter, friday, now=now + timedelta(hours=16)) == []
