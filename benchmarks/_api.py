"""The lists of the API on what `benchmarks.web` has filled: the first page, and one far behind."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import httpx

from benchmarks._processor import served
from benchmarks._tables import Row
from newsletter.app import App
from newsletter.config import Api
from newsletter.staff import tokens, users
from newsletter.staff.acts import Doer
from newsletter.staff.roles import May

#: milliseconds for 95 of 100
GOAL = 50.0
#: pages that are turned before the one that is measured
_BEHIND = 10
_OWNER = "admin@example.com"


def settings() -> Api:
    """A rate that no benchmark reaches."""
    return Api(per_minute=100_000)


def token(app: App, now: datetime) -> str:
    """One of the admin's."""
    by = Doer("a benchmark", "command line")
    with app.database.write() as session:
        owner, may = users.get(session, _OWNER), [May.LOOK, May.READ_AS]
        return tokens.make(session, owner, "a benchmark", may, by=by, now=now)[1]


async def measure(app: App, client: httpx.AsyncClient, setting: str, sent: int, rounds: int, shown: str) -> list[Row]:
    """A row for each list; *shown* is the token."""
    client.headers["Authorization"] = f"Bearer {shown}"
    await client.get("/api/nothing")  # the first request makes the routes
    return [row for path, asked in _lists(sent) for row in await _list(app, client, setting, path, asked, rounds)]


def _lists(sent: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Every list, and the log as people search it."""
    yield "/newsletters", {}
    yield "/sources", {}
    yield "/editions", {}
    yield "/editions", {"state": "sent"}
    yield "/subscribers", {}
    yield "/subscribers", {"list": "weekly"}
    yield "/suppressions", {}
    yield "/suppressions", {"reason": "manual"}
    yield "/deliveries", {}
    yield "/deliveries", {"reader": "77"}
    yield "/deliveries", {"edition_id": str(sent)}
    yield "/deliveries", {"edition_id": str(sent), "status": "bounced"}
    yield "/deliveries", {"status": "complained"}
    yield "/deliveries", {"status": "refused"}
    yield "/deliveries", {"words": "no such user"}
    yield "/deliveries", {"since": "2021-11-01T00:00:00Z", "until": "2021-11-07T00:00:00Z"}
    yield f"/editions/{sent}/copies/77", {}


async def _list(
    app: App, client: httpx.AsyncClient, setting: str, path: str, asked: dict[str, str], rounds: int
) -> list[Row]:
    called = f"/api{path} " + " ".join(f"{name}={value}" for name, value in asked.items())
    found = [await _timed(app, client, called.strip(), setting, path, asked, rounds)]
    cursor, behind = await _behind(client, path, asked)
    if cursor:
        far = asked | {"cursor": cursor}
        found.append(await _timed(app, client, f"{called.strip()}, page {behind + 1}", setting, path, far, rounds))
    return found


async def _behind(client: httpx.AsyncClient, path: str, asked: dict[str, str]) -> tuple[str, int]:
    cursor, turned = "", 0
    for _ in range(_BEHIND):
        body = (await client.get(f"/api{path}", params=asked | ({"cursor": cursor} if cursor else {}))).json()
        if not body.get("next"):
            break
        cursor, turned = body["next"], turned + 1
    return cursor, turned


async def _timed(
    app: App, client: httpx.AsyncClient, called: str, setting: str, path: str, asked: dict[str, str], rounds: int
) -> Row:
    walls: list[float] = []
    costs: list[float] = []
    for _ in range(rounds):
        wall, own, theirs = time.perf_counter(), time.process_time(), served(app.database)
        answer = await client.get(f"/api{path}", params=asked)
        costs.append(1000 * (time.process_time() - own + served(app.database) - theirs))
        walls.append(1000 * (time.perf_counter() - wall))
        if answer.status_code != 200:
            return Row(called, setting, note=f"answers {answer.status_code} here, so it was not measured")
    worst, wall = _of_a_hundred(costs), _of_a_hundred(walls)
    verdict = "within" if worst <= GOAL else "OVER"
    return Row(called, setting, worst, "ms", note=f"{verdict} {GOAL:.0f} ms; {wall:.0f} by the clock")


def _of_a_hundred(figures: Sequence[float]) -> float:
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
