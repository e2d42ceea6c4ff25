"""The lists that newsletters go to: named in the settings, and made wherever they are missing."""

from collections.abc import Mapping
from datetime import datetime

from newsletter.config import Settings
from newsletter.db import Database
from subscribers import roll


def wanted(settings: Settings) -> Mapping[str, str]:
    """Slug → title of each list that a newsletter goes to; one list of its own bears the newsletter's title."""
    titles: dict[str, str] = {}
    for newsletter in settings.newsletters.values():
        for slug in newsletter.lists:
            alone = len(newsletter.lists) == 1 and slug not in titles
            titles[slug] = newsletter.title if alone else titles.get(slug, "")
    return titles


def make(database: Database, settings: Settings, *, now: datetime) -> list[str]:
    """Make each list that is missing; the slugs of those that were."""
    titles = wanted(settings)
    if not titles:
        return []
    with database.read() as session:
        missing = titles.keys() - roll.slugs(session)
    if not missing:
        return []
    with database.write() as session:
        for slug in sorted(missing):
            roll.create_list(session, slug, title=titles[slug], now=now)
    return sorted(missing)
