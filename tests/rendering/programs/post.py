"""An IMAP server on loopback with one message in it: Dovecot, run by whoever runs this."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.rendering.programs.desk import Desk

USER, PASSWORD = "ada", "ada"

_CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{home}/Maildir
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}
}}
"""


def office(desk: Desk, message: Path) -> int:
    """Serve *message* as the inbox of USER; returns the port."""
    # Dovecot serves nobody as root
    home = Path(f"/tmp/office-{os.getpid()}-{time.monotonic_ns()}") if os.geteuid() == 0 else desk.home / "office"
    user = pwd.getpwnam("dovecot" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    for part in ("cur", "new", "tmp"):
        (home / "Maildir" / part).mkdir(parents=True)
    shutil.copy(message, home / "Maildir/cur/1:2,")
    if os.geteuid() == 0:
        desk.stack.callback(shutil.rmtree, home, ignore_errors=True)
        for path in (home, *home.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    group = grp.getgrgid(user.pw_gid).gr_name
    settings = _CONFIGURATION.format(home=home, user=user.pw_name, group=group, port=port, password=PASSWORD)
    (home / "dovecot.conf").write_text(settings)
    desk.start("dovecot", "-F", "-c", str(home / "dovecot.conf"))
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return port
        time.sleep(0.2)


def keep(desk: Desk, attributes: str) -> None:
    """Put the PASSWORD into a keyring of the desk's own, where a program looks for it by *attributes*."""
    for command, said in (
        ("gnome-keyring-daemon --unlock --components=secrets", "\n"),
        (f"secret-tool store --label=mail {attributes}", PASSWORD),
    ):
        subprocess.run(
            command.split(), input=said.encode(), env=desk.environment, check=False, timeout=20, capture_output=True
        )
