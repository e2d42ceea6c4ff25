"""Who works here, for admins: accounts made, given a role, reset, closed."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NewsletterError
from newsletter.staff import keys, users
from newsletter.staff.models import Identity, Role, User
from newsletter.staff.roles import SAID, May
from newsletter.web.readers.forms import Filled
from newsletter.web.staff.visitor import Posted, Visitor, looks, sends

router = APIRouter(prefix="/desk")

Looks = Annotated[Visitor, Depends(looks(May.STAFF))]
Sends = Annotated[Posted, Depends(sends(May.STAFF))]


@router.get("/people")
def people(visitor: Looks) -> HTMLResponse:
    """Everybody."""
    return _page(visitor)


@router.post("/people")
def change(posted: Sends) -> HTMLResponse:
    """One change of one account."""
    visitor, form = posted.visitor, posted.form
    try:
        with visitor.ground.app.database.write() as session:
            done, link, link_for = _do(session, visitor, form)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error), email=form.get("email")[:320])
    return _page(visitor, done=done, link=link, link_for=link_for)


@router.get("/acts")
def did(visitor: Looks) -> RedirectResponse:
    """Where the audit log stood once."""
    return RedirectResponse(f"{visitor.base}/ops/acts", 308)


def _do(session: Session, visitor: Visitor, form: Filled) -> tuple[str, str, str]:
    """What was done, and a link to hand on where one was made, with whose it is."""
    by, now, verb = visitor.doer, visitor.ground.clock(), form.get("do")
    if verb == "add":
        user = users.add(session, form.get("email"), _role(form), name=form.get("name"), by=by, now=now)
        return "", _link(session, visitor, user), user.email
    user = _user(session, form.get("user"))
    if verb == "role":
        users.set_role(session, user, _role(form), by=by, now=now)
        return f"{user.called} is {user.role.value} now.", "", ""
    if verb == "reset":
        users.forget_proofs(session, user, by=by, now=now)
        return "", _link(session, visitor, user), user.email
    if verb == "close":
        users.close(session, user, by=by, now=now)
        return f"{user.called} is signed out and can't come in any more.", "", ""
    if verb == "reopen":
        users.reopen(session, user, by=by, now=now)
        return f"{user.called} can come in again.", "", ""
    raise BadInput("That form asks for nothing that can be done here.")


def _link(session: Session, visitor: Visitor, user: User) -> str:
    token = keys.make(session, user, now=visitor.ground.clock())
    return f"{visitor.ground.app.settings.public_url}{keys.path(token)}"


def _role(form: Filled) -> Role:
    try:
        return Role(form.get("role"))
    except ValueError as error:
        raise BadInput("Choose one of the roles.") from error


def _user(session: Session, number: str) -> User:
    found = session.get(User, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    if found is None:
        raise BadInput("There is no such account any more.")
    return found


def _page(
    visitor: Visitor, *, done: str = "", sorry: str = "", link: str = "", link_for: str = "", email: str = ""
) -> HTMLResponse:
    with visitor.ground.app.database.read() as session:
        everybody = users.all_of_them(session)
        linked = set(session.scalars(select(Identity.user_id)))
    values = {"people": everybody, "linked": linked, "roles": list(Role), "said": SAID}
    said = {"done": done, "sorry": sorry, "link": link, "link_for": link_for, "email": email}
    return visitor.page("people.html", status=400 if sorry else 200, **values, **said)
