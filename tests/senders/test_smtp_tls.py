"""Encryption and login, against aiosmtpd: another implementation than our own sink."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from newsletter.errors import Blocked, ConfigError, Unavailable
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment
from tests.senders.conftest import MakeSender, a_parcel

PATIENT = {"timeout": 60, "dot_timeout": 60, "host": "localhost"}


class Post:
    """What aiosmtpd hands over, and whom it lets in."""

    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return "250 2.0.0 taken"

    def let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"ada", b"pw"), handled=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the server's certificate."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side, for the name localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate in a file."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def starttls_port(post: Post, server_tls: ssl.SSLContext) -> Iterator[int]:
    """aiosmtpd that wants STARTTLS and then a login."""
    with _serving(
        lambda: SMTP(
            post,
            tls_context=server_tls,
            require_starttls=True,
            authenticator=post.let_in,
            auth_required=True,
            loop=asyncio.get_running_loop(),
        )
    ) as port:
        yield port


@pytest.fixture
def tls_port(post: Post, server_tls: ssl.SSLContext) -> Iterator[int]:
    """aiosmtpd behind TLS from the first byte."""
    with _serving(lambda: SMTP(post, loop=asyncio.get_running_loop()), tls=server_tls) as port:
        yield port


@contextmanager
def _serving(make: Callable[[], SMTP], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on a loop in a thread of its own; aiosmtpd's own controller does not like port 0."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(loop.create_server(make, "localhost", 0, ssl=tls), loop)
    server = opening.result(10)
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    asyncio.run_coroutine_threadsafe(_cancel_the_rest(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def _cancel_the_rest() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.05)  # aiosmtpd closes its connections by and by


def test_starttls_and_login_come_before_the_mail(
    a_sender: MakeSender, post: Post, starttls_port: int, ca_file: Path
) -> None:
    sender = a_sender(starttls_port, **PATIENT, security="starttls", ca_file=ca_file, username="ada", password="pw")
    sender.send(a_parcel("bob@example.com", "cleo@example.com"))

    assert (post.recipients, post.encrypted) == (["bob@example.com", "cleo@example.com"], [True, True])


def test_a_wrong_password_is_refused(a_sender: MakeSender, starttls_port: int, ca_file: Path) -> None:
    sender = a_sender(starttls_port, **PATIENT, security="starttls", ca_file=ca_file, username="ada", password="no")
    with pytest.raises(Blocked, match="refused the login"):
        sender.send(a_parcel())


def test_tls_from_the_first_byte(a_sender: MakeSender, post: Post, tls_port: int, ca_file: Path) -> None:
    a_sender(tls_port, **PATIENT, security="tls", ca_file=ca_file).send(a_parcel("bob@example.com"))

    assert post.recipients == ["bob@example.com"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_everything(
    a_sender: MakeSender, server_tls: ssl.SSLContext, security: str
) -> None:
    with SmtpSink(tls=server_tls, implicit=security == "tls") as sink:
        with pytest.raises(Blocked, match="is not trusted: unable to get local issuer certificate"):
            a_sender(sink.port, **PATIENT, security=security).send(a_parcel())

        assert sink.taken == []


def test_a_certificate_for_another_name_stops_everything(
    a_sender: MakeSender, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    with SmtpSink(tls=server_tls) as sink:
        with pytest.raises(Blocked, match="is not trusted: IP address mismatch"):
            sender = a_sender(sink.port, security="starttls", ca_file=ca_file, timeout=5, host="127.0.0.1")
            sender.send(a_parcel())


def test_a_server_without_starttls_gets_no_mail(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        with pytest.raises(Blocked, match="does not offer STARTTLS"):
            a_sender(sink.port, security="starttls").send(a_parcel())

        assert sink.taken == []


def test_words_smuggled_in_before_encryption_end_the_connection(
    a_sender: MakeSender, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    smuggled = Fault(say=b"220 ready\r\n250-evil\r\n250 AUTH PLAIN\r\n")

    def script(moment: Moment) -> Fault | None:
        return smuggled if moment.step == "starttls" else None

    with SmtpSink(script, tls=server_tls) as sink:
        with pytest.raises(Unavailable, match="spoke out of turn"):
            a_sender(sink.port, **PATIENT, security="starttls", ca_file=ca_file).send(a_parcel())


def test_a_password_is_not_shown_to_a_server_that_refuses_encryption(a_sender: MakeSender, ca_file: Path) -> None:
    with SmtpSink(login=("ada", "pw")) as sink:
        with pytest.raises(Blocked):
            a_sender(sink.port, security="starttls", ca_file=ca_file, username="ada", password="pw").send(a_parcel())

        assert "AUTH" not in sink.commands


def test_a_message_cut_within_an_encrypted_connection_is_unknown(
    a_sender: MakeSender, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    script = wire_faults.at("message", wire_faults.cut(taken=True), recipient="bob@example.com")
    with SmtpSink(script, tls=server_tls) as sink:
        report = a_sender(sink.port, **PATIENT, security="starttls", ca_file=ca_file).send(a_parcel())

        assert (list(report.unknown), list(report.again), list(report.refused)) == ([2], [], [])


def test_a_file_of_authorities_that_is_not_there_is_named(a_sender: MakeSender, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"smtp\.ca_file: .*missing\.pem can't be used"):
        a_sender(1, security="tls", ca_file=tmp_path / "missing.pem")
