"""Which encoding a feed is really in, whatever its server and its first line say.

Names of encodings mean what they mean to browsers (the WHATWG's Encoding Standard), not what they meant once:
"gb2312" is gb18030, "Shift_JIS" is windows-31j, "iso-8859-1" is windows-1252.
"""

import codecs
import re

import webencodings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
#: what XML 1.0 has no place for; one of them would end the parse
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufeff\ufffe\uffff]")
#: Python's codecs of these names know fewer characters than browsers do
_WIDER = {
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "euc-jp": "euc_jis_2004",
    "iso-2022-jp": "iso2022_jp_2004",
}
#: controls that nobody writes: bytes of windows-1252 that somebody took for latin-1
_OF_WINDOWS = re.compile(r"[\x80-\x9f]+")
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


def text(body: bytes, content_type: str = "") -> str:
    """*body* as text, without mark, XML declaration or characters that XML forbids. Never raises."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _tidy(body[len(mark) :].decode(encoding, "replace"))
    wide = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be", b"{\x00": "utf-16-le", b"\x00{": "utf-16-be"}.get(body[:2])
    if wide:
        return _tidy(body.decode(wide, "replace"))
    said = _said(body, content_type)
    if "iso-2022-jp" not in said:  # which looks like ASCII, byte by byte
        try:
            return _tidy(body.decode("utf-8"))  # text that is valid UTF-8 is UTF-8: by accident it never is
        except UnicodeError:
            if _is_damaged_utf_8(body, said):
                return _tidy(body.decode("utf-8", "replace"))
    named = [name for name in said if not name.startswith("utf-")]
    return _tidy(_decoded(body, named or ["windows-1252"]))


def _said(body: bytes, content_type: str) -> list[str]:
    """The encodings that the feed and its server name, by their names in the standard."""
    declared = _DECLARED.search(body[:2000])
    charset = _CHARSET.search(content_type)
    labels = (declared[1].decode("ascii") if declared else "", charset[1] if charset else "")
    return [known.name for label in labels if (known := webencodings.lookup(label))]


def _is_damaged_utf_8(body: bytes, said: list[str]) -> bool:
    """True where a few bytes are broken, which cost their characters, and not those of the whole feed."""
    letters = _UTF_8.findall(body)
    broken = len(_BEYOND_ASCII.findall(body)) - sum(map(len, letters))
    # what names another encoding must be mostly UTF-8 to be taken for it; Thai looks a third so
    return len(letters) >= (3 * broken if said and said[0] != "utf-8" else broken)


def _decoded(body: bytes, names: list[str]) -> str:
    for name in names:
        try:
            return body.decode(_codec(name))
        except (UnicodeError, LookupError):
            continue
    try:
        return body.decode(_codec(names[0]), "replace")
    except (UnicodeError, LookupError):
        return body.decode("windows-1252", "replace")


def _codec(name: str) -> str:
    known = webencodings.lookup(name)
    return _WIDER.get(name, known.codec_info.name if known else name)


def _as_windows_means_it(found: re.Match[str]) -> str:
    return found[0].encode("latin-1").decode("windows-1252", "ignore")


def _tidy(decoded: str) -> str:
    decoded = _OF_WINDOWS.sub(_as_windows_means_it, decoded.lstrip("\ufeff"))
    return _FORBIDDEN.sub("", _DECLARATION.sub("", decoded, count=1))
