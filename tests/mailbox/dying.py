"""A process that is killed while it takes in a mailbox: `python -m tests.mailbox.dying URL PORT USER WHEN`."""

import os
import signal
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from pydantic import SecretStr

from newsletter import db
from newsletter.config import Mailbox, Settings
from newsletter.tracking.bounces.judgement import Judgement
from newsletter.tracking.bounces.understanding import understand
from newsletter.tracking.mailbox import session
from newsletter.tracking.mailbox.collecting import Collected, read
from newsletter.tracking.mailbox.imap import Folder
from newsletter.tracking.mailbox.places import Name
from tests.servers.mailboxes import PASSWORD


def main(url: str, port: str, user: str, when: str) -> None:
    """Die at *when*: "judging", "moving" (nothing is moved yet) or "moved" (nobody has noted it yet)."""
    mailbox = Mailbox(host="127.0.0.1", port=int(port), security="none", username=user, password=SecretStr(PASSWORD))
    settings = Settings(mailbox=mailbox, secret=SecretStr("a secret for tests"))

    def mortally(raw: bytes) -> Sequence[Judgement]:
        if when == "judging" and b"Undelivered Mail 2" in raw:
            die()
        return understand(raw)

    class Mortal(Folder):
        def put_away(self, done: Collection[Name], odd: Collection[Name]) -> int:
            if when == "moving":
                die()
            left = super().put_away(done, odd)
            if when == "moved":
                die()
            return left

    database = db.connect(url)
    with session.connect(settings) as client:
        place = Mortal(client, mailbox, "INBOX")
        read(database, settings, place, mortally, Collected(), lambda: datetime(2026, 11, 27, 12, tzinfo=UTC))


def die() -> None:
    """As if somebody pulled the plug."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
