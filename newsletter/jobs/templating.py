"""Templates written at the desk: saved, tried on the last edition, used, taken back. Every door uses this.

An approved edition keeps its bytes, whatever template is in use since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.changes import standing
from newsletter.config import Newsletter, Settings
from newsletter.editions import shelf
from newsletter.editions.models import Edition, EditionStory, State
from newsletter.errors import BadTemplate, ConfigError, NotFound, WrongState
from newsletter.rendering import preflight, proofs, templates, versions
from newsletter.rendering.models import Proof, TemplateVersion
from newsletter.rendering.preflight import Finding, Level
from newsletter.staff import acts
from newsletter.staff.acts import Doer

#: the number of what is on disk
DISK = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A template, and how it stands."""

    name: str
    #: the newsletters that name it
    newsletters: tuple[Newsletter, ...]
    #: the version in use; DISK
    in_use: int
    #: the version that was saved last
    newest: TemplateVersion | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One template on one edition."""

    #: None where it could not be rendered
    proof: Proof | None
    #: why it could not, or what must not be: file, line and sentence
    problem: str
    findings: tuple[Finding, ...]

    @property
    def red(self) -> set[str]:
        return {f"{one.check}: {one.text}" for one in self.findings if one.level is Level.RED}


@dataclass(frozen=True, slots=True)
class Trial:
    """A version beside what is in use."""

    #: "friday/2021-11-26"; empty where there is none yet, and an example stands for it
    edition: str
    old: Tried
    new: Tried

    @property
    def in_the_way(self) -> list[str]:
        """Why the new one must not be used: what is red by its own fault, and not by the edition's."""
        return [self.new.problem] if self.new.problem else sorted(self.new.red - self.old.red)


def all_of_them(session: Session, app: App) -> list[Kept]:
    """Every template of editions."""
    latest, used = versions.newest_of_each(session), in_use(session)
    named = {each.template for each in app.settings.newsletters.values()}
    names = sorted({*templates.names(_own(app.settings)), *named, *latest})
    return [
        Kept(
            name,
            tuple(each for each in app.settings.newsletters.values() if each.template == name),
            used.get(name, DISK),
            latest.get(name),
        )
        for name in names
    ]


def in_use(session: Session) -> dict[str, int]:
    """Name → the version in use, of those that are not as on disk."""
    return {
        key.removeprefix(versions.KEY): int(standing.value(change))
        for key, change in standing.counting(session).items()
        if key.startswith(versions.KEY)
    }


def files(session: Session, app: App, name: str, number: int) -> dict[str, str]:
    """The files of that version; of DISK, those on disk. Raises NotFound."""
    if number != DISK:
        return dict(versions.get(session, name, number).files)
    own = _own(app.settings)
    if name not in templates.names(own):
        raise NotFound(f"There is no template {name[:80]!r} on disk: {', '.join(templates.names(own))}.")
    return versions.on_disk(name, own)


def save(
    app: App,
    name: str,
    changed: Mapping[str, str],
    *,
    made_from: int,
    by: Doer,
    now: datetime,
    seen: int | None = None,
) -> TemplateVersion | None:
    """A new version: *made_from* with some files *changed*; None where that is what it says already.

    *seen* is the newest version that whoever saves knew of: raises WrongState where somebody saved another since.
    Nothing is lost either way, for each is a version of its own.
    """
    with app.database.write() as session:
        before = files(session, app, name, made_from)
        latest = versions.newest(session, name)
        if seen is not None and latest is not None and latest.id > seen:
            who = f"{latest.who} has saved version {latest.id} while you were writing"
            raise WrongState(f"{who}. Save yours all the same, as a version beside it, or look at theirs first.")
        after = before | dict(changed)
        if {**after} == before:
            return None
        version = versions.keep(session, name, after, made_from=made_from, who=by.who, now=now)
        acts.note(session, by, "saved a template", f"{name}, version {version.id}", now=now)
    return version


def trial(session: Session, app: App, name: str, new: Mapping[str, str], *, now: datetime) -> Trial:
    """The last edition in the files *new*, beside the same in what is in use."""
    edition, newsletter = _last(session, app, name)
    try:
        old = attempt(edition, newsletter, app.settings, templates.of(app.settings, name), now=now)
    except ConfigError as error:
        old = Tried(None, str(error), ())
    made = attempt(edition, newsletter, app.settings, versions.template(name, new), now=now)
    return Trial(shelf.name(edition) if edition.id else "", old, made)


def sample(session: Session, app: App, name: str) -> tuple[Edition, Newsletter]:
    """What the template *name* is looked at with: the last edition of a newsletter that uses it."""
    return _last(session, app, name)


