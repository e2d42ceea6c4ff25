"""Templates at the desk: written with their look and what is wrong beside them, tried, used, taken back."""

import io
import zipfile
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.changes import standing
from newsletter.errors import BadInput, NewsletterError, NotFound, WrongState
from newsletter.jobs import templating
from newsletter.jobs.templating import DISK, Tried
from newsletter.rendering import links, proofs, versions
from newsletter.rendering.looks import Look, letters, pages
from newsletter.rendering.mould import Reader
from newsletter.rendering.preflight import Level
from newsletter.staff.roles import May
from newsletter.web.desk.edition import looks
from newsletter.web.ground import Ground
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/desk/templates")

Sets = Annotated[Posted, Depends(sends(May.SET))]

_VERSIONS = 20


@router.get("")
def every(visitor: Looks) -> HTMLResponse:
    """All of them, and which version is in use."""
    with visitor.ground.app.database.read() as session:
        found = templating.all_of_them(session, visitor.ground.app)
    return visitor.page("templates.html", rows=found)


@router.get("/{name}")
def one(name: str, visitor: Looks, file: str = "", version: int | None = None, said: str = "") -> HTMLResponse:
    """One, a file of it to be changed, and its versions."""
    return _page(visitor, name, file, version, done=_SAID.get(said, ""))


@router.post("/{name}")
def save(name: str, posted: Sets) -> Response:
    """Keep what was typed as a version of its own; nothing that is in use changes by it."""
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    file, number = form.get("file")[:100], _number(form, "version")
    try:
        if file not in _files(visitor.ground, name, number):
            raise BadInput("That form is not complete: open its page again.")
        seen = None if form.get("anyway") else _number(form, "seen")
        kept = templating.save(
            visitor.ground.app,
            name,
            {file: _typed(form)},
            made_from=number,
            by=visitor.doer,
            now=now,
            seen=seen,
        )
    except NewsletterError as error:
        status = 409 if isinstance(error, WrongState) else 404 if isinstance(error, NotFound) else 400
        return _page(visitor, name, file, number, sorry=str(error), typed=_typed(form), status=status)
    shown = kept.id if kept else number
    said = "kept" if kept else "same"
    return RedirectResponse(f"{visitor.base}/desk/templates/{name}?file={file}&version={shown}&said={said}", 303)


@router.get("/{name}/look/{look}")
def show(name: str, look: Look, visitor: Looks, version: int | None = None) -> HTMLResponse:
    """The last edition in that version; without one, in what is in use."""
    return _look(visitor.ground, name, look, version, Filled(()))


@router.post("/{name}/look/{look}")
def redraw(name: str, look: Look, posted: Sets) -> HTMLResponse:
    """The same with what is typed, of which nothing is kept."""
    return _look(posted.visitor.ground, name, look, _number(posted.form, "version"), posted.form)


@router.post("/{name}/lint")
def lint(name: str, posted: Sets) -> HTMLResponse:
    """What is wrong with what is typed."""
    visitor, form, here = posted.visitor, posted.form, posted.visitor.ground
    known = _with_typed(_files(here, name, _number(form, "version")), form)
    return visitor.page("template_lint.html", tried=_tried(here, name, known), level=Level)


@router.post("/{name}/try")
def try_out(name: str, posted: Sets) -> Response:
    """See a version that was saved on the last edition, beside what is in use."""
    visitor, number = posted.visitor, _number(posted.form, "version")
    templating.try_out(visitor.ground.app, name, number, by=visitor.doer, now=visitor.ground.clock())
    return RedirectResponse(f"{visitor.base}/desk/templates/{name}/trial?version={number}", 303)


@router.get("/{name}/trial")
def trial(name: str, version: int, visitor: Looks) -> HTMLResponse:
    """The old and the new beside each other, and what changes."""
    return _trial(visitor, name, version)


@router.post("/{name}/use")
def use(name: str, posted: Sets) -> Response:
    """Let every process render with that version, or with the one before."""
    visitor, form, now = posted.visitor, posted.form, posted.visitor.ground.clock()
    app, number = visitor.ground.app, _number(form, "version")
    try:
        if form.get("do") == "back":
            templating.take_back(app, name, seen=number, by=visitor.doer, now=now)
            return RedirectResponse(f"{visitor.base}/desk/templates/{name}?said=back", 303)
        templating.use(app, name, number, by=visitor.doer, now=now)
    except WrongState as error:
        if form.get("do") == "back":
            return _page(visitor, name, "", None, sorry=str(error), status=409)
        return _trial(visitor, name, number, sorry=str(error), status=409)
    return RedirectResponse(f"{visitor.base}/desk/templates/{name}?said=used", 303)


