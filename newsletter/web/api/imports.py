"""Files of people taken in: brought, read, shown, taken in by whichever process is there, as on the page."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from newsletter.errors import NotFound
from newsletter.jobs import imports
from newsletter.jobs.imports import Said
from newsletter.web import incoming
from newsletter.web.api import files, problems, repeats
from newsletter.web.api.callers import Caller, Suppresses
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Number
from newsletter.web.api.files import Brought
from newsletter.web.api.pages import Page, Turn, turn
from newsletter.web.api.problems import Kind, Problem
from subscribers.errors import NoSuchUpload
from subscribers.moving import uploads
from subscribers.moving.models import Upload, UploadState
from subscribers.moving.states import SAID

router = APIRouter(route_class=Door, tags=["Imports"])

_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, as the other system exported it: a table, or a ZIP or gz of some.",
        "content": {files.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_Word = Annotated[str, StringConstraints(min_length=1, max_length=320)]
_Meaning = Annotated[str, Field(json_schema_extra={"enum": list(SAID)})]
_Columns = Annotated[list[_Word], Field(max_length=200)]


class ImportSaid(BaseModel):
    """What you say of a file; what is left out is left open."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lists": ["weekly"], "words": {"gold": "confirmed"}}]}
    )

    stand: _Meaning | None = Field(default=None, description="How they stand of whom the file says nothing.")
    state_columns: _Columns = Field(default=[], description="Columns that say how people stand.")
    ignored: _Columns = Field(default=[], description="Columns that are not read.")
    words: Annotated[dict[_Word, _Meaning], Field(max_length=200)] = Field(
        default={}, description="A word of the file, and what it means."
    )
    lists: Annotated[list[_Word], Field(max_length=200)] = Field(default=[], description="The lists they come on.")
    source: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="Where their yes is on record."
    )


