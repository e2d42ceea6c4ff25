"""MJML in, HTML out: read and checked, filled from its defaults, mended where the compiler differs, then compiled.

tree         the source as nodes, each of which knows its file and line
including    other files put in their places
lint         what is wrong, with file and line; `kinds` and `vocabulary` are its tables
cascade      what mj-attributes and mj-class give, written on each tag
widths       how wide pictures are, which Outlook has to be told
compiling    mrml, behind guards against each of its known defects
"""

from newsletter.rendering.mjml.compiling import to_html

__all__ = ["to_html"]
