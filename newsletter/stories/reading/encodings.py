"""Which encoding a feed is really in, whatever its server and its first line say."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
#: encodings of text; Python knows others, such as punycode, which are none or can be made to take very long
_OF_TEXT = re.compile(
    r"utf|iso|latin|windows|cp\d|koi8|gb|big5|euc|shift|sjis|ks_c|us-ascii|ascii|mac|tis", re.IGNORECASE
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
#: what XML 1.0 has no place for; one of them would end the parse
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufeff\ufffe\uffff]")


def text(body: bytes, content_type: str = "") -> str:
    """*body* as text, without mark, XML declaration or characters that XML forbids. Never raises."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _tidy(body[len(mark) :].decode(encoding, "replace"))
    for encoding in _candidates(body, content_type):
        try:
            return _tidy(body.decode(encoding))
        except (UnicodeError, LookupError):
            continue
    return _tidy(body.decode("windows-1252", "replace"))


def _candidates(body: bytes, content_type: str) -> list[str]:
    """The encodings to try, the likeliest first."""
    wide = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be", b"{\x00": "utf-16-le", b"\x00{": "utf-16-be"}.get(body[:2])
    declared = _DECLARED.match(body[:300])
    charset = _CHARSET.search(content_type)
    said = [wide or "", declared[1].decode("ascii") if declared else "", charset[1] if charset else ""]
    said = [encoding for encoding in said if _OF_TEXT.match(encoding)]
    if any(encoding.lower().startswith(("iso-2022", "iso2022")) for encoding in said):
        return said  # looks like ASCII, byte by byte
    if wide:
        return [wide]
    # text that is valid UTF-8 is UTF-8: by accident it never is
    return ["utf-8", *(encoding for encoding in said if not encoding.lower().startswith(("utf-16", "utf-32", "utf-7")))]


def _tidy(decoded: str) -> str:
    return _FORBIDDEN.sub("", _DECLARATION.sub("", decoded.lstrip("\ufeff"), count=1))
