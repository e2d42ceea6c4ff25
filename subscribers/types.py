"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, TypeDecorator

#: SQLite gives row ids only to a column declared exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; a naive datetime is refused, because nobody could say which moment it is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; pass an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant_text(at: datetime, dialect: str) -> str:
    """*at* as text, as SQLite keeps it or PostgreSQL reads it, for statements past SQLAlchemy's own types."""
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            raise ValueError(f"{at!r} has no time zone; pass an aware datetime")
        at = at.astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect == "sqlite" else at.isoformat()


def choice(kind: type[StrEnum]) -> Enum:
    """Store *kind* by its value, in a plain VARCHAR, so that adding a member needs no migration."""
    return Enum(kind, native_enum=False, length=24, create_constraint=False, values_callable=_values)


def _values(kind: Any) -> list[str]:
    return [member.value for member in kind]
