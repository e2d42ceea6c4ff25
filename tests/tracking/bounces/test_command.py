"""`newsletter bounces explain`: for colleagues and for programs, without a database and without settings."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsletter.rendering import links
from tests.tracking.bounces.test_real import REAL
from tests.tracking.bounces.test_written import ADA, MARK, MESSAGE, WRITTEN

SECRET = "a secret of forty-two characters, or nearly"


def explain(home: Path, *words: str | Path, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "newsletter", "--home", str(home), "bounces", "explain", *map(str, words)]
    return subprocess.run(command, input=given, capture_output=True, check=False)


def data(home: Path, *words: str | Path, given: bytes = b"") -> list[dict[str, Any]]:
    done = explain(home, *words, "--json", given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_programs_get_each_message_with_its_judgement(tmp_path: Path) -> None:
    file = WRITTEN / "qmail-no-mailbox.eml"
    assert data(tmp_path, file) == [
        {
            "file": str(file),
            "action": "failed",
            "meaning": "dead",
            "code": "5.1.1",
            "address": ADA,
            "token": MARK,
            "message_id": MESSAGE,
            "lesson": "suppress",
            "words": "Sorry, no mailbox here by that name. (#5.1.1)",
            "list_id": "The Friday Five <friday.news.example.com>",
            "feedback_id": "12:friday:digest:newsexamplecom",
            "says": f"{ADA} does not exist (5.1.1).",
            "ours": None,
            "others": [],
        }
    ]


def test_nothing_is_made_where_there_is_no_home(tmp_path: Path) -> None:
    data(tmp_path, REAL / "exim-rold.eml")
    assert list(tmp_path.iterdir()) == []


def test_several_files_come_in_their_order(tmp_path: Path) -> None:
    files = [REAL / "postfix-loop.eml", REAL / "exim-big.eml", WRITTEN / "a-letter.eml"]
    found = data(tmp_path, *files)
    assert [(one["file"], one["action"], one["meaning"]) for one in found] == [
        (str(files[0]), "failed", "loop"),
        (str(files[1]), "failed", "too large"),
        (str(files[2]), "unrecognised", None),
    ]


def test_the_other_recipients_of_a_report_stand_beside_the_first(tmp_path: Path) -> None:
    (found,) = data(tmp_path, WRITTEN / "qmail-two.eml")
    assert [(one["address"], one["lesson"]) for one in found["others"]] == [("eva@example.net", "count")]


def test_an_mbox_is_many_messages(tmp_path: Path) -> None:
    box = tmp_path / "box"
    letters = [(WRITTEN / f"{name}.eml").read_bytes() for name in ("qmail-quota", "qmail-spam")]
    line = b"From MAILER-DAEMON Fri Nov 27 09:00:00 2026\n"
    box.write_bytes(b"\n".join(line + letter for letter in letters))
    assert [(one["file"], one["meaning"]) for one in data(tmp_path, box)] == [
        (f"{box}#1", "full"),
        (f"{box}#2", "policy"),
    ]


def test_a_maildir_is_what_is_in_new_and_cur(tmp_path: Path) -> None:
    for folder, name in (("new", "mdn-read"), ("cur", "vacation-german"), ("tmp", "a-letter")):
        (tmp_path / "mail" / folder).mkdir(parents=True)
        (tmp_path / "mail" / folder / "1").write_bytes((WRITTEN / f"{name}.eml").read_bytes())
    assert [one["action"] for one in data(tmp_path, tmp_path / "mail")] == ["mdn", "auto-reply"]


def test_a_message_comes_by_a_pipe(tmp_path: Path) -> None:
    (found,) = data(tmp_path, "-", given=(REAL / "dma-rcpt552.eml").read_bytes())
    assert (found["file"], found["meaning"]) == ("standard input", "full")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = explain(tmp_path, tmp_path / "none.eml")
    sentence = f"error: {tmp_path / 'none.eml'} can't be read: No such file or directory\n"
    assert (done.returncode, done.stderr.decode()) == (2, sentence)


def test_what_was_signed_with_the_homes_own_secret_is_said_to_be_ours(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(f'secret = "{SECRET}"\n')
    raw = (WRITTEN / "qmail-no-mailbox.eml").read_bytes()
    signed = raw.replace(MARK.encode(), links.return_mark(SECRET, 12, 345).encode())
    ours, forged = data(tmp_path, "-", given=signed), data(tmp_path, "-", given=raw)
    assert (ours[0]["ours"], forged[0]["ours"]) == ({"edition": 12, "subscriber": 345}, None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qmail-no-mailbox", f"{ADA} does not exist (5.1.1)."),
        ("gmail-over-quota", f"The mailbox of {ADA} is full (5.2.2)."),
        ("gmail-unauthenticated", f"The server of {ADA} does not want it from us (5.7.26)."),
        ("chasquid-too-large", f"It is too large for the server of {ADA} (5.3.4)."),
        ("sendmail-loops-back", f"On the way to {ADA} it went round in circles (5.3.5)."),
        ("gmail-delay", f"It waits on the way to {ADA}, and is being tried again (4.4.1)."),
        ("arf-yahoo", f"{ADA} reported it as spam."),
        ("mdn-read", f"The mail program of {ADA} says that it was opened."),
        ("postfix-alias-of-three", "It is counted only: others got the same copy, or a part of the report is missing."),
        ("vacation-german", "Nobody wrote this: it is an automatic answer."),
        ("unsubscribe-by-mail", "Somebody asks to be taken off."),
        ("postfix-lmtp-delivered", f"It was delivered to {ADA}."),
    ],
)
def test_colleagues_get_a_sentence(tmp_path: Path, name: str, said: str) -> None:
    shown = explain(tmp_path, WRITTEN / f"{name}.eml").stdout.decode()
    assert said in shown
