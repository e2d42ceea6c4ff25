"""The broker as the doctor and the screens see it: what a user may not do, and how the queues stand."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from newsletter import doctor, jobs
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.delivery.operations import crew
from newsletter.delivery.wire import broker as brokers
from newsletter.delivery.wire import hints
from newsletter.delivery.wire.broker import Depth, Seen
from newsletter.delivery.wire.hints import CeleryHints
from newsletter.doctor import Level
from newsletter.jobs import Work
from tests.web.site import served
from tests.workers import crowd
from tests.workers.broker import Broker
from tests.workers.crowd import until
from tests.workers.proxy import Proxy

ALL = (r"^newsletter\..*", ".*", ".*")

Grant = Callable[[str, str, str], str]


@pytest.fixture
def install() -> str:
    """The name of an install that no other test uses."""
    return secrets.token_hex(6)


@pytest.fixture
def grant(broker: Broker) -> Iterator[Grant]:
    """Make a user who may configure, write and read what matches; its address."""
    user = f"user{secrets.token_hex(3)}"
    broker.control("add_user", user, "secret")

    def grant(configure: str, write: str, read: str) -> str:
        broker.control("set_permissions", user, configure, write, read)
        return f"amqp://{user}:secret@127.0.0.1:{broker.port}//"

    yield grant
    broker.control("delete_user", user)


def test_the_permissions_of_the_documents_are_enough(grant: Grant, install: str) -> None:
    assert _examined(grant(*ALL), install) == Seen(True, "takes hints and gives them; friday: 0 waiting, 0 listening")


def test_the_smallest_permissions_are_enough_too(grant: Grant, install: str) -> None:
    ours = r"^newsletter\..*"
    assert _examined(grant(ours, rf"{ours}|^amq\.default$", ours), install).works


def test_a_queue_that_may_not_be_made_is_named(grant: Grant, install: str) -> None:
    seen = _examined(grant(r"^newsletter\.hints$", ".*", ".*"), install)
    assert f"may not configure queue newsletter.{install}.friday" in seen.text


def test_an_exchange_that_may_not_be_made_is_named(grant: Grant, install: str) -> None:
    seen = _examined(grant(rf"^newsletter\.{install}", ".*", ".*"), install)
    assert "may not configure exchange newsletter.hints: sudo rabbitmqctl set_permissions -p '/'" in seen.text


def test_that_nothing_may_be_published_is_named(grant: Grant, install: str) -> None:
    seen = _examined(grant(r"^newsletter\..*", r"^newsletter\..*", ".*"), install)
    assert "may not write to exchange amq.default: sudo" in seen.text


def test_a_queue_that_may_not_be_read_is_named(grant: Grant, install: str) -> None:
    seen = _examined(grant(r"^newsletter\..*", ".*", r"^newsletter\.hints$"), install)
    assert f"may not read from queue newsletter.{install}.friday" in seen.text


def test_a_user_without_any_permission_is_told_all_of_it(grant: Grant, install: str) -> None:
    seen = _examined(grant("^$", "^$", "^$"), install)
    words = ["configure exchange", "configure queue", "write to exchange amq.default", "set_permissions"]
    assert (seen.works, [word for word in words if word in seen.text]) == (False, words)


def test_a_wrong_password_is_told_from_a_missing_permission(broker: Broker, install: str) -> None:
    seen = _examined(f"amqp://guest:wrong@127.0.0.1:{broker.port}//", install)
    assert seen.text.startswith("refuses the user or the password of broker_url")


def test_a_virtual_host_that_is_not_there_is_named(broker: Broker, install: str) -> None:
    assert "has no such virtual host" in _examined(f"{broker.url[:-1]}nowhere", install).text


def test_a_queue_that_was_made_otherwise_is_named(broker: Broker, install: str) -> None:
    with closing(hints.celery(broker.url)) as application, application.connection_for_write() as connection:
        connection.default_channel.queue_declare(f"newsletter.{install}.friday", auto_delete=False)
    assert "has a queue of ours that was made otherwise" in _examined(broker.url, install).text


def test_a_broker_out_of_memory_is_told(broker: Broker, install: str) -> None:
    broker.control("set_vm_memory_high_watermark", "0")
    try:
        assert "it takes no messages, for its memory or its disk" in _examined(broker.url, install).text
    finally:
        broker.control("set_vm_memory_high_watermark", "0.4")


def test_a_wire_that_passes_nothing_on_is_left(wire: Proxy, install: str) -> None:
    wire.swallow()
    assert "can't be used (TimeoutError" in _examined(f"amqp://guest:guest@127.0.0.1:{wire.port}//", install).text


def test_the_doctor_leaves_hints_to_the_workers(broker: Broker, install: str) -> None:
    with closing(CeleryHints(hints.celery(broker.url), hints.queue(install, "friday"))) as way:
        assert way.give(7) == ""
    assert _examined(broker.url, install).text.endswith("friday: 1 waiting, 0 listening")
    assert brokers.measure(broker.url, install, ["friday", "monday"]) == {"friday": Depth(1, 0), "monday": Depth(0, 0)}


def test_a_user_who_may_not_publish_costs_the_scheduler_a_hint_and_no_more(grant: Grant, install: str) -> None:
    url = grant(r"^newsletter\..*", r"^newsletter\..*", ".*")
    with closing(CeleryHints(hints.celery(url), hints.queue(install, "friday"))) as way:
        assert "ACCESS_REFUSED" in way.give(7)


def test_the_doctor_says_what_the_broker_refuses(product: App) -> None:
    (found,) = [one for one in doctor.examine(product, now=product.clock()) if one.name == "broker"]
    assert (found.level, "Connection refused" in found.text) == (Level.BAD, True)


def test_what_waits_and_who_listens_is_on_every_screen(product: App, broker: Broker) -> None:
    crowd.begin(product, crowd.approved(product, 40))
    with crowd.worker(product.settings.home):
        until(lambda: _looked(product)["listening"] == 1, what="the listener")
        with served(product, product.clock) as site:
            page, ready, figures = site.get("/").text, site.get("/readyz").json(), site.get("/metrics").text
    said = CliRunner().invoke(program, ["--home", str(product.settings.home), "status", "2021-11-26", "--json"])
    assert "Hints of friday: 0 waiting, 1 worker listening" in page
    assert (ready["hints"]["waiting"], ready["hints"]["listening"]) == (0, 1)
    assert '"listening": 1' in said.output
    assert 'newsletter_hints_listening{newsletter="friday"} 1.0' in figures


def test_hints_that_wait_are_told_with_the_time_since_when(product: App) -> None:
    then = product.clock()
    with product.database.write() as session:
        for seconds in (0, 10, 20):
            crew.saw(session, "friday", waiting=3, listening=0, now=then + timedelta(seconds=seconds))
        crew.gave(session, "friday", 2, now=then)
        crew.gave(session, "friday", 3, now=then + timedelta(seconds=20))
        now = then + timedelta(seconds=21)
        counts = crew.counts(session, product.settings, now=now)
        (line,) = crew.traffic(session, product.settings, now=now)
    assert (counts["waits"], counts["given"]) == (21.0, 5)
    assert line == (
        f"hints of friday: 3 waiting (there was always one since {then:%H:%M:%S} UTC), 0 workers listening, 1 s ago; "
        "5 given, the last 1 s ago"
    )


def test_a_queue_that_was_empty_in_between_waits_anew(product: App) -> None:
    then = product.clock()
    with product.database.write() as session:
        for seconds, waiting in ((0, 3), (10, 0), (20, 1)):
            crew.saw(session, "friday", waiting=waiting, listening=0, now=then + timedelta(seconds=seconds))
        assert crew.counts(session, product.settings, now=then + timedelta(seconds=21))["waits"] == 1.0


def test_a_broker_that_is_away_is_told_before_anything_is_sent(product: App) -> None:
    _look(product)
    with product.database.read() as session:
        told = crew.broker(session, now=product.clock())
    assert "the broker takes no hints (ConnectionRefusedError: [Errno 111] Connection refused)" in told


def _examined(url: str, install: str) -> Seen:
    (seen,) = brokers.examine(url, install, ["friday"])
    return seen


def _look(product: App) -> None:
    jobs.run(product, Work("queues"), owner="test", clock=product.clock)


def _looked(product: App) -> dict[str, float | None]:
    _look(product)
    with product.database.read() as session:
        return _counts(product, session)


def _counts(product: App, session: Session) -> dict[str, float | None]:
    return crew.counts(session, product.settings, now=product.clock())
