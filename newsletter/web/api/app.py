"""The API put together: an ASGI app of its own below /api, where everything that goes wrong is a problem."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from newsletter.errors import NewsletterError
from newsletter.web.api import describing, problems
from newsletter.web.api.problems import Kind, Problem
from newsletter.web.api.rooms import API
from newsletter.web.ground import Ground
from newsletter.web.methods import allowed
from subscribers.errors import SubscribersError

#: where all of it stands
PREFIX = "/api"
_EXPECTED = (
    *(Problem, NewsletterError, SubscribersError, HTTPException, RequestValidationError),
    *(DBAPIError, OverflowError, PoolTimeout),
)


def create(ground: Ground) -> FastAPI:
    """The API on *ground*."""
    api = FastAPI(title="newsletter", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    api.state.ground = ground
    for room in API:
        api.include_router(room.router)
    api.add_api_route("/openapi.json", _description, include_in_schema=False)
    api.add_api_route("/problems", _kinds, include_in_schema=False)
    for kind in _EXPECTED:
        api.add_exception_handler(kind, mistake)
    api.add_exception_handler(Exception, problems.failed)
    return api


async def mistake(request: Request, error: Exception) -> Response:
    """The answer to *error*; raises it where it is a fault of ours."""
    if isinstance(error, HTTPException) and error.status_code == 404:
        error = Problem(Kind.NOT_FOUND, f"There is nothing here: {PREFIX}/openapi.json tells what there is.")
    elif isinstance(error, HTTPException) and error.status_code == 405:
        ways = {"Allow": ", ".join(allowed(request))}
        error = Problem(Kind.METHOD, f"This can be asked by {ways['Allow']} alone.", headers=ways)
    answer = problems.answer(request, error)
    if answer is None:
        raise error
    return answer


def _description(request: Request) -> Response:
    """OpenAPI 3.1, for everybody: it tells what can be asked, and nothing that was said."""
    public_url = request.app.state.ground.app.settings.public_url
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return JSONResponse(describing.description(public_url), headers=headers)


def _kinds(request: Request) -> Response:
    """What the types of problems mean."""
    public_url = request.app.state.ground.app.settings.public_url
    kinds = [
        {"type": problems.type_of(kind, public_url), "title": problems.title_of(kind), "status": problems.STATUS[kind]}
        for kind in Kind
    ]
    return JSONResponse(kinds, headers={"Cache-Control": "public, max-age=300"})
