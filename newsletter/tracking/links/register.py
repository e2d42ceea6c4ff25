"""Where the links of an edition lead: written down when its audience is fixed, corrected by hand, with a history."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Act
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.errors import BadInput, NotFound
from newsletter.rendering import counted, slots
from newsletter.rendering.counted import DECOY, Anchor
from newsletter.rendering.models import Proof
from newsletter.tracking.links.models import Correction, Link, Tracked

#: longer ones are cut by mail gateways and browsers
LONGEST_URL = 2000
#: signs that an address may hold as they are (RFC 3986), and the percent sign of those that are written already
_AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"


def write(session: Session, proof: Proof, edition: Edition, *, public_url: str) -> None:
    """Write down the links of *proof*, as they go out; harmless where they are written down already."""
    given = counted.parse(proof.tracking)
    if given.mode == "off" or session.get(Tracked, edition.id) is not None:
        return
    anchors = counted.find(proof.html.decode(), proof.text.decode(), public_url)
    seen = max((sum(anchor.part == part for anchor in anchors) for part in ("html", "text")), default=0)
    session.add(Tracked(edition_id=edition.id, mode=given.mode, pixel=given.pixel, seen=seen))
    places = _places(edition)
    session.add_all(_links(edition.id, anchors, places))
    if given.decoy:
        # who sees it after all comes to the page where one can sign up
        where = f"{public_url}/join"
        session.add(Link(edition_id=edition.id, number=DECOY, url=where, part="html", place="decoy", words=""))
    session.flush()


def of(session: Session, edition_id: int) -> Sequence[Link]:
    """The links of an edition, in their order; none where nothing of it is counted."""
    return session.scalars(select(Link).where(Link.edition_id == edition_id).order_by(Link.number)).all()


def history(session: Session, edition_id: int) -> Sequence[Correction]:
    """What was corrected of an edition's links, oldest first."""
    return session.scalars(select(Correction).where(Correction.edition_id == edition_id).order_by(Correction.id)).all()


def correct(
    session: Session, edition: Edition, number: int, url: str, *, by: str, reason: str = "", now: datetime
) -> Sequence[Link]:
    """Let the link *number* lead to *url* in every copy, and with it those that led to the same place.

    Raises NotFound where the edition has no such link, BadInput where *url* is not an address of a page.
    """
    where = checked(url)
    links = of(session, edition.id)
    chosen = next((link for link in links if link.number == number and number != DECOY), None)
    if chosen is None:
        raise NotFound(f"{shelf.name(edition)} has no link {number}: newsletter links list {shelf.name(edition)}")
    if chosen.url == where:
        raise BadInput(f"link {number} of {shelf.name(edition)} leads to {where} already")
    was, changed = chosen.url, [link for link in links if link.url == chosen.url and link.number != DECOY]
    for link in changed:
        link.url = where
        session.add(
            Correction(
                edition_id=edition.id, number=link.number, was=was, url=where, by=by[:200], reason=reason, at=now
            )
        )
    said = f"{', '.join(str(link.number) for link in changed)}: {was} → {where}" + (f" ({reason})" if reason else "")
    session.add(Act(edition_id=edition.id, verb="correct link", by=by[:200], reason=said, recipients=0, at=now))
    session.flush()
    return changed


def checked(url: str) -> str:
    """*url* as it is kept; raises BadInput where it is not an address of a page, as readers' programs take one."""
    plain = slots.one_line(url)
    try:
        parts = urlsplit(plain)
        is_page = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_page = False
    if not is_page or plain != url.strip() or " " in plain or parts.username is not None:
        raise BadInput(f"{url!r} is not the address of a page, such as https://example.com/story")
    if len(plain) > LONGEST_URL:
        raise BadInput(f"the address has {len(plain):,} signs; programs take {LONGEST_URL:,}")
    return plain


def location(url: str) -> str:
    """*url* in ASCII, as a header takes it (RFC 9110 section 10.2.2); what is written in percents stays so."""
    if url.isascii():
        return quote(url, safe=_AS_IT_IS)
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        plain = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        plain = quote(host)
    netloc = f"{plain}:{parts.port}" if parts.port else plain
    return quote(parts._replace(netloc=netloc).geturl(), safe=_AS_IT_IS)


def _links(
    edition_id: int, anchors: Sequence[Anchor], places: Mapping[str, list[tuple[str, int | None]]]
) -> Iterator[Link]:
    story: int | None = None
    part = ""
    for anchor in anchors:
        if anchor.part != part:
            part, story = anchor.part, None
        candidates = places.get(anchor.url, [("other", None)])
        # the same address in two stories: the one that is being told, else the first that comes after it
        place, story_here = min(candidates, key=lambda one: _far(one[1], story))
        story = story_here or story
        yield Link(
            edition_id=edition_id, number=anchor.number, url=anchor.url, part=anchor.part, place=place,
            story=story_here, words=anchor.words,
        )  # fmt: skip


def _far(candidate: int | None, story: int | None) -> tuple[bool, int]:
    at, now = candidate or 0, story or 0
    return at < now, at


def _places(edition: Edition) -> dict[str, list[tuple[str, int | None]]]:
    """Address → where in the edition it stands."""
    from newsletter.rendering import prose  # with what cleans HTML, which a worker can do without

    found: dict[str, list[tuple[str, int | None]]] = {}

    def note(place: str, story: int | None, url: str, prosaic: str) -> None:
        inside = "".join(prose.to_html(paragraph) for paragraph in prose.paragraphs(prosaic))
        for each in [prose.link(url), *counted.addresses(inside)]:
            if each and (place, story) not in found.setdefault(each, []):
                found[each].append((place, story))

    note("introduction", None, "", edition.introduction)
    for story in edition.stories:
        note("story", story.position, story.url, story.summary)
    note("sponsor", None, edition.sponsor_url, edition.sponsor_text)
    return found
