"""What nobody understood is shown, and judged by hand: what would follow is said first, then done, and written down."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from newsletter.cli.root import program
from newsletter.errors import BadInput, NotFound
from newsletter.tracking.mailbox import rulings
from newsletter.tracking.models import Event, ReturnedRuling
from subscribers import roll
from subscribers.models import Consent, Suppression
from tests import factories
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import bounce, note

ADA = "ada@readers.example"


@pytest.fixture
def reader(of_files: Reader) -> Reader:
    """With Ada on the list, and a note from her that nobody understood."""
    with of_files.app.database.write() as session:
        factories.a_subscriber(session, ADA)
    _put(of_files, note(1, words="Ada is not here any more."))
    return of_files


def _put(reader: Reader, raw: bytes) -> None:
    folder = reader.app.settings.mailbox.maildir
    assert folder is not None
    (folder / "new" / "1.a.host").write_bytes(raw)
    reader.collect()


def judge(reader: Reader, word: str, *, address: str = ADA, number: int = 1) -> str:
    """Say what the letter is; what came of it."""
    with reader.app.database.write() as session:
        plan = rulings.plan(session, reader.app.settings, number, word, address=address)
        rulings.rule(session, reader.app.settings, plan, by="grace", now=reader.now)
    return plan.sentence


def suppressed(reader: Reader) -> list[str]:
    """Who is not mailed any more."""
    with reader.app.database.read() as session:
        return list(session.scalars(select(Suppression.email_key)))


def test_a_dead_address_is_not_mailed_again_and_the_ruling_is_kept(reader: Reader) -> None:
    said = judge(reader, "dead")
    with reader.app.database.read() as session:
        kept = session.scalars(select(ReturnedRuling)).one()
        event = session.scalars(select(Event)).one()
    assert (said, kept.by, kept.said, kept.came_of_it, kept.before["action"], suppressed(reader), event.kind) == (
        "reader 1 has an address that does not exist, and is not mailed again",
        "grace", "dead", said, "unrecognised", [ADA], "failed",
    )  # fmt: skip


def test_what_would_follow_is_said_without_anything_being_done(reader: Reader) -> None:
    with reader.app.database.read() as session:
        plan = rulings.plan(session, reader.app.settings, 1, "complaint", address=ADA)
    assert (plan.sentence, suppressed(reader), reader.knows()[0].is_odd) == (
        "reader 1 said it is spam, and is not mailed again", [], True,
    )  # fmt: skip


def test_who_asked_to_be_taken_off_leaves(reader: Reader) -> None:
    said = judge(reader, "unsubscribe")
    with reader.app.database.read() as session:
        stands = roll.subscriptions(session, roll.get(session, ADA).id)
    assert (said, stands) == ("reader 1 leaves weekly", {"weekly": Consent.UNSUBSCRIBED})


def test_a_letter_that_is_nothing_touches_nobody_and_is_not_shown_again(reader: Reader) -> None:
    said = judge(reader, "seen", address="")
    assert (said, [letter.is_odd for letter in reader.knows()]) == ("nobody is touched", [False])


def test_nothing_is_learned_for_other_letters_like_it(reader: Reader) -> None:
    judge(reader, "dead")
    _put(reader, note(2, words="Ada is not here any more."))
    assert [letter.action for letter in reader.knows()] == ["failed", "unrecognised"]


def test_what_the_verdict_before_did_is_not_undone_in_silence(reader: Reader) -> None:
    _put(reader, bounce(2, address=ADA))
    said = judge(reader, "auto-reply", address="", number=2)
    stands = "that no mail goes there stays so, until the verdict before is taken back or the suppression lifted"
    assert (said, suppressed(reader)) == (f"nobody is touched; {stands}", [ADA])


def test_whom_it_is_about_must_be_known(reader: Reader) -> None:
    with pytest.raises(BadInput, match="nobody knows whom letter 1 is about: say whose address it is"):
        judge(reader, "dead", address="")


def test_a_letter_that_is_not_there_is_said_so(reader: Reader) -> None:
    with pytest.raises(NotFound, match="there is no letter 7"):
        judge(reader, "dead", number=7)


@pytest.fixture
def home(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that product, for the command line."""
    url = reader.app.database.url.render_as_string(hide_password=False)
    (tmp_path / "newsletter.toml").write_text(
        f'database_url = "{url}"\nsecret = "a secret for tests"\n[mailbox]\nmaildir = "Maildir"\n'
    )
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(home: Path, *words: str, answer: str = "") -> str:
    """What the command line says."""
    return CliRunner().invoke(program, ["--home", str(home), "bounces", *words], input=answer).output


def test_the_command_line_lists_what_to_look_at(home: Path) -> None:
    assert [line.split() for line in run(home, "list").splitlines()[2:4]] == [
        ["1", "2026-11-27", "11:30", "unrecognised", "A", "note", "1"],
        ["ever", "taken", "in:", "1", "unrecognised;", "to", "look", "at:", "1"],
    ]


def test_the_command_line_shows_a_letter_with_its_words(home: Path) -> None:
    said = run(home, "show", "1")
    assert ("what it is: unrecognised" in said, "Ada is not here any more." in said) == (True, True)


def test_a_letter_can_not_speak_to_the_terminal(home: Path, reader: Reader) -> None:
    _put(reader, note(2, words="\x1b]0;gone\x07 \x1b[2J"))
    assert "\x1b" not in run(home, "show", "2")


def test_what_stands_above_a_letter_can_not_speak_to_the_terminal(home: Path, reader: Reader) -> None:
    _put(reader, note(2, subject="=?utf-8?q?=1b]0;gone=07?="))
    assert "\x1b" not in run(home, "list")


def test_the_command_line_asks_before_it_does(home: Path, reader: Reader) -> None:
    said = run(home, "judge", "1", "dead", "--address", ADA, answer="n\n")
    assert (said.splitlines()[0], suppressed(reader)) == (
        "Letter 1 is dead: reader 1 has an address that does not exist, and is not mailed again. Do it? [y/N]: n", [],
    )  # fmt: skip


def test_the_command_line_does_what_was_agreed_to(home: Path, reader: Reader) -> None:
    said = run(home, "judge", "1", "dead", "--address", ADA, "--yes", "--by", "grace", "--json")
    assert (json.loads(said)["done"], suppressed(reader)) == (True, [ADA])


def test_the_command_line_collects(home: Path, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "Maildir" / "new" / "5.e.host").write_bytes(bounce(5, address=ADA))
    assert (run(home, "collect").strip(), suppressed(reader)) == ("1 letter taken in (1 failed)", [ADA])
