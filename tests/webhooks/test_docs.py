"""docs/webhooks.md: its examples have the form of what is posted, and name all there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from newsletter.delivery.models import BatchState
from newsletter.editions.models import State
from newsletter.jobs import telling
from newsletter.tracking.webhooks import kinds, posts
from tests.webhooks.conftest import World
from tests.webhooks.receiver import Receiver

_PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
pytestmark = pytest.mark.skipif(not _PAGE.exists(), reason="the wheel has no docs/")


def examples() -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)]


def shape(said: Any) -> Any:
    """The names in it, and what kind of value each has."""
    if isinstance(said, dict):
        return {name: shape(value) for name, value in said.items()}
    return type(said).__name__


def test_the_examples_have_the_form_of_what_is_posted(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    edition = world.edition(State.APPROVED)
    world.sending(edition, 1)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.ring("not started friday/2021-11-26")
    world.ring("over not started friday/2021-11-26")
    world.tell()
    telling.test(world.app, 1, now=world.now)
    posted = {post.said["type"]: shape(post.said) for post in receiver.heard}
    posted["edition.sent"] = posted.pop("edition.approved")
    in_docs = {said["type"]: shape(said) for said in examples()}
    assert {kind: form for kind, form in in_docs.items() if kind != kinds.DELIVERIES} == {
        kind: form for kind, form in posted.items() if kind != kinds.DELIVERIES
    }


def test_the_examples_of_copies_have_the_form_of_what_is_posted(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    edition = world.edition()
    world.sending(edition, 1)
    world.settle(edition, 1, BatchState.ACCEPTED)
    world.hear("delivered", edition=edition)
    world.tell()
    posted = [shape(one) for post in receiver.heard for one in post.said["data"]["events"]]
    in_docs = [one for said in examples() if said["type"] == kinds.DELIVERIES for one in said["data"]["events"]]
    more = {"code": "int", "lesson": "str"}
    assert posted[0] == posted[1]
    assert [shape(one) for one in in_docs] == [
        posted[0] | {name: kind for name, kind in more.items() if name in one} for one in in_docs
    ]
    # and each kind of them once
    assert sorted(one["type"] for one in in_docs) == sorted(kind for kind in kinds.KINDS if kind.startswith("delivery"))


def test_every_kind_is_told_in_the_same_words() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (.*) \|$", _PAGE.read_text("utf-8"), re.MULTILINE))
    assert rows == {kind: says for kind, says in kinds.KINDS.items() if not kind.startswith("alarm")}


def test_the_waits_are_those_that_it_names() -> None:
    seconds = [wait.total_seconds() for wait in posts.WAITS]
    named = "after 5 seconds, 5 minutes, 30 minutes, 2, 5, and 10 hours"
    assert (seconds, named in _PAGE.read_text("utf-8")) == ([5, 300, 1800, 7200, 18000, 36000], True)
