"""Reports, weeks and snapshots for tests of the picker: everything has a default, and all of it is values."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter.stories.models import Kind, Rule
from newsletter.stories.picking import telling, vectors
from newsletter.stories.picking.decisions import Rules, Ruling
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.picker import Pick
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story

CLOSES_AT = datetime(2021, 11, 25, 16, tzinfo=UTC)
WALMART = (
    "Walmart will hold the first shoppable livestream on Twitter on 28 November. Jason Derulo hosts the show, which "
    "opens Cyber Week. Viewers can buy electronics, home goods and clothes without leaving the stream, and the "
    "retailer hopes that the format will bring younger shoppers to its own shop in the weeks before Christmas."
)
WALMART_AGAIN = (
    "Singer Jason Derulo is to front a shopping livestream for Walmart on Twitter, the first of its kind on the "
    "network. The retailer begins Cyber Week with it, this Sunday. Electronics and clothes can be bought by viewers "
    "while the stream runs."
)
GETIR = (
    "Getir has bought its British rival Weezy for an undisclosed sum. The Turkish grocery courier wants to be in "
    "fifteen cities of the United Kingdom before the end of the year, and Weezy, which raised twenty million dollars "
    "in January, brings it dark stores in London and Manchester."
)


def a_report(
    number: int,
    title: str = "Walmart goes live on Twitter",
    text: str = WALMART,
    *,
    owner: str = "",
    hours: float = 10,
    kind: Kind = Kind.TRADE,
    authority: int = 100,
) -> Item:
    """Article *number*, published *hours* before the window's end by an owner of its own."""
    source = owner or f"Paper {number}"
    url = f"https://{source.lower().replace(' ', '')}.example/{number}"
    return Item(number, url, title, text, CLOSES_AT - timedelta(hours=hours), source, source, kind, authority)


def a_snapshot(*items: Item, **more: Any) -> Snapshot:
    return Snapshot(tuple(items), CLOSES_AT, **more)


def a_story(*reports: Item, reprints: Sequence[Item] = ()) -> Story:
    """*reports* as one story, whatever they say."""
    seen = Frequencies(100, {})
    return Story(
        telling.oldest_first(reports),
        telling.oldest_first(reprints),
        {report.id: vectors.of_report(report, seen) for report in reports},
    )


def ruled(*rulings: tuple[Rule, Sequence[int]], points: int = 0) -> Rules:
    """Decisions, the oldest first."""
    return Rules(tuple(Ruling(rule, tuple(articles), points, by="ada") for rule, articles in rulings))


def a_week(seed: int, events: int = 7) -> tuple[Item, ...]:
    """Articles on so many events, up to five reports on each, in words of each event's own."""
    dice = random.Random(seed)  # noqa: S311
    items: list[Item] = []
    for event in range(events):
        words = [f"e{event}{letters}" for letters in _letters(60)]
        for paper in dice.sample(range(12), dice.randrange(1, 6)):
            number = 10 * (len(items) + 1)
            text = " ".join(dice.choices(words, k=90))
            title = f"{dice.choice(['Acme', 'Bolt', 'Corex', ''])} {' '.join(dice.sample(words, 4))}".strip()
            kind = dice.choice(list(Kind))
            report = a_report(number, title, text, owner=f"Paper {paper}", hours=dice.uniform(1, 160), kind=kind)
            items.append(replace(report, authority=dice.choice((25, 50, 75, 100, 125))))
    return tuple(items)


def a_copy(original: Item, number: int, seed: int) -> Item:
    """*original* elsewhere and later: whole or cut, with a word changed here and there."""
    dice = random.Random(seed)  # noqa: S311
    stream = original.text.split()
    kept = stream[: max(60, round(len(stream) * dice.choice((1, 0.8))))]
    kept[dice.randrange(len(kept))] = "otherwise"
    later = min(original.published_at + timedelta(minutes=dice.randrange(1, 600)), CLOSES_AT)
    copy = a_report(number, original.title, " ".join(kept), owner=f"Reprinter {seed % 5}", kind=dice.choice(list(Kind)))
    return replace(copy, published_at=later, authority=dice.choice((25, 100, 125)))


def told(pick: Pick) -> list[Mapping[str, Any]]:
    """All that is told of a pick's stories, as plain values to compare."""
    return [
        {
            **one.stored(),
            "chosen": one.chosen,
            "score": one.score,
            "headline": one.draft.headline,
            "summary": one.draft.summary,
            "articles": one.story.articles,
            "why": one.why,
            "warning": one.warning,
        }
        for one in pick.ranked
    ]


def told_but_reprints(pick: Pick) -> list[Mapping[str, Any]]:
    """The same, without the articles and the sentence that count reprints."""
    return [{key: value for key, value in one.items() if key not in {"articles", "why"}} for one in told(pick)]


def _letters(count: int) -> list[str]:
    return [f"{'bcdfghklmn'[n % 10]}{'aeiou'[n // 10 % 5]}{'prstvz'[n // 10]}" for n in range(count)]
