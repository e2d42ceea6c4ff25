"""What every page stands on: the App, the clock, and the templates; and how a page is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions.models import Edition

HERE = Path(__file__).parent

#: pages of ours: one stylesheet, no scripts at all
_PAGE = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'"
POLICY = f"{_PAGE}; frame-ancestors 'none'"
DESK_POLICY = f"{_PAGE}; frame-src 'self'; frame-ancestors 'none'"
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

    @property
    def secret(self) -> str:
        return self.app.settings.secret.get_secret_value()

    def newsletter_of(self, edition: Edition | None) -> Newsletter | None:
        """The newsletter of *edition*, unless it was taken out of the settings since."""
        return self.app.settings.newsletters.get(edition.newsletter) if edition else None

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for a reader: about one person, so nobody keeps a copy and no search engine lists it."""
        base = urlsplit(self.app.settings.public_url).path
        body = self.templates.get_template(template).render(base=base, **values)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return HTMLResponse(body, status, headers)

    def desk_page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for editors and operations."""
        body = self.templates.get_template(template).render(base="", **values)
        headers = {"Content-Security-Policy": DESK_POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(body, status, headers)


def lay(app: App, clock: Callable[[], datetime]) -> Ground:
    """The ground of *app*'s pages."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return Ground(app, clock, templates, Trouble())


def _ground(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    return ground


Here = Annotated[Ground, Depends(_ground)]
