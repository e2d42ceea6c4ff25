"""Builds to compare: this tree, and another revision of it checked out beside, run with the same interpreter."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parents[1]
#: seconds after which a command is stopped
_PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Build:
    """The product as it stands in *tree*; dependencies are this environment's."""

    name: str
    tree: Path

    def start(self, *arguments: str, home: Path) -> subprocess.Popen[str]:
        """`newsletter --home HOME …`, started; both its outputs are read by whoever waits."""
        command = [sys.executable, "-m", "newsletter", "--home", str(home), *arguments]
        return subprocess.Popen(
            command, cwd=home, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *arguments: str, home: Path) -> str:
        """`newsletter --home HOME …`, to its end; returns what it said, and raises where it failed."""
        process = self.start(*arguments, home=home)
        said, _ = process.communicate(timeout=_PATIENCE)
        if process.returncode:
            raise RuntimeError(f"{self.name}: newsletter {' '.join(arguments)} ended with {process.returncode}: {said}")
        return said

    def cost(self, *arguments: str, home: Path) -> float:
        """Seconds of processor's time that `newsletter --home HOME …` takes from start to end."""
        process = self.start(*arguments, home=home)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{self.name}: newsletter {' '.join(arguments)} ended with {process.returncode}: {said}")
        return used.ru_utime + used.ru_stime

    def call(self, code: str) -> dict[str, float]:
        """What *code*, which may use this build's own benchmarks, prints as JSON on its last line."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.tree,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.tree), "PYTHONWARNINGS": "ignore", "COLUMNS": "120"}


@contextmanager
def builds(against: str) -> Iterator[list[Build]]:
    """This build, and before it the revision *against* where one is named."""
    here = Build("this build", _HERE)
    if not against:
        yield [here]
        return
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), against)
        try:
            yield [Build(f"build {against[:12]}", tree), here]
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=_HERE, check=True, timeout=_PATIENCE)


def asked(name: str, purpose: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of a benchmark that compares builds: quick, form ("table", "json", "markdown"), against."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=purpose)
    parser.add_argument("--quick", action="store_true", help="one round, few readers; figures are rough")
    parser.add_argument("--json", dest="form", action="store_const", const="json", default="table")
    parser.add_argument("--markdown", dest="form", action="store_const", const="markdown", help="for the documents")
    parser.add_argument("--against", default="", metavar="REVISION", help="a build to compare with, by its commit")
    return parser.parse_args(arguments)
