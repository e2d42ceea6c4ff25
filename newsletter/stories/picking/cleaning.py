"""What stands around an article's own sentences, and is none of them: datelines, bylines, credits, invitations."""

import re
from collections.abc import Iterator
from itertools import islice

import ftfy

from newsletter.stories.picking import marks, words

_MONTH = (
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|January|February|March|April|June|July|August"
    r"|September|October"
    r"|November|December|Sept|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|mai|juin"
    r"|juillet|août|septembre|octobre|novembre|décembre)\.?"
)
_DATE = (
    rf"(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|\d{{1,2}}\.?\s+{_MONTH}(?:,?\s+\d{{4}})?"
    r"|\d{4}-\d\d-\d\d)"
)
_CLOCK = (
    r"\d{1,2}[:.]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?|Uhr|h)?\s*(?:\(?(?:E[SD]?T|P[SD]?T|C[SD]?T|GMT|BST|CES?T|MEZ"
    r"|UTC)\)?)?"
)
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+)?"
_WHEN = rf"{_WEEKDAY}(?:{_DATE}|{_CLOCK})(?:(?:,|\s+at|\s+um|\s+à|\s*[-–—|·])?\s*(?:{_DATE}|{_CLOCK}))*"
_DASH = r"\s*(?:[-–—]+|:)\s+"
_WIRE = (
    r"Reuters|AP|AFP|dpa|dapd|sid|epd|epa|apa|sda|ats|Belga|ANP|TT|NTB|Ritzau|PAP|ANSA|EFE|UPI|PA|PTI|IANS|Xinhua|TASS"
    r"|Bloomberg|CNN|BBC|CBS|NBC|ABC News|Fox News|PR ?Newswire|Business ?Wire|Globe ?Newswire"
    r"|Accesswire|ots|CNW|Marketwired"
)
_AGENCY = rf"\(\s*(?i:{_WIRE})\b[^()]{{0,20}}\)|/\s*(?i:{_WIRE})\b[^/]{{0,20}}/"
_SHOUTED, _WRITTEN = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’/ -]{2,30}", r"[A-ZÀ-Þ][\w.'’ -]{2,30}"
_REST = rf"(?:,\s*[A-ZÀ-Þ][\w.]{{1,15}})?(?:,?\s*{_DATE})?,?\s*"
#: "LONDON, Nov 24 (Reuters) - ", "Berlin (dpa) – ", "BENTONVILLE, Ark., Nov. 24, 2021 /PRNewswire/ -- "
_DATELINE = re.compile(
    rf"^(?:{_SHOUTED}{_REST}(?:[-–—]*\s*(?:{_AGENCY}))?\s*[-–—]+\s*|{_WRITTEN}{_REST}[-–—]*\s*(?:{_AGENCY})\s*[-–—:]+\s*"
    rf"|{_WRITTEN},\s*(?:den\s+)?{_DATE}{_DASH}|(?:{_AGENCY})\s*[-–—]+\s*)(?=[^\Wa-zà-ÿ]|[“\"„«‘'$£€])"
)
#: "Published 24 November 2021 at 10:45", "10:45 AM ET"
_STAMP = re.compile(
    rf"^(?:(?:First\s+)?(?:Published|Posted|Updated|Last updated|Modified|Veröffentlicht|Aktualisiert|Stand"
    rf"|Publié|Mis à jour)"
    rf"(?:\s+(?:on|at|am|um|le|à))?:?\s*)?{_WHEN}(?:{_DASH}|\s*[|·,]?\s+|$)",
    re.IGNORECASE,
)
_NAME = r"[A-ZÀ-Þ][\w'’.-]+"
_BYLINE = re.compile(
    rf"^(?:By|BY|Von|Par|Por|Di|Door|Av)\s+{_NAME}(?:\s+(?:(?:van|von|de|der|di|and|und|et|y|&)\s+)?{_NAME}){{1,4}}"
    r"(?:,\s+[^.,]{3,40})?(?:\s*[-–—|•·]\s*|\s*$|\s*\n)"
)
_CREDIT = re.compile(
    r"(?<!\s)\s*[(\[]?(?:Photo(?:graph)?|Picture|Image|Photo credit|Image credit|Picture credit|Foto|Bild|Bildquelle"
    r"|Crédits?(?: photo)?"
    r"|Photographie|Imagen|Illustration)s?\s*(?:by|von|par|:|/|©)\s*[^.)\]]{2,80}[.)\]]*\s*$"
    r"|(?<!\s)\s*[(\[][^()\[\]]{0,60}(?:Getty Images|Shutterstock|AFP/|AP Photo|Alamy|iStock|dpa/"
    r"|Unsplash)[^()\[\]]{0,40}[)\]]\s*$"
    r"|\s*©\s*[^.]{2,60}\.?\s*$"
)
#: what begins so is an invitation, a credit or a notice
_INVITATION = re.compile(
    r"^[\W_]*(?:read (?:more|also|next|the full|our)|continue reading|click (?:here|through|to)|sign up"
    r"|subscribe|follow us|share this"
    r"|related(?: articles?| stories| news| content)?\s*:|see also|more from|advertisement|watch\s*:|listen\s*:"
    r"|download (?:the|our)|register (?:now|here)"
    r"|the post .{3,200} (?:appeared|first appeared)|this (?:article|story|post) (?:was|is|has been|originally"
    r"|first)|originally published"
    r"|reporting by|editing by|written by|additional reporting|compiled by|all rights reserved|copyright|©"
    r"|photo(?:graph)?s?\s*(?:by|:)"
    r"|picture\s*:|images?\s*(?:by|credit|:)|(?:photo|image|picture) credit|getty images|cookies|we use cookies"
    r"|skip to|for more information|contact\s*:|source\s*:"
    r"|lesen sie|mehr zum thema|mehr dazu|weiterlesen|hier klicken|jetzt (?:abonnieren|anmelden)|foto\s*:"
    r"|bild\s*:|quelle\s*:|anzeige"
    r"|lire (?:aussi|la suite)|à lire|voir aussi|abonnez-vous|inscrivez-vous|cliquez|crédits?\b.{0,20}:"
    r"|publicité|source\s*:"
    r"|leer más|lea también|suscríbase|leggi anche|lees ook|läs mer|les også|læs også|lue myös|czytaj)",
    re.IGNORECASE,
)
_APPEARED = re.compile(
    r"(?<!\s)\s*(?:The post .{3,200}? (?:first )?appeared (?:first )?on .{2,80}|Read more\s*:?.{0,120}"
    r"|Continue reading.{0,80})$",
    re.DOTALL,
)
_PREFIX = 160
#: letters that are looked at: what `readings.LONG` words hold at the least
_READ = 2000
#: lines that may hold a byline and a dateline
_FIRST_LINES = 3


def sentences(text: str, most: int) -> list[str]:
    """The first *most* of the article's own sentences, each whole: what opens in it, closes in it."""
    return list(islice(_own_sentences(text[:_READ]), most))


def _own_sentences(text: str) -> Iterator[str]:
    lines = [line for line in (_line(line) for line in text.splitlines()) if line]
    for at, line in enumerate(lines):
        bare = _without_opening(line) if at < _FIRST_LINES else line
        yield from filter(None, map(own, _whole(words.sentences(bare))))


def own(sentence: str) -> str:
    """*sentence* without what was put around it; empty where nothing is left, or what is left is torn."""
    cut = _CREDIT.sub("", _APPEARED.sub("", _without_opening(mended(sentence)))).strip()
    return "" if _INVITATION.match(cut) or not marks.are_balanced(cut) else cut


def mended(text: str) -> str:
    """*text* with letters that were decoded wrongly put right, as far as they can be."""
    return text if text.isascii() else ftfy.fix_encoding(text)


def _line(line: str) -> str:
    line = line.strip()
    return "" if _INVITATION.match(line) else line


def _without_opening(sentence: str) -> str:
    """Datelines, times and bylines cut, in whatever order they stand."""
    for _ in range(4):
        before = sentence
        for opening in (_BYLINE, _STAMP, _DATELINE):
            match = opening.match(sentence[:_PREFIX])
            if match and match.end():
                sentence = sentence[match.end() :].lstrip(" -–—|·•:")
        if sentence == before:
            break
    return sentence


def _whole(parts: list[str]) -> Iterator[str]:
    """*parts* with those joined that one quote or bracket spans."""
    at = 0
    while at < len(parts):
        for end in range(at + 1, min(at + 4, len(parts) + 1)):
            joined = " ".join(parts[at:end])
            if marks.are_balanced(joined):
                break
        else:
            joined, end = parts[at], at + 1
        yield joined
        at = end
