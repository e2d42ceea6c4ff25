"""A house of its own for a mail server: Debian's files over this machine's, seen by nobody else, gone with its process.

A mount namespace lays the unpacked packages and the server's settings over /usr, /etc and /var, so that a server
finds its files where its builders put them; a process namespace ends with its first process, so that nothing stays.
"""

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.debian import Missing

#: seconds until a server must answer
_STARTS_WITHIN = 60.0
_BUILD = """
set -e
root={root}
mount --make-rprivate /
mount -t tmpfs house $root
for part in usr etc var; do
  mkdir -p $root/$part $root/.layers/$part/upper $root/.layers/$part/work
  over={files}/$part:/$part
  [ -d {packages}/$part ] && over={files}/$part:{packages}/$part:/$part
  own=$root/.layers/$part
  mount -t overlay $part -o lowerdir=$over,upperdir=$own/upper,workdir=$own/work $root/$part
done
for link in bin sbin lib lib32 lib64; do [ -L /$link ] && cp -a /$link $root/$link; done
mkdir -p $root/dev $root/proc $root/run $root/tmp $root/mail $root/root $root/home
chmod 1777 $root/tmp
mount --rbind /dev $root/dev
mount -t proc proc $root/proc
mount --bind {mail} $root/mail
exec chroot $root /bin/sh /etc/house.sh
"""


@dataclass
class Running:
    """A context manager: a server's process, once *port* answers; *folder* holds its `mail` and its `log`."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def mail(self) -> Path:
        """Where its mailboxes are."""
        return self.folder / "mail"

    @property
    def log(self) -> Path:
        """What it said."""
        return self.folder / "log"

    def command(self) -> list[str]:
        """What runs it in the foreground, all its files laid out; raises Missing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        command = self.command()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and everything it started."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def _wait(self) -> None:
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    connection.settimeout(10)
                    if connection.recv(3):
                        return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the server did not start: {self.log.read_text(errors='replace')[-2000:]}")


@dataclass
class House(Running):
    """A context manager: the server that *start* (a shell script) runs in the foreground, once *port* answers.

    *files* are laid over the *packages*: path → content. *people* get lines in passwd, all with one number.
    """

    packages: Path
    start: str
    files: Mapping[str, str] = field(default_factory=dict)
    people: Sequence[str] = ()
    #: the address of its name server
    names: str = "127.0.0.1"

    def command(self) -> list[str]:
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            raise Missing("a server gets a house of its own from root alone (unshare)")
        self._furnish()
        root = self.folder / "root"
        root.mkdir()
        places = {"root": root, "files": self.folder / "files", "packages": self.packages, "mail": self.mail}
        script = _BUILD.format(**{name: shlex.quote(str(path)) for name, path in places.items()})
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]

    def _furnish(self) -> None:
        for part in ("usr", "etc", "var"):
            (self.folder / "files" / part).mkdir(parents=True)
        self.mail.mkdir()
        os.chown(self.mail, _NUMBER, _NUMBER)
        shown = "".join(f"{name}:x:{_NUMBER}:{_NUMBER}::/mail:/bin/sh\n" for name in self.people)
        files = {
            "/etc/house.sh": self.start,
            "/etc/passwd": Path("/etc/passwd").read_text() + _OWN_USERS + shown,
            "/etc/group": Path("/etc/group").read_text() + _OWN_GROUPS,
            "/etc/hosts": "127.0.0.1 localhost mx.readers.test\n",
            "/etc/resolv.conf": f"nameserver {self.names}\noptions timeout:1 attempts:1\n",
            "/etc/mailname": "mx.readers.test\n",
            **self.files,
        }
        for path, content in files.items():
            file = self.folder / "files" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            if content.startswith("#!"):
                file.chmod(0o755)


#: of the users that mailboxes belong to
_NUMBER = 4000
_SERVERS = (
    *("postfix", "Debian-exim", "opensmtpd", "opensmtpq", "smmta", "smmsp", "courier", "chasquid", "postdrop"),
    "cyrus",
)
_OWN_USERS = (
    "".join(
        f"{name}:x:{number}:{number}::/var/empty:/usr/sbin/nologin\n"
        for number, name in enumerate(_SERVERS, start=4001)
    )
    + f"vmail:x:{_NUMBER}:{_NUMBER}::/mail:/bin/sh\n"
)
_OWN_GROUPS = (
    "".join(f"{name}:x:{number}:\n" for number, name in enumerate(_SERVERS, start=4001)) + f"vmail:x:{_NUMBER}:\n"
)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
