"""Events, stored for ever and once, whether or not they moved anything."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model


class Event(Model):
    """Something heard about a delivery, in the provider's words, without the address."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("provider", "provider_event_id"),
        Index(None, "edition_id", "subscriber_id"),
        Index(None, "attempt"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    provider_event_id: Mapped[str] = mapped_column(String(128))
    #: the provider's word: "delivered", "bounce", "open", or one we have not met yet
    kind: Mapped[str] = mapped_column(String(64))
    #: the provider's clock
    at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    #: None where the event named none (a late bounce carries only an address)
    edition_id: Mapped[int | None] = mapped_column(Id)
    subscriber_id: Mapped[int | None] = mapped_column(Id)
    attempt: Mapped[str] = mapped_column(String(32), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    #: the whole event, less the address
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class Watermark(Model):
    """The newest event time heard from a provider; moved in the transaction that stores the events."""

    __tablename__ = "watermark"

    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: when the hook last answered anything but 2xx; the provider retries, so late evidence is still coming
    trouble_at: Mapped[datetime | None] = mapped_column(Instant)
