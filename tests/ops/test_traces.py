"""A small Friday of real processes, with failures: what it exports over OTLP, what it logs, and whom neither names.

One mail server refuses, defers and hangs up with readers' addresses in its words; strangers ask the pages for more.
"""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from newsletter import app as products
from newsletter import jobs, logs, traces
from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState
from newsletter.delivery.operations.balance import Balance, balance, balances
from newsletter.editions import calendar
from newsletter.editions.models import State
from newsletter.rendering import links
from newsletter.testing.sendgrid import lookalike
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, answer
from tests.factories import a_subscriber, an_edition
from tests.senders.sendgrid_world import parcel, reader, sender
from tests.workers.crowd import until

READERS = 90
TICK = "0.3"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETTINGS = """\
secret = "a secret for tests that is long enough"
public_url = "http://127.0.0.1:8025"
sender = "smtp"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "UTC"
send = "{day} 00:00"
catch_up_hours = 24
lists = ["weekly"]
"""


def address(number: int) -> str:
    """A reader's; whose name in it tells what the mail server makes of them."""
    fate = {1: "gone", 2: "later", 3: "cut"}.get(number, "well")
    return f"zebedee.{fate}.{number}@readers.example"


def script(moment: Moment) -> Fault | None:
    """A mail server whose words name readers."""
    if moment.step == "rcpt" and ".gone." in moment.recipient:
        return answer(550, f"5.1.1 <{moment.recipient}>: no such user; {moment.recipient} left")
    if moment.step == "rcpt" and ".later." in moment.recipient:
        return answer(451, f"4.7.1 greylisted {moment.recipient}")
    if moment.step == "message" and ".cut." in moment.recipient:
        return Fault(then="cut")
    return None


