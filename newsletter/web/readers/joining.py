"""Joining: the sign-up page, what an embedded form posts to, and the page behind a confirmation link."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadData, URLSafeSerializer
from starlette.background import BackgroundTask

from newsletter import logs
from newsletter.config import Newsletter
from newsletter.errors import NotFound
from newsletter.jobs import correspondence, invitations, joining, wordings
from newsletter.jobs.joining import Answer
from newsletter.rendering import languages
from newsletter.rendering.languages import Words
from newsletter.web.ground import Ground, Here
from newsletter.web.readers import origins
from newsletter.web.readers.forms import Filled, Form
from subscribers import signing_up
from subscribers.errors import BadAddress, SubscribersError

log = logs.get_logger(__name__)
router = APIRouter()

#: seconds after which every request is answered, so that nobody can tell by the clock what was done with it
STEADY = 0.15
#: seconds for which a form that was opened may be sent
_OPEN = 24 * 3600
#: a field that people don't see, and machines fill in
TRAP = "website"


@dataclass(frozen=True, slots=True)
class Filling:
    """A sign-up form as it was filled in, to be shown again where something is wrong with it."""

    email: str = ""
    name: str = ""
    lists: tuple[str, ...] = ()
    #: when it was shown, signed
    seen: str = ""


@router.get("/join")
def choose(here: Here) -> Response:
    """Which newsletter to sign up for; where there is one, its page."""
    newsletters = here.app.settings.newsletters
    if len(newsletters) == 1:
        return RedirectResponse(f"{here.base}/join/{next(iter(newsletters))}", 303)
    return here.page("newsletters.html", words=here.words(), newsletters=list(newsletters.values()))


@router.get("/join/{slug}")
def show(slug: str, here: Here, lang: str = "") -> HTMLResponse:
    """The sign-up page of a newsletter."""
    newsletter = _newsletter(here, slug)
    return _form(here, newsletter, _words(newsletter, lang), Filling())


@router.post("/join/{slug}")
async def join(slug: str, request: Request, here: Here, form: Form, lang: str = "") -> HTMLResponse:
    """Take a request from our page or from a form on somebody else's; the answer is the same for every address."""
    newsletter = _newsletter(here, slug)
    words = _words(newsletter, form.get("lang") or lang)
    began = time.monotonic()
    answer = await run_in_threadpool(_join, here, newsletter, words, form, origin(request, here))
    await asyncio.sleep(max(0.0, STEADY - (time.monotonic() - began)))
    return answer


@router.get("/c/{token}")
def ask(token: str, here: Here) -> HTMLResponse:
    """Ask whether the person really wants to be on these lists."""
    invitation = invitations.read(here.app.settings, token, now=here.clock())
    with here.app.database.read() as session:
        titles = joining.titles(session, invitation)
        words = _their_words(here, joining.language(session, invitation), invitation.lists)
    return here.page("confirm.html" if titles else "gone.html", words=words, titles=titles)


@router.post("/c/{token}")
def confirm(token: str, request: Request, here: Here) -> HTMLResponse:
    """Confirm what waits; again does no harm, and an old link does not bring back who has left since."""
    invitation = invitations.read(here.app.settings, token, now=here.clock())
    joined = joining.confirm(here.app, invitation, given_from=origin(request, here), now=here.clock())
    with here.app.database.read() as session:
        titles = joining.list_titles(session, joined.lists)
        words = _their_words(here, joining.language(session, invitation), invitation.lists)
    if not titles or joined.subscriber_id is None:
        return here.page("gone.html", words=words)
    page = here.page("confirmed.html", words=words, titles=titles, token=here.token(joined.subscriber_id))
    page.background = mailing(here)
    return page


def origin(request: Request, here: Ground) -> str:
    """From which address on the network *request* came."""
    return origins.of(request, here.app.settings.sign_up.proxies)


def mailing(here: Ground) -> BackgroundTask:
    """Mail what was asked for as soon as the page is out; what fails here the scheduler does later."""
    return BackgroundTask(_mail, here)


