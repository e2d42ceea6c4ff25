"""The return address of each copy: where the world sends what it has to say about it, marked so that we know whose.

`bounces+e12-s345-k3jd…@news.example.com` is edition 12 to subscriber 345, signed; it names nobody, and is the
same at every try. What belongs to no copy, such as a letter, has the address without a mark.
"""

from newsletter.config import Settings
from newsletter.rendering import links


class Returns:
    """Writes return addresses; safe to use from several threads at once."""

    def __init__(self, address: str, separator: str, secret: str) -> None:
        """*address* gets them all; an empty *separator* marks none."""
        local, _, domain = address.encode("ascii").rpartition(b"@")
        self._address, self._before, self._after = address.encode("ascii"), local + separator.encode(), b"@" + domain
        self._secret, self._marks = secret, bool(separator)

    def of(self, edition_id: int, subscriber_id: int) -> bytes:
        """The return address of that copy, as an envelope has it; 0 and 0 are no copy."""
        if not (self._marks and edition_id and subscriber_id):
            return self._address
        return b"%b%b%b" % (
            self._before,
            links.return_mark(self._secret, edition_id, subscriber_id).encode("ascii"),
            self._after,
        )


def configured(settings: Settings) -> Returns | None:
    """The return addresses of *settings*; None where copies go out under the newsletter's own address."""
    bounces = settings.bounces
    if not bounces.address:
        return None
    return Returns(bounces.address, bounces.separator, settings.secret.get_secret_value())
