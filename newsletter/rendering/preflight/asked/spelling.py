"""Words that no dictionary of this machine knows. Names are left alone, and so is what only looks like a word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from newsletter.editions import weblinks
from newsletter.rendering import prose
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.stories.picking.languages import NOUNS_IN_CAPITALS

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}|[@#]\w{1,60}|(?:\w{1,60}\.){1,6}[a-z]{2,12}(?![\w.])")
#: so many are shown; who has more has another language
MOST = 25
_SUGGESTIONS = 3


def ask(language: str, texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The words of *texts* (field, what it says) that are in no dictionary of *language*, with what may be meant."""
    try:
        import enchant  # an extra, which needs a library of the system
    except ImportError:
        return {
            "problem": "no spelling library is installed: in the tree, pip install '.[spelling]'; and libenchant-2-2"
        }
    names = _dictionaries(language, enchant.list_languages())
    if not names:
        return {"problem": f"no dictionary of {language} is installed, such as hunspell-{language.lower()[:2]}-…"}
    dictionaries = [enchant.Dict(name) for name in names]
    found: dict[str, tuple[str, list[str]]] = {}
    for field, said in texts:
        for word in _words(said, language):
            if word not in found and not any(_knows(each, word) for each in dictionaries):
                found[word] = (field, dictionaries[0].suggest(word)[:_SUGGESTIONS])
            if len(found) >= MOST:
                break
    unknown = [[word, field, suggestions] for word, (field, suggestions) in found.items()]
    return {"problem": "", "dictionary": ", ".join(names), "unknown": unknown}


def judge(told: Mapping[str, dict[str, Any] | None]) -> Sequence[Finding]:
    """What that means."""
    for answer in told.values():
        if answer is None:
            return [Finding("spelling", Level.UNKNOWN, "The spelling was not looked at since the words changed.")]
        if answer["problem"]:
            return [Finding("spelling", Level.UNKNOWN, f"The spelling can't be looked at: {answer['problem']}.")]
        found = [
            Finding("spelling", Level.AMBER, _said(word, suggestions, answer["dictionary"]), field)
            for word, field, suggestions in answer["unknown"]
        ]
        return or_green("spelling", f"Every word is in the dictionary ({answer['dictionary']}).", found, most=MOST)
    return []


def _said(word: str, suggestions: list[str], dictionary: str) -> str:
    meant = f": {', '.join(suggestions)}?" if suggestions else "."
    return f"“{word}” is in no dictionary here ({dictionary}){meant}"


def _dictionaries(language: str, installed: Sequence[str]) -> list[str]:
    """Those of the country, where the language names one that is there; else all of the language."""
    tag = language.replace("-", "_").lower()
    own = [name for name in installed if name.replace("-", "_").lower() == tag]
    code = tag.partition("_")[0]
    return own or sorted(name for name in installed if name.replace("-", "_").lower().partition("_")[0] == code)


def _words(said: str, language: str) -> Iterator[str]:
    text = " ".join(prose.to_text(paragraph) for paragraph in prose.paragraphs(said))
    for start, end in reversed(list(weblinks.find(text))):
        text = f"{text[:start]} {text[end:]}"
    names_stand_out = language.partition("-")[0].lower() not in NOUNS_IN_CAPITALS
    for found in _WORD.finditer(_ADDRESS.sub(" ", text)):
        word = found[0].replace("’", "'")
        # a capital is a name's, or a sentence's first word, which would cry wolf at each company
        if len(word) > 1 and not (names_stand_out and word != word.lower()) and not word.isupper():
            yield word


def _knows(dictionary: Any, word: str) -> bool:
    return bool(dictionary.check(word) or dictionary.check(word.removesuffix("'s")))
