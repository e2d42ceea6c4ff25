"""What becomes of copies whose answer was lost, and who sees to it."""

from newsletter.config import Settings


def lost(settings: Settings, edition: str) -> str:
    """What *unknown* means, and what comes of it."""
    return f"handed over, and the answer was lost. {settled_by(settings, edition)}"


def settled_by(settings: Settings, edition: str, *, sender: str = "") -> str:
    """What will settle the unknown copies of *edition*, as its name; *sender* is who they were handed to, if known."""
    by_itself = settled_by_itself(settings, sender or settings.sender)
    return by_itself or f"No event will tell: decide with newsletter deliveries resolve {edition}"


def settled_by_itself(settings: Settings, sender: str) -> str:
    """What settles copies handed to *sender* without anybody's doing; empty where somebody has to decide."""
    if sender == "sendgrid" and settings.sendgrid.webhook_key:
        return "The scheduler settles them from SendGrid's events; keep it running, and see newsletter status."
    if sender == "smtp" and settings.smtp.unknown == "resend_once":
        return "The scheduler sends them once more, for smtp.unknown says so."
    return ""
