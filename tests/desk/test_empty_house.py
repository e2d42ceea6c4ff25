"""The desk and operations before anything is set up."""

from datetime import datetime

import httpx
import pytest
from fastapi.routing import APIRoute

from newsletter.app import App
from newsletter.web.rooms import INSIDE
from tests.web.site import served

_PAGES = sorted(
    route.path
    for room in INSIDE
    for route in room.router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and "{" not in route.path
)


@pytest.mark.parametrize("path", _PAGES)
def test_no_page_breaks_where_there_is_no_newsletter(app: App, now: datetime, path: str) -> None:
    bare = App(app.settings.model_copy(update={"newsletters": {}}), app.database)
    with served(bare, lambda: now) as site:
        assert site.get(path).status_code < 500


def test_this_week_says_what_is_missing(app: App, now: datetime) -> None:
    bare = App(app.settings.model_copy(update={"newsletters": {}}), app.database)
    with served(bare, lambda: now) as site:
        page: httpx.Response = site.get("/week")
    assert (page.status_code, "newsletters" in page.text) == (409, True)
