"""What becomes of each copy when the mail server, or the wire to it, fails: as reported, and in truth."""

import threading
import time
from collections.abc import Mapping

import pytest

from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire.parcel import Parcel, Report
from newsletter.errors import Blocked, Unavailable
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, Script, Step, at
from tests.senders.conftest import MakeSender, PlainMould, a_parcel

BOB = "bob@example.com"
PIPELINING = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one-by-one"])
PATIENT: Mapping[str, object] = {"timeout": 60, "dot_timeout": 60}


def fates(parcel: Parcel, report: Report) -> dict[str, str]:
    """First name → what the report says became of the copy."""
    named = {"refused": report.refused, "again": report.again, "unknown": report.unknown}
    return {
        reader.name: next((fate for fate, those in named.items() if reader.subscriber_id in those), "accepted")
        for reader in parcel.readers
    }


def send(sender: SmtpSender, parcel: Parcel) -> dict[str, str]:
    """Hand over and return the fates; a parcel that was not sent at all is "again" for all."""
    try:
        return fates(parcel, sender.send(parcel))
    except Unavailable:
        return {reader.name: "again" for reader in parcel.readers}


def lies(fate: Mapping[str, str], sink: SmtpSink) -> list[str]:
    """Where *fate* contradicts what the sink took: each line of it would be somebody lost or doubled."""
    got = [name.partition("@")[0].title() for name in sink.recipients()]
    return (
        [f"{name} is accepted and got nothing" for name, is_ in fate.items() if is_ == "accepted" and name not in got]
        + [f"{name} is {is_} and got it" for name, is_ in fate.items() if is_ in {"again", "refused"} and name in got]
        + [f"{name} got it twice" for name in fate if got.count(name) > 1]
    )


@PIPELINING
@pytest.mark.parametrize(
    ("step", "code", "fate"),
    [
        ("rcpt", 450, "again"),
        ("rcpt", 452, "again"),
        ("rcpt", 550, "refused"),
        ("rcpt", 552, "refused"),
        ("data", 451, "again"),
        ("message", 451, "again"),
        # about us, or the message: Bob's copy waits, for nothing was said about Bob
        ("rcpt", 554, "again"),
        ("data", 554, "again"),
        ("message", 550, "again"),
        ("message", 552, "again"),
        ("message", 554, "again"),
        # about the connection, or nobody in particular: it goes another time
        ("mail", 450, "accepted"),
        ("mail", 452, "accepted"),
        ("mail", 550, "accepted"),
        ("mail", 503, "accepted"),
    ],
)
def test_only_a_no_to_the_recipient_refuses_the_reader(
    a_sender: MakeSender, pipelining: bool, step: Step, code: int, fate: str
) -> None:
    script = _for_bob(step, wire_faults.answer(code, "so says the script"))
    with SmtpSink(script, pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": fate, "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("mail", b"553 5.1.8 Domain of sender address does not exist\r\n"),
        ("mail", b"552 5.3.4 Message size exceeds fixed limit\r\n"),
        ("rcpt", b"554 5.7.1 Relay access denied\r\n"),
        ("data", b"554 5.7.1 refused by policy\r\n"),
        ("message", b"550 5.7.1 refused as spam\r\n"),
    ],
)
def test_what_every_copy_hears_stops_the_edition_and_refuses_nobody(
    a_sender: MakeSender, pipelining: bool, step: Step, words: bytes
) -> None:
    with SmtpSink(at(step, Fault(say=words)), pipelining=pipelining) as sink:
        with pytest.raises(Blocked) as caught:
            a_sender(sink.port, **PATIENT).send(a_parcel())

        assert (caught.value.reply, sink.taken) == (words.decode().strip(), [])


@PIPELINING
def test_one_reader_alone_hears_twice_before_the_edition_is_stopped(a_sender: MakeSender, pipelining: bool) -> None:
    script = at("mail", wire_faults.answer(550, "5.7.1 not you"), first=1)
    with SmtpSink(script, pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel("ada@example.com"))

        assert found == {"Ada": "accepted"}


def test_a_server_that_takes_nothing_now_uses_up_nobodys_tries(a_sender: MakeSender) -> None:
    with SmtpSink(at("mail", wire_faults.answer(451, "4.1.8 Domain of sender does not resolve"))) as sink:
        with pytest.raises(Unavailable, match=r"takes nothing now: 451 4\.1\.8 Domain of sender") as caught:
            a_sender(sink.port, **PATIENT).send(a_parcel())

        assert (caught.value.tried, sink.taken) == (False, [])


