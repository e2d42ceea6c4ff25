"""Light and dark: a frame can't be told which it is, but the mail's own rules can be told to hold always or never."""

import re
from typing import Literal

from newsletter.rendering.looks import markup

Scheme = Literal["light", "dark"]

_SCHEME = re.compile(r"\(\s*+prefers-color-scheme\s*+:\s*+(dark|light)\s*+\)")
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"


def held(html: str, scheme: Scheme) -> str:
    """*html* in which the rules for *scheme* hold, and the others don't, whatever the screen is set to."""
    html = _SCHEME.sub(lambda rule: _ALWAYS if rule[1] == scheme else _NEVER, html)
    return markup.with_sheet(html, f":root{{color-scheme:{scheme} only !important}}")
