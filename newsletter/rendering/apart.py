"""Templates that somebody wrote at the desk are filled and compiled in a process of their own, within bounds.

Jinja's sandbox keeps a template from our objects. It does not keep it from counting to a billion, from a text of a
gigabyte, or from nesting so deep that the interpreter dies; so another process does that, which may use so much
processor time, memory and output, can write no file and start no program, and whose death is a sentence for its author.

What goes there is ours (pickle); what comes back is text (JSON), whatever became of the process.
"""

import atexit
import json
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Literal

from newsletter.errors import BadTemplate

if TYPE_CHECKING:
    from newsletter.rendering.templates import Template

Kind = Literal["text", "html"]

#: of the processor, for one part of one edition, which takes a few hundredths
SECONDS = 2.0
#: on the wall's clock, for a machine that has no processor to spare
PATIENCE = 60.0
#: of memory, in bytes: the process with all that it has loaded takes a quarter
MEMORY = 1 << 30
#: letters of one part; a mail that is over 100 KB is cut off by Gmail
LONGEST = 1_000_000
_LENGTH = struct.Struct("!I")
_TOO_MUCH = f"it takes more than a template may: {SECONDS:g} seconds, {MEMORY >> 20} MB, or too much nesting"


def render(template: "Template", kind: Kind, file: str, values: Mapping[str, object]) -> str:
    """What becomes of *file* with *values*; raises BadTemplate, also where it went over its bounds."""
    request = pickle.dumps((template.name, dict(template.files), kind, file, dict(values)))
    answer = _room.ask(request)
    if answer is None:
        raise BadTemplate(_TOO_MUCH, file=f"{template.name}/{file}")
    if "text" in answer:
        return str(answer["text"])
    raise _said(answer)


class _Room:
    """The process, begun when it is first needed, and anew after its death."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def ask(self, request: bytes) -> dict[str, Any] | None:
        """The answer to *request*; None where the process died of it, or was ended."""
        with self._lock:
            process = self._process = self._process or _begun()
            try:
                answer = _exchanged(process, request)
            except (OSError, ValueError):
                answer = None
            if answer is None:
                self._end()
            return answer

    def close(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


def _begun() -> "subprocess.Popen[bytes]":
    # nothing of our own environment: it has secrets
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.defpath}
    return subprocess.Popen(  # noqa: S603 (it is ourselves)
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        bufsize=0,
        start_new_session=True,  # Ctrl+C is ours to hear; it ends with our end of the pipe
    )


def _exchanged(process: "subprocess.Popen[bytes]", request: bytes) -> dict[str, Any] | None:
    if process.stdin is None or process.stdout is None:
        return None
    until = time.monotonic() + PATIENCE
    process.stdin.write(_LENGTH.pack(len(request)) + request)
    head = _received(process.stdout, _LENGTH.size, until)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    body = _received(process.stdout, length, until) if length <= 8 * LONGEST else None
    answer = json.loads(body) if body is not None else None
    return answer if isinstance(answer, dict) else None


def _received(pipe: IO[bytes], length: int, until: float) -> bytes | None:
    """*length* bytes; None where the other side ended or fell silent."""
    found = b""
    while len(found) < length:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(pipe.fileno(), length - len(found)) if ready else b""
        if not piece:
            return None
        found += piece
    return found


def _said(answer: Mapping[str, Any]) -> BadTemplate:
    error = BadTemplate("", file=str(answer.get("file", "")), line=answer.get("line"))
    error.args = (str(answer.get("says", "it can't be understood"))[:2000],)
    return error


_room = _Room()
atexit.register(_room.close)


# the other side


def main() -> None:
    """Answer what is asked on stdin until it is closed."""
    from newsletter.rendering import templates

    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    templates.Template("warm", (), {"a.mjml": _WARM}).html_here("a.mjml", {})  # what it loads it has loaded
    _bound()
    while head := asked.read(_LENGTH.size):
        name, files, kind, file, values = pickle.loads(asked.read(*_LENGTH.unpack(head)))  # noqa: S301 (it is ours)
        template = templates.Template(name, (), files)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # its signal ends the process, also in the middle of C
        answer = json.dumps(_answer(template, kind, file, values)).encode()
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


_WARM = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{{ 'a b' | wrap }}"
    "</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def _answer(template: "Template", kind: Kind, file: str, values: Mapping[str, object]) -> dict[str, Any]:
    try:
        text = template.html_here(file, values) if kind == "html" else template.text_here(file, values)
        text.encode()
    except BadTemplate as error:
        return {"says": str(error), "file": error.file, "line": error.line}
    except (MemoryError, UnicodeError, RecursionError):
        return {"says": f"{template.name}/{file}: {_TOO_MUCH}", "file": f"{template.name}/{file}"}
    if len(text) > LONGEST:
        says = f"{template.name}/{file}: it comes to {len(text):,} letters, and may have {LONGEST:,}"
        return {"says": says, "file": f"{template.name}/{file}"}
    return {"text": text}


def _bound() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_NPROC, 0),
    ):
        with suppress(ValueError, OSError):  # where a system knows no such bound, the others stand
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
