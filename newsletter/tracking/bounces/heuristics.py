"""What is no standard's and none of the forms that are known here: flufl.bounce, which knows mail of thirty years.

It tells an address and neither code nor words, so what it finds is counted and suppresses nobody. It walks through a
message once for each form it knows, and may raise: it is shown a short plain copy.
"""

from email.message import Message

from newsletter import logs
from newsletter.tracking.bounces.mail import Mail

log = logs.get_logger(__name__)

#: lines that are shown, and letters of each
_LINES, _LETTERS = 120, 300
_NOBODY = "mailer-daemon@localhost"


def failed(message: Mail) -> str:
    """An address to which delivery failed, by flufl.bounce; empty where it finds none."""
    from flufl.bounce import scan_message

    copy = Message()
    for name in ("from", "subject"):
        said = message.head.words(name)[:_LETTERS] or _NOBODY
        copy[name] = said.encode("ascii", "replace").decode("ascii")
    lines = "\n".join(part.text for part in message.parts if part.inner is None).split("\n")[:_LINES]
    copy.set_payload("\n".join(line[:_LETTERS] for line in lines).encode("ascii", "replace").decode("ascii"))
    try:
        found = sorted(scan_message(copy))
    except Exception as error:  # noqa: BLE001 - thirty detectors of other people's, over mail of strangers
        # its words might hold an address
        log.warning("bounces.heuristics", error=type(error).__name__)
        return ""
    return found[0].decode("ascii", "replace") if found else ""