@router.get("/{name}/files.zip")
def export(name: str, visitor: Looks, version: int = DISK) -> Response:
    """Every file of a version, as a folder to put into templates."""
    known = _files(visitor.ground, name, version)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in known.items():
            archive.writestr(f"{name}/{file}", text)
    named = f'attachment; filename="{name}-{version or "disk"}.zip"'
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    return Response(packed.getvalue(), media_type="application/zip", headers=headers)


_SAID = {
    "kept": "Kept as a version of its own. What is in use is what it was: try it, then use it.",
    "same": "That is what it says already, so there is nothing to keep.",
    "used": "In use, in every process, from the next rendering on. What is approved keeps its bytes.",
    "back": "What was in use before is in use again.",
}


def _page(
    visitor: Visitor,
    name: str,
    file: str,
    version: int | None,
    *,
    done: str = "",
    sorry: str = "",
    typed: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    here = visitor.ground
    with here.app.database.read() as session:
        in_use = templating.in_use(session).get(name, DISK)
        newest = versions.newest(session, name)
        shown = version if version is not None else newest.id if newest else DISK
        known = templating.files(session, here.app, name, shown)
        kept = versions.lately(session, name, limit=_VERSIONS)
        made = versions.get(session, name, shown) if shown != DISK else None
        was_changed = standing.latest(session, f"{versions.KEY}{name}") is not None
    if file not in known:
        file = versions.NEEDED[1] if versions.NEEDED[1] in known else next(iter(known))
    return visitor.page(
        "template.html",
        status=status,
        name=name,
        files=list(known),
        file=file,
        text=known[file] if typed is None else typed,
        version=shown,
        seen=newest.id if newest else DISK,
        made=made,
        in_use=in_use,
        kept=kept,
        disk=DISK,
        was_changed=was_changed,
        may_set=visitor.may(May.SET),
        looking=looks.Panel(looks.OF_A_LETTER, ""),
        looks_from=f"{visitor.base}/desk/templates/{name}/look/",
        looks_query=f"?version={shown}",
        conflict=status == 409 and typed is not None,
        done=done,
        sorry=sorry,
    )


def _trial(visitor: Visitor, name: str, number: int, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    here, now = visitor.ground, visitor.ground.clock()
    with here.app.database.read() as session:
        known = templating.files(session, here.app, name, number)
        in_use = templating.in_use(session).get(name, DISK)
        before = templating.files(session, here.app, name, in_use)
        found = templating.trial(session, here.app, name, known, now=now)
        made = versions.get(session, name, number) if number != DISK else None
    return visitor.page(
        "template_trial.html",
        status=status,
        name=name,
        version=number,
        disk=DISK,
        made=made,
        in_use=in_use,
        trial=found,
        is_tried=made is None or made.tried_at is not None,
        changes=list(versions.difference(before, known)),
        level=Level,
        may_set=visitor.may(May.SET),
        sorry=sorry,
    )


def _look(here: Ground, name: str, look: Look, version: int | None, form: Filled) -> HTMLResponse:
    now = here.clock()
    try:
        with here.app.database.read() as session:
            if version is None:
                version = templating.in_use(session).get(name, DISK)
            known = _with_typed(templating.files(session, here.app, name, version), form)
            edition, newsletter = templating.sample(session, here.app, name)
        made = versions.template(name, known)
        proof = proofs.today(edition, newsletter, here.app.settings, now=now, template=made)
        edition.id = edition.id or 0
        mould = proofs.mould(proof, edition, newsletter, here.app.settings, now=now)
        reader = Reader(0, "ada@example.com", "Ada", links.token(here.secret, 0, 0))
        page = looks.drawn(letters.opened(mould.message(reader)), look)
    except NewsletterError as error:
        status = 404 if isinstance(error, NotFound) else 422
        return HTMLResponse(pages.sentence(str(error)), status, looks.HEADERS)
    return HTMLResponse(page, headers=looks.HEADERS)


def _tried(here: Ground, name: str, known: dict[str, str]) -> Tried:
    with here.app.database.read() as session:
        edition, newsletter = templating.sample(session, here.app, name)
    now: datetime = here.clock()
    return templating.attempt(edition, newsletter, here.app.settings, versions.template(name, known), now=now)


def _files(here: Ground, name: str, number: int) -> dict[str, str]:
    with here.app.database.read() as session:
        return templating.files(session, here.app, name, number)


def _with_typed(known: dict[str, str], form: Filled) -> dict[str, str]:
    file = form.get("file")
    return {**known, file: _typed(form)} if file in known and "text" in form else known


def _typed(form: Filled) -> str:
    # a browser sends every line's end as two signs
    return form.get("text").replace("\r\n", "\n")


def _number(form: Filled, name: str) -> int:
    text = form.get(name)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("That form is not complete: open its page again.")
    return int(text)
