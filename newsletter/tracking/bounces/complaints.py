"""A reader said it is spam: reports in the abuse reporting format (RFC 5965), and those that only look like them."""

from collections.abc import Mapping

from newsletter.tracking.bounces import mail
from newsletter.tracking.bounces.mail import Head, Mail
from newsletter.tracking.bounces.phrases import any_of

_SUBJECT = any_of(r"""
    complaint about (?:message|mail|an? e?-?mail) / \bspam complaint / abuse (?:report|complaint)
    feedback (?:loop|report)
    email feedback / \bfbl\b / spam report / junk (?:mail )?report / reported (?:as|for) spam / spam-?beschwerde
    signalement (?:de )?spam / plainte
""")
#: heads that a provider adds to the message that it sends back, with the reader's address
ADDED = (
    "x-hmxmroriginalrecipient",
    "x-original-recipient",
    "x-aol-recipient",
    "x-rcpt-to",
    "x-original-to",
    "delivered-to",
)
_KINDS = ("message/feedback-report",)


def find(message: Mail, returned: Head) -> Mapping[str, str] | None:
    """What a complaint says in its fields, which may be nothing; None where *message* is none.

    *returned* is the head of the message that came with it: a complaint about nothing is a letter.
    """
    for part in message.of(*_KINDS):
        return _fields(part.text)
    if message.report == "feedback-report":
        texts = [part.text for part in message.parts if part.text and "feedback-type" in part.text.lower()[:4000]]
        return _fields(texts[0]) if texts else {}
    if returned.fields and _SUBJECT.search(message.head.words("subject")[:400]):
        texts = [part.text for part in message.parts if "feedback-type" in part.text.lower()[:4000]]
        return _fields(texts[0]) if texts else {}
    return None


def _fields(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in mail.fields(text.lstrip("\n").replace("\n\n", "\n")):
        found.setdefault(name, value)
    return found
