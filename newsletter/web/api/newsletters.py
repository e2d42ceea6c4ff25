"""The newsletters of this install: what programs need to know of them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from newsletter import config
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door
from newsletter.web.api.pages import Page, Turn, turn

router = APIRouter(route_class=Door, tags=["Newsletters"])


class Newsletter(BaseModel):
    """A recurring publication."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "friday",
                    "title": "The Friday Five",
                    "from_name": "Retail Technology Weekly",
                    "from_address": "friday@news.example.com",
                    "time_zone": "Europe/London",
                    "language": "en",
                    "lists": ["weekly"],
                    "assembles": "thu 16:00",
                    "sends": "fri 09:00",
                    "stories": 5,
                }
            ]
        }
    )

    name: str = Field(description="Its key under [newsletters.…], by which everything else names it.")
    title: str
    from_name: str
    from_address: str
    time_zone: str
    language: str
    lists: list[str]
    assembles: str = Field(description="When its draft is made, on its own clock.")
    sends: str = Field(description="When it goes out, on its own clock.")
    stories: int = Field(description="How many stories an edition has.")


@router.get("/newsletters", summary="The newsletters")
def list_newsletters(caller: Looks, turn: Annotated[Turn, Depends(turn(str))]) -> Page[Newsletter]:
    """Every newsletter, by name."""
    names = sorted(caller.app.settings.newsletters)
    after = [name for name in names if not turn.after or name > turn.after[0]]
    rows = [caller.app.settings.newsletters[name] for name in after[: turn.fetch]]
    return Page[Newsletter].model_validate(turn.page(rows, _shown, lambda row: (row.slug,)))


def _shown(newsletter: config.Newsletter) -> Newsletter:
    return Newsletter(
        name=newsletter.slug,
        title=newsletter.title,
        from_name=newsletter.from_name,
        from_address=newsletter.from_address,
        time_zone=newsletter.time_zone,
        language=newsletter.language,
        lists=list(newsletter.lists),
        assembles=str(newsletter.assemble),
        sends=str(newsletter.send),
        stories=newsletter.stories,
    )
