"""What servers say in words when their codes say nothing: a table, in the languages in which it was met.

A line means what it says where each of its patterns is found in one sentence; the first line that fits counts.
"""

import re

from newsletter.tracking.bounces.judgement import Meaning

_USER = (
    r"\b(?:user|users|username|mailbox|recipient|recipients|account|address|addressee|person|alias|empfänger\w*|benutzer\w*"
    r"|adresse|adressat|postfach|mailadresse|e-mail-adresse|konto|utilisateur|destinataires?|compte|bo[iî]te|usuario"
    r"|usuário|destinatari[oa]s?|destinatários?|direcci[oó]n|endereço|buz[oó]n|cuenta|conta|caixa|utente|indirizzo"
    r"|casella|gebruiker|geadresseerde|użytkownik\w*|adresat|adres|skrzynka|konto|användare\w*|mottagare\w*|bruger\w*"
    r"|modtager\w*|uživatel|příjemce|пользовател\w*|адрес\w*|получател\w*|ящик\w*)\b|用户|收件人|邮箱|地址|帐号|账号|宛先|ユーザ"
)
_NOT_THERE = (
    r"\bunknown\b|\bnot (?:found|known|exist|listed|recogni[sz]ed|valid)\b|\b(?:does|do|did) ?n[o']t exist|doesn't exist"
    r"|\bno longer\b|\b(?:disabled|deactivated|closed|deleted|discontinued|invalid|inactive|terminated|suspended)\b"
    r"|could(?: not|n't) be found|couldn't find|unbekannt|existiert nicht|nicht (?:bekannt|gefunden|vorhanden|existent)"
    r"|ungültig|gelöscht|inconnue?|n'existe|introuvable|invalide|desconocid|no existe|desconhecid|não existe"
    r"|n[aã]o encontrad|no encontrad|no se (?:ha )?(?:encontr|pudo encontrar)|inv[aá]lid[ao]|inexist|inesist|sconosciut|non esiste"
    r"|non trovat|onbekend|bestaat niet|niet gevonden|nieznany|nie istnieje|nie znaleziono|okänd|finns inte|ukendt"
    r"|findes ikke|neznám|neexistuje|не найден|не существует|неизвест|不存在|無効|不明|存在しません|見つかりません"
)
_BOX = (
    r"\b(?:mail ?box|inbox|account|user|folder|recipient|postfach|postfachs|briefkasten|bo[iî]te|buz[oó]n|casella|caixa"
    r"|skrzynka|postbus|postvak|brevlåda\w*|schránka|ящик\w*)\b|邮箱|メールボックス|信箱"
)
_GONE = (
    r"unknown|not found|not exist|n't exist|not be found|invalid|unbekannt|existiert nicht|n'existe pas|inconnu|no existe"
    r"|não existe|non esiste|bestaat niet|nie istnieje|не существует|не найден|不存在|存在しません"
)
_DOMAIN = (
    r"\b(?:host|domain|hostname|domäne|domaine|dominio|domínio|domein|domena|домен)(?: or domain)?(?: name)?"
    rf"(?: [^ ]{{1,80}})?(?: (?:is|was|does|did|could|kann|wurde))? ?(?:{_GONE})"
)
_MESSAGE = r"\b(?:message|mail|e-?mail|attachment|it|size|nachricht|anhang|messaggio|mensaje|mensagem|bericht|сообщение|письмо)\b|邮件"

_LINES: tuple[tuple[Meaning, tuple[str, ...]], ...] = (
    (Meaning.LOOP, (r"loops? back|routing loop|mail(?:ing)? loop|loop detected|possible loop|too many hops|hop count|too many received",)),
    (Meaning.TEMPORARY, (r"receiving (?:mail|messages|email) (?:too quickly|at a rate)|gr[ae]y-?list",)),
    (
        Meaning.DEAD,
        (
            r"\b(?:no such|unknown|non-?existent) (?:local )?(?:user|mailbox|recipient|account|address|person|addressee|local part)\b"
            r"|\binvalid (?:local )?(?:user|mailbox|recipient|account|addressee)\b|this user doesn't have an?\b|no mailbox (?:here|by)"
            r"|\bnot our customer|unbekannter (?:benutzer|empfänger)|destinataire inconnu|no user here|user unknown",
        ),
    ),
    (Meaning.NO_HOST, (_DOMAIN,)),
    (
        Meaning.NO_HOST,
        (
            r"(?:unknown|no such|invalid|bad|non-?existent) (?:destination )?(?:mail )?(?:host|domain)|unroute?able mail domain"
            r"|nowhere to deliver|no (?:valid |usable )?mx\b|null ?mx|mx records? point|name service error|nxdomain|unroute?able"
            r"|couldn't find any host|couldn't find a mail exchanger|(?:dns|mx|domain) lookup fail|unable to route",
        ),
    ),
    (Meaning.FULL, (r"quota|full mailbox|insufficient (?:disk |system )?(?:space|storage)|out of (?:disk )?space",)),
    (Meaning.FULL, (r"exceeded|allocation|overschreden|überschritten", r"storage|speicherplatz|disk space",)),
    (
        Meaning.FULL,
        (
            _BOX,
            r"\b(?:full|voll|überfüllt|pleine?|llen[ao]|pien[ao]|chei[ao]|pełna|vol|plná|full[ta]?|overfull|size limit|disk limit)\b"
            r"|переполнен|\bполон\b|空间不足|已满|いっぱい|容量",
        ),
    ),
    (
        Meaning.TOO_LARGE,
        (
            _MESSAGE,
            r"\btoo (?:large|big|long)\b|\bexceed(?:s|ed|ing)?\b|size limit|zu gro(?:ß|ss)|trop (?:gros|volumineux|grand|long)"
            r"|demasiado grande|troppo grande|muito grande|te groot|слишком (?:большой|велик)|太大|超过",
            r"\b(?:size|large|big|long|gro(?:ß|ss)|gros|volumineux|grande?|groot)\b|размер|больш|велик|太大|大小",
        ),
    ),
    (Meaning.DEAD, (_USER, _NOT_THERE)),
    (
        Meaning.TEMPORARY,
        (
            r"retry time(?:out)? (?:exceeded|not reached)|timed out|time-?out|connection (?:refused|reset|lost|dropped|died|failed)"
            r"|network (?:is )?unreachable|no route to host|message expired|in the queue too long|delivery (?:time )?expired"
            r"|(?:unable to|could(?: not|n't)) (?:connect|establish)|not (?:responding|reachable)|no answer from|rate limit"
            r"|too many connections|try(?:ing)? (?:again )?later|temporar|vorübergehend|später erneut|lookup failure"
            r"|have been failing|временно|暂时|一時的",
        ),
    ),
    (
        Meaning.POLICY,
        (
            r"not allowed to send|only accepts|not authori[sz]ed|access denied|rejected by|content (?:filter|rejected)|virus"
            r"|abgelehnt|verweigert|refusé|rechazad|rifiutat|recusad|отклонен|отвергнут|垃圾|拒绝|迷惑",
        ),
    ),
)
_TABLE = tuple(
    (meaning, tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)) for meaning, patterns in _LINES
)
_SENTENCE = re.compile(r"[.!?;]\s|[。！\n]")


def meaning(words: str) -> Meaning | None:
    """What *words* mean; None where they say nothing that is known."""
    sentences = _SENTENCE.split(words)
    for found, patterns in _TABLE:
        if any(all(pattern.search(sentence) for pattern in patterns) for sentence in sentences):
            return found
    return None
