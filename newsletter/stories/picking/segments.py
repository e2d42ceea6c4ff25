"""Chinese, Japanese and Korean, which part words by no blanks: pairs of letters stand for words.

With the extra `cjk`, BudouX says where phrases end, and no pair reaches across such an end.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol

_LETTERS = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_ANY = re.compile(f"[{_LETTERS}]")
_RUN = re.compile(f"[{_LETTERS}]+|[^{_LETTERS}]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
#: letters that stand for a word, and the share of such letters from which a text is counted by them
_PER_WORD, _SHARE = 2, 0.3


class _Parser(Protocol):
    def parse(self, sentence: str) -> list[str]:
        """The phrases of *sentence*."""


def are_needed(text: str) -> bool:
    """Whether *text* holds letters of these languages."""
    return _ANY.search(text) is not None


def split(stream: Iterable[str]) -> list[str]:
    """*stream* with each run of such letters in pairs; a single letter stays one."""
    found: list[str] = []
    for word in stream:
        for run in _RUN.findall(word):
            found.extend(_pairs(run) if _ANY.match(run) else [run])
    return found


def first(text: str, count: int) -> str:
    """As much of *text* as *count* words, where most of it is in such letters."""
    many = len(_ANY.findall(text))
    return text[: count * _PER_WORD] if many >= _SHARE * len(text) else text


def _pairs(run: str) -> list[str]:
    return [pair for phrase in _phrases(run) for pair in _of(phrase)]


def _of(phrase: str) -> Sequence[str]:
    return [phrase[at : at + _PER_WORD] for at in range(max(1, len(phrase) - 1))]


def _phrases(run: str) -> Sequence[str]:
    parser = None if _HANGUL.search(run) else _parser("ja" if _KANA.search(run) else "zh")
    return [run] if parser is None else parser.parse(run)


@cache
def _parser(language: str) -> _Parser | None:
    """BudouX for *language*, where it is installed."""
    try:
        import budoux
    except ImportError:
        return None
    parser: Any = budoux.load_default_japanese_parser() if language == "ja" else _chinese(budoux)
    return parser  # type: ignore[no-any-return]


def _chinese(budoux: Any) -> Any:
    return budoux.load_default_simplified_chinese_parser()
