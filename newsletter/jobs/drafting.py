"""Before an editor looks: collect the week's articles, rank them, make the draft, and watch for late news."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter import plural
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import assembling, calendar, review, revisions, shelf, watch
from newsletter.editions import words as wording
from newsletter.editions.days import WEEK, Diary
from newsletter.editions.models import Edition, Job, State
from newsletter.editions.words import Words
from newsletter.jobs import liking
from newsletter.stories.models import Ranking, Verdict
from newsletter.stories.picking import choosing, memory
from newsletter.stories.picking.weeks import Kept
from newsletter.stories.reading.collecting import Progress, Report
from newsletter.stories.reading.collecting import collect as _collect

#: readers have such an edition, or will
_TOLD = frozenset({State.APPROVED, State.SENDING, State.SENT})


@dataclass(frozen=True, slots=True)
class Drafted:
    """What assembling came to: an edition, or why there is none."""

    edition_id: int | None
    #: one sentence
    result: str


def collect(app: App, *, now: datetime, force: bool = False, on_progress: Progress | None = None) -> Report:
    """Visit the sources that are due, and keep what they bring."""
    settings = app.settings
    return _collect(
        app.database,
        settings.fetch,
        public_url=settings.public_url,
        now=now,
        force=force,
        on_progress=on_progress,
    )


def assemble(app: App, newsletter: Newsletter, day: date, *, now: datetime, by: str) -> Drafted:
    """Rank the week's stories and make the draft of *day*'s edition; again replaces what nobody has edited."""
    with app.database.write() as session:
        return draft(session, newsletter, day, now=now, by=by, kept=choosing.kept_in(app.kept))


def draft(
    session: Session, newsletter: Newsletter, day: date, *, now: datetime, by: str, kept: Kept | None = None
) -> Drafted:
    """`assemble`, in a transaction of the caller's. Raises WrongState where people have worked on the edition."""
    seen, lifts = window(session, newsletter, day, now), liking.lifts(session, newsletter, day)
    ranking = choosing.rank(session, newsletter, day, window=seen, now=now, lifts=lifts, kept=kept)
    verdict, why = choosing.verdict(session, ranking)
    ranked = choosing.stories(session, ranking)
    if not any(story.chosen for story in ranked):
        reason = why if ranked else "no article of its week was collected"
        return _nothing_to_tell(session, newsletter, ranking, reason, now)
    edition = assembling.assemble(session, newsletter, day, ranking, now=now)
    if verdict is Verdict.SKIP:
        review.skip(session, edition, by=by, reason=why, now=now)
    elif verdict is Verdict.HOLD:
        review.hold(session, edition, by=by, reason=why, now=now)
    else:
        review.submit(session, edition, by=by, now=now)
    tell_editors(session, edition, why, now)
    return Drafted(
        edition.id,
        f"{shelf.name(edition)}: {plural.counted(len(edition.stories), 'story', 'stories')}, {edition.state.spoken}",
    )


def window(session: Session, newsletter: Newsletter, day: date, now: datetime) -> tuple[datetime, datetime]:
    """The week that the edition of *day* tells of.

    It begins where the one of the week before left off, also where one of the two was moved. On a day of its own
    it begins where the last edition that readers have, or will have, left off, so that nothing is told twice;
    and it goes on to *now* where it is made later than the others.
    """
    opens, closes = choosing.window(newsletter, day)
    diary = Diary(session, newsletter, now)
    if (ours := diary.on(day)) is not None and ours.date == day:
        before = diary.of_week(ours.week - WEEK)
        told_until = choosing.window(newsletter, before.date)[1] if before and before.date else opens
        return told_until, closes
    told = shelf.before(session, newsletter.slug, day, states=_TOLD)
    if told is not None:
        opens = max(opens, choosing.window(newsletter, told.date)[1])
    is_late = closes < now < calendar.due(newsletter, Job.SEND, day + timedelta(days=1))
    return opens, now if is_late else closes


