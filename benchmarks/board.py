"""How fast "This week" answers an editor: `python -m benchmarks.board [--quick] [--json]`.

A simulated week in a database, the pages over HTTP on loopback, and every act as a browser sends it: ranked again,
put into the draft, and answered with the whole board. Figures are the time that this process worked, pages and browser
together, which a busy machine distorts less; how long somebody waited stands beside. The baseline, in the same run, is
the first ranking of that week, with nothing kept from one before.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median

import httpx

from benchmarks import _pace, _tables, weeks
from benchmarks._ground import SECRET, database_url
from benchmarks._tables import Row
from benchmarks.weeks import Shape
from newsletter import db, jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.stories.models import Article, Health, Source
from newsletter.testing.serving import serving
from newsletter.web.app import create

_DAY = date(2021, 11, 26)
_NOW = datetime(2021, 11, 25, 16, 5, tzinfo=UTC)
#: acts, by the places of the stories that they are about, from 0
_ACTS = {
    "place": "place {7} 2",
    "pin": "pin {9}",
    "leave out": "exclude {0}",
    "boost": "boost {8} 20",
    "merge": "merge {10} {12}",
    "split": "split {1}",
}


def main(arguments: Sequence[str]) -> None:
    size, rounds = (300, 2) if "--quick" in arguments else (3000, 5)
    rows = [row for backend in ("sqlite", "postgresql") for row in _measured(backend, size, rounds)]
    _tables.show(f"This week, with {size:,} articles", rows, form=_tables.form_of(arguments))


def _measured(backend: str, size: int, rounds: int) -> Iterator[Row]:
    setting = f"{size:,} articles, {backend}"
    try:
        with database_url(backend) as url:
            database = db.connect(url)
            try:
                _fill(database, size)
                yield from _answers(_app(database, url), setting, rounds)
            finally:
                database.close()
    except ModuleNotFoundError as error:
        yield Row("This week", setting, note=f"not measured: {error.name} is not installed")


def _app(database: Database, url: str) -> App:
    newsletter = {"title": "Friday", "from_address": "friday@news.example.com", "postal_address": "1 Market Row"}
    settings = Settings.model_validate({"secret": SECRET, "database_url": url, "newsletters": {"friday": newsletter}})
    return App(settings, database)


def _answers(app: App, setting: str, rounds: int) -> Iterator[Row]:
    first = _cost(lambda: jobs.assemble(app, app.newsletter(), _DAY, now=_NOW, by="clock"))
    yield _row("the first ranking and its draft", setting, [first], first)
    with _board(app) as board:
        board.open()
        yield _row("the page", setting, [_cost(board.open) for _ in range(rounds * 2)], first)
        for name, act in _ACTS.items():
            acted, undone = zip(*(board.act_and_undo(act) for _ in range(rounds)), strict=True)
            yield _row(name, setting, acted, first)
            yield _row(f"{name}, taken back", setting, undone, first)


def _row(what: str, setting: str, costs: Sequence["_Cost"], first: "_Cost") -> Row:
    worked = median(cost.worked for cost in costs)
    waited = f"{1000 * median(cost.waited for cost in costs):,.0f} ms until the answer was there"
    return Row(what, setting, 1000 * worked, "ms", worked / first.worked, waited)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds that the processor worked, and that somebody waited."""

    worked: float
    waited: float


class _Board:
    """The page as an editor's browser has it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._text = ""

    def open(self) -> None:
        self._text = self._client.get(f"/week?date={_DAY}").raise_for_status().text

    def act_and_undo(self, act: str) -> tuple[_Cost, _Cost]:
        """What each cost."""
        names = re.findall(r'data-story="(s\d+)"', self._text)
        said = re.sub(r"{(\d+)}", lambda found: names[int(found[1])], act)
        if act.startswith("split"):
            said += f" {self._last_article(names[1])}"
        return _cost(lambda: self._send(said)), _cost(lambda: self._send("undo"))

    def _last_article(self, name: str) -> str:
        path = f"/week/story?newsletter=friday&date={_DAY}&story={name}"
        return str(re.findall(r'value="split s\d+ (\d+)"', self._client.get(path).text)[-1])

    def _send(self, act: str) -> None:
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self._text)) | {"act": act}
        answer = self._client.post("/week", data=form, headers={"HX-Request": "true"})
        self._text = answer.raise_for_status().text


@contextmanager
def _board(app: App) -> Iterator[_Board]:
    pages = create(app, clock=lambda: _NOW)
    with serving(pages) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield _Board(client)


def _cost(work: Callable[[], object]) -> _Cost:
    worked, waited = time.process_time(), time.perf_counter()
    work()
    return _Cost(time.process_time() - worked, time.perf_counter() - waited)


def _fill(database: Database, size: int) -> None:
    """A simulated week of *size* articles of 450 words on average, as the picker's own benchmark has it."""
    week = weeks.week(1000, weeks.times(Shape(sentences=_pace.SENTENCES), size / _pace.USUAL))
    later = datetime(2021, 11, 25, 16, tzinfo=UTC) - week.closes_at
    sources: dict[str, int] = {}
    with database.write() as session:
        for item in (one.item for one in week.articles[:size]):
            if item.source not in sources:
                source = Source(
                    url=f"https://{len(sources)}.example/feed",
                    name=item.source,
                    owner=item.owner,
                    kind=item.kind,
                    authority=item.authority,
                    health=Health.OK,
                    created_at=_NOW,
                )
                session.add(source)
                session.flush()
                sources[item.source] = source.id
            at = item.published_at + later
            session.add(
                Article(
                    source_id=sources[item.source],
                    guid=str(item.id),
                    url=f"https://news.example/{item.id}",
                    title=item.title,
                    summary=item.text[:200],
                    text=item.text,
                    published_at=at,
                    dated_by="feed",
                    seen_at=at,
                )
            )


if __name__ == "__main__":
    main(sys.argv[1:])
