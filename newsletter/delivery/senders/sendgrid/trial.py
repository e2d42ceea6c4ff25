"""SendGrid asked what a key may do, and to check a message in its sandbox: nothing is sent and nothing is counted."""

import json
from typing import Any

from newsletter import config
from newsletter.delivery.senders.sendgrid import sender
from newsletter.errors import Delivery, Refused, Unavailable, Unknown

#: what sending needs, and what holding back needs besides
_SENDING = frozenset({"mail.send"})
_HOLDING = frozenset({"mail.batch.create", "user.scheduled_sends.create"})


def missing_scopes(settings: config.SendGrid) -> list[str]:
    """The scopes that the key would need and has not; raises Delivery where SendGrid does not let us in."""
    answer = _asked(lambda: sender.client(settings).scopes.get())
    if answer.status_code != 200:
        raise _failure(answer)
    try:
        granted = set(json.loads(answer.body)["scopes"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable("SendGrid's list of scopes can't be read", reply=sender.words_of(answer)) from error
    return sorted((_SENDING | (_HOLDING if settings.hold_seconds else frozenset())) - granted)


def check(settings: config.SendGrid, from_address: str) -> None:
    """Have SendGrid check a message from *from_address*, in its sandbox; raises Delivery where it would not take it."""
    body = {
        "personalizations": [{"to": [{"email": from_address}]}],
        "from": {"email": from_address},
        "subject": "A trial that nobody gets",
        "content": [{"type": "text/plain", "value": "A trial that nobody gets."}],
        "mail_settings": {"sandbox_mode": {"enable": True}},
    }
    answer = _asked(lambda: sender.client(settings).mail.send.post(request_body=body))
    if answer.status_code != 200:
        raise _failure(answer)


def _asked(ask: Any) -> Any:
    """The answer; a lost one is no unknown here, for nothing could have been sent."""
    try:
        return ask()
    except Unknown as lost:
        raise Unavailable("SendGrid did not answer", reply=lost.reply) from lost


def _failure(answer: Any) -> Delivery:
    code, words = answer.status_code, sender.words_of(answer)
    if code in {401, 403}:
        return Refused(f"SendGrid does not let us in ({words}): check sendgrid.api_key and the verified sender")
    return Unavailable(f"SendGrid does not take a message ({words})")
