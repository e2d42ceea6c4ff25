"""What scripts the desk has, and what they may: one from elsewhere, kept here to the byte, and nothing inline."""

import base64
import hashlib
import json
import re
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.web.ground import HERE
from tests.staff.conftest import Browser, a_colleague

STATIC = HERE / "static"
#: dist/htmx.min.js of npm's htmx.org 2.0.11; the same as `openssl dgst -sha384 -binary FILE | base64`
HTMX = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"


def test_htmx_is_as_its_makers_published_it() -> None:
    digest = hashlib.sha384((STATIC / "htmx-2.0.11.min.js").read_bytes()).digest()
    assert f"sha384-{base64.b64encode(digest).decode()}" == HTMX


def test_its_licence_is_beside_it() -> None:
    assert "Zero-Clause BSD" in (STATIC / "htmx-LICENSE.txt").read_text(encoding="utf-8")


def test_there_is_one_htmx() -> None:
    named = {name for page in HERE.rglob("*.html") for name in re.findall(r"htmx-[\w.-]+?\.js", page.read_text())}
    assert named == {path.name for path in STATIC.glob("htmx*.js")}


def test_htmx_is_told_to_run_nothing_and_keep_nothing() -> None:
    parts = (HERE / "staff" / "pages" / "parts.html").read_text(encoding="utf-8")
    (said,) = re.findall(r"""<meta name="htmx-config" content='([^']+)'>""", parts)
    config = json.loads(unescape(said))
    assert {name: config[name] for name in sorted(config) if name != "responseHandling"} == {
        "allowEval": False,
        "allowScriptTags": False,
        "historyCacheSize": 0,
        "includeIndicatorStyles": False,
        "refreshOnHistoryMiss": True,
        "selfRequestsOnly": True,
    }


@pytest.mark.parametrize("page", sorted(HERE.rglob("*.html")), ids=lambda path: Path(path).name)
def test_no_page_has_a_script_or_a_style_within(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    # what search engines read is data, which no browser runs
    text = text.replace('<script type="application/ld+json">', "")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text) == []


def test_scripts_run_at_the_desk_and_come_from_here(browser: Browser) -> None:
    policy = browser.open("/").headers["content-security-policy"]
    said = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert (said["default-src"], said["script-src"], said["connect-src"]) == (["'none'"], ["'self'"], ["'self'"])


@pytest.mark.parametrize("path", ["/join/friday", "/p/nobody", "/u/nobody"])
def test_no_script_runs_on_a_readers_page(browser: Browser, path: str) -> None:
    policy = browser.open(path).headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_who_is_signed_out_meanwhile_is_sent_to_the_door_by_a_part_of_a_page(
    app: App, browser: Browser, now: datetime
) -> None:
    a_colleague(app, now=now)
    answer = browser.client.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"], answer.text) == (401, "true", "")
