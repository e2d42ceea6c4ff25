"""What a program sends, read strictly: within limits, as JSON, and nothing in it that no database keeps."""

import json
import math
import re
from typing import Any, NoReturn

from fastapi import Request
from starlette.exceptions import HTTPException

from newsletter.web.api.problems import Kind, Problem
from newsletter.web.readers.forms import limited

#: bytes of a body: all words of the longest edition, several times
MOST_BYTES = 4 * 1024 * 1024
#: how deep arrays and objects may stand in each other
DEEPEST = 32
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON = re.compile(r"application/(?:json|[a-z0-9.+-]{1,100}\+json)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Strict(Request):
    """A request whose body is read by `read`, and by nobody else."""

    async def json(self) -> Any:
        return self.state.body


async def read(request: Request) -> bytes:
    """The body of *request*, as it came; what it says is kept for the route. Raises Problem."""
    if request.method not in _CHANGES:
        return b""
    try:
        raw = b"".join([piece async for piece in limited(request, MOST_BYTES)])
    except HTTPException as error:
        raise Problem(Kind.TOO_LARGE, f"A body has at most {MOST_BYTES:,} bytes.") from error
    request._body = raw  # where Starlette keeps what it has read
    if raw:
        _refuse_other_kinds(request)
        request.state.body = parse(raw)
    return raw


def parse(raw: bytes) -> Any:
    """What *raw* says; raises Problem where it is no JSON, or says something twice, or what can't be kept."""
    try:
        text = raw.decode()
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        _refuse(f"Arrays and objects stand in each other more than {DEEPEST} deep.")
    except UnicodeDecodeError:
        _refuse("A body is UTF-8.")
    except json.JSONDecodeError as error:
        raise Problem(Kind.UNREADABLE, f"{error.msg}: line {error.lineno}, column {error.colno}.") from error
    except ValueError:
        _refuse("There is a number in that which is too long.")
    _refuse_unkeepable(value)
    return value


def refuse_unkeepable(text: str) -> None:
    """Raise Problem where *text* has a sign that no database keeps."""
    if "\0" in text:
        _refuse("The sign U+0000 is in that, which can't be kept.")
    if _SURROGATE.search(text):
        _refuse("Half of a pair of surrogates is in that, which is no sign.")


def _refuse_other_kinds(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accepts = {"Accept-Patch" if request.method == "PATCH" else "Accept-Post": "application/json"}
    if not _JSON.fullmatch(kind):
        raise Problem(Kind.MEDIA, "Send JSON, and say so: Content-Type: application/json.", headers=accepts)
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(
            Kind.MEDIA, "Send it as it is, without Content-Encoding.", headers={"Accept-Encoding": "identity"}
        )


def _refuse_unkeepable(value: Any) -> None:
    """Look through *value*, level by level and without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            _refuse(f"Arrays and objects stand in each other more than {DEEPEST} deep.")
        deeper: list[Any] = []
        for one in level:
            if isinstance(one, str):
                refuse_unkeepable(one)
            elif isinstance(one, float) and not math.isfinite(one):
                _refuse("There is a number in that which is too great.")
            elif isinstance(one, dict):
                deeper.extend(one.keys())
                deeper.extend(one.values())
            elif isinstance(one, list):
                deeper.extend(one)
        level = deeper


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("An object names one of its members twice.")
    return found


def _no_number(word: str) -> NoReturn:
    _refuse(f"{word} is no number of JSON.")


def _refuse(sentence: str) -> NoReturn:
    raise Problem(Kind.UNREADABLE, sentence)
