"""Thunderbird: opens a message from its file, in a profile of its own."""

import json
from pathlib import Path

from tests.rendering.programs.desk import Desk

NEEDS = ("thunderbird",)


def show(desk: Desk, message: Path, *, dark: bool, pictures: bool, file: Path) -> None:
    """Open *message*."""
    profile = desk.home / "profile"
    profile.mkdir()
    prefs = {
        "mail.provider.suppress_dialog_on_startup": True,
        "mail.spotlight.firstRunDone": True,
        "mailnews.start_page.enabled": False,
        "app.donation.eoy.version.viewed": 999,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
        "mailnews.message_display.disable_remote_image": not pictures,
        "ui.systemUsesDarkTheme": int(dark),
        "extensions.activeThemeID": f"thunderbird-compact-{'dark' if dark else 'light'}@mozilla.org",
        "mail.shell.checkDefaultClient": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "app.update.enabled": False,
    }
    lines = "".join(f'user_pref("{name}", {json.dumps(value)});\n' for name, value in prefs.items())
    (profile / "user.js").write_text(lines, "utf-8")
    desk.start("thunderbird", "--no-remote", "--profile", str(profile), str(message))
    desk.window("Walmart")
    desk.picture(file)
