"""An edition looked at before it goes out: what asks nobody at once, and what others have to be asked about."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import NewsletterError
from newsletter.rendering import links as tokens
from newsletter.rendering import preflight, proofs
from newsletter.rendering.models import Aside, Asking, Proof
from newsletter.rendering.mould import Reader
from newsletter.rendering.preflight import asides, asked
from newsletter.rendering.preflight.asked import answers, domains, images, links, questions, spam, spelling
from newsletter.rendering.preflight.asked.questions import Kind, Question
from newsletter.rendering.preflight.findings import Finding, Level, sort
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from newsletter.stories.reading import hosts
from newsletter.stories.reading.fetching import Fetcher

log = logs.get_logger(__name__)

#: seconds that a round of questions takes at most, and one page or picture of it
MOST_SECONDS, EACH_SECONDS = 180.0, 10.0
#: seconds between two questions to one host
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks say of an edition now."""

    edition: Edition
    #: None where the template is wrong, which is then the only finding
    proof: Proof | None
    #: the worst first, without what was set aside
    findings: list[Finding]
    #: what was set aside, beside the finding
    aside: list[tuple[Finding, Aside]]
    #: the last round of questions
    asking: Asking | None
    #: when the oldest answer was given that counts; None where nobody was asked
    oldest: datetime | None

    @property
    def worst(self) -> Level:
        return preflight.worst(self.findings)

    def of(self, level: Level) -> list[Finding]:
        """Those of that level."""
        return [each for each in self.findings if each.level is level]


def report(session: Session, app: App, edition: Edition, *, now: datetime) -> Report:
    """What every check says of *edition* as it stands, with what others said when they were asked last."""
    asking = answers.round_of(session, edition.id)
    try:
        newsletter = app.newsletter(edition.newsletter)
        proof = proofs.frozen(session, edition) or proofs.today(edition, newsletter, app.settings, now=now)
    except NewsletterError as error:  # a template, or a newsletter that left the settings
        return Report(edition, None, [Finding("template", Level.RED, str(error))], [], asking, None)
    every, oldest = _judged(session, app, edition, newsletter, proof, now=now)
    set_aside = asides.of(session, edition)
    beside = [each for each in every if each.level is Level.AMBER and each.key in set_aside]
    return Report(
        edition,
        proof,
        sort(each for each in every if each not in beside),
        [(each, set_aside[each.key]) for each in beside],
        asking,
        oldest,
    )


def findings(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, proof: Proof, *, now: datetime
) -> list[Finding]:
    """What every check says of *proof*, and what the answers of the last day mean for it."""
    return _judged(session, app, edition, newsletter, proof, now=now)[0]


def set_aside(app: App, edition_id: int, key: str, *, by: Doer, reason: str, now: datetime) -> Finding:
    """Set an amber finding aside; raises what `asides.put` does."""
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        found = report(session, app, edition, now=now)
        every = [*found.findings, *(finding for finding, _ in found.aside)]
        finding = asides.put(session, edition, every, key, by=by.who, reason=reason, now=now)
        details = {"check": finding.check, "finding": finding.text, "reason": reason}
        acts.note(session, by, "set a finding aside", shelf.name(edition), now=now, **details)
        return finding


def take_back(app: App, edition_id: int, key: str, *, by: Doer, now: datetime) -> None:
    """Let what was set aside be found again."""
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        if asides.take_back(session, edition, key):
            acts.note(session, by, "took a finding back", shelf.name(edition), now=now)


def begin(app: App, edition_id: int, *, by: Doer, now: datetime) -> list[Question]:
    """Begin a round of questions about the edition, which `go_on` asks; raises AlreadyDone while one is under way."""
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        material = _material(session, app, edition, now=now)
        wanted = questions.of(material)
        answers.begin(session, edition_id, by=by.who, total=len(wanted), now=now)
        acts.note(session, by, "had links and pictures asked", shelf.name(edition), now=now, questions=len(wanted))
        return wanted


