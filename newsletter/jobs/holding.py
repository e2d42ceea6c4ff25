"""What SendGrid holds back for us (`sendgrid.hold_seconds`): a pause or cancel of ours stops that too."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from newsletter.app import App
from newsletter.delivery.models import Batch
from newsletter.delivery.senders.sendgrid.sender import SendGridSender, batch_id


def hold_back(app: App, edition_id: int, *, for_good: bool) -> dict[str, str]:
    """Pause, or cancel for good, what of the edition SendGrid has not released; what went wrong, by batch id.

    Call it after the sending itself was paused or cancelled, outside a transaction.
    """
    return _with_held(app, edition_id, lambda sender, held: sender.stop(held, for_good=for_good))


def let_go(app: App, edition_id: int) -> dict[str, str]:
    """Take the pause back; what went wrong, by batch id."""
    return _with_held(app, edition_id, lambda sender, held: sender.release(held))


def _with_held(
    app: App, edition_id: int, act: Callable[[SendGridSender, Sequence[str]], dict[str, str]]
) -> dict[str, str]:
    held = _held(app, edition_id)
    sender = app.sender() if held else None
    if not isinstance(sender, SendGridSender):
        return {}
    return act(sender, held)


def _held(app: App, edition_id: int) -> list[str]:
    """The ids under which SendGrid holds batches of the edition, as its replies named them."""
    with app.database.read() as session:
        replies = session.scalars(
            select(Batch.reply).where(Batch.edition_id == edition_id, Batch.reply.contains("batch_id=")).distinct()
        )
        return sorted({found for reply in replies if (found := batch_id(reply))})
