"""Evolution: reads an IMAP account, with its password in a keyring of its own."""

from pathlib import Path

from tests.rendering.programs import post
from tests.rendering.programs.desk import Desk

NEEDS = ("evolution", "gsettings", "dovecot", "gnome-keyring-daemon", "secret-tool")

_ACCOUNT = """[Data Source]
DisplayName=ada
Enabled=true
Parent=

[Mail Account]
BackendName=imapx
IdentityUid=ada-id

[Authentication]
Host=127.0.0.1
Method=PLAIN
Port={port}
User={user}
RememberPassword=true

[Security]
Method=none

[Refresh]
Enabled=true
IntervalMinutes=1
"""
_IDENTITY = """[Data Source]
DisplayName=ada
Enabled=true
Parent=ada

[Mail Identity]
Address=ada@example.com
Name=Ada
"""


def show(desk: Desk, message: Path, *, dark: bool, pictures: bool, file: Path) -> None:
    """Serve *message*, and look at it in a window of its own."""
    port = post.office(desk, message)
    sources = desk.home / ".config/evolution/sources"
    sources.mkdir(parents=True)
    (sources / "ada.source").write_text(_ACCOUNT.format(port=port, user=post.USER), "utf-8")
    (sources / "ada-id.source").write_text(_IDENTITY, "utf-8")
    post.keep(desk, "e-source-uid ada xdg:schema org.gnome.Evolution.Data.Source")
    desk.run("gsettings", "set", "org.gnome.evolution.mail", "image-loading-policy", "always" if pictures else "never")
    desk.start("evolution", "--component=mail", GTK_THEME="Adwaita:dark" if dark else "Adwaita")
    desk.window("Mail|Evolution|Inbox")
    desk.settle()
    desk.click(92, 401)
    desk.settle()
    desk.click(300, 197)
    desk.key("ctrl+o")
    desk.window("Walmart")
    if pictures:
        # "Load images", for a policy of never and always is heeded only from the next message on
        desk.settle()
        desk.key("ctrl+i")
    desk.picture(file)
