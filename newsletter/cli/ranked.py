"""Ranked stories as the command line prints them: as a table, or as data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from newsletter.cli import screen
from newsletter.stories.models import Decision, RankedStory, Ranking
from newsletter.stories.picking import naming, scoring

if TYPE_CHECKING:
    from newsletter.jobs import Ruled

#: the columns of a ranked story that are printed as data
_SHOWN = (
    *("position", "chosen", "score", "headline", "summary", "url", "image_url", "attribution", "company"),
    *("article_ids", "voices", "reprints", "why", "warning"),
)


def show(ranking: Ranking, found: Sequence[RankedStory], *, as_json: bool) -> None:
    if as_json:
        screen.data(plain_list(ranking, found))
        return
    columns = ("", "id", "in", "score", "voices", "reprints", "story")
    rows = [
        (
            row.position,
            naming.name(row),
            "●" if row.chosen else "",
            f"{row.score / 1000:.1f}",
            row.voices,
            row.reprints,
            _told(row),
        )
        for row in found
    ]
    title = f"Stories of {ranking.newsletter}/{ranking.date}, ranked {ranking.at:%d %B %H:%M} UTC"
    screen.table(title, columns, rows, right=("", "score", "voices", "reprints"), wrap=("story",))
    for note in ranking.notes:
        screen.say(f"note: {escape(note)}")


def show_ruled(ruled: "Ruled", *, as_json: bool, of: RankedStory | None = None, did: str = "Taken back") -> None:
    """What came of a decision: the list as it is now, what has changed in it, and what became of the draft."""
    if as_json:
        draft = {"revision": ruled.revision, "changed": ruled.changed, "left_alone": list(ruled.left_alone)}
        screen.data(
            (plain_list(ruled.ranking, ruled.stories) if ruled.ranking else {})
            | {"draft": draft, "turned": list(ruled.turned), "decision": ruled.act}
        )
        return
    if ruled.ranking:
        show(ruled.ranking, ruled.stories, as_json=False)
    for clause in ruled.turned:
        screen.say(f"{escape(clause)}.")
    screen.say((f"Kept, for “{escape(of.headline)}”. " if of else f"{did}. ") + escape(ruled.says))


def plain_list(ranking: Ranking, found: Sequence[RankedStory]) -> dict[str, Any]:
    return {
        "newsletter": ranking.newsletter,
        "date": ranking.date,
        "at": ranking.at,
        "verdict": ranking.verdict,
        "notes": ranking.notes,
        "weights_version": ranking.weights_version,
        "input_hash": ranking.input_hash,
        "stories": [plain(row) for row in found],
    }


def plain(row: RankedStory) -> dict[str, Any]:
    return {"id": naming.name(row)} | {name: getattr(row, name) for name in _SHOWN}


def plain_decision(row: Decision) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "rule", "place", "article_ids", "points", "reason", "by", "at")}


def sums(row: RankedStory) -> list[tuple[str, str, str, str]]:
    numbers = row.breakdown
    sums = [
        (name, f"{numbers[name] / 1000:.3f}", f"{weight}", f"{weight * numbers[name] / 1000:.2f}")
        for name, weight in numbers["weights"].items()
    ]
    penalties = [name for name in ("advertising", "thin", "follow_up") if numbers[name] != 100]
    sums.extend((name.replace("_", "-"), "", f"× {numbers[name] / 100:.2f}", "") for name in penalties)
    if numbers["boost"]:
        sums.append(("boost", "", "", f"{numbers['boost']:+d}"))
    return [*sums, ("score", "", "", f"{scoring.recompute(numbers) / 1000:.3f}")]


def _told(row: RankedStory) -> str:
    return "\n".join(part for part in (row.headline, row.why, row.warning) if part)
