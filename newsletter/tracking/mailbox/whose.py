"""Whose copy a letter is about, and how well that is proven: anybody can write to a mailbox, and write anything."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.errors import BadInput
from newsletter.rendering import links
from newsletter.tracking import copies
from newsletter.tracking.bounces.judgement import Judgement
from subscribers import addresses, readdressing
from subscribers.models import Subscriber

_AT_ONCE = 1000


class KnownBy(StrEnum):
    """How we know."""

    #: it came to the copy's own return address, which is signed
    TOKEN = "token"  # noqa: S105
    #: it names the copy's Message-ID, which is signed
    MESSAGE_ID = "message id"
    #: it came from the link that the copy has for leaving, which is signed
    LINK = "link"
    #: it names an address of somebody here, as anybody could
    ADDRESS = "address"
    #: somebody here said so
    HAND = "hand"
    NOTHING = ""

    @property
    def is_proof(self) -> bool:
        """Nobody but us could have written it, and nobody but the copy's own way knows it."""
        return self in (KnownBy.TOKEN, KnownBy.MESSAGE_ID, KnownBy.LINK)


@dataclass(frozen=True, slots=True)
class Owner:
    """A copy, or a person, of ours."""

    by: KnownBy = KnownBy.NOTHING
    edition_id: int | None = None
    subscriber_id: int | None = None
    #: where it went, if that is not where the person is written to now; never stored
    address: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Those of our readers whom some letters may be about."""

    by_id: Mapping[int, str]
    by_key: Mapping[str, int]


def people(session: Session, settings: Settings, judgements: Iterable[Judgement]) -> People:
    """Our readers whom *judgements* name, by a mark or by an address."""
    ids, keys = set[int](), set[str]()
    for each in judgements:
        if copy := _copy(settings, each)[1]:
            ids.add(copy[1])
        elif each.address:
            keys.add(addresses.key(each.address))
    by_id = {**_keys(session, Subscriber.id, ids), **_keys(session, Subscriber.email_key, keys)}
    return People(by_id, {key: subscriber_id for subscriber_id, key in by_id.items()})


def find(session: Session, settings: Settings, known: People, judgement: Judgement, *, before: datetime) -> Owner:
    """Whose copy *judgement* is about: by its marks, else by the address; somebody who was erased is nobody."""
    by, copy = _copy(settings, judgement)
    if copy:
        return _of_copy(session, known.by_id.get(copy[1]), by, copy, judgement.address)
    person = known.by_key.get(addresses.key(judgement.address)) if judgement.address else None
    if person is None:
        return Owner()
    return Owner(KnownBy.ADDRESS, copies.newest(session, person, sender=settings.sender, before=before), person)


def of_link(session: Session, copy: tuple[int, int]) -> Owner:
    """The owner of the copy whose link for leaving was used."""
    key = session.scalar(select(Subscriber.email_key).where(Subscriber.id == copy[1]))
    return _of_copy(session, key, KnownBy.LINK, copy, "")


def believes_addresses(settings: Settings) -> bool:
    """Whether an address alone is evidence: not where each copy has a return address of its own, which proves more."""
    return not (settings.sender == "smtp" and settings.bounces.address and settings.bounces.separator)


def _copy(settings: Settings, judgement: Judgement) -> tuple[KnownBy, tuple[int, int] | None]:
    """(edition id, subscriber id) by what is signed, and what that was."""
    secret = settings.secret.get_secret_value()
    for by, mark, read in (
        (KnownBy.TOKEN, judgement.token, links.read_return_mark),
        (KnownBy.MESSAGE_ID, judgement.message_id, links.read_message_id),
    ):
        if mark and secret:
            with suppress(BadInput):
                return by, read(secret, mark)
    return KnownBy.NOTHING, None


def _of_copy(session: Session, key: str | None, by: KnownBy, copy: tuple[int, int], address: str) -> Owner:
    """The owner of *copy*, who is written to at *key* now; of somebody who was erased only the edition is known."""
    edition_id, subscriber_id = copy
    if key is None:
        return Owner(by, edition_id)
    # who has moved since is not to suffer for the address they left
    elsewhere = bool(address) and addresses.key(address) != key
    moved = elsewhere and readdressing.has_left(session, subscriber_id, address)
    return Owner(by, edition_id, subscriber_id, address if moved else "")


def _keys(session: Session, column: Any, values: Collection[Any]) -> dict[int, str]:
    wanted, found = sorted(values), dict[int, str]()
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Subscriber.id, Subscriber.email_key).where(column.in_(wanted[start : start + _AT_ONCE]))
        found.update(session.execute(query).all())
    return found
