"""`newsletter why`, as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newsletter import jobs
from newsletter.app import App
from newsletter.cli.root import program
from subscribers import roll
from tests import factories
from tests.delivery.test_cli import TOML
from tests.delivery.world import NINE, people


@pytest.fixture
def sent(app: App, tmp_path: Path, database_url: str) -> Path:
    """The home of an edition that 35 readers have; reader 7 has left since, and Bea came too late."""
    (tmp_path / "newsletter.toml").write_text(TOML.format(url=database_url), "utf-8")
    with app.database.write() as session:
        people(session, 35)
        edition_id = factories.an_edition(session).id
    jobs.approve(app, edition_id, by="editor@news.example.com", now=NINE)
    run(tmp_path, "send", str(edition_id))
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def data(home: Path, *arguments: str) -> Any:
    return json.loads(run(home, *arguments, "--json").stdout)


def test_the_answer_is_a_sentence_and_the_copys_story(sent: Path) -> None:
    said = run(sent, "why", "reader7@example.com", "2021-11-26")
    assert (said.exit_code, said.stdout.splitlines()[0], "Copy" in said.stdout.title()) == (
        0,
        "friday/2021-11-26  accepted",
        True,
    )


def test_without_an_edition_the_newest_is_meant(sent: Path) -> None:
    answers = data(sent, "why", "reader7@example.com")
    assert [(one["edition"], one["case"], bool(one["timeline"])) for one in answers] == [
        ("friday/2021-11-26", "accepted", True)
    ]


def test_an_address_that_nobody_has_is_an_answer_and_no_error(sent: Path) -> None:
    said = run(sent, "why", "readr7@example.com")
    assert (said.exit_code, said.stdout.split("\n")) == (
        0,
        ["Nobody here has the address readr7@example.com.", "Was reader7@example.com meant?", ""],
    )


def test_an_edition_that_is_not_there_is_an_error(sent: Path) -> None:
    said = run(sent, "why", "reader7@example.com", "2021-11-19")
    assert str(said.exception) == "there is no edition '2021-11-19'; there are friday/2021-11-26"


def test_who_was_erased_is_asked_for_by_number(sent: Path, app: App) -> None:
    with app.database.write() as session:
        number = roll.get(session, "reader7@example.com").id
        roll.erase(session, number, now=NINE)
    (answer,) = data(sent, "why", str(number), "2021-11-26")
    assert (answer["case"], f"reader {number}" in answer["sentence"]) == ("accepted", True)


def test_a_report_is_tables_on_a_screen(sent: Path) -> None:
    said = run(sent, "report", "2021-11-26")
    assert (
        said.exit_code,
        [line.rstrip() for line in said.stdout.splitlines() if line.startswith(("planned", "By ", "Who", "Growth"))],
    ) == (
        0,
        [
            "planned 35 = accepted 35 + skipped 0 + refused 0 + unknown 0 + to do 0",
            "By domain",
            "By reason: none",
            "Who left, who complained",
            "Growth of the lists",
        ],
    )


def test_a_part_of_a_report_is_a_table_for_a_spreadsheet(sent: Path) -> None:
    said = run(sent, "report", "2021-11-26", "--part", "domains", "--csv")
    assert said.stdout_bytes == b"domain,copies,accepted,wrong %\r\nexample.com,35,35,0.0\r\n"


def test_all_of_a_report_is_a_figure_a_line(sent: Path) -> None:
    lines = run(sent, "report", "2021-11-26", "--csv").stdout.splitlines()
    assert (lines[0], "balance,1,copies,35" in lines, "domains,1,domain,example.com" in lines) == (
        "part,line,what,figure",
        True,
        True,
    )


def test_a_report_is_data(sent: Path) -> None:
    whole = data(sent, "report", "2021-11-26")
    assert (whole["edition"], whole["balance"]["accepted"], whole["complaints"][0]["percent"]) == (
        "friday/2021-11-26",
        35,
        0.0,
    )


def test_a_part_of_a_report_is_data_too(sent: Path) -> None:
    assert sorted(data(sent, "report", "2021-11-26", "--part", "rates")) == [
        "complaints",
        "edition",
        "keep_below_percent",
        "left_by",
        "never_reach_percent",
        "unsubscribes",
    ]


def test_a_report_is_either_csv_or_json(sent: Path) -> None:
    assert str(run(sent, "report", "2021-11-26", "--csv", "--json").exception) == "say one of --csv and --json"
