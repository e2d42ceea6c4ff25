"""The week's articles and pictures among the pages of `newsletter serve`, so that the demo's mails stay whole."""

from collections.abc import Callable

from fastapi import FastAPI, Response

from newsletter.demo import server
from newsletter.demo.server import WEEK, Document


def add(web: FastAPI, base: str) -> None:
    """Let *web*, reached at *base*, answer for everything that the demo's mails link to."""
    for path, document in server.documents(WEEK, base):
        web.add_api_route(path, _answer(document), include_in_schema=False)


def _answer(document: Document) -> Callable[[], Response]:
    def answer() -> Response:
        return Response(document.body, media_type=document.type, headers={"ETag": document.etag})

    return answer
