"""A ranking becomes a draft: stories copied in order, words proposed, people's work never overwritten."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.editions import assembling, review
from newsletter.editions import words as wording
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from newsletter.stories.models import RankedStory, Ranking
from tests.factories import LONG_AGO, an_edition


def a_ranking(
    session: Session, *stories: tuple[str, str], spare: int = 1, friday: date = date(2021, 11, 26)
) -> Ranking:
    """A ranking whose (headline, company) pairs are chosen, with *spare* more that are not."""
    ranking = Ranking(newsletter="friday", date=friday, at=LONG_AGO, weights_version="1", input_hash="", notes=[])
    session.add(ranking)
    session.flush()
    for position, (headline, company) in enumerate([*stories, *[("Not chosen", "Nobody")] * spare], start=1):
        session.add(
            RankedStory(
                ranking_id=ranking.id,
                position=position,
                chosen=position <= len(stories),
                score=1000 - position,
                headline=headline,
                summary=f"About {company}.",
                url=f"https://example.com/{position}",
                image_url=f"https://example.com/{position}.jpg",
                image_width=1200,
                image_height=600 + position,
                attribution="Retail Dive and 3 more",
                company=company,
                article_ids=[],
                voices=3,
                reprints=1,
                breakdown={},
                why=f"because of {company}",
            )
        )
    session.flush()
    return ranking


FIVE = (
    ("Walmart goes live on Twitter", "Walmart"),
    ("Carrefour opens a cashierless shop", "Carrefour"),
    ("Getir buys Weezy", "Getir"),
    ("Richemont moves to the cloud", "Richemont"),
    ("Boots distances itself", "Boots"),
)


def test_the_chosen_stories_are_copied_in_order(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    ranking = a_ranking(session, *FIVE)
    edition = assembling.assemble(session, settings.newsletters["friday"], friday, ranking, now=now)
    assert [(s.position, s.headline, s.summary, s.url, s.image_alt, s.attribution, s.why) for s in edition.stories][
        :2
    ] == [
        (
            1,
            "Walmart goes live on Twitter",
            "About Walmart.",
            "https://example.com/1",
            "",
            "Retail Dive and 3 more",
            "because of Walmart",
        ),
        (
            2,
            "Carrefour opens a cashierless shop",
            "About Carrefour.",
            "https://example.com/2",
            "",
            "Retail Dive and 3 more",
            "because of Carrefour",
        ),
    ]
    assert (len(edition.stories), edition.ranking_id, edition.state) == (5, ranking.id, State.DRAFT)


def test_words_of_a_feed_that_look_like_markdown_mean_themselves(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    ranking = a_ranking(session, ("Half off", "Walmart"))
    story = session.scalars(select(RankedStory).where(RankedStory.position == 1)).one()
    story.summary = "*Terms* apply [1](https://example.com/a_b). See https://example.com/_c_/d."
    edition = assembling.assemble(session, settings.newsletters["friday"], friday, ranking, now=now)
    assert edition.stories[0].summary == (
        "\\*Terms\\* apply \\[1\\](https://example.com/a_b). See https://example.com/_c_/d."
    )


def test_the_words_are_proposed(session: Session, settings: Settings, friday: date, now: datetime) -> None:
    edition = assembling.assemble(session, settings.newsletters["friday"], friday, a_ranking(session, *FIVE), now=now)
    assert (edition.title, edition.subject, edition.preheader, edition.introduction) == (
        "The Friday Five",
        "Walmart goes live on Twitter, plus Carrefour and Getir",
        "Also: Carrefour opens a cashierless shop; Getir buys Weezy; Richemont moves to the cloud",
        "This week's five biggest stories, including Walmart, Carrefour, Getir and Richemont.",
    )


def test_assembling_again_replaces_a_draft_that_nobody_edited(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    newsletter = settings.newsletters["friday"]
    first = assembling.assemble(session, newsletter, friday, a_ranking(session, *FIVE), now=now)
    review.submit(session, first, by="clock", now=now)
    second = assembling.assemble(session, newsletter, friday, a_ranking(session, *FIVE[2:4]), now=now)
    assert (second.id, second.state, second.revision, len(second.stories)) == (first.id, State.DRAFT, 2, 2)
    assert len(session.scalars(select(Edition)).all()) == 1


def test_what_an_editor_has_changed_is_never_replaced(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    newsletter, ranking = settings.newsletters["friday"], a_ranking(session, *FIVE)
    edition = assembling.assemble(session, newsletter, friday, ranking, now=now)
    wording.put(session, edition, replace(wording.of(edition), subject="Mine"), by="ed", now=now)
    with pytest.raises(WrongState, match="people have worked on it"):
        assembling.assemble(session, newsletter, friday, ranking, now=now)
    assert edition.subject == "Mine"


@pytest.mark.parametrize("state", [s for s in State if s not in {State.DRAFT, State.IN_REVIEW}])
def test_an_edition_that_was_decided_on_is_never_replaced(
    session: Session, settings: Settings, friday: date, now: datetime, state: State
) -> None:
    newsletter, ranking = settings.newsletters["friday"], a_ranking(session, *FIVE)
    assembling.assemble(session, newsletter, friday, ranking, now=now).state = state
    with pytest.raises(WrongState, match="already"):
        assembling.assemble(session, newsletter, friday, ranking, now=now)


def test_an_edition_written_by_hand_is_never_replaced(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    an_edition(session, date=friday)
    with pytest.raises(WrongState, match="already"):
        assembling.assemble(session, settings.newsletters["friday"], friday, a_ranking(session, *FIVE), now=now)


def test_a_week_without_stories_makes_no_edition(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    with pytest.raises(WrongState, match="no story was chosen"):
        assembling.assemble(session, settings.newsletters["friday"], friday, a_ranking(session), now=now)
    assert session.scalars(select(Edition)).all() == []


@pytest.mark.parametrize(
    ("count", "names", "text"),
    [
        (5, ["A", "B", "C", "D", "E"], "This week's five biggest stories, including A, B, C and D."),
        (3, ["A", "B"], "This week's three biggest stories, including A and B."),
        (2, ["A"], "This week's two biggest stories, including A."),
        (13, [], "This week's 13 biggest stories."),
        (1, ["A"], "This week's biggest story, from A."),
        (1, [], "This week's biggest story."),
    ],
)
def test_the_introduction_names_the_companies(count: int, names: list[str], text: str) -> None:
    assert assembling.introduction(count, names) == text


def test_a_company_is_named_once_whatever_its_case_and_spaces() -> None:
    chosen = [RankedStory(company=name) for name in ("Getir", "  getir ", "", "Marks  & Spencer", "GETIR")]
    assert assembling.companies(chosen) == ["Getir", "Marks & Spencer"]


@pytest.mark.parametrize(
    ("headlines", "names", "text"),
    [
        (["Getir buys Weezy."], ["Getir"], "Getir buys Weezy"),
        (["Getir buys Weezy", "x"], ["Getir", "Walmart"], "Getir buys Weezy, plus Walmart"),
        (["Will it sell?", "x"], ["Getir", "Walmart"], "Will it sell?"),
        (["word " * 20, "x"], ["Getir", "Walmart", "Boots"], "Getir, Walmart and Boots: the week's biggest stories"),
        (["Wort " * 20], [], "Wort " * 13 + "Wort…"),
        (["x" * 90], [], "x" * 69 + "…"),
    ],
)
def test_the_subject_is_short_and_natural(headlines: list[str], names: list[str], text: str) -> None:
    assert len(assembling.subject(headlines, names)) <= 70
    assert assembling.subject([h.strip() for h in headlines], names) == text


def test_the_preheader_of_a_single_story_is_empty() -> None:
    assert assembling.preheader(["Getir buys Weezy"]) == ""


def test_a_picture_keeps_its_size_until_an_editor_takes_another(
    session: Session, settings: Settings, friday: date, now: datetime
) -> None:
    edition = assembling.assemble(session, settings.newsletters["friday"], friday, a_ranking(session, *FIVE), now=now)
    first, *rest = wording.of(edition).stories
    other = replace(first, image_url="https://example.com/other.jpg")
    changed = replace(wording.of(edition), stories=(*rest, other))
    wording.put(session, edition, changed, by="ada", now=now)
    sizes = [(story.image_width, story.image_height) for story in edition.stories]
    assert sizes == [(1200, 602), (1200, 603), (1200, 604), (1200, 605), (None, None)]
