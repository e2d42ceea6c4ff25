"""Batches claimed ahead, so that looking for the next ones costs next to nothing for each message.

Nothing of them was handed over: they wait for the fence, which looks at everything again. A stop and a
pause give them back; a worker that dies keeps others waiting for as long as `LEASE`, no longer.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.delivery.ledger import claiming
from newsletter.delivery.ledger.claiming import Claim
from newsletter.delivery.pace.throttle import Room

#: recipients claimed ahead, about
AHEAD = 1000
#: how long a claim holds; the fence begins a lease of its own
LEASE = timedelta(seconds=30)


class Stock:
    """One worker's claims of one edition, in the order in which they are due."""

    def __init__(self, edition_id: int, *, owner: str, batch_size: int) -> None:
        self._edition_id, self._owner = edition_id, owner
        self._ahead = AHEAD // batch_size
        self._claims: list[Claim] = []

    @property
    def numbers(self) -> list[int]:
        """The batches in stock."""
        return [claim.number for claim in self._claims]

    def take(self, session: Session, lane: str, *, limit: int, room: Room, now: datetime) -> list[Claim]:
        """Up to *limit* claims for the fence, as far as there is *room*; no more than those where it is limited."""
        if room.is_limited:
            return self._claim(session, lane, limit=0 if room.wait else limit, room=room, now=now)
        if len(self._claims) < limit:
            more = self._claim(session, lane, limit=max(limit, self._ahead), room=room, now=now)
            self._claims = [*self._claims, *more]
        taken, self._claims = self._claims[:limit], self._claims[limit:]
        return taken

    def give_back(self, session: Session) -> None:
        """Let others have what was not taken."""
        claiming.give_back(session, self._claims)
        self._claims = []

    def _claim(self, session: Session, lane: str, *, limit: int, room: Room, now: datetime) -> list[Claim]:
        return claiming.claim(
            session, self._edition_id, owner=self._owner, lease=LEASE, limit=limit, now=now, lane=lane, room=room
        )
