"""Mails that no person wrote, told from letters by who sent them, by their heads, by subjects in many languages."""

from newsletter.tracking.bounces.mail import Head, Mail
from newsletter.tracking.bounces.phrases import any_of

_DAEMON = any_of(
    r"""
    mailer-?daemon$ / post_?master(?:-dsn)?$ / mail-?daemon$ / mail[._-]?delivery[a-z._-]*$ / mailsystem$ / mdaemon$
    daemon$ / microsoftexchange[0-9a-f]*$ / bounces?$ / bounce-\w+$ / smtp-?daemon$ / mmdf$ / uucp$ / system-?manager$
    administrator$ / dsn$ / autoreply-bounce$
    """,
    begins=True,
)
_DAEMON_NAMES = any_of(r"""
    mail delivery (?:sub)?system / mail administrator / postmaster / mailer.?daemon / mail system / delivery subsystem
    system administrator / internet mail delivery / mail transfer agent
""")
#: subjects of reports of failure or delay
_REPORT = any_of(r"""
    undeliver / not deliver / non.?deliver / deliver(?:y|ing)? (?:of )?(?:your |the )?(?:message|mail)
    bounced? (?:mail|message) / mail system error
    delivery (?:status|fail|problem|error|report|notification|has failed|delay|warning|subsystem|incomplete)
    could not be (?:sent|delivered) / fail(?:ure|ed)? (?:notice|delivery) / returned (?:mail|to sender|by)
    mail (?:failure|returned|delivery|error|status report|could not|not delivered|rejected)
    message (?:delay|rejected|undeliverable) / delayed (?:mail|message|delivery) / \bwarning: message
    unzustellbar / nicht zu(?:ge)?stell / zustell(?:ung|fehler|status|bericht) / rückläufer / verzögert
    non (?:remis|distribu|livr) / échec / retour (?:de|du) (?:mail|courrier|message) / avis de non
    remise (?:retard|impossible)
    no se (?:ha )?(?:pud|podido|puede) / no entrega(?:do|ble) / devuelto / error de entrega
    fallo (?:en|de) (?:la )?entrega
    impossibile recapitare / mancat[oa] (?:recapito|consegna) / non recapitabil / falha na entrega / devolvida
    não (?:foi )?(?:entregue|entregável) / onbestelbaar / niet (?:afgeleverd|bezorgd) / niedostarcz
    nie dostarczono / zwrot
    olevererat / kunde inte levereras / ikke leveres / nedoručiteln / недоставлен / не доставлен / ошибка доставки
    не может быть доставлен / 退信 / 投递失败 / 无法(?:投递|送达) / 配信(?:不能|できません|エラー) / 不達 / メールエラー
""")
#: what reports of a mere delay say, and what those of a failure say
_DELAY = any_of(r"""
    \bdelay(?:ed)?\b / warning only / warning: (?:could not|message) / still (?:being )?(?:retr|try)
    will (?:be |continue to be |keep )?(?:retr(?:ied|y)|tr(?:ied|y))
    (?:do not|not) need to (?:re-?send|do anything|take any)
    has not yet been delivered / not been delivered yet / no action is required / verzögert / noch nicht zugestellt
    retardé / demorad / retrasad / ritard / vertraagd / opóźnion / försenad / задержан / отложен
""")
_GIVEN_UP = any_of(r"""
    permanent / given up / giving up / gave up / could not be delivered to / has failed / returned to sender
    undeliverable
    not going to try again / endgültig / définiti
""")
#: subjects of answers that nobody wrote
_AWAY = any_of(r"""
    \bout of (?:the )?office\b / \bauto(?:matic|mated|matische)?[ -]?(?:reply|response|answer|replied|respond)
    \bvacation\b
    \bon (?:leave|holiday)\b / \baway from\b / abwesenheit / automatische antwort / nicht im (?:büro|haus) / im urlaub
    absence / réponse automatique / absent du bureau / en cong[ée] / respuesta autom / fuera de (?:la )?oficina
    ausen[tc]
    risposta automatica / fuori (?:sede|ufficio) / assenza / resposta autom / fora d[oe] escritório / férias
    automatisch antwoord / afwezig / automatyczna odpowiedź / autosvar / automaattinen vastaus / automatická odpověď
    автоответ / автоматический ответ / нет на месте / отпуск / 自动(?:回复|答复) / 自動(?:返信|応答) / 不在 / 부재중
    autoodpowied / nieobecno / poza biurem / frånvaro / fravær / ikke til ?stede / poissa / nepřítomn / dovolen
    부재 ?중 / 자동 ?(?:회신|응답) / otomatik yanıt / αυτόματη απάντηση / delivery receipt / read receipt / accusé de
    thank you for (?:your (?:e-?mail|message)|contacting) / we(?:'ve| have) received your / ticket # / \[ticket / \[#\d
    your request \( / verify your e-?mail to / confirm your message / awaits moderator
""")
_RECEIPT = any_of(
    "read: / not read: / gelesen: / ungelesen: / lu : / non lu : / leído: / letto: / lida: / gelezen: / прочтено:",
    begins=True,
)
_REPLY = any_of(r"(?:re|aw|sv|antw|odp|vs|回复|答复)(?:\[\d+\])?[:：]", begins=True)
_UNSUBSCRIBE = any_of(
    r"""
    (?:re: ?)?(?:please |bitte |por favor |per favore |graag )?(?:unsubscribe|remove(?: me)?|sign ?off|stop|opt.?out)\b
    (?:re: ?)?(?:bitte )?(?:(?:newsletter )?(?:abmelden|abbestellen))\b
    (?:re: ?)?(?:désabonner|désinscription|désinscrire|me désabonner|baja)\b
    (?:re: ?)?(?:disiscrivi|cancellami|uitschrijven|afmelden|отписаться|退订|配信停止)
    """,
    begins=True,
)