def _for_bob(step: Step, fault: Fault) -> Script:
    """*fault* for bob; at MAIL, where no recipient is known yet, for the second message."""
    if step != "mail":
        return at(step, fault, recipient=BOB)
    mails = 0

    def script(moment: Moment) -> Fault | None:
        nonlocal mails
        mails += moment.step == "mail"
        return fault if moment.step == "mail" and mails == 2 else None

    return script


@PIPELINING
def test_the_servers_own_words_are_kept_without_the_address(a_sender: MakeSender, pipelining: bool) -> None:
    script = at("rcpt", Fault(say=b"550-5.1.1 <bob@example.com>:\r\n550 5.1.1 no such user\r\n"), recipient=BOB)
    with SmtpSink(script, pipelining=pipelining) as sink:
        report = a_sender(sink.port, **PATIENT).send(a_parcel())

        assert [(word.code, word.text) for word in report.refused.values()] == [
            (550, "550 5.1.1 <(address)>: 5.1.1 no such user")
        ]


@PIPELINING
def test_a_refused_recipient_gets_no_message_from_a_server_that_asks_for_one_nevertheless(
    a_sender: MakeSender, pipelining: bool
) -> None:
    with SmtpSink(at("rcpt", wire_faults.answer(550), recipient=BOB), pipelining=pipelining, eager=True) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "refused", "Cleo": "accepted"}, [])


def test_a_server_that_asks_for_a_refused_message_gets_an_empty_one(a_sender: MakeSender) -> None:
    with SmtpSink(at("rcpt", wire_faults.answer(550), recipient=BOB), eager=True) as sink:
        report = a_sender(sink.port, **PATIENT).send(a_parcel())

        # after a whole message it would be the final answer, 554
        assert [words.code for words in report.refused.values()] == [550]


@PIPELINING
@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    "fault",
    [wire_faults.goodbye(), wire_faults.cut(), wire_faults.stall(), wire_faults.garble()],
    ids=["421", "cut", "stall", "garble"],
)
def test_before_a_message_was_written_another_connection_takes_it(
    a_sender: MakeSender, pipelining: bool, step: Step, fault: Fault
) -> None:
    with SmtpSink(at(step, fault, first=1), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "accepted", "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize(
    "fault", [wire_faults.goodbye(), wire_faults.cut(), wire_faults.garble()], ids=["421", "cut", "garble"]
)
def test_a_copy_under_which_every_connection_dies_is_put_off_and_the_others_go(
    a_sender: MakeSender, pipelining: bool, step: Step, fault: Fault
) -> None:
    with SmtpSink(at(step, fault, recipient=BOB), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "again", "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
@pytest.mark.parametrize("kind", ["cut", "stall", "garble"])
def test_a_message_whose_answer_is_lost_is_unknown_and_is_not_sent_again(
    a_sender: MakeSender, pipelining: bool, taken: bool, kind: str
) -> None:
    fault: Fault = getattr(wire_faults, kind)(taken=taken)
    with SmtpSink(at("message", fault, recipient=BOB), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "unknown", "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("data", b"354 go ahead\r\n250 2.0.0 taken\r\n"),
        ("rcpt", b"354 go ahead\r\n"),
    ],
    ids=["acceptance-before-the-message", "an-answer-to-something-else"],
)
def test_answers_out_of_turn_are_not_believed(a_sender: MakeSender, pipelining: bool, step: Step, words: bytes) -> None:
    with SmtpSink(at(step, Fault(say=words), first=1), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel("ada@example.com"))

        assert (found, lies(found, sink)) == ({"Ada": "accepted"}, [])


@PIPELINING
def test_421_in_answer_to_a_message_says_that_it_was_not_taken(a_sender: MakeSender, pipelining: bool) -> None:
    with SmtpSink(at("message", wire_faults.goodbye(), recipient=BOB), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "again", "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize("kind", ["cut", "stall"])
def test_a_large_message_cut_in_its_middle_had_not_left_and_may_be_sent_again(
    a_sender: MakeSender, pipelining: bool, kind: str
) -> None:
    fault: Fault = getattr(wire_faults, kind)()
    parcel = a_parcel(mould=PlainMould(9_000_000))
    with SmtpSink(at("body", fault, recipient=BOB), pipelining=pipelining, keep=False) as sink:
        found = send(a_sender(sink.port, timeout=60, dot_timeout=12), parcel)

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "again", "Cleo": "accepted"}, [])


