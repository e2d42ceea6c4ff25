"""Which methods a path answers, for who asked it in another way."""

from fastapi import Request
from starlette.routing import Match


def allowed(request: Request) -> list[str]:
    """Every method that the path of *request* answers (RFC 9110 section 15.5.6)."""
    methods: set[str] = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            methods |= {method, "HEAD"} if method == "GET" else {method}
    return sorted(methods)