@dataclass
class Collector:
    """A receiver of OTLP over HTTP, as a collector is."""

    url: str = ""
    #: (resource's attributes, span as a dict of what is looked at)
    spans: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    raw: bytes = b""

    def named(self, process: str) -> Counter[str]:
        """How often each span was told of by that *process*."""
        return Counter(span.name for of, span in self.spans if of["newsletter.process"] == process)

    def of(self, name: str) -> list[Any]:
        return [span for _, span in self.spans if span.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    found, lock = Collector(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            is_ours = (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            with lock:
                found.raw += body
                for each in ExportTraceServiceRequest.FromString(body).resource_spans if is_ours else ():
                    of = said(each.resource.attributes)
                    found.spans += [(of, span) for scope in each.scope_spans for span in scope.spans]
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def said(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@dataclass(frozen=True)
class Told:
    """What that Friday left behind."""

    collector: Collector
    #: of all processes, a line an event
    log: str
    balance: Balance
    batches: int
    unknown: int


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("traced")
    (home / "newsletter.db").write_bytes(sqlite_template.read_bytes())
    with collecting() as collector, SmtpSink(script) as server:
        day = _DAYS[(datetime.now(UTC).weekday() + 3) % 7]  # so that today is none of the newsletter's own
        (home / "newsletter.toml").write_text(SETTINGS.format(port=server.port, day=day))
        product = products.start(home)
        edition_id, tokens = _approved(product)
        by = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with _started(home, "scheduler", "--tick", TICK, **by), _serving(home, collector.url) as door:
            until(lambda: _is_settled(product, edition_id), what="the end of the sending")
            _strangers(door, tokens)
            with product.database.write() as session:
                session.connection().exec_driver_sql("ALTER TABLE slot RENAME TO gone")
            until(lambda: "no such table" in (home / "log").read_text(), what="a failure of the scheduler")
            with product.database.write() as session:
                session.connection().exec_driver_sql("ALTER TABLE gone RENAME TO slot")
        with product.database.read() as session:
            query = select(func.count()).select_from(Batch)
            stands = balance(session, edition_id)
            batches = session.scalar(query) or 0
            unknown = session.scalar(query.where(Batch.state == BatchState.UNKNOWN)) or 0
        product.close()
        yield Told(collector, (home / "log").read_text(), stands, batches, unknown)


def _approved(product: App) -> tuple[int, list[str]]:
    """An edition for today whose hour has come; and its readers' tokens."""
    now = datetime.now(UTC)
    newsletter = product.newsletter()
    with product.database.write() as session:
        readers = [a_subscriber(session, address(number), "weekly") for number in range(READERS)]
        edition = an_edition(session, "Walmart goes live", date=now.date(), state=State.IN_REVIEW)
        tokens = [links.token(product.settings.secret.get_secret_value(), edition.id, one.id) for one in readers]
    jobs.approve(product, edition.id, by="test", now=now)
    with product.database.write() as session:
        calendar.promise(session, newsletter, now.date(), now)
    return edition.id, tokens


def _is_settled(product: App, edition_id: int) -> bool:
    """All but the one who is to be tried again later."""
    with product.database.read() as session:
        stands = balances(session, [edition_id]).get(edition_id)
    return bool(stands and stands.planned == READERS and stands.to_do <= 1 and stands.unknown)


def _strangers(door: str, tokens: list[str]) -> None:
    """What people and machines ask of the pages, with addresses wherever one can be put."""
    who = address(7)
    with httpx.Client(base_url=door, trust_env=False, timeout=60) as site:
        site.get("/healthz")
        site.get(f"/u/{tokens[7]}")
        site.post(f"/u/{tokens[8]}", data={"List-Unsubscribe": "One-Click"})
        site.get(f"/{who}")
        site.get(f"/editions/1/log?q={who}")
        site.get(f"/join/friday?lang={who}")
        site.post("/join/friday", data={"email": who, "lists": "weekly", who: who})
        site.post("/desk/sign-in", data={"email": who, "password": who}, headers={"Origin": door})
        site.post("/hooks/sendgrid", content=f'[{{"email": "{who}", "event": "bounce"}}]')
        site.get("/archive", headers={"User-Agent": who, "Referer": f"https://x.example/?who={who}", "Cookie": who})


@contextmanager
def _started(home: Path, *command: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "OTEL_"))}
    whole = environ | environment | {"NEWSLETTER_HOME": str(home)}
    with (home / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=home, env=whole, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
            if process.stdout:
                process.stdout.close()


@contextmanager
def _serving(home: Path, collector: str) -> Iterator[str]:
    """The pages, which are told by the setting where to export to."""
    with _started(home, "newsletter", "serve", "--port", "0", NEWSLETTER_TRACES_ENDPOINT=collector) as process:
        assert process.stdout
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found
        yield found[0]


# what is exported


def test_a_friday_is_told_in_spans(told: Told) -> None:
    names = set(told.collector.named("scheduler"))
    assert {"tick", "send", "dispatch", "batch", "connect", "collect"} <= names


def test_each_batch_is_part_of_its_sending_and_no_copy_has_a_span(told: Told) -> None:
    sends = {span.span_id: span for span in told.collector.of("send") if "newsletter.sender" in said(span.attributes)}
    batches = told.collector.of("batch")
    attempts = {said(span.attributes)["newsletter.attempt"] for span in batches}
    under_sends = [span for _, span in told.collector.spans if span.parent_span_id in sends]
    assert told.batches < READERS / 2
    assert ({span.parent_span_id for span in batches} <= set(sends), len(attempts)) == (True, len(batches))
    # a batch whose copy was deferred is tried again, in a batch of its own
    assert told.batches <= len(under_sends) <= told.batches + 3


def test_what_became_of_a_batch_is_told_in_counts(told: Told) -> None:
    ended = Counter[str]()
    for span in told.collector.of("batch"):
        ended.update({key: value for key, value in said(span.attributes).items() if key != "newsletter.attempt"})
    assert (ended["newsletter.refused"], ended["newsletter.unknown"] >= 1, ended["newsletter.again"] >= 1) == (
        told.balance.refused,
        True,
        True,
    )


def test_requests_are_told_by_their_routes_alone(told: Told) -> None:
    names = told.collector.named("serve")
    assert {
        "GET /healthz", "GET /u/{token}", "POST /u/{token}", "GET", "GET /editions/{edition_id}/log",
        "GET /join/{slug}", "POST /join/{slug}", "POST /desk/sign-in", "POST /hooks/sendgrid", "GET /archive",
    } == set(names)  # fmt: skip


def test_a_request_says_how_it_was_answered(told: Told) -> None:
    (health,) = told.collector.of("GET /healthz")
    assert said(health.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/healthz",
    }


def test_what_failed_is_told_by_its_kind(told: Told) -> None:
    failed = {(span.name, span.status.message) for _, span in told.collector.spans if span.status.code == 2}
    assert ("tick", "OperationalError") in failed


def test_who_exports_says_what_it_is(told: Told) -> None:
    services = {(of["service.name"], of["newsletter.process"]) for of, _ in told.collector.spans}
    assert services == {("newsletter", "scheduler"), ("newsletter", "serve")}


def test_no_span_names_a_reader(told: Told) -> None:
    named = [word for word in (b"zebedee", b"readers.example") if word in told.collector.raw]
    words = [str(value) for of, span in told.collector.spans for value in (of, span.name, said(span.attributes))]
    assert (named, [each for each in words if "@" in each]) == ([], [])


def test_a_call_of_sendgrid_is_part_of_its_batch_whatever_thread_makes_it(app: App) -> None:
    with collecting() as collector, lookalike() as sendgrid:
        traces.start(app.settings.model_copy(update={"traces_endpoint": collector.url}), "a test")
        with ThreadPoolExecutor(1) as threads, traces.span("batch", batch=1) as batch:
            threads.submit(batch.within(sender(sendgrid.url).send), parcel(reader(1), reader(2))).result()
        traces.stop()
    (call,), (whole,) = collector.of("POST /v3/mail/send"), collector.of("batch")
    answered = said(call.attributes)["http.response.status_code"]
    assert (call.parent_span_id, answered, b"reader1" in collector.raw) == (whole.span_id, 202, False)


# what is logged


def test_no_line_of_the_log_names_a_reader(told: Told) -> None:
    assert [line for line in told.log.splitlines() if "zebedee" in line or "readers.example" in line] == []


def test_the_log_tells_of_the_failures_all_the_same(told: Told) -> None:
    lines = [json.loads(line) for line in told.log.splitlines() if line.startswith("{")]
    events = {line["event"] for line in lines}
    assert {"timetable", "work.done", "tick.failed", "scheduler.stopped"} <= events
    assert "no such table" in told.log
    assert told.unknown >= 1


def test_what_servers_and_libraries_say_is_kept_but_for_addresses() -> None:
    words = 'Key (email_key)=(ada@example.com) exists; <"A. L"@example.com>, /why?who=bob%40example.com&x=1, a @ b'
    assert logs.without_addresses(words) == (
        'Key (email_key)=((address)) exists; <"A. L"(address)>, (address), a (address) b'
    )


def test_what_the_database_says_of_an_error_holds_no_value(app: App) -> None:
    with pytest.raises(ProgrammingError if not app.database.is_sqlite else OperationalError) as raised:
        with app.database.read() as session:
            session.execute(text("SELECT 1 FROM nowhere WHERE email = :email"), {"email": "ada@example.com"})
    assert "ada" not in str(raised.value)


# without it


def test_without_a_word_about_traces_nothing_of_theirs_is_loaded(home: Path) -> None:
    assert _loaded(home) == "[]"


def test_an_empty_word_is_none(home: Path) -> None:
    assert _loaded(home, OTEL_EXPORTER_OTLP_ENDPOINT="", NEWSLETTER_TRACES_ENDPOINT="") == "[]"


def test_opentelemetry_can_be_told_to_be_silent(home: Path) -> None:
    by = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}
    assert _loaded(home, **by) == "[]"


def test_where_the_extra_is_missing_that_is_one_sentence(home: Path) -> None:
    code = "import sys; sys.modules['opentelemetry.sdk.trace'] = None; from newsletter.cli import main; main()"
    done = _run(home, code, "send", "1", NEWSLETTER_TRACES_ENDPOINT="http://127.0.0.1:9")
    assert (done.returncode, "pip install 'newsletter[otel]'" in done.stderr, "Traceback" in done.stderr) == (
        2,
        True,
        False,
    )


@pytest.mark.parametrize("wrong", ["127.0.0.1:4318", "ftp://collector", "http://"])
def test_what_is_no_address_of_a_collector_is_said(home: Path, wrong: str) -> None:
    done = _run(home, "from newsletter.cli import main; main()", "status", "1", NEWSLETTER_TRACES_ENDPOINT=wrong)
    assert (done.returncode, "is no address of a collector" in done.stderr) == (2, True)


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    (tmp_path / "newsletter.db").write_bytes(sqlite_template.read_bytes())
    (tmp_path / "newsletter.toml").write_text(SETTINGS.format(port=9, day="fri"))
    with closing(products.start(tmp_path)) as product, product.database.write() as session:
        an_edition(session)
    return tmp_path


def _loaded(home: Path, **environment: str) -> str:
    """What of the extra a process has loaded that is all set to send; FastAPI brings the bare API along by itself."""
    code = (
        "import sys; from pathlib import Path; import scheduler, newsletter.web.app, newsletter.jobs.clock;"
        "from newsletter import app, traces; product = app.start(Path(sys.argv[1]));"
        "traces.start(product.settings, 'scheduler'); newsletter.web.app.create(product);"
        "theirs = ('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.proto', 'google');"
        "print([name for name in sys.modules if name.startswith(theirs)])"
    )
    return _run(home, code, str(home), **environment).stdout.strip()


def _run(home: Path, code: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "OTEL_"))}
    whole = environ | environment | {"NEWSLETTER_HOME": str(home), "COLUMNS": "400"}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, env=whole, cwd=home, capture_output=True, text=True, check=False, timeout=120)
