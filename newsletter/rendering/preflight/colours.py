"""Colours of style sheets, and how well one is seen on another (WCAG 2.2, section 1.4.3)."""

from typing import NamedTuple

import tinycss2
import tinycss2.color3


class Colour(NamedTuple):
    """Red, green and blue from 0 to 1, and how much of what is behind is covered."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, ground: "Colour") -> "Colour":
        """What is seen of it on *ground*."""
        mixed = (self.alpha * mine + (1 - self.alpha) * its for mine, its in zip(self[:3], ground[:3], strict=True))
        return Colour(*mixed)

    def faded(self, opacity: float) -> "Colour":
        """The same, seen through."""
        return self._replace(alpha=self.alpha * opacity)

    def __str__(self) -> str:
        return "#" + "".join(f"{round(255 * part):02x}" for part in self[:3])


WHITE, BLACK = Colour(1, 1, 1), Colour(0, 0, 0)


def read(text: str) -> Colour | None:
    """The colour that *text* says; None where it says none that can be told."""
    found = tinycss2.color3.parse_color(text)
    return Colour(*found) if isinstance(found, tuple) else None


def of_background(value: str) -> Colour | None:
    """The colour in the shorthand `background`; None where a picture or a gradient lies there, or it can't be told."""
    for token in tinycss2.parse_component_value_list(value, skip_comments=True):
        if token.type in {"url", "function"} and (token.type == "url" or "gradient" in token.lower_name):
            return None
        if (found := tinycss2.color3.parse_color(token)) and isinstance(found, tuple):
            return Colour(*found)
    return None


def contrast(one: Colour, other: Colour) -> float:
    """From 1, where they are the same, to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
