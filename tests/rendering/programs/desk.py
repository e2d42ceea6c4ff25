"""A screen that nobody sits at: Xvfb with a home, a session bus and a window manager of its own, and its picture."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

WIDTH, HEIGHT = 1000, 1500
#: seconds that a program is given to show the mail, and without a change until it counts as shown
_PATIENCE, _STILL = 60.0, 4.0


@dataclass
class Desk:
    """Where a program runs, and what has been started there."""

    home: Path
    environment: dict[str, str]
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, *command: str, **more: str) -> "subprocess.Popen[bytes]":
        """Run *command* until the desk is cleared."""
        program = subprocess.Popen(
            command,
            env=self.environment | more,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.stack.callback(_end, program)
        return program

    def run(self, *command: str) -> str:
        """What *command* says."""
        done = subprocess.run(command, env=self.environment, cwd=self.home, capture_output=True, text=True, check=False)
        return done.stdout

    def window(self, name: str) -> str:
        """The id of the window whose title holds *name*, filling the screen; waits for it."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            found = self.run("xdotool", "search", "--onlyvisible", "--name", name).split()
            if found:
                self.run("xdotool", "windowsize", found[-1], str(WIDTH), str(HEIGHT))
                self.run("xdotool", "windowmove", found[-1], "0", "0")
                return found[-1]
            time.sleep(0.5)
        raise TimeoutError(f"no window named {name!r}")

    def key(self, *keys: str) -> None:
        """Press *keys*, one after another."""
        for key in keys:
            self.run("xdotool", "key", key)
            time.sleep(0.5)

    def click(self, x: int, y: int) -> None:
        """Click there."""
        self.run("xdotool", "mousemove", str(x), str(y), "click", "1")
        time.sleep(0.5)
        self.run("xdotool", "mousemove", str(WIDTH - 1), str(HEIGHT - 1))

    def settle(self) -> None:
        """Wait until the screen stands still."""
        self.picture(self.home / "settling.png")

    def picture(self, file: Path) -> Path:
        """Write what the screen shows to *file*, once it stands still."""
        last, since = b"", time.monotonic()
        end = since + _PATIENCE
        while time.monotonic() < min(end, since + _STILL):
            self.run("import", "-window", "root", str(file))
            now = file.read_bytes()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(1)
        return file


@contextmanager
def desk(home: Path, number: int) -> Iterator[Desk]:
    """A screen :*number* with the home folder *home*."""
    home.mkdir(parents=True, exist_ok=True)
    own = {
        "HOME": str(home),
        "DISPLAY": f":{number}",
        "XDG_RUNTIME_DIR": str(home),
        "LANG": "C.UTF-8",
        "GDK_BACKEND": "x11",
    }
    kept = {key: os.environ[key] for key in ("PATH",)}
    home.chmod(0o700)
    with ExitStack() as stack:
        made = Desk(home, kept | own, stack)
        made.start("Xvfb", f":{number}", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp")
        time.sleep(1)
        address = home / "bus"
        made.start("dbus-daemon", "--session", "--nofork", f"--address=unix:path={address}")
        made.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={address}"
        made.start("openbox")
        time.sleep(1)
        made.run("xdotool", "mousemove", str(WIDTH - 1), str(HEIGHT - 1))
        yield made


def missing(*programs: str) -> list[str]:
    """Those of *programs* that are not installed."""
    return [program for program in programs if not shutil.which(program)]


def _end(program: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait(5)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
