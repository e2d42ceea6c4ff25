"""Text taken apart: words, sentences, and what they hold. Knows no story."""

import re
from collections.abc import Sequence

from newsletter.stories.picking import languages, segments

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
#: what stands in texts that are plain otherwise
_SIGNS = (
    ("’", "'"),
    ("‘", " "),
    ("“", " "),
    ("”", " "),
    ("–", " "),
    ("—", " "),
    ("…", " "),
    ("\xa0", " "),
    ("£", " "),
    ("€", " "),
)
#: all but letters, digits and the apostrophe become blanks
_LETTERS = bytes(code if chr(code).isalnum() or chr(code) == "'" else 32 for code in range(128)) + bytes(128)
#: "l'enseigne", "dell'anno": what stands before the apostrophe is no part of the word
_ELISION = re.compile(r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|all|dall|dell|nell|sull|quest|gl)'(?=..)")
#: what may close a sentence after its full stop, and what may open the next one
_CLOSERS = "\"'”’“)]»›«‹"
_OPENERS = "\"'“‘„‚«‹([¿¡"
#: "»" and "›" stand after a blank in French
_SENTENCE_END = re.compile(
    rf"(?<![.!?…])[.!?…]+(?:[{re.escape(_CLOSERS)}]|\s[»›])*(?=\s)|[。！？]+[」』”’）]*|\n{{2,}}"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Inc|Ltd|Co|Corp|Cie|No|Nr|Nos|vs|approx|ca|bzw|bspw|etc|Mio|Mrd|Tsd|Str|Jan|Feb|Aug"
    r"|Sept?|Oct|Okt|Nov|Dec|Dez|Gov|Sen|Rep|Gen|Mme|Mlle|Sr|Sra|Jr|dott|sig|Ave|[ap]\.m|e\.g|i\.e)|\b[^\W\d_]"
    r"|(?:^|\s)(?:z\.\s?B|d\.\s?h|u\.\s?a))\.$"
)
#: "am 24. November": the day of a month, or the first of a list, ends no German sentence
_ORDINAL = re.compile(r"(?:^|\s)\d{1,2}\.$")


def words(text: str) -> list[str]:
    """The words of *text* in lower case, possessives, elisions and punctuation gone."""
    text = text.casefold()
    if not text.isascii():
        for sign, plain in _SIGNS:
            text = text.replace(sign, plain)
    if text.isascii():
        # the same as the expression below finds, three times as fast
        found = text.encode().translate(_LETTERS).decode().split()
        return [word for some in found for word in _around(some)] if "'" in text else found
    found = [_bare(word) if "'" in word else word for word in _WORD.findall(text)]
    return found if not segments.are_needed(text) else segments.split(found)


def telling(text: str) -> list[str]:
    """The words that tell one story from another, as stems: no stop words, no single letters."""
    stream = words(text)
    return languages.language(languages.of(stream)).terms(stream)


def first(text: str, count: int) -> str:
    """The first *count* words of *text*, as they stand."""
    found = " ".join(text.split(None, count)[:count])
    # where no blanks stand between words, two letters are about one
    return found if found.isascii() or not segments.are_needed(found) else segments.first(found, count)


def sentences(text: str) -> list[str]:
    """The sentences of *text*, in order, each with the quotes and brackets that close it."""
    parts: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ends(text, start, match):
            parts.append(text[start : match.end()])
            start = match.end()
    parts.append(text[start:])
    return [" ".join(part.split()) for part in parts if part.strip()]


def singular(stream: Sequence[str]) -> list[str]:
    """*stream* with a plain plural s taken off each word, so that "self-checkout" is found in "self-checkouts"."""
    return [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in stream]


def holds(haystack: Sequence[str], needle: Sequence[str]) -> bool:
    """Whether the words of *needle* stand side by side in *haystack*."""
    size = len(needle)
    return bool(needle) and any(
        haystack[at] == needle[0] and list(haystack[at : at + size]) == list(needle)
        for at in range(len(haystack) - size + 1)
    )


def _around(some: str) -> list[str]:
    return [some] if "'" not in some else [_bare(word) for word in _WORD.findall(some)]


def _bare(word: str) -> str:
    if word.endswith("'s"):
        return word[:-2]
    return word[match.end() :] if (match := _ELISION.match(word)) else word


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a sentence ends at *match*: what follows can open one, and what stands before is no abbreviation."""
    mark = match[0]
    if mark[0] in "\n。！？":
        return True
    rest = text[match.end() :].lstrip()[:2]
    opens = rest.lstrip(_OPENERS)[:1]
    if not opens or opens.islower() or not (opens.isalnum() or opens in "£$€"):
        return False
    said = text[start : match.start() + 1]
    return mark != "." or not (_ABBREVIATION.search(said[-14:]) or (_ORDINAL.search(said[-4:]) and opens.isalpha()))
