"""What one ranking says otherwise than the one before it, in sentences for who has just decided something."""

from collections.abc import Sequence

from newsletter.stories.models import RankedStory

#: characters of a headline in a sentence
_SHORT = 60


def between(before: Sequence[RankedStory], after: Sequence[RankedStory]) -> tuple[str, ...]:
    """Which stories came in, went out and moved among the chosen; where nothing did, which others moved most."""
    was = {article: story for story in before for article in story.article_ids}
    chosen = [story for story in after if story.chosen]
    told = [f"{_called(story)} is in, as no. {story.position}" for story in chosen if not _was_in(story, was)]
    told += [f"{_called(story)} is out" for story in before if story.chosen and not _is_in(story.article_ids, chosen)]
    moved = [story for story in chosen if _was_in(story, was) and _place(story, was) != story.position]
    told += [f"{_called(story)} is now no. {story.position}" for story in moved]
    return tuple(told)


def short(headline: str) -> str:
    """*headline*, cut after a word where it is long."""
    return headline if len(headline) <= _SHORT else headline[:_SHORT].rpartition(" ")[0] + "…"


def _was_in(story: RankedStory, was: dict[int, RankedStory]) -> bool:
    return any(was[article].chosen for article in story.article_ids if article in was)


def _is_in(articles: Sequence[int], chosen: Sequence[RankedStory]) -> bool:
    return any(not set(articles).isdisjoint(story.article_ids) for story in chosen)


def _place(story: RankedStory, was: dict[int, RankedStory]) -> int:
    return min(was[article].position for article in story.article_ids if article in was)


def _called(story: RankedStory) -> str:
    return f"“{short(story.headline)}”"
