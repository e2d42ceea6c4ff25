"""Every table of the product in one metadata, for migrations and for tests of them."""

from typing import Any, Literal

from sqlalchemy import Enum
from sqlalchemy.types import TypeEngine

from newsletter.changes import models as _changes  # noqa: F401  (importing registers the tables)
from newsletter.db import Instant, Model
from newsletter.delivery import models as _delivery  # noqa: F401
from newsletter.editions import models as _editions  # noqa: F401
from newsletter.rendering import models as _rendering  # noqa: F401
from newsletter.staff import models as _staff  # noqa: F401
from newsletter.stories import models as _stories  # noqa: F401
from newsletter.tracking import models as _tracking  # noqa: F401
from newsletter.tracking.links import models as _links  # noqa: F401
from newsletter.tracking.webhooks import models as _webhooks  # noqa: F401
from subscribers.moving import models as _moving  # noqa: F401

metadata = Model.metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write plain SQL types into migrations, so that they do not depend on today's code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    if kind == "type" and isinstance(item, TypeEngine) and item._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False
