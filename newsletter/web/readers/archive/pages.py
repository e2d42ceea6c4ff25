"""The addresses of past editions. Answers are made once and kept in memory; caches may keep them too, by their tag."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from newsletter.config import Newsletter
from newsletter.errors import NotFound
from newsletter.jobs import wordings
from newsletter.rendering import languages
from newsletter.web.ground import PUBLIC_POLICY, Ground
from newsletter.web.readers.archive import cards, issues, searching, syndication
from newsletter.web.readers.archive.issues import PAGE, Issue, Shelf

router = APIRouter()

#: seconds for which caches may keep a page before they ask again, and what it may be shown for meanwhile
_KEEP = "public, max-age=60, stale-while-revalidate=600"
#: answers kept in memory for each newsletter; searches are not
_MOST = 3_000
_FORM = "archive"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, made once."""

    body: bytes
    headers: dict[str, str]
    etag: str


@router.get("/archive")
async def choose(request: Request) -> Response:
    """Which newsletter's past editions; where there is one, those."""
    here = _ground(request)
    public = _public(here)
    if not public:
        raise NotFound("There is nothing here.")
    if len(public) == 1:
        return RedirectResponse(f"{here.base}/archive/{public[0].slug}", 303)
    body = here.public_page("archives.html", words=here.words(), newsletters=public)
    return _answer(request, _kept(body, _HTML))


@router.get("/archive/{slug}")
async def newest(slug: str, request: Request, q: str = "", page: Annotated[int, Query(ge=1, le=1_000)] = 1) -> Response:
    """The newest edition, a form to sign up, and those before; or those that hold certain words."""
    here, shelf = _ground(request), await _shelf(request, slug)
    if q.strip():
        return await run_in_threadpool(_search, request, here, shelf, q)
    return await _from_memory(request, shelf, f"page {page}", _HTML, lambda: _list(here, shelf, page))


@router.get("/archive/{slug}/atom.xml")
async def atom(slug: str, request: Request) -> Response:
    """The newest editions, for feed readers."""
    here, shelf = _ground(request), await _shelf(request, slug)
    kind = "application/atom+xml; charset=utf-8"
    return await _from_memory(request, shelf, "atom", kind, lambda: syndication.atom(shelf, _site(here)))


@router.get("/archive/{slug}/feed.json")
async def feed(slug: str, request: Request) -> Response:
    """The same as JSON Feed."""
    here, shelf = _ground(request), await _shelf(request, slug)
    kind = "application/feed+json; charset=utf-8"
    return await _from_memory(request, shelf, "json", kind, lambda: syndication.json_feed(shelf, _site(here)))


@router.get("/archive/{slug}/{day}")
async def read(slug: str, day: str, request: Request) -> Response:
    """One past edition."""
    here, shelf = _ground(request), await _shelf(request, slug)
    issue = _issue(shelf, day)
    return await _from_memory(request, shelf, day, _HTML, lambda: _page(here, shelf, issue))


@router.get("/archive/{slug}/{day}/card.png")
async def card(slug: str, day: str, request: Request) -> Response:
    """The picture that other sites show with a link to it."""
    shelf = await _shelf(request, slug)
    issue = _issue(shelf, day)
    return await _from_memory(request, shelf, f"card {day}", "image/png", lambda: _card(shelf, issue))


@router.get("/sitemap.xml")
async def sitemap(request: Request) -> Response:
    """Every page of the archive, for search engines."""
    here = _ground(request)
    shelves = [await _shelf(request, newsletter.slug) for newsletter in _public(here)]
    body = await run_in_threadpool(syndication.sitemap, shelves, _site(here))
    return _answer(request, _kept(body, "application/xml; charset=utf-8"))


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """What search engines may read."""
    here = _ground(request)
    body = syndication.robots(_site(here), here.base, is_public=bool(_public(here)))
    return _answer(request, _kept(body.encode(), "text/plain; charset=utf-8"))


def _ground(request: Request) -> Ground:
    # not by a dependency: those that are no coroutines cost a thread's turn, more than the answer itself
    ground: Ground = request.app.state.ground
    return ground


