"""The files in deploy/, as the tools say that read them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(file.name for file in (DEPLOY / "systemd").glob("*.service")) if DEPLOY.exists() else []

pytestmark = pytest.mark.skipif(not DEPLOY.exists(), reason="the wheel has no deploy/")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that is there."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text("utf-8").replace("/opt/newsletter/bin/newsletter", "/bin/true")
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line_of_a_unit(units: Path, name: str) -> None:
    said = subprocess.run(["systemd-analyze", "verify", str(units / name)], capture_output=True, text=True)
    assert [line for line in said.stderr.splitlines() if "newsletter" in line] == []


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_calls_a_unit_well_locked(units: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=50", str(units / name)]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout[-300:]


def test_a_worker_is_given_longer_to_end_than_a_mail_server_may_take() -> None:
    text = (DEPLOY / "systemd" / "newsletter-worker@.service").read_text("utf-8")
    assert [int(found) > 600 + 2 * 60 for found in re.findall(r"TimeoutStopSec=(\d+)", text)] == [True]


def _knows_compose() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _knows_compose(), reason="no docker compose here, whose own schema would judge")
def test_docker_understands_the_compose_file() -> None:
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_no_image_is_taken_as_it_comes() -> None:
    images = re.findall(r"image: *(\S+)", (DEPLOY / "compose.yaml").read_text("utf-8"))
    assert [image for image in images if not re.search(r":\d", image)] == []


def test_secrets_beside_the_compose_file_stay_out_of_the_image() -> None:
    kept = (DEPLOY.parent / ".dockerignore").read_text("utf-8").split()
    assert ("*" in kept, "!deploy" in kept) == (True, False)


def test_a_command_runs_the_program_where_the_units_run_it() -> None:
    command = (DEPLOY / "newsletter").read_text("utf-8")
    unit = (DEPLOY / "systemd" / "newsletter-serve.service").read_text("utf-8")
    (home,) = re.findall(r"^WorkingDirectory=(.+)$", unit, re.MULTILINE)
    (secrets,) = re.findall(r"^EnvironmentFile=-?(.+)$", unit, re.MULTILINE)
    (user,) = re.findall(r"^User=(.+)$", unit, re.MULTILINE)
    (program,) = re.findall(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    wanted = [f"cd {home}\n", f". {secrets}\n", f"runuser -u {user} --", f' {program} "$@"\n']
    assert [line for line in wanted if line not in command] == []


def test_a_command_is_a_program_that_the_shell_understands() -> None:
    command = DEPLOY / "newsletter"
    assert (subprocess.run(["sh", "-n", str(command)]).returncode, command.stat().st_mode & 0o111) == (0, 0o111)
