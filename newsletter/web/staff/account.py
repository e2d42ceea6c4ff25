"""One's own account: name, password, second factor, where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from newsletter.errors import BadInput, NewsletterError, NotFound
from newsletter.staff import acts, codes, passwords, secrets, sessions, signing_in, users
from newsletter.staff.models import User
from newsletter.staff.roles import SAID, May
from newsletter.staff.sessions import SignedIn
from newsletter.web.staff.visitor import Looks, Posted, Visitor, sends

router = APIRouter(prefix="/desk/account")

_ACTS = 20
#: whoever is here may change what is their own
Sends = Annotated[Posted, Depends(sends(May.LOOK))]


@router.get("")
def account(visitor: Looks) -> HTMLResponse:
    """All of it."""
    return _page(visitor)


@router.post("/name")
def rename(posted: Sends) -> HTMLResponse:
    """Another name."""
    visitor, me = posted.visitor, _me(posted.visitor)
    with visitor.ground.app.database.write() as session:
        users.rename(session, session.get_one(User, me.user.id), posted.form.get("name"), now=visitor.ground.clock())
    return _page(visitor, done="Kept. It shows from the next page on.")


@router.post("/password")
def change_password(posted: Sends) -> HTMLResponse:
    """Another password; who has one must know it."""
    visitor, me, form, now = posted.visitor, _me(posted.visitor), posted.form, posted.visitor.ground.clock()
    try:
        with visitor.ground.app.database.write() as session:
            signing_in.knock_with_code(session, me.user.id, secret=visitor.ground.secret, now=now)
        if me.user.password and not passwords.verify(me.user.password, form.get("old")):
            raise BadInput("That is not your password now.")
        with visitor.ground.app.database.write() as session:
            user = session.get_one(User, me.user.id)
            users.set_password(session, user, form.get("new"), by=visitor.doer, now=now, but=me.session.id)
            signing_in.forgive(session, user, secret=visitor.ground.secret)
    except NewsletterError as error:
        return _page(visitor, sorry=str(error))
    return _page(visitor, done="Changed. You are signed out everywhere else.")


@router.get("/second")
def second_factor(visitor: Looks) -> HTMLResponse:
    """A secret to give to an app; it is nobody's until a code proves that the app has it."""
    return _propose(visitor, codes.propose())


@router.post("/second")
def change_second_factor(posted: Sends) -> HTMLResponse:
    """Turn it on, turn it off, or make new recovery codes; each with a code."""
    visitor, me, form, now = posted.visitor, _me(posted.visitor), posted.form, posted.visitor.ground.clock()
    secret, database, code = visitor.ground.secret, visitor.ground.app.database, form.get("code")[:64]
    proposed = _opened(form.get("sealed"), me, secret) if form.get("do") == "adopt" else ""
    try:
        with database.write() as session:
            signing_in.knock_with_code(session, me.user.id, secret=secret, now=now)
        with database.write() as session:
            user = session.get_one(User, me.user.id)
            if proposed:
                fresh = codes.adopt(session, user, proposed, code, secret=secret, now=now)
                signing_in.forgive(session, user, secret=secret)
                return visitor.page("recovery.html", codes=fresh)
            if not user.sealed_totp or not codes.prove(session, user, code, secret=secret, now=now):
                raise BadInput(signing_in.WRONG_CODE)
            signing_in.forgive(session, user, secret=secret)
            if form.get("do") == "renew":
                fresh = codes.renew_recovery(session, user, by=visitor.doer, now=now)
                return visitor.page("recovery.html", codes=fresh)
            codes.drop(session, user, by=visitor.doer, now=now)
    except NewsletterError as error:
        sorry = str(error)
        return _propose(visitor, proposed, sorry=sorry) if proposed else _page(visitor, sorry=sorry)
    return _page(visitor, done="The second factor is off.")


@router.post("/sessions")
def end_session(posted: Sends) -> HTMLResponse:
    """Sign out elsewhere."""
    visitor, me, which = posted.visitor, _me(posted.visitor), posted.form.get("session")
    number = int(which) if which.isascii() and which.isdigit() and len(which) < 19 else 0
    with visitor.ground.app.database.write() as session:
        ended = sessions.end(session, me.user, number, now=visitor.ground.clock())
    return _page(visitor, done="Ended." if ended else "That session was over already.")


def _page(visitor: Visitor, *, done: str = "", sorry: str = "") -> HTMLResponse:
    me, ground = _me(visitor), visitor.ground
    with ground.app.database.read() as session:
        user = session.get_one(User, me.user.id)
        values = {
            "user": user,
            "said": SAID[user.role],
            "left": codes.recovery_left(session, user),
            "sessions": sessions.all_of(session, user, now=ground.clock()),
            "did": acts.lately(session, user_id=user.id, limit=_ACTS),
        }
    status = 400 if sorry else 200
    return visitor.page(
        "account.html",
        status=status,
        here=me.session.id,
        shortest=passwords.SHORTEST,
        done=done,
        sorry=sorry,
        **values,
    )


def _propose(visitor: Visitor, proposed: str, *, sorry: str = "") -> HTMLResponse:
    me, ground = _me(visitor), visitor.ground
    issuer = next((each.title for each in ground.app.settings.newsletters.values()), "") or "Newsletter"
    return visitor.page(
        "second_factor.html",
        status=400 if sorry else 200,
        picture=codes.picture(codes.address(me.user, proposed, issuer=f"{issuer} desk")),
        secret=" ".join(proposed[start : start + 4] for start in range(0, len(proposed), 4)),
        sealed=secrets.seal(ground.secret, f"{me.session.id} {proposed}"),
        sorry=sorry,
    )


def _opened(sealed: str, me: SignedIn, secret: str) -> str:
    """The secret that this session was shown."""
    owner, _, proposed = secrets.unseal(secret, sealed[:500]).partition(" ")
    if owner != str(me.session.id) or not proposed:
        raise BadInput("That page is of another session: open it again.")
    return proposed


def _me(visitor: Visitor) -> SignedIn:
    if visitor.signed_in is None:
        raise NotFound("Nobody has an account here yet: newsletter users add ADDRESS makes the first one.")
    return visitor.signed_in
