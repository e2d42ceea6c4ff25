"""Two hundred readers of the demo: made up, the same every time, and standing in every way one can stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.models import Consent, SuppressionReason

LISTS = ("weekly", "retail-tech")
_HOW_MANY = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """How the two hundred stand with both lists; *audience* is who must get an edition of both, once each."""

    people: int
    #: confirmed on at least one list, and not suppressed
    audience: int
    #: of these, confirmed on both
    on_both: int
    #: on no list but waiting to confirm
    pending: int
    #: left every list they were on
    unsubscribed: int
    #: confirmed, but never to be mailed
    suppressed: int


@dataclass(frozen=True, slots=True)
class _Tongue:
    language: str
    time_zone: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    #: how a name is put together
    order: str = "{given} {family}"


_TONGUES = (
    _Tongue("en", "Europe/London", ("Imogen", "Callum", "Siobhán", "Zoë"), ("O'Dwyer", "Ashworth", "Nwosu", "D'Arcy")),
    _Tongue("de", "Europe/Berlin", ("Jörg", "Käthe", "Anneliese", "Björn"), ("Weißmann", "Großkopf", "Kühn", "Thoß")),
    _Tongue("fr", "Europe/Paris", ("Élodie", "Chloé", "Gaël", "François"), ("L'Hermitte", "Béranger", "Noël", "Cœur")),
    _Tongue("zh", "Asia/Shanghai", ("雨桐", "浩然", "静怡", "子轩"), ("李", "欧阳", "陈", "赵"), "{family}{given}"),
    _Tongue("ar", "Asia/Dubai", ("ليلى", "يوسف", "نور", "سامي"), ("حداد", "الخطيب", "منصور", "نجار")),
    _Tongue("es", "America/Mexico_City", ("Íñigo", "Begoña", "Ximena", "Raúl"), ("Núñez", "Peña", "Güell", "Ibáñez")),
    _Tongue("pl", "Europe/Warsaw", ("Łucja", "Zbigniew", "Żaneta", "Stanisław"), ("Śliwa", "Wójcik", "Źrebiec", "Dąb")),
    _Tongue("el", "Europe/Athens", ("Ελένη", "Νίκος", "Δάφνη", "Ορέστης"), ("Παππάς", "Μυλωνά", "Ξένος", "Ράλλης")),
    _Tongue("ja", "Asia/Tokyo", ("さくら", "健太", "美咲", "涼"), ("高橋", "渡辺", "林", "森"), "{family} {given}"),
    _Tongue("en-US", "America/Chicago", ("Marisol", "DeShawn", "Wren", "Otis"), ("Tran-Hall", "Ruiz", "Obi", "McCabe")),
    # language and time zone unknown, as after an import of bare addresses
    _Tongue("", "", ("Noor", "Sam", "Robin", "Kim"), ("van 't Hof", "de Wit", "Ito", "Stone")),
    _Tongue("", "", ("", "", "", ""), ("", "", "", ""), ""),
    _Tongue("it", "Europe/Rome", ("Nicolò", "Beatrice", "Pierluigi", "Letizia"), ("Dell'Orto", "Cantù", "Forlì", "Po")),
)


def fill(session: Session, now: datetime) -> Counts:
    """Put the two hundred and their lists into an empty roll."""
    for slug, title in zip(LISTS, ("The Friday Five", "Retail technology"), strict=True):
        roll.create_list(session, slug, title=title, now=now)
    counts = dict.fromkeys(("audience", "on_both", "pending", "unsubscribed", "suppressed"), 0)
    for number, (name, language, time_zone) in enumerate(_names()):
        lists = _lists(number)
        stands = _stands(number)
        person = roll.add(
            session,
            f"reader{number + 1:03}@example.{('com', 'org', 'net')[number % 3]}",
            name=name,
            language=language,
            time_zone=time_zone,
            lists=lists,
            consent=Consent.PENDING if stands == "pending" else Consent.CONFIRMED,
            source="demo sign-up",
            now=now,
        )
        if stands == "unsubscribed":
            roll.unsubscribe(session, person.id, source="one-click", now=now)
        if stands == "suppressed":
            reason = list(SuppressionReason)[number // 25 % len(SuppressionReason)]
            roll.suppress(session, person.email, reason=reason, note="before the demo began", now=now)
        if stands == "left one":
            roll.unsubscribe(session, person.id, LISTS[:1], source="preferences page", now=now)
        counts["audience" if stands in {"confirmed", "left one"} else stands] += 1
        counts["on_both"] += stands == "confirmed" and len(lists) == 2
    return Counts(people=_HOW_MANY, **counts)


def _lists(number: int) -> tuple[str, ...]:
    """Half are on "weekly" alone, a quarter on "retail-tech" alone, a quarter on both."""
    return (LISTS, LISTS[:1], LISTS[:1], LISTS[1:])[number % 4]


def _stands(number: int) -> str:
    if number % 100 == 8:
        return "left one"  # of two lists: stays in the audience by the other
    return {3: "pending", 11: "unsubscribed", 19: "suppressed"}.get(number % 25, "confirmed")


def _names() -> Iterator[tuple[str, str, str]]:
    """Name, language and time zone of each, neighbours of different tongues."""
    yield "Marchetti, Dr. Paola", "it", "Europe/Rome"
    combinations = product(range(4), range(4), _TONGUES)
    for _, (shift, place, tongue) in zip(range(_HOW_MANY - 1), combinations, strict=False):
        name = tongue.order.format(given=tongue.given[place], family=tongue.family[(place + shift) % 4])
        yield name, tongue.language, tongue.time_zone