@PIPELINING
def test_a_small_message_cut_in_its_middle_may_have_left_and_is_unknown(a_sender: MakeSender, pipelining: bool) -> None:
    with SmtpSink(at("body", wire_faults.cut(), recipient=BOB), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "unknown", "Cleo": "accepted"}, [])


@PIPELINING
@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data", "message"])
def test_a_slow_answer_is_waited_for(a_sender: MakeSender, pipelining: bool, step: Step) -> None:
    with SmtpSink(at(step, wire_faults.delay(0.3), first=1), pipelining=pipelining) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "accepted", "Cleo": "accepted"}, [])


def test_nobody_listening_means_nothing_was_sent(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        port = sink.port

    with pytest.raises(Unavailable, match=rf"the mail server 127\.0\.0\.1:{port} can't be reached"):
        a_sender(port).send(a_parcel())


@pytest.mark.parametrize("step", ["greeting", "ehlo"])
@pytest.mark.parametrize(
    "fault",
    [wire_faults.answer(451), wire_faults.goodbye(), wire_faults.cut(), wire_faults.stall(), wire_faults.garble()],
    ids=["451", "421", "cut", "stall", "garble"],
)
def test_a_server_that_fails_before_any_mail_means_nothing_was_sent(
    a_sender: MakeSender, step: Step, fault: Fault
) -> None:
    with SmtpSink(at(step, fault)) as sink:
        with pytest.raises(Unavailable):
            a_sender(sink.port).send(a_parcel())

        assert sink.taken == []


@PIPELINING
def test_a_server_that_wants_a_login_stops_the_edition_and_refuses_no_reader(
    a_sender: MakeSender, pipelining: bool
) -> None:
    with SmtpSink(at("mail", wire_faults.answer(530, "5.7.0 log in first")), pipelining=pipelining) as sink:
        with pytest.raises(Blocked) as caught:
            a_sender(sink.port, **PATIENT).send(a_parcel())

        assert (caught.value.code, caught.value.reply) == (530, "530 5.7.0 log in first")


def test_a_server_without_ehlo_is_greeted_the_old_way(a_sender: MakeSender) -> None:
    with SmtpSink(at("ehlo", wire_faults.answer(502), first=1)) as sink:
        found = send(a_sender(sink.port, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "accepted", "Cleo": "accepted"}, [])


def test_a_server_that_never_answers_a_message_holds_nobody_up_longer_than_stated(a_sender: MakeSender) -> None:
    with SmtpSink(at("message", wire_faults.stall())) as sink:
        sender = a_sender(sink.port, timeout=0.2, dot_timeout=0.4)
        began = time.monotonic()
        found = send(sender, a_parcel(*(f"reader{number}@example.com" for number in range(20))))

        assert (time.monotonic() - began < sender.deadline, lies(found, sink)) == (True, [])


def test_a_connection_that_the_server_closed_while_it_rested_costs_nothing(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port, **PATIENT)
        port = sink.port
        sender.send(a_parcel("ada@example.com"))
    with SmtpSink(port=port) as sink:
        found = send(sender, a_parcel("bob@example.com"))

        assert (found, sink.recipients()) == ({"Bob": "accepted"}, ["bob@example.com"])


def test_a_server_that_wants_fewer_connections_than_we_do_is_still_used(a_sender: MakeSender) -> None:
    def one_at_a_time(moment: Moment) -> Fault | None:
        return wire_faults.goodbye() if moment.step == "greeting" and moment.connection > 1 else None

    with SmtpSink(one_at_a_time) as sink:
        found = send(a_sender(sink.port, connections=4, **PATIENT), a_parcel())

        assert (found, lies(found, sink)) == ({"Ada": "accepted", "Bob": "accepted", "Cleo": "accepted"}, [])


def test_what_is_under_way_when_the_sender_is_closed_is_waited_for(a_sender: MakeSender) -> None:
    with SmtpSink(at("message", wire_faults.delay(0.5))) as sink:
        sender, found = a_sender(sink.port, **PATIENT), dict[str, str]()
        thread = threading.Thread(target=lambda: found.update(send(sender, a_parcel())))
        thread.start()
        time.sleep(0.25)
        sender.close()
        thread.join()

        assert ("unknown" in found.values(), lies(found, sink)) == (False, [])
