"""Whose mail servers people are at: the domain of an address, worked out inside the database."""

from sqlalchemy import ColumnElement, case, func
from sqlalchemy.orm import Session

from .models import Subscriber

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_YAHOO = frozenset({"ymail.com", "rocketmail.com", "myyahoo.com", "aol.com", "aim.com", "verizon.net"})


def is_gmail(domain: str) -> bool:
    """Whether Gmail's rules hold there."""
    return domain in _GMAIL


def is_yahoo(domain: str) -> bool:
    """Whether Yahoo's rules hold there: yahoo of any country, and what it took over."""
    return domain in _YAHOO or domain.startswith("yahoo.")


def domain(session: Session) -> ColumnElement[str]:
    """What stands behind the @ of a subscriber's address; empty for who is not here any more, by an outer join."""
    key = Subscriber.email_key
    at = func.instr(key, "@") if session.get_bind().dialect.name == "sqlite" else func.strpos(key, "@")
    return case((key.is_(None), ""), else_=func.substr(key, at + 1))
