"""What decided about a story's place, where it was something else than its points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """What kept a story from a seat that its points would have earned."""

    #: it tells much the same as a story above
    LIKENESS = "likeness"
    #: there are as many stories of its company, topic, or lead's source as may be
    COMPANY = "company"
    TOPIC = "topic"
    SOURCE = "source"
    #: more than one of these, neither of which decided alone
    SEVERAL = "several"


_SAID = {
    Cause.COMPANY: "same company as {slots}",
    Cause.TOPIC: "same topic as {slots}",
    Cause.SOURCE: "its lead is from the same source as that of {slots}",
    Cause.LIKENESS: "likeness to {slots}",
}


@dataclass(frozen=True, slots=True)
class Placing:
    """One cause, and the slots of the stories that it lies in."""

    cause: Cause
    slots: tuple[int, ...] = ()
    #: thousandths, where it is likeness
    likeness: int = 0
    parts: "tuple[Placing, ...]" = ()
    #: the slot above it that has fewer points, where it was chosen all the same
    slot: int | None = None

    def below(self, slot: int) -> "Placing":
        """The same of a story that was chosen after that of *slot*."""
        return replace(self, slot=slot)

    def left_out(self) -> str:
        """Why it was not chosen."""
        said = self._said()
        return f"left out for {said}" if said.startswith("likeness") else said

    def chosen_later(self) -> str:
        """Why it stands below a story of fewer points."""
        return f"placed below no. {self.slot}, which has fewer points: {self._said()}"

    def stored(self) -> dict[str, Any]:
        """As it goes into the database."""
        kept: dict[str, Any] = {"cause": self.cause.value, "slots": list(self.slots)}
        if self.likeness:
            kept["likeness"] = self.likeness
        if self.parts:
            kept["parts"] = [part.stored() for part in self.parts]
        if self.slot is not None:
            kept["below"] = self.slot
        return kept

    def _said(self) -> str:
        if self.cause is Cause.SEVERAL:
            return " and ".join(part._said() for part in self.parts)
        return _SAID[self.cause].format(slots=_named(self.slots))


def _named(slots: Sequence[int]) -> str:
    *first, last = (f"no. {slot}" for slot in slots)
    return f"{', '.join(first)} and {last}" if first else last
