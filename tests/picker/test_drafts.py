"""The words of a draft: whole sentences of the article's own, forward in time, under the best of the titles."""

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newsletter.stories.picking import cleaning, drafting, headlines, marks, turning
from newsletter.stories.picking.drafting import Draft
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item
from tests.picker.builders import GETIR, WALMART, WALMART_AGAIN, a_report, a_story

SEEN = Frequencies(100, {})
OFFER = (
    "Morrow has made an offer of £2bn for its rival Kelso, which runs 400 shops in the north. The board of Kelso will "
    "look at the offer this week. Morrow wants to join the supply chains of both grocers by the spring."
)
WITHDRAWN = (
    "Morrow has withdrawn its offer for Kelso after the rival's board asked for more. The two grocers ended their "
    "talks on Thursday, and Kelso says that it will go on alone with its own plan for the north."
)


def draft(*reports: Item) -> Draft:
    return drafting.draft(a_story(*reports), SEEN)


@pytest.mark.parametrize(
    "sentence",
    [
        "LONDON, Nov 24 (Reuters) - {}",
        "BENTONVILLE, Ark., Nov. 24, 2021 /PRNewswire/ -- {}",
        "PARIS – {}",
        "Berlin (dpa) – {}",
        "NEW YORK (AP) — {}",
        "Hamburg, den 24. November – {}",
        "Published 24 November 2021 at 10:45 | {}",
        "10:45 AM ET {}",
        "By Jane Doe | {}",
        "{} (Photo by Jane Doe/Getty Images)",
        "{} Image credit: Walmart",
    ],
)
def test_what_stands_around_a_sentence_is_cut(sentence: str) -> None:
    assert cleaning.own(sentence.format("Walmart sells on Twitter.")) == "Walmart sells on Twitter."


@pytest.mark.parametrize(
    "sentence",
    [
        "Read more: Tesco shuts its shop.",
        "Sign up for our daily letter.",
        "Follow us on Twitter for more of this.",
        "Reporting by Jane Doe; editing by John Doe.",
        "The post Tesco shuts its shop appeared first on Retail Now.",
        "Lesen Sie auch: Tesco schließt einen Laden.",
        "À lire aussi : Tesco ferme un magasin.",
        "© 2021 Retail Now. All rights reserved.",
    ],
)
def test_invitations_and_notices_are_no_sentences_of_an_article(sentence: str) -> None:
    assert cleaning.own(sentence) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "IBM - the giant - said so.",
        "The shop opens at 10:45 on Monday.",
        "In 2021 (its first year) - the shop grew.",
        "By the spring Walmart will sell on Twitter.",
        "Photos sell better than words, says Walmart.",
    ],
)
def test_an_article_s_own_words_stay(sentence: str) -> None:
    assert cleaning.own(sentence) == sentence


def test_a_quote_that_spans_sentences_stays_whole() -> None:
    text = "The head of Getir was pleased. “We grow fast. We will be in fifteen cities soon.” Weezy agreed with that."
    assert cleaning.sentences(text, 9)[1] == "“We grow fast. We will be in fifteen cities soon.”"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["“", "”", "(", ")", "«", "»", '"', "grows fast", "said Getir", ". ", "! ", "’s", " "]),
        max_size=40,
    )
)
def test_no_draft_has_a_quote_or_bracket_without_its_other_half(parts: list[str]) -> None:
    text = f"{GETIR} {''.join(parts)} {WALMART}"
    assert [
        quote.text for quote in draft(a_report(1, "Getir", text)).quotes if not marks.are_balanced(quote.text)
    ] == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["“", "”", "(", ")", '"', "Getir", "buys", "Weezy", "|", "-", "News:", " "]), max_size=20)
)
def test_a_headline_keeps_the_quotes_and_brackets_of_its_title(parts: list[str]) -> None:
    title = " ".join(["Getir", *parts]).replace("“ ", "“").replace(" ”", "”").replace("( ", "(").replace(" )", ")")
    assume(marks.are_balanced(title))
    assert marks.are_balanced(draft(a_report(1, title, GETIR)).headline)


