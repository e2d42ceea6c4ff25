"""What a table is: whose, where its heading stands, what each column means, and what a person must be asked first."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from . import dates, headings
from .files import Table
from .headings import squash
from .rules import Emptied, Rule, Unclear, Word
from .senses import guess, speaks_of
from .sheets import Problem
from .states import WORDS, State, speaks
from .systems import ANY, MAILMAN, SYSTEMS, System

_SAMPLE = 500
#: a heading is looked for in so many of the first rows
_PREAMBLE = 12

#: of a cell no more letters than this are looked at for an address
_LOOKED_AT = 1000
ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")

#: headings with the system's own noun in them: "Is this user confirmed", "Is this subscriber confirmed"
_ALIASES: Mapping[str, str] = {
    **{f"isthis{noun}{what}": what for noun in ("user", "subscriber") for what in ("confirmed", "blacklisted")},
    **{f"didthis{noun}manuallyconfirm": "manuallyconfirm" for noun in ("user", "subscriber")},
    **{f"numberofbounces{rest}": "bounces" for rest in ("", "onthisuser", "onthissubscriber")},
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator said of a file."""

    #: how all of whom the file does not tell otherwise stand
    as_: State | None = None
    #: columns that say how people stand, and columns that say nothing, by heading
    state_columns: Sequence[str] = ()
    ignored: Sequence[str] = ()
    #: words of the file → how they stand of whom it says so
    words: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading as written, and what it is read as; empty where it is not read."""

    heading: str
    read_as: str


@dataclass(frozen=True, slots=True)
class Part:
    """One table, understood."""

    table: Table
    system: System
    columns: Sequence[Column]
    #: the line of the heading; 0 where there is none
    heading_line: int
    #: what is read → the place of its column, or of its columns in the order of preference
    places: Mapping[str, Sequence[int]]
    rules: Sequence[tuple[Rule, Sequence[int | None]]]
    otherwise: State
    #: whether *otherwise* is what the file's name says
    by_file: bool
    #: whether the file or the operator says how people stand
    told: bool
    #: places that are neither read nor known, and are watched for words of a state
    watched: Sequence[int]
    questions: Sequence[str]


class NotPeople(Exception):
    """A table without addresses; the message says what it lacks."""


def recognise(table: Table, options: Options, known: Collection[str] = ()) -> Part:
    """Understand *table* by its first rows; *known* are the slugs of the lists there are. Raises NotPeople."""
    sample = [row for row in islice(table.rows(), _SAMPLE) if not isinstance(row, Problem)]
    line, written, body = _heading(sample)
    names = _apart([_ALIASES.get(squash(name), squash(name)) for name in written])
    options = _everywhere(options, written, names)
    system = _system(table, names, body, headless=line == 0)
    places = _places(system, names, body, options)
    if not places.get("email"):
        raise NotPeople("no column of addresses: the first line must name the columns, one of them email")
    if system is ANY:
        _own_lists(names, body, known, places)
    titles = [cell for number, cells in sample if number < line for cell in cells]
    reading = _Reading(table, system, written, names, body, options, places, titles)
    return reading.part(line)


def _apart(names: Sequence[str]) -> list[str]:
    """*names* with a number after those that stand there before and are not read: each may speak of a state."""
    apart: list[str] = []
    for name in names:
        number = 2
        new = name
        while new and new in apart and not headings.meaning(name):
            new, number = f"{name}{number}", number + 1
        apart.append(new)
    return apart


def _everywhere(options: Options, written: Sequence[str], names: Sequence[str]) -> Options:
    """*options* with a heading that stands there twice meaning both columns."""

    def all_of(wanted: Sequence[str]) -> list[str]:
        more = [name for name, cell in zip(names, written, strict=True) if squash(cell) in map(squash, wanted)]
        return [*wanted, *(name for name in more if name not in map(squash, wanted))]

    return replace(options, ignored=all_of(options.ignored), state_columns=all_of(options.state_columns))


def _heading(sample: Sequence[tuple[int, list[str]]]) -> tuple[int, list[str], list[list[str]]]:
    """The heading's line (0: none), its cells, and the rows of the sample below it."""
    for wanted in ({"email"}, {"weak email"}):
        for place, (line, cells) in enumerate(sample[:_PREAMBLE]):
            if any(ADDRESS.fullmatch(cell.strip()) for cell in cells):
                break
            if any(headings.meaning(squash(cell)) in wanted for cell in cells) and (len(cells) > 1 or place == 0):
                below = [row for _, row in sample[place + 1 :]]
                if wanted == {"email"} or any(ADDRESS.search(cell[:_LOOKED_AT]) for row in below for cell in row):
                    return line, cells, below
    for place, (_, cells) in enumerate(sample[:_PREAMBLE]):
        if any(ADDRESS.search(cell[:_LOOKED_AT]) for cell in cells):
            if place:
                before = sample[place - 1]
                if len(before[1]) >= len(cells) > 1 or (len(before[1]) == len(cells) and place == 1):
                    return before[0], before[1], [row for _, row in sample[place:]]
            return 0, [f"column {number}" for number in range(1, len(cells) + 1)], [row for _, row in sample[place:]]
    raise NotPeople("no column of addresses: the first line must name the columns, one of them email")


