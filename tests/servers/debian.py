"""Debian's packages by name and version, unpacked side by side into a folder outside the tree; nothing is installed."""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

#: the tree's way since Debian 12: without these links a package's /lib would stand beside the machine's own
_MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_DOWNLOAD = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "APT::Sandbox::User=root", "-qq", "download")


class Missing(Exception):
    """A server can't be had or run here; the message says why."""


def cache() -> Path:
    """Where unpacked servers are kept from one run to the next."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsletter-tests" / "servers"


def unpacked(pins: tuple[str, ...]) -> Path:
    """The folder with the packages *pins* ("postfix=3.7.11-0+deb12u1") in it, fetched on first use; raises Missing."""
    name = pins[0].partition("=")[0]
    folder = cache() / f"{name}-{sha256(' '.join(pins).encode()).hexdigest()[:12]}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        try:
            _unpack(pins, making)
            making.rename(folder)
        except OSError as error:
            if not folder.exists():  # otherwise another process was faster
                raise Missing(f"{name} could not be unpacked: {error}") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def version(pins: tuple[str, ...]) -> str:
    """The upstream version of the first of *pins*."""
    found = re.match(r"[^=]+=(?:\d+:)?(.+?)(?:-[^-]*)?$", pins[0])
    return found[1] if found else ""


def _unpack(pins: tuple[str, ...], into: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Missing("there are no Debian packages on this machine (no apt-get)")
    downloads = into / "packages"
    downloads.mkdir(parents=True)
    done = subprocess.run([*_DOWNLOAD, *pins], cwd=downloads, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Missing(f"{pins[0]} can't be had: {_last_line(done.stderr)} (apt-get update?)")
    for link, target in _MERGED.items():
        (into / target).mkdir(parents=True, exist_ok=True)
        (into / link).symlink_to(target)
    for package in sorted(downloads.glob("*.deb")):
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", into], input=archive, check=True)
    shutil.rmtree(downloads)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
