"""Whose fault an answer is: the table, with answers that servers were seen to give."""

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
