"""Batches claimed ahead, so that looking for the next ones costs next to nothing for each message.

Nothing of them was handed over: they wait for the fence, which looks at everything again. A stop and a
pause give them back; a worker that dies keeps others waiting for as long as `LEASE`, no longer. As much is claimed
as goes out in a few seconds: at the end of an edition a slow worker must not sit on what another could send.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.delivery.ledger import claiming
from newsletter.delivery.ledger.claiming import Claim
from newsletter.delivery.pace.throttle import Room

#: recipients claimed ahead at most, about
AHEAD = 1000
#: what was claimed ahead should last so long: twice as much is claimed next time where it did not, half where it did
#: for much longer
_LASTS = timedelta(seconds=1)
_LASTS_TOO_LONG = timedelta(seconds=4)
#: how long a claim holds; the fence begins a lease of its own
LEASE = timedelta(seconds=30)


class Stock:
    """One worker's claims of one edition, in the order in which they are due."""

    def __init__(self, edition_id: int, *, owner: str, batch_size: int) -> None:
        self._edition_id, self._owner = edition_id, owner
        self._most = AHEAD // batch_size
        #: batches to claim next time, and when they were claimed last time
        self._ahead, self._filled_at = 0, datetime.min.replace(tzinfo=UTC)
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
            self._fill(session, lane, limit=limit, room=room, now=now)
        taken, self._claims = self._claims[:limit], self._claims[limit:]
        return taken

    def _fill(self, session: Session, lane: str, *, limit: int, room: Room, now: datetime) -> None:
        lasted = now - self._filled_at
        if lasted > _LASTS_TOO_LONG:
            self._ahead //= 2
        more = self._claim(session, lane, limit=max(limit, self._ahead), room=room, now=now)
        if more:  # where there was nothing to claim, that says nothing of how quickly it goes out
            self._claims, self._filled_at = [*self._claims, *more], now
            if lasted < _LASTS:
                self._ahead = min(2 * max(self._ahead, limit), self._most)

    def give_back(self, session: Session) -> None:
        """Let others have what was not taken."""
        claiming.give_back(session, self._claims)
        self._claims = []

    def _claim(self, session: Session, lane: str, *, limit: int, room: Room, now: datetime) -> list[Claim]:
        return claiming.claim(
            session, self._edition_id, owner=self._owner, lease=LEASE, limit=limit, now=now, lane=lane, room=room
        )
