"""Mail to the editors: a draft with its preview and what to decide, and alarms. At least once, never to readers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.delivery.wire.parcel import Sender
from newsletter.editions import calendar, folding, revisions, shelf, watch
from newsletter.editions.models import Alarm, Edition, Job
from newsletter.errors import Delivery, NotFound
from newsletter.jobs import passes, post
from newsletter.jobs.passes import Pass, Verb
from newsletter.jobs.post import Letter
from newsletter.rendering import templates, views
from newsletter.rendering.slots import one_line

log = logs.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one letter."""

    #: the mail server's words where it was not taken; empty where it was
    trouble: str = ""
    #: try at the next tick
    again: bool = False


def tell(app: App, *, now: datetime) -> int:
    """Mail the editors what they have not been told; returns how many letters went out.

    A letter that can't be handed over now is tried at the next tick, and one that was refused is not; what
    the mail server said is kept with the alarm. A matter nobody has an address for counts as told, for it
    stays on the screens.
    """
    with app.database.read() as session:
        untold = [(alarm, _edition(app, alarm)) for alarm in watch.untold(session)]
        settled = [(alarm, edition) for alarm, edition in untold if not _is_being_written(session, edition, now)]
        waiting = [(alarm, edition, _letters(app, alarm, edition, now)) for alarm, edition in settled]
    if not waiting:
        return 0
    sender, sent = app.sender(), 0
    try:
        for alarm, edition, letters in waiting:
            told, trouble, again = list(alarm.told_to), [], False
            for editor, letter in letters:
                outcome = _hand_over(sender, letter, editor)
                again = again or outcome.again
                if outcome.trouble:
                    trouble.append(f"{editor}: {outcome.trouble}")
                else:
                    told.append(editor)
                    sent += 1
            with app.database.write() as session:
                watch.told(session, alarm.id, told, "; ".join(trouble), None if again else now)
                if edition is not None:
                    revisions.close(session, edition)
    finally:
        sender.close()
    return sent


def _letters(app: App, alarm: Alarm, edition: Edition | None, now: datetime) -> list[tuple[str, Letter]]:
    newsletter = _newsletter(app, alarm, edition)
    if newsletter is None or (edition is None and alarm.key.startswith(watch.DRAFTED)):
        return []  # a draft that has changed since: whoever changed it knows
    left = [editor for editor in newsletter.editors if editor not in alarm.told_to]
    return [(editor, compose(app, newsletter, alarm, edition, editor, now=now)) for editor in left]


def compose(
    app: App, newsletter: Newsletter, alarm: Alarm, edition: Edition | None, editor: str, *, now: datetime
) -> Letter:
    """The letter to *editor* about *alarm*: with a preview and signed links where it is about a draft."""
    settings = app.settings
    template = templates.of(settings, "alarm" if edition is None else "draft")
    values: dict[str, object] = {
        "newsletter": views.of_newsletter(newsletter, settings.public_url),
        "text": alarm.text,
        "desk": settings.public_url,
    }
    if edition is not None:
        with app.database.read() as session:
            goes_out = _goes_out(session, newsletter, edition, now)
            may = passes.verbs(session, editor)
        look = f"{settings.public_url}/editions/{edition.id}"
        values |= {
            "edition": views.of_edition(edition),
            "why": [story.why for story in edition.stories],
            "send_at": _spoken(newsletter, edition),
            "goes_out": goes_out,
            "look": look,
            "may": {verb.value: verb in may for verb in Verb},
            # what they may not do leads to where they can look at it, in templates that ask nothing about it too
            "decide": {
                verb.value: passes.link(settings, _pass(verb, edition, editor), now=now) if verb in may else look
                for verb in Verb
            },
        }
    return Letter(
        key=alarm.key,
        subject=one_line(template.text("subject.txt", **values)),
        text=template.text("body.txt", **values),
        html=template.html("body.mjml", **values),
        sender=(newsletter.from_name or newsletter.title, newsletter.from_address),
        now=now,
    )


def _edition(app: App, alarm: Alarm) -> Edition | None:
    """The draft that *alarm* is about, unless it has changed since or is about something else."""
    if not alarm.key.startswith(watch.DRAFTED):
        return None
    edition_id, revision = alarm.key.removeprefix(watch.DRAFTED).split()
    with app.database.read() as session:
        try:
            edition = shelf.get(session, int(edition_id))
        except NotFound:
            return None
        return edition if edition.revision == int(revision) else None


def _is_being_written(session: Session, edition: Edition | None, now: datetime) -> bool:
    """Somebody is typing in it: a letter for each of their pauses would be read by nobody."""
    last = revisions.newest(session, edition) if edition is not None else None
    return last is not None and last.auto and timedelta() <= now - last.at <= folding.PAUSE


def _newsletter(app: App, alarm: Alarm, edition: Edition | None) -> Newsletter | None:
    """Whose editors are told: the newsletter named in the alarm, or the only one there is."""
    newsletters = app.settings.newsletters
    if edition is not None:
        return newsletters.get(edition.newsletter)
    named = [newsletter for slug, newsletter in newsletters.items() if f"{slug}/" in alarm.key]
    return named[0] if named else next(iter(newsletters.values()), None)


def _spoken(newsletter: Newsletter, edition: Edition) -> str:
    """ "on Friday 26 November at 09:00 (Europe/London)" """
    at = calendar.due(newsletter, Job.SEND, edition.date).astimezone(newsletter.zone)
    if newsletter.local_morning:
        first = calendar.opens(newsletter, Job.SEND, edition.date).astimezone(newsletter.zone)
        return (
            f"on {at:%A} {at.day} {at:%B} at {at:%H:%M} in each reader’s own time,"
            f" the first of them on {first:%A} at {first:%H:%M} ({newsletter.time_zone})"
        )
    return f"on {at:%A} {at.day} {at:%B} at {at:%H:%M} ({newsletter.time_zone})"


def _goes_out(session: Session, newsletter: Newsletter, edition: Edition, now: datetime) -> str:
    """What an approval leads to, as a sentence that is true."""
    at = calendar.would_send(session, newsletter, edition.date, now)
    if at is None:
        return (
            f"Its time by the clock is over: once it is approved, it goes out only by hand, with"
            f" newsletter send {shelf.name(edition)}."
        )
    if at <= now and calendar.due(newsletter, Job.SEND, edition.date) <= now:
        return "Its time has come: it goes out as soon as it is approved."
    return f"It goes out {_spoken(newsletter, edition)} if it is approved by then."


def _pass(verb: Verb, edition: Edition, editor: str) -> Pass:
    return Pass(verb, edition.id, edition.revision, editor)


def _hand_over(sender: Sender, letter: Letter, editor: str) -> _Outcome:
    """What became of *letter*; one that was lost on the way may come twice."""
    try:
        report = sender.send(post.parcel(letter, editor))
    except Delivery as error:
        log.warning("letter.not_sent", letter=letter.key, error=type(error).__name__)
        return _Outcome(str(error), again=True)
    for words in (*report.again.values(), *report.unknown.values()):
        return _Outcome(words.text or "was not taken", again=True)
    for words in report.refused.values():
        log.warning("letter.refused", letter=letter.key, code=words.code)
        return _Outcome(words.text or "was refused")
    return _Outcome()
