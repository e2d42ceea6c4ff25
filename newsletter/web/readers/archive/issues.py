"""What there is to read, kept in memory: an answer asks the database at most every other second."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import past
from newsletter.editions.past import Past
from newsletter.rendering import languages, views
from newsletter.rendering.languages import Words
from newsletter.rendering.views import EditionView
from newsletter.web.readers.archive import searching

#: seconds after which it is asked whether there is anything new
FRESH = 2.0
#: editions on one page of the list
PAGE = 20


@dataclass(frozen=True)
class Issue:
    """One past edition, ready to be shown."""

    day: date
    view: EditionView
    #: when it went out, and when what it says was last corrected
    published: datetime
    updated: datetime
    #: its address below the site's root, "/archive/friday/2021-11-26"
    path: str
    #: what was corrected since it went out, the newest first
    notes: tuple[tuple[datetime, str], ...] = ()

    @property
    def title(self) -> str:
        """What stands above it, and in a browser's tab."""
        return self.view.subject or self.view.title

    @property
    def description(self) -> str:
        """It in one sentence."""
        return self.view.preheader

    @cached_property
    def words(self) -> str:
        """All that it says, as a search looks at it."""
        return searching.folded(" \n ".join(self._texts()))

    def _texts(self) -> list[str]:
        view = self.view
        stories = [
            text
            for story in view.stories
            for text in (story.headline, story.attribution, *(each.text for each in story.paragraphs))
        ]
        return [view.title, view.subject, view.preheader, *(each.text for each in view.introduction), *stories]


@dataclass(slots=True)
class Shelf:
    """The past editions of one newsletter."""

    newsletter: Newsletter
    words: Words
    issues: list[Issue]
    #: "2021-11-26" → the edition of that day
    by_day: Mapping[str, Issue]
    stamp: tuple[object, ...]
    #: by the machine's counter
    looked_at: float
    #: answers that were made from it, by what was asked for
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The address of the newsletter's archive below the site's root."""
        return f"/archive/{self.newsletter.slug}"


def fresh(app: App, slug: str) -> Shelf | None:
    """What is kept of the newsletter *slug*; None where it has to be looked at again."""
    shelf: Shelf | None = _kept(app).get(slug)
    return shelf if shelf is not None and time.monotonic() - shelf.looked_at < FRESH else None


def load(app: App, newsletter: Newsletter) -> Shelf:
    """What there is to read of *newsletter* now."""
    looked_at = time.monotonic()
    kept = _kept(app).get(newsletter.slug)
    with app.database.read() as session:
        stamp = past.stamp(session, newsletter.slug)
        if kept is not None and kept.stamp == stamp and kept.newsletter == newsletter:
            kept.looked_at = looked_at
            return kept
        issues = [_issue(each, newsletter) for each in past.of(session, newsletter.slug)]
    words = languages.choose(newsletter.language)
    by_day = {str(issue.day): issue for issue in issues}
    shelf = _kept(app)[newsletter.slug] = Shelf(newsletter, words, issues, by_day, stamp, looked_at)
    return shelf


def _kept(app: App) -> dict[str, Shelf]:
    kept: dict[str, Shelf] = app.kept.setdefault("archive", {})
    return kept


def _issue(one: Past, newsletter: Newsletter) -> Issue:
    edition = one.edition
    # the hour it was meant for: the same whatever hour a machine got to it
    at = datetime.combine(edition.date, newsletter.hour(edition.date), newsletter.zone)
    updated = max([at, *(corrected for corrected, _ in one.notes)])
    path = f"/archive/{newsletter.slug}/{edition.date}"
    return Issue(edition.date, views.of_edition(edition), at, updated, path, one.notes)
