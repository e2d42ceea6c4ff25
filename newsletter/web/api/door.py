"""The door that every request of a program passes, in this order: who asks, how often, with what, and whether again."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, get_args, get_origin

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from newsletter.staff.answers import Begun
from newsletter.web.api import bodies, callers, etags, files, problems, repeats
from newsletter.web.api.bodies import Strict
from newsletter.web.api.callers import Caller
from newsletter.web.api.problems import Kind, Problem
from newsletter.web.ground import Ground

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_JSON, _PROBLEM = "application/json", problems.MEDIA_TYPE


class Door(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> _Handler:
        handler = super().get_route_handler()

        async def through(request: Request) -> Response:
            request = Strict(request.scope, request.receive)
            try:
                response = await self._pass(request, handler)
            except Exception as error:
                found = problems.answer(request, error)
                if found is None:
                    raise
                response = found
            response.headers.update(callers.rate_headers(request))
            response.headers.setdefault("Cache-Control", "no-store")
            if link := getattr(request.state, "link", ""):
                response.headers["Link"] = link
            return etags.unchanged(request, response)

        return through

    async def _pass(self, request: Request, handler: _Handler) -> Response:
        _refuse_other_answers(request)
        may, here = callers.needed(self), _ground(request)
        caller: Caller | None = await run_in_threadpool(callers.enter, request, here, may) if may else None
        request.state.caller, request.state.begun = caller, None
        self._refuse_unknown_words(request)
        if caller is not None and files.are_taken(self):
            async with files.brought(request, caller) as digest:
                return await self._answered(request, caller, digest, handler)
        body = await bodies.read(request)
        if caller is None:
            return await handler(request)
        return await self._answered(request, caller, body, handler)

    async def _answered(self, request: Request, caller: Caller, body: bytes, handler: _Handler) -> Response:
        begun = await run_in_threadpool(repeats.begin, request, caller, body, once=_is_once(self))
        if isinstance(begun, Response):
            return begun
        request.state.begun, response = begun, None
        try:
            response = await handler(request)
        except RequestValidationError:
            await self._end(request, caller, None, done=False)
            raise
        except Exception as error:
            response = problems.answer(request, error)
            if response is None:
                raise
            return response
        finally:
            await self._end(request, caller, response)
        return response

    async def _end(self, request: Request, caller: Caller, response: Response | None, *, done: bool = True) -> None:
        """Keep *response* for who asks again; *done* is False where nothing was begun."""
        begun: Begun | None = request.state.begun
        request.state.begun = None
        if begun is not None:
            once = done and _is_once(self)
            await run_in_threadpool(repeats.end, caller, begun, response, once=once)

    def _refuse_unknown_words(self, request: Request) -> None:
        """A filter that is misspelt would be none, and of one given twice one would be forgotten."""
        fields = {field.alias: field for field in _fields(self.dependant)}
        known, seen = set(fields), set()
        for name, value in request.query_params.multi_items():
            bodies.refuse_unkeepable(name)
            bodies.refuse_unkeepable(value)
            if name not in known:
                asks = (
                    f"This asks for {', '.join(sorted(known))}." if known else "This asks for nothing in the address."
                )
                raise Problem(Kind.INVALID, f"{name[:100]}: {asks}", errors=[{"parameter": name[:100], "detail": asks}])
            if name in seen and not _takes_several(fields[name]):
                asks = "This is given twice, and can be one thing only."
                raise Problem(Kind.INVALID, f"{name}: {asks}", errors=[{"parameter": name, "detail": asks}])
            seen.add(name)
        for value in request.path_params.values():
            if isinstance(value, str) and "\0" in value:
                raise Problem(Kind.NOT_FOUND, "There is nothing with that name or number.")


def _fields(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for each in dependant.dependencies:
        yield from _fields(each)


def _takes_several(field: Any) -> bool:
    given = field.field_info.annotation
    return any(get_origin(one) is list for one in (given, *get_args(given)))


def _is_once(route: APIRoute) -> bool:
    return bool(getattr(route.endpoint, "once", False))


def _ground(request: Request) -> Ground:
    ground: Ground = request.app.state.ground
    request.app.state.ground = ground = ground.lately()
    return ground


def _refuse_other_answers(request: Request) -> None:
    """406 for who can't read JSON (RFC 9110 section 12.5.1)."""
    accepts = ",".join(request.headers.getlist("accept")).lower()
    if not accepts.strip():
        return
    for one in accepts.split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        if kind in {"*/*", "application/*", _JSON, _PROBLEM} and not any(_is_never(each) for each in parameters):
            return
    raise Problem(Kind.NOT_ACCEPTABLE, f"What is said here is {_JSON}, and {_PROBLEM} where something is wrong.")


def _is_never(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in {"0.", "0", ""}
