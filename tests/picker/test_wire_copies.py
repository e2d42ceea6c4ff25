"""Syndicated text is one voice, whatever its printers do to it."""

import random

import pytest

from newsletter.stories.picking import picker
from tests.picker.builders import a_report, a_snapshot
from tests.picker.test_drafts import OFFER, WITHDRAWN

ANALYSTS = (
    "Analysts had expected such a step since the summer, when Morrow sold its filling stations and paid back most of "
    "its debt. “It is the only grocer of that size that can still borrow,” said one of them, who was not to be named."
)
SHARES = (
    "Shares of both grocers fell on Thursday morning, those of Kelso by a tenth. The unions of its staff welcomed the "
    "end of the talks and asked for a promise that no shop will close before next summer."
)
PARAGRAPHS = [OFFER, ANALYSTS, WITHDRAWN, SHARES]
ORIGINAL = "\n\n".join(PARAGRAPHS)
FIRST = "Readers of the Northern Echo will have seen this coming for weeks."
LAST = "The Northern Echo will follow the story in its weekend edition for its readers."

MUTATIONS = {
    "trimmed": " ".join(ORIGINAL.split()[:70]),
    "its end alone": " ".join(ORIGINAL.split()[60:]),
    "paragraphs in another order": "\n\n".join([PARAGRAPHS[2], PARAGRAPHS[0], PARAGRAPHS[3], PARAGRAPHS[1]]),
    "a new first and last sentence": f"{FIRST} {ORIGINAL} {LAST}",
    "cut, with a new first sentence": f"{FIRST} {' '.join(ORIGINAL.split()[:90])}",
    "the paper's own name": ORIGINAL.replace("said one of them", "told the Northern Echo one of them"),
    "other quotes' marks": ORIGINAL.replace("“", '"').replace("”", '"').replace("’", "'"),
    "German quotes' marks": ORIGINAL.replace("“", "„").replace("”", "“"),
    "other names for the grocers": ORIGINAL.replace("grocers", "supermarkets").replace("grocer", "supermarket"),
    "in capitals": ORIGINAL.upper(),
}


@pytest.mark.parametrize("text", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_copy_is_no_second_voice(text: str) -> None:
    wire, copy = (
        a_report(1, "Morrow withdraws", ORIGINAL, hours=9),
        a_report(2, "Grocer gives up on rival", text, hours=4),
    )
    stories = picker.group(a_snapshot(wire, copy)).stories
    assert [(len(story.voices), len(story.reprints)) for story in stories] == [(1, 1)]


def test_the_same_news_in_own_words_is_a_second_voice() -> None:
    words = ORIGINAL.split()
    random.Random(1).shuffle(words)  # noqa: S311
    other = a_report(2, "Morrow withdraws its offer for Kelso", " ".join(words), hours=4)
    stories = picker.group(a_snapshot(a_report(1, "Morrow withdraws its offer", ORIGINAL, hours=9), other)).stories
    assert [(len(story.voices), len(story.reprints)) for story in stories] == [(2, 0)]