def _system(table: Table, names: Sequence[str], body: Sequence[Sequence[str]], *, headless: bool) -> System:
    file = table.name.lower()
    if headless:
        hinted = re.search(r"mailman|postorius|members?\b|roster", file)
        return MAILMAN if len(names) == 1 and (hinted or table.crlf) else ANY
    there = set(names) - {""}
    for system in SYSTEMS:
        if (
            there.issuperset(system.needs)
            and there.isdisjoint(system.lacks)
            and (system.only is None or there <= {*system.needs, *system.only})
            and re.search(system.named, file)
            and (not system.shape or _SHAPES[system.shape](names, body))
        ):
            return system
    # the first column of SendGrid's spam reports is not surely known
    if len(names) == 3 and names[1:] == ["email", "created"] and _SHAPES["unix"](names, body):
        return next(system for system in SYSTEMS if system.title == "SendGrid, spam reports")
    return ANY


def _values(names: Sequence[str], body: Sequence[Sequence[str]], name: str) -> list[str]:
    place = names.index(name)
    return [row[place].strip() for row in body if len(row) > place and row[place].strip()]


def _reasons(names: Sequence[str], body: Sequence[Sequence[str]], known: set[str]) -> bool:
    return {squash(value) for value in _values(names, body, "reason")} <= known


_KLAVIYO = {"unsubscribed", "usersuppressed", "spamcomplaint", "hardbounce", "invalidemail"}
_SHAPES: Mapping[str, Callable[[Sequence[str], Sequence[Sequence[str]]], bool]] = {
    "unix": lambda names, body: all(map(dates.is_unix, _values(names, body, "created"))),
    "beehiiv": lambda names, _body: bool({"unsubscribedat", "tier", "subscriptiontier"} & set(names)),
    # who was never asked has neither time
    "consent times": lambda names, body: (
        not {"optintime", "confirmtime"} <= set(names)
        or not body
        or bool(_values(names, body, "optintime") or _values(names, body, "confirmtime"))
    ),
    "Klaviyo reasons": lambda names, body: _reasons(names, body, _KLAVIYO) and not _reasons(names, body, set()),
    "suppression reasons": lambda names, body: _reasons(names, body, set(WORDS)),
}


def _places(
    system: System, names: Sequence[str], body: Sequence[Sequence[str]], options: Options
) -> dict[str, Sequence[int]]:
    """What is read → the places of its columns, the preferred first."""
    ignored = set(map(squash, options.ignored))
    found: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        meaning = system.columns.get(name, headings.meaning(name))
        if meaning and name not in ignored:
            preference = -1 if name in system.columns else headings.preference(name)
            found.setdefault(meaning, []).append((preference, place))
    places: dict[str, Sequence[int]] = {
        meaning: [place for _, place in sorted(columns)]
        for meaning, columns in found.items()
        if meaning != "weak email"
    }
    candidates = [*places.get("email", ()), *(place for _, place in sorted(found.get("weak email", ())))]
    filled = [place for place in candidates if _share(body, place) >= 0.5]
    if filled:
        places["email"] = filled[:1]
    elif by_content := [place for place in range(len(names)) if _share(body, place) >= 0.5]:
        places["email"] = by_content[:1]
    else:
        places["email"] = list(places.get("email", ()))[:1]
    if not any(map(headings.meaning, names)) and len(names) == 2 and places["email"]:
        other = 1 - places["email"][0]
        spoken = any(squash(row[other]) in WORDS for row in body if len(row) > other)
        if not spoken and not speaks_of(names[other], ()) and _share(body, other) < 0.5:
            places["name"] = [other]
    return places


