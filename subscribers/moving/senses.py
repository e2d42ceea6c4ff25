"""The sense of a column that speaks of a state: against whom it holds, for whom, and when that can't be told."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from .headings import PLACES, meaning, smells, squash
from .rules import Flag, Rule, Set, Word
from .states import NO, WORDS, YES, State


def _plain(pattern: str) -> str:
    """*pattern* as headings are squashed: without accents, and Hangul in its parts."""
    letters = unicodedata.normalize("NFKD", pattern)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


#: what can be given and taken back
_GIVEN = r"(news|mail|consent|optin|optedin|subscri|permission|marketing|contact|einwilligung)"
#: no yes though it looks like one: asked for and not given, or over at a time that may still come
_OPEN = re.compile(
    r"request|angefordert|versendet|verschickt|envoye|enviad|(?<!con)sent(at|on|date)?$|expir|until|"
    r"(subscri|abonn|consent|permission|optin)\w{0,40}end(s|ed|date)"
)
_TWICE_NO = re.compile(r"^(is)?not(un|optedout|optout|bounc|block|suppress)")
#: a heading's sense → how they stand for whom it holds, if it is one of no's
_AGAINST: Sequence[tuple[str, State]] = tuple(
    (_plain(pattern), state)
    for pattern, state in (
        (
            (
                r"unconfirmed|unverified|not(yet)?(confirmed|verified)|awaiting\w{0,40}confirm|"
                r"(?<!s)pending(confirm\w{0,40}|optin|subscri\w{0,40})?$|nichtbestatigt|unbestatigt|nonconfirm|noconfirmado|naoconfirmado"
            ),
            State.PENDING,
        ),
        (r"bounc|rebot|rebond|undeliver|invalid|clean(ed|time|date)|unzustellbar|onbestelbaar|rimbalz", State.BOUNCED),
        (r"complain|spam|abuse", State.COMPLAINED),
        (
            (
                r"blacklist|blocklist|blo[ck]k|blocked|suppress|banned|schwarzen?liste|listenoire|listanegra|listanera|"
                r"zwartelijst|svartlist|czarnalista|черныйсписок|ブラックリスト|黑名单|黑名單|gesperrt|werbesperre"
            ),
            State.BLOCKED,
        ),
        (
            (
                r"disabled|inactive|suspended|nomail|noemail|paused|excluded|deactivat|deaktiv|desactiv|disattiv|desativ|"
                r"uitgeschakeld|^(is)?archived"
            ),
            State.HELD,
        ),
        (
            (
                r"unsub|opt(ed)?out|cancel|deleted|removed|^(has)?left(on|at|date)?$|^dateleft|^leavedate|donot|dnc|abgemeldet|abbestell|abmeld|"
                r"desabonn|desinscri|disiscri|baja|descadastr|uitgeschreven|afgemeld|отпис|配信停止|退会|"
                r"withdr[ae]w|revok|revoc|widerr[uo]f|widersp|objection|objected|erased|consent\w{0,40}(retir|rechaz)|"
                rf"{_GIVEN}\w{{0,40}}(declin|refus|denied|reject|abgelehnt|stopped)|(declin|refus|reject)\w{{0,40}}{_GIVEN}|"
                rf"^(is)?(not|non|no|nicht|kein|keine|ohne|sin|sem|senza)({_GIVEN}|abonn|suscri|iscri|inscri)|"
                r"ausgetragen|austragung(sdatum|am)?$|gekundigt|kundigung(?!sfrist)|geloscht|resilie|^anulad|removid|afmeld|"
                r"uitschrijf|opgezegd|avmeld|avanmal|avregistr|wypis|odhlas|leiratkoz|dezabon|abonelikten|peruttu|解除|退订|退訂|取消订阅|取消訂閱|"
                r"수신거부|구독취소"
            ),
            State.UNSUBSCRIBED,
        ),
    )
)
_CONFIRMED = _plain(
    r"confirm(ed|ad[oa]|ee?$)|confermat|verified|bestatigt|bevestigd|potwierdz|bekrafta|подтвержд|確認済"
)
#: … and of yes's: how they stand for whom it does not hold
_FOR: Sequence[tuple[str, State]] = (
    (_CONFIRMED, State.PENDING),
    (r"^active$|isactive|^aktiv$|^actif$|^activo$|enabled", State.HELD),
    (r"valid|deliverab", State.BOUNCED),
    ((r"subscri|suscri|iscri|abonn|optin|optedin|consent|einwilligung|permission|accepts|mailable|newsletter|"
      r"marketing|allowed|подпис"), State.UNSUBSCRIBED),
)  # fmt: skip
_REASON = re.compile(r"reason|grund|motif|motivo|comment")
_ELSEWHERE = re.compile(r"phone|sms|whatsapp")
_ASIDE = re.compile(
    r"source$|^utm|url$|page$|link$|form$|count$|^numberof|campaign|(?<!val)id$|title$|referr|method$|plan$|tier$|"
    r"version$|type$|lead"
)
_FLAGS = {word for word in YES | NO if word and not word.isdigit()}


def speaks_of(name: str, cells: Collection[str]) -> bool:
    """Whether the column of the squashed heading *name*, with *cells* in it, speaks of a state."""
    if smells(name) or re.search(_CONFIRMED, name):
        return True
    if not any(re.search(pattern, name) for pattern, _ in _AGAINST) or (_ELSEWHERE.search(name) and "mail" not in name):
        return False
    # the title of the campaign somebody left by is no yes or no
    return not (_ASIDE.search(name) or _ELSEWHERE.search(name)) or _is_flags(cells)


def is_known(word: str) -> bool:
    """Whether the squashed *word* is a heading or a state that somebody's language has."""
    return bool(meaning(word)) or word in WORDS or word in PLACES or speaks_of(word, ())


def _is_flags(cells: Collection[str]) -> bool:
    words = {squash(cell) for cell in cells} - {""}
    return bool(words) and words <= _FLAGS


def guess(name: str) -> Rule:
    """How a column of the squashed heading *name* most likely says it."""
    if re.search(r"status|statut|estado|stato|zustand|статус", name) or _TWICE_NO.search(name):
        return Word(name)
    for pattern, state in _AGAINST:
        if re.search(pattern, name):
            # whoever gave a reason for leaving has left
            return Set(name, state) if _REASON.search(name) else Flag(name, yes=state)
    if _OPEN.search(name):
        return Word(name)
    for pattern, state in _FOR:
        if re.search(pattern, name):
            # that an address works is nobody's consent
            return Flag(name, yes=None if state is State.BOUNCED else State.OK, no=state)
    return Word(name)
