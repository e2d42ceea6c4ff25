"""Every page of the desk on contact sheets: `python -m tests.desk.sheet [FOLDER]`, by default docs/pictures/desk.

The demo's week, before its edition is approved and after it went out; 390 and 1280 px, light and dark, in Chromium.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page

from newsletter import jobs
from newsletter.app import App
from newsletter.demo import afternoon, friday, server
from newsletter.demo.afternoon import WeekClock
from newsletter.staff import keys, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from tests.browsing import launched, press
from tests.staff.conftest import PASSWORD
from tests.web.site import served

FOLDER = Path(__file__).parents[2] / "docs" / "pictures" / "desk"
BOSS = "boss@example.com"
#: before the edition is approved, and after it went out
BEFORE = (
    "/ops",
    "/week", "/editions/1", "/editions/1/edit", "/editions/1/versions", "/editions/1/check", "/editions/1/test",
    "/editions/1/time", "/desk/calendar", "/desk/sources", "/desk/newsletters", "/desk/newsletters/friday",
    "/desk/settings", "/desk/templates", "/desk/templates/friday", "/desk/people", "/desk/account",
    "/ops/bounces", "/ops/suppressions", "/ops/readers", "/ops/readers/1", "/ops/import",
    "/ops/scheduler", "/ops/alarms", "/ops/doctor", "/ops/webhooks", "/ops/acts",
)  # fmt: skip
AFTER = (
    "/", "/editions/1", "/editions/1/results", "/editions/1/correct", "/archive/friday", "/ops", "/ops/sends/1",
    "/ops/log", "/ops/log?edition=1", "/ops/copies/1-1", "/ops/why?reader=1&edition=1",
)  # fmt: skip
SHOTS = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))
#: of a page, from its top, and what a picture is shrunk by
_HIGH, _SMALLER = 1200, 2.4
_ON_A_SHEET, _GAP = 7, 16
#: what the README shows, as wide as that
TOUR = {"/week": "week.webp", "/editions/1/edit": "write.webp"}
_TOUR_SIZE = (960, 675)


def main(arguments: list[str]) -> None:
    """Take the pictures, and lay them out."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser, TemporaryDirectory() as home:
        taken = dict(_taken(browser, Path(home) / "demo"))
    for path, name in TOUR.items():
        whole = taken[path][2]
        whole.crop((0, 0, whole.width, whole.width * 900 // 1280)).resize(_TOUR_SIZE).save(folder / name, quality=85)
    names = list(taken)
    for number, first in enumerate(range(0, len(names), _ON_A_SHEET), 1):
        sheet = _laid_out({name: taken[name] for name in names[first : first + _ON_A_SHEET]})
        sheet.save(folder / f"sheet-{number}.webp", quality=82, method=6)


def _taken(browser: Browser, home: Path) -> Iterator[tuple[str, list[Image.Image]]]:
    with server.serve(port=friday.PORT) as base:
        with friday.prepare(home, port=int(base.rpartition(":")[2])) as app:
            friday.draft(app, base, lambda step: None, lambda done, total: None)
            clock = afternoon.begin(app)
            afternoon.beat(app, clock())
            with served(app, clock) as site:
                url = str(site.base_url).rstrip("/")
                with app.database.write() as session:
                    welcome = keys.path(keys.make(session, None, now=clock()))
                yield from _shots(browser, url, {"/desk/welcome": welcome}, signs_in=False)
                account(app, clock)
                yield from _shots(browser, url, {"/desk/sign-in": "/desk/sign-in"}, signs_in=False)
                yield from _shots(browser, url, {path: path for path in BEFORE})
                jobs.approve(app, 1, by=BOSS, now=clock())
                clock.put_forward(friday.FRIDAY_MORNING)
                jobs.send(app, 1, by=BOSS, owner="sheet", clock=clock)
                afternoon.beat(app, clock())
                yield from _shots(browser, url, {f"{path} (sent)": path for path in AFTER})


def account(app: App, clock: WeekClock) -> None:
    with app.database.write() as session:
        users.add(session, BOSS, Role.ADMIN, name="The boss", by=Doer("sheet", "a test"), now=clock())
        keys.use(session, keys.make(session, users.get(session, BOSS), now=clock()), PASSWORD, now=clock())


def _shots(
    browser: Browser, url: str, pages: dict[str, str], *, signs_in: bool = True
) -> Iterator[tuple[str, list[Image.Image]]]:
    found: dict[str, list[Image.Image]] = {name: [] for name in pages}
    for width, scheme in SHOTS:
        with _opened(browser, url, width, scheme) as page:
            if signs_in:
                page.goto("/desk/sign-in")
                page.get_by_label("Address").fill(BOSS)
                page.get_by_label("Password").fill(PASSWORD)
                press(page, page.get_by_role("button", name="Sign in"))
            for name, path in pages.items():
                page.goto(path, wait_until="networkidle")
                found[name].append(_picture(page))
    yield from found.items()


@contextmanager
def _opened(browser: Browser, url: str, width: int, scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": _HIGH},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    yield context.new_page()
    context.close()


def _picture(page: Page) -> Image.Image:
    whole = Image.open(io.BytesIO(page.screenshot(full_page=False)))
    return whole.convert("RGB")


def _laid_out(rows: dict[str, list[Image.Image]]) -> Image.Image:
    high, widths = round(_HIGH / _SMALLER), [round(width / _SMALLER) for width, _ in SHOTS]
    sheet = Image.new("RGB", (sum(widths) + _GAP * (len(widths) + 1), (high + 40) * len(rows) + _GAP), "#8a8a8a")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for row, (name, images) in enumerate(rows.items()):
        top, left = row * (high + 40) + 8, _GAP
        pen.text((left, top), name, font=font, fill="#ffffff")
        for image, width in zip(images, widths, strict=True):
            sheet.paste(image.resize((width, high)), (left, top + 28))
            left += width + _GAP
    return sheet


if __name__ == "__main__":
    main(sys.argv[1:])
