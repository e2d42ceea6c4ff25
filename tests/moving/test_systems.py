"""Every system's files: whose they are, and how everybody in them stands."""

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from openpyxl import Workbook

from subscribers.moving import importing
from subscribers.moving.importing import Survey
from subscribers.moving.recognising import Options
from subscribers.moving.sheets import Problem, Sheet
from subscribers.moving.states import CODES
from tests.moving.samples import SAMPLES, Sample


def states(found: Survey) -> dict[str, str]:
    return {key: CODES[state] for key, state in found.spool.addresses()}


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_systems_file_is_known_and_everybody_in_it_stands_as_it_says(sample: Sample) -> None:
    with importing.survey(
        Path(sample.file), io.BytesIO(sample.content), options=Options(), lists=["weekly"], known=["weekly"]
    ) as found:
        assert (
            [part.system.title for part in found.parts],
            states(found),
            bool(found.questions),
            found.questions[:1],
        ) == (
            [sample.title],
            sample.states,
            sample.asks,
            found.questions[:1],
        )


def _text(
    rows: list[list[str]], *, mark: str = ",", encoding: str = "utf-8", end: str = "\n", quoted: bool = False
) -> bytes:
    stream = io.StringIO()
    if quoted:
        csv.writer(stream, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(stream, delimiter=mark, lineterminator=end).writerows(rows)
    return stream.getvalue().encode(encoding)


def _workbook(rows: list[list[str]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


#: what people's programs make of a file before they hand it on
_SAVED: Mapping[str, Callable[[list[list[str]]], bytes]] = {
    "csv": lambda rows: _text(rows, mark=";", encoding="utf-8-sig", end="\r\n"),
    "txt": lambda rows: _text(rows, mark="\t", encoding="utf-16"),
    "CSV": lambda rows: _text(rows, quoted=True, encoding="cp1252") + b"\n,,\n",
    "xlsx": _workbook,
    "export.csv": lambda rows: _text([row if "@" in "".join(row) else [cell.upper() for cell in row] for row in rows]),
}


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if not sample.file.endswith("json")], ids=str)
def test_a_file_that_was_opened_and_saved_again_says_the_same(sample: Sample) -> None:
    rows = [row[1] for row in Sheet(io.BytesIO(sample.content)) if not isinstance(row, Problem)]
    told = {}
    for ending, save in _SAVED.items():
        name = Path(sample.file).with_suffix(f".{ending}")
        with importing.survey(
            name, io.BytesIO(save(rows)), options=Options(), lists=["weekly"], known=["weekly"]
        ) as found:
            told[ending] = ([part.system.title for part in found.parts], states(found), bool(found.questions))
    assert told == dict.fromkeys(_SAVED, ([sample.title], sample.states, sample.asks))