def _site(here: Ground) -> str:
    return here.app.settings.public_url


def _public(here: Ground) -> list[Newsletter]:
    return [newsletter for newsletter in here.app.settings.newsletters.values() if newsletter.archive]


async def _shelf(request: Request, slug: str) -> Shelf:
    here = _ground(request)
    newsletter = here.app.settings.newsletters.get(slug)
    if newsletter is None or not newsletter.archive:
        raise NotFound("There is nothing here.")
    kept = issues.fresh(here.app, slug)
    return kept if kept is not None else await run_in_threadpool(issues.load, here.app, newsletter)


def _issue(shelf: Shelf, day: str) -> Issue:
    found = shelf.by_day.get(day)
    if found is None:
        raise NotFound("There is nothing here.")
    return found


# what is answered


def _list(here: Ground, shelf: Shelf, page: int) -> bytes:
    rest = shelf.issues[1:] if page == 1 else shelf.issues[(page - 1) * PAGE + 1 :]
    if page > 1 and not rest:
        raise NotFound("There is nothing here.")
    return _filled(
        here,
        "archive.html",
        shelf,
        newest=shelf.issues[0] if shelf.issues and page == 1 else None,
        issues=rest[:PAGE],
        page=page,
        has_more=len(rest) > PAGE,
        query="",
        found=None,
    )


def _search(request: Request, here: Ground, shelf: Shelf, query: str) -> Response:
    found = searching.find(shelf.issues, query)
    body = _filled(
        here, "archive.html", shelf,
        newest=None, issues=found[:PAGE], page=1, has_more=False, query=query.strip()[:200], found=len(found),
    )  # fmt: skip
    answer = _answer(request, _kept(body, _HTML))
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _page(here: Ground, shelf: Shelf, issue: Issue) -> bytes:
    place = shelf.issues.index(issue)
    return _filled(
        here,
        "past.html",
        shelf,
        issue=issue,
        earlier=shelf.issues[place + 1] if place + 1 < len(shelf.issues) else None,
        later=shelf.issues[place - 1] if place else None,
        schema=syndication.schema(issue, shelf, _site(here)),
    )


def _filled(here: Ground, template: str, shelf: Shelf, **values: Any) -> bytes:
    newsletter = shelf.newsletter
    return here.public_page(
        template,
        words=shelf.words,
        newsletter=newsletter,
        shelf=shelf,
        site=_site(here),
        spoken=newsletter.language,
        form=wordings.sign(here.app.settings, newsletter, _FORM),
        consent=wordings.consent(newsletter, shelf.words),
        reading=languages.direction(newsletter.language),
        **values,
    )


def _card(shelf: Shelf, issue: Issue) -> bytes:
    headlines = tuple(story.headline for story in issue.view.stories)
    title = issue.title
    return cards.draw(shelf.newsletter.title, title, shelf.words.date(issue.day), headlines)


async def _from_memory(request: Request, shelf: Shelf, what: str, kind: str, make: Callable[[], bytes]) -> Response:
    kept = shelf.answers.get(what)
    if kept is None:
        kept = _kept(await run_in_threadpool(make), kind)
        if len(shelf.answers) >= _MOST:
            shelf.answers.clear()
        shelf.answers[what] = kept
    return _answer(request, kept)


def _kept(body: bytes, kind: str) -> Kept:
    headers = {"Content-Type": kind, "Cache-Control": _KEEP, "Content-Security-Policy": PUBLIC_POLICY}
    return Kept(body, headers, f'"{hashlib.sha256(body).hexdigest()[:24]}"')


def _answer(request: Request, kept: Kept) -> Response:
    headers = kept.headers | {"ETag": kept.etag}
    known = request.headers.get("if-none-match", "")
    # weak comparison: a proxy that compresses calls the same page W/"…" (RFC 9110 section 13.1.2)
    if known == "*" or kept.etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        del headers["Content-Type"]
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(kept.body, headers=headers)
