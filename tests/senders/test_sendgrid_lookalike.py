"""The look-alike is as strict as the service: each limit refuses the whole request."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsletter.testing.sendgrid import KEY, Lookalike, lookalike, read_truth

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def sendgrid() -> Iterator[Lookalike]:
    with lookalike(clock=lambda: 1_000_000.0) as running:
        yield running


def good(recipients: int = 1) -> dict[str, Any]:
    return {
        "from": {"email": "friday@news.example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "hi"}, {"type": "text/html", "value": "<p>hi</p>"}],
        "personalizations": [{"to": [{"email": f"r{number}@example.com"}]} for number in range(recipients)],
    }


def post(sendgrid: Lookalike, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **headers}
    return httpx.post(f"{sendgrid.url}/v3/mail/send", content=content, headers=given, trust_env=False, timeout=30)


def test_a_good_request_is_taken_with_an_id(sendgrid: Lookalike) -> None:
    response = post(sendgrid, good())
    assert (response.status_code, len(response.headers["X-Message-Id"]), response.content) == (202, 22, b"")


def test_the_sandbox_takes_nothing(sendgrid: Lookalike) -> None:
    before = len(sendgrid.app.taken)
    response = post(sendgrid, good() | {"mail_settings": {"sandbox_mode": {"enable": True}}})
    assert (response.status_code, len(sendgrid.app.taken)) == (200, before)


def _one(body: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = body["personalizations"][0]
    return one


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("personalizations", lambda body: body.update(personalizations=[])),
        ("personalizations", lambda body: body.update(personalizations=good(1001)["personalizations"])),
        (
            "personalizations",
            lambda body: _one(body).update(to=[{"email": f"m{number}@example.com"} for number in range(1001)]),
        ),
        ("personalizations.0.to", lambda body: _one(body).update(to=[])),
        ("personalizations.0.to.0.email", lambda body: _one(body).update(to=[{"email": "nobody"}])),
        ("personalizations.0.to.0.email", lambda body: _one(body).update(to=[{"email": "a" * 320 + "@b.example"}])),
        ("personalizations.0.to.0.name", lambda body: _one(body).update(to=[{"email": "a@b.example", "name": "A;B"}])),
        ("personalizations.0", lambda body: _one(body).update(cc=[{"email": "R0@example.com"}])),
        ("personalizations.0.substitutions", lambda body: _one(body).update(substitutions={"{{a}}": 1})),
        ("personalizations.0.substitutions", lambda body: _one(body).update(substitutions={"{{a}}": "é" * 5000})),
        (None, lambda body: _one(body).update(custom_args={"a": 1})),
        ("personalizations.0.custom_args", lambda body: _one(body).update(custom_args={"a": ""})),
        (
            "personalizations.0.custom_args",
            lambda body: (body.update(custom_args={"a": "x" * 6000}), _one(body).update(custom_args={"b": "x" * 6000})),
        ),
        ("personalizations.0.headers.Subject", lambda body: _one(body).update(headers={"Subject": "x"})),
        ("personalizations.0.headers.X-A", lambda body: _one(body).update(headers={"X-A": 1})),
        ("personalizations.0.headers", lambda body: _one(body).update(headers={"X-A": "1", "x-a": "2"})),
        (
            "personalizations.0.from",
            lambda body: _one(body).update(**{"from": {"email": "friday@elsewhere.example"}}),
        ),
        ("from", lambda body: body.pop("from")),
        ("subject", lambda body: body.pop("subject")),
        ("content", lambda body: body.pop("content")),
        ("content", lambda body: body["content"].reverse()),
        ("content.0.value", lambda body: body["content"][0].update(value="")),
        ("content.2.type", lambda body: body["content"].append({"type": "text/calendar; x", "value": "x"})),
        ("reply_to", lambda body: body.update(reply_to={"email": "a@b.example"}, reply_to_list=[{"email": "a@b.co"}])),
        ("categories", lambda body: body.update(categories=[str(number) for number in range(11)])),
        ("categories", lambda body: body.update(categories=["é"])),
        ("send_at", lambda body: body.update(send_at=1_000_000 + 73 * 3600)),
        ("send_at", lambda body: body.update(send_at="1000000")),
        ("batch_id", lambda body: body.update(batch_id="never-made")),
        ("asm.group_id", lambda body: body.update(asm={})),
        ("ip_pool_name", lambda body: body.update(ip_pool_name="x")),
        (
            "tracking_settings.open_tracking.enable",
            lambda body: body.update(tracking_settings={"open_tracking": {"enable": "no"}}),
        ),
        ("sections", lambda body: body.update(sections={})),
        ("attachments.0.content", lambda body: body.update(attachments=[{"filename": "a", "content": "?"}])),
    ],
)
def test_a_fault_is_named_by_its_field(sendgrid: Lookalike, field: str | None, change: Change) -> None:
    body = good()
    change(body)
    response = post(sendgrid, body)
    assert (response.status_code, [error["field"] for error in response.json()["errors"]]) == (400, [field])


def test_one_bad_recipient_refuses_everybody(sendgrid: Lookalike) -> None:
    before = len(sendgrid.app.taken)
    body = good(3)
    body["personalizations"][2]["to"] = [{"email": "r0@example.com"}]
    post(sendgrid, body)
    assert len(sendgrid.app.taken) == before


def test_a_body_that_is_not_utf8_is_415(sendgrid: Lookalike) -> None:
    assert post(sendgrid, b'{"subject": "\xff"}').status_code == 415


def test_a_body_that_is_not_declared_json_is_415(sendgrid: Lookalike) -> None:
    assert post(sendgrid, good(), **{"Content-Type": "text/plain"}).status_code == 415


def test_a_wrong_key_is_401(sendgrid: Lookalike) -> None:
    assert post(sendgrid, good(), Authorization="Bearer SG.other").status_code == 401


def test_the_rate_is_kept() -> None:
    with lookalike(rate=2) as slow:
        assert [post(slow, good()).status_code for _ in range(3)] == [202, 202, 429]


def test_it_runs_as_a_process_and_writes_down_whom_it_mailed(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    command = [sys.executable, "-m", "newsletter.testing.sendgrid", "--truth", str(truth)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        headers = {"Authorization": f"Bearer {KEY}"}
        httpx.post(f"{url}/v3/mail/send", json=good(2), headers=headers, trust_env=False, timeout=30)
        process.terminate()
    assert [copy.to for copy in read_truth(truth)] == ["r0@example.com", "r1@example.com"]
