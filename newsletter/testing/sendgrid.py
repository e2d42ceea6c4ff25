"""A look-alike of SendGrid's v3 API over real HTTP: its limits, its answers, its webhooks, and its bad days.

In a test:      with lookalike() as sendgrid: … sendgrid.url, sendgrid.copies, sendgrid.tell(hook)
On its own:     python -m newsletter.testing.sendgrid --port 8026 --truth accepted.jsonl --webhook http://…
"""

import argparse
import asyncio
import base64
import enum
import json
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsletter.testing import sendgrid_rules as rules
from newsletter.testing.sendgrid_events import BY_ADDRESS, Copy, Fates, Outcome, Signer
from newsletter.testing.sendgrid_hooks import Hooks
from newsletter.testing.serving import serving

KEY = "SG.look-alike"
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_TOO_LARGE = b"<html><head><title>413 Request Entity Too Large</title></head><body>nginx</body></html>"


class Fault(enum.Enum):
    """A bad day, placed before or after the moment at which the mail was taken."""

    #: connection cut, nothing taken
    DROP = "drop"
    #: taken, then the connection cut
    ACCEPT_THEN_DROP = "accept_then_drop"
    #: taken and answered, but after the client has given up
    ACCEPT_LATE = "accept_late"
    #: 429 with X-RateLimit-Reset, nothing taken
    TOO_MANY = "too_many"
    #: 500, nothing taken
    ERROR = "error"
    #: 500 after it was taken
    ACCEPT_THEN_ERROR = "accept_then_error"
    #: a gateway's 502 in HTML, nothing taken
    BAD_GATEWAY = "bad_gateway"
    #: the same after it was taken
    ACCEPT_THEN_BAD_GATEWAY = "accept_then_bad_gateway"
    #: 503, nothing taken
    UNAVAILABLE = "unavailable"
    #: 401 and 403, nothing taken
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    #: taken, and answered with what is not HTTP
    ACCEPT_THEN_GARBLE = "accept_then_garble"


#: those that happen by themselves, for `fault_share`
WEATHER = (
    Fault.DROP,
    Fault.ACCEPT_THEN_DROP,
    Fault.ACCEPT_LATE,
    Fault.TOO_MANY,
    Fault.ERROR,
    Fault.ACCEPT_THEN_BAD_GATEWAY,
)
_BEFORE = {
    Fault.TOO_MANY: (429, "too many requests"),
    Fault.ERROR: (500, "internal error"),
    Fault.UNAVAILABLE: (503, "service unavailable"),
    Fault.UNAUTHORIZED: (401, "The provided authorization grant is invalid, expired, or revoked"),
    Fault.FORBIDDEN: (403, "The from address does not match a verified Sender Identity"),
}


@dataclass(slots=True)
class Taken:
    """One request that was accepted."""

    message_id: str
    at: float
    body: dict[str, Any]
    #: "cancel" or "pause", while it is held back
    held: str = ""
    #: its copies were given to the webhook
    told: bool = False

    def is_released(self, now: float) -> bool:
        return not self.held and int(self.body.get("send_at", 0)) <= now

    def copies(self) -> list[Copy]:
        """One for each recipient."""
        at = max(self.at, float(self.body.get("send_at", 0)))
        shared = self.body.get("custom_args", {})
        pairs = [
            (person["email"], {**shared, **one.get("custom_args", {})})
            for one in self.body["personalizations"]
            for kind in ("to", "cc", "bcc")
            for person in one.get(kind, ())
        ]
        return [Copy(to, args, self.message_id, index, at) for index, (to, args) in enumerate(pairs)]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


#: a status that says: write the body as it is, and cut the connection
_RAW = 0
_AFTER = {
    Fault.ACCEPT_THEN_DROP: Reply(_RAW),
    Fault.ACCEPT_THEN_GARBLE: Reply(_RAW, b"Go away\r\n\r\n"),
    Fault.ACCEPT_THEN_ERROR: Reply(500, b'{"errors":[{"message":"internal error","field":null,"help":null}]}'),
    Fault.ACCEPT_THEN_BAD_GATEWAY: Reply(502, _BAD_GATEWAY, {"Content-Type": "text/html"}),
}


