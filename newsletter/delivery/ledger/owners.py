"""Who holds a lease: a name that says machine and process, so that a dead one next door is not waited for."""

import os
import secrets
import socket


def name() -> str:
    """A name for this process, unlike any other's."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Whether *owner* was a process of this machine that has ended; False where that can't be known.

    A wrong True does no harm: the ledger calls its batches unknown, and a worker that lives after all
    still says what became of them.
    """
    machine, _, rest = owner.rpartition("/")[0].rpartition("/")
    if machine != socket.gethostname()[:40] or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
