"""Tables: what breaks on a narrow terminal, and what never does."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest

from newsletter.cli import screen

ROW = ("2021-11-26", "ada.lovelace@example.com", "the mailbox of this reader is over its quota")


@pytest.fixture
def width(request: pytest.FixtureRequest) -> Iterator[int]:
    """Columns of the terminal."""
    before = screen.console.width
    screen.console.width = request.param
    yield request.param
    screen.console.width = before


def _shown(capsys: pytest.CaptureFixture[str], *rows: tuple[str, ...]) -> list[str]:
    screen.table("Log", ("edition", "address", "words"), rows, wrap=("words",))
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("width", [60], indirect=True)
def test_only_words_break_into_lines(capsys: pytest.CaptureFixture[str], width: int) -> None:
    assert _shown(capsys, ROW) == [
        "Log",
        "edition     address                   words",
        "2021-11-26  ada.lovelace@example.com  the mailbox of this",
        "                                      reader is over its",
        "                                      quota",
    ]


@pytest.mark.parametrize("width", [40], indirect=True)
def test_nothing_is_cut_where_not_even_the_rest_has_room(capsys: pytest.CaptureFixture[str], width: int) -> None:
    shown = "".join(_shown(capsys, ROW)).replace(" ", "")
    assert all(part in shown for part in ("quota", "2021", "@exa"))
    assert "…" not in shown


@pytest.mark.parametrize("width", [80], indirect=True)
def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str], width: int) -> None:
    assert _shown(capsys) == ["Log: none"]


_WATCHED = """
from newsletter.cli import screen

with screen.progress() as bar:
    bar.add_task("collecting", total=2)
    bar.refresh()
    screen.say("a line of ours")
"""


def test_what_is_said_beside_a_bar_has_a_line_of_its_own() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", _WATCHED], stdout=theirs, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    written = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    before, _, _ = written.partition("a line of ours")
    assert before.endswith("\x1b[2K")  # what stood in that line is cleared


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that nobody is at the other end
        return b""
