"""Letters that came back and that nobody understood: shown as text, judged, and the verdict taken back.

What a verdict would do stands beside its button before it is pressed.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.errors import BadInput, NewsletterError, NotFound, WrongState
from newsletter.jobs import judging
from newsletter.staff.roles import May
from newsletter.tracking.bounces import telling
from newsletter.tracking.bounces.judgement import Action, Judgement, Meaning
from newsletter.tracking.mailbox import rulings, shelf
from newsletter.tracking.mailbox.intake import REPLY
from newsletter.tracking.models import Returned
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends
from subscribers import roll
from subscribers.errors import SubscribersError

router = APIRouter(prefix="/ops/bounces")

_ON_A_PAGE, _JUDGED = 30, 20
Reads = Annotated[Visitor, Depends(looks(May.READ_AS))]
Judges = Annotated[Posted, Depends(sends(May.SUPPRESS))]

#: what a button says, in the order in which they stand
WORDS = {
    "dead": "There is no such address",
    "full": "The mailbox is full",
    "temporary": "Not now",
    "no-host": "Their domain has no mail server",
    "policy": "They do not want it from us",
    "too-large": "It is too large for them",
    "failed": "It did not arrive",
    "delayed": "It waits",
    "complaint": "They call it spam",
    "unsubscribe": "They want to leave",
    "auto-reply": "An automatic answer",
    "seen": "Nothing of these",
}
_UNPROVEN = "Nothing proves that it answers a copy of ours, so nothing was learned from it."
_ODD = {
    Action.UNRECOGNISED: "It is no report that is known here.",
    Action.UNSUBSCRIBE: "It asks to be taken off, and nothing in it proves who asks.",
    REPLY: "It answers a copy of ours, and is no report: a person may have written it.",
}


@router.get("")
def all_of_them(visitor: Reads, before: int | None = None) -> HTMLResponse:
    """What somebody should look at, what was judged lately, and how many of each kind ever came."""
    with visitor.ground.app.database.read() as session:
        letters = shelf.newest(session, everything=False, before=before, limit=_ON_A_PAGE + 1)
        shown = letters[:_ON_A_PAGE]
        beginnings = shelf.beginnings(session, shown)
        judged = shelf.judged(session, limit=_JUDGED)
        counts, unclear = shelf.counts(session), shelf.unclear(session)
    rows = [
        (letter, shelf.subject(beginnings[letter.id]), shelf.excerpt(beginnings[letter.id]), made_of(letter))
        for letter in shown
    ]
    return visitor.page(
        "bounces.html",
        rows=rows,
        older=shown[-1].id if len(letters) > len(shown) else None,
        newest=before is not None,
        judged=judged,
        verdicts=WORDS,
        counts=counts,
        unclear=unclear,
        mailbox=visitor.ground.app.settings.mailbox.is_read,
    )


@router.get("/{number}")
def one(number: int, visitor: Reads, done: str = "") -> HTMLResponse:
    """One letter: its words, what was made of it, and what each verdict would do."""
    return _page(visitor, number, done=done)


@router.post("/{number}")
def judge(number: int, posted: Judges) -> Response:
    """Say whom it is about, say what it is, or take that back."""
    visitor, form = posted.visitor, posted.form
    app, now, verb = visitor.ground.app, visitor.ground.clock(), form.get("do")
    try:
        if verb == "look":
            with app.database.read() as session:
                return _page(visitor, number, about=roll.get(session, form.get("address")[:320]).id)
        if verb == "back":
            judging.take_back(app, number, by=visitor.doer, now=now)
        elif verb in WORDS:
            judging.judge(app, number, verb, about=_number(form.get("reader")), by=visitor.doer, now=now)
        else:
            raise BadInput("That form asks for nothing that can be done here.")
    except (NewsletterError, SubscribersError) as error:
        status = 409 if isinstance(error, WrongState) else 400
        return _page(visitor, number, sorry=str(error), status=status)
    return RedirectResponse(f"{visitor.base}/ops/bounces/{number}?done={'back' if verb == 'back' else 'judged'}", 303)


def made_of(letter: Returned) -> str:
    """What the product made of *letter* by itself, or somebody by hand."""
    if (said := _ODD.get(letter.action)) is not None:
        return said
    meaning = Meaning(letter.meaning) if letter.meaning else None
    told = telling.tell(Judgement(Action(letter.action), meaning, code=letter.code))
    return f"{told} {_UNPROVEN}" if letter.is_odd else told


def _page(
    visitor: Visitor, number: int, *, about: int | None = None, done: str = "", sorry: str = "", status: int = 200
) -> HTMLResponse:
    app = visitor.ground.app
    with app.database.read() as session:
        found = shelf.show(session, number)
        would = {word: _would(session, app.settings, number, word, about) for word in WORDS}
        try:
            back = rulings.plan_back(session, number)
        except WrongState:
            back = None
    return visitor.page(
        "bounce.html",
        status=status,
        letter=found.letter,
        subject=shelf.subject(found.raw),
        text=shelf.readable(found.raw),
        made=made_of(found.letter),
        said=found.rulings,
        verdicts=WORDS,
        would=would,
        back=back,
        reader=about if about is not None else found.letter.subscriber_id,
        about=about,
        may_judge=visitor.may(May.SUPPRESS),
        done={"judged": "Done, and written down.", "back": "Taken back."}.get(done, ""),
        sorry=sorry,
    )


def _would(session: Session, settings: Settings, number: int, word: str, about: int | None) -> str:
    """What would follow if it were *word*; empty where it has to be said first whom it is about."""
    try:
        return rulings.plan(session, settings, number, word, about=about).sentence
    except (BadInput, NotFound):
        return ""


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
