"""What SendGrid checks before it takes a request, as strict as its documentation; any fault refuses it whole."""

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

MOST_PERSONALIZATIONS = 1000
MOST_BYTES = 30 * 1024 * 1024
MOST_ADDRESS = 320
MOST_SLOT_BYTES = 10_000
FURTHEST_AHEAD = 72 * 3600

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_BODY_KEYS = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments", "template_id",
    "headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings",
    "tracking_settings",
}  # fmt: skip
_PERSONALIZATION_KEYS = {
    "to", "cc", "bcc", "from", "subject", "headers", "substitutions", "dynamic_template_data", "custom_args", "send_at",
}  # fmt: skip
_MAIL_SETTINGS = {
    "bypass_list_management", "bypass_spam_management", "bypass_bounce_management", "bypass_unsubscribe_management",
    "footer", "sandbox_mode",
}  # fmt: skip
_TRACKING_SETTINGS = {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}

Fault = dict[str, str | None]


def faults(body: Any, *, now: float, batch_ids: Collection[str]) -> list[Fault]:
    """All that is wrong with *body*, in SendGrid's form; an empty list means it is taken."""
    if not isinstance(body, dict):
        return [_fault(None, "Bad Request")]
    found = list(_envelope(body))
    found += _content(body)
    found += _options(body, now, batch_ids)
    found += _personalizations(body, now)
    return found


def _fault(field: str | None, message: str) -> Fault:
    return {"message": message, "field": field, "help": None}


def _envelope(body: Mapping[str, Any]) -> Iterator[Fault]:
    for key in body.keys() - _BODY_KEYS:
        yield _fault(key, f"Additional property {key} is not allowed")
    yield from _person(body.get("from"), "from")
    if "reply_to" in body and "reply_to_list" in body:
        yield _fault("reply_to", "reply_to and reply_to_list are mutually exclusive")
    if "reply_to" in body:
        yield from _person(body["reply_to"], "reply_to")
    if "reply_to_list" in body:
        yield from _reply_to_list(body["reply_to_list"])


def _reply_to_list(people: Any) -> Iterator[Fault]:
    if not isinstance(people, list) or not 1 <= len(people) <= MOST_PERSONALIZATIONS:
        yield _fault("reply_to_list", f"reply_to_list is an array of 1 to {MOST_PERSONALIZATIONS} address objects")
        return
    for index, person in enumerate(people):
        yield from _person(person, f"reply_to_list.{index}")
    keys = [str(person.get("email")).casefold() for person in people if isinstance(person, dict)]
    if len(set(keys)) != len(keys):
        yield _fault("reply_to_list", "Each address in reply_to_list must be unique")


def _person(person: Any, field: str) -> Iterator[Fault]:
    if not isinstance(person, dict):
        yield _fault(field, "an object with an email address is required")
        return
    email, name = person.get("email"), person.get("name")
    if not isinstance(email, str) or len(email) > MOST_ADDRESS or not _ADDRESS.fullmatch(email):
        yield _fault(f"{field}.email", "Does not contain a valid address.")
    if name is not None and not isinstance(name, str):
        yield _fault(f"{field}.name", "The name must be a string.")
    if person.keys() - {"email", "name"}:
        yield _fault(field, "an address object has an email and a name and nothing else")


def _content(body: Mapping[str, Any]) -> Iterator[Fault]:
    content, template = body.get("content"), body.get("template_id")
    if content is None and template:
        return
    if not isinstance(content, list) or not content:
        yield _fault("content", "Unless a valid template_id is provided, at least one content block is required.")
        return
    for index, block in enumerate(content):
        yield from _block(block, f"content.{index}")
    kinds = [_rank(block) for block in content]
    if kinds != sorted(kinds):
        yield _fault("content", "text/plain must be first, text/html next, then any other type")


def _block(block: Any, field: str) -> Iterator[Fault]:
    if not isinstance(block, dict):
        yield _fault(field, "a content block is an object with type and value")
        return
    kind, value = block.get("type"), block.get("value")
    if not isinstance(kind, str) or not kind or re.search(r"[;\r\n]", kind):
        yield _fault(f"{field}.type", "The content type is required and can't hold ; or a line break")
    if not isinstance(value, str) or not value:
        yield _fault(f"{field}.value", "The content value must be a string at least one character in length.")


def _rank(block: Any) -> int:
    kind = block.get("type") if isinstance(block, dict) else None
    return {"text/plain": 0, "text/html": 1}.get(str(kind), 2)


