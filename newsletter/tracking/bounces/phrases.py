"""Phrases in many languages as one pattern, written so that a person can read the table."""

import re


def any_of(phrases: str, *, begins: bool = False) -> re.Pattern[str]:
    """A pattern that finds any of *phrases*, which are parted by " / " and line ends; each may be a pattern itself.

    *begins*: a text must begin with one of them.
    """
    parts = [part for line in phrases.strip().split("\n") for part in line.strip().strip("/").strip().split(" / ")]
    found = "|".join(part for part in parts if part)
    return re.compile(f"^(?:{found})" if begins else found, re.IGNORECASE)
