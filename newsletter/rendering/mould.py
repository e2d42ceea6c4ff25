"""An edition cast once: constant bytes with slots, so that one reader's message is a join of bytes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from newsletter.rendering import counted, headers, links, quoted, slots
from newsletter.rendering.counted import Counting
from newsletter.rendering.slots import Place, Reader

__all__ = ["Mould", "Reader", "digest"]

#: fills a piece of the message for one reader
_Fill = Callable[[Reader], bytes]


def digest(subject: str, html: str, text: str, tracking: str = "") -> str:
    """SHA-256, in hex, over what is approved: what is said, where it leads, and what is counted of it."""
    approved = (subject, html, text, *([tracking] if tracking else []))
    return sha256("\0".join(approved).encode("utf-8", "surrogatepass")).hexdigest()


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
        counting: Counting = Counting(),
        test: str = "",
        answers: int | None = None,
    ) -> None:
        """Cast a mould; *list_name* is the newsletter's title and slug, *date* goes into every copy.

        *mailbox*: where somebody reads letters of people who want to leave; empty where nobody does.
        *test*: what tells this test copy from the one before, which inboxes would otherwise take for the same.
        *counting*: what is counted of the copies that go out; pages (`html_for`, `text_for`) are never counted.
        *answers*: an edition whose copy each reader has, under the Message-ID that it was given here.
        """
        self.edition_id = edition_id
        #: the edition's subject, as text
        self.subject = slots.one_line(subject)
        #: (name, address) of the sender, and the address that answers go to
        self.sender = sender
        self.reply_to = reply_to
        #: what is counted of the copies
        self.counting = counting
        #: HTML and text with slot markers, as text: what an API with substitutions is given
        self.html, self.text = counted.exchange(
            html, text, counting, public_url=public_url, tag=lambda number: links.tag(secret, edition_id, number)
        )
        self._page, self._page_text = html, text
        self._public_url = public_url
        self._secret = secret
        self._domain = headers.domain_of(sender[1])
        self._test = test
        self._list_headers = {
            "List-Id": headers.list_id(*list_name, self._domain),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": headers.feedback_id(edition_id, list_name[1], self._domain),
            # keeps holiday answers away; Auto-Submitted would be wrong, for editors write this
            "Precedence": "bulk",
        }
        self._mailbox = mailbox
        self._answers = answers
        marks = sorted({*slots.count(self.html), *slots.count(self.text)})
        self._marks = [(mark, *slots.parse(mark)) for mark in marks]
        self._slots_used = sorted({slot for _, _, slot in self._marks})
        self._whole = self._cast_whole(date)
        self._plain = self._cast_plain(date)

    def message(self, reader: Reader) -> bytes:
        """The whole message for *reader*: CRLF lines, no line over 998 bytes or beginning with a dot."""
        return b"".join((self._plain if reader.plain else self._whole).filled(reader))

    def wired(self, reader: Reader) -> bytes:
        """`message` as SMTP carries it (RFC 5321 section 4.5.2): dots that begin a line doubled, and the final dot."""
        pieces = (self._plain if reader.plain else self._whole).wired(reader)
        pieces.append(b".\r\n")
        return b"".join(pieces)

    def message_id(self, reader: Reader) -> str:
        """The same for this edition and reader every time, with its angle brackets."""
        domain = f"{self._test}.test.{self._domain}" if self._test else self._domain
        return links.message_id(self._secret, self.edition_id, reader.subscriber_id, domain)

    def substitutions(self, reader: Reader) -> Mapping[str, str]:
        """Slot marker → what stands there for *reader*, already escaped for where it stands."""
        plain = {slot: slots.plain(slot, reader) for slot in self._slots_used}
        return {mark: slots.escaped(place, plain[slot]) for mark, place, slot in self._marks}

    def headers(self, reader: Reader) -> Mapping[str, str]:
        """The headers that an API is told to add: List-Unsubscribe, List-Id and the like."""
        return {"List-Unsubscribe": ", ".join(self._ways_out(reader)), **self._thread(reader), **self._list_headers}

    def html_for(self, reader: Reader) -> str:
        """The HTML part as a page for *reader*, as text: its links lead straight to where they lead."""
        return slots.fill(self._page, reader)

    def text_for(self, reader: Reader) -> str:
        """The text part as a page for *reader*, as text."""
        return slots.fill(self._page_text, reader)

    def _thread(self, reader: Reader) -> Mapping[str, str]:
        """By which mail programs put this copy beside the one that it answers (RFC 5322 section 3.6.4)."""
        if self._answers is None:
            return {}
        answered = links.message_id(self._secret, self._answers, reader.subscriber_id, self._domain)
        return {"In-Reply-To": answered, "References": answered}

    def _ways_out(self, reader: Reader) -> list[str]:
        """Where a click leaves, and where a letter does (RFC 2369 section 3.2, RFC 8058)."""
        token = slots.plain("token", reader)
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
        if self._answers is not None:
            cast.slot(
                lambda reader: "".join(f"{name}: {value}\r\n" for name, value in self._thread(reader).items()).encode()
            )
        cast.slot(lambda reader: ("List-Unsubscribe: " + ",\r\n ".join(self._ways_out(reader)) + "\r\n").encode())
        for name, value in self._list_headers.items():
            cast.constant(headers.line(name, value))
        cast.constant(b"MIME-Version: 1.0\r\n")


class _Cast:
    """Pieces of a message in their order, each from a line's beginning; those that differ between readers are holes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        #: the same, fit for SMTP; made when they are first asked for
        self._stuffed: list[bytes] = []
        #: what fills which holes
        self._fills: dict[object, tuple[_Fill, list[int]]] = {}

    def filled(self, reader: Reader) -> list[bytes]:
        pieces = self._pieces.copy()
        for fill, holes in self._fills.values():
            piece = fill(reader)
            for hole in holes:
                pieces[hole] = piece
        return pieces

    def wired(self, reader: Reader) -> list[bytes]:
        """`filled`, where no line begins with a lone dot: to look through what is constant once is enough."""
        if not self._stuffed:
            self._stuffed = [stuffed(piece) for piece in self._pieces]
        pieces = self._stuffed.copy()
        for fill, holes in self._fills.values():
            piece = stuffed(fill(reader))
            for hole in holes:
                pieces[hole] = piece
        return pieces

    def part(self, subtype: str, body: str) -> None:
        """The head of a part and its text."""
        self.constant(
            f"Content-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        )
        # the part's last line is ended, so that no soft break can swallow the boundary
        for before, slot in slots.split(body.rstrip() + "\n"):
            self.constant(quoted.piece(before))
            if slot:
                place, name = slot
                # an address is written alike in HTML and in text
                self.slot(_word_filler(*slot), of=name if name in slots.IN_ADDRESSES else (place, name))

    def constant(self, piece: bytes) -> None:
        if self._pieces and self._pieces[-1]:
            self._pieces[-1] += piece
        else:
            self._pieces.append(piece)

    def slot(self, fill: _Fill, *, of: object = None) -> None:
        """A hole for what *fill* makes; those *of* the same are filled with the same."""
        self._fills.setdefault(of or fill, (fill, []))[1].append(len(self._pieces))
        self._pieces.append(b"")


def stuffed(text: bytes) -> bytes:
    """*text*, which begins at a line's beginning, with the dots doubled that begin a line."""
    if b"." not in text:
        return text
    text = text.replace(b"\n.", b"\n..")
    return b"." + text if text[:1] == b"." else text


def _word_filler(place: Place, slot: str) -> _Fill:
    return lambda reader: quoted.word(slots.value(place, slot, reader))
