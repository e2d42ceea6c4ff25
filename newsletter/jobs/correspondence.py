"""Letters that readers wait for: the question after a sign-up, a welcome, and what a change of address asks for.

Each is marked as mailed before it goes out: nobody gets one twice, whatever is killed when. Who is suppressed
gets none. A letter that certainly did not go out is tried again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.errors import NewsletterError, Refused, Unknown
from newsletter.jobs import invitations, joining, post, readdressing
from newsletter.jobs.invitations import Whose
from newsletter.jobs.post import Letter
from newsletter.jobs.readdressing import Change
from newsletter.rendering import languages, links, prose
from newsletter.rendering.languages import Words
from subscribers import addresses, signing_up
from subscribers import readdressing as moves
from subscribers.readdressing import Notice
from subscribers.signing_up import Waiting

if TYPE_CHECKING:
    from newsletter.delivery.wire.parcel import Sender

log = logs.get_logger(__name__)

#: whoever took the request mails at once; what they did not is looked for after this long
GRACE, AT_ONCE = timedelta(seconds=30), timedelta(0)
#: a welcome that comes later than this is none
_FRESH = timedelta(days=2)

#: what a notice need not have
_BARE = {"button": "", "link": "", "unsubscribe": ""}

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Post:
    """One letter, to whom, and what to do where it certainly did not go out."""

    #: what the log calls it: an id, never an address
    name: str
    to: str
    compose: Callable[[], Letter]
    give_back: Callable[[], None]


def waits(session: Session, app: App, *, now: datetime) -> bool:
    """Whether somebody waits for a letter that nobody has mailed."""
    before = now - GRACE
    return bool(
        signing_up.waiting(session, before=before)
        or moves.to_ask(session, before=before)
        or moves.to_tell(session)
        or _unwelcomed(session, app, now)
    )


def answer(app: App, *, clock: Clock, grace: timedelta = GRACE) -> int:
    """Mail every letter that somebody has waited for longer than *grace*; how many went out.

    One failed letter does not stop the others.
    """
    posts = _due(app, clock=clock, before=clock() - grace)
    first = next(posts, None)
    if first is None:
        return 0
    sent = 0
    with closing(app.sender()) as sender:
        for one in _chain(first, posts):
            sent += _mail(sender, one)
    return sent


def _chain(first: _Post, others: Iterator[_Post]) -> Iterator[_Post]:
    yield first
    yield from others


def _due(app: App, *, clock: Clock, before: datetime) -> Iterator[_Post]:
    """What is due, each marked and committed just before it is handed to whoever asks."""
    now = clock()
    with app.database.read() as session:
        asked = signing_up.waiting(session, before=before)
        new = _unwelcomed(session, app, now)
        questions, news = moves.to_ask(session, before=before), moves.to_tell(session)
    for kind, ids in ((_question, asked), (_welcome, new), (_new_address, questions), (_old_address, news)):
        for one in ids:
            if found := kind(app, one, clock()):
                yield found


def _unwelcomed(session: Session, app: App, now: datetime) -> Sequence[int]:
    welcoming = [slug for slug, newsletter in app.settings.newsletters.items() if newsletter.welcome]
    return signing_up.to_welcome(session, welcoming, since=now - _FRESH) if welcoming else []


def _question(app: App, sign_up_id: int, now: datetime) -> _Post | None:
    with app.database.write() as session:
        waiting = signing_up.take(session, sign_up_id, now=now)
        titles = joining.list_titles(session, waiting.lists) if waiting else []
    newsletter = app.settings.newsletters.get(waiting.newsletter) if waiting else None
    if waiting is None or newsletter is None or waiting.is_suppressed:
        return None

    def give_back() -> None:
        with app.database.write() as session:
            signing_up.give_back(session, sign_up_id)

    compose = _already if waiting.is_on else question
    made = partial(compose, app, newsletter, waiting, titles, now=now)
    return _Post(f"sign-up {sign_up_id}", waiting.email, made, give_back)


def question(app: App, newsletter: Newsletter, waiting: Waiting, titles: list[str], *, now: datetime) -> Letter:
    """The letter that asks somebody who filled in a form whether it was they."""
    confirm = invitations.link(app.settings, waiting.id, waiting.lists, at=waiting.asked_at, whose=Whose.SIGN_UP)
    return post.write(
        app,
        newsletter,
        "invitation",
        f"sign-up {waiting.id} {waiting.asked_at:%Y-%m-%dT%H:%M:%S.%f}",
        languages.choose(waiting.language, newsletter.language),
        {"address": waiting.email, "lists": titles, "confirm": confirm, "days": invitations.LIFETIME.days},
        now=now,
    )


def _already(app: App, newsletter: Newsletter, waiting: Waiting, _titles: list[str], *, now: datetime) -> Letter:
    """Somebody filled in the form who gets it already: told by mail, so that the page need not tell strangers."""
    words = languages.choose(waiting.language, newsletter.language)
    token = links.token(app.settings.secret.get_secret_value(), 0, waiting.subscriber_id or 0)
    values = {
        "title": words.text("You get it already."),
        "paragraphs": [
            words.text(
                "Somebody, most likely you, has just asked for %(title)s to be sent to %(address)s. It is: you are"
                " subscribed, and there is nothing to do.",
                title=newsletter.title, address=waiting.email,
            ),
            words.text("If an edition is missing, look among the mail that was sorted away, and add our address."),
        ],
        "button": words.text("Choose what you get"),
        "link": links.preferences(app.settings.public_url, token),
    }  # fmt: skip
    key = f"already {waiting.id} {waiting.asked_at:%Y-%m-%dT%H:%M:%S.%f}"
    return _notice(app, newsletter, key, words, waiting.email, values, now=now)


def _welcome(app: App, sign_up_id: int, now: datetime) -> _Post | None:
    with app.database.write() as session:
        waiting = signing_up.take_welcome(session, sign_up_id, now=now)
    newsletter = app.settings.newsletters.get(waiting.newsletter) if waiting else None
    if waiting is None or newsletter is None:
        return None
    token = links.token(app.settings.secret.get_secret_value(), 0, waiting.subscriber_id or 0)
    words = languages.choose(waiting.language, newsletter.language)
    values = {
        "title": words.text("Welcome."),
        "paragraphs": prose.paragraphs(newsletter.welcome),
        "button": words.text("Choose what you get"),
        "link": links.preferences(app.settings.public_url, token),
        "unsubscribe": links.unsubscribe(app.settings.public_url, token),
    }
    key = f"welcome {sign_up_id}"
    made = partial(_notice, app, newsletter, key, words, waiting.email, values, now=now)
    # a welcome that is lost is a pity; one that comes again and again is worse
    return _Post(key, waiting.email, made, lambda: None)


def _new_address(app: App, change_id: int, now: datetime) -> _Post | None:
    with app.database.write() as session:
        notice = moves.take_question(session, change_id, now=now)
        barred = notice is not None and signing_up.is_suppressed(session, addresses.key(notice.new))
    newsletter = _publisher(app, notice)
    if notice is None or newsletter is None or barred:
        return None
    words = languages.choose(notice.language, newsletter.language)
    values = {
        "title": words.text("Write to you here from now on?"),
        "paragraphs": [
            words.text(
                "A reader of %(title)s asked us to write to %(new)s instead of %(old)s. Was it you?",
                title=newsletter.title, new=notice.new, old=_masked(notice.old),
            ),
            words.text("If it wasn’t you, just ignore this letter: without your click nothing changes."),
        ],
        "button": words.text("Yes, write to me here"),
        "link": readdressing.link(app.settings, Change(change_id, notice.subscriber_id)),
    }  # fmt: skip
    key = f"new address {change_id}"
    made = partial(_notice, app, newsletter, key, words, notice.to, values, now=now)
    return _Post(key, notice.to, made, _giving_back(app, change_id, question=True))


def _old_address(app: App, change_id: int, now: datetime) -> _Post | None:
    with app.database.write() as session:
        notice = moves.take_news(session, change_id, now=now)
    newsletter = _publisher(app, notice)
    if notice is None or newsletter is None:
        return None
    words = languages.choose(notice.language, newsletter.language)
    values = {
        "title": words.text("We write to you elsewhere now."),
        "paragraphs": [
            words.text(
                "From now on %(title)s goes to %(new)s and no longer to this address, as you asked us to.",
                title=newsletter.title, new=_masked(notice.new),
            ),
            words.text("If that wasn’t you, answer this letter, and we will look into it."),
        ],
    }  # fmt: skip
    key = f"old address {change_id}"
    made = partial(_notice, app, newsletter, key, words, notice.to, values, now=now)
    return _Post(key, notice.to, made, _giving_back(app, change_id, question=False))


def _giving_back(app: App, change_id: int, *, question: bool) -> Callable[[], None]:
    def give_back() -> None:
        with app.database.write() as session:
            moves.give_back(session, change_id, question=question)

    return give_back


def _notice(
    app: App,
    newsletter: Newsletter,
    key: str,
    words: Words,
    address: str,
    values: Mapping[str, object],
    *,
    now: datetime,
) -> Letter:
    """A few sentences and perhaps a button."""
    return post.write(app, newsletter, "notice", key, words, {**_BARE, "address": address, **values}, now=now)


def _publisher(app: App, notice: Notice | None) -> Newsletter | None:
    """In whose name we write: the newsletter it was asked from, or any that there is."""
    newsletters = app.settings.newsletters
    if notice is None:
        return None
    return newsletters.get(notice.newsletter) or next(iter(newsletters.values()), None)


def _masked(address: str) -> str:
    """Enough of an address to know it by, for letters are forwarded."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"


def _mail(sender: "Sender", one: _Post) -> bool:
    """Whether *one* went out; a letter whose fate is unknown counts, for it may have."""
    try:
        post.hand_over(sender, one.compose(), one.to)
    except Unknown:
        log.warning("letter.unknown", letter=one.name)
    except Refused as error:
        log.warning("letter.refused", letter=one.name, code=error.code)
        return False
    except NewsletterError as error:
        one.give_back()
        log.warning("letter.not_sent", letter=one.name, why=type(error).__name__, code=getattr(error, "code", None))
        return False
    return True
