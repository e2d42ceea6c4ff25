"""mrml behind guards against each of its known defects."""

import re

from mjml import mjml2html

from newsletter.errors import BadTemplate
from newsletter.rendering.mjml import cascade, including, lint, tree, widths
from newsletter.rendering.mjml.including import Reading
from newsletter.rendering.mjml.tree import Locating, Node
from newsletter.rendering.mjml.vocabulary import HTML_TAGS

_VERBATIM = re.compile(r"(<mj-style\b.*?</mj-style\s*>|<!--.*?-->)", re.DOTALL)
_TAG = re.compile(r"""<[A-Za-z](?:[^"'<>]|"[^"<]*"|'[^'<]*')*>""")
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_LINE_ENDS = re.compile(r"[\r\n\t]+ *")
_PREHEADER = re.compile(r'(<div style="display:none;font-size:1px;color:)#ffffff;')
_NO_HTML = re.compile(r'(<(?:img|td)\b(?:[^"<>]|"[^"]*")*?) (?:height="auto"|vertical-align="[^"]*")')
#: litehtml (Claws) knows no percentage in an attribute, and would set what is centred to the left
_WIDE = re.compile(r'(<table\b(?:[^"<>]|"[^"]*")*? width="100%")(?: style="((?:(?!width:)[^"])*)")?>')
#: a button, for litehtml, which centres words alone
_CENTRED = re.compile(r'(<td align="center"[^<>]*><table [^<>]*style=")(?=border-collapse:separate;)')
#: said, it makes Thunderbird's dark theme keep the dark letters on it
_NO_GROUND = re.compile(r"background:transparent;|(?<=\S) bgcolor=\"transparent\"")
#: the cell of a button of a given width, and the link in it
_BUTTON = re.compile(r'(<td [^>]*?style="([^"]*)"[^>]*><(?:a|p) [^>]*?style="display:inline-block;width:)(\d+)(px)')
_PREFORMATTED = re.compile(r"(<pre\b.*?</pre\s*>)", re.DOTALL)
#: a comment that is not for Outlook
_COMMENT = re.compile(r"<!--(?!\[if|<!\[endif\]).*?-->", re.DOTALL)
_LINE_END_BEHIND_A_TAG = re.compile(r">\r?\n\s*")
#: an address that answers nothing, in case a social icon slips through the linter
_NO_ICONS = "about:blank#"


def to_html(source: str, *, locate: Locating, read: Reading | None = None) -> str:
    """HTML of the MJML *source*; raises BadTemplate with file and line, of which mrml itself knows neither."""
    root = including.whole(source, locate, read)
    cascade.apply(root)
    lint.check(root)
    widths.apply(root)
    for node in root.walk():
        _keep_blanks(node)
    html = compiled(to_ascii(tree.write([root])), locate(0)[0])
    # no HTML; and Evolution makes a square of a blocked picture with such a height
    html = _WIDE.sub(r'\1 style="width:100%;\2">', _NO_HTML.sub(r"\1", html))
    html = _CENTRED.sub(r"\1margin:0 auto;", _NO_GROUND.sub("", html))
    html = _BUTTON.sub(lambda cell: f"{cell[1]}{widths.button(cell[2], int(cell[3]))}{cell[4]}", html)
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


def _keep_blanks(node: Node) -> None:
    """mrml drops a line end that follows a tag, and so glues words together."""
    if node.name in HTML_TAGS:
        node.children = [_with_blanks(child) if isinstance(child, str) else child for child in node.children]


def _with_blanks(html: str) -> str:
    parts = _PREFORMATTED.split(_COMMENT.sub("", html))
    parts[::2] = [_LINE_END_BEHIND_A_TAG.sub("> ", part) for part in parts[::2]]
    parts[1::2] = [part.replace("\r\n", "\n").replace("\n", "&#10;") for part in parts[1::2]]
    return "".join(parts)


def compiled(source: str, file: str) -> str:
    """What mrml makes of *source*; raises BadTemplate, of *file*, where it refuses or panics."""
    try:
        html: str = mjml2html(source, disable_comments=True, social_icon_origin=_NO_ICONS, fonts={})
    except ValueError as error:
        raise BadTemplate(f"the MJML compiler says: {error}", file=file) from error
    except BaseException as error:
        # a Rust panic is no Exception, and its class can't be imported
        if type(error).__name__ != "PanicException":
            raise
        raise BadTemplate("the MJML compiler gave up on it", file=file) from error
    return html
