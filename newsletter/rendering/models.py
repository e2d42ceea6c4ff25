"""The proof of an edition: the bytes that were approved and will be sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model
from newsletter.editions.models import Edition


class Proof(Model):
    """One edition as rendered for approval, with slots where readers differ; never altered."""

    __tablename__ = "proof"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.id, ondelete="CASCADE"), index=True)
    #: the edition's revision it was made from
    revision: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    html: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[bytes] = mapped_column(LargeBinary)
    #: what is counted of it, as `counted.Counting` says it; empty is nothing
    tracking: Mapped[str] = mapped_column(String(40), default="", server_default="")
    #: SHA-256 over subject, html, text and what is counted, in hex
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Instant)
