"""What the editors are mailed: drafts with links that decide, and alarms, each until it is out of our hands."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import watch
from newsletter.editions.models import Alarm, Edition, State
from newsletter.jobs import letters
from newsletter.jobs.post import Letter
from newsletter.rendering.mould import Reader
from newsletter.staff import users
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.scheduler.world import outbox
from tests.staff.conftest import BOSS

EDITOR = Reader(0, "editor@news.example.com", "", "")


@pytest.fixture
def edition(app: App, now: datetime) -> Edition:
    with app.database.write() as session:
        edition = an_edition(session, "Walmart <b>goes</b> live", "Carrefour – “10/10”", state=State.IN_REVIEW)
        edition.stories[0].why = "3 independent sources & no reprints"
        watch.ring(session, f"{watch.DRAFTED}{edition.id} 1", "friday/2021-11-26 is in review", now)
        return edition


def letter(app: App, edition: Edition | None, text: str, now: datetime) -> Letter:
    alarm = Alarm(key="a key", text=text)
    return letters.compose(app, app.newsletter(), alarm, edition, EDITOR.address, now=now)


def test_a_draft_shows_stories_reasons_and_what_to_decide(app: App, edition: Edition, now: datetime) -> None:
    text = letter(app, edition, "It is in review", now).text
    wanted = ["Approve: https://", "Hold:    https://", "1. Walmart", "Why: 3 independent sources & no", "2. Carrefour"]
    assert [text.count(one) for one in wanted] == [1, 1, 1, 1, 1]
    assert sorted(wanted, key=text.index) == wanted


@pytest.mark.parametrize(
    ("role", "is_closed", "offered"),
    [
        (None, False, ["Approve", "Hold", "Edit"]),
        (Role.ADMIN, False, ["Approve", "Hold", "Edit"]),
        (Role.APPROVER, False, ["Approve", "Hold", "Edit"]),
        (Role.EDITOR, False, ["Look", "Edit"]),
        (Role.OPERATOR, False, ["Look"]),
        (Role.ADMIN, True, ["Look"]),
    ],
)
def test_a_draft_offers_what_its_addressee_may_do(
    app: App, edition: Edition, now: datetime, role: Role | None, is_closed: bool, offered: list[str]
) -> None:
    if role is not None:
        with app.database.write() as session:
            user = users.add(session, "Editor@news.example.com", role, by=BOSS, now=now)
            user.closed_at = now if is_closed else None
    mail = letter(app, edition, "It is in review", now)
    names = "|".join(("Approve", "Hold", "Edit", "Look"))
    assert re.findall(rf"^({names}): +https://", mail.text, re.MULTILINE) == offered
    assert [
        words.removesuffix(" at it") for words in re.findall(rf">\s*({names}(?: at it)?)\s*</a>", mail.html)
    ] == offered


def test_who_may_not_decide_is_led_to_the_edition_by_templates_of_before_too(
    app: App, edition: Edition, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "body.txt").write_text("{{ decide.approve }}", "utf-8")
    with app.database.write() as session:
        users.add(session, EDITOR.address, Role.EDITOR, by=BOSS, now=now)
    own = App(app.settings.model_copy(update={"templates": tmp_path}), app.database)
    assert (
        letter(own, edition, "It is in review", now).text.strip() == f"{app.settings.public_url}/editions/{edition.id}"
    )


def test_other_peoples_words_are_not_markup(app: App, edition: Edition, now: datetime) -> None:
    html = letter(app, edition, "a <script> of ours", now).html
    assert "Walmart &lt;b&gt;goes&lt;/b&gt; live" in html
    assert "<script" not in html


def test_the_message_parses_without_defects(app: App, edition: Edition, now: datetime) -> None:
    raw = letter(app, edition, "é" * 200, now).message(EDITOR)
    message = message_from_bytes(raw, policy=policy.default)
    assert message.defects == []
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_an_alarm_cannot_write_headers(app: App, now: datetime) -> None:
    message = message_from_bytes(letter(app, None, "late\r\nBcc: eve@example.com", now).message(EDITOR))
    assert message["Bcc"] is None


def test_each_matter_is_mailed_once(app: App, edition: Edition, now: datetime) -> None:
    assert [letters.tell(app, now=now), letters.tell(app, now=now)] == [1, 0]
    assert len(outbox(app, EDITOR.address)) == 1


def test_a_letter_that_could_not_go_is_tried_again(
    app: App, settings: Settings, edition: Edition, tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    blocked = settings.maildir.model_copy(update={"path": tmp_path / "blocked"})
    assert letters.tell(App(settings.model_copy(update={"maildir": blocked}), app.database), now=now) == 0
    assert letters.tell(app, now=now) == 1


def test_a_draft_that_has_changed_since_is_not_mailed(app: App, edition: Edition, now: datetime) -> None:
    with app.database.write() as session:
        session.get_one(Edition, edition.id).revision = 2
    assert letters.tell(app, now=now) == 0
    with app.database.read() as session:
        assert session.scalars(select(Alarm).where(Alarm.told_at.is_(None))).all() == []


def test_without_editors_nobody_is_mailed_and_nothing_waits(
    app: App, settings: Settings, edition: Edition, now: datetime
) -> None:
    alone = settings.newsletters["friday"].model_copy(update={"editors": ()})
    assert letters.tell(App(settings.model_copy(update={"newsletters": {"friday": alone}}), app.database), now=now) == 0
    with app.database.read() as session:
        assert watch.untold(session) == []
