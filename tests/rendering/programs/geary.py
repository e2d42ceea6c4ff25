"""Geary: reads an IMAP account, with its password in a keyring of its own."""

from pathlib import Path

from tests.rendering.programs import post
from tests.rendering.programs.desk import Desk

NEEDS = ("geary", "dovecot", "gnome-keyring-daemon", "secret-tool")

_ACCOUNT = """[Metadata]
version=1
status=enabled

[Account]
ordinal=1
label=ada
prefetch_days=-1
save_drafts=false
save_sent=false
use_signature=false
signature=
sender_mailboxes=Ada <ada@example.com>;
service_provider=other

[Folders]

[Incoming]
login={user}
remember_password=true
host=127.0.0.1
port={port}
transport_security=none
credentials=custom

[Outgoing]
login=
remember_password=true
host=127.0.0.1
port={port}
transport_security=none
credentials=none
"""


def show(desk: Desk, message: Path, *, dark: bool, pictures: bool, file: Path) -> None:
    """Serve *message*, and look at it."""
    port = post.office(desk, message)
    account = desk.home / ".config/geary/account_01"
    account.mkdir(parents=True)
    (account / "geary.ini").write_text(_ACCOUNT.format(user=post.USER, port=port), "utf-8")
    post.keep(desk, f"proto IMAP host 127.0.0.1 login {post.USER} xdg:schema org.gnome.Geary")
    desk.start("geary", GTK_THEME="Adwaita:dark" if dark else "Adwaita", NO_AT_BRIDGE="1")
    desk.window("Geary|Inbox|INBOX|ada")
    desk.settle()
    desk.click(600, 90)
    desk.settle()
    if pictures:
        desk.click(925, 191)
    desk.picture(file)
