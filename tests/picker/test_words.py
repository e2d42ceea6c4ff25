"""Text taken apart."""

import pytest

from newsletter.stories.picking import capitals, companies, words


def test_words_are_lower_case_without_possessives() -> None:
    assert words.words("Mode’s “Bitcoin” row: Boots', Ocado's") == ["mode", "bitcoin", "row", "boots", "ocado"]


def test_stop_words_and_single_letters_tell_nothing() -> None:
    assert words.telling("The shop will open in a week 5 at 11 avenue Parmentier") == [
        "shop",
        "open",
        "week",
        "11",
        "avenu",
        "parmenti",
    ]


def test_sentences_end_where_sentences_end() -> None:
    text = "Getir bought Weezy. Terms were not disclosed! “We grow,” it said.  In 2021? Yes."
    assert words.sentences(text) == [
        "Getir bought Weezy.",
        "Terms were not disclosed!",
        "“We grow,” it said.",
        "In 2021?",
        "Yes.",
    ]


@pytest.mark.parametrize("text", ["Apple Inc. Said so.", "The U.S. Senate met.", "It cost $1.5 million."])
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert words.sentences(text) == [text]


def test_names_are_phrases_in_capitals() -> None:
    assert capitals.names("Richemont moves to Amazon Web Services, says Jason Derulo on Friday.") == [
        "Richemont",
        "Amazon Web Services",
        "Jason Derulo",
    ]


def test_a_title_in_title_case_is_known() -> None:
    assert capitals.is_title_case("Getir Acquires Weezy in Rapid Delivery Deal")
    assert not capitals.is_title_case("Walmart goes live on Twitter with Jason Derulo this Sunday")


def test_plurals_are_taken_for_singulars() -> None:
    assert words.singular(["tills", "glass", "bus", "self"]) == ["till", "glass", "bus", "self"]


def test_the_company_is_the_name_that_most_voices_put_into_titles() -> None:
    voices = [
        [("Getir buys Weezy", "Turkish courier Getir has bought its rival Weezy.")],
        [("Weezy Sold To Turkish Rival In Rapid Delivery Deal", "The grocer Weezy goes to Getir.")],
        [("What is left for Weezy's rivals", "Now that Getir owns Weezy, three remain.")],
    ]
    assert companies.of_story(voices) == "Weezy"


def test_of_names_in_as_many_titles_the_one_that_the_text_begins_with_counts() -> None:
    voices = [[("Richemont moves to Amazon", "Luxury group Richemont takes its IT to Amazon.")]]
    assert companies.of_story(voices) == "Richemont"


def test_a_name_in_too_few_titles_is_no_company() -> None:
    voices = [[("Getir grows", "It is Getir again.")], [("Shops close", "")], [("Tills fall silent", "")]]
    assert companies.of_story(voices) == ""


def test_a_first_word_that_is_an_ordinary_word_is_no_company() -> None:
    assert companies.of_story([[("Shoppers return", "Shoppers are back. The shops like shoppers.")]]) == ""


def test_weekdays_and_countries_are_no_companies() -> None:
    assert companies.of_story([[("All shops in France shut on Monday", "They shut in France on Monday.")]]) == ""
