"""One change of one setting."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Id, Instant, Model


class Change(Model):
    """A setting was given a value, or given back to newsletter.toml; never altered. Of one key the newest counts."""

    __tablename__ = "setting_change"
    __table_args__ = (Index(None, "key", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: who of the staff, as they were called then, and by which door
    who: Mapped[str] = mapped_column(String(320))
    door: Mapped[str] = mapped_column(String(16))
    #: "newsletters.friday.send"; "template friday" is which version of it is in use
    key: Mapped[str] = mapped_column(String(200))
    #: as JSON; empty: what the file says counts again
    value: Mapped[str] = mapped_column(Text, default="")