def _own_lists(
    names: Sequence[str], body: Sequence[Sequence[str]], known: Collection[str], places: dict[str, Sequence[int]]
) -> None:
    """A column called lists names ours only where some of its words do."""
    for name in {"lists", "list"} & set(names):
        if any(slug in known for cell in _values(names, body, name) for slug in re.split(r"[\s,;|]+", cell)):
            places["lists"] = [names.index(name)]


def _share(body: Sequence[Sequence[str]], place: int) -> float:
    """How much of what stands in a column looks like addresses."""
    cells = [row[place] for row in body if len(row) > place and row[place].strip()]
    return sum(1 for cell in cells if ADDRESS.search(cell[:_LOOKED_AT])) / len(cells) if cells else 0.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """One table on its way to being understood."""

    table: Table
    system: System
    written: Sequence[str]
    names: Sequence[str]
    body: Sequence[Sequence[str]]
    options: Options
    places: dict[str, Sequence[int]]
    #: what stands above the heading
    titles: Sequence[str]

    def part(self, line: int) -> Part:
        ignored = set(map(squash, self.options.ignored))
        rules = self._rules(ignored)
        by_name = self._by_name()
        dropped = any(set(rule.columns) & ignored for rule in self.system.rules)
        ruled = {column for rule in rules for column in rule.columns}
        return Part(
            table=self.table,
            system=self.system,
            columns=self._columns(ruled),
            heading_line=line,
            places=self.places,
            rules=[(rule, [self._place(column) for column in rule.columns]) for rule in rules],
            otherwise=self._otherwise(dropped=dropped) if by_name is None else by_name,
            by_file=by_name is not None,
            told=bool(rules) or self.options.as_ is not None or self.system.name != "",
            watched=self._harmless(ruled | ignored),
            questions=list(self._questions(rules)),
        )

    def _rules(self, ignored: set[str]) -> list[Rule]:
        """How the file says it: as its system does, as the operator says, and by what speaks of a state besides."""
        rules = [rule for rule in self.system.rules if self._applies(rule, ignored)]
        ruled = {column for rule in rules for column in rule.columns}
        named, harmless = set(map(squash, self.options.state_columns)), self._harmless(ruled | ignored)
        for place, name in enumerate(self.names):
            if name in named - ruled - ignored:
                rules.append(self._own(guess(name)))
            elif place in harmless and name and (rule := self._smelt(place, name)):
                rules.append(rule)
        return rules

    def _harmless(self, known: set[str]) -> list[int]:
        """The places of columns that are not read, and not known to be beside the point."""
        read = {place for places in self.places.values() for place in places}
        known = known | set(self.system.beside)
        return [place for place, name in enumerate(self.names) if place not in read and name not in known]

    def _questions(self, rules: Sequence[Rule]) -> Iterator[str]:
        for rule in rules:
            yield from self._unclear(rule)
        silent = not rules and self.options.as_ is None and self._by_name() is None
        doubtful = self.system is ANY and self.options.as_ is None and not self._speaks_against(rules)
        if (silent and self.system.otherwise in {State.OK, State.PENDING}) or doubtful:
            yield from self._asked_by_name()
        yield from self._missing()

    def _applies(self, rule: Rule, ignored: set[str]) -> bool:
        if set(rule.columns) & ignored or not set(rule.columns) & set(self.names):
            return False
        # sections that nobody has say nothing of anybody
        return not isinstance(rule, Emptied) or bool(_values(self.names, self.body, rule.column))

    def _own(self, rule: Rule) -> Rule:
        """*rule* with the words that the operator explained."""
        if not self.options.words:
            return rule
        (column,) = rule.columns
        return Word(column, {squash(word): state for word, state in self.options.words.items()})

    def _smelt(self, place: int, name: str) -> Rule | None:
        """The rule for a column that speaks of a state by its name or by what stands in it."""
        cells = {row[place] for row in self.body if len(row) > place}
        if name not in headings.PLACES and headings.meaning(name) == "" and speaks_of(name, cells):
            return self._own(guess(name))
        if speaks(cells) or (name in headings.PLACES and any(squash(cell) in WORDS for cell in cells)):
            return self._own(Word(name))
        return None

    def _unclear(self, rule: Rule) -> Iterator[str]:
        places = [self._place(column) for column in rule.columns]
        for row in self.body:
            try:
                rule.state(*("" if place is None or place >= len(row) else row[place] for place in places))
            except Unclear as unclear:
                yield question(self.written[self.names.index(unclear.column)], unclear.value)
                return

    def _speaks_against(self, rules: Sequence[Rule]) -> bool:
        """Whether *rules* say of anybody that they must not be mailed, or can't be applied."""
        for rule in rules:
            places = [self._place(column) for column in rule.columns]
            for row in self.body:
                try:
                    state = rule.state(*("" if place is None or place >= len(row) else row[place] for place in places))
                except Unclear:
                    return True
                if state is not None and state > State.UNKNOWN:
                    return True
        return False

    def _otherwise(self, *, dropped: bool) -> State:
        # a system whose word is passed over has said nothing
        return State.PENDING if dropped and self.system.otherwise is State.OK else self.system.otherwise

    def _by_name(self) -> State | None:
        file = self.table.name.lower()
        return next((state for pattern, state in self.system.by_name.items() if re.search(pattern, file)), None)

    def _asked_by_name(self) -> Iterator[str]:
        for title in map(name_says, self.titles):
            if title:
                word, way = title
                yield f"{self.table.name} says “{word}” above its columns: say --as {way}, or --as confirmed if not so"
                return
        if said := name_says(self.table.name):
            yield (
                f"the name of {self.table.name} says “{said[0]}”, its columns do not: say --as {said[1]}, "
                "or --as confirmed if all in it may be mailed"
            )

    def _missing(self) -> Iterator[str]:
        for heading in (*self.options.state_columns, *self.options.ignored):
            if squash(heading) not in self.names:
                columns = ", ".join(self.written)
                yield f'{self.table.name} has no column "{heading}", only {columns}'

    def _columns(self, ruled: set[str]) -> list[Column]:
        meanings = {place: meaning for meaning, places in self.places.items() for place in places}
        return [
            Column(heading, "state" if name in ruled else meanings.get(place, ""))
            for place, (heading, name) in enumerate(zip(self.written, self.names, strict=True))
        ]

    def _place(self, column: str) -> int | None:
        return self.names.index(column) if column in self.names else None


