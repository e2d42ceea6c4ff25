"""A return address of its own for each copy: on the wire, and after refusals, lost connections and kills."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from newsletter import db
from newsletter.app import App
from newsletter.config import Bounces, Settings
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.wire import returns
from newsletter.delivery.wire.returns import Returns
from newsletter.rendering import links
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment
from tests.senders.conftest import MakeSender, a_parcel

SECRET = "a secret for tests"
RETURNS = Returns("bounces@news.example.com", "+", SECRET)
READERS = tuple(f"reader{number}@example.com" for number in range(1, 21))
PIPELINING = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one-by-one"])


def whose(sender: str) -> str:
    """The reader whose copy of edition 1 has the return address *sender*."""
    local, _, domain = sender.partition("@")
    edition_id, subscriber_id = links.read_return_mark(SECRET, local.removeprefix("bounces+"))
    return f"{edition_id} {READERS[subscriber_id - 1]} {domain}"


def mine(sink: SmtpSink) -> list[bool]:
    """For each copy that was taken whether its return address is its reader's."""
    return [whose(taken.sender) == f"1 {taken.recipient} news.example.com" for taken in sink.taken]


@PIPELINING
@pytest.mark.parametrize("groups", [True, False, None], ids=["with the dot", "after it", "to be learned"])
def test_each_copy_has_its_own_return_address(a_sender: MakeSender, pipelining: bool, groups: bool | None) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        sender = a_sender(sink.port, RETURNS, timeout=60, dot_timeout=60)
        sender.manners = Manners(groups=groups)
        sender.send(a_parcel(*READERS))

        assert mine(sink) == [True] * 20


@PIPELINING
def test_a_reader_who_comes_after_a_refused_one_does_not_get_that_ones_return_address(
    a_sender: MakeSender, pipelining: bool
) -> None:
    unknown = wire_faults.answer(550, "5.1.1 unknown")

    def script(moment: Moment) -> Fault | None:
        return unknown if moment.step == "rcpt" and moment.recipient in READERS[::2] else None

    with SmtpSink(script, pipelining=pipelining) as sink:
        report = a_sender(sink.port, RETURNS, timeout=60, dot_timeout=60).send(a_parcel(*READERS))

        assert (len(report.refused), mine(sink)) == (10, [True] * 10)


@PIPELINING
def test_a_server_that_hangs_up_at_rset_costs_a_connection_and_nobody_a_try(
    a_sender: MakeSender, pipelining: bool
) -> None:
    resets: Counter[int] = Counter()

    def script(moment: Moment) -> Fault | None:
        if moment.step == "rcpt" and moment.recipient in READERS[:12]:
            return wire_faults.answer(550, "5.1.1 unknown")
        resets[moment.connection] += moment.step == "rset"
        too_many = resets[moment.connection] > 4
        return Fault(say=b"554 Too many nonmail commands\r\n", then="cut") if too_many else None

    with SmtpSink(script, pipelining=pipelining) as sink:
        report = a_sender(sink.port, RETURNS, timeout=60, dot_timeout=60).send(a_parcel(*READERS))

        assert (len(report.refused), dict(report.again), mine(sink)) == (12, {}, [True] * 8)


def test_a_second_try_has_the_same_return_address(a_sender: MakeSender) -> None:
    with SmtpSink(wire_faults.at("message", wire_faults.cut(taken=True), first=1)) as sink:
        sender = a_sender(sink.port, RETURNS)
        for _ in range(2):
            sender.send(a_parcel("reader1@example.com"))

        assert len({taken.sender for taken in sink.taken}) == 1
        assert mine(sink) == [True, True]


def test_where_the_server_knows_no_marks_all_copies_share_the_address(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        a_sender(sink.port, Returns("bounces@news.example.com", "", SECRET)).send(a_parcel())

        assert {taken.sender for taken in sink.taken} == {"bounces@news.example.com"}


def test_a_letter_is_no_copy_and_its_return_address_has_no_mark() -> None:
    assert RETURNS.of(0, 0) == b"bounces@news.example.com"


@pytest.mark.parametrize("separator", ["+", "-", "=", "_", "."])
def test_the_mark_stands_behind_the_separator_of_the_settings(separator: str) -> None:
    settings = Settings.model_validate(
        {"secret": SECRET, "bounces": {"address": "bounces@news.example.com", "separator": separator}}
    )
    written = returns.configured(settings)
    mark = links.return_mark(SECRET, 12, 345)

    assert written is not None
    assert written.of(12, 345) == f"bounces{separator}{mark}@news.example.com".encode()


def test_without_an_address_for_bounces_copies_go_out_under_the_newsletters_own() -> None:
    assert returns.configured(Settings()) is None


@pytest.mark.parametrize("address", ["bounces", "much-too-long-for-a-mark@example.com", "böunces@example.com", "a b@c"])
def test_an_address_that_can_hold_no_mark_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="can't be a return address, such as bounces@news"):
        Bounces(address=address)


def test_the_product_sends_under_the_address_of_its_settings(tmp_path: Path) -> None:
    with SmtpSink() as sink, closing(db.connect(f"sqlite:///{tmp_path / 'newsletter.db'}")) as database:
        smtp = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
        bounces = {"address": "bounces@news.example.com"}
        settings = {"secret": SECRET, "sender": "smtp", "smtp": smtp, "bounces": bounces}
        with closing(App(Settings.model_validate(settings), database).sender()) as sender:
            sender.send(a_parcel(*READERS))

        assert mine(sink) == [True] * 20
