"""Tables of cells out of text files as people have them: any usual encoding, separator, quoting and line ending.

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

from subscribers.errors import BadFile

from . import senses
from .headings import squash

#: encodings that tell by their words alone which they are
_REGIONAL = ("cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "euc_kr", "koi8_r", "mac_roman")
_SEPARATORS = ",;\t|"
#: letters in a line, and lines in a row, beyond which somebody forgot to close a quotation mark
_LONGEST = 65_536
_TALLEST = 300

#: what a spreadsheet would run as a formula, with the apostrophes that keep it from doing so
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be used: its line (from 1), why, and how it begins."""

    line: int
    reason: str
    row: str


class Sheet:
    """An open text file of rows; iterating yields each row with its line, or the Problem that stands in its place.

    *file* must be able to seek: it is read from its beginning whenever it is iterated.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encoding = _encoding(file)
        self._separator = ""

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Problem]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self._encoding, errors=_MENDING, newline="")
        try:
            self._separator = self._separator or _separator(text)
            self._file.seek(0)
            text.seek(0)
            yield from _rows(_Lines(text), self._separator)
        finally:
            text.detach()  # or the file, which is not ours, would be closed


def safe(cell: str) -> str:
    """*cell* with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def bare(cell: str) -> str:
    """*cell* as it was before `safe`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def shortened(text: str) -> str:
    """*text* for a report: one line, of at most 120 letters."""
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"


class _Lines:
    """The lines of a text, of which those since the last row can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._read = text.readline
        self._given_back = deque[str]()
        #: lines since the last row began
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._read(_LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == _LONGEST:
            raise BadFile(f"line {self.number} has more than {_LONGEST:,} letters: this is not a table")
        self.taken.append(line)
        if len(self.taken) > _TALLEST:
            raise _TooTall
        # NUL would end the line for some versions of the csv module, and PostgreSQL keeps none
        return line.replace("\0", "") if "\0" in line else line

    def back_to(self, kept: int) -> None:
        """Give back all lines of the present row but the first *kept*."""
        self._given_back.extendleft(reversed(self.taken[kept:]))
        self.number -= len(self.taken) - kept


class _TooTall(Exception):
    """A row runs over too many lines."""


def _rows(lines: _Lines, separator: str) -> Iterator[tuple[int, list[str]] | Problem]:
    reader = _reader(lines, separator)
    width = 0
    taken = lines.taken
    while True:
        taken.clear()
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooTall) as error:
            row = _mended(lines, separator, width)
            if row is None:
                first = taken[0]
                lines.back_to(1)
                reader = _reader(lines, separator)
                yield Problem(start, _why(error), shortened(first))
                continue
            reader = _reader(lines, separator)
            cells = row
        if width and len(cells) != width and "\\" in taken[0]:
            cells = _escaped(taken, separator, width) or cells
        width = width or (len(cells) if len(cells) > 1 else 0)
        if start == 1 and len(cells) <= 2 and re.fullmatch(r"sep=.\s*", taken[0]):
            width = 0
            continue
        if any(cells) and any(cell.strip() for cell in cells):
            yield start, cells


def _reader(lines: _Lines, separator: str) -> Iterator[list[str]]:
    # a space after the comma belongs to nobody: '"ada@example.com", "Lovelace, Ada"'
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def _mended(lines: _Lines, separator: str, width: int) -> list[str] | None:
    """The present row read in other ways that systems write; what it did not need is given back."""
    for tall in range(1, min(len(lines.taken), 20) + 1):
        if row := _escaped(lines.taken[:tall], separator, width):
            lines.back_to(tall)
            return row
    # quotation marks that mean nothing: phpList writes cells as they are
    bare_cells = lines.taken[0].rstrip("\r\n").split(separator)
    if width > 1 and len(bare_cells) == width and not (lines.taken[0].count('"') % 2 and separator == ","):
        lines.back_to(1)
        return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in bare_cells]
    return None


def _escaped(taken: list[str], separator: str, width: int) -> list[str] | None:
    """The lines as one row in which a quotation mark is written \\", as MailPoet does; None where that is no row."""
    if not any('\\"' in line for line in taken):
        return None
    try:
        rows = list(csv.reader(taken, delimiter=separator, skipinitialspace=True, strict=True, escapechar="\\"))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and (not width or len(rows[0]) == width) else None


def _why(error: Exception) -> str:
    if isinstance(error, _TooTall) or "unexpected end" in str(error):
        return "a quotation mark that opens is never closed"
    return f"can't be read: {error}"


def _separator(text: io.TextIOWrapper) -> str:
    """What stands between cells: the mark that most lines of the beginning hold, and hold most often."""
    first = text.readline(_LONGEST)
    if named := re.fullmatch(r"sep=(.)\s*", first):  # Excel's own way to say so
        return named[1]
    lines = [first, *(text.readline(_LONGEST) for _ in range(20))]
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]

    def weight(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in plain]
        return counts[0] and sum(1 for count in counts if count), counts[0]

    best = max(_SEPARATORS, key=weight)
    if weight(best) > (0, 0):
        return best
    # the first line may be a title
    return max(_SEPARATORS, key=lambda mark: sum(line.count(mark) for line in plain))


_MENDING = "newsletter.cp1252"


def _mend(error: UnicodeError) -> tuple[str, int]:
    """A byte that is not UTF-8 is read as Windows' Western one, or is lost: it costs a letter, never a file."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_MENDING, _mend)


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1::2].count(0) > len(head) // 3:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 3:
        return "utf-16-be"
    return _regional(head) or "utf-8-sig"


def _regional(head: bytes) -> str:
    """The regional encoding in which more of the beginning's words are known ones than in UTF-8; empty for none."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        most, found = _known(head.decode("utf-8", _MENDING)), ""
        for encoding in _REGIONAL:
            known = _known(head.decode(encoding, "replace"))
            if known > most:
                most, found = known, encoding
        return found
    return ""


def _known(text: str) -> int:
    """How many cells of *text* are headings or states in other letters than ASCII's."""
    cells = {cell.strip() for cell in re.split(r"[,;\t|\"\r\n]", text) if not cell.isascii() and len(cell) < 80}
    worded = (cell for cell in cells if all(letter.isascii() or letter.isalnum() for letter in cell))
    return sum(1 for cell in worded if senses.is_known(squash(cell)))
