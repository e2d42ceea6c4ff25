"""Coming in and going out: the first account, a colleague's link, signing in, the second factor, a provider."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from newsletter.errors import BadInput, ConfigError, NewsletterError, NotFound
from newsletter.staff import keys, openid, passwords, sessions, signing_in, users
from newsletter.staff.openid import Provider
from newsletter.staff.signing_in import Entered, TooFast
from newsletter.web.ground import Ground, Here
from newsletter.web.readers import origins
from newsletter.web.readers.forms import Filled, filled
from newsletter.web.staff import visitor as at

router = APIRouter(prefix="/desk")

#: the cookie by which a browser that went to a provider is known again
_WAITS = "desk-openid"
Form = Annotated[Filled, Depends(filled)]


@router.get("/sign-in")
def sign_in(request: Request, here: Here, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Who are you?"""
    onward = at.onward(next)
    if _is_in(request, here):
        return _to(request, here, onward)
    with here.app.database.read() as session:
        if not users.are_there(session):
            return _to(request, here, "/")
    return _sign_in_page(request, here, onward)


@router.post("/sign-in")
def enter(request: Request, here: Here, form: Form) -> Response:
    """Address and password."""
    at.refuse_other_sites(request, here)
    now, email, onward = here.clock(), form.get("email")[:400], at.onward(form.get("next") or "/")
    peer = origins.of(request, here.app.settings.sign_up.proxies)
    try:
        with here.app.database.write() as session:
            sessions.forget(session, now=now)
            signing_in.forget(session, now=now)
            signing_in.knock(session, email, peer, secret=here.secret, now=now)
        with here.app.database.write() as session:
            entered = signing_in.enter(session, email, form.get("password"), browser=_browser(request), now=now)
            if not entered.halfway and (user := users.find(session, email)):
                signing_in.forgive(session, user, secret=here.secret)
    except TooFast as slower:
        return _slower(_sign_in_page(request, here, onward, email=email, sorry=str(slower), status=429), slower)
    except BadInput as error:
        with here.app.database.write() as session:
            signing_in.failed(session, email, now=now)
        return _sign_in_page(request, here, onward, email=email, sorry=str(error), status=400)
    return _entered(request, here, entered, onward)


@router.get("/sign-in/code")
def ask_for_code(request: Request, here: Here, next: str = "/") -> Response:  # noqa: A002
    """The second factor."""
    with here.app.database.read() as session:
        halfway = sessions.find(session, at.cookie(request, here), halfway=True, now=here.clock())
    return _code_page(request, here, at.onward(next)) if halfway else _to(request, here, at.SIGN_IN)


@router.post("/sign-in/code")
def enter_code(request: Request, here: Here, form: Form) -> Response:
    """A code of the app, or a recovery code."""
    at.refuse_other_sites(request, here)
    now, cookie, onward = here.clock(), at.cookie(request, here), at.onward(form.get("next") or "/")
    with here.app.database.read() as session:
        found = sessions.find(session, cookie, halfway=True, now=now)
    if found is None:
        return _sign_in_page(request, here, onward, sorry="That took too long: sign in again.", status=400)
    try:
        with here.app.database.write() as session:
            signing_in.knock_with_code(session, found.user.id, secret=here.secret, now=now)
        with here.app.database.write() as session:
            fresh = signing_in.go_on(
                session, cookie, form.get("code")[:64], secret=here.secret, browser=_browser(request), now=now
            )
            signing_in.forgive(session, found.user, secret=here.secret)
    except TooFast as slower:
        return _slower(_code_page(request, here, onward, sorry=str(slower), status=429), slower)
    except BadInput as error:
        with here.app.database.write() as session:
            signing_in.failed(session, found.user.email, now=now)
        return _code_page(request, here, onward, sorry=str(error), status=400)
    return _entered(request, here, Entered(fresh, halfway=False), onward)


@router.post("/sign-out")
def sign_out(request: Request, here: Here, form: Form) -> Response:
    """End this session; where a provider let them in, offer to end its session too."""
    at.refuse_other_sites(request, here)
    sealed = ""
    with here.app.database.write() as session:
        found = sessions.find(session, at.cookie(request, here), now=here.clock())
        if found and form.get("csrf") == found.csrf:
            sealed = found.session.sealed_id_token
            sessions.end(session, found.user, found.session.id, now=here.clock())
    farewell = ""
    if sealed and here.app.settings.openid.issuer:
        back = f"{here.app.settings.public_url}{at.SIGN_IN}"
        farewell = openid.farewell(_provider(here), sealed, back=back, secret=here.secret)
    page = _sign_in_page(request, here, "/", farewell=farewell, done="You are signed out.")
    at.drop_cookie(page, request, here)
    return page


# a link that is good once


@router.get("/welcome/{token}")
def welcome(token: str, request: Request, here: Here) -> Response:
    """Choose a password; looking costs nothing, for mail scanners follow links too."""
    return _welcome_page(token, request, here)


