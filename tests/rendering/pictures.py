"""Take the pictures of the Friday email that the documentation shows: `python -m tests.rendering.pictures [FOLDER]`."""

import sys
from pathlib import Path
from typing import Literal

from newsletter.rendering import sheet, slots
from tests.rendering import samples, week
from tests.rendering.camera import camera, chromium

_PICTURES: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (
    ("edition-375.png", 375, "light"),
    ("edition-640.png", 640, "light"),
    ("edition-dark.png", 375, "dark"),
)


def take(folder: Path) -> list[Path]:
    """Write the pictures to *folder*."""
    program = chromium()
    if program is None:
        raise SystemExit("there is no chromium, chromium-browser or google-chrome on the PATH")
    given = samples.settings()
    folder.mkdir(parents=True, exist_ok=True)
    with camera(program) as lens:
        lens.shelf.files = week.images()
        page = sheet.lay_out(week.five(lens.shelf.address), samples.friday(given), given)
        lens.shelf.files["edition.html"] = slots.fill(page.html, samples.reader()).encode()
        for name, width, scheme in _PICTURES:
            with lens.view("edition.html", width, scheme) as view:
                view.screenshot(path=folder / name, full_page=True)
    return [folder / name for name, _, _ in _PICTURES]


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")):
        sys.stdout.write(f"{picture}\n")
