"""No pattern over foreign words takes longer than their length asks for: each is tried with what nearly fits it."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import chain, product
from re import _constants as code
from re import _parser
from time import process_time
from typing import Any

import newsletter
import subscribers

#: letters of a first look at each near miss, and of the last one at the slowest of them
SHORT, LONG = 400, 1_000_000
#: seconds of processor's time; linear takes some hundredths, quadratic an hour
MOST = 5.0
#: whose words some patterns are for, so that they are never long: an address, a date, a line of the settings, a
#: template or an edition that an editor wrote and may save again
BOUNDED = (
    "newsletter.config",
    "newsletter.delivery.senders.smtp.envelopes",
    "newsletter.editions.plain_text",
    "newsletter.editions.words",
    "newsletter.rendering.headers",
    "newsletter.rendering.mjml",
    "newsletter.rendering.templates",
    "newsletter.stories.reading.loose",
    "subscribers.addresses",
)
#: rooms whose patterns are asked about one place of a text (match, fullmatch), or about a cell of a table
ANCHORED = (
    "newsletter.spans",
    "newsletter.stories.links",
    "newsletter.stories.picking.cleaning",
    "newsletter.stories.reading.pictures",
    "newsletter.stories.reading.plain",
    "newsletter.stories.reading.visits",
    "newsletter.stories.reading.wire",
    "newsletter.stories.tracking",
    "subscribers.moving",
)
#: rooms that anybody on the network can write to
STRANGERS = ("newsletter.tracking", "newsletter.delivery.wire", "newsletter.web")
_A_LETTER_OF = {code.CATEGORY_DIGIT: "1", code.CATEGORY_SPACE: " ", code.CATEGORY_WORD: "a"}


def test_no_pattern_takes_longer_than_its_text_asks_for() -> None:
    # where strangers write at any hour a megabyte is really tried; elsewhere what eight times the text takes tells
    slow = {
        name: _slowest(
            pattern,
            last=LONG if name.startswith(STRANGERS) else 8 * SHORT,
            ways=("fullmatch", "match") if name.startswith(ANCHORED) else ("fullmatch", "search"),
        )
        for pattern, name in _patterns().items()
        if not name.startswith(BOUNDED)
    }
    assert {name: slow[name] for name in slow if slow[name][1] > MOST} == {}


def test_the_measure_knows_a_quadratic_pattern() -> None:
    _, quadratic = _slowest(re.compile(r"[^\s<>]+@[^\s<>]+"))
    _, linear = _slowest(re.compile(r"@[^\s<>]+"))
    assert quadratic > MOST > linear


def _patterns() -> dict[re.Pattern[Any], str]:
    """Every pattern that a module of the product keeps or writes where it uses it, and where that is."""
    found: dict[re.Pattern[Any], str] = {}
    for package in (newsletter, subscribers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.(migrations|testing|demo|tables|__main__)\b", module.name):
                loaded = importlib.import_module(module.name)
                for name, value in vars(loaded).items():
                    for pattern in _inside(value):
                        found.setdefault(pattern, f"{module.name}.{name}")
                for pattern in _written_in(str(loaded.__file__)):
                    found.setdefault(pattern, module.name)
    assert len(found) > 100
    return found


def _inside(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(_inside, (*value, *value.values())))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from chain.from_iterable(map(_inside, value))


def _written_in(file: str) -> Iterator[re.Pattern[Any]]:
    with open(file, encoding="utf-8") as source:  # noqa: PTH123
        tree = ast.parse(source.read())
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=attribute), args=[ast.Constant(value=text), *_]
            ) if attribute != "escape":
                yield re.compile(text)


def _slowest(
    pattern: re.Pattern[Any], last: int = LONG, ways: tuple[str, ...] = ("fullmatch", "search")
) -> tuple[str, float]:
    """The near miss that takes longest, and the seconds that so many letters of it take."""
    units = _near_misses(pattern)
    times = {unit: _seconds(pattern, unit, SHORT, ways) for unit in units}
    unit = max(times, key=times.__getitem__)
    # eight times the text in more than twenty times the time: so many letters are not waited for
    eightfold = _seconds(pattern, unit, 8 * SHORT, ways)
    if eightfold > 20 * times[unit]:
        return unit, eightfold * (LONG / SHORT / 8) ** 2
    return unit, eightfold if last == 8 * SHORT else _seconds(pattern, unit, last, ways)


def _seconds(pattern: re.Pattern[Any], unit: str, letters: int, ways: tuple[str, ...]) -> float:
    text = (unit * (letters // len(unit) + 1))[:letters]
    given: Any = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    began = process_time()
    for way in ways:
        getattr(pattern, way)(given)
    return process_time() - began


def _near_misses(pattern: re.Pattern[Any]) -> set[str]:
    """Each letter that the pattern knows, each two of them, and its own longer words."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags & ~re.LOCALE
    letters = sorted(set(_letters(_parser.parse(source, flags))) | {"a"})[:14]
    pairs = {one + other for one, other in product(letters[:3], repeat=2)}
    return {*letters, *pairs, *re.findall(r"[A-Za-z<>@:/&;=#.-]{2,}", source)[:4]}


def _letters(tree: Any) -> Iterator[str]:
    """A letter for each thing that a parsed pattern asks for."""
    for operation, argument in tree:
        match operation:
            case code.LITERAL:
                yield chr(argument)
            case code.RANGE:
                yield from map(chr, argument)
            case code.CATEGORY:
                yield _A_LETTER_OF.get(argument, "-")
            case code.IN:
                yield from _letters(argument)
            case code.MAX_REPEAT | code.MIN_REPEAT | code.POSSESSIVE_REPEAT:
                yield from _letters(argument[2])
            case code.SUBPATTERN:
                yield from _letters(argument[3])
            case code.BRANCH:
                yield from chain.from_iterable(map(_letters, argument[1]))
            case code.ASSERT | code.ASSERT_NOT:
                yield from _letters(argument[1])
            case code.ATOMIC_GROUP:
                yield from _letters(argument)
