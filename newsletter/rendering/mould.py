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
    ) -> None:
        """Cast a mould; *list_name* is the newsletter's title and slug, *date* goes into every copy."""
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
        self._pieces: list[bytes] = []
        self._fills: list[tuple[int, _Fill]] = []
        self._tokens: list[int] = []
        self._cast(date)

    def message(self, reader: Reader) -> bytes:
        """The whole message for *reader*: CRLF lines, no line over 998 bytes or beginning with a dot."""
        pieces = self._pieces.copy()
        token = quoted.word(slots.SLOTS["token"](reader))
        for index in self._tokens:
            pieces[index] = token
        for index, fill in self._fills:
            pieces[index] = fill(reader)
        return b"".join(pieces)

    def message_id(self, reader: Reader) -> str:
        """The same for this edition and reader every time, with its angle brackets."""
        return links.message_id(self._secret, self.edition_id, reader.subscriber_id, self._domain)

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        """Slot marker → what stands there for *reader*, already escaped for where it stands."""
        return {mark: slots.value(place, slot, reader) for mark, place, slot in self._marks}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        """The headers that an API is told to add: List-Unsubscribe, List-Id and the like."""
        return {"List-Unsubscribe": f"<{self._unsubscribe(reader)}>", **self._list_headers}

    def html_for(self, reader: Reader) -> str:
        """The HTML part as *reader* gets it, as text."""
        return slots.fill(self.html, reader)

    def text_for(self, reader: Reader) -> str:
        """The text part as *reader* gets it, as text."""
        return slots.fill(self.text, reader)

    def _unsubscribe(self, reader: Reader) -> str:
        return links.unsubscribe(self._public_url, slots.SLOTS["token"](reader))

    def _cast(self, date: datetime) -> None:
        marks = sorted({*slots.count(self.html), *slots.count(self.text)})
        self._marks = [(mark, *slots.parse(mark)) for mark in marks]
        # "=_" can't occur in quoted-printable text
        boundary = f"=_{digest(self.subject, self.html, self.text)[:32]}"
        self._cast_head(boundary, date)
        self._cast_part("plain", self.text, boundary)
        self._cast_part("html", self.html, boundary)
        self._constant(f"--{boundary}--\r\n".encode())

    def _cast_head(self, boundary: str, date: datetime) -> None:
        self._constant(headers.mailbox("From", *self.sender))
        self._slot(lambda reader: headers.mailbox("To", reader.name, reader.address))
        if self.reply_to:
            self._constant(headers.mailbox("Reply-To", "", self.reply_to))
        self._constant(headers.text("Subject", self.subject))
        self._constant(f"Date: {format_datetime(date)}\r\n".encode())
        self._slot(lambda reader: f"Message-ID: {self.message_id(reader)}\r\n".encode())
        self._slot(lambda reader: f"List-Unsubscribe: <{self._unsubscribe(reader)}>\r\n".encode())
        for name, value in self._list_headers.items():
            self._constant(headers.line(name, value))
        self._constant(
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
        )

    def _cast_part(self, subtype: str, body: str, boundary: str) -> None:
        self._constant(
            f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        )
        # the part's last line is ended, so that no soft break can swallow the boundary
        for before, slot in slots.split(body.rstrip() + "\n"):
            self._constant(quoted.piece(before))
            if slot and slot[1] == "token":
                self._tokens.append(self._hole())
            elif slot:
                self._slot(_word_filler(*slot))
        self._constant(b"\r\n")

    def _constant(self, piece: bytes) -> None:
        if self._pieces and self._pieces[-1]:
            self._pieces[-1] += piece
        else:
            self._pieces.append(piece)

    def _hole(self) -> int:
        self._pieces.append(b"")
        return len(self._pieces) - 1

    def _slot(self, fill: _Fill) -> None:
        self._fills.append((self._hole(), fill))


def _word_filler(place: Place, slot: str) -> _Fill:
    return lambda reader: quoted.word(slots.value(place, slot, reader))
