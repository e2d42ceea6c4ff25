"""An edition written at the desk, field by field: saved as somebody types, merged with what others save."""

import secrets
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.editions import fields, merging, pictures, presence, review, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.merging import Conflict, Place
from newsletter.editions.models import Edition
from newsletter.editions.words import MOST_STORIES, StoryWords, Words
from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.jobs import writing
from newsletter.jobs.writing import Saved
from newsletter.staff import acts
from newsletter.staff.roles import May
from newsletter.web.desk.writing import view
from newsletter.web.desk.writing.fields import number, words_of
from newsletter.web.desk.writing.view import Shown
from newsletter.web.readers.forms import Filled, of_size
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter()

#: all words of the longest edition, and a picture
_MOST_BYTES = pictures.MOST_BYTES + 4 * 1024 * 1024
_read = of_size(_MOST_BYTES, files=MOST_STORIES)

Drafts = Annotated[Visitor, Depends(looks(May.DRAFT))]
Saves = Annotated[Posted, Depends(sends(May.DRAFT, _read))]


@router.get("/editions/{edition_id}/edit")
def edit(edition_id: int, visitor: Drafts) -> HTMLResponse:
    """Its words, to be changed."""
    app, now = visitor.ground.app, visitor.ground.clock()
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
        review.refuse_unless_editable(edition)
    revisions.see(app.database, edition, visitor.doer.who)
    with app.database.write() as session:
        presence.forget(session, now=now)
        presence.here(session, edition, _opened(visitor), visitor.doer.who, speaks=False, now=now)
    return view.page(visitor, edition_id, Shown(wording.of(edition), edition.revision))


@router.post("/editions/{edition_id}/edit")
def save(edition_id: int, posted: Saves) -> Response:
    """Keep what was typed; what can't be kept is named with its field, and nothing that was typed is lost."""
    if posted.form.get("do") == "leave":
        return _leave(edition_id, posted)
    is_script = posted.form.get("by") == "script"
    try:
        return _answer(edition_id, posted) if is_script else _save_form(edition_id, posted)
    except NewsletterError as error:
        if not is_script:
            raise
        return JSONResponse({"sorry": str(error)}, 404 if isinstance(error, NotFound) else 409)


@router.post("/editions/{edition_id}/edit/picture")
def bring(edition_id: int, posted: Saves) -> Response:
    """Take a picture in; the page puts it into its story."""
    try:
        if not posted.form.files:
            raise BadInput("Choose a picture first.")
        url, width, height = _take(posted, posted.form.files[0][1], edition_id)
    except NewsletterError as error:
        return JSONResponse({"sorry": str(error)}, 400)
    seen = view.seen_at(posted.visitor, url)
    return JSONResponse({"url": url, "seen": seen, "width": width, "height": height})


def _leave(edition_id: int, posted: Posted) -> Response:
    with posted.visitor.ground.app.database.write() as session:
        presence.leave(session, edition_id, posted.form.get("page"))
    return Response(status_code=204)


def _answer(edition_id: int, posted: Posted) -> JSONResponse:
    """For the page's script, which says what changed, and is told all that the edition says now."""
    visitor, form = posted.visitor, posted.form
    app, now, page = visitor.ground.app, visitor.ground.clock(), form.get("page")
    changed = set(form.all("changed"))
    with app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        saved = (
            _undo(session, edition, posted) if form.get("do") == "undo" else _kept(session, edition, posted, changed)
        )
        presence.leave(session, edition_id, _opened(visitor))
        presence.here(session, edition, page, visitor.doer.who, speaks=True, now=now)
        others = presence.others(session, edition, page, now=now)
        undo = writing.to_undo(session, edition, by=visitor.doer.who)
    revisions.see(app.database, saved.edition, visitor.doer.who)
    return JSONResponse(view.answer(visitor, saved, others, undo=undo))


def _save_form(edition_id: int, posted: Posted) -> Response:
    """For a browser without scripts: a form with all words, and a button for each thing that can be done."""
    visitor, form, app = posted.visitor, posted.form, posted.visitor.ground.app
    do, _, which = form.get("do").partition("-")
    with app.database.read() as session:
        edition = shelf.get(session, edition_id)
        typed = words_of(form, _base(session, edition, number(form.get("revision"))))
    try:
        typed = _with_uploads(posted, typed, edition_id)
        with app.database.write() as session:
            edition = shelf.get(session, edition_id, lock=True)
            mine = _chosen(form, _moved(typed, do, which), _base(session, edition, number(form.get("revision"))))
            saved = _kept(session, edition, posted, None, mine=mine)
            if do == "undo" and not saved.conflicts and not saved.problems:
                _undo(session, edition, posted)
    except NewsletterError as error:
        shown = Shown(typed, number(form.get("revision")), sorry=str(error), status=400)
        return view.page(visitor, edition_id, shown)
    saved = replace(saved, conflicts=(*saved.conflicts, *_undecided(form, saved, mine)))
    if saved.conflicts or saved.problems:
        return view.page(visitor, edition_id, view.left(saved, mine))
    if do == "add":
        more = replace(saved.words, stories=(*saved.words.stories, StoryWords("", key=secrets.token_hex(4))))
        return view.page(visitor, edition_id, Shown(more, saved.edition.revision))
    return RedirectResponse(f"{visitor.base}/editions/{edition_id}/edit?saved=1", 303)


