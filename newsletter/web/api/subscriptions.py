"""POST /api/subscriptions: a sign-up by a program; the person still has to say yes by mail."""

import asyncio
import time
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsletter.errors import NewsletterError
from newsletter.jobs import joining, wordings
from newsletter.rendering import languages
from newsletter.web.api.problems import MEDIA_TYPE
from newsletter.web.ground import Ground, Here
from newsletter.web.readers.forms import limited
from newsletter.web.readers.joining import STEADY, mailing, origin
from subscribers import signing_up
from subscribers.errors import SubscribersError

router = APIRouter(tags=["Subscriptions"])

_MOST_BYTES = 16 * 1024
_PATH = "/subscriptions"
#: anybody's page may ask: the answer tells nothing, and nothing is sent but a question
_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
_PREFLIGHT = {
    **_ANYWHERE,
    "Allow": "POST, OPTIONS",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}


class Wanted(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid", str_max_length=400)

    email: str
    #: the newsletter's name in the settings; may be left out where there is one
    newsletter: str | None = None
    lists: Annotated[list[str], Field(max_length=50)] = []
    name: str = ""
    language: str = ""
    time_zone: str = ""
    #: what the form is called in the consent history
    form: Annotated[str, Field(max_length=50)] = ""


class Accepted(BaseModel):
    """It was understood; whether the address is known is not told."""

    status: Literal["accepted"]
    message: str


#: what anybody may be answered, as the description tells it
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": Accepted, "description": "It was understood: if it may be mailed, a letter asks the address."},
    **{status: {"$ref": f"#/components/responses/Problem{status}"} for status in (400, 413, 429, 503)},
}
_ASKS = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": Wanted.model_json_schema(),
                "example": {"email": "eva@example.com", "newsletter": "friday", "name": "Eva", "language": "fr"},
            }
        },
    },
}


@router.options(_PATH, include_in_schema=False)
def preflight() -> Response:
    """A browser's question before it posts JSON from another site."""
    return Response(status_code=204, headers=_PREFLIGHT)


@router.post(_PATH, status_code=202, summary="Ask to join", responses=_ANSWERS, openapi_extra=_ASKS)
async def subscribe(request: Request, here: Here) -> JSONResponse:
    """Needs no token. 202 for every address alike; the person still has to say yes by mail."""
    began = time.monotonic()
    raw = b"".join([piece async for piece in limited(request, _MOST_BYTES)])
    answer = await run_in_threadpool(_subscribe, here, raw, origin(request, here))
    await asyncio.sleep(max(0.0, STEADY - (time.monotonic() - began)))
    return answer


def _subscribe(here: Ground, raw: bytes, given_from: str) -> JSONResponse:
    try:
        wanted = Wanted.model_validate_json(raw)
        answer = joining.ask(here.app, _request(here, wanted, given_from), now=here.clock())
    except ValidationError as error:
        return _sorry(400, _sentence(error))
    except (SubscribersError, NewsletterError) as error:
        return _sorry(400, str(error))
    if answer.wait:
        seconds = max(1, round(answer.wait))
        refused = _sorry(429, f"too many requests: try again in {seconds} seconds")
        refused.headers["Retry-After"] = str(seconds)
        return refused
    accepted = _answer(202, status="accepted", message="If it may be mailed, a letter asks this address to confirm.")
    accepted.background = mailing(here)
    return accepted


def _request(here: Ground, wanted: Wanted, given_from: str) -> signing_up.Request:
    newsletter = here.app.newsletter(wanted.newsletter)
    words = languages.choose(wanted.language, newsletter.language)
    return signing_up.Request(
        email=wanted.email,
        newsletter=newsletter.slug,
        lists=wordings.lists(newsletter, wanted.lists),
        wording=wordings.consent(newsletter, words),
        form=f"api: {wanted.form}" if wanted.form else "api",
        name=wanted.name,
        language=wanted.language,
        time_zone=wanted.time_zone,
        page_language=words.tag,
        given_from=given_from,
    )


def _answer(code: int, **body: str) -> JSONResponse:
    return JSONResponse(body, code, dict(_ANYWHERE))


def _sorry(code: int, sentence: str) -> JSONResponse:
    """A problem (RFC 9457); `error` is what was said before there were problems."""
    title = HTTPStatus(code).phrase
    body = {"type": "about:blank", "title": title, "status": code, "detail": sentence, "error": sentence}
    return JSONResponse(body, code, dict(_ANYWHERE), media_type=MEDIA_TYPE)


def _sentence(error: ValidationError) -> str:
    """Where it went wrong and how, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else f"this is not JSON as it is wanted: {first['msg']}"
