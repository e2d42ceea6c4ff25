"""A whole Friday as a newcomer sees it: `newsletter demo`, by each way to the wire, and what came back."""

import json
import mailbox
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import app as apps
from newsletter.testing.sendgrid import Lookalike, lookalike
from newsletter.testing.sendgrid_events import Outcome
from newsletter.testing.smtp_sink import SmtpSink
from subscribers import roll
from subscribers.models import Consent, Subscriber, Suppression

#: the same for every run, so that personal links are the same too
SECRET = "a secret for tests, long enough"
AUDIENCE = 176
EDITION = "friday/2021-11-26"
#: the port of the demo's own feeds and pictures, another one where it is taken
PORT = re.compile(r"127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True)
class Friday:
    """One run of the demo: its folder, its environment, and what it printed."""

    home: Path
    environ: dict[str, str]
    printed: str

    def ask(self, *words: str) -> str:
        """What `newsletter …` prints in the demo's folder."""
        return _type(self.environ, "--home", str(self.home), *words)

    @property
    def messages(self) -> dict[str, bytes]:
        """Recipient → the message in the Maildir, as on disk."""
        box = mailbox.Maildir(self.home / "outbox", create=False)
        raw = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118  (a Maildir is not a dict)
        return {str(_parse(message)["To"].addresses[0].addr_spec): message for message in raw}


@pytest.fixture(scope="module")
def friday(tmp_path_factory: pytest.TempPathFactory) -> Friday:
    """The demo as the README runs it: into a Maildir."""
    return _live(tmp_path_factory.mktemp("maildir") / "demo")


@pytest.fixture(scope="module")
def messages(friday: Friday) -> list[EmailMessage]:
    """Every message in its Maildir, parsed."""
    return [_parse(raw) for raw in friday.messages.values()]


def test_the_last_lines_are_the_balance_with_numbers_that_add_up(friday: Friday) -> None:
    words, figures = friday.printed.strip().splitlines()[-2:]
    assert " ".join(words.split()) == "planned = accepted + skipped + refused + unknown"
    planned, *parts = (int(figure) for figure in re.findall(r"\d+", figures))
    assert (planned, sum(parts)) == (AUDIENCE, AUDIENCE)


def test_the_five_leading_stories_are_the_weeks(friday: Friday) -> None:
    told = friday.printed.partition("biggest stories")[2]
    leading = re.findall(r"^  \d\. .*?(Walmart|Carrefour|Getir|Richemont|Boots)", told, re.MULTILINE)
    assert set(leading) == {"Walmart", "Carrefour", "Getir", "Richemont", "Boots"}


def test_reasons_are_shown_and_reprints_are_not_counted(friday: Friday) -> None:
    assert friday.printed.count("independent sources") == 5
    assert "reprint not counted" in friday.printed


def test_everybody_who_may_be_mailed_got_one_message(friday: Friday) -> None:
    assert len(list((friday.home / "outbox" / "new").iterdir())) == len(friday.messages) == AUDIENCE


def test_who_has_not_confirmed_or_left_or_is_suppressed_got_none(friday: Friday) -> None:
    with closing(apps.start(friday.home)) as app, app.database.read() as session:
        may_be_mailed = {
            person.email for person in session.scalars(select(Subscriber)) if _may_be_mailed(session, person)
        }
    assert set(friday.messages) == may_be_mailed


def test_every_message_parses_without_defects_and_has_both_parts(messages: list[EmailMessage]) -> None:
    kinds = {tuple(part.get_content_type() for part in message.walk()) for message in messages}
    defects = [defect for message in messages for part in message.walk() for defect in part.defects]
    assert (kinds, defects) == ({("multipart/alternative", "text/plain", "text/html")}, [])


def test_every_message_has_one_recipient(messages: list[EmailMessage]) -> None:
    assert {(len(message["To"].addresses), message["Cc"], message["Bcc"]) for message in messages} == {(1, None, None)}


def test_no_slot_is_left_unfilled(friday: Friday) -> None:
    assert [raw for raw in friday.messages.values() if re.search(rb"zq(HTML|TEXT)|\{\{|\{%", raw)] == []


def test_message_ids_are_unlike_each_other(messages: list[EmailMessage]) -> None:
    assert len({message["Message-ID"] for message in messages}) == AUDIENCE


def test_the_one_click_header_works(tmp_path: Path) -> None:
    friday = _live(tmp_path / "demo")
    address, raw = next(iter(friday.messages.items()))
    headers = _parse(raw)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = urlsplit(headers["List-Unsubscribe"].strip("<>")).path  # whatever port was free
    with _serving(friday) as url:
        click = urllib.request.Request(url + path, data=b"List-Unsubscribe=One-Click", method="POST")
        with urllib.request.urlopen(click, timeout=20) as answer:
            assert answer.status == 200
    with closing(apps.start(friday.home)) as app, app.database.read() as session:
        assert set(roll.subscriptions(session, roll.get(session, address).id).values()) == {Consent.UNSUBSCRIBED}


def test_the_pictures_of_the_mails_stay_reachable_beside_its_pages(friday: Friday) -> None:
    some_mail = _contents(next(iter(friday.messages.values())))[2]
    pictures = set(re.findall(r'src="http://127\.0\.0\.1(/images/[^"]+)', some_mail))
    with _serving(friday) as url:
        answers = [urllib.request.urlopen(url + picture, timeout=20).status for picture in pictures]
    assert answers == [200] * 5


def test_a_second_run_starts_afresh(tmp_path: Path) -> None:
    first, second = (_live(tmp_path / "demo") for _ in range(2))
    assert len(second.messages) == len(first.messages) == AUDIENCE


def test_a_folder_with_other_things_in_it_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    answer = subprocess.run(
        [sys.executable, "-m", "newsletter", "demo", str(tmp_path)],
        env=_environ(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (answer.returncode, (tmp_path / "thesis.txt").exists()) == (2, True)


def test_by_smtp_the_same_edition_arrives(friday: Friday, tmp_path: Path) -> None:
    with SmtpSink() as sink:
        port = str(sink.port)
        _live(
            tmp_path / "demo",
            NEWSLETTER_SENDER="smtp",
            NEWSLETTER_SMTP_HOST="127.0.0.1",
            NEWSLETTER_SMTP_PORT=port,
            NEWSLETTER_SMTP_SECURITY="none",
        )
    arrived = {one.recipient: _contents(one.message) for one in sink.taken}
    assert arrived == {address: _contents(raw) for address, raw in friday.messages.items()}


@pytest.fixture(scope="module")
def by_sendgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Friday, Lookalike]]:
    """The demo sent through the SendGrid look-alike, whose events were told to the hook."""
    fates = [("reader001|reader002", Outcome.BOUNCE), ("reader003", Outcome.DEFERRED)]
    with lookalike(outcomes=fates) as sendgrid:
        friday = _live(
            tmp_path_factory.mktemp("sendgrid") / "demo",
            NEWSLETTER_SENDER="sendgrid",
            NEWSLETTER_SENDGRID_API_KEY=sendgrid.key,
            NEWSLETTER_SENDGRID_HOST=sendgrid.url,
            NEWSLETTER_SENDGRID_WEBHOOK_KEY=sendgrid.public_key,
        )
        with _serving(friday) as url:
            assert set(sendgrid.tell(f"{url}/hooks/sendgrid", duplicates=0.2, shuffle=True)) == {200}
        yield friday, sendgrid


def test_by_sendgrid_the_same_edition_arrives(friday: Friday, by_sendgrid: tuple[Friday, Lookalike]) -> None:
    arrived = {
        one["to"][0]["email"]: _filled(taken.body, one["substitutions"])
        for taken in by_sendgrid[1].app.taken
        for one in taken.body["personalizations"]
    }
    assert arrived == {address: _contents(raw) for address, raw in friday.messages.items()}


def test_its_signed_events_turn_accepted_into_delivered_and_bounced(by_sendgrid: tuple[Friday, Lookalike]) -> None:
    status = json.loads(by_sendgrid[0].ask("status", EDITION, "--json"))
    assert "'delivered': 174" in str(status)
    assert "'bounced': 2" in str(status)


def test_the_log_tells_what_became_of_one_copy_in_the_providers_words(by_sendgrid: tuple[Friday, Lookalike]) -> None:
    (row,) = json.loads(by_sendgrid[0].ask("log", "--address", "reader001@example.com", "--json"))
    assert (row["status"], bool(row["reason"])) == ("bounced", True)


def _live(home: Path, **extra: str) -> Friday:
    environ = _environ() | extra
    return Friday(home, environ, _type(environ, "demo", str(home)))


def _environ() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return clean | {"NEWSLETTER_SECRET": SECRET}


def _type(environ: dict[str, str], *words: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "newsletter", *words],
        env=environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@contextmanager
def _serving(friday: Friday) -> Iterator[str]:
    """`newsletter serve` on a free port, while the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "--home", str(friday.home), "serve", "--port", "0"],
        env=friday.environ | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield found[0].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _contents(raw: bytes) -> tuple[str, str, str]:
    """Subject, text and HTML, as a reader's program shows them."""
    message = _parse(raw)
    parts = [part.get_content() for part in message.iter_parts() if isinstance(part, EmailMessage)]
    return _normal(str(message["Subject"]), *parts)


def _filled(body: dict[str, Any], substitutions: dict[str, str]) -> tuple[str, str, str]:
    """The same of a SendGrid request, with one reader's substitutions made."""
    parts = [str(part["value"]) for part in body["content"]]
    for key, value in substitutions.items():
        parts = [part.replace(key, value) for part in parts]
    return _normal(str(body["subject"]), *parts)


def _normal(subject: str, text: str, markup: str) -> tuple[str, str, str]:
    text, markup = (PORT.sub("127.0.0.1", part.replace("\r\n", "\n").rstrip("\n")) for part in (text, markup))
    return subject, text, markup


def _may_be_mailed(session: Session, person: Subscriber) -> bool:
    """Confirmed on a list and not suppressed, by the rules as a person would tell them, one reader at a time."""
    suppressed = session.scalar(select(Suppression.id).where(Suppression.email_key == person.email_key))
    return suppressed is None and Consent.CONFIRMED in roll.subscriptions(session, person.id).values()


def test_on_a_terminal_the_draft_waits_at_the_desk_and_goes_out_once_it_is_approved(tmp_path: Path) -> None:
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "newsletter", "demo", str(tmp_path / "demo")]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=_environ()) as process:
        os.close(terminal)
        try:
            desk = re.search(r"http://127\.0\.0\.1:\d+", _read(screen, "Ctrl-C ends the demo"))
            assert desk is not None
            with urllib.request.urlopen(f"{desk[0]}/editions/1", timeout=60) as page:
                seen = dict(re.findall(r'name="(revision|digest)" value="(\w+)"', page.read().decode()))
            assert list((tmp_path / "demo").glob("outbox/new/*")) == []
            approval = urllib.request.Request(
                f"{desk[0]}/editions/1/approve", data=urlencode(seen).encode(), method="POST"
            )
            urllib.request.urlopen(approval, timeout=60).close()
            told = _read(screen, "Each copy as it went out")
        finally:
            process.send_signal(signal.SIGINT)
        _read(screen, "The desk opens again")
    figures = next(line for line in told.splitlines() if re.match(rf" +{AUDIENCE} =", line))
    assert (process.returncode, figures.split(), len(list((tmp_path / "demo").glob("outbox/new/*")))) == (
        0,
        f"{AUDIENCE} = {AUDIENCE} + 0 + 0 + 0".split(),
        AUDIENCE,
    )


def _read(screen: int, until: str) -> str:
    """What stands on the terminal, up to the words *until*."""
    text = ""
    while until not in text:
        text += os.read(screen, 65_536).decode("utf-8", "replace")
    return text
