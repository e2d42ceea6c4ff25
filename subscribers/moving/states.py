"""How somebody may stand in a file, what is done with each, and the words that systems and people have for it."""

import re
from collections.abc import Collection, Mapping
from enum import IntEnum

from .headings import squash


class State(IntEnum):
    """Ordered: of two states of one address the higher counts."""

    #: a temporary block or bounce: says nothing against the address, and nothing for it
    SOFT = 0
    #: may be mailed
    OK = 1
    #: the file can't tell; somebody must
    UNKNOWN = 2
    #: asked to join, has not confirmed, or nobody says that they did
    PENDING = 3
    #: known there, but never asked for mail
    NEVER = 4
    #: left
    UNSUBSCRIBED = 5
    #: switched off there, by themselves or by somebody
    HELD = 6
    #: pressed "spam"
    COMPLAINED = 7
    #: blocked by hand
    BLOCKED = 8
    #: the address is dead
    BOUNCED = 9


#: what a state is called in data
CODES: Mapping[State, str] = {
    State.SOFT: "ok",
    State.OK: "ok",
    State.UNKNOWN: "unknown",
    State.PENDING: "pending",
    State.NEVER: "no",
    State.UNSUBSCRIBED: "unsub",
    State.HELD: "no",
    State.COMPLAINED: "complaint",
    State.BLOCKED: "no",
    State.BOUNCED: "bounce",
}

#: what an operator may say of a file by --as
SAID: Mapping[str, State] = {
    "confirmed": State.OK,
    "pending": State.PENDING,
    "unsubscribed": State.UNSUBSCRIBED,
    "bounced": State.BOUNCED,
    "complained": State.COMPLAINED,
}

#: state → what people read, and what is done
TOLD: Mapping[State, tuple[str, str]] = {
    State.SOFT: ("blocked or bounced for a while", "nothing: it says nothing against the address"),
    State.OK: ("may be mailed", "confirmed"),
    State.UNKNOWN: ("the file does not say", "nothing before you say"),
    State.PENDING: ("not confirmed", "wait for their yes"),
    State.NEVER: ("never asked for mail", "left out"),
    State.UNSUBSCRIBED: ("left", "unsubscribed"),
    State.HELD: ("switched off", "unsubscribed"),
    State.COMPLAINED: ("complained", "suppressed"),
    State.BLOCKED: ("blocked by hand", "suppressed"),
    State.BOUNCED: ("address dead", "suppressed"),
}

