"""Bounces, complaints, receipts and answers in the forms of other servers, written for this: each with its reason."""

from pathlib import Path

import pytest

from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson, Meaning
from newsletter.tracking.bounces.understanding import understand

WRITTEN = Path(__file__).parent / "written"
ADA = "ada@example.net"
#: how our copy is named: by the return address it had, and by its Message-ID
MARK = "e12-s345-0123456789abcdef"
MESSAGE = "<0000000c0000000159a5434b94a008327370456cfdbc@news.example.com>"
#: what has lost one of them
UNMARKED = frozenset(
    {
        "qmail-two",
        "without-a-blank-line-between",
        "no-head-at-all",
    }
)
NAMES_NO_MESSAGE = frozenset(
    {
        "forwarded-in-words",
        "no-head-at-all",
        "only-a-name-in-the-envelope",
        "unsubscribe-by-mail",
        "unsubscribe-by-a-mail-program",
        "a-letter-about-a-bounce",
        "junk",
        "unsubscribe-mailto-empty-body",
        "spam-quoting-a-bounce",
        "spam-forged-as-report",
        "delay-in-french-words",
    }
)


def judged(name: str) -> Judgement:
    return understand((WRITTEN / f"{name}.eml").read_bytes())[0]


@pytest.mark.parametrize(
    ("name", "said", "lesson", "address"),
    [
        ("sendmail-unknown", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("sendmail-still-trying", "delayed temporary 4.4.1", Lesson.NONE, ADA),
        ("sendmail-loops-back", "failed loop 5.3.5", Lesson.ALARM, ADA),
        ("sendmail-host-unknown", "failed no host 5.1.2", Lesson.COUNT, "ada@nosuch.example.net"),
        ("sendmail-five-days", "failed temporary 4.7.1", Lesson.COUNT, ADA),
        ("sendmail-old-transcript", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("sendmail-relay-answered-first", "failed policy 5.1.3", Lesson.ALARM, ADA),
        ("courier-alias", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("courier-quota", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("chasquid-unknown", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("chasquid-too-large", "failed too large 5.3.4", Lesson.ALARM, ADA),
        ("chasquid-letters-outside-ascii", "failed full 5.2.2", Lesson.COUNT, "zoë@münchen.example"),
        ("chasquid-words-only", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("qmail-no-mailbox", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("qmail-bare-550", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("qmail-bare-550-after-the-message", "failed policy 550", Lesson.ALARM, ADA),
        ("qmail-no-host", "failed no host 5.1.2", Lesson.COUNT, "ada@nosuch.example.net"),
        ("qmail-queue-too-long", "failed temporary 4.7.1", Lesson.COUNT, ADA),
        ("qmail-quota", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("qmail-spam", "failed policy 5.7.1", Lesson.ALARM, ADA),
        ("qmail-two", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("exim-old-unknown", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("exim-sender-callout", "failed policy 5.1.1", Lesson.ALARM, ADA),
        ("exim-after-ehlo", "failed other 550", Lesson.ALARM, ADA),
        ("exim-unrouteable", "failed no host 5.1.2", Lesson.COUNT, "ada@nosuch.example.net"),
        ("exim-warning", "delayed full 4.2.2", Lesson.NONE, ADA),
        ("mailru", "failed policy 550", Lesson.ALARM, ADA),
        ("gmail-unknown", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("gmail-delay", "delayed temporary 4.4.1", Lesson.NONE, ADA),
        ("gmail-too-much-mail", "failed temporary 4.2.1", Lesson.COUNT, ADA),
        ("gmail-rate-for-good", "failed temporary 5.2.1", Lesson.COUNT, ADA),
        ("gmail-over-quota", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("gmail-unauthenticated", "failed policy 5.7.26", Lesson.ALARM, ADA),
        ("gmail-old-words", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("office365-not-found", "failed dead 5.1.10", Lesson.SUPPRESS, ADA),
        ("office365-access-denied", "failed other 5.4.1", Lesson.COUNT, ADA),
        ("office365-only-members", "failed policy 5.7.133", Lesson.ALARM, ADA),
        ("office365-full", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("office365-hop-count", "failed loop 5.4.14", Lesson.ALARM, ADA),
        ("office365-expired", "failed temporary 5.4.300", Lesson.COUNT, ADA),
        ("office365-no-domain", "failed no host 5.4.310", Lesson.COUNT, ADA),
        ("office365-banned", "failed policy 5.7.606", Lesson.ALARM, ADA),
        ("exchange-german", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("exchange-too-large", "failed too large 5.3.4", Lesson.ALARM, ADA),
        ("exchange-55", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("yahoo-no-account", "failed dead 554", Lesson.SUPPRESS, ADA),
        ("yahoo-deferred-out", "failed temporary 4.7.0", Lesson.COUNT, ADA),
        ("icloud-full", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("domino-not-listed", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("domino-not-listed-without-code", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("domino-quota", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("domino-japanese", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("groupwise", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("kundenserver", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("webde-voll", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("mdaemon", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("hmailserver", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("imail", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("mimecast", "failed policy 550", Lesson.ALARM, ADA),
        ("barracuda", "failed policy 550", Lesson.ALARM, ADA),
        ("postfix-relay-table", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("postfix-null-mx", "failed no host 5.1.0", Lesson.COUNT, ADA),
        ("postfix-no-name", "failed no host 5.4.4", Lesson.COUNT, "ada@nosuch.example.net"),
        ("postfix-unknown-local", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("postfix-connect-timed-out", "failed temporary 4.4.1", Lesson.COUNT, ADA),
        ("postfix-plus-address", "failed dead 5.1.1", Lesson.SUPPRESS, "ada+news@example.net"),
        ("postfix-delivered", "relayed", Lesson.NONE, ADA),
        ("postfix-lmtp-delivered", "delivered", Lesson.NONE, ADA),
        ("postfix-unverified", "failed temporary 4.1.1", Lesson.COUNT, ADA),
        ("postfix-sender-unknown", "failed policy 5.1.0", Lesson.ALARM, ADA),
        ("postfix-french", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("postfix-bare-550-in-french", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("postfix-alias-of-three", "failed dead 5.1.1", Lesson.COUNT, ADA),
        ("amazon-ses", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("coremail-chinese", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("yandex-russian", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("spanish", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("italian-domain", "failed no host 5.1.2", Lesson.COUNT, "ada@nosuch.example.net"),
        ("status-in-base64", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("in-multipart-mixed", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("without-a-blank-line-between", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("without-an-action", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("without-anything-but-an-address", "failed other", Lesson.COUNT, ADA),
        ("two-codes-quarrel", "failed temporary 4.2.0", Lesson.COUNT, ADA),
        ("unknown-because-of-spam", "failed policy 5.1.1", Lesson.ALARM, ADA),
        ("a-head-that-lost-its-boundary", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("everything-is-global", "failed dead 5.1.1", Lesson.SUPPRESS, "zoë@example.net"),
        ("forwarded-whole", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("forwarded-in-words", "failed full 5.2.2", Lesson.COUNT, ADA),
        ("no-head-at-all", "unrecognised", Lesson.NONE, ""),
        ("only-a-name-in-the-envelope", "failed dead 5.1.1", Lesson.SUPPRESS, ""),
        ("arf-yahoo", "complaint", Lesson.SUPPRESS, ADA),
        ("arf-comcast-redacted", "complaint", Lesson.SUPPRESS, ""),
        ("jmrp", "complaint", Lesson.SUPPRESS, ADA),
        ("arf-without-fields", "complaint", Lesson.SUPPRESS, ADA),
        ("arf-not-spam", "unrecognised", Lesson.NONE, ADA),
        ("arf-authentication", "unrecognised policy", Lesson.ALARM, ADA),
        ("mdn-read", "mdn", Lesson.NONE, ADA),
        ("mdn-deleted-unread", "mdn", Lesson.NONE, ADA),
        ("sieve-reject", "mdn", Lesson.NONE, ADA),
        ("dovecot-quota", "mdn full 5.2.2", Lesson.COUNT, ADA),
        ("vacation-english", "auto-reply", Lesson.NONE, ""),
        ("vacation-german", "auto-reply", Lesson.NONE, ""),
        ("vacation-french", "auto-reply", Lesson.NONE, ""),
        ("vacation-spanish", "auto-reply", Lesson.NONE, ""),
        ("vacation-japanese", "auto-reply", Lesson.NONE, ""),
        ("vacation-russian", "auto-reply", Lesson.NONE, ""),
        ("vacation-without-a-word", "auto-reply", Lesson.NONE, ""),
        ("ticket", "auto-reply", Lesson.NONE, ""),
        ("challenge", "auto-reply", Lesson.NONE, ""),
        ("left-the-company", "auto-reply", Lesson.NONE, ""),
        ("mailman-awaits", "auto-reply", Lesson.NONE, ""),
        ("unsubscribe-by-mail", "unsubscribe", Lesson.NONE, ""),
        ("unsubscribe-by-a-mail-program", "unsubscribe", Lesson.NONE, ""),
        ("a-letter", "unrecognised", Lesson.NONE, ""),
        ("a-letter-about-a-bounce", "unrecognised", Lesson.NONE, ""),
        ("junk", "unrecognised", Lesson.NONE, ""),
        ("postfix-folded-without-status", "failed policy 5.7.1", Lesson.ALARM, ADA),
        ("gmail-multiline-folded", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("gmail-inactive", "failed dead 5.2.1", Lesson.SUPPRESS, ADA),
        ("gmail-incomplete-storage", "delayed full 4.2.2", Lesson.NONE, ADA),
        ("gmail-incomplete-spanish", "delayed temporary 4.7.0", Lesson.NONE, ADA),
        ("yahoo-full", "failed dead 552", Lesson.SUPPRESS, ADA),
        ("yahoo-tss04-expired", "failed temporary 4.4.7", Lesson.COUNT, ADA),
        ("yahoo-disabled", "failed dead 554", Lesson.SUPPRESS, ADA),
        ("icloud-unknown", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("icloud-blocked", "failed policy 5.7.1", Lesson.ALARM, ADA),
        ("exchange-words-only", "failed dead 5.1.10", Lesson.SUPPRESS, ADA),
        ("exchange-transport-rule", "failed policy 5.7.1", Lesson.ALARM, ADA),
        ("exchange-delayed-german", "delayed temporary 4.4.7", Lesson.NONE, ADA),
        ("sendmail-warning-words", "delayed temporary 4.1.1", Lesson.NONE, ADA),
        ("qmail-loop", "failed loop 5.4.6", Lesson.ALARM, ADA),
        ("qmail-connected-greeting", "failed policy 554", Lesson.ALARM, ADA),
        ("domino-router-failure", "failed full 5.7.1", Lesson.COUNT, ADA),
        ("zimbra-over-quota", "failed full 4.2.2", Lesson.COUNT, ADA),
        ("zimbra-closed", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("two-ours-delivered", "relayed", Lesson.NONE, ADA),
        ("forwarded-original", "failed dead 5.1.1", Lesson.SUPPRESS, ADA),
        ("forwarded-spf", "failed policy 5.7.26", Lesson.ALARM, ADA),
        ("mdn-outlook-deleted", "mdn", Lesson.NONE, ADA),
        ("mdn-german-displayed", "mdn", Lesson.NONE, ADA),
        ("away-gone-address", "auto-reply", Lesson.NONE, ""),
        ("away-without-auto-submitted-dutch", "auto-reply", Lesson.NONE, ""),
        ("away-swedish", "auto-reply", Lesson.NONE, ""),
        ("away-polish-postmaster", "auto-reply", Lesson.NONE, ""),
        ("away-korean", "auto-reply", Lesson.NONE, ""),
        ("away-danish-plain", "auto-reply", Lesson.NONE, ""),
        ("account-closed-autoreply", "auto-reply", Lesson.NONE, ""),
        ("arf-fastmail-mixed-case", "complaint", Lesson.SUPPRESS, "ADA@example.net"),
        ("arf-comcast-no-rcpt", "complaint", Lesson.SUPPRESS, "redacted@comcast.example.invalid"),
        ("arf-virus", "unrecognised policy", Lesson.ALARM, ADA),
        ("unsubscribe-mailto-empty-body", "unsubscribe", Lesson.NONE, ""),
        ("unsubscribe-in-sentence", "unsubscribe", Lesson.NONE, ""),
        ("unsubscribe-german-please", "unsubscribe", Lesson.NONE, ""),
        ("spam-quoting-a-bounce", "failed dead 5.1.1", Lesson.COUNT, ADA),
        ("letter-quoting-a-bounce", "unrecognised", Lesson.NONE, ""),
        ("spam-forged-as-report", "unrecognised", Lesson.NONE, ""),
        ("telekom-german-words", "failed policy 5.7.0", Lesson.ALARM, ADA),
        ("orange-rate", "failed policy 5.2.0", Lesson.ALARM, ADA),
        ("laposte-policy", "failed policy 5.5.0", Lesson.ALARM, ADA),
        ("gmx-not-exist", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("gmx-reputation", "failed policy 554", Lesson.ALARM, ADA),
        ("outlook-blocklist-s3140", "failed policy 5.7.1", Lesson.ALARM, ADA),
        ("outlook-mailbox-unavailable", "failed dead 5.5.0", Lesson.SUPPRESS, ADA),
        ("libero-it", "failed dead 550", Lesson.SUPPRESS, ADA),
        ("unknown-because-of-a-list", "failed policy 5.1.1", Lesson.ALARM, ADA),
        ("postfix-unverified-for-good", "failed temporary 5.1.1", Lesson.COUNT, ADA),
        ("sender-domain-dead-words", "failed policy 5.1.1", Lesson.ALARM, ADA),
        ("delay-in-french-words", "delayed temporary 4.3.0", Lesson.NONE, ADA),
        ("letter-with-anothers-bounce-attached", "unrecognised", Lesson.NONE, ""),
    ],
)
def test_a_form_is_understood(name: str, said: str, lesson: Lesson, address: str) -> None:
    found = judged(name)
    words = " ".join(word for word in (found.action, found.meaning or "", found.code) if word)
    assert (words, found.lesson, found.address) == (said, lesson, address)


def test_every_written_form_is_in_the_table() -> None:
    marks = test_a_form_is_understood.pytestmark  # type: ignore[attr-defined]
    assert sorted(file.stem for file in WRITTEN.iterdir()) == sorted(row[0] for row in marks[0].args[1])


@pytest.mark.parametrize("file", sorted(WRITTEN.iterdir()), ids=lambda file: file.stem)
def test_whose_copy_it_is_is_known_wherever_it_is_written(file: Path) -> None:
    found = judged(file.stem)
    assert found.token == ("" if file.stem in UNMARKED else MARK)
    assert found.message_id == ("" if file.stem in NAMES_NO_MESSAGE else MESSAGE)


def test_each_recipient_of_a_report_is_judged_alone() -> None:
    found = understand((WRITTEN / "without-a-blank-line-between.eml").read_bytes())
    assert [(one.address, one.action, one.meaning, one.lesson) for one in found] == [
        (ADA, Action.FAILED, Meaning.DEAD, Lesson.SUPPRESS),
        ("eva@example.net", Action.DELAYED, Meaning.FULL, Lesson.NONE),
    ]


def test_each_recipient_of_a_report_in_words_is_judged_alone() -> None:
    found = understand((WRITTEN / "qmail-two.eml").read_bytes())
    assert [(one.address, one.meaning, one.lesson) for one in found] == [
        (ADA, Meaning.DEAD, Lesson.SUPPRESS),
        ("eva@example.net", Meaning.FULL, Lesson.COUNT),
    ]


def test_a_copy_that_reached_a_part_of_an_alias_suppresses_nobody() -> None:
    found = understand((WRITTEN / "postfix-alias-of-three.eml").read_bytes())
    assert {(one.address, one.lesson) for one in found} == {(ADA, Lesson.COUNT)}


def test_what_is_sent_on_is_not_about_who_sent_it_on() -> None:
    raw = (WRITTEN / "letter-with-anothers-bounce-attached.eml").read_bytes()
    (found,) = understand(raw.replace(b"Subject: Re: Five stories", b"Subject: Fwd: undelivered"))
    assert (found.action, found.address, found.token, found.message_id) == (Action.FAILED, "bob@example.org", "", "")


@pytest.mark.parametrize("file", sorted(WRITTEN.iterdir()), ids=lambda file: file.stem)
def test_line_ends_and_an_mboxs_own_line_change_nothing(file: Path) -> None:
    raw = file.read_bytes()
    for other in (raw.replace(b"\n", b"\r\n"), b"From MAILER-DAEMON Fri Nov 27 09:00:00 2026\n" + raw):
        assert understand(other) == understand(raw)
