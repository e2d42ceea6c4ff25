"""A RabbitMQ of the tests' own: real, on loopback, with a state that can be lost."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

#: Debian's wrapper would change to another user; the program itself runs as whoever starts it. RABBITMQ_PROGRAM is
#: that of another version, with its rabbitmqctl beside it
PROGRAM = Path(os.environ.get("RABBITMQ_PROGRAM", "/usr/lib/rabbitmq/bin/rabbitmq-server"))


class Broker:
    """One broker in *folder*, on free ports of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self._dist, self._epmd = (_free_port() for _ in range(3))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [str(PROGRAM)], env=self._environ(), stdout=out, stderr=out, start_new_session=True
            )
        for _ in range(300):
            if _answers(self.port):
                return
            time.sleep(0.2)
        raise RuntimeError(f"RabbitMQ did not start: {(self.folder / 'out').read_text('utf-8', 'replace')[-2000:]}")

    def control(self, *command: str) -> None:
        """`rabbitmqctl`: what an operator would say to it."""
        ctl = PROGRAM.with_name("rabbitmqctl")
        subprocess.run([str(ctl), *command], env=self._environ(), check=True, capture_output=True, timeout=120)

    def lose_everything(self) -> None:
        """`kill -9`, and its disk is gone."""
        self.stop()
        shutil.rmtree(self.folder / "mnesia", ignore_errors=True)

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
        }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    """Whether the broker greets: it closes the connection of one who does not speak AMQP, with a header."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(2)
            connection.sendall(b"hello\r\n\r\n")
            return connection.recv(4) == b"AMQP"
    except OSError:
        return False