class ImportShown(BaseModel):
    """A file of people: what it is, what would be done, how far it is, what came of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 7,
                    "name": "subscribers.csv",
                    "size": 48211,
                    "by": "Olga (a program)",
                    "brought_at": "2026-11-27T08:00:00Z",
                    "state": "waiting",
                    "what": "",
                    "done": 0,
                    "total": None,
                    "problem": "",
                    "said": {"lists": ["weekly"]},
                    "found": {"people": 812, "bad": 3, "questions": []},
                    "counts": {},
                    "is_lost": False,
                    "forgotten_at": None,
                }
            ]
        }
    )

    id: int
    name: str
    size: int = Field(description="Bytes.")
    by: str
    brought_at: datetime
    state: UploadState = Field(description="`waiting` has been read, and waits for `go`.")
    what: str = Field(description="What is being done.")
    done: int = Field(description="How much of that is done, of `total`.")
    total: int | None
    problem: str = Field(description="Why it failed.")
    said: dict[str, Any]
    found: dict[str, Any] = Field(
        description="What the file is and what would be done: `parts`, `people`, `states`, `bad`, `questions`, "
        "`needs_list`, …; empty before it has been read, and once it is forgotten."
    )
    counts: dict[str, Any] = Field(description="What came of it, in people.")
    is_lost: bool = Field(description="Nobody is at it, and the file does not lie on the machine you asked.")
    forgotten_at: datetime | None


class LeftOut(BaseModel):
    """A row that is left out."""

    line: int
    reason: str
    row: str


@router.post("/imports", status_code=201, summary="Bring a file of people", responses=problems.may_be(507),
             openapi_extra=_A_FILE)  # fmt: skip
@files.takes_one
def bring_import(
    request: Request,
    caller: Suppresses,
    name: Annotated[str, Query(min_length=1, max_length=200, description="What the file is called.")] = "people.csv",
) -> ImportShown:
    """It is read, and nobody is taken in before `go`. It is kept for a day, and removed when it is taken in."""
    app = caller.app
    file: Brought = request.state.file
    imports.sweep(app, now=caller.now)

    def answered(session: Session, upload: Upload) -> None:
        shown = _shown(upload, is_lost=False)
        where = f"{app.settings.public_url}/api/imports/{upload.id}"
        made.append(
            repeats.finish(session, caller, JSONResponse(shown.model_dump(mode="json"), 201, {"Location": where}))
        )
        # before the transaction ends: a file that no row knows is swept away, a row without its file is of no use
        file.is_kept = True

    made: list[Response] = []
    number = imports.bring(app, file.key, name=incoming.called(name), by=caller.doer, now=caller.now, answered=answered)
    imports.set_to_work(app, number, clock=caller.ground.clock)
    return made[0]  # type: ignore[return-value]  # said already, as it is kept


@router.get("/imports/{number}", summary="One import")
def show_import(number: Number, caller: Suppresses) -> ImportShown:
    """What the file is and what would be done; how far it is; what came of it. Who died at it is replaced by asking."""
    upload = _upload(caller, number)
    return _shown(upload, is_lost=not imports.is_cared_for(caller.app, upload, clock=caller.ground.clock))


@router.post("/imports/{number}/read", status_code=202, summary="Read an import again")
def read_import(number: Number, said: ImportSaid, caller: Suppresses) -> ImportShown:
    """By what you say of it; nothing is changed by that."""
    _upload(caller, number)
    imports.look(caller.app, number, _said(said), by=caller.doer, now=caller.now)
    return _at_work(caller, number)


@router.post("/imports/{number}/go", status_code=202, summary="Take an import in")
def begin_import(number: Number, caller: Suppresses, said: ImportSaid | None = None) -> ImportShown:
    """By what you say of it, or without a body as before; what was stopped goes on where it was."""
    _upload(caller, number)
    imports.go(caller.app, number, _said(said) if said else None, by=caller.doer, now=caller.now)
    return _at_work(caller, number)


@router.post("/imports/{number}/stop", summary="Stop an import")
def stop_import(number: Number, caller: Suppresses) -> ImportShown:
    """Where it is: what was taken in stays, and it can go on."""
    _upload(caller, number)
    imports.stop(caller.app, number, by=caller.doer, now=caller.now)
    return _shown(_upload(caller, number), is_lost=False)


@router.delete("/imports/{number}", status_code=204, summary="Throw an import's file away")
def forget_import(number: Number, caller: Suppresses) -> None:
    """With all that was read in it; what was taken in stays."""
    _upload(caller, number)
    imports.forget(caller.app, number, by=caller.doer, now=caller.now)


@router.get("/imports/{number}/left-out", summary="Rows that are left out")
def list_left_out(number: Number, caller: Suppresses, turn: Annotated[Turn, Depends(turn(int, int))]) -> Page[LeftOut]:
    """Each with its line and why; 404 before it has been read, and once it is forgotten."""
    upload = _upload(caller, number)
    after, epoch = turn.after or (0, upload.epoch)
    if epoch != upload.epoch:
        raise Problem(Kind.CURSOR, "The file has been read again since: begin with the first page.")
    found = imports.left_out(caller.app, upload, after=after, limit=turn.fetch)
    shown = turn.page(
        found,
        lambda row: {"line": row.line, "reason": row.reason, "row": row.row},
        lambda row: (row.end, upload.epoch),
    )
    return Page[LeftOut].model_validate(shown)


def _upload(caller: Caller, number: int) -> Upload:
    try:
        with caller.app.database.read() as session:
            return uploads.get(session, number)
    except NoSuchUpload as error:
        raise NotFound(str(error)) from error


def _at_work(caller: Caller, number: int) -> ImportShown:
    imports.set_to_work(caller.app, number, clock=caller.ground.clock)
    return _shown(_upload(caller, number), is_lost=False)


def _shown(upload: Upload, *, is_lost: bool) -> ImportShown:
    named = {name: getattr(upload, name) for name in ImportShown.model_fields if name != "is_lost"}
    return ImportShown.model_validate(named | {"is_lost": is_lost})


def _said(said: ImportSaid) -> Said:
    return Said(
        as_=said.stand or "",
        state_columns=tuple(said.state_columns),
        ignored=tuple(said.ignored),
        words=tuple(said.words.items()),
        lists=tuple(dict.fromkeys(said.lists)),
        source=said.source.strip(),
    )
