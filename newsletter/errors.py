"""What can go wrong, as a tree.

    NewsletterError            one sentence for a person, which says what to do
    ├── ConfigError            a setting is missing, unknown or wrong
    ├── NotFound               there is no such edition, story, source, list or subscriber
    ├── WrongState             the thing exists, but that can't be done to it now
    │   └── AlreadyDone        … for it is so already; the sentence says by whom
    ├── BadInput               a file, address or value that can't be understood
    │   ├── BadTemplate        … with file and line
    │   └── BadEdition         … a hand-written edition, with its line
    ├── Forbidden              an address on the network that must not be visited
    ├── MailboxClosed          the mailbox that bounces come back to can't be read
    └── Delivery               what became of a hand-over
        ├── Unavailable        nothing was sent; again later
        ├── Blocked            nothing was sent, nothing will be until a person mends it, and no reader is at fault
        ├── Refused            nothing was sent, and never will be
        └── Unknown            handed over, answer lost: must not be sent again before it is known

The message of each is shown to a person as it stands; causes go to the log by `raise … from`.
"""

from pathlib import Path


class NewsletterError(Exception):
    """Something a person can mend."""


class ConfigError(NewsletterError):
    """A setting is missing, unknown or wrong."""


class NotFound(NewsletterError):
    """There is no such thing."""


class WrongState(NewsletterError):
    """That can't be done to it now."""


class AlreadyDone(WrongState):
    """It is so already."""


class BadInput(NewsletterError):
    """It can't be understood."""


class BadTemplate(BadInput):
    """A template is wrong; *line* is None where the compiler gave none."""

    def __init__(self, message: str, *, file: Path | str, line: int | None = None) -> None:
        where = f"{file}:{line}" if line else str(file)
        super().__init__(f"{where}: {message}")
        self.file, self.line = str(file), line


class BadEdition(BadInput):
    """A hand-written edition can't be understood at *line* (counted from 1)."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class Forbidden(NewsletterError):
    """An address on the network that must not be visited."""


class MailboxClosed(NewsletterError):
    """The mailbox can't be read now; *lasting* where a person has to mend something first."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Delivery(NewsletterError):
    """What became of a hand-over that did not succeed; *reply* holds the other side's own words."""

    def __init__(self, message: str, *, reply: str = "", code: int | None = None) -> None:
        super().__init__(message)
        self.reply, self.code = reply, code


class Unavailable(Delivery):
    """Nothing was sent; try again later, after *retry_after* seconds where the other side named a time.

    *tried* is False where not one copy was offered, so that nobody's tries are used up by waiting.
    """

    def __init__(
        self,
        message: str,
        *,
        reply: str = "",
        code: int | None = None,
        retry_after: float | None = None,
        tried: bool = True,
    ) -> None:
        super().__init__(message, reply=reply, code=code)
        self.retry_after, self.tried = retry_after, tried


class Blocked(Delivery):
    """Nothing was sent, and nothing will be until a person mends it: a login, a certificate, our own address."""


class Refused(Delivery):
    """Nothing was sent, and sending the same again would be refused again."""


class Unknown(Delivery):
    """Handed over, answer lost: must not be sent again before it is known what became of it."""
