"""Preferences: kept, honoured, and nothing half done; another address; everything that is held."""

import json
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from newsletter.app import App
from newsletter.jobs import correspondence, readdressing
from newsletter.jobs.readdressing import Change
from subscribers import preferences, roll, strangers
from subscribers.models import Barred, Consent, Rhythm, Subscriber, SuppressionReason
from subscribers.preferences import Preferences
from tests.factories import a_subscriber
from tests.readers.conftest import Clock, Mailbox, World, standing, words

BOTH = {"events": Consent.CONFIRMED, "weekly": Consent.CONFIRMED}
NEW = "ada@new.example"


def _chosen(world: World) -> Preferences:
    with world.app.database.read() as session:
        return preferences.of(session, session.get_one(Subscriber, world.ada))


def test_what_is_chosen_is_kept(world: World, site: httpx.Client) -> None:
    site.post(
        f"/p/{world.token}",
        data={
            "form": "preferences", "lists": ["weekly"], "rhythm": "monthly", "paused_until": "2021-12-24",
            "plain_text": "yes", "language": "fr", "time_zone": "Europe/Paris",
        },
    )  # fmt: skip
    assert (_chosen(world), world.consents()) == (
        Preferences(Rhythm.MONTHLY, date(2021, 12, 24), plain_text=True, language="fr", time_zone="Europe/Paris"),
        {"events": Consent.UNSUBSCRIBED, "weekly": Consent.CONFIRMED},
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"paused_until": "tomorrow"},
        {"paused_until": "2031-01-01"},
        {"paused_until": "2021-02-30"},
        {"language": "<script>"},
        {"time_zone": "Mars/Olympus"},
        {"rhythm": "hourly"},
    ],
)
def test_what_can_not_be_kept_is_said_and_changes_nothing(
    world: World, site: httpx.Client, wrong: dict[str, str]
) -> None:
    answer = site.post(f"/p/{world.token}", data={"form": "preferences", **wrong})
    assert (answer.status_code, _chosen(world), world.consents()) == (400, Preferences(), BOTH)


def test_what_was_typed_is_no_markup(world: World, site: httpx.Client) -> None:
    answer = site.post(f"/p/{world.token}", data={"form": "preferences", "paused_until": "<b>now</b>"})
    assert "<b>now" not in answer.text


def test_a_pause_that_is_over_is_no_pause(world: World, site: httpx.Client) -> None:
    site.post(f"/p/{world.token}", data={"form": "preferences", "paused_until": "2021-11-01"})
    assert _chosen(world).paused_until is None


def test_a_form_that_speaks_of_lists_alone_leaves_the_rest(world: World, site: httpx.Client) -> None:
    site.post(f"/p/{world.token}", data={"form": "preferences", "plain_text": "yes", "lists": ["weekly", "events"]})
    site.post(f"/p/{world.token}", data={"lists": ["weekly"]})
    assert _chosen(world).plain_text


def test_everything_that_is_held_comes_as_a_file(world: World, site: httpx.Client) -> None:
    answer = site.get(f"/p/{world.token}/everything.json")
    held = json.loads(answer.text)
    assert (held["person"]["email"], held["lists"], "attachment" in answer.headers["content-disposition"]) == (
        "ada@example.com",
        {"events": "confirmed", "weekly": "confirmed"},
        True,
    )


# another address


def _move(site: httpx.Client, world: World, mailbox: Mailbox, new: str = NEW) -> httpx.Response:
    site.post(f"/p/{world.token}/address", data={"new": new})
    return site.post(mailbox.link(new, "a"))


def test_a_new_address_is_asked_and_the_old_one_is_told(world: World, site: httpx.Client, mailbox: Mailbox) -> None:
    _move(site, world, mailbox)
    told = words(mailbox.to("ada@example.com")[0])
    assert (standing(world.app, NEW), standing(world.app, "ada@example.com"), NEW in told) == (BOTH, {}, False)


def test_until_the_new_address_says_yes_nothing_moves(world: World, site: httpx.Client, mailbox: Mailbox) -> None:
    site.post(f"/p/{world.token}/address", data={"new": NEW})
    site.get(mailbox.link(NEW, "a"))
    assert standing(world.app, "ada@example.com") == BOTH


def test_a_link_to_move_clicked_twice_does_no_harm(world: World, site: httpx.Client, mailbox: Mailbox) -> None:
    _move(site, world, mailbox)
    again = site.post(mailbox.link(NEW, "a"))
    assert ("We write to you here now" in again.text, standing(world.app, NEW)) == (True, BOTH)


def test_a_link_to_move_is_over_after_three_days(
    world: World, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post(f"/p/{world.token}/address", data={"new": NEW})
    link = mailbox.link(NEW, "a")
    clock.wait(days=3, seconds=1)
    assert ("This link is over" in site.post(link).text, standing(world.app, NEW)) == (True, {})


def test_a_link_overtaken_by_a_later_wish_is_over(world: World, site: httpx.Client, mailbox: Mailbox) -> None:
    site.post(f"/p/{world.token}/address", data={"new": NEW})
    first = mailbox.link(NEW, "a")
    _move(site, world, mailbox, "ada@newer.example")
    site.post(first)
    assert standing(world.app, "ada@newer.example") == BOTH


def test_a_forged_link_to_move_is_refused(world: World, site: httpx.Client) -> None:
    settings = world.app.settings.model_copy(update={"secret": SecretStr("another")})
    forged = readdressing.link(settings, Change(1, world.ada)).removeprefix(settings.public_url)
    assert site.post(forged).status_code == 400


def test_an_address_of_somebody_else_is_not_taken_over(
    app: App, world: World, site: httpx.Client, mailbox: Mailbox
) -> None:
    with app.database.write() as session:
        a_subscriber(session, NEW, "weekly")
    answer = _move(site, world, mailbox)
    assert ("gets our mail already" in answer.text, standing(app, "ada@example.com")) == (True, BOTH)


@pytest.mark.parametrize("new", ["", "ada", "ADA@example.com", "ada@new.example\r\nBcc: x@y.example"])
def test_an_address_that_is_none_is_said_and_nothing_is_mailed(
    world: World, site: httpx.Client, mailbox: Mailbox, new: str
) -> None:
    answer = site.post(f"/p/{world.token}/address", data={"new": new})
    assert (answer.status_code, mailbox.letters) == (400, [])


def test_an_address_that_must_not_be_mailed_is_not_asked(
    app: App, world: World, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    with app.database.write() as session:
        roll.suppress(session, NEW, reason=SuppressionReason.COMPLAINT, now=clock())
    site.post(f"/p/{world.token}/address", data={"new": NEW})
    correspondence.answer(app, clock=clock, grace=correspondence.AT_ONCE)
    assert mailbox.letters == []


def test_no_old_file_brings_the_old_address_in_beside_the_new(
    world: World, site: httpx.Client, mailbox: Mailbox
) -> None:
    _move(site, world, mailbox)
    with world.app.database.read() as session:
        barred = strangers.barred(session, ["ada@example.com"])
    assert barred == {"ada@example.com": Barred.UNSUBSCRIBED}


def test_nobody_can_have_many_addresses_written_to(world: World, site: httpx.Client) -> None:
    answers = [
        site.post(f"/p/{world.token}/address", data={"new": f"ada{number}@new.example"}).status_code
        for number in range(4)
    ]
    assert answers == [200, 200, 200, 400]
