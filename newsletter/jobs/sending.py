"""An approved edition to its readers: freeze the audience, send, notice when it is done, and sweep up.

What only some sendings need is loaded when they do: the first reader waits for every import at the top.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from threading import Event

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import logs, plural
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.ledger import finishing, planning, settling
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import controls, crew, waits
from newsletter.delivery.pace.throttle import Throttle
from newsletter.delivery.wire import dispatch, hints, overseeing, takeover
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.handover import Route
from newsletter.delivery.wire.hints import CeleryHints
from newsletter.delivery.wire.overseeing import Charge
from newsletter.delivery.wire.parcel import Sender
from newsletter.delivery.wire.patience import Patience
from newsletter.delivery.wire.teaching import Learn, Refusal
from newsletter.editions import review, shelf, watch
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from newsletter.rendering import links, proofs
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.tracking.links import register
from subscribers.audience import Person

log = logs.get_logger(__name__)
_rng = random.Random()  # noqa: S311 (it scatters waits, it keeps no secret)

__all__ = [
    "Ended",
    "begin",
    "begin_on_time",
    "dispatch_edition",
    "route",
    "send",
    "send_here",
    "sweep",
    "take_over",
    "under_way",
]


#: a sending that has not moved for so long is told, unless a limit or an hour that passes by itself is the reason
STANDSTILL = timedelta(minutes=10)
#: gives each copy a Message-ID of its own
_NAMES_COPIES_ITSELF = frozenset({"sendgrid"})
#: editors may still approve it
UNDECIDED = frozenset({State.DRAFT, State.IN_REVIEW, State.HELD, State.SKIPPED})


def send(
    app: App,
    edition_id: int,
    *,
    by: str,
    owner: str,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda recipients: None,
) -> Ended:
    """Send an approved edition now, or go on with one that is being sent; comes back when it is done or stopped."""
    sender = app.sender()
    try:
        with app.database.write() as session:
            begin(session, app, shelf.get(session, edition_id), sender, by=by, now=clock())
    finally:
        sender.close()
    planning.look_at_the_figures(app.database)
    return dispatch_edition(app, edition_id, owner=owner, clock=clock, stop=stop, on_progress=on_progress)


def begin(session: Session, app: App, edition: Edition, sender: Sender, *, by: str, now: datetime) -> None:
    """Freeze the audience of an approved edition; harmless for one whose audience is frozen already."""
    if edition.state in {State.SENDING, State.SENT} and session.get(Sending, edition.id) is not None:
        return
    newsletter = app.newsletter(edition.newsletter)
    _alone(session, edition)
    review.move(session, edition, State.SENDING, by=by, now=now)
    proof = proofs.latest(session, edition.id, edition.revision)
    if proof is None:
        raise WrongState(f"{shelf.name(edition)} was approved but never rendered: reopen it and approve it again")
    _refuse_dead_links(proof, edition, app)
    register.write(session, proof, edition, public_url=app.settings.public_url)
    sending = planning.plan(
        session,
        edition.id,
        newsletter,
        sender=sender.name,
        batch_size=sender.batch_size,
        now=now,
        # a correction is for now, wherever its readers are
        morning=edition.date if newsletter.local_morning and edition.corrects is None else None,
    )
    sending.change = app.change


def _alone(session: Session, edition: Edition) -> None:
    """Let nobody change *edition* until the end of the transaction; it is then as whoever was quicker left it."""
    session.flush()
    session.refresh(edition, with_for_update=True)


def _refuse_dead_links(proof: Proof, edition: Edition, app: App) -> None:
    """Raise WrongState where public_url was changed after approval: readers' links would lead where it was."""
    from newsletter.rendering import preflight

    if before := preflight.moved(proof, app.settings):
        why = f"its links lead to {before}, where public_url was; now it is {app.settings.public_url}"
        raise WrongState(f"{shelf.name(edition)} was approved too early: {why}. Reopen it and approve it again")


def begin_correction(app: App, edition_id: int, *, now: datetime) -> bool:
    """Freeze the audience of an approved correction; False where somebody took its approval back meanwhile."""
    sender = app.sender()
    try:
        with app.database.write() as session:
            edition = shelf.get(session, edition_id)
            if edition.state is not State.APPROVED:
                return False
            begin(session, app, edition, sender, by="clock", now=now)
    finally:
        sender.close()
    planning.look_at_the_figures(app.database)
    return True


def begin_on_time(session: Session, app: App, edition: Edition | None, sender: Sender, *, now: datetime) -> str:
    """What the clock does at sending time; returns what came of it.

    What nobody approved is held and somebody is told, or approved by the newsletter's own policy where
    every check is green.
    """
    if edition is None:
        return "there is no edition for this date"
    newsletter = app.newsletter(edition.newsletter)
    _alone(session, edition)
    if edition.state in {State.DRAFT, State.IN_REVIEW}:
        _decide_without_editors(session, app, edition, newsletter, now)
    if edition.state is not State.APPROVED:
        return f"not sent: it is {edition.state.spoken}"
    begin(session, app, edition, sender, by="clock", now=now)
    return f"sending to {plural.counted(session.get_one(Sending, edition.id).planned, 'reader')}"