def take_in(
    session: Session, newsletter: Newsletter, day: date, words: Words, *, by: str, auto: bool = False, now: datetime
) -> tuple[Edition, str]:
    """Make or change *day*'s edition to say *words*, written by hand; returns it and what that came to.

    A subject that was not written is the title, or stays as it is. *auto* says that it is saved while somebody
    types: what goes on with their last version is one change with it, in its history and to the editors.
    """
    edition = shelf.of_date(session, newsletter.slug, day)
    if edition is None:
        named = replace(words, subject=words.subject or words.title)
        edition = assembling.by_hand(session, newsletter, day, named, by=by, now=now)
        return edition, f"a new draft of {plural.counted(len(words.stories), 'story', 'stories')}"
    return edition, rewrite(session, edition, words, by=by, auto=auto, now=now)


def rewrite(session: Session, edition: Edition, words: Words, *, by: str, auto: bool = False, now: datetime) -> str:
    """Let *edition* say *words*; what that came to. A subject that was not written stays as it is."""
    was = edition.state
    revisions.keep(session, edition, by="", now=now)  # of a database that kept none
    seen, goes_on = edition.revision, auto and revisions.goes_on(session, edition, by=by, now=now)
    named = replace(words, subject=words.subject or edition.subject)
    if not wording.put(session, edition, named, by=by, goes_on=goes_on, now=now):
        return "it says that already; nothing was changed"
    revisions.keep(session, edition, by=by, auto=auto, now=now)
    instead_of = seen if goes_on else None
    tell_editors(session, edition, f"changed by {by}, now revision {edition.revision}", now, instead_of=instead_of)
    reopened = "; it was approved and has to be approved again" if was is State.APPROVED else ""
    return f"changed, now revision {edition.revision}{reopened}"


def tell_editors(session: Session, edition: Edition, why: str, now: datetime, *, instead_of: int | None = None) -> None:
    """Leave word for the editors that *edition* is there or has changed; `letters` mails it, with a preview.

    It takes the place of the word about the revision *instead_of*, where nobody was mailed about that yet.
    """
    key = f"{watch.DRAFTED}{edition.id} {edition.revision}"
    text = f"{shelf.name(edition)} is {edition.state.spoken}: “{edition.subject}”" + (f" ({why})" if why else "")
    if instead_of is None or not watch.reword(session, f"{watch.DRAFTED}{edition.id} {instead_of}", key, text, now):
        watch.ring(session, key, text, now)


def lock(app: App, newsletter: Newsletter, day: date, *, now: datetime) -> str:
    """The last look before sending: late news and a missing approval are told; nothing swaps itself in."""
    with app.database.write() as session:
        return look_once_more(session, newsletter, day, now=now, kept=choosing.kept_in(app.kept))


def look_once_more(
    session: Session, newsletter: Newsletter, day: date, *, now: datetime, kept: Kept | None = None
) -> str:
    """`lock`, in a transaction of the caller's."""
    late = memory.late_news(session, newsletter, day, now=now, kept=kept)
    for news in late:
        watch.ring(session, f"late news {newsletter.slug}/{day} {min(news.article_ids)}", news.text, now)
    edition = shelf.of_date(session, newsletter.slug, day)
    if edition is not None and edition.state in {State.DRAFT, State.IN_REVIEW}:
        at = calendar.due(newsletter, Job.SEND, day).astimezone(newsletter.zone)
        text = f"{shelf.name(edition)} is not approved yet, and {at:%H:%M} is its time: approve it, or it will be held."
        watch.ring(session, f"not approved {shelf.name(edition)}", text, now)
    return f"late news: {len(late)}" if late else "no late news"


def _nothing_to_tell(session: Session, newsletter: Newsletter, ranking: Ranking, why: str, now: datetime) -> Drafted:
    text = f"there is no story for {newsletter.slug}/{ranking.date}: {why}"
    watch.ring(session, f"no stories {newsletter.slug}/{ranking.date}", text, now)
    return Drafted(None, text)
