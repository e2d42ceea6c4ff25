"""Addresses like one that nobody here has: a slip of the pen away. For operators alone, who may see any of them."""

import json
from collections.abc import Iterator

from sqlalchemy import ARRAY, ColumnElement, String, bindparam, column, func, select
from sqlalchemy.orm import Session

from . import addresses
from .models import Subscriber

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
#: endings that are taken for one another
_ENDINGS = (".com", ".org", ".net", ".de", ".fr", ".co.uk", ".co", ".eu", ".io", ".ch", ".at")
#: two names of one house
_HOUSES = (("gmail.com", "googlemail.com"), ("hotmail.com", "outlook.com"), ("icloud.com", "me.com"))
#: a longer one has so many neighbours that looking for them all would take too long
_LONGEST = 80


def near(session: Session, address: str, *, limit: int = 3) -> list[str]:
    """Addresses of people here that *address* may have meant, the likeliest first; one query, and no scan.

    One letter missing, added, wrong or in another place; another ending, another name of the same house, a tag.
    """
    key = addresses.key(address)
    if "@" not in key or len(key) > _LONGEST:
        return []
    places = {neighbour: place for place, neighbour in reversed(list(enumerate(_neighbours(key))))}
    places.pop(key, None)
    # one parameter, however many: two thousand take longer to read than to look up
    values: object = sorted(places)
    matching: ColumnElement[bool]
    if session.get_bind().dialect.name == "sqlite":
        values = json.dumps(values)
        matching = Subscriber.email_key.in_(select(column("value")).select_from(func.json_each(bindparam("keys"))))
    else:
        matching = Subscriber.email_key == func.any(bindparam("keys", type_=ARRAY(String)))
    found = session.execute(select(Subscriber.email_key, Subscriber.email).where(matching), {"keys": values}).all()
    return [email for _, email in sorted(found, key=lambda row: (places[row[0]], row[0]))][:limit]


def _neighbours(key: str) -> Iterator[str]:
    local, _, domain = key.rpartition("@")
    yield from (f"{local}@{other}" for other in _domains(domain))
    yield f"{local.partition('+')[0]}@{domain}"
    yield from (f"{local}@{other}" for other in _slips(domain) if "." in other)
    yield from (f"{other}@{domain}" for other in _slips(local) if other)
    # both at once, where each alone is likely
    yield from (f"{local.partition('+')[0]}@{other}" for other in _domains(domain))


def _domains(domain: str) -> Iterator[str]:
    for one, other in _HOUSES:
        if domain in (one, other):
            yield other if domain == one else one
    for ending in _ENDINGS:
        if domain.endswith(ending):
            yield from (domain.removesuffix(ending) + other for other in _ENDINGS if other != ending)
    yield domain.removeprefix("www.").removeprefix("mail.")


def _slips(word: str) -> Iterator[str]:
    """*word* with one letter out of place, missing, wrong, or too many: the likeliest slips first."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    yield from (head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1)
    yield from (head + tail[1:] for head, tail in parts if tail)
    yield from (head + letter + tail for head, tail in parts for letter in _LETTERS)
    yield from (head + letter + tail[1:] for head, tail in parts if tail for letter in _LETTERS)
