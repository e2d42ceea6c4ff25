"""A whole Friday in a folder of its own: from eight feeds on loopback to a mailbox full of digests.

The week is that of 26 November 2021, and so is the clock: nothing here reads the real one.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from newsletter import app as apps
from newsletter import config, db, jobs, plural
from newsletter.app import App
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import people, sources
from newsletter.editions.models import Edition
from newsletter.errors import WrongState
from newsletter.rendering import links, previews, proofs
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.stories.models import RankedStory
from newsletter.stories.picking import choosing

FRIDAY = date(2021, 11, 26)
THURSDAY_AFTERNOON = datetime(2021, 11, 25, 16, tzinfo=UTC)
FRIDAY_MORNING = datetime(2021, 11, 26, 9, tzinfo=UTC)

#: where `newsletter serve` will answer; the week is served there too while the demo lasts, so that links stay good
PORT = 8025

#: what makes a folder the demo's own, to be emptied when it runs again
_MARK = ".newsletter-demo"

_SETTINGS = """\
# Made by `newsletter demo`; the folder is emptied when it runs again.
secret = "{secret}"
public_url = "http://127.0.0.1:{port}"

[fetch]
allow_loopback = true
host_gap = 0

[newsletters.friday]
title = "The Friday Five"
from_name = "The Friday Five"
from_address = "friday@demo.example.com"
reply_to = "editors@demo.example.com"
postal_address = "Retail Technology Weekly, 1 Market Row, London SW9 8LB, United Kingdom"
time_zone = "Europe/London"
lists = ["weekly", "retail-tech"]
editors = ["editor@demo.example.com"]
{limits}
[newsletters.friday.interests]
"livestream" = 2
"cashierless" = 2
"checkout" = 1
"quick commerce" = 2
"grocery" = 1
"cloud" = 2
"migration" = 1
"cashback" = 1
"bitcoin" = 1
"retailer" = 1
"""


#: so that there is time to press Stop
_SLOWLY = "limits = { per_second = 12 }\n"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, with its figures."""

    name: str
    figures: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What the Friday came to."""

    edition: str
    chosen: list[RankedStory]
    balance: Balance
    preview: Path
    maildir: Path | None


@contextmanager
def prepare(home: Path, *, port: int = PORT, watched: bool = False) -> Iterator[App]:
    """A fresh folder with settings and an empty database; raises WrongState for a folder that is not the demo's.

    *port* is where the week is served, and where `newsletter serve` will answer for it afterwards. Where the
    sending is *watched* it goes slowly enough to be stopped.
    """
    if home.exists() and any(home.iterdir()) and not is_demo(home):
        raise WrongState(f"{home} is not a demo's folder and would be emptied; choose another with --home")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / _MARK).touch()
    (home / config.FILE_NAME).write_text(
        _SETTINGS.format(secret=secrets.token_urlsafe(36), port=port, limits=_SLOWLY if watched else ""), "utf-8"
    )
    app = apps.start(home, fresh=True)
    try:
        db.upgrade(app.database)
        yield app
    finally:
        app.close()


def is_demo(home: Path) -> bool:
    """Whether *home* is a folder that the demo made."""
    return (home / _MARK).exists()


def draft(app: App, base: str, on_step: Callable[[Step], None], on_collect: Callable[[int, int], None]) -> int:
    """Live through the week whose feeds are served at *base*, to the draft of Thursday afternoon: its edition's id.

    *on_step* is told of each thing done, *on_collect* of articles read, out of how many.
    """
    on_step(Step("subscribers", _invite(app)))
    on_step(Step("sources", _subscribe(app, base)))
    collected = jobs.collect(app, now=THURSDAY_AFTERNOON, force=True, on_progress=on_collect)
    articles, pages = plural.counted(collected.new, "article"), plural.counted(collected.pages_read, "page")
    on_step(Step("collected", f"{articles}, {pages} read"))
    drafted = jobs.assemble(app, app.newsletter(), FRIDAY, now=THURSDAY_AFTERNOON, by="demo")
    if drafted.edition_id is None:
        raise WrongState(drafted.result)
    on_step(Step("drafted", drafted.result))
    return drafted.edition_id


def send(app: App, edition_id: int, on_step: Callable[[Step], None], on_send: Callable[[int], None]) -> Ended:
    """Approve that draft as it is, and live through Friday morning.

    *on_send* is told of readers whose copy is done with.
    """
    chosen = the_chosen(app)
    proof = jobs.approve(app, edition_id, by="demo", now=THURSDAY_AFTERNOON)
    on_step(Step("approved", figures(proof)))
    preview = _preview(app, edition_id)
    ended = jobs.send(app, edition_id, by="demo", owner="demo", clock=lambda: FRIDAY_MORNING, on_progress=on_send)
    on_step(Step("sent", f"by {app.settings.sender}, {ended.state}"))
    return Ended(f"friday/{FRIDAY}", chosen, ended.balance, preview, maildir(app))


def figures(proof: Proof) -> str:
    """How large what was approved is, and its hash."""
    return f"{len(proof.html) / 1024:.0f} KB of HTML, SHA-256 {proof.digest[:12]}…"


def maildir(app: App) -> Path | None:
    """The folder that mail is written to, where it is."""
    return app.settings.path(app.settings.maildir.path) if app.settings.sender == "maildir" else None


def _invite(app: App) -> str:
    with app.database.write() as session:
        counts = people.fill(session, now=THURSDAY_AFTERNOON)
    return f"{counts.people} people on 2 lists, {counts.audience} to be mailed"


def _subscribe(app: App, base: str) -> str:
    with app.database.write() as session:
        added = sources.add_all(session, base, now=THURSDAY_AFTERNOON)
    return f"{added} feeds, served at {base}"


def the_chosen(app: App) -> list[RankedStory]:
    """The stories of the week, as the picker chose them."""
    with app.database.read() as session:
        ranking = choosing.latest(session, app.newsletter().slug, FRIDAY)
        return [story for story in choosing.stories(session, ranking) if story.chosen] if ranking else []


def _preview(app: App, edition_id: int) -> Path:
    with app.database.read() as session:
        edition = session.get_one(Edition, edition_id)
        proof = proofs.latest(session, edition_id, edition.revision)
        if proof is None:
            raise WrongState("the edition was approved but there is no proof of it")
        mould = proofs.mould(proof, edition, app.newsletter(), app.settings, now=FRIDAY_MORNING)
    secret = app.settings.secret.get_secret_value()
    reader = Reader(0, "ada@example.com", "Ada Lovelace", links.token(secret, edition_id, 0))
    return previews.write(mould, reader, app.settings.home / "preview")["html"]
