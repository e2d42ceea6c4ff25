"""What others say of the mails: axe of reading aloud, the Nu Html Checker of the HTML, SpamAssassin of the message."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from newsletter.rendering import languages, sheet, slots, templates, views
from newsletter.rendering.counted import Counting
from tests.rendering import peer, samples, week
from tests.rendering.camera import camera, chromium

_SHIPPED = samples.settings()
_SHOWN = views.of_newsletter(samples.friday(_SHIPPED), _SHIPPED.public_url)
_EDITION = week.five("https://img.example")


def _friday() -> str:
    return slots.fill(sheet.lay_out(_EDITION, samples.friday(_SHIPPED), _SHIPPED).html, samples.reader())


def _letter(name: str, **values: object) -> str:
    words = languages.choose("en")
    common = {"newsletter": _SHOWN, "language": words.tag, "direction": "ltr", "_": words.html}
    return templates.find(name).html("body.mjml", **common, **values)


def _friday_counted() -> str:
    """As it goes out where links are counted, with the pixel and the link that nobody sees."""
    laid = sheet.lay_out(_EDITION, samples.friday(_SHIPPED), _SHIPPED)
    mould = samples.mould(laid.html, laid.text, counting=Counting("anonymous", pixel=True, decoy=True))
    return slots.fill(mould.html, samples.reader()._replace(click="f" * 42))


def _draft(*, decides: bool) -> str:
    verbs = ("approve", "hold", "edit")
    return _letter(
        "draft",
        text="The draft is ready.",
        edition=views.of_edition(_EDITION),
        why=["told by four"] * 5,
        goes_out="It goes out on Friday at 09:00.",
        may=dict.fromkeys(verbs, decides),
        decide=dict.fromkeys(verbs, "https://news.example.com/d"),
        look="https://news.example.com/editions/1",
    )


MAILS: dict[str, Callable[[], str]] = {
    "friday": _friday,
    "counted": _friday_counted,
    "draft": lambda: _draft(decides=True),
    "draft-to-look-at": lambda: _draft(decides=False),
    "alarm": lambda: _letter("alarm", text="Nobody approved it.", desk="https://news.example.com"),
    "invitation": lambda: _letter(
        "invitation", address="ada@example.com", lists=["Weekly"], confirm="https://news.example.com/c", days=7
    ),
    "notice": lambda: _letter(
        "notice",
        title="You have left",
        paragraphs=["No more will come."],
        link="https://news.example.com/j",
        button="Join again",
        unsubscribe="https://news.example.com/u",
        address="ada@example.com",
    ),
}


@pytest.mark.skipif(chromium() is None, reason="no chromium, chromium-browser or google-chrome on the PATH")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 700])
def test_axe_finds_no_fault_in_any_mail(width: int, scheme: Literal["light", "dark"]) -> None:
    if reason := peer.why_not("axe-core"):
        pytest.skip(reason)
    axe = (peer.modules() / "axe-core" / "axe.min.js").read_text("utf-8")
    found = {}
    with camera(str(chromium())) as lens:
        for name, made in MAILS.items():
            lens.shelf.files[f"{name}.html"] = made().encode()
            with lens.view(f"{name}.html", width, scheme) as page:
                page.evaluate(axe)
                found[name] = [fault["id"] for fault in page.evaluate("axe.run()")["violations"]]

    assert found == {key: [] for key in MAILS}


def test_the_html_checker_finds_no_error_but_outlooks(tmp_path: Path) -> None:
    if reason := peer.why_not("vnu-jar", "java"):
        pytest.skip(reason)
    for name, made in MAILS.items():
        (tmp_path / f"{name}.html").write_text(made())
    checker = peer.modules() / "vnu-jar" / "build" / "dist" / "vnu.jar"
    said = subprocess.run(
        ["java", "-jar", str(checker), "--errors-only", *map(str, tmp_path.iterdir())], capture_output=True, text=True
    ).stderr

    assert [line for line in said.splitlines() if not re.search("xmlns:[vo]|mso-", line)] == []


@pytest.mark.parametrize("counting", [Counting(), Counting("anonymous", pixel=True, decoy=True)])
def test_spamassassin_finds_nothing_to_add(counting: Counting) -> None:
    if not shutil.which("spamassassin"):
        pytest.skip("spamassassin is not on the PATH")
    page = sheet.lay_out(_EDITION, samples.friday(_SHIPPED), _SHIPPED)
    reader = samples.reader()._replace(click="f" * 42)
    message = samples.mould(page.html, page.text, page.subject, counting=counting).message(reader)
    said = subprocess.run(["spamassassin", "-L", "-t", "--nocreate-prefs"], input=message, capture_output=True).stdout
    points = re.search(rb"Content analysis details:\s+\((-?[0-9.]+) points", said)

    assert points is not None
    assert float(points[1]) <= 0
