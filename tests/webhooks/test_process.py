"""The scheduler as a process tells by itself; killed with a post on the wire, the next one posts it again."""

import signal
from pathlib import Path

from newsletter.jobs import telling
from tests.scheduler.test_process import PATIENCE, SETTINGS, started, wait_for
from tests.webhooks import receiver as manners
from tests.webhooks.conftest import SOMEBODY, World
from tests.webhooks.receiver import Receiver


def test_it_tells_by_itself_and_after_kill_the_next_one_goes_on(
    world: World, receiver: Receiver, tmp_path: Path
) -> None:
    url = world.app.settings.database_url
    (tmp_path / "newsletter.toml").write_text(f"{SETTINGS.format(url=url)}\n[fetch]\nallow_loopback = true\n")
    world.now = world.app.clock()
    world.add(receiver, "alarm.raised")
    receiver.manners = [manners.status(204), manners.hang]
    for number in range(3):
        world.ring(f"alarm {number}")
    command = ("scheduler", "--tick", "0.2")
    with started(tmp_path, *command) as first:
        wait_for(lambda: len(receiver.heard) == 2, first)
        first.kill()  # it waits for an answer
        first.wait(PATIENCE)
    with started(tmp_path, *command) as second:
        wait_for(lambda: len(receiver.heard) == 4, second)
        second.send_signal(signal.SIGTERM)
        second.wait(PATIENCE)
    said = [post.said["data"]["key"] for post in receiver.heard]
    assert (said, receiver.ids[1] == receiver.ids[2], second.returncode) == (
        ["alarm 0", "alarm 1", "alarm 1", "alarm 2"],
        True,
        0,
    )


def test_while_something_goes_on_it_is_told_within_seconds_and_not_at_the_next_tick(
    world: World, receiver: Receiver, tmp_path: Path
) -> None:
    url = world.app.settings.database_url
    (tmp_path / "newsletter.toml").write_text(f"{SETTINGS.format(url=url)}\n[fetch]\nallow_loopback = true\n")
    world.now = world.app.clock()
    telling.add(world.app, receiver.url, wanted=["alarm.raised"], by=SOMEBODY, now=world.now)
    world.ring("alarm 0")
    with started(tmp_path, "scheduler", "--tick", "3600") as process:
        wait_for(lambda: len(receiver.heard) == 1, process)
        for number in (1, 2):
            world.now = world.app.clock()
            world.ring(f"alarm {number}")
            wait_for(lambda: len(receiver.heard) == number + 1, process)  # noqa: B023
    assert [post.said["data"]["key"] for post in receiver.heard] == ["alarm 0", "alarm 1", "alarm 2"]
