"""A span for each request that comes in, named by its route: no path and no query, which hold readers' tokens."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter import traces


class Traced:
    """Wraps all pages; put on only where somebody wants to know."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # whoever sends a header says nothing of where we belong: a request begins a trace of its own
        with traces.span(scope["method"], **{"http.request.method": scope["method"]}) as asked:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = message["status"]
                    asked.tell(**{"http.response.status_code": status})
                    if status >= 500:
                        asked.failed(str(status))
                await send(message)

            try:
                await self._app(scope, receive, noting)
            finally:
                # what no route takes stays unnamed, whatever was asked for
                if route := getattr(scope.get("route"), "path", ""):
                    asked.name(f"{scope['method']} {route}")
                    asked.tell(**{"http.route": route})
