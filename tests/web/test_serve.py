"""`newsletter serve` as a process."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from newsletter.app import App

SERVE = (sys.executable, "-m", "newsletter")


def _settings(app: App, folder: Path) -> None:
    url = app.database.url.render_as_string(hide_password=False)
    (folder / "newsletter.toml").write_text(f'database_url = "{url}"\nsecret = "a secret"\n', "utf-8")


def test_it_serves_until_it_is_told_to_stop(app: App, tmp_path: Path) -> None:
    _settings(app, tmp_path)
    command = [*SERVE, "--home", str(tmp_path), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        address = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert address
        health = httpx.get(f"{address[0]}/healthz", trust_env=False, timeout=30).json()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        said = process.stderr.read()
    assert (health["database"], process.returncode, "Traceback" in said) == ("ok", 0, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_in_use_is_named_in_a_sentence(app: App, tmp_path: Path) -> None:
    _settings(app, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*SERVE, "--home", str(tmp_path), "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, f"can't listen on 127.0.0.1:{port}" in done.stderr) == (2, True)
