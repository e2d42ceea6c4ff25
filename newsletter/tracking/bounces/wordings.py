"""What servers say in words when their codes say nothing: a table, in the languages in which it was met.

A line means what it says where each of its patterns is found in one sentence; the first line that fits counts.
"""

import re

from newsletter.tracking.bounces.judgement import Meaning
from newsletter.tracking.bounces.phrases import any_of

_USER = any_of(r"""
    \b(?:user|users|username|mailbox|recipients?|account|address|addressee|person|alias)\b
    \b(?:empfänger|benutzer|adress|postfach|mailadresse|e-mail-adresse|konto)
    \b(?:utilisateur|destinataire|compte|bo[iî]te)
    \b(?:usu[aá]rio|destinat[aá]ri|direcci[oó]n|endereço|buz[oó]n|cuenta|conta\b|caixa) / \b(?:utente|indirizzo|casella)
    \b(?:gebruiker|geadresseerde) / \b(?:użytkownik|adresat|adres\b|skrzynk) / \b(?:användar|mottagar|bruger|modtager)
    \b(?:uživatel|příjemce) / пользовател / адрес / получател / ящик
    用户 / 收件人 / 邮箱 / 地址 / 帐号 / 账号 / 宛先 / ユーザ / ディレクトリ
""")
_NOT_THERE = any_of(r"""
    \bunknown\b / \bnot (?:found|known|exist|listed|recogni[sz]ed|valid)\b / \b(?:does|do|did) ?n[o']t exist
    \bno longer\b
    \b(?:disabled|deactivated|closed|deleted|discontinued|invalid|inactive|terminated|suspended)\b
    could(?: not|n't) be found / couldn't find / unbekannt / existiert nicht / nicht (?:bekannt|gefunden|vorhanden)
    ungültig / gelöscht / inconnu / n'existe / introuvable / invalide / desconocid / no existe / desconhecid
    não existe
    não encontrad / no encontrad / no se (?:ha )?(?:encontr|pudo encontrar) / inv[aá]lid[ao] / inexist / inesist
    sconosciut / non esiste / non trovat / onbekend / bestaat niet / niet gevonden / nieznany / nie istnieje / okänd
    finns inte / ukendt / findes ikke / neznám / neexistuje / не найден / не существует / неизвест
    不存在 / 無効 / 不明 / 存在しません / 見つかりません / にありません
""")
_BOX = any_of(r"""
    \b(?:mail ?box|inbox|account|user|folder|recipient|postfach|briefkasten|bo[iî]te|buz[oó]n|casella|caixa)\b
    \b(?:skrzynka|postbus|postvak|brevlåda|schránka)\b / ящик / 邮箱 / 信箱 / メールボックス
""")
_FILLED = any_of(r"""
    \b(?:full|voll|überfüllt|pleine?|llen[ao]|pien[ao]|chei[ao]|pełna|vol|plná|full[ta]|overfull)\b
    \bsize limit\b / \bdisk limit\b / переполнен / \bполон\b / 空间不足 / 已满 / いっぱい / 容量
""")
_MESSAGE = any_of(r"""
    \b(?:message|mail|e-?mail|attachment|it|size|nachricht|anhang|messaggio|mensaje|mensagem|bericht)\b
    сообщение / письмо / 邮件
""")
_OVER = any_of(r"""
    \btoo (?:large|big)\b / (?:message|mail|it is|is) too long / \bexceed(?:s|ed|ing)?\b / size limit
    zu gro(?:ß|ss) / trop (?:gros|volumineux|grand)
    demasiado grande / troppo grande / muito grande / te groot / слишком (?:большой|велик) / 太大 / 超过
""")
_SIZE = any_of(r"""
    \b(?:size|large|big|long|gro(?:ß|ss)|gros|volumineux|grande?|groot)\b / размер / больш / велик / 太大 / 大小
""")

