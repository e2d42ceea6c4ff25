"""A week in, an edition with its reasons out."""

from dataclasses import replace
from datetime import timedelta

from newsletter.stories.models import Kind, Rule
from newsletter.stories.picking import picker, reasons
from newsletter.stories.picking.followups import Relation
from newsletter.stories.picking.snapshot import Memory, Past
from newsletter.stories.picking.vectors import Vector
from newsletter.stories.picking.voices import sketch
from tests.picker.builders import CLOSES_AT, GETIR, WALMART, WALMART_AGAIN, a_report, a_snapshot, a_story, a_week, ruled

WALMARTS = (
    a_report(1, "Walmart goes live on Twitter with Jason Derulo", WALMART, hours=30),
    a_report(2, "Jason Derulo to front Walmart's Twitter livestream", WALMART_AGAIN, hours=20),
    a_report(3, "Walmart goes live on Twitter", WALMART, hours=10),
)
WEEZY = a_report(4, "Getir buys Weezy", GETIR, hours=50)


def published(headline: str, text: str = "", *, url: str = "", centroid: Vector | None = None) -> Past:
    urls = frozenset({url} if url else ())
    return Past("2021-11-19", headline, CLOSES_AT - timedelta(hours=25), urls, sketch(text), centroid or {})


def test_reports_of_one_event_are_one_story_and_reprints_are_carried() -> None:
    stories = picker.group(a_snapshot(*WALMARTS, WEEZY)).stories
    assert [(len(story.voices), len(story.reprints)) for story in stories] == [(2, 1), (1, 0)]


def test_a_chosen_story_says_why() -> None:
    first = picker.pick(a_snapshot(*WALMARTS, WEEZY, interests={"livestream": 2.0})).ranked[0]
    assert first.why == (
        "2 independent sources (Paper 1, Paper 2; 1 reprint not counted); matches “livestream”; "
        "last new report 20 h before closing."
    )


def test_a_story_left_out_says_what_it_lacked() -> None:
    second = picker.pick(a_snapshot(*WALMARTS, WEEZY, limit=1)).ranked[1]
    assert "Not chosen: " in second.why and "mostly for want of independent sources" in second.why


def test_the_draft_names_its_sources() -> None:
    first = picker.pick(a_snapshot(*WALMARTS, WEEZY)).ranked[0]
    assert first.draft.attribution == "Paper 1 and 1 more"


def test_the_draft_is_at_most_two_sentences_that_were_written() -> None:
    quotes = picker.pick(a_snapshot(*WALMARTS)).ranked[0].draft.quotes
    assert [quote.text in f"{WALMART} {WALMART_AGAIN}" for quote in quotes] == [True, True]


def test_the_draft_does_not_say_one_thing_twice() -> None:
    twice = a_report(1, "Getir buys Weezy", "Getir has bought its British rival Weezy for a sum. " * 2)
    assert len(picker.pick(a_snapshot(twice)).ranked[0].draft.quotes) == 1


def test_a_story_without_text_has_an_empty_draft() -> None:
    assert picker.pick(a_snapshot(a_report(1, "Getir buys Weezy", ""))).ranked[0].draft.summary == ""


def test_an_empty_week_is_an_empty_edition() -> None:
    pick = picker.pick(a_snapshot())
    assert (pick.ranked, pick.notes) == ((), ("a thin week: 0 of 5 stories; nothing else may be chosen",))


def test_merged_articles_are_one_story() -> None:
    stories = picker.group(a_snapshot(*WALMARTS, WEEZY, rules=ruled((Rule.MERGE, [1, 4])))).stories
    assert [story.articles for story in stories] == [(1, 2, 3, 4)]


def test_a_reprint_that_was_split_off_is_a_story_of_its_own() -> None:
    stories = picker.group(a_snapshot(*WALMARTS, rules=ruled((Rule.SPLIT, [3, 1, 2])))).stories
    assert [story.articles for story in stories] == [(1, 2), (3,)]


def test_a_story_that_was_told_is_not_told_again() -> None:
    memory = Memory(recent=(published("Walmart goes live", url=WALMARTS[0].url),))
    one = picker.pick(a_snapshot(WALMARTS[0], memory=memory)).ranked[0]
    assert one.lacking == "already told on 2021-11-19, and no new voices since"


def test_a_story_in_the_same_words_was_told() -> None:
    memory = Memory(recent=(published("Walmart goes live", f"{WALMART} {GETIR}"),))
    assert picker.pick(a_snapshot(WALMARTS[0], memory=memory)).ranked[0].relation is not None


def test_two_new_voices_make_a_follow_up_that_says_so() -> None:
    memory = Memory(recent=(published("Walmart goes live", url=WALMARTS[0].url),))
    turned = " ".join(reversed(WALMART.split()))
    new = a_report(9, "Walmart and Jason Derulo sell on Twitter", turned, hours=2)
    one = picker.pick(a_snapshot(*WALMARTS[:2], new, memory=memory))
    assert (one.chosen[0].relation, one.chosen[0].breakdown.follow_up) == (
        Relation("2021-11-19", "Walmart goes live", 2),
        60,
    )


def test_a_week_of_releases_is_told_as_such() -> None:
    release = a_report(1, "Acme launches", GETIR, kind=Kind.PR_WIRE, authority=25)
    assert "told by press releases and vendors only" in picker.pick(a_snapshot(release)).ranked[0].why


def test_ten_interests_say_what_is_off_topic() -> None:
    interests = {f"phrase {number}": 1.0 for number in range(9)} | {"livestream": 1.0}
    ranked = picker.pick(a_snapshot(*WALMARTS, WEEZY, interests=interests)).ranked
    assert [(one.chosen, one.lacking) for one in ranked] == [(True, ""), (False, "off topic")]


def test_a_broad_interest_is_no_topic_that_limits() -> None:
    items = [replace(item, title=f"{item.title} retail") for item in a_week(3, events=9)]
    assert not [note for note in picker.pick(a_snapshot(*items, interests={"retail": 1.0})).notes if "topic" in note]


def test_titles_that_disagree_on_the_quarter_look_mixed() -> None:
    story = a_story(a_report(1, "Tesco sales rise in Q2"), a_report(2, "Tesco sales rise in Q3"))
    assert reasons.warning(story) == "Mixed? Its titles speak of Q2 and Q3."


def test_reports_with_little_in_common_look_mixed() -> None:
    story = a_story(a_report(1, "One", WALMART), a_report(2, "Two", GETIR))
    assert reasons.warning(story) == "Mixed? Its reports have little in common."


def test_a_single_report_never_looks_mixed() -> None:
    assert reasons.warning(a_story(a_report(1))) == ""


def test_a_newer_headline_is_shown_beside_the_lead() -> None:
    story = a_story(a_report(1, "Deal agreed", authority=125, hours=90), a_report(2, "Deal off", hours=2))
    assert (story.lead.title, reasons.updated(story)) == ("Deal agreed", "Deal off")
