"""Hand a batch over to SendGrid's v3 API: one request, which is accepted whole or not at all."""

import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from newsletter import config
from newsletter.delivery.senders.sendgrid.pace import Pace
from newsletter.delivery.senders.sendgrid.wire import CONNECT_LIMIT, Wire
from newsletter.delivery.wire import replies
from newsletter.delivery.wire.parcel import Parcel, Report, Words
from newsletter.errors import Blocked, Delivery, Refused, Unavailable, Unknown
from newsletter.rendering.mould import Mould, Reader

#: our ids in custom_args, which come back on every event; prefixed, for events mix them with SendGrid's own keys
EDITION, ATTEMPT, SUBSCRIBER = "nl_edition", "nl_attempt", "nl_subscriber"

#: a missing key means "as the account is set", so each is written out; the product has its own links
_TRACKING_OFF = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}
_HELD = re.compile(r"\bbatch_id=([\w-]+)")
_ABOUT_ONE = re.compile(r"personalizations\.(\d+)(?:\.|$)")


class SendGridSender:
    """The SendGrid v3 API through the sendgrid package. Safe to call from several threads at once."""

    name = "sendgrid"
    tells_what_is_begun: Literal[True] = True

    def __init__(self, settings: config.SendGrid, *, clock: Callable[[], float] = time.time) -> None:
        # at DEBUG the package logs the API key and every address
        logging.getLogger("python_http_client").setLevel(logging.INFO)
        self._settings, self._clock = settings, clock
        self.batch_size, self.window = settings.batch_size, settings.connections
        requests = 2 if settings.hold_seconds else 1
        self.deadline = requests * (settings.timeout + 2 * CONNECT_LIMIT) + 5
        self._api = client(settings)
        self._pace = Pace()
        self._holds: dict[int, str] = {}
        self._holding = threading.Lock()

    def send(self, parcel: Parcel) -> Report:
        """Hand over *parcel* in one request.

        Raises Unavailable, Refused or Unknown for all of it. Where SendGrid names the recipients it
        objects to, nothing was sent: they are `refused` and the others may be tried `again`.
        """
        if wait := self._pace.turn(self._clock()):  # to sleep for no time at all is to queue for the interpreter
            time.sleep(wait)
        hold = self._hold(parcel.edition_id) if self._settings.hold_seconds else {}
        readers, doubles = _once_each(parcel.readers)
        on_body = parcel.page.all_begun if parcel.page else None
        answer = self._api.hand_over(letter(parcel, readers) | hold, on_body=on_body)
        self._learn(answer)
        match answer.status_code:
            case 202:
                return Report(answer.headers.get("X-Message-Id", ""), _accepted(hold), refused=doubles)
            case 400 if strangers := _objections(answer.body, readers):
                again = {each.subscriber_id: _UNTOUCHED for each in readers if each.subscriber_id not in strangers}
                return Report(reply=words_of(answer), refused={**doubles, **strangers}, again=again)
            case _:
                raise self._failure(answer)

    def stop(self, batch_ids: Sequence[str], *, for_good: bool) -> dict[str, str]:
        """Cancel (or pause) what SendGrid holds back under these ids; returns what went wrong, by id.

        SendGrid promises it only up to ten minutes before the hour named by send_at.
        """
        status = "cancel" if for_good else "pause"
        return self._each(batch_ids, lambda batch_id: self._scheduled(batch_id, status))

    def release(self, batch_ids: Sequence[str]) -> dict[str, str]:
        """Take back a pause; what is overdue goes out at once. Returns what went wrong, by id."""
        return self._each(batch_ids, lambda batch_id: self._api.user.scheduled_sends._(batch_id).delete())

    def close(self) -> None:
        """Nothing to give back: a connection lives as long as its request."""

    def _hold(self, edition_id: int) -> dict[str, Any]:
        """One batch id for each edition, under which all its requests can be cancelled together."""
        with self._holding:
            if edition_id not in self._holds:
                self._holds[edition_id] = self._new_batch_id()
            send_at = int(self._clock()) + self._settings.hold_seconds
            return {"batch_id": self._holds[edition_id], "send_at": send_at}

    def _new_batch_id(self) -> str:
        """Ask for a batch id; nothing of the mail is on the wire yet, so whatever is lost is safe to try again."""
        try:
            answer = self._api.mail.batch.post()
            if answer.status_code != 201:
                raise self._failure(answer)
            return str(json.loads(answer.body)["batch_id"])
        except Unknown as lost:
            raise Unavailable("SendGrid gave no batch id", reply=lost.reply) from lost
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("SendGrid gave no batch id", reply=words_of(answer)) from error

    def _scheduled(self, batch_id: str, status: str) -> Any:
        body = {"batch_id": batch_id, "status": status}
        answer = self._api.user.scheduled_sends.post(request_body=body)
        if answer.status_code == 400:  # it has a status already, which can only be changed
            return self._api.user.scheduled_sends._(batch_id).patch(request_body={"status": status})
        return answer

    def _each(self, batch_ids: Sequence[str], act: Callable[[str], Any]) -> dict[str, str]:
        trouble = {}
        for batch_id in batch_ids:
            try:
                answer = act(batch_id)
            except Delivery as error:
                trouble[batch_id] = str(error)
            else:
                if answer.status_code >= 300:
                    trouble[batch_id] = words_of(answer)
        return trouble

    def _learn(self, answer: Any) -> None:
        if answer.status_code == 202:
            self._pace.eased(answer.headers, self._clock())

    def _failure(self, answer: Any) -> Delivery:
        """What an answer other than success means; only a definite no is a Refused."""
        code, reply = answer.status_code, words_of(answer)
        if code == 429:
            wait = self._pace.braked(answer.headers, self._clock())
            return Unavailable("SendGrid asks for a slower pace", reply=reply, code=code, retry_after=wait)
        if code in {401, 403}:
            return Blocked(
                f"SendGrid does not let us in ({reply}): check sendgrid.api_key and the verified sender",
                reply=reply,
                code=code,
            )
        if 300 <= code < 500 and code != 408:
            return Refused(f"SendGrid refused the request ({reply})", reply=reply, code=code)
        return Unknown(f"SendGrid answered {code}, which does not say whether it took the mail", reply=reply, code=code)


