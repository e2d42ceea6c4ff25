"""The catalogues say everything that pages and letters say, and nothing else."""

import re

import pytest

from newsletter.rendering import languages
from tests.readers.catalogue import sentences

TAGS = [tag for tag in languages.available() if tag != languages.SOURCE]
_PLACE = re.compile(r"%\((\w+)\)s|</?\w+>")


@pytest.mark.parametrize("tag", TAGS)
def test_a_catalogue_has_every_sentence_and_no_other(tag: str) -> None:
    assert set(languages.words(tag).catalogue) == sentences()


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_has_the_same_places_and_marks(tag: str) -> None:
    wrong = [
        sentence
        for sentence, said in languages.words(tag).catalogue.items()
        if sorted(_PLACE.findall(sentence)) != sorted(_PLACE.findall(said)) or not said
    ]
    assert wrong == []


def test_values_are_escaped_into_pages_and_not_into_letters() -> None:
    words = languages.words("fr")
    said = (words.html("Lists for %(mailbox)s", mailbox="<b>"), words.text("Lists for %(mailbox)s", mailbox="<b>"))
    assert said == ("Listes pour &lt;b&gt;", "Listes pour <b>")