def dispatch_edition(
    app: App,
    edition_id: int,
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda recipients: None,
) -> Ended:
    """Send what is left of an edition whose audience is frozen, here or by workers elsewhere.

    Any number of processes may do so at once.
    """
    if app.settings.workers == "celery":
        with app.database.read() as session:
            limits = app.newsletter(shelf.get(session, edition_id).newsletter).limits
        charge = Charge(edition_id, limits, _learner(app))
        with closing(_broker(app, edition_id)) as broker:
            ended = overseeing.oversee(
                app.database, broker, charge, clock=clock, stop=stop, on_progress=on_progress, boxes=app.boxes
            )
    else:
        with app.database.read() as session:
            way = route(session, app, edition_id, now=clock())
        ended = send_here(app, way, owner=owner, clock=clock, stop=stop, on_progress=on_progress)
    if ended.state is SendingState.PAUSED:  # by whomever: what the provider has not released must stop too
        from newsletter.jobs import holding

        for batch_id, why in holding.hold_back(app, edition_id, for_good=False).items():
            log.error("held_back.failed", edition=edition_id, batch_id=batch_id, why=why)
    with app.database.write() as session:
        _settle(session, app, session.get_one(Sending, edition_id), now=clock())
    if ended.state is SendingState.COMPLETE:
        from newsletter.jobs import counting

        counting.keep(app, edition_id, now=clock())
    return ended


def _broker(app: App, edition_id: int) -> CeleryHints:
    """The way to the workers that take the newsletter of that edition."""
    with app.database.write() as session:
        slug, install = shelf.get(session, edition_id).newsletter, crew.install(session)
    return CeleryHints(hints.celery(app.settings.broker_url.get_secret_value()), hints.queue(install, slug))


def send_here(
    app: App,
    way: Route,
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Event | None,
    on_progress: Callable[[int], None] = lambda recipients: None,
    patience: Patience = Patience(),
) -> Ended:
    """Send from this process, with a black box that stays closed to others until the sender is closed."""
    sender = app.sender()
    box = app.boxes.open(pages=2 * sender.window, copies=sender.batch_size)
    try:
        return dispatch.run(
            app.database,
            sender,
            way,
            owner=owner,
            clock=clock,
            stop=stop,
            on_progress=on_progress,
            patience=patience,
            box=box,
        )
    finally:
        sender.close()
        if box is not None:
            box.close()


def under_way(session: Session, *, now: datetime) -> list[int]:
    """The editions with something to do about their sending; those whose next reader wakes up later rest."""
    query = select(Sending.edition_id).where(Sending.state == SendingState.RUNNING).order_by(Sending.edition_id)
    return [found for found in session.scalars(query) if not finishing.rests(session, found, until=now)]


def sweep(app: App, *, now: datetime) -> None:
    """Bring on what is not final: leases that are over, sendings that are complete, pauses nobody was told of."""
    with app.database.write() as session:
        tidy(session, app, now=now)


def tidy(session: Session, app: App, *, now: datetime) -> None:
    """`sweep`, in a transaction of the caller's."""
    from newsletter.jobs import silence

    take_over(session, app, now=now)
    settling.expire(session, now=now)
    silence.refute(session, app, now=now)
    for sending in session.scalars(select(Sending).join(Edition).where(Edition.state == State.SENDING)).all():
        if app.settings.smtp.unknown == "resend_once" and sending.sender == "smtp":
            controls.resend_once(session, sending.edition_id, by="policy", now=now)
        _settle(session, app, sending, now=now)
        _tell_standstill(session, app, sending, now=now)


def take_over(session: Session, app: App, *, now: datetime) -> None:
    """Settle what dead processes of this home had in hand, by their black boxes."""
    takeover.inherit(session, app.boxes, learn=_learner(app), now=now, rng=_rng)


def _tell_standstill(session: Session, app: App, sending: Sending, *, now: datetime) -> None:
    """Ring where nothing has moved for long, and nothing that passes by itself is the reason."""
    edition = session.get_one(Edition, sending.edition_id)
    newsletter = app.going_by(session, sending.change).settings.newsletters.get(edition.newsletter)
    if newsletter is None or sending.state is not SendingState.RUNNING:
        return
    found = waits.find(session, sending, newsletter.limits, now=now)
    if found and found.since and not found.until and now - found.since > STANDSTILL:
        text = f"{shelf.name(edition)} has not moved since {found.since:%H:%M} UTC: {found.why}"
        watch.ring(session, f"stands {shelf.name(edition)} {found.since:%Y-%m-%d %H:%M}", text, now)


