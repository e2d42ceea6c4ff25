"""An edition as plain text, the way people write one by hand: a title, an introduction, stories headed `1. …`.

    Subject: Walmart goes live            optional lines, as are Preheader:, Date:, Sponsor:,
                                          Sponsor-Text: and Sponsor-Link:
    # The Friday Five                     the title; the `#` may be left out

    The week's five biggest stories.      the introduction, in paragraphs

    ## 1. Walmart goes live               a story; `1. Walmart goes live` and `1) …` do as well
    Link: https://example.com/walmart     optional lines, as are Image:, Alt: and Source:; a link in a
                                          paragraph of its own is the story's link too
    The retailer sells on Twitter.        its paragraphs

A headline stands after an empty line and goes on counting; numbered lines directly under another line,
or several of them together, are a list in the text. A backslash before a line makes it plain text.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.editions import markdown
from newsletter.editions import words as wording
from newsletter.editions.models import Edition
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadEdition, BadInput

#: "Subject:" → the field of `Words`; "date" is the edition's own
_EDITION_KEYS = {
    "subject": "subject",
    "preheader": "preheader",
    "date": "date",
    "sponsor": "sponsor_name",
    "sponsor-text": "sponsor_text",
    "sponsor-link": "sponsor_url",
}
#: "Link:" → the field of `StoryWords`
_STORY_KEYS = {"link": "url", "image": "image_url", "alt": "image_alt", "source": "attribution"}
_LINKS = frozenset({"sponsor_url", "url", "image_url"})

_FLAGS = re.IGNORECASE | re.ASCII
_KEY = re.compile(rf"({'|'.join([*_EDITION_KEYS, *_STORY_KEYS])})[ \t]*:[ \t]*(.*)", _FLAGS)
#: a key nobody knows, given away by the link behind it
_STRANGE_KEY = re.compile(r"[a-z][a-z-]*[ \t]*:[ \t]*https?://\S+", _FLAGS)
#: what a key looks like
_LIKE_KEY = re.compile(r"[a-z][a-z-]*[ \t]*:.*", _FLAGS)
_NUMBERED = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*)?([0-9]{1,2})[.)][ \t]+(.*)")
_HEADING = re.compile(r"#{1,6}(?:[ \t].*)?")
_RULE = re.compile(r"-{3,}|={3,}|\*{3,}|_{3,}")
_LONE_LINK = re.compile(r"<?(https?://[^\s<>]+)>?", _FLAGS)
_MARKDOWN_LINK = re.compile(r"\[(.+)\]\(<?([^()\s<>]*(?:\([^()\s<>]*\)[^()\s<>]*)*)>?\)")
_BOLD = re.compile(r"\*\*((?:(?!\*\*).)+)\*\*")

#: what would be understood as something else than text: as a line, and as a headline
_SPECIAL_LINES = (_KEY, _STRANGE_KEY, _NUMBERED, _HEADING, _RULE, _LONE_LINK, _MARKDOWN_LINK)
_SPECIAL_HEADLINES = (_MARKDOWN_LINK, _BOLD)


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What a text says; *date* is None and the subject empty where it does not say."""

    words: Words
    date: datetime.date | None = None


def read(text: str, *, needs_story: bool = True) -> Manuscript:
    """Understand *text*; raises BadEdition, which names the line that can't be understood."""
    blocks = list(_blocks(text))
    head, stories = _part(blocks)
    opening = _read_head(head)
    if needs_story and not stories:
        last = blocks[-1][-1].number if blocks else 1
        raise BadEdition("no story follows: head each with its number after an empty line, '1. Headline'", line=last)
    fields = dict(opening.fields)
    day = _date(fields.pop("date"), opening.lines["date"]) if "date" in fields else None
    words = Words(
        title=opening.title,
        subject=fields.pop("subject", ""),
        introduction="\n\n".join(opening.paragraphs),
        stories=tuple(_read_story(story) for story in stories),
        **fields,
    )
    return Manuscript(words, day)


def write(edition: Edition) -> str:
    """*edition* as text that `read` understands as the same."""
    return compose(Manuscript(wording.of(edition), edition.date))


def compose(manuscript: Manuscript) -> str:
    """*manuscript* as text that `read` understands as the same."""
    words = manuscript.words
    keys = {key: getattr(words, name) for key, name in _EDITION_KEYS.items() if key != "date"}
    if manuscript.date:
        keys["date"] = manuscript.date.isoformat()
    parts = [_keys(keys), f"# {words.title}", _escaped(words.introduction)]
    for number, story in enumerate(words.stories, start=1):
        lines = _keys({key: getattr(story, name) for key, name in _STORY_KEYS.items()})
        parts.append("\n".join(filter(None, (f"## {number}. {_escaped_headline(story.headline)}", lines))))
        parts.append(_escaped(story.summary))
    return "\n\n".join(filter(None, parts)) + "\n"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


