"""What is our own fault, or the server's, stops the sending and refuses nobody; the reason stands on it in words."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from newsletter.delivery.models import SendingState
from newsletter.delivery.operations.balance import Balance
from tests.senders.conftest import PlainMould
from tests.servers import kinds, trial
from tests.servers.debian import Missing
from tests.servers.house import House, Running

READERS = 40
NOBODY = Balance(planned=READERS, to_do=READERS)
Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server with `start(name, **…)` as `trial.running` does; skips the test where it can't be had."""
    with ExitStack() as servers:

        def running(name: str, **wishes: object) -> Running:
            try:
                return servers.enter_context(trial.running(name, READERS, **wishes))  # type: ignore[arg-type]
            except Missing as reason:
                pytest.skip(f"{name}: {reason}")

        yield running


def test_a_senders_domain_that_is_not_there_pauses_the_sending(start: Start) -> None:
    result = trial.send(start("sendmail", resolves=False), READERS)

    assert (result.ended.state, result.balance, dict(result.stored)) == (SendingState.PAUSED, NOBODY, {})
    assert "553 5.1.8 <(address)>... Domain of sender address (address) does not exist" in result.ended.reason


def test_a_message_larger_than_the_server_takes_pauses_the_sending(start: Start) -> None:
    server = start("Postfix", more={"message_size_limit": "20000", "virtual_mailbox_limit": "20000"})
    result = trial.send(server, READERS, mould=PlainMould(30_000))

    assert (result.ended.state, result.balance, dict(result.stored)) == (SendingState.PAUSED, NOBODY, {})
    assert "and the mail server takes 20,000 at most" in result.ended.reason


def test_a_certificate_that_nobody_vouches_for_pauses_the_sending(start: Start) -> None:
    result = trial.send(start("chasquid"), READERS, security="starttls")

    assert (result.ended.state, result.balance, dict(result.stored)) == (SendingState.PAUSED, NOBODY, {})
    assert "is not trusted: unable to get local issuer certificate" in result.ended.reason


def test_a_wrong_password_pauses_the_sending(start: Start) -> None:
    server = start("chasquid")
    assert isinstance(server, House)
    authority, user = server.folder / "files" / kinds.AUTHORITY.lstrip("/"), f"reader1@{kinds.DOMAIN}"
    result = trial.send(server, READERS, security="starttls", ca_file=authority, username=user, password="wrong")

    assert (result.ended.state, result.balance, dict(result.stored)) == (SendingState.PAUSED, NOBODY, {})
    assert "refused the login (535 " in result.ended.reason


def test_a_server_without_starttls_pauses_the_sending(start: Start) -> None:
    result = trial.send(start("OpenSMTPD"), READERS, security="starttls")

    assert (result.ended.state, result.balance, dict(result.stored)) == (SendingState.PAUSED, NOBODY, {})
    assert "does not offer STARTTLS" in result.ended.reason
