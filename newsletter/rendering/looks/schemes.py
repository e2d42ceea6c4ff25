"""Light and dark: a frame can't be told which it is, but the mail's own rules can be told to hold always or never."""

import re
from typing import Literal

Scheme = Literal["light", "dark"]

_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"
_END_OF_HEAD = re.compile(r"</head\s*>", re.IGNORECASE)


def held(html: str, scheme: Scheme) -> str:
    """*html* in which the rules for *scheme* hold, and the others don't, whatever the screen is set to."""
    html = _SCHEME.sub(lambda rule: _ALWAYS if rule[1] == scheme else _NEVER, html)
    return with_style(html, f":root{{color-scheme:{scheme} only !important}}")


def with_style(html: str, css: str) -> str:
    """*html* with one more sheet behind its own, and whose links open beside the page and not in its place."""
    more = f'<style>{css}</style><base target="_blank">'
    end = _END_OF_HEAD.search(html)
    return f"{html[: end.start()]}{more}{html[end.start() :]}" if end else f"<!doctype html><head>{more}</head>{html}"
