"""Who may ask what of the API: the table, held against every route."""

from datetime import datetime

import pytest
from fastapi.routing import APIRoute

from newsletter.app import App
from newsletter.staff.models import Role
from newsletter.staff.roles import ROLES, May
from newsletter.web.api import callers, describing
from newsletter.web.api.door import Door
from newsletter.web.api.rooms import API
from tests.api.conftest import Program, the_doctor_was_here

#: what needs no token: readers ask to join, and their answer tells nothing
_OPEN = {("OPTIONS", "/subscriptions"), ("POST", "/subscriptions")}


def _table() -> dict[tuple[str, str], May | None]:
    """Every route of the API → what one must be allowed to call it."""
    routes = [route for room in API for route in room.router.routes if isinstance(route, APIRoute)]
    return {(method, route.path): callers.needed(route) for route in routes for method in route.methods or ()}


def test_who_may_ask_what() -> None:
    assert {route: may for route, may in _table().items() if route not in _OPEN} == {
        ("GET", "/token"): May.LOOK,
        ("GET", "/newsletters"): May.LOOK,
        ("GET", "/newsletters/{name}/week"): May.LOOK,
        ("GET", "/editions/{edition_id}/stories"): May.LOOK,
        ("GET", "/sources"): May.LOOK,
        ("POST", "/sources"): May.SET,
        ("GET", "/sources/{source_id}"): May.LOOK,
        ("PATCH", "/sources/{source_id}"): May.SET,
        ("DELETE", "/sources/{source_id}"): May.SET,
        ("POST", "/sources/{source_id}/restore"): May.SET,
        ("GET", "/editions"): May.LOOK,
        ("GET", "/editions/{edition_id}"): May.LOOK,
        ("GET", "/editions/{edition_id}/check"): May.LOOK,
        ("GET", "/editions/{edition_id}/mail"): May.LOOK,
        ("GET", "/editions/{edition_id}/words"): May.LOOK,
        ("PUT", "/editions/{edition_id}/words"): May.DRAFT,
        ("POST", "/editions/{edition_id}/approve"): May.APPROVE,
        ("POST", "/editions/{edition_id}/hold"): May.APPROVE,
        ("POST", "/editions/{edition_id}/skip"): May.APPROVE,
        ("POST", "/editions/{edition_id}/reopen"): May.APPROVE,
        ("POST", "/editions/{edition_id}/cancel"): May.APPROVE,
        ("POST", "/editions/{edition_id}/test"): May.DRAFT,
        ("GET", "/editions/{edition_id}/sending"): May.LOOK,
        ("GET", "/editions/{edition_id}/sending/prospect"): May.LOOK,
        ("POST", "/editions/{edition_id}/sending/stop"): May.STOP,
        ("POST", "/editions/{edition_id}/sending/go-on"): May.SEND,
        ("POST", "/editions/{edition_id}/sending/retry"): May.SEND,
        ("POST", "/editions/{edition_id}/sending/resolve"): May.SEND,
        ("GET", "/editions/{edition_id}/copies/{reader}"): May.LOOK,
        ("GET", "/deliveries"): May.LOOK,
        ("POST", "/search/deliveries"): May.LOOK,
        ("POST", "/why"): May.LOOK,
        ("GET", "/editions/{edition_id}/results"): May.LOOK,
        ("GET", "/subscribers"): May.READ_AS,
        ("POST", "/search/subscribers"): May.READ_AS,
        ("POST", "/subscribers"): May.SUPPRESS,
        ("GET", "/subscribers/{number}"): May.READ_AS,
        ("PATCH", "/subscribers/{number}"): May.SUPPRESS,
        ("POST", "/subscribers/{number}/unsubscribe"): May.SUPPRESS,
        ("DELETE", "/subscribers/{number}"): May.SUPPRESS,
        ("GET", "/lists"): May.LOOK,
        ("POST", "/lists"): May.SET,
        ("GET", "/segments"): May.LOOK,
        ("GET", "/suppressions"): May.READ_AS,
        ("POST", "/suppressions"): May.SUPPRESS,
        ("POST", "/suppressions/lift"): May.SUPPRESS,
        ("GET", "/bounces"): May.LOOK,
        ("GET", "/bounces/{number}"): May.READ_AS,
        ("POST", "/bounces/{number}/judge"): May.SUPPRESS,
        ("POST", "/bounces/{number}/take-back"): May.SUPPRESS,
        ("GET", "/alarms"): May.LOOK,
        ("GET", "/alarms/open"): May.LOOK,
        ("GET", "/scheduler"): May.LOOK,
        ("POST", "/scheduler/{name}/begin"): May.SET,
        ("GET", "/doctor"): May.LOOK,
        ("POST", "/doctor/look"): May.SET,
        ("GET", "/acts"): May.STAFF,
        ("POST", "/imports"): May.SUPPRESS,
        ("GET", "/imports/{number}"): May.SUPPRESS,
        ("DELETE", "/imports/{number}"): May.SUPPRESS,
        ("POST", "/imports/{number}/read"): May.SUPPRESS,
        ("POST", "/imports/{number}/go"): May.SUPPRESS,
        ("POST", "/imports/{number}/stop"): May.SUPPRESS,
        ("GET", "/imports/{number}/left-out"): May.SUPPRESS,
        ("GET", "/webhooks"): May.LOOK,
        ("POST", "/webhooks"): May.SET,
        ("GET", "/webhooks/{number}"): May.LOOK,
        ("DELETE", "/webhooks/{number}"): May.SET,
        ("POST", "/webhooks/{number}/replay"): May.SET,
        ("POST", "/webhooks/{number}/rotate"): May.SET,
        ("POST", "/webhooks/{number}/enable"): May.SET,
        ("POST", "/webhooks/{number}/disable"): May.SET,
    }


def test_a_route_without_a_role_is_for_readers() -> None:
    assert {route for route, may in _table().items() if may is None} == _OPEN


def test_every_route_with_a_role_passes_the_door() -> None:
    routes = [route for room in API for route in room.router.routes if isinstance(route, APIRoute)]
    assert [route.path for route in routes if callers.needed(route) and not isinstance(route, Door)] == []


def test_the_description_names_the_scope_of_each_operation() -> None:
    described = describing.description("https://news.example.com")["paths"]
    said = {
        (method.upper(), path): [scope for one in operation["security"] for scope in one["token"]]
        for path, operations in described.items()
        for method, operation in operations.items()
    }
    wanted = {route: [may.name.lower()] if may else [] for route, may in _table().items() if route[0] != "OPTIONS"}
    assert said == wanted


@pytest.mark.parametrize("role", list(Role))
def test_each_role_comes_in_where_the_table_says_and_nowhere_else(
    app: App, program: Program, role: Role, now: datetime
) -> None:
    with app.database.write() as session:
        the_doctor_was_here(session, now)
    asking = program(role)
    refused = {
        route
        for route in _table()
        if route not in _OPEN
        and asking.request(route[0], route[1].replace("{", "").replace("}", ""), json={}).status_code == 403
    }
    assert refused == {route for route, may in _table().items() if may is not None and may not in ROLES[role]}
