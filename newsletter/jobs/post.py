"""A letter to one person, which belongs to no edition: written here, and put as senders take it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.wire.parcel import Parcel, Sender
from newsletter.errors import Refused, Unavailable, Unknown
from newsletter.rendering import languages, templates, views
from newsletter.rendering.languages import Words
from newsletter.rendering.mould import Mould, Reader
from newsletter.rendering.slots import one_line


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person: what senders ask of a mould, without anything left to fill in."""

    key: str
    subject: str
    text: str
    html: str
    #: (name, address)
    sender: tuple[str, str]
    now: datetime
    reply_to: str = ""

    def message(self, reader: Reader) -> bytes:
        """The whole message; CRLF lines."""
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=900))
        message["From"] = f"{_quoted(self.sender[0])} <{self.sender[1]}>"
        message["To"] = reader.address
        if self.reply_to:
            message["Reply-To"] = self.reply_to
        message["Subject"] = self.subject
        message["Date"] = self.now
        message["Message-ID"] = self.message_id(reader)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()

    def message_id(self, reader: Reader) -> str:
        """The same for this matter and person every time, so that a second try is seen to be one."""
        digest = hashlib.sha256(f"{self.key}\n{reader.address}".encode()).hexdigest()[:32]
        return f"<{digest}@{self.sender[1].rpartition('@')[2]}>"

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        """Nothing differs between readers: there is one."""
        return {}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        """What an API is told to add."""
        return {"Auto-Submitted": "auto-generated"}


def write(
    app: App,
    newsletter: Newsletter,
    template: str,
    key: str,
    words: Words,
    values: Mapping[str, object],
    *,
    now: datetime,
) -> Letter:
    """The letter of the folder *template*, in the name of *newsletter* and in the language of *words*.

    *key* names the matter: a second letter with the same key is seen to be the same.
    """
    settings = app.settings
    found = templates.of(settings, template)
    common: dict[str, object] = {
        "newsletter": views.of_newsletter(newsletter, settings.public_url),
        "language": words.tag,
        "direction": languages.direction(words.tag),
        **values,
    }
    return Letter(
        key=key,
        subject=one_line(found.text("subject.txt", _=words.text, **common)),
        text=found.text("body.txt", _=words.text, **common),
        html=found.html("body.mjml", _=words.html, **common),
        sender=(newsletter.from_name or newsletter.title, newsletter.from_address),
        reply_to=newsletter.reply_to,
        now=now,
    )


def hand_over(sender: Sender, letter: Letter, address: str) -> None:
    """Hand *letter* over; raises Unknown where that may have happened, else Refused or Unavailable."""
    report = sender.send(parcel(letter, address))
    for words in report.unknown.values():
        raise Unknown(words.text, reply=words.text, code=words.code)
    for words in report.refused.values():
        raise Refused(words.text, reply=words.text, code=words.code)
    for words in report.again.values():
        raise Unavailable(words.text, reply=words.text, code=words.code)


def parcel(letter: Letter, address: str, *, attempt: str = "") -> Parcel:
    """*letter* as senders take it: of no edition and to no subscriber, so that its events touch no ledger."""
    # a letter is all that senders ask of a mould
    return Parcel(0, 0, attempt, cast(Mould, letter), [Reader(0, address, "", "")])


def _quoted(name: str) -> str:
    return '"' + one_line(name).replace("\\", "").replace('"', "'") + '"'
