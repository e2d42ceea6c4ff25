"""Take the pictures and paste them up: `python -m tests.rendering.programs [FOLDER] [PROGRAM…]`.

Run by hand, for it needs the programs themselves (Debian: thunderbird evolution geary claws-mail
claws-mail-litehtml-viewer roundcube roundcube-sqlite3 php-cli dovecot-imapd gnome-keyring libsecret-tools
xvfb openbox xdotool imagemagick chromium) and some minutes.
"""

import struct
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from types import ModuleType

from newsletter.rendering import sheet
from tests.rendering import samples, week
from tests.rendering.camera import Shelf, shelf
from tests.rendering.programs import claws, evolution, geary, roundcube, thunderbird
from tests.rendering.programs.desk import desk, missing

PROGRAMS: dict[str, ModuleType] = {
    "Thunderbird": thunderbird,
    "Evolution": evolution,
    "Geary": geary,
    "Claws": claws,
    "Roundcube": roundcube,
}
_NEEDED = ("Xvfb", "openbox", "dbus-daemon", "xdotool", "import", "montage")
#: as small as can still be judged
_PASTED = ("-geometry", "400x600+6+6", "-background", "#888888", "-tile", "2x")
_SMALL = ("-depth", "8", "+dither", "-colors", "64")


def main(arguments: list[str]) -> None:
    """Look at the week's edition in each program, light and dark, with pictures and without."""
    folder = Path(arguments[0] if arguments else "docs/pictures/programs")
    folder.mkdir(parents=True, exist_ok=True)
    lacking = missing(*_NEEDED)
    if lacking:
        raise SystemExit(f"these programs are missing: {', '.join(lacking)}")
    for name, program in PROGRAMS.items():
        if arguments[1:] and name.lower() not in [one.lower() for one in arguments[1:]]:
            continue
        lacking = missing(*program.NEEDS)
        if lacking:
            sys.stderr.write(f"{name}: left out, for {', '.join(lacking)} is missing\n")
        else:
            sys.stdout.write(f"{_sheet(name, program, folder)}\n")


def _sheet(name: str, program: ModuleType, folder: Path) -> Path:
    """The four pictures of one program as one file: above light, below dark; on the left with pictures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as here:
        shots = []
        for number, (dark, pictures) in enumerate(product((False, True), (True, False))):
            shot = Path(here) / f"{number}.png"
            sys.stderr.write(f"{name}, {'dark' if dark else 'light'}, {'with' if pictures else 'without'} pictures\n")
            _look(program, Path(here) / f"{number}", shot, dark=dark, pictures=pictures)
            shots.append(str(shot))
        file = folder / f"{name.lower()}.png"
        subprocess.run(["montage", *shots, *_PASTED, str(file)], check=True)
        subprocess.run(["convert", str(file), *_SMALL, f"PNG8:{file}"], check=True)
    return file


def _look(program: ModuleType, home: Path, shot: Path, *, dark: bool, pictures: bool) -> None:
    home.mkdir()
    with shelf() as kept, desk(home / "home", 90 + dark * 2 + pictures) as made:
        message = _message(kept, home)
        program.show(made, message, dark=dark, pictures=pictures, file=shot)


def _message(kept: Shelf, folder: Path) -> Path:
    """The week's edition as a file in *folder*, with its pictures on the shelf."""
    given = samples.settings()
    kept.files = week.images()
    edition = week.five(kept.address)
    edition.preheader = "Also: Getir buys Weezy; Richemont moves to the cloud"
    for story in edition.stories:
        png = kept.files[story.image_url.rpartition("/")[2]]
        story.image_width, story.image_height = struct.unpack(">II", png[16:24])
        story.image_alt = ""
    page = sheet.lay_out(edition, samples.friday(given), given)
    file = folder / "edition.eml"
    file.write_bytes(samples.mould(page.html, page.text, page.subject).message(samples.reader()))
    return file


if __name__ == "__main__":
    main(sys.argv[1:])
