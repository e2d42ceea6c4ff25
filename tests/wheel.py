"""Build the wheel, install it into an environment of its own, and run the tests there, away from the tree.

Run by `make test-wheel`. What is tested is what is shipped: templates, migrations, pages and demo week
must all be inside.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit code of the tests against the wheel."""
    with tempfile.TemporaryDirectory() as name:
        away = Path(name)
        python = _environment(away / "env")
        _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(away)], cwd=TREE)
        (wheel,) = away.glob("newsletter-*.whl")
        _run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], cwd=away)
        shutil.copytree(TREE / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TREE / "pyproject.toml", away)
        # the mail servers and the second database say nothing about the packing
        arguments = ["-n", "2", "--ignore", "tests/servers", "-k", "not postgresql", *sys.argv[1:]]
        return subprocess.run([str(python), "-m", "pytest", *arguments], cwd=away, check=False).returncode


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
