"""Letters as servers and people write them."""

from datetime import UTC, datetime
from email.utils import format_datetime

_WRITTEN = format_datetime(datetime(2026, 11, 27, 11, 30, tzinfo=UTC))


def bounce(
    number: int, *, to: str = "bounces@news.example.com", address: str = "ada@readers.example", message_id: str = ""
) -> bytes:
    """Postfix: there is no such mailbox; *number* tells it from others, *to* is where it came."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.readers.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail {number}
Date: {_WRITTEN}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B{number}"
Message-Id: <{number}@mx.readers.example>

--B{number}
Content-Type: text/plain; charset=us-ascii

<{address}>: host mx.readers.example said: 550 5.1.1 <{address}>: User unknown (in reply to RCPT TO command)

--B{number}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.readers.example

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.readers.example
Diagnostic-Code: smtp; 550 5.1.1 <{address}>: User unknown

--B{number}
Content-Type: text/rfc822-headers

From: The Friday Five <friday@news.example.com>
To: {address}
Subject: Five stories
Message-ID: {message_id or f"<copy-{number}@news.example.com>"}

--B{number}--
""".replace("\n", "\r\n").encode()


def vacation(number: int, *, to: str = "bounces@news.example.com") -> bytes:
    """Somebody is away."""
    return _plain(number, "Away", to, "I am away until Monday.", "Auto-Submitted: auto-replied (vacation)\r\n")


def note(number: int, *, to: str = "bounces@news.example.com", subject: str = "A note", words: str = "Hello.") -> bytes:
    """Somebody wrote by themselves."""
    return _plain(number, subject, to, words)


def _plain(number: int, subject: str, to: str, words: str, more: str = "") -> bytes:
    return (
        f"From: Ada <ada@readers.example>\r\nTo: {to}\r\nSubject: {subject} {number}\r\nDate: {_WRITTEN}\r\n"
        f"Message-ID: <note-{number}@readers.example>\r\n{more}\r\n{words}\r\n"
    ).encode()
