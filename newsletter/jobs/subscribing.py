"""Sources taken in: looked at once before they are added, alone or as the list of another feed reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.errors import BadInput, WrongState
from newsletter.rendering import prose
from newsletter.stories import links
from newsletter.stories.models import Health, Kind, Source
from newsletter.stories.reading import finding, sources
from newsletter.stories.reading.fetching import Fetcher
from newsletter.stories.reading.finding import Look
from newsletter.stories.reading.opml import Outline

#: seconds between two visits to a site while its feed is looked for; somebody is waiting
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Added:
    """A source that was added, and what the look at it found."""

    source: Source
    look: Look


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came of one line of a list: *problem* is empty where the source was added."""

    url: str
    name: str
    problem: str = ""
    #: it was a source already
    known: bool = False


def add(
    app: App,
    address: str,
    *,
    name: str = "",
    owner: str = "",
    kind: Kind = Kind.TRADE,
    authority: int | None = None,
    now: datetime,
) -> Added:
    """Look at *address* and add the feed that is there, or that the site there names.

    Its articles come with the next round. What can't be had just now is added all the same, and tried again
    then. Raises BadInput where something comes that is no feed and names none, WrongState where it is a source
    already, Forbidden where it will never be visited.
    """
    seen = look(app, address, now=now)
    if seen.problem and not seen.is_away:
        raise BadInput(f"{seen.url} {seen.problem}")
    with app.database.write() as session:
        source = sources.add(
            session,
            seen.url,
            name=name or seen.title or prose.host(seen.url),
            owner=owner,
            kind=kind,
            authority=authority,
            now=now,
        )
        return Added(source, seen)


def look(app: App, address: str, *, now: datetime) -> Look:
    """What stands at *address*, or at the feed that the site there names; nothing is added.

    Raises BadInput for what is no address, WrongState where it is a source already, Forbidden where it will never
    be visited.
    """
    url = complete(address)
    with app.database.read() as session:
        sources.refuse_known(session, url)
    settings = app.settings.fetch.model_copy(update={"host_gap": min(_GAP, app.settings.fetch.host_gap)})
    return finding.look(Fetcher(settings, public_url=app.settings.public_url), url, now=now)


def foresee(session: Session, outlines: Sequence[Outline]) -> list[TakenIn]:
    """What `take_in` would make of a list, as things stand."""
    known = {source.url: source.name for source in sources.all(session) if source.health is not Health.GONE}
    found = []
    for one in outlines:
        name, url = one.name or prose.host(one.url), links.web(one.url)
        if not url:
            found.append(TakenIn(one.url, name, "it is not the address of a feed"))
        else:
            problem = f"it is a source already: {known[url]}" if url in known else ""
            found.append(TakenIn(one.url, name, problem, known=url in known))
            known.setdefault(url, name)
    return found


def take_in(app: App, outlines: Sequence[Outline], *, kind: Kind = Kind.TRADE, now: datetime) -> list[TakenIn]:
    """Add the feeds of a list, unseen; the next round visits them. One bad line does not stop the others."""
    taken = []
    with app.database.write() as session:
        for one in outlines:
            name = one.name or prose.host(one.url)
            try:
                sources.add(
                    session,
                    one.url,
                    name=name,
                    owner=one.owner,
                    kind=one.kind or kind,
                    authority=one.authority,
                    now=now,
                )
                taken.append(TakenIn(one.url, name))
            except (BadInput, WrongState) as error:
                taken.append(TakenIn(one.url, name, str(error), known=isinstance(error, WrongState)))
    return taken


def complete(address: str) -> str:
    """*address* as a person may write it: "example.com" means https."""
    text = address.strip()
    if "://" not in text and not links.web(text):
        text = f"https://{text}"
    return text.replace("feed://", "https://", 1) if text.startswith("feed://") else text
