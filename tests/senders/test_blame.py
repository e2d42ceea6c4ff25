"""Whose fault an answer is: the table, with answers that servers were seen to give."""

import time

import pytest

from newsletter.delivery.wire.blame import Fault, Lesson, Step, Whose, judge

DEAD = Fault(Whose.READER, lasting=True, lesson=Lesson.DEAD)
FULL = Fault(Whose.READER, lasting=True, lesson=Lesson.FULL)
READER = Fault(Whose.READER, lasting=True)
US = Fault(Whose.US, lasting=True)
MESSAGE = Fault(Whose.MESSAGE, lasting=True)
CONNECTION = Fault(Whose.CONNECTION, lasting=True)


def test_the_basic_code_and_the_words_are_one_answer() -> None:
    assert judge(Step.RCPT, 550, "5.1.1 <(address)>: Recipient address rejected: User unknown") == DEAD


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("550 5.1.1 User unknown in virtual mailbox table", DEAD),
        ("550 Unrouteable address", DEAD),
        ("550 no such user", DEAD),
        ("550 User <x> unknown", DEAD),
        ("550-5.1.1 The email account that you tried to reach does not exist", DEAD),
        ("550 5.1.2 Host unknown (Name server: host not found)", DEAD),
        ("556 5.1.10 Recipient address has a null MX", DEAD),
        ("551 5.1.6 Recipient no longer on server", DEAD),
        ("550 5.2.1 The email account that you tried to reach is disabled", DEAD),
        ("521 5.2.1 does not accept mail", DEAD),
        ("552 5.2.2 mailbox full", FULL),
        ("452 4.2.2 The email account that you tried to reach is over quota", Fault(Whose.READER, False, Lesson.FULL)),
        ("552 over quota", FULL),
        ("524 5.2.4 Mailing list expansion problem", READER),
        ("553 sorry, no mailbox here by that name", READER),
        ("551 user not local", READER),
        ("550 5.5.0 Requested action not taken: mailbox unavailable", READER),
        ("550 5.4.1 Recipient address rejected: Access denied", READER),
        ("450 4.2.0 greylisted, come back", Fault(Whose.READER, False)),
        ("450 try again", Fault(Whose.READER, False)),
        ("554 5.7.1 <x>: Relay access denied", US),
        ("554 5.7.1 Service unavailable; client blocked using a list", US),
        ("550 5.7.1 rejected by policy", US),
        ("550-5.7.26 unauthenticated mail is refused", US),
        ("554 refused", US),
        ("550 5.1.1 blocked for spam", US),
        ("550 relay not permitted", US),
        ("550 5.1.1 <x>: Recipient address rejected: User unknown in relay recipient table", DEAD),
        ("550-Verification failed for <bounces@news>: no such user. Sender verify failed", US),
        ("550 5.1.0 <bounces@news>: Sender address rejected: User unknown in local recipient table", READER),
        ("550 blocked: the PTR record does not exist", US),
        ("550 5.1.8 domain of sender does not exist", US),
        ("553 5.1.7 sender address is invalid", US),
        ("530 5.7.0 log in first", US),
        ("552 5.3.4 message size exceeds limit", MESSAGE),
        ("552 5.2.3 message too long for this mailbox", MESSAGE),
        ("503 Bad sequence of commands - pipelined after end of DATA", CONNECTION),
        ("503 5.5.1 MAIL first", CONNECTION),
        ("452 4.5.3 Too many recipients: Too many messages sent", Fault(Whose.CONNECTION, False)),
        ("421 4.7.0 Error: too many errors", Fault(Whose.CONNECTION, False)),
        ("550 5.3.2 system not accepting messages", Fault(Whose.SERVER, True)),
        ("550 5.4.6 routing loop", Fault(Whose.SERVER, True)),
    ],
)
def test_an_answer_to_a_recipient(words: str, fault: Fault) -> None:
    assert judge(Step.RCPT, int(words[:3]), words[4:]) == fault


@pytest.mark.parametrize(
    ("step", "words", "fault"),
    [
        (Step.CONNECT, "554 no mail from your address", Fault(Whose.SERVER, True)),
        (Step.CONNECT, "421 too many connections", Fault(Whose.CONNECTION, False)),
        (Step.AUTH, "535 5.7.8 authentication failed", US),
        (Step.AUTH, "454 4.7.0 temporary authentication failure", Fault(Whose.US, False)),
        (Step.MAIL, "553 5.1.8 Domain of sender address does not exist", US),
        (Step.MAIL, "550 5.1.1 no such user", US),
        (Step.MAIL, "552 5.3.4 message size exceeds fixed limit", MESSAGE),
        (Step.MAIL, "552 too large", MESSAGE),
        (Step.MAIL, "503 nested MAIL", CONNECTION),
        (Step.MAIL, "452 4.5.3 Too many messages sent", Fault(Whose.CONNECTION, False)),
        (Step.MAIL, "530 authentication required", US),
        (Step.DATA, "554 5.5.1 no valid recipients", CONNECTION),
        (Step.DOT, "550 5.1.1 user unknown", DEAD),
        (Step.DOT, "552 5.2.2 mailbox full", FULL),
        (Step.DOT, "550 administrative prohibition", MESSAGE),
        (Step.DOT, "554 5.7.1 refused as spam", US),
        (Step.DOT, "552 5.3.4 too large", MESSAGE),
        (Step.DOT, "451 4.3.0 try again", Fault(Whose.SERVER, False)),
    ],
)
def test_the_same_words_mean_something_else_at_another_step(step: Step, words: str, fault: Fault) -> None:
    assert judge(step, int(words[:3]), words[4:]) == fault


@pytest.mark.parametrize(
    ("status", "words", "lesson"),
    [
        ("5.1.1", "", Lesson.DEAD),
        ("5.0.0", "550 5.1.1 user unknown", Lesson.DEAD),
        ("5.0.0", "SMTP error after RCPT TO: 550-5.1.1 unknown", Lesson.DEAD),
        ("", "550 Unrouteable address", Lesson.DEAD),
        ("5.0.0", "552 5.2.2 mailbox full", Lesson.FULL),
        ("5.0.0", "554 5.7.1 policy", None),
        ("5.0.0", "550-5.7.26 unauthenticated", None),
        ("5.1.8", "501 5.1.8 sender domain not found", None),
        ("5.1.1", "450 4.2.0 greylisted", None),
        ("4.4.7", "delivery time expired", None),
    ],
)
def test_what_is_told_later_is_judged_by_its_words_before_its_status(
    status: str, words: str, lesson: Lesson | None
) -> None:
    assert judge(Step.LATER, None, words, status=status).lesson is lesson


def test_a_megabyte_of_words_is_judged_at_once() -> None:
    began = time.process_time()
    judge(Step.LATER, None, "550-5.1.1 " * 100_000, status="5" * 1_000_000)

    assert time.process_time() - began < 0.1