def attempt(
    edition: Edition, newsletter: Newsletter, settings: Settings, template: templates.Template, *, now: datetime
) -> Tried:
    """*edition* in *template*, with what the checks find."""
    try:
        proof = proofs.today(edition, newsletter, settings, now=now, template=template)
    except BadTemplate as error:
        return Tried(None, str(error), ())
    return Tried(proof, "", tuple(preflight.check(proof, newsletter, settings)))


def try_out(app: App, name: str, number: int, *, by: Doer, now: datetime) -> Trial:
    """`trial` of a version that was saved, and remembered where nothing stands in its way."""
    with app.database.read() as session:
        found = trial(session, app, name, files(session, app, name, number), now=now)
    if number != DISK:
        with app.database.write() as session:
            version = versions.get(session, name, number)
            version.tried_at = None if found.in_the_way else now
            version.tried_on = found.edition or "an example"
    return found


def use(app: App, name: str, number: int, *, by: Doer, now: datetime) -> App:
    """Let every process render with that version from now on; DISK is what is on disk.

    Raises WrongState where it was not tried, or can't be used.
    """
    with app.database.read() as session:
        known = files(session, app, name, number)
        if number != DISK and versions.get(session, name, number).tried_at is None:
            raise WrongState(f"Try version {number} of {name} on the last edition first, and look at it.")
        wrong = trial(session, app, name, known, now=now).in_the_way
    if wrong:
        raise WrongState(f"Version {number} of {name} can't be used: {wrong[0]}")
    with app.database.write() as session:
        standing.alone(session)
        value = standing.FILE if number == DISK else number
        if standing.put(session, {f"{versions.KEY}{name}": value}, by=by, now=now):
            what = f"{name}, version {number}" if number != DISK else f"{name}, as on disk"
            acts.note(session, by, "put a template in use", what, now=now)
    return app.current()


def take_back(app: App, name: str, *, seen: int | None = None, by: Doer, now: datetime) -> int:
    """Let what was in use before be in use again; the number of that version.

    *seen* is the version that whoever takes back saw in use: raises WrongState where it is another by now.
    """
    with app.database.write() as session:
        standing.alone(session)
        change = standing.latest(session, f"{versions.KEY}{name}")
        if change is None:
            raise WrongState(f"Nothing but what is on disk was ever in use for {name}.")
        if seen is not None and seen != in_use(session).get(name, DISK):
            raise WrongState(f"{change.who} has put another version in use meanwhile: look at it, then decide.")
        _, value = standing.before(session, change.id)
        standing.put(session, {change.key: value}, by=by, now=now)
        number = int(value) if value else DISK
        what = f"{name}, version {number}" if number != DISK else f"{name}, as on disk"
        acts.note(session, by, "took a template back", what, now=now)
    return number


def _own(settings: Settings) -> Path | None:
    return settings.path(settings.templates) if settings.templates else None


def _last(session: Session, app: App, name: str) -> tuple[Edition, Newsletter]:
    using = [each for each in app.settings.newsletters.values() if each.template == name]
    for slugs in ([each.slug for each in using], list(app.settings.newsletters)):
        query = select(Edition).where(Edition.newsletter.in_(slugs)).order_by(Edition.date.desc(), Edition.id.desc())
        found = session.scalar(query.limit(1))
        if found is not None and found.stories:
            return found, app.settings.newsletters[found.newsletter]
    newsletter = next(iter((*using, *app.settings.newsletters.values())), None)
    if newsletter is None:
        raise NotFound("No newsletter is set up, so there is nothing to look at.")
    return _example(newsletter), newsletter


def _example(newsletter: Newsletter) -> Edition:
    """An edition for a house that has none yet; it is kept nowhere."""
    stories = [
        EditionStory(position=1, headline="A headline of middling length, as most have", summary=_WORDS, url=_LINK),
        EditionStory(position=2, headline="Short", summary=_WORDS, url=_LINK, attribution="A Paper and 3 more"),
    ]
    for story in stories:
        story.image_url = story.image_alt = ""
        story.attribution = story.attribution or "A Paper"
    return Edition(
        newsletter=newsletter.slug,
        date=date(2026, 1, 2),
        state=State.DRAFT,
        revision=1,
        title=newsletter.title,
        subject="An example, until there is an edition",
        preheader="What an inbox shows behind the subject",
        introduction="Two sentences that introduce the week. This is the second.",
        sponsor_name="A sponsor",
        sponsor_text="What the sponsor says, in a sentence.",
        sponsor_url=_LINK,
        stories=stories,
    )


_LINK = "https://example.org/story"
_WORDS = "What happened, in a sentence or two, with words enough to run over a telephone’s line.\n\nAnd more."