def _options(body: Mapping[str, Any], now: float, batch_ids: Collection[str]) -> Iterator[Fault]:
    yield from _headers(body.get("headers", {}), "headers")
    yield from _categories(body.get("categories", []))
    yield from _send_at(body.get("send_at"), "send_at", now)
    if "batch_id" in body and body["batch_id"] not in batch_ids:
        yield _fault("batch_id", "The batch_id is not valid")
    if "asm" in body:
        yield from _asm(body["asm"])
    if "ip_pool_name" in body and not (isinstance(body["ip_pool_name"], str) and 2 <= len(body["ip_pool_name"]) <= 64):
        yield _fault("ip_pool_name", "The ip_pool_name must have 2 to 64 characters")
    yield from _settings(body.get("mail_settings", {}), "mail_settings", _MAIL_SETTINGS)
    yield from _settings(body.get("tracking_settings", {}), "tracking_settings", _TRACKING_SETTINGS)
    yield from _attachments(body.get("attachments", []))


def _categories(categories: Any) -> Iterator[Fault]:
    if isinstance(categories, str):
        categories = [categories]
    if not isinstance(categories, list) or len(categories) > 10 or not all(map(_is_category, categories)):
        yield _fault("categories", "At most 10 categories, each of ASCII and at most 255 characters")
    elif len(set(categories)) != len(categories):
        yield _fault("categories", "Categories must be unique")


def _is_category(category: Any) -> bool:
    return isinstance(category, str) and category.isascii() and 0 < len(category) <= 255


def _send_at(moment: Any, field: str, now: float) -> Iterator[Fault]:
    if moment is None:
        return
    if type(moment) is not int:
        yield _fault(field, "The send_at parameter is an integer, seconds since 1970")
    elif moment > now + FURTHEST_AHEAD:
        yield _fault(field, "Scheduling more than 72 hours in advance is forbidden")


def _asm(asm: Any) -> Iterator[Fault]:
    if not isinstance(asm, dict) or type(asm.get("group_id")) is not int:
        yield _fault("asm.group_id", "The asm.group_id is an integer and required")
    elif len(asm.get("groups_to_display", [])) > 25:
        yield _fault("asm.groups_to_display", "At most 25 groups can be shown")


def _settings(settings: Any, field: str, known: Collection[str]) -> Iterator[Fault]:
    if not isinstance(settings, dict) or settings.keys() - known:
        yield _fault(field, "an object with the documented settings and nothing else")
        return
    for name, setting in settings.items():
        if not isinstance(setting, dict) or not isinstance(setting.get("enable", False), bool):
            yield _fault(f"{field}.{name}.enable", "The enable parameter is a boolean")
    bypasses = {name for name, setting in settings.items() if name.startswith("bypass_") and _is_on(setting)}
    if "bypass_list_management" in bypasses and len(bypasses) > 1:
        yield _fault(f"{field}.bypass_list_management", "It can't be combined with other bypass filters")


def _is_on(setting: Any) -> bool:
    return isinstance(setting, dict) and setting.get("enable") is True


def _attachments(attachments: Any) -> Iterator[Fault]:
    if not isinstance(attachments, list):
        yield _fault("attachments", "attachments is an array")
        return
    for index, each in enumerate(attachments):
        field = f"attachments.{index}"
        if not isinstance(each, dict) or not isinstance(each.get("filename"), str) or not each["filename"]:
            yield _fault(f"{field}.filename", "The filename is required")
        elif not _is_base64(each.get("content")):
            yield _fault(f"{field}.content", "The content is required and must be base64")
        elif each.get("disposition", "attachment") not in {"inline", "attachment"}:
            yield _fault(f"{field}.disposition", "The disposition is inline or attachment")


