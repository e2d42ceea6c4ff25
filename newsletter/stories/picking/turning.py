"""News that takes back what was told before: an offer withdrawn, a deal called off. The newest word holds."""

import re
from collections.abc import Sequence
from datetime import timedelta

from newsletter.stories.picking import languages, readings, words
from newsletter.stories.picking.snapshot import Item

_BACK = re.compile(
    r"\b(?:withdr[ae]ws?|withdrew|withdrawn|withdrawing|scraps?|scrapped|scrapping|cancel(?:s|led|ed|ling|ing)?"
    r"|abandon(?:s|ed|ing)?"
    r"|call(?:s|ed|ing)? off|call(?:s|ed)? .{1,30} off|pull(?:s|ed|ing)? (?:out|back)|walk(?:s|ed|ing)? away"
    r"|back(?:s|ed)? out|drop(?:s|ped|ping)? (?:its |the |his |her |their )?(?:bid|offer|plans?"
    r"|deal|takeover|lawsuit|suit|charges|case)|rescind(?:s|ed)?|revok(?:e|es|ed)|retract(?:s|ed)?|u-turn"
    r"|revers(?:es|ed) (?:course|its|the)|collaps(?:es|ed)"
    r"|fall(?:s|en)? through|fell through|(?:deal|talks|bid|offer|merger|takeover|sale|launch|strike"
    r"|plan) (?:is |are |was |were )?(?:off|dead|over|blocked|terminated|rejected|shelved|suspended|halted)"
    r"|shelv(?:es|ed)|no longer|terminat(?:es|ed|ing)"
    r"|zieh(?:t|en) .{0,60}zurück|zurückgezogen|zurückgenommen|abgesagt|sagt .{0,40} ab|abgeblasen|gescheitert"
    r"|geplatzt|platzt|abgebrochen|widerruf(?:t|en)|verzichtet"
    r"|retire(?:nt)? (?:son|sa|ses|leur|l)|retiré[es]*|renonce(?:nt)?|renoncé|annul(?:e|ent|é|ée|és|ées)"
    r"|abandonne(?:nt)?|abandonné[es]*|fait marche arrière"
    r"|retira(?:n|do|da)?|cancela(?:n|do|da)?|renuncia(?:n|do)?|ritira(?:to|ta|no)?|annulla(?:to|ta|no)?"
    r"|trekt .{0,40} terug|ingetrokken)\b",
    re.IGNORECASE,
)
_OPENING = 60
#: an older word of the same hour may be one of the same thing
_LATER = timedelta(hours=1)
_SINCE = {
    "de": "Seither:",
    "fr": "Depuis :",
    "es": "Desde entonces:",
    "it": "Da allora:",
    "nl": "Sindsdien:",
    "pt": "Desde então:",
}


def takes_back(text: str) -> bool:
    """Whether *text* says that something will not be after all."""
    return _BACK.search(text) is not None


def turn(reports: Sequence[Item]) -> Item | None:
    """The first report, the oldest first, that takes back what earlier ones told; None where nothing is taken back."""
    for at, report in enumerate(reports):
        if _tells_back(report):
            return report if at and report.published_at - reports[0].published_at >= _LATER else None
    return None


def since(text: str) -> str:
    """ "Since then:" in the language of *text*."""
    return _SINCE.get(languages.of(words.words(text)), "Since then:")


def _tells_back(report: Item) -> bool:
    return takes_back(report.title) or takes_back(words.first(report.text, min(_OPENING, readings.LEAD)))
