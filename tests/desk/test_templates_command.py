"""`newsletter templates`: the desk's verbs from a terminal, and files out and in."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from newsletter.rendering import versions
from tests.desk.test_settings_command import _run, home

__all__ = ["home"]


def _templates(home: Path, *words: str) -> "CompletedProcess[str]":
    return _run(home, "templates", *words)


def test_a_folder_is_exported_changed_imported_tried_used_and_taken_back(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    _templates(home, "export", "friday", str(folder))
    (folder / "subject.txt").write_text("Mine: {{ edition.subject }}\n", "utf-8")
    imported = _templates(home, "import", "friday", str(folder))
    early = _templates(home, "use", "friday", "1")
    tried = _templates(home, "try", "friday", "1")
    used = _templates(home, "use", "friday", "1")
    listed = json.loads(_templates(home, "list", "--json").stdout)
    back = _templates(home, "back", "friday")
    after = json.loads(_templates(home, "list", "--json").stdout)
    codes = [done.returncode for done in (imported, early, tried, used, back)]
    assert (codes, _in_use(listed), _in_use(after)) == ([0, 2, 0, 0, 0], 1, 0)
    assert "Try version 1 of friday on the last edition first" in early.stderr


def test_what_is_wrong_is_said_with_file_and_line(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "subject.txt").write_text("{{ nobody }}", "utf-8")
    _templates(home, "import", "friday", str(folder))
    tried = _templates(home, "try", "friday", "1")
    assert (tried.returncode, "friday/subject.txt:1: 'nobody' is undefined" in tried.stdout) == (1, True)


def _in_use(listed: list[dict[str, object]]) -> object:
    """The version of the Friday template that is in use."""
    return next(one["in_use"] for one in listed if one["name"] == "friday")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "nowhere"), "There is no template 'nowhere' on disk: correction, friday"),
        (("try", "friday", "7"), "There is no version 7 of the template friday"),
        (("use", "../friday", "0"), "There is no template '../friday'"),
        (("import", "friday", "/nowhere"), "/nowhere is no folder"),
        (("back", "friday"), "Nothing but what is on disk was ever in use for friday"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(home: Path, words: tuple[str, ...], says: str) -> None:
    done = _templates(home, *words)
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_what_is_exported_is_what_is_on_disk(home: Path, tmp_path: Path) -> None:
    _templates(home, "export", "friday", str(tmp_path / "out"))
    written = {file.name: file.read_text("utf-8") for file in (tmp_path / "out").iterdir()}
    assert written == versions.on_disk("friday", None)
