"""How fast an edition is drawn again as it is typed: `python -m benchmarks.looks [--quick] [--json]`.

The week's five stories, from the words to one reader's message and what a program makes of it, stage by stage, in this
process; the baseline compiles the templates each time, as a send does that begins by itself. Then the same at the desk:
a form sent over HTTP, and, where there is a Chromium, from the last keystroke in it to the look that has it.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import httpx

from benchmarks import _tables
from benchmarks._tables import Row
from newsletter import db
from newsletter.app import App
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.rendering import links, proofs, templates
from newsletter.rendering.looks import Look, inversion, letters, pages, pictures, schemes, thunderbird
from newsletter.rendering.models import Proof
from newsletter.rendering.mould import Reader
from newsletter.testing.serving import serving
from newsletter.web.app import create
from tests.rendering import samples, week

_CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
#: what is promised, in milliseconds after the last keystroke
PROMISED = 300
_NINE = datetime(2021, 11, 26, 9, tzinfo=UTC)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    rows = measure(rounds=10 if "--quick" in arguments else 60)
    _tables.show("an edition drawn again as it is typed", rows, form=_tables.form_of(arguments))


def measure(*, rounds: int) -> list[Row]:
    """A row for each stage, and for the whole way."""
    with _desk() as (app, edition, address):
        rows = [*_stages(app, edition, rounds), *_over_http(address, edition, rounds)]
        return [*rows, *_in_a_browser(address, edition, rounds)]


def _stages(app: App, edition: Edition, rounds: int) -> Iterator[Row]:
    newsletter, setting = app.newsletter(), "five stories"
    said = wording.of(edition)
    reader = Reader(0, "ada@example.com", "Ada", links.token("x", edition.id, 0))

    def fresh() -> object:
        templates._environment.cache_clear()
        return proofs.today(edition, newsletter, app.settings, now=_NINE)

    def rendered() -> Proof:
        return proofs.today(edition, newsletter, app.settings, now=_NINE)

    proof = rendered()
    mould = proofs.mould(proof, edition, newsletter, app.settings)
    message = mould.message(reader)
    letter = letters.opened(message)
    slow = _milliseconds(fresh, rounds)
    quick = _milliseconds(rendered, rounds)
    yield Row("templates compiled and filled, MJML", setting, slow, "ms")
    yield Row("the same, compiled templates kept", setting, quick, "ms", slow / quick, "times as fast")
    yield Row("words into a draft", setting, _milliseconds(lambda: wording.draft(edition, said), rounds), "ms")
    cast = _milliseconds(lambda: proofs.mould(proof, edition, newsletter, app.settings), rounds)
    yield Row("proof into a mould", setting, cast, "ms")
    yield Row("one reader's message", setting, _milliseconds(lambda: mould.message(reader), rounds), "ms")
    yield Row("the message opened", setting, _milliseconds(lambda: letters.opened(message), rounds), "ms")
    for look, draw in {
        Look.LIGHT: lambda: schemes.held(letter.html, "light"),
        Look.THUNDERBIRD: lambda: thunderbird.dark(letter.html),
        Look.GMAIL: lambda: inversion.inverted(letter.html),
        Look.PICTURES_OFF: lambda: pictures.off(letter.html),
        Look.INBOX: lambda: pages.row(letter),
    }.items():
        yield Row("look", look.value, _milliseconds(draw, rounds), "ms")


def _over_http(address: str, edition: Edition, rounds: int) -> Iterator[Row]:
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        for look in (Look.LIGHT, Look.THUNDERBIRD):
            took = []
            for number in range(rounds):
                began = time.perf_counter()
                answer = client.post(f"/editions/{edition.id}/look/{look}", data={"title": f"Typed {number}"})
                took.append((time.perf_counter() - began) * 1000)
                answer.raise_for_status()
            yield Row("form to look, over HTTP", look.value, median(took), "ms", note=_worst(took))


def _in_a_browser(address: str, edition: Edition, rounds: int) -> Iterator[Row]:
    if _CHROMIUM is None:
        yield Row("keystroke to look", "Chromium", note="there is no Chromium here")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/editions/{edition.id}")
        page.evaluate(_FORM)
        for look in (Look.LIGHT, Look.THUNDERBIRD):
            page.locator(f"[data-look={look}]").click()
            page.locator(".looks:not([aria-busy])").wait_for()
            page.evaluate(_LISTEN)
            page.locator("#typed").focus()
            for _ in range(rounds):
                page.evaluate("() => { window.drawn = new Promise(done => { window.isDrawn = done; }); }")
                page.keyboard.type("x")
                page.evaluate("window.drawn")
            took = page.evaluate("window.took")
            yield Row(
                "keystroke to look", f"Chromium, {look.value}", median(took), "ms", median(took) / PROMISED,
                f"of the {PROMISED} ms promised; {_worst(took)}",
            )  # fmt: skip
        browser.close()


#: a field that says what is typed in it, as the editor's page does
_FORM = """() => {
  const form = document.createElement("form");
  form.innerHTML = '<textarea id="typed" name="title">The five</textarea>';
  document.querySelector("main").prepend(form);
  form.addEventListener("input", () =>
    document.dispatchEvent(new CustomEvent("newsletter:words", { detail: { form } })));
}"""
#: the time from each keystroke until the look that has it is laid out
_LISTEN = """() => {
  window.took = [];
  let since = 0;
  if (window.isHeard) return;
  window.isHeard = true;
  document.addEventListener("input", () => { since = performance.now(); }, true);
  document.addEventListener("newsletter:drawn", () => {
    document.querySelector("iframe[name=look]").contentDocument.documentElement.getBoundingClientRect();
    requestAnimationFrame(() => { window.took.push(performance.now() - since); window.isDrawn?.(); });
  });
}"""


def _worst(took: Sequence[float]) -> str:
    return f"95 % within {quantiles(took, n=20)[-1]:.0f} ms"


def _milliseconds(work: Callable[[], object], rounds: int) -> float:
    """The median of so many, in this process's own time, which a busy machine distorts less."""
    work()
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
    return median(took)


@contextmanager
def _desk() -> Iterator[tuple[App, Edition, str]]:
    """The week's edition at a desk of its own."""
    with tempfile.TemporaryDirectory() as home:
        url = f"sqlite:///{Path(home) / 'newsletter.db'}"
        settings = samples.settings(home=home, database_url=url)
        database = db.connect(url)
        db.upgrade(database)
        app = App(settings, database)
        with database.write() as session:
            edition = week.five("https://img.example")
            edition.id, edition.created_at = None, _NINE  # type: ignore[assignment]
            for position, story in enumerate(edition.stories, start=1):
                story.position = position
            session.add(edition)
            session.flush()
        with serving(create(app)) as address:
            yield app, edition, address
        database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
