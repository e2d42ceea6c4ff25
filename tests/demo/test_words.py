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