def _settle(session: Session, app: App, sending: Sending, *, now: datetime) -> None:
    """Let the edition follow its sending: sent, cancelled, or paused with an alarm."""
    session.refresh(sending)
    edition = session.get_one(Edition, sending.edition_id)
    if sending.state is SendingState.COMPLETE and edition.state is State.SENDING:
        review.move(session, edition, State.SENT, by="ledger", now=now)
        _remember(session, app, edition, now=now)
    elif sending.state is SendingState.CANCELLED and edition.state is State.SENDING:
        review.cancel(session, edition, by="ledger", reason=sending.reason, now=now)
    elif sending.state is SendingState.PAUSED:
        text = f"the sending of {shelf.name(edition)} is paused: {sending.reason}"
        watch.ring(session, f"paused {shelf.name(edition)}: {sending.reason}", text, now)


def _remember(session: Session, app: App, edition: Edition, *, now: datetime) -> None:
    """Let the picker know what was told."""
    from newsletter.stories.picking import memory
    from newsletter.stories.picking.memory import Sent

    newsletter = app.settings.newsletters.get(edition.newsletter)
    # of a correction the edition that it is of was remembered
    if newsletter is not None and edition.corrects is None:  # one that is not set up any more picks nothing either
        told = [Sent(story.headline, story.url) for story in edition.stories]
        memory.remember(session, newsletter, edition.date, told, now=now)


def _decide_without_editors(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, now: datetime
) -> None:
    from newsletter.jobs import checking
    from newsletter.jobs.deciding import prove
    from newsletter.rendering import preflight
    from newsletter.rendering.preflight import asides

    reason = "nobody approved it in time"
    if newsletter.when_not_approved == "send_if_green":
        proof = proofs.make(session, edition, newsletter, app.settings, now=now)
        every = checking.findings(session, app, edition, newsletter, proof, now=now)
        findings = asides.left(session, edition, every)
        wrong = [
            f"{finding.check}: {finding.text}"
            for finding in findings
            if finding.level in {preflight.Level.AMBER, preflight.Level.RED}
        ]
        if not wrong:
            prove(session, app, edition, newsletter, by="policy", reason="not looked at; every check is green", now=now)
            return
        reason = f"nobody approved it in time, and not every check is green ({'; '.join(wrong)})"
    review.hold(session, edition, by="clock", reason=reason, now=now)
    text = f"{shelf.name(edition)} was not sent: {reason}. Approve it and it goes out; or skip it."
    watch.ring(session, f"held {shelf.name(edition)} {edition.revision}", text, now)


def route(session: Session, app: App, edition_id: int, *, now: datetime) -> Route:
    """What sending needs to know of an edition whose audience is frozen."""
    edition = shelf.get(session, edition_id)
    sending = session.get_one(Sending, edition_id)
    app = app.going_by(session, sending.change)
    newsletter = app.newsletter(edition.newsletter)
    proof = proofs.latest(session, edition_id, edition.revision)
    if proof is None:
        raise WrongState(f"there is no proof of {shelf.name(edition)}: its readers can't be sent anything")
    # the Date of every copy is the hour at which the audience was frozen, whenever a worker gets to it;
    # but a morning that comes many hours later has its own, or the mail would lie far down in the inbox
    dated = max(sending.started_at, now) if newsletter.local_morning else sending.started_at
    mould = proofs.mould(
        proof, edition, newsletter, app.settings, now=dated, for_readers=True, answers=_answered(session, edition)
    )
    secret = app.settings.secret.get_secret_value()
    counts = mould.counting.mode != "off"

    def reader(person: Person) -> Reader:
        token, click = links.tokens(secret, edition_id, person.id)
        return Reader(person.id, person.email, person.name, token, person.plain_text, click if counts else "")

    throttle = Throttle(sending.sender, newsletter.limits)
    return Route(
        edition_id,
        lists=newsletter.lists,
        mould=mould,
        reader=reader,
        throttle=throttle,
        day=_day(edition, newsletter, sending),
        learn=_learner(app),
    )


def _answered(session: Session, edition: Edition) -> int | None:
    """The edition that a correction answers, where its copies have the Message-ID that they were given here."""
    if edition.corrects is None or (before := session.get(Sending, edition.corrects)) is None:
        return None
    return None if before.sender in _NAMES_COPIES_ITSELF else edition.corrects


def _day(edition: Edition, newsletter: Newsletter, sending: Sending) -> date:
    """The day that a reader's pause is held against: a correction's is the one on which it goes out."""
    if edition.corrects is None:
        return edition.date
    return max(edition.date, sending.started_at.astimezone(newsletter.zone).date())


def _learner(app: App) -> Learn:
    def learn(session: Session, refusals: Sequence[Refusal], *, now: datetime) -> None:
        from newsletter.tracking import refusals as learned

        learned.learn(session, refusals, settings=app.settings.lessons, now=now)

    return learn
