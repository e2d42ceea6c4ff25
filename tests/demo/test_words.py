"""What the demo says when it ends: commands that work as they stand, where they are read."""

from pathlib import Path

import pytest

from newsletter.cli import demo


@pytest.mark.parametrize(
    ("home", "begins"),
    [
        ("/home/ada/tree/demo", "newsletter --home demo"),
        ("/home/ada/demo", "newsletter --home /home/ada/demo"),
        ("/home/ada/tree/my demo", "newsletter --home 'my demo'"),
    ],
)
def test_its_commands_name_the_folder_as_it_is_reached_from_here(home: str, begins: str) -> None:
    assert demo.command(Path(home), here=Path("/home/ada/tree")) == begins


@pytest.mark.parametrize(
    ("program", "found", "begins"),
    [
        (".venv/bin/newsletter", "", ".venv/bin/newsletter --home demo"),
        ("/home/ada/tree/.venv/bin/newsletter", "", ".venv/bin/newsletter --home demo"),
        ("/opt/newsletter/bin/newsletter", "", "/opt/newsletter/bin/newsletter --home demo"),
        ("/home/ada/friday/bin/newsletter", "newsletter", "newsletter --home demo"),
        ("/usr/lib/python3/newsletter/__main__.py", "", "newsletter --home demo"),
    ],
)
def test_its_commands_are_called_as_the_shell_finds_them(
    program: str, found: str, begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if found:
        (tmp_path / found).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    tree = Path("/home/ada/tree")
    assert demo.command(tree / "demo", here=tree, program=Path(program)) == begins
