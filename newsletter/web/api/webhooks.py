"""Addresses of other programs that are told what happens: added, looked at, told again, switched off, removed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from newsletter.jobs import telling
from newsletter.tracking.webhooks import endpoints
from newsletter.tracking.webhooks.models import Endpoint, Tried
from newsletter.web.api import problems
from newsletter.web.api.callers import Caller, Looks, Sets
from newsletter.web.api.door import Door
from newsletter.web.api.fields import AMoment, ANumber, Flag, Link, Number, Reason
from newsletter.web.api.repeats import once

router = APIRouter(route_class=Door, tags=["Webhooks"])

_EXAMPLE: dict[str, Any] = {
    "id": 2,
    "url": "https://crm.example.com/newsletter",
    "newsletter": "",
    "events": ["edition.*", "delivery.bounced"],
    "stands": "on",
    "enabled": True,
    "waiting": 0,
    "made_by": "Olga (crm)",
    "made_at": "2026-11-20T09:00:00Z",
}


class WebhookShown(BaseModel):
    """An address that is told what happens."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    url: str
    newsletter: str = Field(description="Told of this newsletter alone; empty: of all.")
    events: list[str]
    stands: str = Field(description="How it stands, in words.")
    enabled: bool
    waiting: int = Field(description="How many happenings it has not been told yet.")
    made_by: str
    made_at: datetime


class Webhooks(BaseModel):
    """All of them."""

    items: list[WebhookShown]


class WebhookPost(BaseModel):
    """A post that was made, and the answer."""

    at: datetime
    happening: int | None = Field(description="Null for a test.")
    type: str
    message_id: str
    attempt: int
    status: int | None = Field(description="Null where no answer came.")
    words: str
    seconds: float


class WebhookFound(WebhookShown):
    """One of them, with its last posts."""

    posts: list[WebhookPost] = Field(description="The newest first.")


class NewWebhook(BaseModel):
    """Who shall be told what from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://crm.example.com/newsletter", "events": ["edition.*", "delivery.bounced"]}]
        },
    )

    url: Annotated[Link, StringConstraints(min_length=1)] = Field(description="Over https.")
    events: Annotated[list[Annotated[str, StringConstraints(max_length=32)]], Field(max_length=50)] = Field(
        default=[], description="As `newsletter webhooks kinds` lists them, or edition.*; left out: all."
    )
    newsletter: Annotated[str, StringConstraints(max_length=64)] = ""


class WebhookMade(WebhookShown):
    """With the secret that signs its posts, which is shown this once."""

    secret: str


class WebhookReplay(BaseModel):
    """From where on it is told again: one of both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"since": "2026-11-27T09:00:00Z"}]})

    since: AMoment | None = None
    happening: ANumber | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "WebhookReplay":
        if (self.since is None) is (self.happening is None):
            raise ValueError("say from where: since a time, or from a happening's number")
        return self


class WebhookReplayed(BaseModel):
    """How many happenings it is told again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"happenings": 12}]})

    happenings: int


class WebhookRotation(BaseModel):
    """How the secret before ends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"at_once": False}]})

    at_once: Flag = Field(default=False, description="It is in the wrong hands: else it signs too for a day.")


class WebhookOff(BaseModel):
    """Why it is switched off."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "their server is moved"}]})

    why: Reason = ""


@router.get("/webhooks", summary="The webhooks")
def list_webhooks(caller: Looks) -> Webhooks:
    """All of them; there are twenty at most."""
    with caller.app.database.read() as session:
        return Webhooks(items=[_shown(session, one, caller) for one in endpoints.all_of_them(session)])


@router.post("/webhooks", status_code=201, summary="Add a webhook", responses=problems.may_be(404))
@once
def add_webhook(new: NewWebhook, caller: Sets) -> WebhookMade:
    """Tell an address what happens from now on; the answer has the secret that signs the posts."""
    made = telling.add(
        caller.app, new.url, wanted=new.events, newsletter=new.newsletter, by=caller.doer, now=caller.now
    )
    return _secret(caller, made)


@router.get("/webhooks/{number}", summary="One webhook")
def show_webhook(number: Number, caller: Looks) -> WebhookFound:
    """How it stands, and its last fifty posts with their answers."""
    with caller.app.database.read() as session:
        shown = _shown(session, endpoints.get(session, number), caller)
        posts = [_posted(one) for one in endpoints.tried(session, number)]
    return WebhookFound(**shown.model_dump(), posts=posts)


@router.delete("/webhooks/{number}", status_code=204, summary="Remove a webhook")
def remove_webhook(number: Number, caller: Sets) -> None:
    """It is told nothing more, and forgotten."""
    with caller.app.database.write() as session:
        endpoints.remove(session, endpoints.get(session, number), by=caller.doer, now=caller.now)


@router.post("/webhooks/{number}/replay", summary="Tell it again")
def replay_webhook(number: Number, again: WebhookReplay, caller: Sets) -> WebhookReplayed:
    """What happened since a time, or from a happening on, with the ids that it had; further on leaves out."""
    with caller.app.database.write() as session:
        endpoint = endpoints.get(session, number)
        count = endpoints.replay(
            session, endpoint, since=again.since, number=again.happening, by=caller.doer, now=caller.now
        )
    return WebhookReplayed(happenings=count)


@router.post("/webhooks/{number}/rotate", summary="A new secret")
@once
def rotate_webhook(number: Number, rotation: WebhookRotation, caller: Sets) -> WebhookMade:
    """The answer has it; it is shown this once."""
    made = telling.rotate(caller.app, number, at_once=rotation.at_once, by=caller.doer, now=caller.now)
    return _secret(caller, made)


@router.post("/webhooks/{number}/enable", summary="Switch a webhook on")
def enable_webhook(number: Number, caller: Sets) -> WebhookShown:
    """It goes on where it stopped, or what waits for its next try is tried at once."""
    with caller.app.database.write() as session:
        endpoint = endpoints.get(session, number)
        endpoints.enable(session, endpoint, by=caller.doer, now=caller.now)
        return _shown(session, endpoint, caller)


@router.post("/webhooks/{number}/disable", summary="Switch a webhook off")
def disable_webhook(number: Number, off: WebhookOff, caller: Sets) -> WebhookShown:
    """It is told nothing until it is switched on; what happens meanwhile waits for it, for thirty days."""
    with caller.app.database.write() as session:
        endpoint = endpoints.get(session, number)
        endpoints.disable(session, endpoint, by=caller.doer, why=off.why, now=caller.now)
        return _shown(session, endpoint, caller)


def _secret(caller: Caller, made: endpoints.Secret) -> WebhookMade:
    with caller.app.database.read() as session:
        shown = _shown(session, made.endpoint, caller)
    return WebhookMade(**shown.model_dump(), secret=made.secret)


def _shown(session: Session, one: Endpoint, caller: Caller) -> WebhookShown:
    return WebhookShown(
        id=one.id,
        url=one.url,
        newsletter=one.newsletter,
        events=one.kinds,
        stands=endpoints.stands(one, now=caller.now),
        enabled=one.disabled_at is None,
        waiting=endpoints.newest(session) - one.cursor,
        made_by=one.made_by,
        made_at=one.made_at,
    )


def _posted(one: Tried) -> WebhookPost:
    return WebhookPost(
        at=one.at, happening=one.happening_id, type=one.type, message_id=one.message_id, attempt=one.number,
        status=one.status, words=one.words, seconds=one.seconds,
    )  # fmt: skip
