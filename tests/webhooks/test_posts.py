"""One post and what follows from its answer: signatures, faults of receivers, waits, the way off and back on."""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from socket import socket
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import delete, select
from standardwebhooks import Webhook, WebhookVerificationError

from newsletter import db
from newsletter.app import App
from newsletter.editions.models import Alarm, State
from newsletter.errors import BadInput, Forbidden, NotFound, WrongState
from newsletter.jobs import telling
from newsletter.staff.models import Act
from newsletter.tracking import posting
from newsletter.tracking.posting import Answer
from newsletter.tracking.webhooks import endpoints, posts
from newsletter.tracking.webhooks.models import Endpoint, Happening, Tried
from tests.webhooks import receiver as manners
from tests.webhooks.conftest import SOMEBODY, World
from tests.webhooks.receiver import Manner, Post, Receiver

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def verified(post: Post, secret: str) -> bool:
    """Whether the library of Standard Webhooks takes it, which knows nothing of us."""
    try:
        return bool(Webhook(secret).verify(post.body, dict(post.headers)) == post.said)
    except WebhookVerificationError:
        return False


def alarms(world: World) -> list[str]:
    with world.app.database.read() as session:
        return list(session.scalars(select(Alarm.text).where(Alarm.key.startswith("webhook")).order_by(Alarm.id)))


def tried(world: World, number: int = 1) -> list[tuple[int | None, str]]:
    with world.app.database.read() as session:
        return [(one.status, one.words) for one in reversed(endpoints.tried(session, number))]


@pytest.fixture
def today(world: World) -> World:
    """The library takes only what was signed just now."""
    world.now = datetime.now(tz=world.now.tzinfo).replace(microsecond=0)
    return world


def test_the_library_of_standard_webhooks_takes_it(today: World, receiver: Receiver) -> None:
    made = today.add(receiver)
    today.ring("something", "Größe: 5 €")
    today.tell()
    other = endpoints._made()
    assert (verified(receiver.heard[0], made.secret), verified(receiver.heard[0], other)) == (True, False)


def test_the_library_finds_a_change_of_one_byte(today: World, receiver: Receiver) -> None:
    made = today.add(receiver)
    today.ring("something")
    today.tell()
    (post,) = receiver.heard
    assert not verified(Post(post.headers, post.body.replace(b"wrong", b"right")), made.secret)


def test_for_a_day_both_secrets_sign(today: World, receiver: Receiver) -> None:
    old = today.add(receiver)
    new = telling.rotate(today.app, old.endpoint.id, by=SOMEBODY, now=today.now)
    today.ring("one")
    today.tell()
    both = [verified(receiver.heard[0], made.secret) for made in (old, new)]
    with today.app.database.read() as session:
        later = endpoints.signing(session.get_one(Endpoint, 1), telling._key(today.app), now=today.now + DAY)
    assert (both, later) == ([True, True], [new.secret])


def test_who_rotates_twice_cuts_off_nobody_who_knows_the_first_secret(today: World, receiver: Receiver) -> None:
    made = [today.add(receiver)]
    made += [telling.rotate(today.app, made[0].endpoint.id, by=SOMEBODY, now=today.now) for _ in range(2)]
    today.ring("one")
    today.tell()
    assert [verified(receiver.heard[0], one.secret) for one in made] == [True, True, True]


def test_a_secret_in_wrong_hands_ends_at_once(today: World, receiver: Receiver) -> None:
    old = today.add(receiver)
    new = telling.rotate(today.app, old.endpoint.id, at_once=True, by=SOMEBODY, now=today.now)
    today.ring("one")
    today.tell()
    assert [verified(receiver.heard[0], made.secret) for made in (old, new)] == [False, True]


def test_the_secret_is_not_readable_in_the_database(world: World, receiver: Receiver) -> None:
    made = world.add(receiver)
    with world.app.database.read() as session:
        details = [one.details for one in session.scalars(select(Act))]
        kept = f"{session.get_one(Endpoint, 1).sealed_secret} {details}"
    assert made.secret.removeprefix("whsec_") not in kept