def go_on(
    app: App,
    edition_id: int,
    wanted: list[Question],
    *,
    began_at: datetime,
    clock: Callable[[], datetime],
    on_progress: Callable[[int], None] = lambda done: None,
    fetcher: Fetcher | None = None,
) -> None:
    """Ask, one host after the other and many hosts at once, and keep each answer as it comes.

    A process that dies half-way leaves what was answered, and a round that the next one may begin anew.
    """
    ask = _asker(app, edition_id, fetcher or _fetcher(app), now=began_at)
    ends, cancelled = time.monotonic() + MOST_SECONDS, threading.Event()

    def one(question: Question) -> tuple[Question, Mapping[str, Any] | None]:
        if cancelled.is_set() or time.monotonic() > ends:
            return question, None
        return question, ask(question)

    for done, (question, said) in enumerate(hosts.work(hosts.by_host(wanted, _host), one), start=1):
        with app.database.write() as session:
            if said is not None:
                answers.keep(session, question, said, now=clock())
            if not answers.advance(session, edition_id, began_at=began_at, now=clock()):
                cancelled.set()  # somebody took over, who asks the rest
        on_progress(done)
    with app.database.write() as session:
        answers.finish(session, edition_id, began_at=began_at, now=clock())


def _judged(
    session: Session, app: App, edition: Edition, newsletter: Newsletter, proof: Proof, *, now: datetime
) -> tuple[list[Finding], datetime | None]:
    material = preflight.material(session, edition, proof, newsletter, app.settings)
    wanted = questions.of(material)
    kept = answers.kept(session, wanted)
    ages = [row.at for row in kept.values() if now - row.at < answers.FRESH]
    return [*preflight.look(material), *asked.judge(material, wanted, kept, now=now)], min(ages, default=None)


def _material(session: Session, app: App, edition: Edition, *, now: datetime) -> preflight.Material:
    newsletter = app.newsletter(edition.newsletter)
    proof = proofs.frozen(session, edition) or proofs.today(edition, newsletter, app.settings, now=now)
    return preflight.material(session, edition, proof, newsletter, app.settings)


def _asker(
    app: App, edition_id: int, fetcher: Fetcher, *, now: datetime
) -> Callable[[Question], Mapping[str, Any] | None]:
    """How each kind of question is asked; None is no answer, for something of ours went wrong."""
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
        material = _material(session, app, edition, now=now)
        mould = proofs.mould(material.proof, edition, material.newsletter, app.settings, now=now)
    token = tokens.token(app.settings.secret.get_secret_value(), edition_id, 0)
    message = mould.message(Reader(0, "ada@example.com", "Ada Lovelace", token))
    texts = questions.texts(material)
    ways: dict[Kind, Callable[[Question], Mapping[str, Any]]] = {
        Kind.LINK: lambda asks: links.ask(fetcher, asks.about),
        Kind.PICTURE: lambda asks: images.ask(fetcher, asks.about),
        Kind.DOMAIN: lambda asks: domains.ask(domains.resolver(app.settings.checks), asks.about, asks.given),
        Kind.SPELLING: lambda asks: spelling.ask(asks.about, texts),
        Kind.SPAM: lambda _: spam.ask(message),
    }

    def ask(question: Question) -> Mapping[str, Any] | None:
        try:
            return ways[question.kind](question)
        except Exception:  # one odd answer must not end the round
            log.exception("check.failed", edition=edition_id, kind=str(question.kind))
            return None

    return ask


def _fetcher(app: App) -> Fetcher:
    fetch = app.settings.fetch
    bounded = {"timeout": min(fetch.timeout, EACH_SECONDS), "host_gap": min(fetch.host_gap, _GAP)}
    return Fetcher(fetch.model_copy(update=bounded), public_url=app.settings.public_url)


def _host(question: Question) -> str:
    """An address whose host stands for whom the question goes to."""
    is_visit = question.kind in {Kind.LINK, Kind.PICTURE}
    return question.about if is_visit else f"//{question.kind}.invalid"