class SendGrid:
    """The ASGI app. `copies` is the truth about who was mailed.

    `faults` are used up in order, one a request; None stands for a good day.
    """

    def __init__(
        self,
        *,
        key: str = KEY,
        clock: Callable[[], float] = time.time,
        outcomes: Sequence[tuple[str, Outcome]] = BY_ADDRESS,
        rate: float = 0,
        late: float = 1.0,
        reset: float = 1.0,
        fault_share: float = 0,
        seed: int = 0,
        truth: Path | None = None,
        keep: Literal["all", "untold", "nothing"] = "all",
    ) -> None:
        """*rate*: requests a second (0: any); *late*, *reset*: seconds of those faults; *truth*: see `read_truth`."""
        self.key, self._clock, self._rate, self._late, self._reset = key, clock, rate, late, reset
        self._share, self._random = fault_share, Random(seed)  # noqa: S311  (weather, not secrets)
        self._truth = truth.open("a", encoding="utf-8") if truth else None
        self._keep = keep
        self._window: deque[float] = deque()
        self.faults: deque[Fault | None] = deque()
        self.batch_ids: dict[str, str] = {}
        #: what the key may do
        self.scopes = {"mail.send", "mail.batch.create", "user.scheduled_sends.create"}
        self.taken: list[Taken] = []
        self.requests = 0
        self.hooks = Hooks(Signer(), Fates(outcomes), clock)

    @property
    def copies(self) -> list[Copy]:
        """Every mail that has gone out to somebody."""
        now = self._clock()
        return [copy for each in list(self.taken) if each.is_released(now) for copy in each.copies()]

    def tell(self, url: str, **how: Any) -> list[int]:
        """Post all that the webhook has not been told yet to *url*; see `Hooks.post` for *how*."""
        now = self._clock()
        for each in list(self.taken):
            if not each.told and each.is_released(now):
                each.told = True
                self.hooks.add(each.copies())
                if self._keep != "all":
                    self.taken.remove(each)
        return self.hooks.post(url, **how)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        body = await _read(receive)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        reply = await self._route(scope["method"], scope["path"], headers, body)
        if reply.status == _RAW:
            await _cut(scope["extensions"]["wire"], reply.body)
            return
        pairs = {"Content-Length": str(len(reply.body)), **reply.headers}
        raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body})

    async def _route(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("authorization") != f"Bearer {self.key}":
            return _refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        match method, path.removeprefix("/v3/").split("/"):
            case "POST", ["mail", "send"] if "mail.send" not in self.scopes:
                return _refusal(403, "access forbidden")
            case "POST", ["mail", "send"]:
                return await self._mail_send(headers, body)
            case "POST", ["mail", "batch"]:
                batch_id = secrets.token_urlsafe(24)
                self.batch_ids[batch_id] = ""
                return _json(201, {"batch_id": batch_id})
            case "GET", ["mail", "batch", batch_id] if batch_id in self.batch_ids:
                return _json(200, {"batch_id": batch_id})
            case "GET", ["scopes"]:
                return _json(200, {"scopes": sorted(self.scopes)})
            case _, ["user", "scheduled_sends", *rest]:
                return self._scheduled_sends(method, rest, body)
            case _:
                return _refusal(404, "resource not found")

    async def _mail_send(self, headers: dict[str, str], body: bytes) -> Reply:
        self.requests += 1
        if self._is_over_rate():
            return _too_many(self._clock() + self._reset)
        fault = self._fault()
        if fault is Fault.DROP:
            return Reply(_RAW)
        if fault is Fault.BAD_GATEWAY:
            return Reply(502, _BAD_GATEWAY, {"Content-Type": "text/html"})
        if fault is Fault.TOO_MANY:
            return _too_many(self._clock() + self._reset)
        if fault in _BEFORE:
            return _refusal(*_BEFORE[fault])
        if fault is Fault.ACCEPT_LATE:
            await asyncio.sleep(self._late)
        reply = self._accept(headers, body)
        return _AFTER.get(fault, reply) if fault and reply.status == 202 else reply

    def _accept(self, headers: dict[str, str], raw: bytes) -> Reply:
        if len(raw) > rules.MOST_BYTES:
            return Reply(413, _TOO_LARGE, {"Content-Type": "text/html"})
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refusal(415, "Content-Type should be application/json.")
        try:
            body = json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError:
            return _refusal(415, "The body is not UTF-8")
        except ValueError:
            return _refusal(400, "Bad Request")
        if found := rules.faults(body, now=self._clock(), batch_ids=self.batch_ids):
            return _json(400, {"errors": found})
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Reply(200)
        return Reply(202, headers={"X-Message-Id": self._take(body)})

    def _take(self, body: dict[str, Any]) -> str:
        message_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        taken = Taken(message_id, self._clock(), body)
        taken.held = self.batch_ids.get(body.get("batch_id", ""), "")
        if self._truth:
            self._truth.write(_line(taken))
            self._truth.flush()
        if self._keep != "nothing":
            self.taken.append(taken)
        return message_id

    def _scheduled_sends(self, method: str, rest: list[str], raw: bytes) -> Reply:
        body = json.loads(raw) if raw else {}
        batch_id = rest[0] if rest else body.get("batch_id")
        if batch_id not in self.batch_ids:
            return _refusal(400 if not rest else 404, "invalid batch id", "batch_id")
        if method == "GET":
            return _json(200, [{"batch_id": batch_id, "status": self.batch_ids[batch_id]}])
        if method == "POST" and self.batch_ids[batch_id]:
            return _refusal(400, "a status for this batch id exists, try PATCH to update the status")
        if method in {"POST", "PATCH"} and body.get("status") not in {"cancel", "pause"}:
            return _refusal(400, "the status must be cancel or pause", "status")
        self._hold_back(batch_id, body["status"] if method in {"POST", "PATCH"} else "")
        if method == "POST":
            return _json(201, {"batch_id": batch_id, "status": body["status"]})
        return Reply(204)

    def _hold_back(self, batch_id: str, status: str) -> None:
        self.batch_ids[batch_id] = status
        now = self._clock()
        for each in self.taken:
            if each.body.get("batch_id") == batch_id and not (each.told or each.is_released(now)):
                each.held = status

    def _fault(self) -> Fault | None:
        if self.faults:
            return self.faults.popleft()
        return self._random.choice(WEATHER) if self._random.random() < self._share else None

    def _is_over_rate(self) -> bool:
        if not self._rate:
            return False
        now = time.monotonic()
        while self._window and self._window[0] <= now - 1:
            self._window.popleft()
        if len(self._window) >= self._rate:
            return True
        self._window.append(now)
        return False


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A running look-alike."""

    url: str
    app: SendGrid

    @property
    def key(self) -> str:
        return self.app.key

    @property
    def public_key(self) -> str:
        return self.app.hooks.public_key

    @property
    def copies(self) -> list[Copy]:
        return self.app.copies

    @property
    def faults(self) -> deque[Fault | None]:
        return self.app.faults

    def tell(self, url: str, **how: Any) -> list[int]:
        return self.app.tell(url, **how)


@contextmanager
def lookalike(**options: Any) -> Iterator[Lookalike]:
    """A look-alike on a free port of loopback, in a thread; *options* as for `SendGrid`."""
    app = SendGrid(**options)
    with serving(app, http=_Protocol) as url:
        yield Lookalike(url, app)


def read_truth(file: Path) -> Iterator[Copy]:
    """What a look-alike wrote down as taken, from the file given as *truth*."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            taken = json.loads(line)
            for index, (to, args) in enumerate(taken["copies"]):
                yield Copy(to, args, taken["message_id"], index, taken["at"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    options = _parser().parse_args(arguments)
    app = SendGrid(
        key=options.key,
        rate=options.rate,
        late=options.late,
        fault_share=options.fault_share,
        seed=options.seed,
        truth=options.truth,
        keep="untold" if options.webhook else "nothing",
    )
    with socket.create_server((options.host, options.port), backlog=512) as door:
        host, port = door.getsockname()[:2]
        ready = {"url": f"http://{host}:{port}", "key": app.key, "public_key": app.hooks.public_key}
        print(json.dumps(ready), flush=True)  # noqa: T201  (who started it waits for this line)
        if options.webhook:
            threading.Thread(target=_keep_telling, args=(app, options), daemon=True).start()
        uvicorn.Server(_config(app)).run(sockets=[door])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m newsletter.testing.sendgrid", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, printed on the first line")
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--truth", type=Path, help="append each request that was taken to this file, before answering")
    parser.add_argument("--webhook", default="", help="post signed events to this address")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two rounds of events")
    parser.add_argument("--array", type=int, default=500, help="events in one post")
    parser.add_argument("--duplicates", type=float, default=0, help="share of the events that is told twice")
    parser.add_argument("--shuffle", action="store_true", help="tell them in no order")
    parser.add_argument("--rate", type=float, default=0, help="requests a second before 429; 0 is any")
    parser.add_argument("--late", type=float, default=1.0, help="seconds by which an answer is late")
    parser.add_argument("--fault-share", type=float, default=0, help="share of requests that meet bad weather")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _keep_telling(app: SendGrid, options: argparse.Namespace) -> None:
    while True:
        time.sleep(options.every)
        app.tell(options.webhook, array=options.array, duplicates=options.duplicates, shuffle=options.shuffle)


class _Protocol(H11Protocol):
    """uvicorn's protocol, which lets the app cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_wire(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})["wire"] = transport
            await app(scope, receive, send)

        self.app = with_wire


def _config(app: SendGrid) -> uvicorn.Config:
    return uvicorn.Config(app, http=_Protocol, ws="none", lifespan="off", log_config=None, log_level="critical")


async def _cut(wire: asyncio.Transport, last_words: bytes) -> None:
    if last_words:
        wire.write(last_words)
        wire.close()
    else:
        wire.abort()
    await asyncio.sleep(0.01)  # lets the server notice that the connection is gone


async def _read(receive: Any) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _line(taken: Taken) -> str:
    copies = [(copy.to, copy.custom_args) for copy in taken.copies()]
    return json.dumps({"message_id": taken.message_id, "at": taken.at, "copies": copies}) + "\n"


def _json(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _refusal(status: int, message: str, about: str | None = None) -> Reply:
    return _json(status, {"errors": [{"message": message, "field": about, "help": None}]})


def _too_many(reset: float) -> Reply:
    reply = _refusal(429, "too many requests")
    limits = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset) + 1)}
    return Reply(429, reply.body, {**reply.headers, **limits})


if __name__ == "__main__":
    main()