def test_where_the_installs_secret_has_changed_it_says_what_to_do(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    settings = world.app.settings.model_copy(update={"secret": type(world.app.settings.secret)("another one")})
    world.app = App(settings, world.app.database)
    world.tell()
    says = (
        "its secret can't be read, because the setting `secret` has changed: newsletter webhooks rotate 1 --at-once"
        " makes a new one"
    )
    assert (receiver.heard, tried(world)) == (
        [],
        [(None, says)],
    )


def test_what_is_not_taken_is_posted_again_with_the_same_id_and_words(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    receiver.manners = [manners.status(503, "no room")]
    world.tell()
    too_soon = world.tell()
    world.wait(seconds=5)
    world.tell()
    first, second = receiver.heard
    assert (too_soon, first.id == second.id, first.body == second.body, tried(world)) == (
        "nothing to tell",
        True,
        True,
        [(503, "no room"), (204, "")],
    )


def test_nothing_overtakes_what_is_not_taken(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    receiver.manners = [manners.status(500)] * 2
    for number in range(3):
        world.ring(f"alarm {number}")
        world.tell()
    world.wait(minutes=5)
    world.tell()
    world.wait(minutes=30)
    world.tell()
    said = [post.said["data"]["key"] for post in receiver.heard]
    assert said == ["alarm 0", "alarm 0", "alarm 0", "alarm 1", "alarm 2"]


def test_the_waits_grow_until_a_day_is_over() -> None:
    failures, since, moment, waits = 0, None, datetime.fromisoformat("2026-11-27T09:00:00+00:00"), []
    began = moment
    while not (step := posts.after(Answer(500), failures=failures, failing_since=since, now=moment)).off:
        assert step.again_at is not None
        waits.append(step.again_at - moment)
        failures, since, moment = failures + 1, since or moment, step.again_at
    first = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR]
    assert (waits[:6], moment - began, step.off) == (first, DAY, "for a day nothing was taken; at last it answered 500")


@pytest.mark.parametrize(("asked", "waits"), [(0, 5), (60, 60), (86_400, 3600)])
def test_a_receiver_may_ask_for_rest_but_not_for_days(asked: int, waits: int) -> None:
    moment = datetime.fromisoformat("2026-11-27T09:00:00+00:00")
    step = posts.after(Answer(429, retry_after=asked), failures=0, failing_since=None, now=moment)
    assert step.again_at == moment + waits * SECOND


def test_after_a_day_it_is_off_and_an_alarm_says_what_to_do(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.APPROVED)
    receiver.manner = manners.status(500, "oops ada@example.com")
    world.tell()
    began = world.now
    while world.endpoint(1).disabled_at is None:
        world.now = world.endpoint(1).next_at or world.now
        world.tell()
    text = (
        "Webhook 1 (127.0.0.1) is off: for a day nothing was taken; at last it answered 500: oops (address). Nothing is"
        " lost: once its receiver works, newsletter webhooks test 1 tries it, and newsletter webhooks enable 1 goes on"
        " where it stopped, within thirty days."
    )
    assert (world.now - began, len(receiver.heard), alarms(world)) == (DAY, 8, [text])


def test_what_is_off_goes_on_where_it_stopped(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    receiver.manners = [manners.status(410)]
    world.edition(State.IN_REVIEW, State.APPROVED)
    world.tell()
    off = world.tell()
    with world.app.database.write() as session:
        endpoints.enable(session, endpoints.get(session, 1), by=SOMEBODY, now=world.now)
    world.tell()
    assert (off, receiver.types) == ("nothing to tell", ["edition.in_review", "edition.in_review", "edition.approved"])


def test_gone_is_believed_at_once(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    receiver.manner = manners.status(410)
    world.ring("one")
    world.tell()
    assert (world.endpoint(1).disabled_why, len(alarms(world)), world.tell()) == (
        "it answered 410: what was there is gone, and wants no more posts",
        1,
        "nothing to tell",
    )


@pytest.mark.parametrize(
    ("manner", "answer"),
    [
        (manners.status(200, "thanks"), (200, "thanks")),
        (manners.status(500, "a" * 5000), (500, "a" * 199 + "…")),
        (manners.status(404, "<html><b>ada@example.com</b>\x00 is unknown"), (404, "(address) is unknown")),
        (manners.bomb, (200, "")),
        (manners.reset, (None, "broke off or did not speak HTTP: ")),
        (manners.garbage, (None, "broke off or did not speak HTTP: ")),
        (manners.status(302, "", "Location: http://169.254.169.254/latest"), (302, "")),
    ],
)
def test_whatever_a_receiver_does_is_an_answer(
    world: World, receiver: Receiver, manner: Manner, answer: tuple[int | None, str]
) -> None:
    world.add(receiver)
    receiver.manner = manner
    world.ring("one")
    world.tell()
    ((status, words),) = tried(world)
    assert (status, words[: len(answer[1])], len(receiver.heard)) == (*answer, 1)


def test_of_an_answer_without_end_the_beginning_is_kept(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    receiver.manner = manners.huge
    world.ring("one")
    world.tell()
    ((status, words),) = tried(world)
    assert (status, words[:16], len(words)) == (500, "no room no room ", 200)


@pytest.mark.parametrize(
    ("manner", "answer"), [(manners.hang, (None, "did not finish in time")), (manners.trickle, (200, ""))]
)
def test_a_receiver_has_so_many_seconds_for_all_of_it(
    world: World, receiver: Receiver, manner: Manner, answer: tuple[int | None, str]
) -> None:
    receiver.manner = manner
    fetch = world.app.settings.fetch
    got = posting.deliver(receiver.url, b"{}", message_id="1", secrets=[], fetch=fetch, now=world.now, patience=0.5)
    assert (got.status, got.words.strip(".")) == answer


def test_a_redirect_is_no_answer_and_is_not_followed(world: World, receiver: Receiver, second: Receiver) -> None:
    world.add(receiver)
    receiver.manner = manners.status(308, "", f"Location: {second.url}")
    answer = telling.test(world.app, 1, now=world.now)
    assert (answer.trouble, second.heard) == (
        "it answered 308, which leads elsewhere, and no redirect is followed",
        [],
    )


def test_the_address_is_looked_at_again_at_each_post(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    fetch = world.app.settings.fetch.model_copy(update={"allow_loopback": False})
    world.app = App(world.app.settings.model_copy(update={"fetch": fetch}), world.app.database)
    world.tell()
    ((status, words),) = tried(world)
    assert (status, "127.0.0.1 is not on the public internet" in words, receiver.heard) == (None, True, [])


def test_one_that_hangs_holds_up_no_other(world: World, receiver: Receiver, second: Receiver) -> None:
    world.add(receiver, "alarm.*")
    world.add(second, "alarm.*")
    came = Event()

    def hold(line: object) -> None:
        came.wait(timeout=60)  # until the other one has all of it

    receiver.manner = hold
    original = second.manner

    def last(line: socket) -> None:
        original(line)
        if len(second.heard) == 3:
            came.set()

    second.manner = last
    for number in range(3):
        world.ring(f"alarm {number}")
    world.tell()
    assert (len(second.heard), came.is_set(), world.endpoint(1).failures) == (3, True, 1)


def test_a_fault_of_ours_with_one_holds_up_no_other_and_is_tried_again_later(
    world: World, receiver: Receiver, second: Receiver
) -> None:
    world.add(receiver)
    world.add(second)
    with world.app.database.write() as session:
        endpoints.get(session, 1).kinds = [1]  # type: ignore[list-item]  # nobody of ours writes that
    world.hear("delivered")
    world.tell()
    broken = world.endpoint(1)
    assert (len(second.heard), receiver.heard, broken.next_at, broken.lease_until, world.tell()) == (
        1,
        [],
        world.now + 5 * MINUTE,
        None,
        "nothing to tell",
    )


def test_two_schedulers_tell_each_thing_once_and_in_order(world: World, receiver: Receiver, second: Receiver) -> None:
    for one in (receiver, second):
        world.add(one)
    for number in range(20):
        world.ring(f"alarm {number:02}")
    world.hear(*["delivered"] * 700)
    database = db.connect(world.app.settings.database_url)
    products = [world.app, App(world.app.settings, database)]
    barrier = Barrier(2)

    def take_part(product: App, owner: str) -> None:
        mine = World(product, world.now)
        barrier.wait()
        while mine.tell(owner) != "nothing to tell":
            pass

    threads = [Thread(target=take_part, args=(one, f"scheduler {n}")) for n, one in enumerate(products)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    world.tell()
    wanted = [f"alarm {number:02}" for number in range(20)]
    for one in (receiver, second):
        assert [post.said["data"]["key"] for post in one.heard if post.type == "alarm.raised"] == wanted
        assert (len(one.copies), len(set(one.ids))) == (700, 22)


_TELLS = """
import sys
from datetime import datetime
from newsletter.app import App
from newsletter import db
from newsletter.config import Settings
from newsletter.delivery.ledger import owners
from newsletter.jobs import telling
settings = Settings.model_validate_json(sys.stdin.read())
telling.tell(App(settings, db.connect(settings.database_url)), owner=owners.name(),
             clock=lambda: datetime.fromisoformat(sys.argv[1]))
"""


def test_killed_between_post_and_note_the_same_is_posted_again(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    for number in range(3):
        world.ring(f"alarm {number}")
    settings = world.app.settings
    told = {**json.loads(settings.model_dump_json()), "secret": settings.secret.get_secret_value()}
    process = subprocess.Popen(
        [sys.executable, "-c", _TELLS, world.now.isoformat()], stdin=subprocess.PIPE, text=True, env={**os.environ}
    )

    def kill(line: socket) -> None:
        manners.status(204)(line)
        process.send_signal(signal.SIGKILL)  # it has the answer, and can't write it down

    def freeze(line: socket) -> None:
        # stopped first, so that the answer is there and nothing was written
        process.send_signal(signal.SIGSTOP)
        kill(line)

    receiver.manners = [manners.status(204), freeze]
    process.communicate(json.dumps(told))
    world.tell("two")
    said = [post.said["data"]["key"] for post in receiver.heard]
    assert (process.returncode, said, receiver.ids[1] == receiver.ids[2]) == (
        -signal.SIGKILL,
        ["alarm 0", "alarm 1", "alarm 1", "alarm 2"],
        True,
    )


def test_a_lease_on_another_machine_is_waited_for(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    telling.look(world.app, now=world.now)
    with world.app.database.write() as session:
        posts.claim(session, 1, "another machine/1/abc", now=world.now)
    held = world.tell()
    world.wait(minutes=2)
    assert (held, world.tell()) == ("nothing to tell", "1 post taken")


def test_who_was_overtaken_writes_nothing(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    telling.look(world.app, now=world.now)
    with world.app.database.write() as session:
        held = posts.claim(session, 1, "one", now=world.now)
        assert held is not None
        ready, _ = posts.prepare(session, held)
        assert ready is not None
    with world.app.database.write() as session:
        endpoints.replay(session, endpoints.get(session, 1), number=1, by=SOMEBODY, now=world.now)
        noted = posts.note(session, held, ready, Answer(204), seconds=0.1, now=world.now)
    assert (noted, world.endpoint(1).cursor, tried(world)) == (False, 0, [])


def test_what_was_told_is_told_again_from_a_time_on(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.IN_REVIEW, State.HELD, State.APPROVED)
    world.tell()
    with world.app.database.write() as session:
        since = world.now - SECOND
        count = endpoints.replay(session, endpoints.get(session, 1), since=since, by=SOMEBODY, now=world.now)
    world.tell()
    assert (count, receiver.types[3:], receiver.ids[3:]) == (2, receiver.types[1:3], receiver.ids[1:3])


def test_what_it_will_never_take_can_be_left_out(world: World, receiver: Receiver) -> None:
    world.add(receiver, "edition.*")
    world.edition(State.IN_REVIEW, State.APPROVED)
    receiver.manners = [manners.status(422)]
    world.tell()
    with world.app.database.write() as session:
        endpoints.replay(session, endpoints.get(session, 1), number=2, by=SOMEBODY, now=world.now)
    world.tell()
    assert receiver.types == ["edition.in_review", "edition.approved"]


def test_what_is_not_kept_any_more_is_said(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.ring("one")
    world.tell()
    with world.app.database.write() as session:
        endpoint = endpoints.get(session, 1)
        with pytest.raises(BadInput, match="nothing is kept of what happened before 2021-11-25 16:00 UTC"):
            endpoints.replay(session, endpoint, since=world.now - DAY, by=SOMEBODY, now=world.now)
        with pytest.raises(BadInput, match="there is no happening 7; the newest is 1"):
            endpoints.replay(session, endpoint, number=7, by=SOMEBODY, now=world.now)
        with pytest.raises(BadInput, match="kept for 30 days: say a time after 2021-11-27"):
            late = world.now + 32 * DAY
            session.execute(delete(Happening))
            endpoints.replay(session, endpoint, since=world.now + DAY, by=SOMEBODY, now=late)


def test_a_test_is_posted_and_moves_nothing(today: World, receiver: Receiver) -> None:
    made = today.add(receiver)
    answer = telling.test(today.app, 1, now=today.now)
    (post,) = receiver.heard
    assert (answer.is_taken, post.type, verified(post, made.secret), today.endpoint(1).cursor) == (
        True,
        "webhook.test",
        True,
        0,
    )


def test_the_last_hundred_posts_are_remembered(world: World, receiver: Receiver) -> None:
    world.add(receiver, "alarm.*")
    for number in range(103):
        world.ring(f"alarm {number}")
    world.tell()
    with world.app.database.read() as session:
        kept = session.scalars(select(Tried.message_id).order_by(Tried.id)).all()
    assert kept == receiver.ids[3:]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://example.com/hook", "begins with https"),
        ("https://", "begins with https"),
        ("example.com/hook", "begins with https"),
        ("https://user:pass@example.com/", "leave name, password"),
        ("https://example.com/#part", "leave name, password"),
        ("https://no such host.invalid/", "is no address|begins with https|has no address"),
        ("https://nobody.invalid/", "has no address on the network"),
        ("https://example.com:port/", "is no address"),
        ("https://x" + "y" * 2000 + ".example/", "is no address|begins with https"),
    ],
)
def test_what_is_no_address_is_refused(world: World, url: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        endpoints.check(url, fetch=world.app.settings.fetch)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://10.0.0.1/", True),
        ("https://169.254.169.254/latest/", True),
        ("https://[::1]/", False),
        ("https://127.0.0.1/", False),
        ("http://2130706433/", False),
        ("https://8.8.8.8:22/", True),
        ("http://8.8.8.8/", True),
    ],
)
def test_an_address_inside_or_in_the_clear_is_forbidden(world: World, url: str, loopback: bool) -> None:
    fetch = world.app.settings.fetch.model_copy(update={"allow_loopback": loopback})
    with pytest.raises(Forbidden):
        endpoints.check(url, fetch=fetch)


def test_there_is_an_end_to_how_many_can_be(world: World, receiver: Receiver) -> None:
    for _ in range(endpoints.MOST):
        world.add(receiver)
    with pytest.raises(WrongState, match="there are 20 webhooks, and no more can be"):
        world.add(receiver)


def test_a_newsletter_that_is_none_is_refused(world: World, receiver: Receiver) -> None:
    with pytest.raises(NotFound):
        world.add(receiver, newsletter="monday")
