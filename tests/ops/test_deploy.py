"""What stands in deploy/ for those who watch: rules that ring when they should, of figures that there are."""

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.app import App
from newsletter.cli.root import program
from newsletter.tracking import gauges

_DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = _DEPLOY / "prometheus" / "newsletter.rules.yml"
BOARD = _DEPLOY / "grafana" / "newsletter.json"
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
_NAME = re.compile(r"newsletter_[a-z_]+")

pytestmark = pytest.mark.skipif(not _DEPLOY.exists(), reason="the wheel has no deploy/")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="there is no promtool here: install Debian's prometheus, or set PROMTOOL"
)


def _promtool(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROMTOOL), *arguments], input=given, capture_output=True, text=True, check=False)


@pytest.fixture
def known(app: App) -> set[str]:
    """The name of every figure there is."""
    with app.database.read() as session:
        return {family.name for family in gauges.gather(session, app.settings, now=datetime(2021, 11, 26, tzinfo=UTC))}


@needs_promtool
def test_the_rules_can_be_read() -> None:
    answer = _promtool("check", "rules", str(RULES))
    assert (answer.returncode, "SUCCESS: 20 rules found" in answer.stdout) == (0, True)


@needs_promtool
def test_each_alert_rings_where_it_should_and_on_a_good_friday_none_does(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    shutil.copy(Path(__file__).parent / "rules.yaml", tmp_path)
    answer = _promtool("test", "rules", str(tmp_path / "rules.yaml"))
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, answer.stdout)


@pytest.mark.parametrize("file", [RULES, BOARD], ids=["rules", "dashboard"])
def test_every_figure_that_is_asked_for_exists(known: set[str], file: Path) -> None:
    # the tick's is there once something ticked
    asked = set(_NAME.findall(file.read_text("utf-8"))) - {"newsletter_database_up", "newsletter_tick_age_seconds"}
    assert asked - known == set()


def test_every_command_that_an_alert_names_exists() -> None:
    says = " ".join(re.findall(r"^ +do: (.*)$", RULES.read_text("utf-8"), re.MULTILINE))
    named = {" ".join(found) for found in re.findall(r"\bnewsletter ([a-z]+)(?: ([a-z]+)\b)?", says)}
    answers = {
        command: CliRunner().invoke(program, [command.split()[0], "--help"]).exit_code for command in sorted(named)
    }
    assert set(answers.values()) == {0}


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    board = json.loads(BOARD.read_text("utf-8"))
    spots = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    ids = [panel["id"] for panel in board["panels"]]
    assert (len(set(spots)), len(set(ids)), board["uid"]) == (len(spots), len(ids), "newsletter")
