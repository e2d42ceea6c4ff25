"""What every page stands on: the App, the clock, and the templates; and how a page is answered."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.exc import SQLAlchemyError

from newsletter import logs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.doctor.visits import Practice
from newsletter.editions.models import Edition
from newsletter.errors import ConfigError
from newsletter.jobs.looking import Lookout
from newsletter.rendering import languages, links, prose
from newsletter.rendering.languages import Words
from newsletter.staff import sessions
from newsletter.staff.roles import May
from newsletter.tracking.links.recording import Recorder

log = logs.get_logger(__name__)

HERE = Path(__file__).parent
#: what is kept of when somebody looked for changed settings, and what they found
_LOOKED = "settings looked at"
#: seconds for which that is good
_A_WHILE = 1.0
ENGLISH = languages.words(languages.SOURCE)

#: pages of ours: one stylesheet, no scripts at all
_BARE = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'"
_PAGE = f"{_BARE}; img-src 'self' data:"
POLICY = f"{_PAGE}; frame-ancestors 'none'"
#: an edition shown to a stranger: a frame, and no script
SHOWN_POLICY = f"{_PAGE}; frame-src 'self'; frame-ancestors 'none'"
#: the desk's: our own scripts, from files, which ask nobody but us
DESK_POLICY = f"{_PAGE}; script-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'"
#: where an editor chooses among pictures from anywhere
WRITING_POLICY = DESK_POLICY.replace("img-src 'self' data:", "img-src 'self' https: http: data:")
#: a past edition as a page: other people's pictures besides
PUBLIC_POLICY = f"{_BARE}; img-src 'self' https: http: data:; frame-ancestors 'none'"
#: an edition shown as a page: other people's pictures, its own styles, and nothing that acts
MAIL_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors {ancestors}"
)


@dataclass
class Trouble:
    """When a webhook was last turned away and the database could not be told."""

    since: datetime | None = None


@dataclass(frozen=True)
class Ground:
    """Handed to every page."""

    app: App
    clock: Callable[[], datetime]
    templates: Environment
    trouble: Trouble
    #: of those who write much at once
    turn: Lock
    #: takes down who followed which link
    clicks: Recorder
    #: looks at sites while somebody waits
    lookout: Lookout
    #: has the doctor look while pages go on
    practice: Practice
    #: looks at the database for monitors that are under way, by name
    looks: "dict[str, Future[Any]]"

    def now(self) -> "Ground":
        """The same, with what was set at the desk meanwhile, by whichever process."""
        return self._with(self.app.current())

    def lately(self) -> "Ground":
        """The same within a second, for those who come in crowds; as it is while the database is away."""
        looked_at, app = self.app.kept.get(_LOOKED, (0.0, self.app))
        if time.monotonic() - looked_at > _A_WHILE:
            try:
                app = self.app.current()
            except (SQLAlchemyError, ConfigError) as error:
                log.error("settings.not_read", why=type(error).__name__)  # noqa: TRY400
            self.app.kept[_LOOKED] = (time.monotonic(), app)
        return self._with(app)

    def _with(self, app: App) -> "Ground":
        return self if app is self.app else replace(self, app=app)

    @property
    def secret(self) -> str:
        return self.app.settings.secret.get_secret_value()

    @property
    def base(self) -> str:
        """What stands before our paths where the pages are not at the root of their host."""
        return urlsplit(self.app.settings.public_url).path

    @property
    def zone(self) -> ZoneInfo:
        """The clock of what belongs to no edition: the newsletter's, where there is only one."""
        newsletters = list(self.app.settings.newsletters.values())
        return newsletters[0].zone if len(newsletters) == 1 else ZoneInfo("UTC")

    def newsletter_of(self, edition: Edition | None) -> Newsletter | None:
        """The newsletter of *edition*, unless it left the settings since; of None, the only one there is."""
        newsletters = self.app.settings.newsletters
        if edition is None:
            return next(iter(newsletters.values())) if len(newsletters) == 1 else None
        return newsletters.get(edition.newsletter)

    def token(self, subscriber_id: int) -> str:
        """A reader's own token, of no edition."""
        return links.token(self.secret, 0, subscriber_id)

    def words(self) -> Words:
        """The language of who is not known: the first newsletter's."""
        return languages.choose(*(newsletter.language for newsletter in self.app.settings.newsletters.values()))

    def page(self, template: str, *, status: int = 200, words: Words = ENGLISH, **values: Any) -> HTMLResponse:
        """A page for a reader: about one person, so nobody keeps a copy and no search engine lists it."""
        body = self._filled(template, words, base=self.base, **values)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return HTMLResponse(body, status, headers)

    def public_page(self, template: str, *, words: Words, **values: Any) -> bytes:
        """The bytes of a page that is the same for everybody."""
        return self._filled(template, words, base=self.base, **values).encode()

    def desk_page(self, template: str, *, status: int = 200, policy: str = DESK_POLICY, **values: Any) -> HTMLResponse:
        """A page for editors and operations."""
        body = self._filled(template, ENGLISH, **values)
        # without a referrer to ourselves browsers call our own forms' origin "null"
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
        }
        return HTMLResponse(body, status, headers)

    def _filled(self, template: str, words: Words, **values: Any) -> str:
        direction = languages.direction(words.tag)
        return self.templates.get_template(template).render(
            _=words.html, words=words, lang=words.tag, direction=direction, **values
        )


def lay(app: App, clock: Callable[[], datetime]) -> Ground:
    """The ground of *app*'s pages."""
    templates = Environment(
        loader=FileSystemLoader(sorted(HERE.rglob("pages"))),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["May"] = May
    templates.filters["browser"] = sessions.spoken
    templates.filters["host"] = prose.host
    return Ground(app, clock, templates, Trouble(), Lock(), Recorder(app.database), Lookout(), Practice(), {})


def _ground(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    request.app.state.ground = ground = ground.lately()
    return ground


Here = Annotated[Ground, Depends(_ground)]