@router.post("/welcome/{token}")
def come_in(token: str, request: Request, here: Here, form: Form) -> Response:
    """Keep the password, and sign in."""
    at.refuse_other_sites(request, here)
    if form.get("password") != form.get("again"):
        return _welcome_page(token, request, here, form, sorry="The two passwords are not the same.")
    now = here.clock()
    try:
        with here.app.database.write() as session:
            words = {"email": form.get("email"), "name": form.get("name")}
            user = keys.use(session, token, form.get("password"), **words, now=now)
            cookie = sessions.begin(session, user, browser=_browser(request), now=now)
    except BadInput as error:
        return _welcome_page(token, request, here, form, sorry=str(error))
    return _entered(request, here, Entered(cookie, halfway=False), "/desk/account")


# through a provider


@router.get("/openid")
def leave(request: Request, here: Here, next: str = "/") -> Response:  # noqa: A002
    """Go to the provider: by a link, for browsers let no form of ours lead elsewhere (CSP form-action)."""
    onward, provider = at.onward(next), _provider(here)
    try:
        provider.door("authorization_endpoint")  # asked outside of the transaction
        with here.app.database.write() as session:
            openid.forget(session, now=here.clock())
            gone = openid.leave(
                session,
                provider,
                back=_back(here),
                browser=at.cookie(request, here, _WAITS),
                goes_to=onward,
                now=here.clock(),
            )
    except NewsletterError as error:
        return _sign_in_page(request, here, onward, sorry=str(error), status=503)
    response = RedirectResponse(gone.to, 303)
    seconds = int(openid.PATIENCE / timedelta(seconds=1))
    at.set_cookie(response, request, here, gone.browser, name=_WAITS, seconds=seconds)
    return response


@router.get("/openid/back")
def come_back(request: Request, here: Here) -> Response:
    """What the provider says."""
    answer, now, provider = dict(request.query_params), here.clock(), _provider(here)
    try:
        with here.app.database.write() as session:
            pending = openid.expected(session, answer, browser=at.cookie(request, here, _WAITS), now=now)
        claims = openid.fetch(provider, answer, pending, back=_back(here))
        with here.app.database.write() as session:
            settings = here.app.settings.openid
            browser = _browser(request)
            entered = openid.enter(session, claims, settings, secret=here.secret, browser=browser, now=now)
    except openid.StartAgain as error:
        if _is_in(request, here):  # reloaded, or the back button: they are in already
            return _to(request, here, "/")
        return _sign_in_page(request, here, "/", sorry=str(error), status=400)
    except NewsletterError as error:
        return _sign_in_page(request, here, "/", sorry=str(error), status=400)
    return _entered(request, here, entered, at.onward(pending.goes_to))


# answers


def _entered(request: Request, here: Ground, entered: Entered, onward: str) -> Response:
    """Into the desk, or to the second factor; always with a new cookie, so that none can be planted."""
    response = _to(request, here, f"/desk/sign-in/code?next={quote(onward, safe='')}" if entered.halfway else onward)
    at.set_cookie(response, request, here, entered.cookie)
    return response


def _to(request: Request, here: Ground, path: str) -> RedirectResponse:
    return RedirectResponse(f"{at.base(request, here)}{path}", 303)


def _sign_in_page(
    request: Request, here: Ground, onward: str, *, email: str = "", sorry: str = "", status: int = 200, **said: str
) -> HTMLResponse:
    settings = here.app.settings.openid
    values = {"onward": onward, "email": email, "sorry": sorry, "provider": settings.issuer and settings.name}
    values |= {"done": "", "farewell": "", **said}
    return here.desk_page("sign_in.html", status=status, base=at.base(request, here), **values)


def _code_page(request: Request, here: Ground, onward: str, *, sorry: str = "", status: int = 200) -> HTMLResponse:
    return here.desk_page("second.html", status=status, base=at.base(request, here), onward=onward, sorry=sorry)


def _welcome_page(
    token: str, request: Request, here: Ground, form: Filled | None = None, *, sorry: str = ""
) -> HTMLResponse:
    with here.app.database.read() as session:
        user = keys.whose(session, token, now=here.clock())
    values: dict[str, Any] = {
        "is_first": user is None,
        "email": user.email if user else form.get("email") if form else "",
        "name": form.get("name") if form else user.name if user else "",
        "shortest": passwords.SHORTEST,
    }
    status = 400 if sorry else 200
    return here.desk_page("welcome.html", status=status, base=at.base(request, here), sorry=sorry, **values)


def _slower(page: HTMLResponse, slower: TooFast) -> HTMLResponse:
    page.headers["Retry-After"] = str(max(1, round(slower.seconds)))
    return page


def _is_in(request: Request, here: Ground) -> bool:
    with here.app.database.read() as session:
        return sessions.find(session, at.cookie(request, here), now=here.clock()) is not None


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _provider(here: Ground) -> Provider:
    """What is known of the provider, kept while the process lives."""
    settings = here.app.settings.openid
    if not settings.issuer:
        raise NotFound("No provider is set up for signing in here.")
    if not settings.client_id:
        raise ConfigError("openid.client_id is missing: set it as the provider knows this install.")
    kept: Provider = here.app.kept.setdefault("openid", Provider(settings))
    return kept


def _back(here: Ground) -> str:
    return f"{here.app.settings.public_url}/desk/openid/back"
