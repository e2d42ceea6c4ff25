"""When a provider has nothing more to tell: a canary to our own address shows that it is silence, and not deafness.

At the end of a sending no further events come, so the provider's clock stands still and what is unknown
would stay so. One message to ourselves brings an event, and that moves the watermark.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.ledger import settling, silence
from newsletter.delivery.ledger.rules import GIVE_UP, Hearing
from newsletter.delivery.ledger.silence import Waiting
from newsletter.delivery.operations.balance import balance
from newsletter.delivery.wire.parcel import Parcel
from newsletter.editions import shelf, watch
from newsletter.editions.models import Alarm
from newsletter.errors import Refused, Unknown
from newsletter.jobs import letters, post
from newsletter.tracking.models import Watermark

#: the provider that tells us events
_PROVIDER = "sendgrid"
#: rides in the canary's custom_args; no hand-over of the ledger has it
_ATTEMPT = "canary"


def refute(session: Session, app: App, *, now: datetime) -> None:
    """Queue again what the provider's own clock shows was never taken."""
    settling.refute(session, _PROVIDER, _hearing(session, app), now=now)


def due(session: Session, app: App, *, now: datetime) -> list[int]:
    """The editions that need a canary; what a day of them did not settle is left to a person, who is told."""
    account = app.settings.sendgrid
    if app.settings.sender != _PROVIDER or not account.webhook_key:
        return []  # nothing would be heard of it
    hearing = _hearing(session, app)
    found = []
    for one in silence.waiting(session, _PROVIDER):
        if now >= one.handed_over + hearing.quiet + GIVE_UP:
            _give_up(session, one, now)
        elif hearing.is_stuck(one.handed_over, one.canary_at, now):
            found.append(one.edition_id)
    return found


def break_silence(app: App, edition_id: int, *, owner: str, now: datetime) -> str:
    """Send the canary of one edition, outside any transaction; returns what came of it.

    It is a letter like those to editors: no delivery, in no balance, and its events name no hand-over.
    """
    with app.database.write() as session:
        if not _take_turn(session, app, edition_id, by=owner, now=now):
            return "another process has sent it"
        newsletter = app.newsletter(shelf.get(session, edition_id).newsletter)
    sender = app.sender()
    try:
        report = sender.send(_canary(app, newsletter, edition_id, now))
    except Unknown:
        return "sent, and its answer was lost"  # its event will tell, or the next one's
    finally:
        sender.close()
    for words in report.refused.values():
        raise Refused(f"the canary to our own address was refused: {words.text}", reply=words.text, code=words.code)
    return "sent"


def _hearing(session: Session, app: App) -> Hearing:
    account = app.settings.sendgrid
    # what is held back may be silent until it is released
    quiet = timedelta(seconds=account.quiet_period + account.hold_seconds)
    heard = session.scalar(select(Watermark).where(Watermark.provider == _PROVIDER))
    return Hearing(heard.at, quiet, heard.trouble_at) if heard else Hearing(None, quiet)


def _take_turn(session: Session, app: App, edition_id: int, *, by: str, now: datetime) -> bool:
    hearing = _hearing(session, app)
    return any(
        one.edition_id == edition_id
        and hearing.is_stuck(one.handed_over, one.canary_at, now)
        and silence.take_turn(session, one, by=by, now=now)
        for one in silence.waiting(session, _PROVIDER)
    )


def _canary(app: App, newsletter: Newsletter, edition_id: int, now: datetime) -> Parcel:
    address = next(iter((*newsletter.seeds, *newsletter.editors, newsletter.from_address)))
    text = (
        "This message asks nothing of you. Some copies of the last edition were handed over and the answer was"
        " lost; when SendGrid tells what became of this message, it is known what became of them."
    )
    key = f"canary {newsletter.slug}/{edition_id} {now:%Y-%m-%dT%H:%M:%S}"
    letter = letters.compose(app, newsletter, Alarm(key=key, text=text), None, address, now=now)
    return post.parcel(letter, address, attempt=_ATTEMPT)


def _give_up(session: Session, one: Waiting, now: datetime) -> None:
    name = shelf.name(shelf.get(session, one.edition_id))
    lost = plural.counted(balance(session, one.edition_id).unknown, "copy", "copies")
    text = (
        f"{name}: a day later nobody knows what became of {lost}. Look at"
        f" SendGrid's webhook settings, or decide with newsletter deliveries resolve {one.edition_id}."
    )
    watch.ring(session, f"unknown {name}", text, now)
