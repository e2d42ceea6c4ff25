"""MJML in, HTML out, by mrml, behind guards against each of its known defects."""

import re
from collections.abc import Callable

from mjml import mjml2html

from newsletter.errors import BadTemplate
from newsletter.rendering import lint

#: mj-include may be followed this often in one compile
MOST_INCLUDES = 50

#: reads the file that an mj-include names; raises BadTemplate
Reading = Callable[[str], str]
#: the file and line that a character of the source comes from
Locating = Callable[[int], tuple[str, int | None]]

_VERBATIM = re.compile(r"(<mj-style\b.*?</mj-style\s*>|<!--.*?-->)", re.DOTALL)
_TAG = re.compile(r"""<[A-Za-z](?:[^"'<>]|"[^"<]*"|'[^'<]*')*>""")
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_LINE_ENDS = re.compile(r"[\r\n\t]+ *")
_PREHEADER = re.compile(r'(<div style="display:none;font-size:1px;color:)#ffffff;')
_NO_HTML = re.compile(r'(<(?:img|td)\b(?:[^"<>]|"[^"]*")*?) (?:height="auto"|vertical-align="[^"]*")')
#: an address that answers nothing, in case a social icon slips through the linter
_NO_ICONS = "about:blank#"


def to_html(source: str, *, locate: Locating, read: Reading | None = None) -> str:
    """HTML of the MJML *source*; raises BadTemplate with file and line, of which mrml itself knows neither."""
    problem = lint.first_problem(source)
    if problem:
        raise _bad(problem.text, locate(problem.at))
    includes = _Includes(read or _no_includes)
    includes.follow(source, locate, ())
    html = _compiled(to_ascii(source), locate(0)[0], includes)
    # no HTML; and Evolution makes a square of a blocked picture with such a height
    html = _NO_HTML.sub(r"\1", html)
    # white on white looks like a spammer's trick to filters; it is hidden in other ways as well
    return _PREHEADER.sub(r"\1#333333;", html)


def to_ascii(source: str) -> str:
    """*source* with character references for what is not ASCII, and attribute values on one line.

    mrml writes attribute values with a debugging format (`\\u{94d}`, `\\n`, doubled backslashes), and
    panics on a bare ">" after a character that is not ASCII.
    """
    parts = _VERBATIM.split(source)
    for index in range(0, len(parts), 2):
        plain = _TAG.sub(lambda tag: _VALUE.sub(_plain_value, tag[0]), parts[index])
        parts[index] = plain.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode()
    return "".join(parts)


def _plain_value(value: re.Match[str]) -> str:
    plain = value[1] if value[1] is not None else value[2].replace('"', "&quot;")
    return f'="{_LINE_ENDS.sub(" ", plain)}"'


class _Includes:
    """Every file that a source includes, directly or not, checked and in ASCII; mrml asks it for them."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._parts: dict[str, str] = {}
        self._left = self._calls_left = MOST_INCLUDES

    def follow(self, source: str, locate: Locating, chain: tuple[str, ...]) -> None:
        """Take in what *source* includes; *chain* is the way here."""
        for path, at in lint.includes(source):
            self._left -= 1
            if path in chain:
                raise _bad(f"{path} includes itself: {' → '.join((*chain, path))}", locate(at))
            if self._left < 0:
                raise _bad(f"more than {MOST_INCLUDES} includes", locate(at))
            part = self._read(path)
            inner = _lines_of(path, part)
            problem = lint.first_problem(part, root=None)
            if problem:
                raise _bad(problem.text, inner(problem.at))
            self._parts[path] = to_ascii(part)
            self.follow(part, inner, (*chain, path))

    def __call__(self, path: str) -> str:
        # a second lock, for a cycle ends the process
        self._calls_left -= 1
        if self._calls_left < 0 or path not in self._parts:
            raise LookupError(path)
        return self._parts[path]


def _compiled(source: str, file: str, includes: _Includes) -> str:
    try:
        html: str = mjml2html(
            source,
            disable_comments=True,
            social_icon_origin=_NO_ICONS,
            fonts={},
            include_loader=includes,
        )
    except ValueError as error:
        raise BadTemplate(f"the MJML compiler says: {error}", file=file) from error
    except BaseException as error:
        # a Rust panic is no Exception, and its class can't be imported
        if type(error).__name__ != "PanicException":
            raise
        raise BadTemplate("the MJML compiler gave up on it", file=file) from error
    return html


def _lines_of(file: str, source: str) -> Locating:
    return lambda at: (file, source.count("\n", 0, at) + 1)


def _bad(text: str, where: tuple[str, int | None]) -> BadTemplate:
    return BadTemplate(text, file=where[0], line=where[1])


def _no_includes(path: str) -> str:
    raise BadTemplate("mj-include needs a folder to read from", file=path)
