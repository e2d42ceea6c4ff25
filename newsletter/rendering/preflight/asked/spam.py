"""What SpamAssassin says of the mail, where it is installed: by its own rules alone, without asking the network."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.rendering.preflight.findings import Finding, Level

#: seconds; it starts slowly
_PATIENCE = 60
_POINTS = re.compile(r"Content analysis details:\s{1,20}\((-?[0-9.]{1,8}) points, ([0-9.]{1,8}) required\)")
_RULE = re.compile(r"^\s{0,4}(-?[0-9]{1,4}\.[0-9]) ([A-Z][A-Z0-9_]{1,60}) {1,40}(.{0,200})$", re.MULTILINE)
#: half of what makes a mail spam is worth a look
_HALF = 0.5


def ask(message: bytes) -> dict[str, Any]:
    """The points that *message* gets, and the rules that gave any."""
    program = shutil.which("spamassassin")
    if program is None:
        return {"problem": "SpamAssassin is not installed on this machine"}
    command = [program, "-L", "-t", "--nocreate-prefs"]
    try:
        done = subprocess.run(command, input=message, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"problem": f"SpamAssassin gave no answer: {type(error).__name__}"}
    return read(done.stdout.decode("utf-8", "replace"))


def read(report: str) -> dict[str, Any]:
    """Points and rules of SpamAssassin's own *report*."""
    points = _POINTS.search(report)
    if points is None:
        return {"problem": "SpamAssassin gave no points"}
    rules = [
        [float(rule[1]), rule[2], rule[3].strip()]
        for rule in _RULE.finditer(report, points.end())
        if float(rule[1]) > 0
    ]
    return {"problem": "", "points": float(points[1]), "needed": float(points[2]), "rules": rules}


def judge(told: Mapping[str, dict[str, Any] | None]) -> Sequence[Finding]:
    """What that means."""
    for answer in told.values():
        if answer is None:
            return [Finding("spam", Level.UNKNOWN, "SpamAssassin has not seen these bytes.")]
        if answer["problem"]:
            return [Finding("spam", Level.UNKNOWN, f"Nobody has judged it as a filter would: {answer['problem']}.")]
        points, needed = answer["points"], answer["needed"]
        said = f"SpamAssassin gives it {points:g} of the {needed:g} points that make spam"
        because = "; ".join(f"{name} {worth:g} ({what})" for worth, name, what in answer["rules"])
        if points >= needed * _HALF:
            return [Finding("spam", Level.AMBER, f"{said}: {because}.")]
        return [Finding("spam", Level.GREEN, f"{said}{f': {because}' if because else ''}.")]
    return []
