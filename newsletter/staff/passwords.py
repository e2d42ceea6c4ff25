"""Passwords: argon2id, and what is accepted as one (NIST SP 800-63B-4 section 3.1.1: length, no rules of letters)."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from newsletter.errors import BadInput

SHORTEST, LONGEST = 12, 256
#: RFC 9106 section 4, the second recommendation: 64 MiB, three passes
HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
#: each takes 64 MiB for as long as it lasts, so that strangers can't have many made at once
_ROOM = BoundedSemaphore(2)
#: as costly to compare with as anybody's, and nobody's
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$/w1IcQUR3O+x1fAhk8dj9g$v72ZioNhyJbqp5GetgMDXQ9l9OFrTOnV3vIqPuIZrXQ"


def check(password: str, *known: str) -> None:
    """Raise BadInput, which says what to do, unless *password* may be one; *known* are words others know."""
    if len(password) < SHORTEST:
        raise BadInput(f"A password has at least {SHORTEST} characters; a few words in a row are easy to keep.")
    if len(password) > LONGEST:
        raise BadInput(f"A password has at most {LONGEST} characters.")
    if len(set(password)) < 5:
        raise BadInput("That password is one sign again and again: choose another one.")
    lowered = password.casefold()
    if any(word and len(word) > 3 and word.casefold() in lowered and len(word) * 2 > len(lowered) for word in known):
        raise BadInput("That password is mostly your own name or address: choose another one.")


def hashed(password: str) -> str:
    """*password* as it is kept."""
    with _ROOM:
        return HASHER.hash(password)


def verify(kept: str, password: str) -> bool:
    """Whether *password* is what *kept* was made from; takes as long where there is nothing kept."""
    try:
        with _ROOM:
            return HASHER.verify(kept or _NOBODY, password[: LONGEST + 1]) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_old(kept: str) -> bool:
    """Whether *kept* was made with less effort than is made today."""
    return HASHER.check_needs_rehash(kept)
