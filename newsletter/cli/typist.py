"""Who types: commands have no accounts, and whoever can run them can do anything here."""

import getpass

from newsletter.staff.acts import Doer


def doer() -> Doer:
    """Whoever is signed in to this machine."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = "somebody"
    return Doer(f"{who} at the command line", "command line")
