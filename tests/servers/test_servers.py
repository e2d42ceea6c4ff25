"""The sender against the mail servers that people run: one copy for each reader who is known, and nobody harmed."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from newsletter.delivery.models import SendingState
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.wire.returns import Returns
from tests.servers import haraka, kinds, trial
from tests.servers.debian import Missing
from tests.servers.trial import Result

READERS = 500
NAMES = (*kinds.NAMED, haraka.NAME)
#: courier lets each unknown recipient wait for eight seconds, which has a test of its own
_UNHURRIED: Mapping[str, Mapping[str, str]] = {"courier": {"TARPIT": "0"}}
Try = Callable[..., Result]


@pytest.fixture
def to() -> Iterator[Try]:
    """Send an edition to `to(name, readers, **settings of the server)`; skips the test where it can't be had."""

    def send(
        name: str, readers: int = READERS, more: Mapping[str, str] | None = None, returns: Returns | None = None
    ) -> Result:
        try:
            with trial.running(name, readers, more=more) as server:
                return trial.send(server, readers, returns=returns)
        except Missing as reason:
            pytest.skip(f"{name}: {reason}")

    yield send


def exact(readers: int = READERS) -> tuple[object, ...]:
    """Nine in ten accepted and stored once, one in ten refused, nothing else."""
    valid, unknown = trial.valid(readers), trial.unknown(readers)
    balance = Balance(planned=readers, accepted=len(valid), refused=len(unknown))
    return SendingState.COMPLETE, balance, dict.fromkeys(valid, 1), unknown


def found(result: Result) -> tuple[object, ...]:
    """The same, as it was."""
    return result.ended.state, result.balance, dict(result.stored), list(result.refused)


@pytest.mark.parametrize("name", NAMES)
def test_all_who_are_known_get_one_copy_and_only_the_unknown_are_refused(to: Try, name: str) -> None:
    assert found(to(name, more=_UNHURRIED.get(name))) == exact()


@pytest.mark.parametrize("name", NAMES)
def test_a_return_address_for_each_copy_costs_nobody_theirs(to: Try, name: str) -> None:
    returns = Returns(f"bounces@{trial.SENDER.partition('@')[2]}", "+", "a secret for tests")
    assert found(to(name, 200, more=_UNHURRIED.get(name), returns=returns)) == exact(200)


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_of_the_server_costs_nobody_their_copy(to: Try, name: str) -> None:
    tight = haraka.TIGHT if name == haraka.NAME else kinds.NAMED[name].tight
    assert found(to(name, more={**_UNHURRIED.get(name, {}), **tight})) == exact()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Postfix", "550 5.1.1 <(address)>: Recipient address rejected: User unknown in virtual mailbox table"),
        ("Exim", "550 Unrouteable address"),
        ("OpenSMTPD", "524 5.2.4 Mailing list expansion problem: <(address)>"),
        ("sendmail", "550 5.1.1 <(address)>... User unknown"),
        ("chasquid", "550 5.1.1 Destination address is unknown (user does not exist)"),
        ("Haraka", "550 no such user"),
    ],
)
def test_the_unknown_are_refused_in_the_servers_words(to: Try, name: str, words: str) -> None:
    assert to(name, readers=40).refused == dict.fromkeys(trial.unknown(40), words)


@pytest.mark.parametrize(
    ("name", "groups"), [("Postfix", True), ("Exim", True), ("sendmail", True), ("chasquid", False), ("Haraka", False)]
)
def test_what_comes_with_the_final_dot_is_kept_to_where_it_is_borne(to: Try, name: str, groups: bool) -> None:
    assert to(name, readers=100).manners.groups is groups


def test_the_messages_that_opensmtpd_takes_on_a_connection_are_learned(to: Try) -> None:
    assert to("OpenSMTPD", readers=1000).manners == Manners(most=100)


def test_errors_that_are_made_to_wait_cost_nobody_their_copy(to: Try) -> None:
    assert found(to("courier", readers=30)) == exact(30)
