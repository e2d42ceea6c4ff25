"""Files of people taken in at a page: what a file is, what would be done, then how far it is, and what came of it.

Where each stands is a row, so any web process can be asked; who looks after the one at work died sets its own to it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from newsletter.errors import BadInput, NewsletterError, NotFound, WrongState
from newsletter.jobs import imports
from newsletter.jobs.imports import Said
from newsletter.staff.roles import May
from newsletter.web import incoming
from newsletter.web.ops import bringing
from newsletter.web.ops.bringing import Brought
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends
from subscribers import roll
from subscribers.errors import NoSuchUpload, SubscribersError
from subscribers.moving import uploads
from subscribers.moving.models import Upload, UploadState
from subscribers.moving.states import SAID

router = APIRouter(prefix="/ops/import")

_LATELY, _SHOWN = 30, 20
Looks = Annotated[Visitor, Depends(looks(May.SUPPRESS))]
Sends = Annotated[Posted, Depends(sends(May.SUPPRESS))]
Brings = Annotated[Brought, Depends(bringing.brought)]

#: what people can stand as, as the page says it
STAND = {
    "confirmed": "they have said yes",
    "pending": "they have not said yes",
    "unsubscribed": "they have left",
    "bounced": "their addresses are dead",
    "complained": "they complained",
}
CALLED = {
    UploadState.READING: "being read",
    UploadState.WAITING: "waits for you",
    UploadState.TAKING: "being taken in",
    UploadState.DONE: "done",
    UploadState.STOPPED: "stopped",
    UploadState.FAILED: "failed",
}
_COUNTED = {
    "added": "added",
    "updated": "updated",
    "unchanged": "unchanged",
    "kept_out": "kept out: suppressed or forgotten here",
    "suppressed": "suppressed",
    "barred": "not here and never to be mailed, kept as salted hashes",
}


@router.get("")
def all_of_them(visitor: Looks) -> HTMLResponse:
    """Where a file is brought, and what became of those before it."""
    return _front(visitor)


@router.post("")
def bring(brought: Brings) -> Response:
    """A file is here: read it."""
    visitor = brought.visitor
    app = visitor.ground.app
    imports.sweep(app, now=visitor.ground.clock())
    number = imports.bring(app, brought.key, name=brought.name, by=visitor.doer, now=visitor.ground.clock())
    imports.set_to_work(app, number, clock=visitor.ground.clock)
    return _to(visitor, number)


@router.get("/{number}")
def one(number: int, visitor: Looks) -> HTMLResponse:
    """One file: what it is and what would be done, how far it is, or what came of it."""
    return _page(visitor, number)


@router.get("/{number}/progress")
def progress(number: int, visitor: Looks) -> HTMLResponse:
    """How far it is, as a part of the page; once that is over, the whole page is asked for anew."""
    upload = _upload(visitor, number)
    page = visitor.page("import_progress.html", **_standing(visitor, upload))
    if upload.state not in uploads.WORKING:
        page.headers["HX-Refresh"] = "true"
    return page


@router.get("/{number}/rejects.csv")
def rejects(number: int, visitor: Looks) -> Response:
    """The rows that were left out, with their lines and why."""
    file = imports.rejects(visitor.ground.app, _upload(visitor, number))
    if file is None:
        raise NotFound("the rows that were left out are not kept any more, or lie on another machine")
    headers = {"Cache-Control": "no-store"}
    return FileResponse(file, media_type="text/csv; charset=utf-8", filename=f"left-out-{number}.csv", headers=headers)


@router.post("/{number}")
def change(number: int, posted: Sends) -> Response:
    """Say something of it, take it in, stop that, go on, or throw it away."""
    visitor, form, verb = posted.visitor, posted.form, posted.form.get("do")
    app, now = visitor.ground.app, visitor.ground.clock()
    _upload(visitor, number)
    try:
        if verb == "read again":
            imports.look(app, number, said(form), by=visitor.doer, now=now)
        elif verb == "take in":
            imports.go(app, number, said(form), by=visitor.doer, now=now)
        elif verb == "go on":
            imports.go(app, number, by=visitor.doer, now=now)
        elif verb == "stop":
            imports.stop(app, number, by=visitor.doer, now=now)
        elif verb == "throw away":
            imports.forget(app, number, by=visitor.doer, now=now)
        else:
            raise BadInput("That form asks for nothing that can be done here.")
    except (NewsletterError, SubscribersError) as error:
        return _page(visitor, number, sorry=str(error), status=409 if isinstance(error, WrongState) else 400)
    if verb in ("read again", "take in", "go on"):
        imports.set_to_work(app, number, clock=visitor.ground.clock)
    return _to(visitor, number)


def said(form: Filled) -> Said:
    """What a form says of a file; raises BadInput for what is no pair of words."""
    columns = [(name.removeprefix("column "), value) for name, value in form.fields if name.startswith("column ")]
    words = []
    for line in form.get("words").splitlines():
        word, _, meaning = line.rpartition("=")
        if line.strip() and not word.strip():
            raise BadInput(f"{line[:60]!r}: write a word of the file, = and one of {', '.join(SAID)}")
        if line.strip():
            words.append((word.strip(), meaning.strip().lower()))
    return Said(
        as_=form.get("as"),
        state_columns=tuple(name for name, value in columns if value == "state"),
        ignored=tuple(name for name, value in columns if value == "nothing"),
        words=tuple(words),
        lists=tuple(dict.fromkeys(form.all("list"))),
        source=form.get("source").strip()[:64],
    )


def asked(question: str) -> str:
    """A question as this page asks it, where the command line names its options."""
    before, options, _ = question.partition("say what it means with --state-column")
    question = f"{before}say below what it says of them" if options else question
    for word, says in STAND.items():
        question = question.replace(f"--as {word}", f"“{says}”")
    return question


def _upload(visitor: Visitor, number: int) -> Upload:
    try:
        with visitor.ground.app.database.read() as session:
            return uploads.get(session, number)
    except NoSuchUpload as error:
        raise NotFound(str(error)) from error


def _standing(visitor: Visitor, upload: Upload) -> dict[str, Any]:
    """How far *upload* is; where nobody is at it, and its file is here, this process goes on."""
    return {
        "upload": upload,
        "under_way": upload.state in uploads.WORKING,
        "is_lost": not imports.is_cared_for(visitor.ground.app, upload, clock=visitor.ground.clock),
        "reads": upload.state is UploadState.READING,
    }


def _front(visitor: Visitor, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    with visitor.ground.app.database.read() as session:
        lately = uploads.lately(session, limit=_LATELY)
    return visitor.page(
        "imports.html", status=status, lately=lately, called=CALLED, sorry=sorry, most=incoming.MOST_BYTES >> 30
    )


def _page(visitor: Visitor, number: int, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    app, upload = visitor.ground.app, _upload(visitor, number)
    with app.database.read() as session:
        lists = roll.lists(session)
    found = upload.found
    return visitor.page(
        "import.html",
        status=status,
        sorry=sorry,
        **_standing(visitor, upload),
        called=CALLED,
        found=found,
        questions=[asked(one) for one in found.get("questions", ())],
        left_out=found.get("problems", ())[:_SHOWN],
        has_rejects=imports.rejects(app, upload) is not None,
        has_file=imports.has_file(app, upload),
        headings=list(dict.fromkeys(one["heading"] for part in found.get("parts", ()) for one in part["columns"])),
        lists=lists,
        stand=STAND,
        counted=_COUNTED,
    )


def _to(visitor: Visitor, number: int) -> RedirectResponse:
    return RedirectResponse(f"{visitor.base}/ops/import/{number}", 303)
