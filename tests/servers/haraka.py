"""Haraka, from npm: it runs where it was unpacked, with settings and two plugins of ours in a folder of its own."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.debian import Missing, cache
from tests.servers.house import Running
from tests.servers.kinds import DOMAIN

NAME, VERSION = "Haraka", "3.3.4"
MET = "hangs up after 4 errors"
TIGHT: Mapping[str, str] = {"max": "4"}
_NPM = ("npm", "install", "--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts")
_PEOPLE = """
const people = new Set(require('fs').readFileSync('PLACE/people', 'utf8').split('\\n'));
exports.hook_rcpt = (next, connection, params) =>
  people.has(params[0].user) ? next(OK) : next(DENY, 'no such user');
"""
_KEEP = """
const fs = require('fs');
let number = 0;
exports.hook_queue = (next, connection) => {
  const transaction = connection.transaction, folder = 'PLACE/mail/' + transaction.rcpt_to[0].user;
  fs.mkdirSync(folder, {recursive: true});
  const file = fs.createWriteStream(folder + '/' + process.pid + '.' + (number++));
  file.on('finish', () => next(OK));
  transaction.message_stream.pipe(file, {dot_stuffing: false, ending_dot: false});
};
"""


def unpacked() -> Path:
    """The folder in which npm put it, fetched on first use; raises Missing."""
    folder = cache() / f"haraka-{VERSION}"
    if not (folder / "done").exists():
        if shutil.which("npm") is None or shutil.which("node") is None:
            raise Missing("Haraka needs Node and npm, which are not on this machine")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"private": True}))
        done = subprocess.run([*_NPM, f"haraka@{VERSION}"], cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise Missing(f"Haraka {VERSION} can't be had from npm: {done.stderr.strip()[-200:]}")
        (folder / "done").touch()
    return folder


@dataclass
class Haraka(Running):
    """A context manager: Haraka on `port` for *people*, with *tight* limits on errors where there are any."""

    people: Sequence[str] = ()
    tight: Mapping[str, str] | None = None

    def command(self) -> list[str]:
        place = self.folder / "haraka"
        for path, content in self._files().items():
            file = place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.replace("PLACE", str(self.folder)))
        # what it has no settings file for, it looks for in vain
        shutil.copy(unpacked() / "node_modules" / "haraka" / "config" / "connection.ini", place / "config")
        self.mail.mkdir()
        (self.folder / "people").write_text("\n".join(self.people))
        return ["node", str(unpacked() / "node_modules" / "haraka" / "bin" / "haraka"), "-c", str(place)]

    def _files(self) -> dict[str, str]:
        limits = "".join(f"{name}={value}\n" for name, value in (self.tight or {}).items())
        return {
            "config/smtp.ini": f"listen=127.0.0.1:{self.port}\n",
            "config/me": f"mx.{DOMAIN}\n",
            "config/log.ini": "[main]\nlevel=warn\n",
            "config/plugins": "people\nkeep\n" + ("limit\n" if limits else ""),
            "config/limit.ini": f"tarpit_delay=0\n[errors]\nenabled=true\n{limits}" if limits else "",
            "plugins/people.js": _PEOPLE,
            "plugins/keep.js": _KEEP,
        }
