"""Mail to people who wait for their confirmation: the only mail to somebody who has not said yes.

Who left, or is suppressed, never gets it; a letter whose fate is unknown is not sent again by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter import config
from newsletter.app import App
from newsletter.config import Newsletter, Settings
from newsletter.delivery.wire.parcel import Sender
from newsletter.errors import ConfigError, NewsletterError, Unknown
from newsletter.jobs import invitations, post
from newsletter.jobs.post import Letter
from newsletter.rendering import languages
from subscribers import audience, waiting
from subscribers.waiting import Invitee


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one person; *reason* is empty where the letter was handed over."""

    email: str
    reason: str = ""


def invite(
    app: App,
    subscriber_ids: Iterable[int],
    *,
    lists: Sequence[str] | None = None,
    again: bool = False,
    clock: Callable[[], datetime],
) -> Iterator[Asked]:
    """Mail each person who waits on *lists* (None: on any) a link to confirm by; what came of each, as it is known.

    With *again* also those who were asked within the week. One failed letter does not stop the others.
    Raises ConfigError where no reader could open the links.
    """
    config.require(app.settings, "secret")
    _within_reach(app.settings)
    sender = app.sender()
    try:
        for subscriber_id in subscriber_ids:
            yield _ask(app, sender, subscriber_id, lists, again=again, now=clock())
    finally:
        sender.close()


def compose(app: App, newsletter: Newsletter, invitee: Invitee, *, now: datetime) -> Letter:
    """The letter that asks *invitee*, in the name of *newsletter*."""
    return post.write(
        app,
        newsletter,
        "invitation",
        f"invitation {invitee.id} {now:%Y-%m-%dT%H:%M:%S}",
        languages.choose(invitee.language, newsletter.language),
        {
            "address": invitee.email,
            "lists": list(invitee.lists.values()),
            "confirm": invitations.link(app.settings, invitee.id, list(invitee.lists), at=now),
            "days": invitations.LIFETIME.days,
        },
        now=now,
    )


def _within_reach(settings: Settings) -> None:
    """A letter whose link is dead would cost everybody their turn."""
    if settings.sender != "maildir" and settings.leads_nowhere:
        where = f"set it in {config.FILE_NAME} before anybody is asked"
        raise ConfigError(f"public_url is {settings.public_url}, which no reader can open: {where}")


def _ask(
    app: App, sender: Sender, subscriber_id: int, lists: Sequence[str] | None, *, again: bool, now: datetime
) -> Asked:
    # committed before the letter goes out: of two who ask at once one mails, and a crash asks nobody twice
    with app.database.write() as session:
        invitee = waiting.take(session, subscriber_id, lists, again=again, now=now)
        if invitee is None:
            return _not_asked(session, subscriber_id, lists)
    try:
        post.hand_over(sender, compose(app, _publisher(app, invitee), invitee, now=now), invitee.email)
    except Unknown as error:
        return Asked(invitee.email, f"it may have arrived, for the answer was lost: {error}")
    except NewsletterError as error:
        with app.database.write() as session:
            waiting.give_back(session, invitee)
        return Asked(invitee.email, str(error))
    return Asked(invitee.email)


def _publisher(app: App, invitee: Invitee) -> Newsletter:
    """In whose name we write: the first newsletter that goes to one of the lists."""
    for newsletter in app.settings.newsletters.values():
        if not invitee.lists.keys().isdisjoint(newsletter.lists):
            return newsletter
    orphans = " or ".join(invitee.lists)
    raise ConfigError(f"no newsletter goes to {orphans}: add it to lists under [newsletters.…] in {config.FILE_NAME}")


def _not_asked(session: Session, subscriber_id: int, lists: Sequence[str] | None) -> Asked:
    people = audience.people(session, [subscriber_id])
    return (
        Asked(people[0].email, waiting.why_not(session, subscriber_id, lists)) if people else Asked("", audience.ERASED)
    )
