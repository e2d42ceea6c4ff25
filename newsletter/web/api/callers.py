"""Which program asks, for whom, and whether it may: by a bearer token alone, never by a cookie."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.datastructures import State

from newsletter.app import App
from newsletter.staff import acts, tokens
from newsletter.staff.acts import Doer
from newsletter.staff.roles import May
from newsletter.staff.tokens import Counted, Holder
from newsletter.web.api.problems import Kind, Problem
from newsletter.web.ground import Ground
from subscribers.doorway import Allowance

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,512}) *", re.IGNORECASE)
_REALM = 'Bearer realm="newsletter"'
#: seconds in which the requests of a token are counted, and the name of that rule in its headers
_WINDOW, _POLICY = 60, "token"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that may do what it asks for."""

    ground: Ground
    holder: Holder
    #: the token's own words
    token: str
    #: when it asked
    now: datetime
    #: what the door keeps of the request
    state: State

    @property
    def app(self) -> App:
        return self.ground.app

    @property
    def doer(self) -> Doer:
        """Who the audit log names."""
        return self.holder.doer

    def may(self, what: May) -> bool:
        """Whether it may do that."""
        return what in self.holder.may

    def note(self, session: Session, did: str, what: str = "", **details: Any) -> None:
        """Write down in the audit log that it *did* something to *what*."""
        acts.note(session, self.doer, did, what, now=self.now, **details)


def calls(what: May) -> Callable[..., Caller]:
    """A route's door for who may do *what*."""

    def caller(request: Request) -> Caller:
        found: Caller = request.state.caller
        return found

    caller.may = what  # type: ignore[attr-defined]  # the door, the table of roles and the description read it
    return caller


def needed(route: APIRoute) -> May | None:
    """What one must be allowed to call *route*; None: nothing."""
    return next((may for each in route.dependant.dependencies if (may := getattr(each.call, "may", None))), None)


def enter(request: Request, ground: Ground, what: May) -> Caller:
    """Who asks, and for what they may *what*; raises Problem 401, 403 and 429. The request is counted."""
    ground, now, given = ground.now(), ground.clock(), _given(request)
    with ground.app.database.read() as session:
        holder = tokens.find(session, given, now=now)
    if holder is None:
        raise _unauthorized("That token is not right, or is not good any more.", error="invalid_token")
    request.state.rate = _counted(ground, holder, now)
    counted: Counted = request.state.rate[1]
    if counted.wait:
        most = ground.app.settings.api.per_minute
        wait = {"Retry-After": str(counted.wait)}
        sentence = f"A token may ask {most} times in a minute: wait {counted.wait} s."
        raise Problem(Kind.TOO_MANY, sentence, headers=wait, **{"violated-policies": [_POLICY]})
    if what not in holder.may:
        scope = tokens.spoken(what)
        asks = {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'}
        sentence = f"This token may not {what.value}: its scope has no {scope}, or its owner may not."
        raise Problem(Kind.FORBIDDEN, sentence, headers=asks)
    return Caller(ground, holder, given, now, request.state)


def rate_headers(request: Request) -> dict[str, str]:
    """How much of its rate the token of *request* has left (draft-ietf-httpapi-ratelimit-headers-10)."""
    found: tuple[int, Counted] | None = getattr(request.state, "rate", None)
    if found is None:
        return {}
    most, counted = found
    return {
        "RateLimit-Policy": f'"{_POLICY}";q={most};w={_WINDOW}',
        "RateLimit": f'"{_POLICY}";r={counted.left};t={counted.full_in}',
    }


def _counted(ground: Ground, holder: Holder, now: datetime) -> tuple[int, Counted]:
    most = ground.app.settings.api.per_minute
    with ground.app.database.write() as session:
        if not ground.app.database.is_sqlite:
            # a crash may forget a few requests: nobody waits for the disk for that
            session.execute(text("SET LOCAL synchronous_commit = off"))
        return most, tokens.count(session, holder.token, Allowance(most, _WINDOW), now=now)


def _given(request: Request) -> str:
    said = request.headers.getlist("authorization")
    found = _BEARER.fullmatch(said[0]) if len(said) == 1 else None
    if found is None:
        # RFC 6750 section 3.1: who said nothing is told no more than how to
        raise _unauthorized("Bring a token: Authorization: Bearer …; newsletter api token make makes one.")
    return found[1]


def _unauthorized(sentence: str, *, error: str = "") -> Problem:
    asks = f'{_REALM}, error="{error}"' if error else _REALM
    return Problem(Kind.UNAUTHORIZED, sentence, headers={"WWW-Authenticate": asks})


Looks = Annotated[Caller, Depends(calls(May.LOOK))]
Reads = Annotated[Caller, Depends(calls(May.READ_AS))]
Drafts = Annotated[Caller, Depends(calls(May.DRAFT))]
Approves = Annotated[Caller, Depends(calls(May.APPROVE))]
Stops = Annotated[Caller, Depends(calls(May.STOP))]
Sends = Annotated[Caller, Depends(calls(May.SEND))]
Sets = Annotated[Caller, Depends(calls(May.SET))]
Suppresses = Annotated[Caller, Depends(calls(May.SUPPRESS))]
Oversees = Annotated[Caller, Depends(calls(May.STAFF))]