def _join(here: Ground, newsletter: Newsletter, words: Words, form: Filled, given_from: str) -> HTMLResponse:
    filling = Filling(form.get("email"), form.get("name"), tuple(form.all("lists")), form.get("seen"))
    if form.get(TRAP):
        log.info("sign_up.trapped", newsletter=newsletter.slug)
        return _asked(here, newsletter, words, filling.email)
    name_of_form, wrong = _look(here, newsletter, words, form)
    if wrong:
        return _form(here, newsletter, words, filling, wrong=wrong, status=400)
    try:
        answer = joining.ask(here.app, _request(newsletter, words, filling, name_of_form, given_from), now=here.clock())
    except SubscribersError as error:
        where = "email" if isinstance(error, BadAddress) else "name"
        wrong = words.text("Please look at the address again.") if where == "email" else str(error)
        return _form(here, newsletter, words, filling, wrong=wrong, field=where, status=400)
    return _answered(here, newsletter, words, filling.email, answer)


def _answered(here: Ground, newsletter: Newsletter, words: Words, email: str, answer: Answer) -> HTMLResponse:
    if answer.wait:
        page = here.page("busy.html", status=429, words=words, newsletter=newsletter)
        page.headers["Retry-After"] = str(max(1, round(answer.wait)))
        return page
    page = _asked(here, newsletter, words, email)
    page.background = mailing(here)
    return page


def _request(
    newsletter: Newsletter, words: Words, filling: Filling, name_of_form: str, given_from: str
) -> signing_up.Request:
    return signing_up.Request(
        email=filling.email,
        newsletter=newsletter.slug,
        lists=wordings.lists(newsletter, filling.lists),
        wording=wordings.consent(newsletter, words),
        form=name_of_form,
        name=filling.name,
        page_language=words.tag,
        given_from=given_from,
    )


def _look(here: Ground, newsletter: Newsletter, words: Words, form: Filled) -> tuple[str, str]:
    """The name of the form it came from, and what is wrong with the way it came."""
    if label := form.get("form"):
        known = wordings.read_form(here.app.settings, newsletter, label)
        return (f"form: {known}", "") if known is not None else ("", words.text("Please press the button once more."))
    age = _age(here, form.get("seen"))
    if age is None or age > _OPEN:
        return "", words.text("Please press the button once more.")
    if age < here.app.settings.sign_up.least_seconds:
        return "", words.text("That was very quick. Please press the button once more.")
    return "sign-up page", ""


def _form(
    here: Ground, newsletter: Newsletter, words: Words, filling: Filling, *, wrong: str = "", field: str = "",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    seen = filling.seen if _is_open(here, filling.seen) else _stamp(here)
    with here.app.database.read() as session:
        titles = joining.titles_by_slug(session, newsletter.lists)
    return here.page(
        "join.html",
        status=status,
        words=words,
        newsletter=newsletter,
        consent=wordings.consent(newsletter, words),
        titles=titles,
        filling=filling,
        seen=seen,
        trap=TRAP,
        wrong=wrong,
        field=field,
        tongues={tag: languages.name(tag) for tag in languages.available() if tag != words.tag},
    )


def _asked(here: Ground, newsletter: Newsletter, words: Words, email: str) -> HTMLResponse:
    return here.page("asked.html", words=words, newsletter=newsletter, email=email.strip()[:320])


def _mail(here: Ground) -> None:
    try:
        correspondence.answer(here.app, clock=here.clock, grace=correspondence.AT_ONCE)
    except Exception:
        log.exception("letters.failed")


def _newsletter(here: Ground, slug: str) -> Newsletter:
    newsletter = here.app.settings.newsletters.get(slug)
    if newsletter is None:
        raise NotFound("There is no such newsletter here.")
    return newsletter


def _words(newsletter: Newsletter, lang: str) -> Words:
    return languages.choose(lang, newsletter.language)


def _their_words(here: Ground, language: str, lists: Sequence[str]) -> Words:
    """The language of who opened a link: their own, else that of the newsletter that goes to the lists."""
    newsletters = here.app.settings.newsletters.values()
    of_list = [one.language for one in newsletters if not set(lists).isdisjoint(one.lists)]
    return languages.choose(language, *of_list)


def _stamp(here: Ground) -> str:
    return _seeing(here).dumps(int(here.clock().timestamp() * 1000))


def _age(here: Ground, seen: str) -> float | None:
    """Seconds since the form was shown; None where that can't be told."""
    try:
        return here.clock().timestamp() - int(_seeing(here).loads(seen)) / 1000
    except (BadData, TypeError, ValueError):
        return None


def _is_open(here: Ground, seen: str) -> bool:
    age = _age(here, seen)
    return age is not None and age <= _OPEN


def _seeing(here: Ground) -> URLSafeSerializer:
    return URLSafeSerializer(here.secret, salt="newsletter.web.readers.seen")
