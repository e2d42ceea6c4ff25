"""GET /api/token: what the token that asks is, and what it may."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from newsletter.staff import tokens
from newsletter.staff.roles import May
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door

router = APIRouter(route_class=Door, tags=["Token"])


class Token(BaseModel):
    """A token, without its secret."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 7,
                    "name": "nightly export",
                    "owner": "Eva Ops",
                    "role": "operator",
                    "may": ["look", "send"],
                    "expires_at": "2026-12-24T09:00:00Z",
                }
            ]
        }
    )

    id: int
    name: str
    #: how its owner is called
    owner: str = Field(description="For whom it acts, as the audit log names them.")
    role: str = Field(description="The role of its owner's account.")
    may: list[str] = Field(description="What it may now: its scope, as far as its owner may that too.")
    expires_at: datetime


@router.get("/token", summary="What this token is and may")
def show_token(caller: Looks) -> Token:
    """The token that is shown with this request."""
    token, user = caller.holder.token, caller.holder.user
    may = [tokens.spoken(one) for one in May if caller.may(one)]
    return Token(id=token.id, name=token.name, owner=user.called, role=user.role.value, may=may, expires_at=token.until)
