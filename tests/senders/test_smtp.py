"""Handing over to a mail server that behaves."""

import threading

import pytest

from newsletter.config import Smtp
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.errors import Blocked, ConfigError, Unavailable
from newsletter.testing.smtp_sink import SmtpSink
from tests.senders.conftest import DottedMould, MakeSender, PlainMould, a_parcel

PIPELINING = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one-by-one"])


@PIPELINING
def test_everybody_in_the_parcel_gets_one_copy(a_sender: MakeSender, pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        a_sender(sink.port).send(a_parcel())

        assert sink.recipients() == ["ada@example.com", "bob@example.com", "cleo@example.com"]


@PIPELINING
def test_a_parcel_that_was_taken_whole_reports_the_servers_words(a_sender: MakeSender, pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        assert a_sender(sink.port).send(a_parcel()) == Report(reply="2.0.0 taken")


@PIPELINING
def test_a_message_arrives_as_it_was_cast(a_sender: MakeSender, pipelining: bool) -> None:
    parcel = a_parcel("ada@example.com", mould=PlainMould(100_000))
    with SmtpSink(pipelining=pipelining) as sink:
        a_sender(sink.port, timeout=5, dot_timeout=5).send(parcel)

        assert sink.taken[0].message == parcel.mould.message(parcel.readers[0]).replace(b"\r\n", b"\n")


@PIPELINING
def test_a_line_that_begins_with_a_dot_neither_ends_the_message_nor_loses_its_dot(
    a_sender: MakeSender, pipelining: bool
) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        a_sender(sink.port).send(a_parcel("ada@example.com", mould=DottedMould()))

        assert b"\n.\nMAIL FROM:<eve@example.com>\n" in sink.taken[0].message


def test_the_envelope_comes_from_the_newsletters_own_address(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        a_sender(sink.port).send(a_parcel("ada@example.com"))

        assert sink.taken[0].sender == "friday@news.example.com"


def test_the_size_is_stated_where_the_server_wants_it(a_sender: MakeSender) -> None:
    parcel = a_parcel("ada@example.com")
    size = len(parcel.mould.message(parcel.readers[0]))
    with SmtpSink() as sink:
        a_sender(sink.port).send(parcel)

        assert f"MAIL FROM:<friday@news.example.com> SIZE={size}" in sink.commands


def test_a_message_larger_than_the_server_takes_stops_the_edition_and_refuses_nobody(a_sender: MakeSender) -> None:
    with SmtpSink(size=1000) as sink:
        with pytest.raises(Blocked, match="and the mail server takes 1,000 at most"):
            a_sender(sink.port).send(a_parcel(mould=PlainMould(2000)))

        assert sink.taken == []


def test_connections_are_kept_from_one_parcel_to_the_next(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port)
        sender.send(a_parcel())
        sender.send(a_parcel())

        assert sink.connections == 1


def test_a_connection_is_left_after_its_share_of_messages(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        a_sender(sink.port, messages_per_connection=2).send(a_parcel())

        assert (sink.connections, sink.commands.count("QUIT")) == (2, 1)


def test_closing_says_goodbye(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port)
        sender.send(a_parcel())
        sender.close()

        assert sink.commands[-1] == "QUIT"


def test_a_closed_sender_takes_nothing_more(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port)
        sender.close()

        with pytest.raises(Unavailable, match="the mail sender was closed"):
            sender.send(a_parcel())


def test_several_threads_may_send_at_once(a_sender: MakeSender) -> None:
    addresses = [f"reader{number}@example.com" for number in range(25)]
    with SmtpSink() as sink:
        sender = a_sender(sink.port, connections=4, timeout=10, dot_timeout=10)
        threads = [threading.Thread(target=sender.send, args=(a_parcel(*addresses),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sink.recipients() == sorted(addresses * 8)


def test_an_empty_parcel_needs_no_server(a_sender: MakeSender) -> None:
    parcel = a_parcel("ada@example.com")
    empty = type(parcel)(1, 1, "a1", parcel.mould, ())

    assert a_sender(1).send(empty) == Report()


def test_no_more_recipients_are_under_way_than_stated() -> None:
    sender = SmtpSender(Smtp(host="mail.example.com", batch_size=25))

    assert sender.window * sender.batch_size <= 256


def test_an_address_with_letters_outside_ascii_needs_a_server_that_takes_it(a_sender: MakeSender) -> None:
    with SmtpSink(offers=()) as sink:
        report = a_sender(sink.port).send(a_parcel("zoë@example.com", "bob@example.com"))

        assert report.refused == {
            1: Words("the mail server does not take addresses with letters outside ASCII (no SMTPUTF8)")
        }


def test_an_address_with_letters_outside_ascii_is_announced(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        a_sender(sink.port).send(a_parcel("zoë@example.com"))

        assert [line for line in sink.commands if line.startswith("MAIL") and line.endswith(" SMTPUTF8")]


def test_a_domain_with_letters_outside_ascii_is_written_in_ascii(a_sender: MakeSender) -> None:
    with SmtpSink(offers=()) as sink:
        a_sender(sink.port).send(a_parcel("ada@straße.example"))

        assert sink.recipients() == ["ada@xn--strae-oqa.example"]


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<eve@example.com", "a b@example.com", "ada", "a@b\x00"])
def test_an_address_that_would_end_the_envelope_early_is_refused(a_sender: MakeSender, address: str) -> None:
    with SmtpSink() as sink:
        report = a_sender(sink.port).send(a_parcel(address, "bob@example.com"))

        assert (list(report.refused), sink.recipients()) == ([1], ["bob@example.com"])


def test_a_password_never_travels_unencrypted_to_another_machine() -> None:
    smtp = Smtp.model_validate({"host": "mail.example.com", "security": "none", "username": "ada", "password": "pw"})

    with pytest.raises(ConfigError, match="use starttls or tls"):
        SmtpSender(smtp)


def test_logging_in_on_loopback_needs_no_encryption(a_sender: MakeSender) -> None:
    with SmtpSink(login=("ada", "pw")) as sink:
        a_sender(sink.port, username="ada", password="pw").send(a_parcel("bob@example.com"))

        assert sink.recipients() == ["bob@example.com"]


def test_a_refused_login_names_the_settings_and_sends_nothing(a_sender: MakeSender) -> None:
    with SmtpSink(login=("ada", "pw")) as sink:
        with pytest.raises(Blocked, match=r"smtp\.username and smtp\.password") as caught:
            a_sender(sink.port, username="ada", password="wrong").send(a_parcel())

        assert (caught.value.code, caught.value.reply, sink.taken) == (535, "535 5.7.8 wrong user or password", [])


def test_a_server_that_offers_no_login_is_refused(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        with pytest.raises(Blocked, match="offers no way to log in"):
            a_sender(sink.port, username="ada", password="pw").send(a_parcel())
