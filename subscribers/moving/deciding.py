"""One row of a table in, one arrival out: an address, its details, and how they stand."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from subscribers import addresses, details
from subscribers.errors import BadAddress, BadDetail, BadFile

from . import dates, guesses, headings, senses
from .headings import squash
from .recognising import Options, Part, name_says, question
from .rules import Unclear
from .sheets import Problem, bare, shortened
from .states import State, speaks

#: at which states an address is suppressed, whoever has it
SUPPRESSED_FROM = State.COMPLAINED

#: key, line, address, name, language, time zone, state, makes a subscriber, consents by list, given at, given from
Arrival = tuple[str, int, str, str, str, str, int, int, str, str, str]

#: "Ada <ada@example.com>"; written so that no letters can be shared out in two ways
_NAMED = re.compile(r"([^<>]*)<([^<>]+)>")
_CACHED = 50_000
#: letters of a line that stands alone as a title
_TITLE = 60
_UNTOLD = frozenset({State.OK, State.UNKNOWN, State.PENDING})
_SUPPRESSIONS: Mapping[str, State] = {
    "hard_bounce": State.BOUNCED, "given_up": State.BOUNCED, "complaint": State.COMPLAINED, "manual": State.BLOCKED,
}  # fmt: skip
#: the consent that somebody comes in with; who is suppressed comes in with none
CONSENTS: Mapping[State, str] = {
    State.OK: "confirmed", State.PENDING: "pending", State.UNSUBSCRIBED: "unsubscribed", State.HELD: "unsubscribed",
}  # fmt: skip
_LISTED = (("lists", "confirmed"), ("pending", "pending"), ("unsubscribed", "unsubscribed"))


@dataclass(slots=True)
class Losses:
    """What could not be kept of people who are taken in."""

    languages: int = 0
    zones: int = 0
    names: int = 0


@dataclass(slots=True)
class Decider:
    """Reads the rows of one part."""

    part: Part
    options: Options
    #: slugs of the lists there are
    known: Collection[str]
    losses: Losses
    _states: dict[tuple[str, ...], State] = field(default_factory=dict)
    _moments: dict[str, str] = field(default_factory=dict)

    def arrivals(self, rows: Sequence[tuple[int, list[str]]], bad: list[Problem]) -> Iterator[Arrival]:
        """Those of *rows* who have an address; of the others *bad* is told. Raises BadFile, with a question."""
        self._watch(rows)
        width = len(self.part.columns)
        for line, cells in rows:
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            elif len(cells) > width and any(cells[width:]):
                self._divided(line, cells)
                reason = f"{len(cells)} cells under {width} headings: a comma without quotes?"
                bad.append(Problem(line, reason, shortened(", ".join(cells))))
                continue
            try:
                yield self._arrival(line, cells)
            except (BadAddress, BadDetail) as error:
                self._divided(line, cells)
                bad.append(Problem(line, str(error), shortened(", ".join(cells))))

    def _divided(self, line: int, cells: Sequence[str]) -> None:
        """A row that names nobody may be the heading of those below it. Raises BadFile where it is."""
        row = [squash(cell) for cell in cells]
        if self._is_heading(row) and row != [squash(column.heading) for column in self.part.columns]:
            raise BadFile(
                f"{self.part.table.name}, line {line}: here another table begins, with columns of its own: import each "
                "from a file of its own"
            )
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) == 1 and "@" not in filled[0] and len(filled[0]) < _TITLE and _says(filled[0]):
            raise BadFile(
                f"{self.part.table.name}, line {line}: “{filled[0].strip()}” stands alone, and may say how those below "
                "it stand: import them from a file of their own, or take out the line"
            )

    def _is_heading(self, row: Sequence[str]) -> bool:
        """Whether the squashed cells of *row* name columns: that of addresses stands in its place, or among others."""
        meanings = [headings.meaning(cell) for cell in row]
        return meanings[self.part.places["email"][0]] == "email" or (
            "email" in meanings and sum(map(senses.is_known, filter(None, row))) > 1
        )

    def _arrival(self, line: int, cells: list[str]) -> Arrival:
        places = self.part.places
        written = cells[places["email"][0]].strip()
        if not written and "hash" in places:
            raise BadDetail("a salted hash: it holds here already, and means nothing to another installation")
        email, name = addresses.plain(written), ""
        if email is None:
            email, name = _address(written)
        name = self._name(cells) or name
        state, consents = self._state(line, cells), ""
        makes = not self.part.system.suppressions and state is not State.NEVER
        if "lists" in places or "suppressed" in places:
            state, consents = self._listed(cells, state)
        if state >= SUPPRESSED_FROM and not self._is_ours:
            makes = False
        return (
            addresses.key(email), line, email, name if makes else "",
            self._language(cells) if makes else "", self._zone(cells) if makes else "",
            int(state), int(makes), consents, self._given_at(cells, state), self._given_from(cells),
        )  # fmt: skip

    def _name(self, cells: Sequence[str]) -> str:
        places = self.part.places
        name = ""
        for place in places.get("name", ()):
            name = cells[place].strip()
            if name:
                break
        if not name and ("first name" in places or "last name" in places):
            first = cells[places["first name"][0]].strip() if "first name" in places else ""
            last = cells[places["last name"][0]].strip() if "last name" in places else ""
            name = f"{bare(first)} {bare(last)}".strip() if first or last else ""
        if not name:
            return ""
        if name[0] == "'":
            name = bare(name)
        if name.isprintable() and len(name) <= 200 and "  " not in name:
            return name
        try:
            return details.name(name)
        except BadDetail:
            self.losses.names += 1
            return details.name(" ".join(name.split())[:200].rstrip())

    def _language(self, cells: Sequence[str]) -> str:
        for place in self.part.places.get("language", ())[:1]:
            tag = guesses.language(cells[place])
            if tag is None:
                self.losses.languages += 1
            return tag or ""
        return ""

    def _zone(self, cells: Sequence[str]) -> str:
        for place in self.part.places.get("time zone", ())[:1]:
            zone = guesses.time_zone(cells[place])
            if zone is None:
                self.losses.zones += 1
            return zone or ""
        return ""

    def _state(self, line: int, cells: Sequence[str]) -> State:
        told = tuple("" if place is None else cells[place] for _, places in self.part.rules for place in places)
        state = self._states.get(told)
        if state is None:
            if len(self._states) > _CACHED:
                self._states.clear()
            state = self._states[told] = self._decided(line, cells)
        return state

    def _decided(self, line: int, cells: Sequence[str]) -> State:
        said: list[State] = []
        for rule, places in self.part.rules:
            try:
                state = rule.state(*("" if place is None else cells[place] for place in places))
            except Unclear as unclear:
                written = next(
                    self.part.columns[place].heading
                    for column, place in zip(rule.columns, places, strict=True)
                    if column == unclear.column and place is not None
                )
                raise BadFile(f"{self.part.table.name}, line {line}: {question(written, unclear.value)}") from unclear
            if state is not None:
                said.append(state)
        state = settled(said, self.part.otherwise, self.options.as_, by_file=self.part.by_file)
        # who is on a list, and whose mailbox was full for a while, is on that list
        return State.OK if state is State.SOFT and not self.part.system.suppressions else state

    def _listed(self, cells: Sequence[str], state: State) -> tuple[State, str]:
        """How somebody stands whose row names lists, and their consent with each of those."""
        consents: dict[str, str] = {}
        for column, consent in _LISTED:
            for place in self.part.places.get(column, ())[:1]:
                for slug in re.split(r"[\s,;|]+", bare(cells[place].strip())):
                    if slug:
                        self._known(place, slug)
                        consents[slug] = consent if self._is_ours else CONSENTS.get(state, "")
        if self._is_ours:
            state = State(max(int(self._kindest(consents)), int(self._suppressed(cells))))
        return state, " ".join(f"{slug}={consent}" for slug, consent in consents.items() if consent)

    def _known(self, place: int, slug: str) -> None:
        if slug not in self.known:
            raise BadFile(
                f'column "{self.part.columns[place].heading}" names the list {slug!r}, and there is none: '
                f"newsletter subscribers lists --create {slug} makes it, --ignore-column passes over the column"
            )

    def _kindest(self, consents: Mapping[str, str]) -> State:
        """Of a person on several lists of ours the kindest: each list has its own consent beside it."""
        if not consents or "confirmed" in consents.values():
            return State.OK
        return State.PENDING if "pending" in consents.values() else State.UNSUBSCRIBED

    @property
    def _is_ours(self) -> bool:
        return self.part.system.name == "newsletter"

    def _suppressed(self, cells: Sequence[str]) -> State:
        for place in self.part.places.get("suppressed", ())[:1]:
            reason = cells[place].strip()
            if reason and reason not in _SUPPRESSIONS:
                reasons = ", ".join(_SUPPRESSIONS)
                raise BadDetail(f"{reason!r} is no reason for a suppression: there are {reasons}")
            return _SUPPRESSIONS.get(reason, State.SOFT)
        return State.SOFT

    def _given_at(self, cells: Sequence[str], state: State) -> str:
        for place in self.part.places.get("left at" if state >= State.UNSUBSCRIBED else "given at", ()):
            if text := cells[place]:
                moment = self._moments.get(text)
                if moment is None:
                    if len(self._moments) > _CACHED:
                        self._moments.clear()
                    moment = self._moments[text] = stored(dates.read(text))
                if moment:
                    return moment
        return ""

    def _given_from(self, cells: Sequence[str]) -> str:
        for place in self.part.places.get("given from", ()):
            if (address := cells[place].strip()) and len(address) <= 45 and re.fullmatch(r"[0-9A-Fa-f:.]+", address):
                return address
        return ""

    def _watch(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        """A column that was taken for harmless by the first rows may speak of a state further down."""
        for place in self.part.watched:
            if value := speaks({cells[place] for _, cells in rows if len(cells) > place}):
                raise BadFile(f"{self.part.table.name}: {question(self.part.columns[place].heading, value)}")


def settled(said: Iterable[State], otherwise: State, as_: State | None, *, by_file: bool = False) -> State:
    """The state that follows from what the columns said, what the file is, and what the operator says.

    An operator's yes answers for whom the file says nothing; it lifts nothing that the file says.
    """
    said = list(said)
    told = [state for state in said if state is not State.UNKNOWN]
    if by_file and otherwise is not State.UNKNOWN:
        told.append(otherwise)
        said.append(otherwise)
    if as_ is not None:
        if told or otherwise not in _UNTOLD:
            return State(max(map(int, (as_, *(told or (otherwise,))))))
        return as_
    if not said:
        return otherwise
    return State(max(int(state) for state in said))


def _says(title: str) -> bool:
    return bool(speaks({title}) or (name_says(title) and not any(letter.isdigit() for letter in title)))


def stored(moment: datetime | None) -> str:
    """*moment* as SQLite keeps an Instant; empty for None."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _address(written: str) -> tuple[str, str]:
    """The address in *written*, checked, and the name beside it: "Ada <ada@example.com>"."""
    if not written:
        raise BadDetail("no address")
    # what is not seen comes along with what is copied out of a web page
    written = "".join(letter for letter in written if unicodedata.category(letter) != "Cf").strip().rstrip(";,. ")
    if len(written) > 2 and written[0] == written[-1] == "'":
        written = written[1:-1]
    if written.startswith("'"):
        written = bare(written)
    name = ""
    if match := _NAMED.fullmatch(written.strip()):
        name, written = match[1].strip("\"' "), match[2]
    written = written.removeprefix("mailto:")
    return addresses.check(written), name
