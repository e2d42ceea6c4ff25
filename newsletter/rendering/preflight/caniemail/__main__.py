"""Make the pinned copy anew: only what the checks ask for, and of each program only its newest version."""

import json
import sys
from pathlib import Path
from typing import Any

from newsletter.rendering.preflight.caniemail import DATA


def _pinned(given: dict[str, Any], version: str) -> dict[str, Any]:
    names = given["nicenames"]["family"] | given["nicenames"]["platform"]
    features = {
        each["slug"]: [
            each["title"],
            each["url"],
            each["last_test_date"] or "",
            {
                family: {platform: _newest(versions) for platform, versions in platforms.items() if versions}
                for family, platforms in each["stats"].items()
            },
        ]
        for each in given["data"]
    }
    return {"version": version, "updated": given["last_update_date"], "names": names, "features": features}


def _newest(versions: dict[str, str]) -> str:
    """The letter of the last one, without the numbers of notes behind it."""
    return list(versions.values())[-1][:1]


if __name__ == "__main__":
    file, version = sys.argv[1:]
    pinned = _pinned(json.loads(Path(file).read_text("utf-8")), version)
    DATA.write_text(json.dumps(pinned, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
