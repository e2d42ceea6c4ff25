"""What a ranked story is called: a short id that stays, whatever place the next ranking gives it."""

import re
from collections.abc import Sequence

from newsletter.errors import NotFound
from newsletter.stories.models import RankedStory


def name(story: RankedStory) -> str:
    """ "s17": the story that holds article 17, its earliest."""
    return f"s{min(story.article_ids)}" if story.article_ids else f"{story.position}"


def find(stories: Sequence[RankedStory], wanted: str) -> RankedStory:
    """The one of *stories* called *wanted*: "s17", or its place in the list as it stands; raises NotFound.

    Of stories that were merged or grew, every earlier id still leads to the one that holds the article.
    """
    text = wanted.strip().lower()
    if re.fullmatch(r"s[0-9]{1,18}", text):
        found = [story for story in stories if int(text[1:]) in story.article_ids]
    elif re.fullmatch(r"[0-9]{1,9}", text):
        found = [story for story in stories if story.position == int(text)]
    else:
        found = []
    if not found:
        raise NotFound(f"there is no story {wanted!r}; newsletter stories list shows their ids")
    return found[0]
