"""The words of an edition as a form carries them: `subject`, `stories-0-headline`, each under its own name.

What a form leaves out stays as it was, so that any form may carry as few of them as it likes. Where it adds or removes
stories, `stories` is how many there are; where it moves them, `stories-N-key` is which of them stands at N.
"""

from collections.abc import Mapping
from dataclasses import replace

from newsletter.editions import fields
from newsletter.editions.words import MOST_STORIES, StoryWords, Words
from newsletter.errors import BadInput
from newsletter.web.readers.forms import Filled, of_size

#: reads a form that carries all words of an edition, however many bytes a browser needs for them
read = of_size(4 * 1024 * 1024)


def words_of(form: Filled, old: Words) -> Words:
    """What *form* makes of *old*, as it was typed: `words.clean` says whether it can be kept.

    Raises BadInput where the form wants more stories than an edition may have.
    """
    given = dict(reversed(form.fields))  # of several values the first
    own = {name: _lines(given.get(name, getattr(old, name))) for name in fields.OWN}
    return Words(**own, stories=tuple(_story(given, number, old) for number in range(_count(given, old))))


def number(text: str) -> int:
    """A number that a page of ours put into a form; raises BadInput where it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput("That form is not complete: open its page again.")
    return int(text)


def _count(given: Mapping[str, str], old: Words) -> int:
    if "stories" not in given:
        return len(old.stories)
    text = given["stories"].strip()
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    if not 0 <= count <= MOST_STORIES:
        raise BadInput(f"An edition has at most {MOST_STORIES} stories, and nothing was changed.")
    return count


def _story(given: Mapping[str, str], number: int, old: Words) -> StoryWords:
    here = old.stories[number] if number < len(old.stories) else StoryWords("")
    key = given.get(fields.name(number, "key"), here.key)
    was = next((story for story in old.stories if story.key == key), StoryWords("")) if key else here
    typed = {name: given.get(fields.name(number, name), getattr(was, name)) for name in fields.OF_STORY}
    return replace(was, key=key, **{name: _lines(text) for name, text in typed.items()})


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")  # a browser sends every line's end as two signs
