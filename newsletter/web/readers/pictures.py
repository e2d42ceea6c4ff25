"""Pictures of our own, for mails and the pages that show them."""

from fastapi import APIRouter
from fastapi.responses import Response

from newsletter.editions import pictures
from newsletter.errors import NotFound
from newsletter.web.ground import Here

router = APIRouter()

#: a name is of its content, which never changes
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get(f"{pictures.PREFIX}{{name}}")
def picture(name: str, here: Here) -> Response:
    """One of them; it acts in nothing, whatever a browser takes it for."""
    with here.app.database.read() as session:
        found = pictures.find(session, name)
    if found is None:
        raise NotFound("There is no such picture.")
    headers = {
        "Cache-Control": _FOR_EVER,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        # mails show it on pages of other origins
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(found.content, media_type=found.kind, headers=headers)
