"""Build the wheel, hold it against the tree file by file, install it, and run there, away from the tree, what needs
the most of its files.

Run by `make test-wheel`. What is tested is what is shipped: templates, migrations, pages and demo week must all be
inside. What a line of code does is the same there as in the tree, byte by byte, and was tested in the tree.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from zipfile import ZipFile

TREE = Path(__file__).resolve().parent.parent
#: whole Fridays, every page, every command, every template; over HTTP, in a browser, as processes of their own
_ROOMS = ("demo", "friday", "ground", "ops", "readers", "web")


def main() -> int:
    """Exit code of the tests against the wheel."""
    with tempfile.TemporaryDirectory() as name:
        away = Path(name)
        python = _environment(away / "env")
        _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(away)], cwd=TREE)
        (wheel,) = away.glob("newsletter-*.whl")
        if differs := _differences(wheel):
            sys.exit("\n".join(["The wheel is not what the tree says:", *differs]))
        _run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], cwd=away)
        shutil.copytree(TREE / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TREE / "pyproject.toml", away)
        # the second database says nothing about the packing
        rooms = sys.argv[1:] or [f"tests/{room}" for room in _ROOMS]
        arguments = ["-n", "2", "-k", "not postgresql", *rooms]
        return subprocess.run([str(python), "-m", "pytest", *arguments], cwd=away, check=False).returncode


def _differences(wheel: Path) -> list[str]:
    """What of the shipped folders the *wheel* has not, or has otherwise."""
    folders = [TREE / name for name in ("newsletter", "subscribers", "templates")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    found = []
    with ZipFile(wheel) as packed:
        names = set(packed.namelist())
        for file in [*files, TREE / "scheduler.py"]:
            name = file.relative_to(TREE).as_posix()
            inside = f"newsletter/{name}" if name.startswith("templates/") else name
            if inside not in names:
                found.append(f"{name} is missing")
            elif packed.read(inside) != file.read_bytes():
                found.append(f"{name} is another")
    return found


def _environment(folder: Path) -> Path:
    """A virtual environment that sees the dependencies of this one, but not the tree."""
    venv.create(folder, with_pip=True)
    (libraries,) = folder.glob("lib/python*/site-packages")
    here = Path(sys.prefix) / libraries.relative_to(folder)
    for entry in here.iterdir():
        # everything but the editable install of the tree itself
        if not entry.name.startswith(("newsletter", "_editable_impl_newsletter", "__editable__", "pip")):
            target = libraries / entry.name
            if not target.exists():
                target.symlink_to(entry)
    return folder / "bin" / "python"


def _run(command: list[str], *, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(main())