def _kept(
    session: Session, edition: Edition, posted: Posted, changed: set[str] | None, *, mine: Words | None = None
) -> Saved:
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    since = number(form.get("revision"))
    if mine is None:
        base = _base(session, edition, since)
        mine = _chosen(form, words_of(form, base), base)
    withheld = {place for place in form.all("conflict") if form.get(f"choose-{place}") != "mine"}

    def wanted(place: Place) -> bool:
        whole = f"-{merging.ORDER}" if place.field == merging.WHOLE else str(place)
        return str(place) not in withheld and (changed is None or whole in changed or str(place) in changed)

    newsletter = visitor.ground.app.newsletter(edition.newsletter)
    auto = changed is not None and form.get("do") != "save"
    by = visitor.doer.who
    saved = writing.save(session, newsletter, edition, mine, since=since, wanted=wanted, by=by, auto=auto, now=now)
    if saved.begins:
        revision = saved.edition.revision
        acts.note(session, visitor.doer, "changed the words", shelf.name(edition), now=now, revision=revision)
    return saved


def _undo(session: Session, edition: Edition, posted: Posted) -> Saved:
    visitor, now, revision = posted.visitor, posted.visitor.ground.clock(), number(posted.form.get("undo"))
    newsletter = visitor.ground.app.newsletter(edition.newsletter)
    saved = writing.undo(session, newsletter, edition, revision, by=visitor.doer.who, now=now)
    acts.note(session, visitor.doer, "took back a change", shelf.name(edition), now=now, revision=revision)
    return saved


def _base(session: Session, edition: Edition, since: int) -> Words:
    """What the form began from; where that is not known any more, what is said now."""
    now = wording.of(edition)
    if since == edition.revision:
        return now
    try:
        said = revisions.said(session, edition, since)
    except NotFound:
        return now
    return replace(said, stories=wording.adopt(said.stories, now.stories))


def _chosen(form: Filled, mine: Words, base: Words) -> Words:
    """*mine*, with what somebody chose where whole stories, or their order, were in conflict."""
    known = {story.key for story in base.stories}
    chosen = {place for place in form.all("conflict") if form.get(f"choose-{place}") == "mine"}
    stories = [story for story in mine.stories if not (story.key in known and f"{story.key}-" in chosen)]
    if f"-{merging.ORDER}" in chosen:
        order = form.get("order").split()
        stories.sort(key=lambda story: order.index(story.key) if story.key in order else len(order))
    return replace(mine, stories=tuple(stories))


def _moved(words: Words, do: str, which: str) -> Words:
    stories, place = list(words.stories), int(which) if which.isascii() and which.isdigit() and len(which) < 4 else -1
    if not 0 <= place < len(stories):
        return words
    story = stories.pop(place)
    if do == "remove":
        return replace(words, stories=tuple(stories))
    stories.insert(max(0, place + {"up": -1, "down": 1}.get(do, 0)), story)
    return replace(words, stories=tuple(stories))


def _with_uploads(posted: Posted, words: Words, edition_id: int) -> Words:
    """*words*, with the pictures that came along."""
    uploads = dict(posted.form.files)
    for place in range(len(words.stories)):
        content = uploads.get(fields.name(place, "upload"))
        if content:
            words = fields.saying(words, fields.name(place, "image_url"), _take(posted, content, edition_id)[0])
    return words


def _take(posted: Posted, content: bytes, edition_id: int) -> tuple[str, int, int]:
    app, visitor, now = posted.visitor.ground.app, posted.visitor, posted.visitor.ground.clock()
    made = pictures.remake(content)
    with app.database.write() as session:
        edition = shelf.get(session, edition_id)
        review.refuse_unless_editable(edition)
        picture = pictures.keep(session, made, by=visitor.doer.who, now=now)
        acts.note(session, visitor.doer, "brought a picture", shelf.name(edition), now=now, picture=picture.name)
        return pictures.address(app.settings.public_url, picture), picture.width, picture.height


def _undecided(form: Filled, saved: Saved, mine: Words) -> list[Conflict]:
    """The conflicts that the form was sent with, and nobody chose."""
    places = [place for place in dict.fromkeys(form.all("conflict")) if not form.get(f"choose-{place}")]
    known = {str(one.place) for one in saved.conflicts}
    found = (merging.between(saved.words, mine, place) for place in places if place not in known)
    return [one for one in found if one]


def _opened(visitor: Visitor) -> str:
    """What a page is called until its script gives it a name, or where there are no scripts."""
    number = visitor.signed_in.session.id if visitor.signed_in else 0
    return f"opened {number}"
