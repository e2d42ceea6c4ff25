"""Who is at the desk, and whether they may do what they ask for.

Once there are accounts, everybody signs in, at this machine too. Until then the desk opens on the machine alone.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from newsletter.staff import acts, sessions, users
from newsletter.staff.acts import Doer
from newsletter.staff.roles import ROLES, May
from newsletter.staff.sessions import SignedIn
from newsletter.web import visitors
from newsletter.web.ground import Ground, Here
from newsletter.web.readers.forms import Filled, filled

#: the page to sign in at
SIGN_IN = "/desk/sign-in"
_COOKIE = "desk"
_AT_THE_MACHINE = Doer("somebody at this machine", "desk")
#: what nobody may without an account
_NEVER_WITHOUT = frozenset({May.STAFF})


class NotSignedIn(Exception):
    """Somebody who has to say first who they are."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the desk."""

    ground: Ground
    doer: Doer
    #: None: nobody has an account, and they sit at the machine
    signed_in: SignedIn | None
    #: what stands before our paths, as this browser sees them
    base: str
    #: the page they are at
    path: str

    def may(self, what: May) -> bool:
        """Whether they may do that."""
        if self.signed_in is None:
            return what not in _NEVER_WITHOUT
        return what in ROLES[self.signed_in.user.role]

    @property
    def csrf(self) -> str:
        """What stands in their forms."""
        return self.signed_in.csrf if self.signed_in else ""

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page of the desk for them."""
        return self.ground.desk_page(template, status=status, visitor=self, base=self.base, **values)


@dataclass(frozen=True, slots=True)
class Posted:
    """Somebody at the desk, and the form they sent, which came from a page of ours."""

    visitor: Visitor
    form: Filled


def looks(what: May) -> Callable[..., Visitor]:
    """A page's door for who may do *what*."""

    def check(request: Request, here: Here) -> Visitor:
        visitor = _at(request, here)
        refuse(visitor, what)
        return visitor

    check.may = what  # type: ignore[attr-defined]  # the table of roles reads it
    return check


def sends(what: May, form: Callable[..., Awaitable[Filled]] = filled) -> Callable[..., Posted]:
    """A form's door for who may do *what*; *form* reads it, with the limits that it has."""

    def check(request: Request, here: Here, form: Annotated[Filled, Depends(form)]) -> Posted:
        visitor = enter(request, here, what)
        refuse_other_sessions(visitor, form.get("csrf"))
        return Posted(visitor, form)

    check.may = what  # type: ignore[attr-defined]
    return check


def enter(request: Request, here: Ground, what: May) -> Visitor:
    """Who sends a form that only who may do *what* may send; what stands in the form is not looked at yet."""
    refuse_other_sites(request, here)
    visitor = _at(request, here)
    refuse(visitor, what)
    return visitor


def refuse_other_sessions(visitor: Visitor, csrf: str) -> None:
    """403 for a form that was not made for this *visitor*."""
    if visitor.signed_in and not _same(csrf, visitor.csrf):
        raise HTTPException(403, "That form is of another session: open its page again, and send it once more.")


def refuse_other_sites(request: Request, here: Ground) -> None:
    """403 for a form that a page elsewhere made a browser send."""
    # no page can forge the first; browsers before 2023 send only the second, and programs neither
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site in {"same-origin", "none"} or (site is None and (origin is None or origin.lower() in _ours(request, here))):
        return
    raise HTTPException(403, "That form came from another site, and nothing was changed.")


def _ours(request: Request, here: Ground) -> set[str]:
    public, host = urlsplit(here.app.settings.public_url), request.headers.get("host", "").lower()
    return {f"{public.scheme}://{public.netloc}".lower(), f"{request.url.scheme}://{host}"}


def _at(request: Request, here: Ground) -> Visitor:
    here = here.now()  # what a colleague has set counts on the next page, whichever process it comes from
    token, now = cookie(request, here), here.clock()
    with here.app.database.read() as session:
        found = sessions.find(session, token, now=now)
        closed = found is not None or users.are_there(session)
    if found is not None:
        if sessions.needs_a_mark(found.session, now):
            with here.app.database.write() as session:
                sessions.seen(session, found.session, now=now)
        return Visitor(here, acts.of(found.user), found, base(request, here), request.url.path)
    if closed:
        raise NotSignedIn
    visitors.at_this_machine(request)
    return Visitor(here, _AT_THE_MACHINE, None, "", request.url.path)


def refuse(visitor: Visitor, what: May) -> None:
    """403 for who may not do *what*, with who can change that."""
    if not visitor.may(what):
        signed_in = visitor.signed_in
        you_are = f"you are {_an(signed_in.user.role.value)}" if signed_in else "nobody has an account yet"
        raise HTTPException(403, f"You may not {what.value}: {you_are}. An admin can change that, at People.")


def _an(role: str) -> str:
    return f"{'an' if role[0] in 'aeo' else 'a'} {role}"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


# the cookie


def cookie(request: Request, here: Ground, name: str = _COOKIE) -> str:
    """The value of our cookie *name*; empty where the browser brings none."""
    return request.cookies.get(_named(request, here, name), "")


def set_cookie(
    response: Response, request: Request, here: Ground, value: str, *, name: str = _COOKIE, seconds: int | None = None
) -> None:
    """Keep *value* in the browser, for our own pages alone; until it is closed, or for *seconds*."""
    response.set_cookie(
        _named(request, here, name),
        value,
        max_age=seconds,
        path="/",
        secure=_is_secure(request, here),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, request: Request, here: Ground, name: str = _COOKIE) -> None:
    """Take it out of the browser."""
    set_cookie(response, request, here, "", name=name, seconds=0)


def _named(request: Request, here: Ground, name: str) -> str:
    # by its prefix a browser takes the cookie from this very host alone, over TLS (RFC 6265bis section 4.1.3.2)
    return f"__Host-{name}" if _is_secure(request, here) else name


def _is_secure(request: Request, here: Ground) -> bool:
    return here.app.settings.public_url.startswith("https://") and not _is_here(request)


def _is_here(request: Request) -> bool:
    return visitors.is_local(request.client.host if request.client else "", request.headers)


# ways


def base(request: Request, here: Ground) -> str:
    """What stands before our paths: nothing at the machine itself, else what public_url has."""
    return "" if _is_here(request) else here.base


def way_to_sign_in(request: Request, here: Ground) -> str:
    """The page to sign in at, which knows where to go on."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    onward = f"?next={quote(wanted, safe='')}" if request.method == "GET" and wanted != "/" else ""
    return f"{base(request, here)}{SIGN_IN}{onward}"


def onward(given: str) -> str:
    """*given* where it is a path of ours, else the first page: nobody is sent elsewhere from here."""
    parts = urlsplit(given)
    is_path = given.startswith("/") and not given.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    clean = all(" " < sign != "\\" for sign in given)
    return given if is_path and clean and len(given) < 500 else "/"


Looks = Annotated[Visitor, Depends(looks(May.LOOK))]
