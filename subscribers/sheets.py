"""Tables of cells out of files as people have them: any usual encoding, separator and line ending.

Whatever is wrong with one row stays with that row: it is named with its line, and reading goes on.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .errors import BadFile

_SEPARATORS = ",;\t|"
#: letters in a line, and lines in a row, beyond which somebody forgot to close a quotation mark
_LONGEST = 65_536
_TALLEST = 20

#: what a spreadsheet would run as a formula, with the apostrophes that keep it from doing so
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, and the line where it begins (from 1)."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be used: its line (from 1), why, and how it begins."""

    line: int
    reason: str
    row: str


class Sheet:
    """An open file of rows; iterating yields each Row, or the Problem that stands in its place.

    *file* must be able to seek: it is read once to learn its encoding, and then for its rows.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.encoding, self.lines = _survey(file)

    def __iter__(self) -> Iterator[Row | Problem]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, errors="replace", newline="")
        try:
            yield from _rows(_Lines(text))
        finally:
            text.detach()  # or the file, which is not ours, would be closed


def safe(cell: str) -> str:
    """*cell* with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def bare(cell: str) -> str:
    """*cell* as it was before `safe`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class _Lines:
    """Lines with their numbers, some of which can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._given_back, self.number = text, deque[str](), 0

    def take(self) -> str:
        """The next line with its end; empty at the end of the file."""
        line = self._given_back.popleft() if self._given_back else self._text.readline(_LONGEST)
        self.number += bool(line)
        if len(line) == _LONGEST:
            raise BadFile(f"line {self.number} has more than {_LONGEST:,} letters: this is not a CSV file")
        return line

    def give_back(self, lines: list[str]) -> None:
        self._given_back.extendleft(reversed(lines))
        self.number -= len(lines)


def _rows(lines: _Lines) -> Iterator[Row | Problem]:
    separator = ""
    while first := lines.take():
        line = lines.number
        if line == 1 and (named := re.fullmatch(r"sep=(.)\s*", first)):  # Excel's own way to say so
            separator = named[1]
            continue
        separator = separator or max(_SEPARATORS, key=first.count)
        row = _row(lines, line, first, separator)
        if isinstance(row, Problem) or any(cell.strip() for cell in row.cells):
            yield row


def _row(lines: _Lines, line: int, first: str, separator: str) -> Row | Problem:
    """One row, with as many more lines as a quoted cell in it needs."""
    taken = [first]
    while True:
        try:
            return Row(line, next(csv.reader(taken, delimiter=separator, strict=True)))
        except csv.Error as error:
            unfinished = "unexpected end" in str(error)
            more = lines.take() if unfinished and len(taken) < _TALLEST else ""
            if not more:
                lines.give_back(taken[1:])
                why = "a quotation mark that opens is never closed" if unfinished else f"can't be read: {error}"
                return Problem(line, why, shortened(first))
            taken.append(more)


def shortened(text: str) -> str:
    """*text* for a report: one line, of at most 120 letters."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"


def _survey(file: BinaryIO) -> tuple[str, int]:
    """The encoding of *file* and how many lines it has."""
    file.seek(0)
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", _count(file)
    file.seek(0)
    decoder, lines, last = codecs.getincrementaldecoder("utf-8")(), 0, b""
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
            lines, last = lines + block.count(b"\n"), block
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252", _count(file)
    return "utf-8-sig", lines + (not last.endswith(b"\n"))


def _count(file: BinaryIO) -> int:
    file.seek(0)
    return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