def letter(parcel: Parcel, readers: Sequence[Reader]) -> dict[str, Any]:
    """The request's body: the edition once, and what differs for each of *readers*."""
    mould = parcel.mould
    name, address = mould.sender
    ids = {EDITION: str(parcel.edition_id), ATTEMPT: parcel.attempt}
    body: dict[str, Any] = {
        "from": {"email": address, "name": name} if name else {"email": address},
        "subject": mould.subject,
        "content": _content(mould, readers),
        "tracking_settings": _TRACKING_OFF,
        "personalizations": [
            {
                "to": [_recipient(reader)],
                "headers": dict(mould.headers(reader)),
                "substitutions": dict(mould.substitutions(reader)),
                "custom_args": {**ids, SUBSCRIBER: str(reader.subscriber_id)},
            }
            for reader in readers
        ],
    }
    if mould.reply_to:
        body["reply_to"] = {"email": mould.reply_to}
    return body


def _content(mould: Mould, readers: Sequence[Reader]) -> list[dict[str, str]]:
    """Text and HTML, or the text alone where nobody of them wants more; planning keeps the two apart."""
    content = [{"type": "text/plain", "value": mould.text}]
    if all(reader.plain for reader in readers):
        return content
    return [*content, {"type": "text/html", "value": mould.html}]


def batch_id(reply: str) -> str | None:
    """The id under which SendGrid holds a batch back, from the reply that was recorded for it."""
    found = _HELD.search(reply)
    return found[1] if found else None


_UNTOUCHED = Words("SendGrid objected to other recipients of the same request and took none", 400)


def client(settings: config.SendGrid) -> Wire:
    """The package's client over our own wire, for the key and host of *settings*."""
    host = settings.host.rstrip("/")
    from sendgrid import SendGridAPIClient  # slow to load, and every command would

    headers = SendGridAPIClient(settings.api_key.get_secret_value(), host=host).client.request_headers
    context = ssl.create_default_context() if host.startswith("https:") else None
    return Wire(host=host, request_headers=headers, version=3, timeout=settings.timeout, context=context)


def _recipient(reader: Reader) -> dict[str, str]:
    # SendGrid refuses these two in a name, quoted or not
    name = reader.name.replace(";", " ").replace(",", " ").strip()
    return {"email": reader.address, "name": name} if name else {"email": reader.address}


def _once_each(readers: Sequence[Reader]) -> tuple[list[Reader], dict[int, Words]]:
    """*readers* without those whose mailbox is there already, for which SendGrid would refuse all."""
    seen: dict[str, Reader] = {}
    doubles = {}
    for reader in readers:
        first = seen.setdefault(reader.address.casefold(), reader)
        if first is not reader:
            doubles[reader.subscriber_id] = Words(f"the same mailbox as subscriber {first.subscriber_id}")
    return list(seen.values()), doubles


def _accepted(hold: Mapping[str, Any]) -> str:
    if not hold:
        return "202 Accepted"
    until = datetime.fromtimestamp(hold["send_at"], UTC)
    return f"202 Accepted, held until {until:%H:%M:%S} UTC, batch_id={hold['batch_id']}"


def _objections(body: bytes, readers: Sequence[Reader]) -> dict[int, Words]:
    """Who SendGrid objects to, with its words; empty where it objects to anything else as well."""
    found: dict[int, Words] = {}
    for error in _errors(body):
        match = _ABOUT_ONE.match(str(error.get("field") or ""))
        if match is None or int(match[1]) >= len(readers):
            return {}
        reader = readers[int(match[1])]
        found.setdefault(reader.subscriber_id, Words(replies.tidy(_sentence(error)), 400))
    return found


def words_of(answer: Any) -> str:
    """The answer in SendGrid's own words, fit to be kept."""
    errors = _errors(answer.body)
    words = "; ".join(map(_sentence, errors)) if errors else answer.body.decode("utf-8", "replace")
    return f"{answer.status_code} {replies.plain(words)}".strip()


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _sentence(error: Mapping[str, Any]) -> str:
    field, message = error.get("field"), error.get("message") or "no reason given"
    return f"{field}: {message}" if field else str(message)
