"""Claws Mail with its litehtml viewer: reads an MH folder."""

import shutil
from pathlib import Path

from tests.rendering.programs.desk import HEIGHT, WIDTH, Desk

NEEDS = ("claws-mail",)

_FOLDERS = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
  <folder type="mh" name="Mail" path="Mail">
    <folderitem type="inbox" name="inbox" path="inbox" mtime="0" threaded="0" />
  </folder>
</folderlist>
"""


def show(desk: Desk, message: Path, *, dark: bool, pictures: bool, file: Path) -> None:
    """Put *message* into the inbox and look at it there."""
    inbox = desk.home / "Mail" / "inbox"
    inbox.mkdir(parents=True)
    shutil.copy(message, inbox / "1")
    own = desk.home / ".claws-mail"
    own.mkdir()
    (own / "folderlist.xml").write_text(_FOLDERS, "utf-8")
    (own / "accountrc").write_text(
        "[Account: 1]\naccount_name=ada\nis_default=1\nname=Ada\naddress=ada@example.com\nprotocol=5\n"
    )
    viewer = next(Path("/usr/lib").rglob("claws-mail/plugins/litehtml_viewer.so"))
    (own / "clawsrc").write_text(
        f"[Common]\nlayout_mode=1\nopen_inbox_on_startup=1\nfolderview_visible=1\nwork_offline=0\n"
        f"mainwin_x=0\nmainwin_y=0\nmainwin_width={WIDTH}\nmainwin_height={HEIGHT}\nrender_html=1\ninvoke_plugin_on_html=1\n"
        f"promote_html_part=1\nmsgview_visible=1\nnews_notify=0\nstartup_check=0\n"
        f"[Plugins_GTK3]\n{viewer}\n[LiteHTML]\nenable_remote_content={int(pictures)}\n"
    )
    theme = "Adwaita-dark" if dark else "Adwaita"
    desk.start("claws-mail", GTK_THEME=theme.replace("-", ":"))
    desk.window("Claws Mail")
    desk.settle()
    desk.click(75, 169)
    desk.key("Return")
    desk.settle()
    desk.click(400, 160)
    desk.key("Return", "ctrl+alt+n")
    desk.window("Walmart")
    desk.picture(file)
