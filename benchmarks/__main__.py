"""Run every benchmark, each in a process of its own; arguments (--quick, --json) go to all of them."""

import subprocess
import sys
from pathlib import Path

import benchmarks


def main(arguments: list[str]) -> int:
    """Returns the number of benchmarks that failed."""
    folder = Path(benchmarks.__path__[0])
    names = sorted(file.stem for file in folder.glob("*.py") if _runs_by_itself(file))
    return sum(_run(name, arguments) != 0 for name in names)


def _runs_by_itself(file: Path) -> bool:
    """A part of another one has an underscore before its name, or nothing to run."""
    return not file.stem.startswith("_") and '\nif __name__ == "__main__":' in file.read_text("utf-8")


def _run(name: str, arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
