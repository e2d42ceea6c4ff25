"""An edition cast once: constant bytes with slots, so that one reader's message is a join of bytes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from newsletter.rendering import headers, links, quoted, slots
from newsletter.rendering.slots import Place, Reader

__all__ = ["Mould", "Reader", "digest"]

#: fills a piece of the message for one reader
_Fill = Callable[[Reader], bytes]


def digest(subject: str, html: str, text: str) -> str:
    """SHA-256, in hex, over what is approved."""
    return sha256("\0".join((subject, html, text)).encode("utf-8", "surrogatepass")).hexdigest()


class Mould:
    """What senders need of an edition. Never altered; safe to use from several threads at once."""

    def __init__(
        self,
        *,
        edition_id: int,
        subject: str,
        html: str,
        text: str,
        sender: tuple[str, str],
        reply_to: str,
        list_name: tuple[str, str],
        public_url: str,
        secret: str,
        date: datetime,
        mailbox: str = "",
    ) -> None:
        """Cast a mould; *list_name* is the newsletter's title and slug, *date* goes into every copy.

        *mailbox*: where somebody reads letters of people who want to leave; empty where nobody does.
        """
        self.edition_id = edition_id
        #: the edition's subject, as text
        self.subject = slots.one_line(subject)
        #: (name, address) of the sender, and the address that answers go to
        self.sender = sender
        self.reply_to = reply_to
        #: HTML and text with slot markers, as text: what an API with substitutions is given
        self.html = html
        self.text = text
        self._public_url = public_url
        self._secret = secret
        self._domain = headers.domain_of(sender[1])
        self._list_headers = {
            "List-Id": headers.list_id(*list_name, self._domain),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": headers.feedback_id(edition_id, list_name[1], self._domain),
            # keeps holiday answers away; Auto-Submitted would be wrong, for editors write this
            "Precedence": "bulk",
        }
        self._mailbox = mailbox
        marks = sorted({*slots.count(self.html), *slots.count(self.text)})
        self._marks = [(mark, *slots.parse(mark)) for mark in marks]
        self._slots_used = sorted({slot for _, _, slot in self._marks})
        self._whole = self._cast_whole(date)
        self._plain = self._cast_plain(date)

    def message(self, reader: Reader) -> bytes:
        """The whole message for *reader*: CRLF lines, no line over 998 bytes or beginning with a dot."""
        return (self._plain if reader.plain else self._whole).filled(reader)

    def message_id(self, reader: Reader) -> str:
        """The same for this edition and reader every time, with its angle brackets."""
        return links.message_id(self._secret, self.edition_id, reader.subscriber_id, self._domain)

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        """Slot marker → what stands there for *reader*, already escaped for where it stands."""
        plain = {slot: slots.SLOTS[slot](reader) for slot in self._slots_used}
        return {mark: slots.escaped(place, plain[slot]) for mark, place, slot in self._marks}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        """The headers that an API is told to add: List-Unsubscribe, List-Id and the like."""
        return {"List-Unsubscribe": ", ".join(self._ways_out(reader)), **self._list_headers}

    def html_for(self, reader: Reader) -> str:
        """The HTML part as *reader* gets it, as text."""
        return slots.fill(self.html, reader)

    def text_for(self, reader: Reader) -> str:
        """The text part as *reader* gets it, as text."""
        return slots.fill(self.text, reader)

    def _ways_out(self, reader: Reader) -> list[str]:
        """Where a click leaves, and where a letter does (RFC 2369 section 3.2, RFC 8058)."""
        token = slots.SLOTS["token"](reader)
        letter = [f"<mailto:{self._mailbox}?subject=unsubscribe%20{token}>"] if self._mailbox else []
        return [f"<{links.unsubscribe(self._public_url, token)}>", *letter]

    def _cast_whole(self, date: datetime) -> "_Cast":
        # "=_" can't occur in quoted-printable text
        boundary = f"=_{digest(self.subject, self.html, self.text)[:32]}"
        cast = _Cast()
        self._cast_head(cast, date)
        cast.constant(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode())
        for subtype, body in (("plain", self.text), ("html", self.html)):
            cast.constant(f"--{boundary}\r\n".encode())
            cast.part(subtype, body)
            cast.constant(b"\r\n")
        cast.constant(f"--{boundary}--\r\n".encode())
        return cast

    def _cast_plain(self, date: datetime) -> "_Cast":
        cast = _Cast()
        self._cast_head(cast, date)
        cast.part("plain", self.text)
        return cast

    def _cast_head(self, cast: "_Cast", date: datetime) -> None:
        cast.constant(headers.mailbox("From", *self.sender))
        cast.slot(lambda reader: headers.mailbox("To", reader.name, reader.address))
        if self.reply_to:
            cast.constant(headers.mailbox("Reply-To", "", self.reply_to))
        cast.constant(headers.text("Subject", self.subject))
        cast.constant(f"Date: {format_datetime(date)}\r\n".encode())
        cast.slot(lambda reader: f"Message-ID: {self.message_id(reader)}\r\n".encode())
        cast.slot(lambda reader: ("List-Unsubscribe: " + ",\r\n ".join(self._ways_out(reader)) + "\r\n").encode())
        for name, value in self._list_headers.items():
            cast.constant(headers.line(name, value))
        cast.constant(b"MIME-Version: 1.0\r\n")


class _Cast:
    """Pieces of a message in their order; those that differ between readers are holes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._fills: list[tuple[int, _Fill]] = []
        self._tokens: list[int] = []

    def filled(self, reader: Reader) -> bytes:
        pieces = self._pieces.copy()
        token = quoted.word(slots.SLOTS["token"](reader))
        for index in self._tokens:
            pieces[index] = token
        for index, fill in self._fills:
            pieces[index] = fill(reader)
        return b"".join(pieces)

    def part(self, subtype: str, body: str) -> None:
        """The head of a part and its text."""
        self.constant(
            f"Content-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        )
        # the part's last line is ended, so that no soft break can swallow the boundary
        for before, slot in slots.split(body.rstrip() + "\n"):
            self.constant(quoted.piece(before))
            if slot and slot[1] == "token":
                self._tokens.append(self._hole())
            elif slot:
                self.slot(_word_filler(*slot))

    def constant(self, piece: bytes) -> None:
        if self._pieces and self._pieces[-1]:
            self._pieces[-1] += piece
        else:
            self._pieces.append(piece)

    def slot(self, fill: _Fill) -> None:
        self._fills.append((self._hole(), fill))

    def _hole(self) -> int:
        self._pieces.append(b"")
        return len(self._pieces) - 1


def _word_filler(place: Place, slot: str) -> _Fill:
    return lambda reader: quoted.word(slots.value(place, slot, reader))