def is_from_daemon(message: Mail) -> bool:
    """Whether a mail system, and no person, is named as the sender."""
    head = message.head
    sender = head.words("from")
    local = sender.rpartition("<")[2].partition("@")[0].strip(' "')
    if _DAEMON.match(local) or sender.rstrip().endswith("<>") or "x-failed-recipients" in head:
        return True
    return bool(_DAEMON_NAMES.search(sender[:200])) and not _answers_go_elsewhere(head)


def _answers_go_elsewhere(head: Head) -> bool:
    """Whether it was sent with a person's return address, which reports are not: a name alone is anybody's."""
    came_from = head.get("return-path").strip(" <>")
    return "@" in came_from and not _DAEMON.match(came_from)


def is_from_nobody(head: Head) -> bool:
    """Whether it came without a return address of its own, as reports do, and answers no letter."""
    empty = "return-path" in head and head.get("return-path").strip() in {"<>", ""}
    return empty and "in-reply-to" not in head and not is_answer(head)


def is_report(subject: str) -> bool:
    """Whether *subject* is one of a report that something was not delivered."""
    return _REPORT.search(subject[:400]) is not None


def is_delay(subject: str, text: str) -> bool:
    """Whether a report tells of a delay, and of no failure."""
    if _DELAY.search(subject[:400]):
        return True
    return bool(_DELAY.search(text[:4000])) and not _GIVEN_UP.search(text[:4000])


def is_answer(head: Head) -> bool:
    """Whether *head* says that a program answered (RFC 3834, and what others write)."""
    submitted = head.get("auto-submitted").lower()
    return (
        submitted.startswith("auto-")
        or any(name in head for name in _ANSWERING)
        or head.get("precedence").lower() in {"auto_reply", "auto-reply", "junk"}
        or _AWAY.search(subject := head.words("subject")[:400].strip()) is not None
        or _RECEIPT.match(subject) is not None
    )


def is_reply(subject: str) -> bool:
    """Whether *subject* is that of an answer to a letter."""
    return _REPLY.match(subject.strip()) is not None


def is_unsubscribe(head: Head) -> bool:
    """Whether a letter's subject asks to be taken off."""
    return _UNSUBSCRIBE.match(head.words("subject")[:200].strip()) is not None


_ANSWERING = (
    *("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-auto-response", "x-autogenerated"),
    *("x-mail-autoreply", "x-vacation", "x-ms-exchange-inbox-rules-loop", "x-ebay-mailtracker", "x-list-administrivia"),
)
