"""What there is to decide about an edition, by how it stands and by who looks at it."""

from dataclasses import dataclass

from newsletter.delivery.models import Sending, SendingState
from newsletter.editions.models import Edition, State
from newsletter.staff.roles import May
from newsletter.web.staff.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under an edition."""

    verb: str
    says: str
    may: May
    #: what it means, before it is pressed
    means: str = ""
    is_strong: bool = False


_APPROVE = Choice("approve", "Approve", May.APPROVE, "These bytes, and no others, go out at its time.", is_strong=True)
_APPROVE_CORRECTION = Choice(
    "approve", "Approve and send", May.APPROVE, "It goes to these readers, once, and to nobody else.", is_strong=True
)
_HOLD = Choice("hold", "Hold", May.APPROVE, "Not now; it stays until somebody decides again.")
_SKIP = Choice("skip", "Skip this one", May.APPROVE, "No edition this time.")
_REOPEN = Choice("reopen", "Take it back", May.APPROVE, "It is in review again.")
_STOP = Choice("stop", "Stop", May.STOP, "What is on the wire is finished; nothing more leaves.", is_strong=True)
_GO_ON = Choice("go-on", "Let it go on", May.SEND, "It goes on with who has nothing yet.", is_strong=True)
_CANCEL = Choice("cancel", "Cancel for good", May.APPROVE, "Who has their copy keeps it; nobody else gets one.")

#: what there is to decide, by how an edition stands
_OPEN: dict[State, tuple[Choice, ...]] = {
    State.DRAFT: (_APPROVE, _HOLD, _SKIP),
    State.IN_REVIEW: (_APPROVE, _HOLD, _SKIP),
    State.HELD: (_APPROVE, _SKIP),
    State.APPROVED: (_REOPEN, _HOLD),
    State.SKIPPED: (_REOPEN,),
}


def open_to(visitor: Visitor, edition: Edition, sending: Sending | None) -> list[Choice]:
    """What *visitor* may decide about *edition* now."""
    if edition.state is State.SENDING and sending is not None:
        found = {SendingState.PAUSED: (_GO_ON, _CANCEL), SendingState.RUNNING: (_STOP,)}.get(sending.state, ())
    else:
        found = _OPEN.get(edition.state, ())
    if edition.corrects is not None:
        found = tuple(_APPROVE_CORRECTION if choice is _APPROVE else choice for choice in found)
    return [choice for choice in found if visitor.may(choice.may)]
