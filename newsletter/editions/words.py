"""The words of an edition as one value, and the only way to change them: any edit reopens approval."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from newsletter.editions import pictures, review
from newsletter.editions.models import Edition, EditionStory, State
from newsletter.errors import BadInput

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"[ \t]*\n[ \t\n]*")
#: what a story is known by
_KEY = re.compile(r"[a-z0-9]{1,16}")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
#: what a column holds
_LONGEST_LINK = 2000
#: more would be cut off by mail programs long before
MOST_STORIES = 30


@dataclass(frozen=True, slots=True)
class StoryWords:
    """One story as readers meet it; *summary* is paragraphs parted by an empty line, the rest is one line each."""

    headline: str
    summary: str = ""
    url: str = ""
    image_url: str = ""
    image_alt: str = ""
    attribution: str = ""
    #: which story of its edition it is, whatever it says and wherever it stands; empty until it is kept
    key: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """All that editors own; *introduction* is paragraphs parted by an empty line, the rest is one line each."""

    title: str
    subject: str
    stories: tuple[StoryWords, ...]
    preheader: str = ""
    introduction: str = ""
    sponsor_name: str = ""
    sponsor_text: str = ""
    sponsor_url: str = ""


def of(edition: Edition) -> Words:
    """What *edition* says now."""
    own = {one.name: getattr(edition, one.name) for one in fields(Words) if one.name != "stories"}
    stories = tuple(
        StoryWords(**{one.name: getattr(story, one.name) for one in fields(StoryWords)}) for story in edition.stories
    )
    return Words(**own, stories=stories)


def put(session: Session, edition: Edition, words: Words, *, by: str, goes_on: bool = False, now: datetime) -> bool:
    """Let *edition* say *words*, and tell whether that changed anything.

    A change counts up the revision, which the caller keeps, and takes an approval back; where it only *goes_on*
    with one of the same editor's, the history of the edition has that already. Raises BadInput where a
    title, subject, headline or story is missing or a link is not http(s), and WrongState once sending has begun.
    """
    words = clean(words, needs_story=edition.corrects is None)
    if words == of(edition):
        return False
    if goes_on and edition.state is not State.APPROVED:
        review.refuse_unless_editable(edition)
    else:
        review.reopen_for_edit(session, edition, by=by, now=now)
    write(session, edition, words)
    edition.revision += 1
    edition.edited_at = now
    session.flush()
    return True


def draft(edition: Edition, words: Words) -> Edition:
    """*edition* as if it said *words*, to be looked at; no session knows of it. Raises BadInput as `put` does."""
    said = clean(words, needs_story=edition.corrects is None)
    own = {one.name: getattr(said, one.name) for one in fields(Words) if one.name != "stories"}
    known = {name: getattr(edition, name) for name in ("id", "newsletter", "date", "corrects", "state", "revision")}
    return Edition(**known, **own, stories=_rows(edition, said.stories, {}))


def write(session: Session, edition: Edition, words: Words) -> None:
    """Copy *words* onto the rows as they stand; `put` is the way for editors, with its checks and its audit."""
    for own in fields(Words):
        if own.name != "stories":
            setattr(edition, own.name, getattr(words, own.name))
    stories = adopt(words.stories, of(edition).stories)
    new = {story.image_url for story in stories if story.image_url} - {story.image_url for story in edition.stories}
    rows = _rows(edition, stories, pictures.sizes(session, new) if new else {})
    edition.stories.clear()
    session.flush()  # the old rows must be gone before their positions are taken again
    edition.stories.extend(rows)
    session.flush()


def _rows(edition: Edition, stories: Sequence[StoryWords], sizes: pictures.Sizes) -> list[EditionStory]:
    """*stories* as rows, each with what was known of it in *edition*, and the *sizes* of its new pictures."""
    reasons = {story.key: story.why for story in edition.stories}
    sizes = {**sizes, **{story.image_url: (story.image_width, story.image_height) for story in edition.stories}}
    return [
        EditionStory(
            position=position,
            why=reasons.get(story.key, ""),
            image_width=sizes.get(story.image_url, (None, None))[0],
            image_height=sizes.get(story.image_url, (None, None))[1],
            **{one.name: getattr(story, one.name) for one in fields(StoryWords)},
        )
        for position, story in enumerate(stories, start=1)
    ]


def adopt(stories: Sequence[StoryWords], known: Iterable[StoryWords]) -> tuple[StoryWords, ...]:
    """*stories*, each with a key of its own: a rewritten one has that of the story in *known* that it was."""
    free = {story.key: story for story in known if story.key}
    keys: list[str] = []
    for story in stories:
        is_its_own = _KEY.fullmatch(story.key) is not None and story.key not in keys
        keys.append(story.key if is_its_own else "")
        free.pop(keys[-1], None)
    for same in (_by_link, _by_headline):
        for place, story in enumerate(stories):
            found = next((key for key, was in free.items() if same(was, story)), "") if not keys[place] else ""
            if found:
                keys[place] = found
                del free[found]
    return tuple(replace(story, key=key or secrets.token_hex(4)) for story, key in zip(stories, keys, strict=True))


def clean(words: Words, *, needs_story: bool = True) -> Words:
    """*words* as they are stored: one-line fields on one line, paragraphs parted by exactly one empty line.

    Only spaces, tabs, line ends and control characters are touched; every other character stays.
    """
    if needs_story and not words.stories:
        raise BadInput("an edition needs at least one story")
    cleaned = replace(
        words,
        title=_required(words.title, "the edition needs a title"),
        subject=_required(words.subject, "the edition needs a subject"),
        preheader=one_line(words.preheader),
        introduction=paragraphs(words.introduction),
        sponsor_name=one_line(words.sponsor_name),
        sponsor_text=one_line(words.sponsor_text),
        sponsor_url=link(words.sponsor_url),
    )
    return replace(cleaned, stories=tuple(_clean_story(story, n) for n, story in enumerate(words.stories, start=1)))


def one_line(text: str) -> str:
    """*text* without line ends, control characters and outer spaces."""
    return _BREAK.sub(" ", _plain(text)).strip(" \t\n")


def paragraphs(text: str) -> str:
    """*text* as paragraphs parted by one empty line, without spaces at the ends of lines."""
    lines = "\n".join(line.rstrip(" \t") for line in _plain(text).split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip("\n")


def link(text: str) -> str:
    """*text* as a link, or empty; raises BadInput unless it is http or https with a host."""
    url = one_line(text)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or re.search(r"\s", url):
        raise BadInput(f"{url!r} is not a link that readers can follow: it must begin with http:// or https://")
    if len(url) > _LONGEST_LINK:
        raise BadInput(f"the link {url[:60]}… is longer than {_LONGEST_LINK:,} characters")
    return url


def _clean_story(story: StoryWords, number: int) -> StoryWords:
    return StoryWords(
        headline=_required(story.headline, f"story {number} needs a headline"),
        summary=paragraphs(story.summary),
        url=link(story.url),
        image_url=link(story.image_url),
        image_alt=one_line(story.image_alt),
        attribution=one_line(story.attribution),
        key=story.key,
    )


def _required(text: str, problem: str) -> str:
    line = one_line(text)
    if not line:
        raise BadInput(problem)
    return line


def _plain(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _by_link(one: StoryWords, other: StoryWords) -> bool:
    return bool(one.url) and one.url == other.url


def _by_headline(one: StoryWords, other: StoryWords) -> bool:
    return one.headline == other.headline
