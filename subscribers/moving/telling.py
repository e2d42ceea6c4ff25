"""What a file holds and what came of it, as plain data for any door; and the rows that were left out, as a table."""

import csv
from datetime import date
from typing import IO, Any

from .importing import OnProblem, Outcome, Survey
from .sheets import Problem, safe
from .states import CODES, TOLD


def survey(found: Survey) -> dict[str, Any]:
    """What *found* says, as JSON takes it."""
    first = found.parts[0] if found.parts else None
    parts = [
        {
            "name": part.table.name,
            "system": part.system.name or None,
            "kind": part.system.kind,
            "suppressions": part.system.suppressions,
            "columns": [{"heading": column.heading, "read_as": column.read_as or None} for column in part.columns],
        }
        for part in found.parts
    ]
    return {
        "file": found.name,
        "system": parts[0]["system"] if first else None,
        "kind": parts[0]["kind"] if first else None,
        "columns": parts[0]["columns"] if first else [],
        "parts": parts,
        "not_read": [{"name": name, "why": why} for name, why in found.skipped],
        "states": [
            {"state": CODES[state], "count": count, "meaning": TOLD[state][0], "will": TOLD[state][1]}
            for state, count in found.states
        ],
        "people": found.people,
        "twice": found.twice,
        "bad": found.bad,
        "problems": [
            {"line": problem.line, "reason": problem.reason, "row": problem.row} for problem in found.problems
        ],
        "not_kept": {
            "languages": found.losses.languages, "time_zones": found.losses.zones, "names": found.losses.names,
        },
        "questions": found.questions,
    }  # fmt: skip


def outcome(came: Outcome) -> dict[str, Any]:
    """What *came* of an import, in people."""
    names = ("added", "updated", "unchanged", "kept_out", "suppressed", "barred", "resumed")
    return {name: getattr(came, name) for name in names}


def source(found: Survey, today: date) -> str:
    """Where consents come from whose own source the file does not tell: the import, by name and day."""
    systems = dict.fromkeys(part.system.name for part in found.parts if part.system.name)
    day = f", {today}"
    return f"{' and '.join(systems) or 'import'}: {found.name}"[: 64 - len(day)] + day


def needs_list(found: Survey) -> bool:
    """Whether somebody has to say which list people come on: the file does not."""
    listed = any(part.places.keys() & {"lists", "pending", "unsubscribed"} for part in found.parts)
    return found.makes_subscribers and not listed


def problems(stream: IO[str]) -> OnProblem:
    """Writes each row that was left out to *stream*, as CSV with its line and the reason."""
    writer = csv.writer(stream)
    writer.writerow(("line", "reason", "row"))

    def note(problem: Problem) -> None:
        writer.writerow((problem.line, safe(problem.reason), safe(problem.row)))

    return note