@pytest.mark.parametrize(
    "title",
    ["Getir buys Weezy (again | for now)", "Getir “buys Weezy - Getir” again | News", "News: “Getir buys | Weezy”"],
)
def test_what_opens_in_a_title_is_not_cut_from_what_closes_it(title: str) -> None:
    assert marks.are_balanced(draft(a_report(1, title, GETIR)).headline)


def test_the_two_sentences_run_forward_in_time() -> None:
    told = draft(a_report(1, text=WALMART_AGAIN, hours=5), a_report(2, text=WALMART, hours=60))
    at = {"https://paper1.example/1": 5, "https://paper2.example/2": 60}
    hours = [at[quote.url] for quote in told.quotes]
    assert hours == sorted(hours, reverse=True) and len(hours) == 2


def test_an_offer_that_was_withdrawn_is_not_told_as_standing() -> None:
    made, gone = (
        a_report(1, "Morrow offers £2bn for Kelso", OFFER, hours=90, authority=125),
        a_report(2, "Morrow withdraws its offer for Kelso", WITHDRAWN, hours=3),
    )
    told = draft(made, gone)
    assert told.headline == "Morrow withdraws its offer for Kelso"
    assert told.summary == f"{OFFER.split('. ')[0]}. Since then: {WITHDRAWN.split('. ')[0]}."


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Morrow nimmt sein Angebot nicht an, sagt der Händler am Montag im Laden", "Seither:"),
        ("Le groupe a retiré son offre pour les magasins de la région", "Depuis :"),
    ],
)
def test_since_is_said_in_the_language_of_the_news(text: str, word: str) -> None:
    assert turning.since(text) == word


def test_of_two_counts_the_newer_is_told() -> None:
    old = "Kelso will close 12 of its shops in the north by the spring, the grocer said in a statement to its staff."
    new = "Kelso will close 31 of its shops in the north by the spring, the grocer said in a statement to its staff."
    told = draft(a_report(1, "Kelso closes shops", old, hours=50), a_report(2, "Kelso closes shops", new, hours=4))
    assert told.summary == new


@pytest.mark.parametrize(
    "title",
    ["News", "24 November 2021", "KELSO BUYS MORROW FOR A SONG", "Kelso buys …", "Retail round-up: Kelso and more"],
)
def test_a_better_title_of_another_outlet_is_the_headline(title: str) -> None:
    lead, other = a_report(1, title, OFFER, authority=125), a_report(2, "Morrow makes an offer for Kelso", OFFER)
    assert headlines.best([lead, other], lead, SEEN) == "Morrow makes an offer for Kelso"


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("UPDATE 1-Kelso buys Morrow", "Kelso buys Morrow"),
        ("Exclusive: Kelso buys Morrow", "Kelso buys Morrow"),
        ("Kelso buys Morrow | Paper 1", "Kelso buys Morrow"),
        ("Kelso buys Morrow - Paper 1", "Kelso buys Morrow"),
        ("Kelso buys Morrow - for a song", "Kelso buys Morrow - for a song"),
        ("Kelsoâ€™s offer", "Kelso’s offer"),
        ("CafÃ© Kelso opens", "Café Kelso opens"),
    ],
)
def test_a_title_loses_labels_papers_and_wrong_letters(title: str, plain: str) -> None:
    assert headlines.plain(a_report(1, title)) == plain


def test_a_title_with_letters_lost_is_passed_over() -> None:
    lost = a_report(1, "Kelso buys Caf\ufffd Morrow", OFFER, authority=125)
    assert headlines.best([lost, a_report(2, "Kelso buys Café Morrow", OFFER)], lost, SEEN) == "Kelso buys Café Morrow"


def test_a_turn_of_the_same_hour_is_none() -> None:
    made, gone = a_report(1, "Offer made", OFFER, hours=9), a_report(2, "Offer withdrawn", WITHDRAWN, hours=8.5)
    assert turning.turn([made, gone]) is None
    assert timedelta(minutes=30) == gone.published_at - made.published_at
