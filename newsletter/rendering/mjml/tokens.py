"""MJML cut into comments, ends and starts of tags, and what is none of them."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<comment><!--.*?-->)
      | (?P<end></\s*(?P<end_name>[^\s<>/]+)\s*>)
      | (?P<start><(?P<name>[A-Za-z][^\s<>/"'=]*)
          (?P<attributes>(?:\s+[^\s<>/"'=]+(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'))?)*)\s*(?P<closed>/?)>)
      | (?P<stray><)""",
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s<>/"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
STYLE = re.compile(r"<(mj-style)\b[^>]*?(?<!/)>(.*?)</mj-style\s*>", re.DOTALL)


def read(source: str) -> Iterator[re.Match[str]]:
    """The tokens of *source*; what stands in mj-style is not markup."""
    # blanks keep every position
    return _TOKEN.finditer(STYLE.sub(lambda style: style[0].replace(style[2], " " * len(style[2])), source))


def attributes(token: re.Match[str]) -> dict[str, str | None]:
    """The attributes of a tag's start; None where one has no value."""
    found = _ATTRIBUTE.finditer(token["attributes"] or "")
    return {match[1]: match[2] if match[2] is not None else match[3] for match in found}