def question(heading: str, value: str) -> str:
    """What is asked where the cell *value* may say how somebody stands."""
    return (
        f'column "{heading}" holds "{value[:40]}", and that may say who must not be mailed: say what it means with '
        f'--state-column "{heading}" --word "{value[:40]}=confirmed" (or =unsubscribed …), or pass over the column '
        f'with --ignore-column "{heading}"'
    )


_IN_NAMES: Sequence[tuple[str, str]] = (
    (r"un.?subs(cri\w*)?|opt.?outs?|opted.?out|abgemeldet\w*|abmeld\w*|d[ée]s(abonn|inscri)\w*|bajas?|left|removed|cancel\w*",
     "unsubscribed"),
    (r"bounc\w*|cleaned|undeliver\w*|invalid\w*|unzustellbar\w*|rebot\w*", "bounced"),
    (r"complain\w*|spam\w*|abuse\w*", "complained"),
    (r"pending|unconfirmed|not.?confirmed|waiting|unverified", "pending"),
    (r"suppress\w*|black.?list\w*|block.?list\w*|blocked|do.?not.?\w*|inactive|disabled|non.?subscri\w*",
     "unsubscribed"),
)  # fmt: skip


def name_says(name: str) -> tuple[str, str] | None:
    """The word in a file's name that speaks of a state, and the --as for it."""
    for pattern, said in _IN_NAMES:
        if match := re.search(rf"(?<![a-z])({pattern})", name.lower()):
            return match[0], said
    return None
