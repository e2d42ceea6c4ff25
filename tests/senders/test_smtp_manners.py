"""What a mail server bears is learned from itself, and costs no copy a try."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.app import App
from newsletter.config import Smtp
from newsletter.db import Database
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.wire import knowledge
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, Script
from tests.senders.conftest import MakeSender, a_parcel

READERS = tuple(f"reader{number}@example.com" for number in range(20))
PATIENT = {"timeout": 60, "dot_timeout": 60}
NOON = datetime(2021, 11, 26, 12, tzinfo=UTC)


def after(taken: int, fault: Fault, *, connections: int = 100) -> Script:
    """*fault* for MAIL once a connection has taken so many messages, on the first so many connections."""

    def script(moment: Moment) -> Fault | None:
        late = moment.step == "mail" and moment.taken >= taken and moment.connection <= connections
        return fault if late else None

    return script


def test_a_server_that_answers_in_order_gets_its_envelopes_with_the_final_dot(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port, **PATIENT)
        sender.send(a_parcel(*READERS))

        assert (sender.manners, sink.recipients()) == (Manners(groups=True), sorted(READERS))


def test_a_server_that_refuses_what_comes_with_the_dot_is_told_one_thing_after_the_other(a_sender: MakeSender) -> None:
    refusal = wire_faults.answer(503, "5.5.1 pipelined after end of DATA")
    with SmtpSink(after(2, refusal, connections=1)) as sink:
        sender = a_sender(sink.port, **PATIENT)
        report = sender.send(a_parcel(*READERS))

        assert (sender.manners, report.again, report.refused) == (Manners(groups=False), {}, {})
        assert sink.recipients() == sorted(READERS)


def test_a_server_that_is_slow_to_answer_a_group_has_not_dropped_it(a_sender: MakeSender) -> None:
    with SmtpSink(after(2, wire_faults.delay(1.5), connections=1)) as sink:
        sender = a_sender(sink.port, **PATIENT)
        sender.send(a_parcel("ada@example.com", "bob@example.com", "cleo@example.com"))

        assert (sender.manners.groups, sink.connections) == (True, 1)


def test_what_is_known_already_is_not_tried_again(a_sender: MakeSender) -> None:
    with SmtpSink() as sink:
        sender = a_sender(sink.port, **PATIENT)
        sender.manners = Manners(groups=False)
        sender.send(a_parcel(*READERS))

        assert (sender.manners, sink.recipients()) == (Manners(groups=False), sorted(READERS))


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one-by-one"])
def test_a_limit_of_messages_on_a_connection_is_learned_and_costs_nobody_a_try(
    a_sender: MakeSender, pipelining: bool
) -> None:
    refusal = wire_faults.answer(452, "4.5.3 Too many recipients: Too many messages sent")
    with SmtpSink(after(5, refusal), pipelining=pipelining) as sink:
        sender = a_sender(sink.port, **PATIENT)
        report = sender.send(a_parcel(*READERS))
        sender.send(a_parcel(*READERS))

        assert (report.again, sink.recipients()) == ({}, sorted(READERS * 2))
        assert sender.manners.most == 5


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one-by-one"])
def test_a_dead_address_costs_neither_rset_nor_a_second_mail(a_sender: MakeSender, pipelining: bool) -> None:
    script = wire_faults.at("rcpt", wire_faults.answer(550, "5.1.1 unknown"))
    with SmtpSink(script, pipelining=pipelining) as sink:
        report = a_sender(sink.port, **PATIENT).send(a_parcel(*READERS))

        verbs = [line.split()[0] for line in sink.commands]
        assert (len(report.refused), verbs.count("RCPT"), verbs.count("MAIL"), verbs.count("RSET")) == (20, 20, 1, 0)


def test_only_the_first_dead_address_costs_two_errors(a_sender: MakeSender) -> None:
    with SmtpSink(wire_faults.at("rcpt", wire_faults.answer(550, "5.1.1 unknown"))) as sink:
        a_sender(sink.port, **PATIENT).send(a_parcel(*READERS))

        assert [line for line in sink.commands if line == "DATA"] == ["DATA"]


def test_a_server_that_hangs_up_over_errors_is_asked_before_data(a_sender: MakeSender) -> None:
    refused = 0

    def script(moment: Moment) -> Fault | None:
        nonlocal refused
        if moment.step != "rcpt" or not moment.recipient.startswith("dead"):
            return None
        refused += 1
        return wire_faults.goodbye() if refused % 3 == 0 else wire_faults.answer(550, "5.1.1 unknown")

    dead = tuple(f"dead{number}@example.com" for number in range(4))
    with SmtpSink(script) as sink:
        sender = a_sender(sink.port, **PATIENT)
        report = sender.send(a_parcel(*dead, *READERS))

        assert (len(report.refused), report.again, sender.manners.counts_errors) == (4, {}, True)


def test_knowledge_is_kept_from_one_run_to_the_next(database: Database) -> None:
    with database.write() as session:
        knowledge.keep(session, "mail.example.com:587", Manners(False, 100, True), now=NOON)

    with database.read() as session:
        assert knowledge.recall(session, "mail.example.com:587", now=NOON) == Manners(False, 100, True)


def test_old_knowledge_is_forgotten(database: Database) -> None:
    with database.write() as session:
        knowledge.keep(session, "mail.example.com:587", Manners(groups=False), now=NOON)

    with database.read() as session:
        assert knowledge.recall(session, "mail.example.com:587", now=NOON + timedelta(days=31)) == Manners()


def test_what_the_product_learns_of_its_server_is_in_the_database(app: App) -> None:
    with SmtpSink() as sink:
        smtp = Smtp.model_validate({"host": "127.0.0.1", "port": sink.port, "security": "none", "connections": 1})
        settings = app.settings.model_copy(update={"sender": "smtp", "smtp": smtp})
        sender = App(settings, app.database).sender()
        sender.send(a_parcel(*READERS))
        sender.close()

    with app.database.read() as session:
        assert knowledge.recall(session, f"127.0.0.1:{sink.port}", now=datetime.now(UTC)) == Manners(groups=True)