_WORDS: Mapping[State, str] = {
    State.OK: """active subscribed subscriber confirmed enabled opted-in opt-in opted_in double_opt_in single_opt_in
        double-opt-in-confirmed double_opt_in_confirmed verified regular premium paid accepted explicit express
        implicit implied engaged angemeldet aktiv aktiviert bestätigt eingetragen abonniert abonné abonnée
        abonnés inscrit inscrite actif confirmé activo activa suscrito suscrita confirmado confirmada iscritto iscritta
        attivo attiva confermato inscrito inscrita ativo ativa assinante geabonneerd aangemeld ingeschreven actief
        bevestigd prenumerant aktivní potwierdzony aktywny подписан активен 有効 購読中""",
    State.PENDING: """pending unconfirmed not-confirmed not_yet_confirmed unactivated unverified not-verified
        awaiting-confirmation pending-confirmation confirmation-pending confirmation_required waiting invited
        opt-in-pending double_opt_in_pending double-opt-in-pending validating needs_attention ausstehend unbestätigt
        nicht-bestätigt wartend en-attente non-confirmé pendiente no-confirmado sin-confirmar in-attesa non-confermato
        pendente não-confirmado in-afwachting niet-bevestigd väntande oczekujący niepotwierdzony ожидает""",
    State.NEVER: """never-subscribed never_subscribed non-subscribed non-subscriber not-subscribed no-consent
        transactional""",
    State.UNSUBSCRIBED: """unsubscribed unsubscribe unsub unsubscribes opted-out opt-out optout opted_out left cancelled
        canceled removed deleted signed-off declined revoked withdrawn do-not-mail do-not-email do-not-contact dnc
        unsubscribed-from-all globally-unsubscribed abgemeldet ausgetragen abbestellt gekündigt gelöscht désabonné
        désabonnée désinscrit désinscrite résilié baja dado-de-baja de-baja cancelado cancelada desuscrito
        no-suscrito anulado disiscritto disiscritta cancellato cancellata annullato descadastrado descadastrada
        não-inscrito uitgeschreven afgemeld opgezegd avregistrerad avmeldt afmeldt wypisany odhlášen отписан
        отписался отписалась 退会 解除 配信停止""",
    State.HELD: """disabled suspended deactivated no-email no-mail nomail held paused on-hold temp-hold off deaktiviert
        désactivé desactivado disattivato desativado uitgeschakeld""",
    State.COMPLAINED: """complained complaint complaints spam spam-complaint spam-report spam-reported spam_complaint
        marked-as-spam reported-spam reported-as-spam abuse abuse-complaint abuse-report complainer junk fbl
        beschwerde plainte queja reclamo spamkrav""",
    State.BLOCKED: """suppressed user-suppressed user_suppressed manual-suppression manual_block manually-suppressed
        manual blacklisted blacklist blocklisted blocklist blocked banned denied gesperrt blockiert bloqué bloquée
        bloqueado bloqueada bloccato bloccata geblokkeerd""",
    State.BOUNCED: """bounced bounce hard-bounce hard-bounced hard_bounce hard-bounces permanent-bounce invalid
        invalid-email invalid_email undeliverable unreachable cleaned dead nonexistent non-existent bad-address
        mailbox-not-found given-up given_up
        unzustellbar ungültig rebondi invalide rebotado rebote inválido rimbalzato""",
    State.SOFT: "soft-bounce soft-bounced soft_bounce soft-bounces temporary-bounce",
}

#: so many different cells are looked at one by one, of at most so many letters
_FEW, _SHORT = 500, 200

#: squashed word → the state it says, whoever says it; words that systems disagree on ("inactive") are missing
WORDS: Mapping[str, State] = {squash(word): state for state, words in _WORDS.items() for word in words.split()}

#: words of services that try addresses: they say nothing of anybody's consent
NEUTRAL = frozenset({"valid", "deliverable", "catchall", "acceptall", "risky", "unknown"})

#: the words that speak of a state whatever the column is called
STRONG = frozenset(
    word
    for word, state in WORDS.items()
    if state > State.UNKNOWN and word not in {"left", "off", "dead", "invited", "waiting", "manual", "transactional"}
) | {"subscribed", "optedin", "doubleoptin"}
#: the same as people write them, for columns whose cells are too many to be looked at one by one
_WRITTEN = frozenset(
    form
    for words in _WORDS.values()
    for word in words.split()
    if squash(word) in STRONG
    for form in (word, word.replace("-", " "), word.replace("_", " "), word.replace("-", "_"))
)


def speaks(cells: Collection[str]) -> str:
    """The first of *cells*, in order, that says how somebody stands, alone or in a list of words; empty for none."""
    if len(cells) > _FEW:
        return min((cell for cell in cells if cell.strip().casefold() in _WRITTEN), default="")
    lists = {cell: re.split(r"[,;|\"]+", cell) for cell in cells if len(cell) < _SHORT}
    return min((cell for cell, words in lists.items() if not STRONG.isdisjoint(map(squash, words))), default="")


YES = frozenset(
    map(
        squash,
        [
            "yes",
            "y",
            "true",
            "t",
            "1",
            "on",
            "ja",
            "oui",
            "si",
            "sí",
            "sim",
            "x",
            "wahr",
            "vrai",
            "verdadero",
            "vero",
            "tak",
            "да",
            "tosi",
            "ok",
            "checked",
        ],
    )
) - {""}
NO = frozenset(
    map(
        squash,
        [
            "no",
            "n",
            "false",
            "f",
            "0",
            "off",
            "nein",
            "non",
            "nee",
            "não",
            "falsch",
            "faux",
            "falso",
            "nie",
            "нет",
            "epätosi",
            "never",
            "unchecked",
        ],
    )
) | {""}
