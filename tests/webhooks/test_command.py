"""`newsletter webhooks …`, as somebody types it."""

import json
import re
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from newsletter.cli.root import COMMANDS, program
from newsletter.editions.models import State
from newsletter.errors import NewsletterError
from newsletter.tracking.webhooks import kinds
from tests.webhooks import receiver as manners
from tests.webhooks.conftest import World
from tests.webhooks.receiver import Receiver

_HOME = """
secret = "a secret for tests"
[fetch]
allow_loopback = true
[newsletters.friday]
title = "The Friday Five"
from_address = "f@example.com"
postal_address = "1 Street"
"""
#: what is typed in, the exit code and what is said out
Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def type_(world: World, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """A command line in a home of its own; what it says comes as one line."""
    home = world.app.settings.home
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", world.app.settings.database_url)
    monkeypatch.setenv("COLUMNS", "400")
    (home / "newsletter.toml").write_text(_HOME)

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(program, ["--home", str(home), "webhooks", *words])
        wrong = str(done.exception) if isinstance(done.exception, NewsletterError) else ""
        return done.exit_code, " ".join(f"{done.output} {wrong}".split())

    return run


def test_it_is_added_tried_listed_and_removed(type_: Typed, receiver: Receiver) -> None:
    added = type_("add", receiver.url, "--events", "edition.*,alarm.raised")
    tried = type_("test", "1")
    listed = json.loads(type_("list", "--json")[1])
    removed = type_("remove", "1")
    said = (
        f"Webhook 1 is told what happens from now on: {receiver.url} Its posts are signed with this secret (Standard"
        " Webhooks; it is not shown again): whsec_…"
    )
    assert (added[0], re.sub(r"whsec_\S{44}", "whsec_…", added[1])) == (0, said)
    assert (tried, receiver.types) == ((0, "Taken: it answered 204"), ["webhook.test"])
    assert [(one["webhook"], one["url"], one["events"], one["stands"], one["waiting"]) for one in listed] == [
        (1, receiver.url, ["edition.*", "alarm.raised"], "on", 0)
    ]
    assert (removed, type_("list")[1]) == ((0, f"Webhook 1 is gone: {receiver.url}"), "Webhooks: none")


def test_a_test_that_is_not_taken_is_an_exit_code(type_: Typed, receiver: Receiver) -> None:
    type_("add", receiver.url)
    receiver.manner = manners.status(500, "oops")
    assert type_("test", "1") == (1, "Not taken: it answered 500: oops")


def test_it_is_switched_off_and_goes_on(type_: Typed, world: World, receiver: Receiver) -> None:
    type_("add", receiver.url)
    off = type_("disable", "1", "--why", "moving house")
    listed = type_("list")[1]
    on = type_("enable", "1")
    assert (off, "moving house" in listed, on) == (
        (0, "Webhook 1 is off."),
        True,
        (0, "Webhook 1 is on; 0 happenings wait for it."),
    )


def test_it_is_told_again(type_: Typed, world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.IN_REVIEW, State.APPROVED)
    world.tell()
    shown = json.loads(type_("show", "1", "--json")[1])
    again = type_("replay", "1", "--from", "2")
    since = type_("replay", "1", "--since", "2021-11-25T16:00:01")
    world.tell()
    assert ([(one["happening"], one["type"], one["try"], one["status"]) for one in shown["posts"]], again, since) == (
        [(2, "edition.approved", 1, 204), (1, "edition.in_review", 1, 204)],
        (0, "Webhook 1 is told 1 happening again, with the ids they had."),
        (0, "Webhook 1 is told 2 happenings again, with the ids they had."),
    )
    assert len(receiver.heard) == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("replay", "1"), "say from where"),
        (("replay", "1", "--since", "friday"), "'friday' is no time"),
        (("show", "9"), "there is no webhook 9: newsletter webhooks list shows them"),
        (("add", "ftp://example.com"), "begins with https://"),
        (("add", "https://10.0.0.1/"), "is not on the public internet"),
        (("add", "http://127.0.0.1/", "--events", "edition.opened"), "is nothing that is told"),
        (("add", "http://127.0.0.1/", "--newsletter", "monday"), "monday"),
    ],
)
def test_a_slip_is_one_sentence(
    type_: Typed, world: World, receiver: Receiver, words: tuple[str, ...], says: str
) -> None:
    world.add(receiver)
    code, said = type_(*words)
    assert (code, says in said) == (1, True)


def test_rotation_prints_another_secret(type_: Typed, receiver: Receiver) -> None:
    first = re.findall(r"whsec_\S{44}", type_("add", receiver.url)[1])
    said = type_("rotate", "1")[1]
    assert (re.findall(r"whsec_\S{44}", said) == first, "for a day the one before signs too" in said) == (False, True)


def test_the_kinds_are_listed(type_: Typed) -> None:
    assert (json.loads(type_("kinds", "--json")[1]), "webhooks" in COMMANDS) == (dict(kinds.KINDS), True)