_Block = list[_Line]


@dataclass(slots=True)
class _Section:
    """The head or one story while it is being read."""

    title: str
    fields: dict[str, str] = field(default_factory=dict)
    #: field → the line that gave it
    lines: dict[str, int] = field(default_factory=dict)
    paragraphs: list[str] = field(default_factory=list)

    def set(self, name: str, key: str, value: str, line: int) -> None:
        if name in self.lines:
            raise BadEdition(f"{key} was given before, on line {self.lines[name]}", line=line)
        try:
            self.fields[name] = wording.link(value) if name in _LINKS else wording.one_line(value)
        except BadInput as error:
            raise BadEdition(str(error), line=line) from error
        self.lines[name] = line


def _blocks(text: str) -> Iterator[_Block]:
    """The lines that stand together, without empty lines and Markdown's rules between parts."""
    block: _Block = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip(" \t")
        if line and not (_RULE.fullmatch(line) and _is_rule(block, line)):
            block.append(_Line(number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_rule(block: _Block, line: str) -> bool:
    """A rule stands alone, or underlines what stands above it."""
    return not block or line[0] in "=-"


def _part(blocks: Sequence[_Block]) -> tuple[list[_Block], list[list[_Block]]]:
    """The blocks before the first headline, and each story's."""
    head: list[_Block] = []
    stories: list[list[_Block]] = []
    titled = False
    for block in blocks:
        if not titled:
            titled = not _all_keys(block, _EDITION_KEYS)
            head.append(block)
        elif _is_headline(block, len(stories) + 1):
            _check_number(block[0], len(stories) + 1)
            stories.append([block])
        else:
            (stories[-1] if stories else head).append(block)
    return head, stories


def _is_headline(block: _Block, expected: int) -> bool:
    """A numbered line that does not begin a list."""
    first = _number(block[0])
    if first is None or block[0].text.startswith("#") or len(block) == 1:
        return first is not None
    if _number(block[1]) != first + 1:
        return True
    if first == expected > 1:
        raise BadEdition("headlines need an empty line between them", line=block[1].number)
    return False


def _number(line: _Line) -> int | None:
    match = _NUMBERED.fullmatch(line.text)
    return int(match[1]) if match else None


def _check_number(line: _Line, expected: int) -> None:
    if _number(line) != expected:
        raise BadEdition(
            f"story {expected} should come here, not {_number(line)}; if this is not a headline, "
            f"indent it or put a backslash before it",
            line=line.number,
        )


def _read_head(blocks: Sequence[_Block]) -> _Section:
    head = _Section(title="")
    rest: list[_Block] = []
    for block in blocks:
        lines = _take_keys(head, block, _EDITION_KEYS) if not head.title or _all_keys(block, _EDITION_KEYS) else block
        if lines and not head.title:
            _refuse_strange_key(lines)
            head.title = _title(lines[0])
            lines = _take_keys(head, lines[1:], _EDITION_KEYS)
        if lines:
            rest.append(lines)
    if not head.title:
        raise BadEdition("the title is missing: the first line is the edition's title", line=1)
    head.paragraphs = [_paragraph(block) for block in rest]
    return head


def _refuse_strange_key(lines: _Block) -> None:
    """A title that looks like a key, with keys right under it, is a key misspelt."""
    if len(lines) > 1 and _LIKE_KEY.fullmatch(lines[0].text) and _KEY.fullmatch(lines[1].text):
        raise _not_known(lines[0], _EDITION_KEYS)


def _title(line: _Line) -> str:
    if not line.text.startswith("#") and _NUMBERED.fullmatch(line.text):
        raise BadEdition("the title is missing: a line with the edition's title comes before story 1", line=line.number)
    title = re.sub(r"^#{1,6}(?:[ \t]+|$)", "", line.text).strip(" \t")
    if not title:
        raise BadEdition("the title is empty", line=line.number)
    return title if line.text.startswith("#") else _unescaped(title, _SPECIAL_LINES)


def _read_story(blocks: Sequence[_Block]) -> StoryWords:
    (first, *under), *rest = blocks
    story = _Section(title=_headline(first))
    link = _MARKDOWN_LINK.fullmatch(story.title)
    if link:
        story.title = link[1]
        story.set("url", "the link", link[2], first.number)
    else:
        story.title = _headline_words(story.title)
    leading = True
    for block in ([under] if under else []) + rest:
        lines = _take_keys(story, block, _STORY_KEYS) if leading or _all_keys(block, _STORY_KEYS) else block
        if lines and not _take_lone_link(story, lines):
            story.paragraphs.append(_paragraph(lines))
        leading = False
    summary = "\n\n".join(story.paragraphs)
    return StoryWords(headline=story.title, summary=summary, **story.fields)


def _headline(line: _Line) -> str:
    match = _NUMBERED.fullmatch(line.text)
    text = match[2].strip(" \t") if match else ""
    if match and match[0].lstrip("# \t").startswith("**"):
        text = text.removesuffix("**")
    bold = _BOLD.fullmatch(text)
    text = bold[1].strip(" \t") if bold else text
    if not text:
        raise BadEdition("the headline is empty", line=line.number)
    return text


def _take_keys(section: _Section, block: _Block, keys: dict[str, str]) -> _Block:
    """Read the `Key: value` lines that *block* begins with; returns the lines after them."""
    for index, line in enumerate(block):
        match = _KEY.fullmatch(line.text)
        if match and match[1].lower() in keys:
            section.set(keys[match[1].lower()], match[1], match[2], line.number)
        elif (match and index) or _STRANGE_KEY.fullmatch(line.text):
            raise _not_known(line, keys)
        else:
            return block[index:]
    return []


def _not_known(line: _Line, keys: dict[str, str]) -> BadEdition:
    known = ", ".join(f"{_spelt(key)}:" for key in keys)
    return BadEdition(f"{line.text.partition(':')[0]}: is not known here; known are {known}", line=line.number)


def _all_keys(block: _Block, keys: dict[str, str]) -> bool:
    matches = (_KEY.fullmatch(line.text) for line in block)
    return all(match is not None and match[1].lower() in keys for match in matches)


def _take_lone_link(story: _Section, block: _Block) -> bool:
    """Read a paragraph that is nothing but a link as the story's link."""
    if len(block) > 1:
        return False
    bare, markdown = (pattern.fullmatch(block[0].text) for pattern in (_LONE_LINK, _MARKDOWN_LINK))
    if bare:
        story.set("url", "the link", bare[1], block[0].number)
    elif markdown:
        story.set("url", "the link", markdown[2], block[0].number)
    return bool(bare or markdown)


def _paragraph(block: _Block) -> str:
    for line in block:
        if _HEADING.fullmatch(line.text):
            raise BadEdition(
                "a heading without a number: stories are headed '## 1. Headline'; a backslash before it makes it text",
                line=line.number,
            )
    return "\n".join(_unescaped(line.text, _SPECIAL_LINES) for line in block)


def _date(text: str, line: int) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise BadEdition(f"{text!r} is not a date such as 2021-11-26", line=line) from error


def _keys(values: dict[str, str]) -> str:
    return "\n".join(f"{_spelt(key)}: {value}" for key, value in values.items() if value)


def _spelt(key: str) -> str:
    return "-".join(part.capitalize() for part in key.split("-"))


def _escaped(text: str) -> str:
    """*text* with a backslash before each line that would not be read as text."""
    return "\n\n".join(_escaped_paragraph(paragraph) for paragraph in text.split("\n\n"))


def _escaped_paragraph(paragraph: str) -> str:
    first, *others = paragraph.split("\n")
    # a number under another line is a list already
    rest = [line if re.match("[0-9]", line) else _escaped_line(line, _SPECIAL_LINES) for line in others]
    return "\n".join([_escaped_line(first, _SPECIAL_LINES), *rest])


def _escaped_headline(text: str) -> str:
    return f"\\{text}" if _is_any(text.lstrip("\\"), _SPECIAL_HEADLINES) else markdown.escape(text)


def _headline_words(text: str) -> str:
    """A headline is a link already, and stands in subjects: of Markdown it has the words only."""
    plain = _unescaped(text, _SPECIAL_HEADLINES)
    return plain if plain != text else markdown.to_text(text).strip(" \t") or text


def _escaped_line(line: str, special: Sequence[re.Pattern[str]]) -> str:
    return f"\\{line}" if _is_any(line.lstrip("\\"), special) else line


def _unescaped(line: str, special: Sequence[re.Pattern[str]]) -> str:
    return line[1:] if line.startswith("\\") and _is_any(line.lstrip("\\"), special) else line


def _is_any(line: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(line) for pattern in patterns)
