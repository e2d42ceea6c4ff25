"""The checks at the desk and on the command line: asked when somebody wants to know, set aside with a reason."""

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from newsletter.app import App
from newsletter.config import Checks, Fetch, Settings
from newsletter.db import Database
from newsletter.editions import shelf
from newsletter.editions.models import Edition, State
from newsletter.errors import AlreadyDone
from newsletter.jobs import checking, deciding, sending
from newsletter.rendering.models import Answer, Asking
from newsletter.rendering.preflight import Finding, Level
from newsletter.rendering.preflight.asked import answers
from newsletter.rendering.preflight.asked.questions import Kind, Question
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.stories.newsstand import Newsstand, open_newsstand

EVA = Doer("Eva", "desk")


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    stand, close = open_newsstand()
    yield stand
    close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Loopback may be visited, without waiting; there is no name server, so that nothing leaves this machine."""
    return settings.model_copy(
        update={
            "fetch": Fetch(allow_loopback=True, host_gap=0, timeout=5),
            "checks": Checks(nameservers=("127.0.0.1:9",), seconds=0.2),
        }
    )


@pytest.fixture
def edition_id(app: App) -> int:
    """An edition in review whose first link is amber: a staging site."""
    with app.database.write() as session:
        edition = an_edition(session, "Walmart goes live", "Getir buys Weezy", state=State.IN_REVIEW)
        edition.stories[0].url = "https://staging.example.com/a"
        return edition.id


def _link(app: App, edition_id: int, *urls: str) -> None:
    with app.database.write() as session:
        for story, url in zip(session.get_one(Edition, edition_id).stories, urls, strict=False):
            story.url = url


def _as(app: App, browser: Browser, role: Role, clock: Clock) -> Browser:
    browser.sign_in(a_colleague(app, f"{role.value}@example.com", role, now=clock()))
    return browser


def _found(app: App, edition_id: int, clock: Clock, check: str) -> list[Finding]:
    with app.database.read() as session:
        report = checking.report(session, app, shelf.get(session, edition_id), now=clock())
    return [each for each in report.findings if each.check == check]


def _ask(app: App, edition_id: int, clock: Clock) -> None:
    wanted = checking.begin(app, edition_id, by=EVA, now=clock())
    checking.go_on(app, edition_id, wanted, began_at=clock(), clock=clock)


# the page


def test_a_finding_leads_to_its_field_and_what_was_not_asked_is_not_red(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    page = _as(app, browser, Role.EDITOR, clock).open(f"/editions/{edition_id}/check").text

    assert (
        f'href="/editions/{edition_id}/edit#stories-0-url"' in page,
        "2 links were not tried today" in page,
        "must be mended" in page,
    ) == (True, True, False)


def test_whoever_only_looks_is_offered_no_change(app: App, browser: Browser, edition_id: int, clock: Clock) -> None:
    page = _as(app, browser, Role.OPERATOR, clock).open(f"/editions/{edition_id}/check").text

    assert ("staging.example.com" in page, "Set it aside" in page, "Check links and pictures" in page) == (
        True,
        False,
        False,
    )


def test_a_template_that_is_wrong_is_the_only_finding(
    app: App, browser: Browser, edition_id: int, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "templates" / "friday").mkdir(parents=True)
    (tmp_path / "templates" / "friday" / "subject.txt").write_text("{{ edition.nothing }}")
    broken = replace(app, settings=app.settings.model_copy(update={"templates": tmp_path / "templates"}))
    with broken.database.read() as session:
        report = checking.report(session, broken, shelf.get(session, edition_id), now=clock())

    assert [(each.check, each.level, "subject.txt:1" in each.text) for each in report.findings] == [
        ("template", Level.RED, True)
    ]


def test_links_and_pictures_are_asked_when_somebody_wants_it(
    app: App, browser: Browser, edition_id: int, stand: Newsstand, clock: Clock
) -> None:
    _link(app, edition_id, stand.serve("/a", "words"), stand.url("/gone"))
    _as(app, browser, Role.EDITOR, clock).open(f"/editions/{edition_id}/check")
    browser.send(f"/editions/{edition_id}/check")
    _wait_for_the_end(browser, edition_id)

    assert [(each.level, each.field) for each in _found(app, edition_id, clock, "pages")] == [
        (Level.RED, "stories-1-url")
    ]


def test_while_it_is_asked_the_part_asks_for_itself_and_then_for_the_page(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    checking.begin(app, edition_id, by=EVA, now=clock())
    part = _as(app, browser, Role.EDITOR, clock).open(f"/editions/{edition_id}/check/progress")
    with app.database.write() as session:
        answers.finish(session, edition_id, began_at=clock(), now=clock())
    over = browser.open(f"/editions/{edition_id}/check/progress")

    assert ("every 1s" in part.text, part.headers.get("hx-refresh"), over.headers.get("hx-refresh")) == (
        True,
        None,
        "true",
    )


def _wait_for_the_end(browser: Browser, edition_id: int) -> None:
    while browser.open(f"/editions/{edition_id}/check/progress").headers.get("hx-refresh") != "true":
        pass


def test_two_rounds_at_once_are_one(app: App, edition_id: int, clock: Clock) -> None:
    checking.begin(app, edition_id, by=EVA, now=clock())
    with pytest.raises(AlreadyDone):
        checking.begin(app, edition_id, by=EVA, now=clock() + timedelta(seconds=5))


def test_a_round_whose_process_died_is_begun_anew(app: App, edition_id: int, clock: Clock) -> None:
    checking.begin(app, edition_id, by=EVA, now=clock())
    clock.turn(minutes=2)
    checking.begin(app, edition_id, by=EVA, now=clock())
    with app.database.read() as session:
        assert session.get_one(Asking, edition_id).began_at == clock()


def test_what_is_kept_survives_a_restart_and_an_edit_asks_only_for_what_is_new(
    app: App, edition_id: int, stand: Newsstand, clock: Clock
) -> None:
    _link(app, edition_id, stand.url("/gone"), stand.serve("/a", "words"))
    _ask(app, edition_id, clock)
    _link(app, edition_id, stand.url("/gone"), stand.serve("/b", "words"))

    assert [each.level for each in _found(app, edition_id, clock, "pages")] == [Level.RED, Level.UNKNOWN]


def test_an_answer_asked_twice_is_kept_once(app: App, edition_id: int, stand: Newsstand, clock: Clock) -> None:
    _link(app, edition_id, stand.serve("/a", "words"), stand.serve("/b", "words"))
    _ask(app, edition_id, clock)
    clock.turn(minutes=5)
    _ask(app, edition_id, clock)
    with app.database.read() as session:
        kept = session.scalars(select(Answer.at).where(Answer.kind == "link")).all()

    assert kept == [clock(), clock()]


def test_what_is_known_to_be_gone_is_not_approved(app: App, edition_id: int, stand: Newsstand, clock: Clock) -> None:
    _link(app, edition_id, stand.serve("/a", "words"), stand.url("/gone"))
    _ask(app, edition_id, clock)
    with pytest.raises(Exception, match="is not there"):
        deciding.approve(app, edition_id, by="Eva", now=clock())


def test_the_page_asks_the_database_as_often_with_many_links_as_with_few(
    app: App, browser: Browser, edition_id: int, clock: Clock, database: Database
) -> None:
    with app.database.write() as session:
        many = an_edition(session, *(f"Story {number}" for number in range(30)), date=clock().date()).id
    _as(app, browser, Role.EDITOR, clock)
    browser.open(f"/editions/{edition_id}/check")  # what the first look costs, and no other
    few_queries = _queries(database, browser, f"/editions/{edition_id}/check")
    many_queries = _queries(database, browser, f"/editions/{many}/check")

    assert many_queries == few_queries


def _queries(database: Database, browser: Browser, path: str) -> list[str]:
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "setting_change" not in statement:  # every process looks for those by a clock of its own
            seen.append(statement)

    event.listen(database.reader, "before_cursor_execute", see)
    try:
        browser.open(path)
    finally:
        event.remove(database.reader, "before_cursor_execute", see)
    return [statement.partition("WHERE")[0] for statement in seen]


def test_a_page_that_an_earlier_edition_led_to_is_found_and_a_later_or_unsent_one_is_not(
    app: App, edition_id: int, clock: Clock
) -> None:
    _link(app, edition_id, "https://a.example/sent", "https://a.example/held")
    days = [(-7, State.SENT, "sent"), (-14, State.HELD, "held"), (7, State.SENT, "held")]
    with app.database.write() as session:
        day = session.get_one(Edition, edition_id).date
        for back, state, path in days:
            before = an_edition(session, "Told", date=day + timedelta(days=back), state=state)
            before.stories[0].url = f"http://www.a.example/{path}/?utm_medium=email"

    assert [(each.field, "19 November 2021" in each.text) for each in _found(app, edition_id, clock, "links")] == [
        ("stories-0-url", True)
    ]


def test_without_editors_what_is_gone_is_held_and_what_is_not_known_is_not(
    app: App, edition_id: int, clock: Clock
) -> None:
    newsletter = app.settings.newsletters["friday"].model_copy(update={"when_not_approved": "send_if_green"})
    bold = replace(app, settings=app.settings.model_copy(update={"newsletters": {"friday": newsletter}}))
    _link(app, edition_id, "https://a.example/a", "https://a.example/b")
    states = []
    for status in (404, 200):
        said = {"status": status, "url": "https://a.example/a", "for_good": "", "problem": ""}
        with bold.database.write() as session:
            edition = session.get_one(Edition, edition_id)
            edition.state = State.IN_REVIEW
            answers.keep(session, Question(Kind.LINK, "https://a.example/a"), said, now=clock())
            sending.begin_on_time(session, bold, edition, bold.sender(), now=clock())
            states.append(edition.state)

    assert states == [State.HELD, State.SENDING]


# setting aside


def _aside(browser: Browser, edition_id: int, **fields: str) -> int:
    browser.open(f"/editions/{edition_id}/check")
    return browser.send(f"/editions/{edition_id}/check/aside", **fields).status_code


def test_what_is_no_matter_is_set_aside_with_a_reason_that_is_kept_and_logged(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    (finding,) = _found(app, edition_id, clock, "links")
    _as(app, browser, Role.EDITOR, clock)
    status = _aside(browser, edition_id, key=finding.key, reason="It is <b>their</b> public name")
    page = browser.open(f"/editions/{edition_id}/check").text
    with app.database.read() as session:
        act = acts.lately(session, limit=1)[0]

    assert (status, _found(app, edition_id, clock, "links"), html.escape("<b>their</b>") in page) == (303, [], True)
    assert (act.did, act.details["reason"]) == ("set a finding aside", "It is <b>their</b> public name")


def test_what_was_set_aside_can_be_taken_back(app: App, browser: Browser, edition_id: int, clock: Clock) -> None:
    (finding,) = _found(app, edition_id, clock, "links")
    _as(app, browser, Role.EDITOR, clock)
    _aside(browser, edition_id, key=finding.key, reason="So be it")
    _aside(browser, edition_id, key=finding.key, do="back")

    assert _found(app, edition_id, clock, "links") == [finding]


@pytest.mark.parametrize(("key", "reason"), [("0" * 16, "So be it"), ("", "So be it"), ("its", " ")])
def test_nothing_is_set_aside_that_is_not_there_or_without_a_reason(
    app: App, browser: Browser, edition_id: int, clock: Clock, key: str, reason: str
) -> None:
    (finding,) = _found(app, edition_id, clock, "links")
    _as(app, browser, Role.EDITOR, clock)
    status = _aside(browser, edition_id, key=finding.key if key == "its" else key, reason=reason)

    assert (status, _found(app, edition_id, clock, "links")) == (409, [finding])


def test_what_is_red_can_not_be_set_aside(app: App, browser: Browser, edition_id: int, clock: Clock) -> None:
    with app.database.write() as session:
        session.get_one(Edition, edition_id).subject = ""
    (finding,) = _found(app, edition_id, clock, "subject")
    _as(app, browser, Role.EDITOR, clock)

    assert (_aside(browser, edition_id, key=finding.key, reason="So be it"), finding.level) == (409, Level.RED)


def test_what_was_set_aside_comes_back_when_it_says_something_else(app: App, edition_id: int, clock: Clock) -> None:
    (finding,) = _found(app, edition_id, clock, "links")
    checking.set_aside(app, edition_id, finding.key, by=EVA, reason="So be it", now=clock())
    _link(app, edition_id, "https://staging.example.com/b")

    assert [each.level for each in _found(app, edition_id, clock, "links")] == [Level.AMBER]


# approving what was looked at


def test_bytes_that_changed_since_they_were_looked_at_are_not_approved(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    _as(app, browser, Role.APPROVER, clock)
    page = browser.open(f"/editions/{edition_id}").text
    shown = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    refused = browser.send(f"/editions/{edition_id}/approve", digest="0" * 64)
    with app.database.read() as session:
        still = shelf.get(session, edition_id).state

    assert (shown is not None and f"<code>{shown[1][:12]}</code>" in page) is True
    assert (refused.status_code, "not what you looked at" in refused.text, still) == (409, True, State.IN_REVIEW)


def test_the_bytes_that_were_looked_at_are_approved_and_named(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    _as(app, browser, Role.APPROVER, clock).open(f"/editions/{edition_id}")
    browser.send(f"/editions/{edition_id}/approve")
    with app.database.read() as session:
        act, state = acts.lately(session, limit=1)[0], shelf.get(session, edition_id).state

    assert (state, len(act.details["bytes"])) == (State.APPROVED, 12)


# the command line


_SETTINGS = """
secret = "a secret for tests"
public_url = "https://news.example.com"
fetch = {allow_loopback = true, host_gap = 0}
checks = {nameservers = ["127.0.0.1:9"], seconds = 0.2}
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB, United Kingdom"
"""


def _check(settings: Settings, *options: str) -> tuple[int, dict[str, Any]]:
    (settings.home / "newsletter.toml").write_text(_SETTINGS, "utf-8")
    environment = {"NEWSLETTER_DATABASE_URL": settings.database_url, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "newsletter", "check", "2021-11-26", "--json", *options]
    done = subprocess.run(command, env=environment, cwd=settings.home, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_command_asks_and_ends_with_one_where_something_is_red(
    app: App, settings: Settings, edition_id: int, stand: Newsstand
) -> None:
    _link(app, edition_id, stand.serve("/a", "words"), stand.url("/gone"))
    code, said = _check(settings)

    red = [(each["check"], each["field"]) for each in said["findings"] if each["level"] == "red"]
    assert (code, said["worst"], red) == (1, "red", [("pages", "stories-1-url")])


def test_the_command_asks_nobody_offline(app: App, settings: Settings, edition_id: int, stand: Newsstand) -> None:
    _link(app, edition_id, stand.serve("/a", "words"), stand.url("/gone"))
    code, said = _check(settings, "--offline")

    assert (code, said["worst"], dict(stand.visits)) == (0, "amber", {})
