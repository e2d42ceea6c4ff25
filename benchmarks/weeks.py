"""Simulated weeks of trade news with known events: rewrites, reprints, bursts, a chatty feed and look-alikes.

Everything is made here from a seed. Words are invented, and stand as often as words do: a few everywhere
(Zipf), some by topic, some by kind of news, few by event. How alike the articles are was set by the
cosines measured on real news; `python -m benchmarks.picker --likeness` prints both. The usual week has the
make-up of the pools that the picker's thresholds were measured on: 230 events, 35 of them widely told.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from newsletter.stories.models import Kind
from newsletter.stories.picking.snapshot import Item

CLOSES_AT = datetime(2021, 11, 25, 16, tzinfo=UTC)
_WEEK_HOURS = 168
#: some events are told by all in much the same words, others by each in its own
_CLOSE = (0.35, 1.1)
_GLUE = tuple(
    "the of to in a and for on that with is as by at from it its has was will be an are this".split()  # noqa: SIM905
)
#: so many words that are taken already, and a longer one is tried
_PATIENCE = 24
_SYLLABLES = tuple(
    "ba ce di fo gu ha ki le mo nu pra que ri sto tu va we xi yo zan tor mel lin dar ver pol nim ost".split()  # noqa: SIM905
)
_KINDS = {
    "acquisition": "buys acquires takeover deal terms stake rival snaps up price owner bid",
    "launch": "launches unveils debuts rolls out new product offer first starts tests pilot",
    "results": "sales profit quarter results rise fall forecast shares analysts margin beats misses",
    "closure": "closes shuts stores jobs cuts axes restructuring administrators staff leases exit",
    "lawsuit": "sues court claims lawsuit judge patent damages settles ruling appeal lawyers",
    "hire": "names appoints hires chief officer joins steps down successor board leads",
    "partnership": "partners teams up alliance signs agreement joint together works supplier platform",
    "outage": "outage breach down customers hackers systems data exposed apologises restored",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a week is made of."""

    #: stories that several newsrooms tell, those that one tells, and look-alikes of the former
    shared: int = 35
    single: int = 171
    alike: int = 24
    #: press releases that are printed everywhere, and in how many places
    bursts: int = 4
    copies: int = 14
    #: one owner's feed that tells each of its stories again and again
    chatty: int = 24
    #: how often a story's report is copied by somebody else
    reprinted: float = 0.12
    #: companies in the news
    companies: int = 160
    #: shares of its facts that a look-alike may have in common with its story
    kept: tuple[float, ...] = (0.0, 0.1, 0.3, 0.6)
    #: how often it is news of the same company
    namesakes: float = 0.5
    #: sentences of an article that is no short item: from, and up to
    sentences: tuple[int, int] = (7, 20)