_TABLE: tuple[tuple[Meaning, tuple[re.Pattern[str], ...]], ...] = (
    (
        Meaning.LOOP,
        (
            any_of(r"""
                loops? back / routing loop / mail(?:ing)? loop / loop detected / possible loop / too many hops
                hop count
                too many received
            """),
        ),
    ),
    (Meaning.TEMPORARY, (any_of(r"receiving (?:mail|messages|email) (?:too quickly|at a rate) / gr[ae]y-?list"),)),
    (
        Meaning.POLICY,
        (
            any_of(r"""
                (?:daily|hourly|relay|sending) (?:\w+ )?(?:quota|limit) / too many (?:recipients|messages|e?mails)
                recipient preferences
            """),
        ),
    ),
    (
        Meaning.DEAD,
        (
            any_of(r"""
                \b(?:no such|unknown|non-?existent) (?:local )?(?:user|mailbox|recipient|account|address|person)\b
                \binvalid (?:local )?(?:user|mailbox|recipient|account|addressee)\b / no such local part
                \buser unknown\b
                this user doesn't have an?\b / no mailbox (?:here|by) / \bnot our customer / no user here
                invalid final delivery user / no valid recipients / directory does not list
                unbekannter (?:benutzer|empfänger) / destinataire inconnu
            """),
        ),
    ),
    (
        Meaning.NO_HOST,
        (
            any_of(r"""
                \b(?:host|domain)(?: or domain)?(?: name)?(?: [^ ]{1,80})? (?:is |was )?(?:unknown|not found|invalid)\b
                \b(?:host|domain)(?: name)?(?: [^ ]{1,80})? (?:does|did|could) ?n[o']t (?:exist|be found)
                \bdomain[ei]?(?: [^ ]{1,80})? (?:ist )?unbekannt / \bdomain[ei]?(?: [^ ]{1,80})? existiert nicht
                \bdomaine(?: [^ ]{1,80})? (?:n'existe pas|inconnu|introuvable)
                \bdom[ií]nio?(?: [^ ]{1,80})? (?:no existe|não existe|non esiste|desconocid|desconhecid|inesistente)
                \bдомен(?: [^ ]{1,80})? не (?:существует|найден) / 域名不存在 / ドメインが存在しません
                (?:unknown|no such|invalid|bad|non-?existent) (?:destination )?(?:mail )?(?:host|domain)
                unroute?able / unable to route / nowhere to deliver / no (?:valid |usable )?mx\b / null ?mx / nxdomain
                mx records? point / name service error / couldn't find (?:any host|a mail exchanger)
                (?:dns|mx|domain) lookup fail / (?:host|domain)s? (?:does|do) not accept mail / domain is not reachable
            """),
        ),
    ),
    (
        Meaning.FULL,
        (any_of(r"quota / full mailbox / insufficient (?:disk |system )?(?:space|storage) / out of (?:disk )?space"),),
    ),
    (Meaning.FULL, (any_of(r"mailbox exceeds / mailbox (?:size )?(?:limit )?exceeded"),)),
    (Meaning.FULL, (any_of("exceeded / allocation / überschritten"), any_of("storage / speicherplatz / disk space"))),
    (Meaning.FULL, (_BOX, _FILLED)),
    (Meaning.TOO_LARGE, (_MESSAGE, _OVER, _SIZE)),
    (Meaning.DEAD, (_USER, _NOT_THERE)),
    (
        Meaning.TEMPORARY,
        (
            any_of(r"""
                retry time(?:out)? (?:exceeded|not reached) / timed out / time-?out / no route to host / message expired
                connection (?:refused|reset|lost|dropped|died|failed) / network (?:is )?unreachable / lookup failure
                in the queue too long / delivery (?:time )?expired
                (?:unable to|could(?: not|n't)) (?:connect|establish)
                not (?:responding|reachable) / no answer from / rate limit / too many connections / have been failing
                could not deliver for the last / envelope expired / multiple retries / did not accept our requests
                try(?:ing)? (?:again )?later / temporar / vorübergehend / später erneut / временно / 暂时 / 一時的
            """),
        ),
    ),
    (
        Meaning.POLICY,
        (
            any_of(r"""
                not allowed to send / only accepts / not authori[sz]ed / access denied / rejected by / virus
                content (?:filter|rejected) / abgelehnt / verweigert / \brejet[eé]e?\b
                \brefus[eé]e?\b / rechazad / rifiutat / recusad
                отклонен / отвергнут / 垃圾 / 拒绝 / 迷惑
            """),
        ),
    ),
)
#: of foreign words no more than this is looked at, in characters
_LOOKED_AT = 2000
#: a guess of the server's is none of ours
_PERHAPS = any_of(r"\bmay (?:not|be|have)\b / \bmight\b / \bpossibl[ey] (?:not|because|reason) / \bperhaps\b")
_SENTENCE = re.compile(r"[.!?;]\s|[。！\n]")


def meaning(words: str) -> Meaning | None:
    """What *words* mean; None where they say nothing that is known."""
    sentences = [one for one in _SENTENCE.split(words[:_LOOKED_AT]) if not _PERHAPS.search(one)]
    for found, patterns in _TABLE:
        if any(all(pattern.search(sentence) for pattern in patterns) for sentence in sentences):
            return found
    return None
