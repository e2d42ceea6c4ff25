"""What must not be readable in a database or guessable from outside: tokens, digests, sealed values."""

import base64
import hmac
import secrets
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from newsletter.errors import WrongState


def token() -> str:
    """256 bits nobody can guess, for a link or a cookie."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What is kept of a token: it can be recognised by it, and not made from it."""
    return sha256(value.encode()).hexdigest()


def keyed(secret: str, what: str) -> str:
    """What is kept of something that could be guessed, such as an address."""
    return hmac.new(secret.encode(), what.encode(), sha256).hexdigest()


def seal(secret: str, value: str) -> str:
    """*value*, readable only with the install's secret."""
    return _box(secret).encrypt(value.encode()).decode()


def unseal(secret: str, sealed: str) -> str:
    """What `seal` was given; raises WrongState where the install's secret is another one now."""
    try:
        return _box(secret).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise WrongState(
            "The second factor can't be read, because the setting `secret` has changed: newsletter users reset"
        ) from error


def _box(secret: str) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"newsletter.staff").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
