"""A story that an editor adds by the address of its article: read, kept, pinned, and put into the draft."""

from datetime import date, datetime

from newsletter.app import App
from newsletter.jobs import rulings
from newsletter.jobs.rulings import Ruled
from newsletter.stories.models import Rule
from newsletter.stories.picking.decisions import Ruling
from newsletter.stories.reading import adding
from newsletter.stories.reading.fetching import Fetcher


def add(
    app: App,
    newsletter: str,
    day: date,
    url: str,
    *,
    place: int = 0,
    by: str,
    seen: int | None = None,
    now: datetime,
) -> Ruled:
    """Pin the story that the page at *url* tells, whether or not it is known already; 0 is the first free *place*.

    The page is visited before anything is written. Raises BadInput where it can't be read.
    """
    url = adding.checked(url)
    rulings.check_place(app.newsletter(newsletter), place)
    with app.database.read() as session:
        rulings.ready(session, newsletter, day, seen)
        is_known = adding.known(session, url) is not None
    page = None if is_known else adding.read(Fetcher(app.settings.fetch, public_url=app.settings.public_url), url)
    with app.database.write() as session:
        before = rulings.ready(session, newsletter, day, seen)
        article = adding.known(session, url)
        if article is None and page is not None:
            article = adding.keep(session, url, page, now=now)
        named = [article.id] if article is not None else []
        pin = Ruling(Rule.PIN, tuple(named), reason="added by its address", by=by, place=place)
        act = rulings.keep(session, newsletter, day, (pin,), by=by, now=now)
        return rulings.again(
            session, app, app.newsletter(newsletter), day, before, by=by, what="added", act=act, now=now
        )
