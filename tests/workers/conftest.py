"""A broker, a database, a mail server and the product on them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from newsletter import app as apps
from newsletter.app import App
from newsletter.testing.smtp_sink import SmtpSink
from tests.databases import Databases
from tests.workers import crowd
from tests.workers.broker import PROGRAM, Broker
from tests.workers.proxy import Proxy

#: nobody listens there
NOWHERE = "amqp://127.0.0.1:1//"


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A RabbitMQ of our own."""
    if not PROGRAM.exists():
        pytest.skip(f"no RabbitMQ on this machine ({PROGRAM}); .ci/run installs Debian's rabbitmq-server")
    broker = Broker(tmp_path_factory.mktemp("rabbitmq"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def wire(broker: Broker) -> Iterator[Proxy]:
    """The wire to the broker."""
    with Proxy(broker.port) as proxy:
        yield proxy


@pytest.fixture
def postgresql(postgresql_databases: Databases) -> Iterator[str]:
    """An empty, upgraded PostgreSQL database."""
    url = postgresql_databases.take()
    yield url.render_as_string(hide_password=False)
    postgresql_databases.give_back(url)


@pytest.fixture
def cable(postgresql: str) -> Iterator[Proxy]:
    """The wire to PostgreSQL."""
    with Proxy(f"{make_url(postgresql).query['host']}/.s.PGSQL.{make_url(postgresql).port or 5432}") as proxy:
        yield proxy


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server that remembers what it took."""
    with SmtpSink(keep=False) as sink:
        yield sink


@pytest.fixture
def more() -> str:
    """Further settings of the newsletter; a test may say others."""
    return ""


@pytest.fixture
def product(
    tmp_path: Path, postgresql: str, sink: SmtpSink, more: str, request: pytest.FixtureRequest
) -> Iterator[App]:
    """A newsletter that sends by SMTP, with workers on the broker where the test uses one, over its wires."""
    broker_url = NOWHERE
    if "broker" in request.fixturenames:
        broker_url = request.getfixturevalue("broker").url
    if "wire" in request.fixturenames:
        broker_url = f"amqp://guest:guest@127.0.0.1:{request.getfixturevalue('wire').port}//"
    (tmp_path / "newsletter.toml").write_text(crowd.settings(postgresql, sink.port, broker_url, more), "utf-8")
    with closing(apps.start(tmp_path)) as product:
        yield product