@dataclass(frozen=True, slots=True)
class Outlet:
    name: str
    owner: str
    kind: Kind
    authority: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, the event it tells of, and the article it was copied from (0: its own words)."""

    item: Item
    event: str
    copied_from: int = 0


@dataclass(frozen=True, slots=True)
class Week:
    articles: tuple[Labelled, ...]
    closes_at: datetime = CLOSES_AT


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    topic: int
    kind: str
    names: tuple[str, ...]
    #: each in the words that one newsroom or another uses for it
    facts: tuple[tuple[str, ...], ...]
    starts: float
    #: how closely its newsrooms keep to the facts: 1 for all but nothing else
    close: float = 1.0


def week(seed: int, shape: Shape | None = None) -> Week:
    """The simulated week number *seed*; the same every time. All weeks speak one language."""
    return _Newsdesk(random.Random(seed), shape or Shape(), _Words(random.Random(0), topics=12)).week()


def twins(seed: int, stories: int, reports: int) -> Week:
    """So many stories and a look-alike of each, all told by as many newsrooms: what a labelled corpus looks like."""
    desk = _Newsdesk(random.Random(seed), Shape(reprinted=0), _Words(random.Random(0), topics=12))
    return desk.twins(stories, reports)


def times(shape: Shape, factor: float) -> Shape:
    """*shape* with so many times the stories."""
    return replace(
        shape,
        shared=round(shape.shared * factor),
        single=round(shape.single * factor),
        alike=round(shape.alike * factor),
        bursts=round(shape.bursts * factor),
        chatty=round(shape.chatty * factor),
        companies=round(shape.companies * factor),
    )


class _Words:
    """An invented language: common words, words of topics, and no end of rare ones."""

    def __init__(self, dice: random.Random, topics: int) -> None:
        self._used = set(_GLUE)
        self._dice = dice
        self._common = [self.fresh() for _ in range(4000)]
        self._rare = self._common[800:]
        self._topical = [[self.fresh() for _ in range(160)] for _ in range(topics)]
        self.companies = [self.fresh(3).capitalize() for _ in range(2000)]
        self.places = [self.fresh(3).capitalize() for _ in range(40)]
        self._zipf = {size: list(accumulate(1 / (rank + 3) for rank in range(size))) for size in (4000, 160)}

    def fresh(self, syllables: int = 0) -> str:
        tried = 0
        while (word := self._made_up(syllables, tried // _PATIENCE)) in self._used:
            tried += 1
        self._used.add(word)
        return word

    def _made_up(self, syllables: int, more: int) -> str:
        """A word, *more* syllables longer where the shorter ones are nearly all taken, as in a week of thousands."""
        return "".join(self._dice.choices(_SYLLABLES, k=(syllables or self._dice.choice((2, 2, 3, 3, 4))) + more))

    def speak(self, dice: random.Random) -> None:
        """From now on, words are drawn with *dice*."""
        self._dice = dice

    def common(self, count: int) -> list[str]:
        return self._dice.choices(self._common, cum_weights=self._zipf[4000], k=count)

    def topical(self, topic: int, count: int) -> list[str]:
        return self._dice.choices(self._topical[topic], cum_weights=self._zipf[160], k=count)

    def rare(self) -> str:
        return self._dice.choice(self._rare)


@dataclass
class _Newsdesk:
    """Invents a week's events and has its outlets write about them."""

    dice: random.Random
    shape: Shape
    words: _Words
    articles: list[Labelled] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words.speak(self.dice)
        self.companies = self.words.companies[: self.shape.companies]
        self.fame = list(accumulate(1 / (rank + 8) for rank in range(len(self.companies))))
        self.outlets = _outlets()
        self.newsrooms = [outlet for outlet in self.outlets if outlet.kind in {Kind.TRADE, Kind.NATIONAL}]

    def week(self) -> Week:
        shared = [self._event() for _ in range(self.shape.shared)]
        for event in shared:
            self._cover(event, min(9, 2 + int(self.dice.expovariate(0.45))))
        for event in self.dice.choices(shared, k=self.shape.alike):
            self._cover(self._look_alike(event), self.dice.choice((1, 1, 1, 2, 3)))
        for _ in range(self.shape.single):
            self._cover(self._event(), 1)
        for _ in range(self.shape.bursts):
            self._burst()
        self._chatter()
        self.dice.shuffle(self.articles)
        return Week(tuple(self.articles))

    def twins(self, stories: int, reports: int) -> Week:
        for _ in range(stories):
            event = self._event()
            self._cover(event, reports)
            self._cover(self._look_alike(event), reports)
        return Week(tuple(self.articles))

    def _event(self) -> _Event:
        topic = self.dice.randrange(12)
        company, other = self.dice.choices(self.companies, cum_weights=self.fame, k=2)
        product = self.words.fresh(3).capitalize()
        return _Event(
            name=f"event {len(self.articles)} {product}",
            topic=topic,
            kind=self.dice.choice(list(_KINDS)),
            names=(company, other, self.dice.choice(self.words.places), product),
            facts=tuple(self._fact(topic) for _ in range(14)),
            starts=self.dice.uniform(2, _WEEK_HOURS - 4),
            close=self.dice.uniform(*_CLOSE),
        )

    def _fact(self, topic: int) -> tuple[str, ...]:
        if self.dice.random() < 0.2:
            return (str(self.dice.randrange(2, 900)),)
        many = self.dice.choice((1, 1, 1, 2))
        return tuple(
            self.words.rare() if self.dice.random() < 0.5 else self.words.topical(topic, 1)[0] for _ in range(many)
        )

    def _look_alike(self, event: _Event) -> _Event:
        """The same kind of news, of the same company or of another; of place, product and facts, some are the same."""
        other = self._event()
        kept = self.dice.sample(event.facts, round(len(event.facts) * self.dice.choice(self.shape.kept)))
        company = event.names[0] if self.dice.random() < self.shape.namesakes else other.names[0]
        rest = (self.dice.choice(pair) for pair in zip(event.names[1:], other.names[1:], strict=True))
        return replace(
            other,
            name=f"{other.name} like {event.name}",
            topic=event.topic,
            kind=event.kind,
            names=(company, *rest),
            facts=(*kept, *other.facts[len(kept) :]),
        )

    def _cover(self, event: _Event, newsrooms: int) -> None:
        """So many newsrooms tell of *event*, each in its own words; some of it is copied."""
        owners: dict[str, Outlet] = {}
        for outlet in self.dice.sample(self.newsrooms, len(self.newsrooms)):
            owners.setdefault(outlet.owner, outlet)
        for outlet in list(owners.values())[:newsrooms]:
            told = self._write(event, outlet, event.starts - self.dice.expovariate(1 / 14))
            while self.dice.random() < self.shape.reprinted:
                self._copy(told, self.dice.choice(self.outlets))

    def _burst(self) -> None:
        """A press release, printed all over; a newsroom may tell of it in its own words, too."""
        event = self._event()
        wires = [outlet for outlet in self.outlets if outlet.kind is Kind.PR_WIRE]
        release = self._write(event, self.dice.choice(wires), event.starts, short=False)
        for outlet in self.dice.sample(self.outlets, min(self.shape.copies, len(self.outlets))):
            if outlet.name != release.item.source:
                self._copy(release, outlet)
        self._cover(event, self.dice.choice((0, 0, 1)))

    def _chatter(self) -> None:
        """One feed that tells each of its stories six times, a little differently."""
        outlet = Outlet("Chatty Daily", "Chatty", Kind.TRADE, 75)
        event = self._event()
        for number in range(self.shape.chatty):
            if number % 6 == 0:
                event = self._event()
            self._write(event, outlet, event.starts - 3 * (number % 6))

    def _write(self, event: _Event, outlet: Outlet, hours: float, *, short: bool | None = None) -> Labelled:
        # some stick to the facts, some write around them
        close = min(event.close * self.dice.uniform(0.5, 1.6), 1.0)
        angle = self.dice.sample(event.facts, 4 + round((len(event.facts) - 4) * close))
        own = [self.words.rare() for _ in range(7)]
        brief = self.dice.random() < 0.22 if short is None else short
        many = 3 if brief else self.dice.randrange(*self.shape.sentences)
        text = " ".join(self._sentence(event, angle, own, close - 0.07 * place) for place in range(many))
        return self._add(event.name, outlet, self._title(event, angle, own), text, hours)

    def _title(self, event: _Event, angle: Sequence[tuple[str, ...]], own: Sequence[str]) -> str:
        verb, *_ = self.dice.sample(_KINDS[event.kind].split(), 1)
        company = event.names[0] if self.dice.random() < 0.85 else self.dice.choice(event.names[1:])
        told = [self.dice.choice(self.dice.choice(angle)) for _ in range(self.dice.choice((1, 2, 3)))]
        rest = [*told, *self.words.common(2), self.dice.choice((*own, *event.names[1:]))]
        self.dice.shuffle(rest)
        return " ".join([company, verb, *rest])

    def _sentence(self, event: _Event, angle: Sequence[tuple[str, ...]], own: Sequence[str], close: float) -> str:
        """Facts stand at the top; further down come background and the newsroom's own angle."""
        is_fact = self.dice.random() < max(0.15, close)
        content = [*self.words.common(3), *self.words.topical(event.topic, 1)]
        if is_fact:
            content += [self.dice.choice(fact) for fact in self.dice.sample(angle, 4)]
            content += [*self.dice.sample(event.names, 2), self.dice.choice(_KINDS[event.kind].split())]
        else:
            content += self.dice.sample(own, 2)
        content += self.dice.choices(_GLUE, k=7)
        self.dice.shuffle(content)
        sentence = " ".join(content)
        return f"{sentence[0].upper()}{sentence[1:]}."

    def _copy(self, original: Labelled, outlet: Outlet) -> None:
        """The same words elsewhere: whole, cut, with a few changed, under a line of the printer's own."""
        stream = original.item.text.split()
        kept = stream[: round(len(stream) * self.dice.choice((1, 1, 0.6, 0.4)))]
        wear = self.dice.choice((0, 0.02, 0.05))
        text = " ".join(word if self.dice.random() > wear else self.words.rare() for word in kept)
        if self.dice.random() < 0.4:
            text = f"{text} {' '.join(self.words.common(12))}."
        published = original.item.published_at + timedelta(minutes=self.dice.randrange(5, 900))
        item = self._item(outlet, original.item.title, text, min(published, CLOSES_AT - timedelta(minutes=1)))
        self.articles.append(Labelled(item, original.event, original.item.id))

    def _add(self, event: str, outlet: Outlet, title: str, text: str, hours: float) -> Labelled:
        at = CLOSES_AT - timedelta(hours=min(max(hours, 0.1), _WEEK_HOURS - 0.1))
        self.articles.append(Labelled(self._item(outlet, title, text, at), event))
        return self.articles[-1]

    def _item(self, outlet: Outlet, title: str, text: str, at: datetime) -> Item:
        number = len(self.articles) + 1
        url = f"https://{outlet.name.lower().replace(' ', '-')}.example/{number}"
        return Item(number, url, title, text, at, outlet.name, outlet.owner, outlet.kind, outlet.authority)


def _outlets() -> list[Outlet]:
    """Who publishes: of the trade papers, every fourth belongs to the owner of the one before it."""
    trade = [
        Outlet(f"Trade {n}", f"Trade owner {n - (n % 4 == 3)}", Kind.TRADE, (75, 100, 100, 125)[n % 4])
        for n in range(24)
    ]
    national = [Outlet(f"National {n}", f"National {n}", Kind.NATIONAL, 100) for n in range(6)]
    vendors = [Outlet(f"Vendor {n}", f"Vendor {n}", Kind.VENDOR, 50) for n in range(5)]
    wires = [Outlet(f"Wire {n}", f"Wire {n}", Kind.PR_WIRE, 25) for n in range(3)]
    others = [Outlet(f"Aggregator {n}", f"Aggregator {n}", Kind.AGGREGATOR, 75) for n in range(8)]
    return [*trade, *national, *vendors, *wires, *others]
