"""Files opened as tables of cells, whatever they are packed in: CSV in its many kinds, ZIP, gzip, XLSX, JSON."""

import gzip
import json
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

from subscribers.errors import BadFile

from .sheets import Problem, Sheet

#: what a packed file may grow to, in bytes
_LARGEST = 8 << 30
#: files in one, each of which is open until all is read
_MOST_FILES = 100
#: what JSON may measure, because it is read whole, in bytes
_LARGEST_JSON = 64 << 20
#: files in an archive that nobody would take for a table
_BESIDE = {".html", ".htm", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".pdf", ".md", ".xml", ".ds_store"}


@dataclass(frozen=True, slots=True)
class Table:
    """Something that can be read row by row, as often as wanted."""

    #: as people know it, with its folder in an archive
    name: str
    rows: Callable[[], Iterator[tuple[int, list[str]] | Problem]]
    #: whether its lines end as Windows and Python's csv module write them
    crlf: bool = False


@dataclass(slots=True)
class _Unpacking:
    """What is unpacked of one file: all of it together has limits, however it is packed into each other."""

    stack: ExitStack
    size: int = 0
    files: int = 0

    def file(self, name: str) -> BinaryIO:
        """An empty one, for what *name* holds."""
        self.files += 1
        if self.files > _MOST_FILES:
            raise BadFile(f"{name} is one of more than {_MOST_FILES} packed files: import them in parts")
        return cast("BinaryIO", self.stack.enter_context(tempfile.TemporaryFile()))

    def grow(self, size: int, name: str) -> None:
        """*size* bytes more of what *name* holds."""
        self.size += size
        if self.size > _LARGEST:
            raise BadFile(f"{name} unpacks to more than {_LARGEST >> 30} GB: that is no list of people")


@contextmanager
def opened(path: Path, file: BinaryIO) -> Iterator[list[Table]]:
    """The tables in *file*, called *path*; it must be able to seek. Raises BadFile, which says what to do."""
    with ExitStack() as stack:
        yield list(_tables(path.name, file, _Unpacking(stack)))


def _tables(name: str, file: BinaryIO, all_of_it: _Unpacking, *, inside: bool = False) -> Iterator[Table]:
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        yield from _from_zip(name, file, all_of_it, inside=inside)
    elif head.startswith(b"PK\x05\x06"):
        raise BadFile(f"{name} is an empty archive")
    elif head.startswith(b"\x1f\x8b"):
        unpacked = _unpacked(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), name, all_of_it)
        yield from _tables(name.removesuffix(".gz"), unpacked, all_of_it, inside=True)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(f"{name} is an old Excel file: open it and save it as .xlsx or .csv")
    elif head.startswith(b"%PDF"):
        raise BadFile(f"{name} is a PDF: export a CSV file instead")
    elif _is_json(file):
        yield from _from_json(name, file)
    else:
        beginning = file.read(4096)
        yield Table(name, lambda: iter(Sheet(file)), crlf=b"\r\n" in beginning)


def _from_zip(name: str, file: BinaryIO, all_of_it: _Unpacking, *, inside: bool) -> Iterator[Table]:
    try:
        archive = all_of_it.stack.enter_context(zipfile.ZipFile(file))
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise BadFile(f"{name} is a broken archive: download it once more") from error
    if any(member.filename == "xl/workbook.xml" for member in members):
        file.seek(0)
        yield from _from_workbook(name, file, all_of_it.stack)
        return
    if inside:
        raise BadFile(f"{name} is an archive in an archive: unpack it, and import its files one by one")
    for member in members:
        path = PurePosixPath(member.filename)
        if member.is_dir() or path.suffix.lower() in _BESIDE or "__MACOSX" in path.parts or path.name.startswith("."):
            continue
        if member.flag_bits & 1:
            raise BadFile(f"{member.filename} in {name} is locked with a password: unpack it first")
        try:
            unpacked = _unpacked(archive.open(member), member.filename, all_of_it)
        except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
            raise BadFile(f"{member.filename} in {name} can't be unpacked: download it once more") from error
        yield from _tables(member.filename, unpacked, all_of_it, inside=True)


def _unpacked(packed: IO[bytes], name: str, all_of_it: _Unpacking) -> BinaryIO:
    file = all_of_it.file(name)
    try:
        while block := packed.read(1 << 20):
            all_of_it.grow(len(block), name)
            file.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise BadFile(f"{name} is cut off or broken: download it once more") from error
    return file


def _from_workbook(name: str, file: BinaryIO, stack: ExitStack) -> Iterator[Table]:
    from openpyxl import load_workbook  # slow to load, and few need it

    try:
        workbook = load_workbook(file, read_only=True, data_only=True)
    except Exception as error:
        raise BadFile(f"{name} can't be read as an Excel file: save it as .csv") from error
    stack.callback(workbook.close)
    several = len(workbook.worksheets) > 1
    for sheet in workbook.worksheets:

        def rows(sheet: Any = sheet) -> Iterator[tuple[int, list[str]]]:
            for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                texts = [_text(cell) for cell in cells]
                if any(texts):
                    yield line, texts

        yield Table(f"{name}, {sheet.title}" if several else name, rows)


def _is_json(file: BinaryIO) -> bool:
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return start.startswith(b"{") or (start.startswith(b"[") and not start.startswith(b"[]"))


def _from_json(name: str, file: BinaryIO) -> Iterator[Table]:
    text = file.read(_LARGEST_JSON + 1)
    if len(text) > _LARGEST_JSON:
        raise BadFile(f"{name} has more than {_LARGEST_JSON >> 20} MB of JSON: export it as CSV, or in parts")
    try:
        found = _lists(json.loads(text))
    except (ValueError, RecursionError):
        found = [("", _lines_of_json(text))]
    found = [(key, records) for key, records in found if records]
    if not found:
        raise BadFile(f"{name} is JSON without a list of records: write the command's whole answer to the file")
    for key, records in found:
        yield _of_records(f"{name}, {key}" if len(found) > 1 else name, records)


def _of_records(name: str, records: list[dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(heading for record in records for heading in record))
    table = [columns, *([_text(record.get(heading)) for heading in columns] for record in records)]
    return Table(name, lambda: iter(list(enumerate(table, start=1))))


def _lists(value: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every list of objects that stands beside another one in *value*, with its key: {"active": […], "left": […]}."""
    while isinstance(value, dict):
        found = [(key, inner) for key, inner in value.items() if _records(inner)]
        if len(found) != 1:
            return [(key, _records(inner)) for key, inner in found]
        value = found[0][1]
    return [("", _records(value))]


def _lines_of_json(text: bytes) -> list[dict[str, Any]]:
    """One record a line, or several answers one after the other, as `aws … >> file` leaves them."""
    try:
        rest, decoder, found = text.decode("utf-8-sig").strip(), json.JSONDecoder(), list[dict[str, Any]]()
        while rest:
            value, end = decoder.raw_decode(rest)
            found += _records(value) or ([value] if isinstance(value, dict) else [])
            rest = rest[end:].lstrip(" \t\r\n,")
    except (ValueError, RecursionError):
        return []
    return found


def _records(value: Any) -> list[dict[str, Any]]:
    """The first list of objects in *value*, as the answers of programs hold them."""
    if isinstance(value, list):
        return [record for record in value if isinstance(record, dict)]
    if isinstance(value, dict):
        for inner in value.values():
            if found := _records(inner):
                return found
    return []


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, dict | list) else json.dumps(cell)