def _is_base64(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def _personalizations(body: Mapping[str, Any], now: float) -> Iterator[Fault]:
    each_one = body.get("personalizations")
    if not isinstance(each_one, list) or not each_one:
        yield _fault("personalizations", "You must have at least one personalization.")
        return
    if len(each_one) > MOST_PERSONALIZATIONS:
        yield _fault(
            "personalizations",
            f"The personalization block is limited to {MOST_PERSONALIZATIONS} personalizations per API request."
            f" You have provided {len(each_one)} personalizations.",
        )
        return
    seen: set[str] = set()
    for index, one in enumerate(each_one):
        if not isinstance(one, dict):
            yield _fault(f"personalizations.{index}", "a personalization is an object")
        else:
            yield from _personalization(one, f"personalizations.{index}", body, now, seen)
    if sum(len(one.get(kind, ())) for one in each_one if isinstance(one, dict) for kind in ("to", "cc", "bcc")) > 1000:
        yield _fault("personalizations", "There is a limit of 1000 total recipients (to + cc + bcc) per request.")


def _personalization(
    one: dict[str, Any], field: str, body: Mapping[str, Any], now: float, seen: set[str]
) -> Iterator[Fault]:
    if not one.keys() <= _PERSONALIZATION_KEYS:
        yield _fault(field, f"Additional properties {sorted(one.keys() - _PERSONALIZATION_KEYS)} are not allowed")
    if not isinstance(one.get("to"), list) or not one["to"]:
        yield _fault(f"{field}.to", "The to array is required for all personalization objects")
    for kind in ("to", "cc", "bcc"):
        if kind in one:
            yield from _recipients(one[kind], f"{field}.{kind}", field, seen)
    if "from" in one:
        yield from _own_sender(one["from"], f"{field}.from", body)
    if not (one.get("subject") or body.get("subject") or body.get("template_id")):
        yield _fault("subject", "The subject is required unless each personalization has one or a template is used")
    if "headers" in one:
        yield from _headers(one["headers"], f"{field}.headers")
    yield from _substitutions(one, field, str(body.get("template_id") or ""))
    yield from _custom_args(body.get("custom_args", {}), one.get("custom_args", {}), field)
    if "send_at" in one:
        yield from _send_at(one["send_at"], f"{field}.send_at", now)


def _recipients(people: Any, field: str, personalization: str, seen: set[str]) -> Iterator[Fault]:
    if not isinstance(people, list):
        yield _fault(field, "an array of address objects is required")
        return
    for index, person in enumerate(people):
        email = person.get("email") if isinstance(person, dict) else None
        if not isinstance(email, str) or len(email) > MOST_ADDRESS or not _ADDRESS.fullmatch(email):
            yield _fault(f"{field}.{index}.email", "Does not contain a valid address.")
            continue
        name = person.get("name", "")
        if not isinstance(name, str) or ";" in name or "," in name:
            yield _fault(f"{field}.{index}.name", "The name can't contain ; or ,")
        key = email.casefold()
        if key in seen:
            # one of its two documents says once in a personalization, the other once in the request
            yield _fault(
                personalization,
                "Each email address in the personalization block should be unique between to, cc, and bcc."
                f" We found the first duplicate instance of [{email}] in the {field} field.",
            )
        seen.add(key)


def _own_sender(person: Any, field: str, body: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _person(person, field)
    if isinstance(person, dict) and isinstance(body.get("from"), dict):
        domains = {str(each.get("email")).rpartition("@")[2].casefold() for each in (person, body["from"])}
        if len(domains) > 1 or not str(person.get("name", "")).isascii():
            yield _fault(field, "The from of a personalization has the domain of the message's from, and is ASCII")


def _headers(headers: Any, field: str) -> Iterator[Fault]:
    if not isinstance(headers, dict):
        yield _fault(field, "headers is an object")
        return
    for name, value in headers.items():
        if not isinstance(value, str) or "\n" in value or "\r" in value:
            yield _fault(f"{field}.{name}", "The value of a header is a string on one line")
        if not name.isascii() or " " in name or name.lower() in _RESERVED:
            yield _fault(f"{field}.{name}", "The header is reserved, or its name is not ASCII without spaces")
    if len({name.lower() for name in headers}) != len(headers):
        yield _fault(field, "A header can't be given twice")


def _substitutions(one: Mapping[str, Any], field: str, template: str) -> Iterator[Fault]:
    slots = one.get("substitutions")
    if slots is None:
        return
    if template.startswith("d-"):
        yield _fault(f"{field}.substitutions", "Substitutions may not be used with dynamic templating")
    elif not isinstance(slots, dict) or not all(type(value) is str for value in slots.values()):
        yield _fault(f"{field}.substitutions", "Substitutions are an object of strings")
    elif _size(slots) > MOST_SLOT_BYTES:
        yield _fault(f"{field}.substitutions", f"Substitutions are limited to {MOST_SLOT_BYTES} bytes")


def _custom_args(shared: Any, own: Any, field: str) -> Iterator[Fault]:
    if not isinstance(shared, dict) or not isinstance(own, dict):
        yield _fault(f"{field}.custom_args", "custom_args is an object")
        return
    merged = {**shared, **own} if shared else own
    if not all(type(value) is str for value in merged.values()):
        yield _fault(None, "Bad Request")  # that is all SendGrid says here
    elif not all(merged.values()):
        yield _fault(f"{field}.custom_args", "The value of a custom arg can't be empty")
    elif _size(merged) > MOST_SLOT_BYTES:
        yield _fault(f"{field}.custom_args", f"custom_args are limited to {MOST_SLOT_BYTES} bytes")


def _size(strings: Mapping[str, str]) -> int:
    text = "".join(strings) + "".join(strings.values())
    return len(text) if text.isascii() else len(text.encode())
