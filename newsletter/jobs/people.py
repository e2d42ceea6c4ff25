"""What is done to one reader, at any door: by the rules of subscribers/, and noted in the audit log by number alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.jobs import access, inviting
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from subscribers import details, preferences, roll, suppressions
from subscribers.errors import BadDetail, NoSuchSubscriber
from subscribers.models import Consent, Subscriber, SuppressionReason

#: what the audit log calls an address that is nobody's here
_NOBODY = "an address of nobody here"


def add(
    session: Session,
    email: str,
    *,
    name: str = "",
    language: str = "",
    time_zone: str = "",
    lists: Sequence[str] = (),
    confirmed_by: str = "",
    again: bool = False,
    by: Doer,
    now: datetime,
) -> Subscriber:
    """Put somebody on *lists*: as confirmed where *confirmed_by* says where their yes is on record, else to be asked.

    *again*: they had left, and ask to come back. Raises as `roll.add` does.
    """
    source = confirmed_by.strip() or by.door
    consent = Consent.CONFIRMED if confirmed_by.strip() else Consent.PENDING
    person = roll.add(
        session, email, name=name, language=language, time_zone=time_zone, lists=lists, consent=consent,
        source=source, now=now,
    )  # fmt: skip
    if again:
        roll.rejoin(session, person.id, lists, source=source, now=now)
    acts.note(session, by, "added a reader", _called(person), now=now, lists=", ".join(lists), consent=consent.value)
    return person


def change(
    session: Session,
    app: App,
    person: Subscriber,
    *,
    name: str | None = None,
    chosen: Mapping[str, Any],
    by: Doer,
    now: datetime,
) -> None:
    """Give *person* another name, or other choices, by the names that `Preferences` has. Raises BadDetail."""
    if name is not None:
        person.name = details.name(name)
    if chosen:
        zones = {one.time_zone for one in app.settings.newsletters.values()} or {"UTC"}
        today = min(now.astimezone(ZoneInfo(zone)).date() for zone in zones)
        preferences.save(session, person.id, replace(preferences.of(session, person), **chosen), today=today)
    changed = [*(["name"] if name is not None else []), *sorted(chosen)]
    if changed:
        acts.note(session, by, "changed a reader", _called(person), now=now, changed=", ".join(changed))


def suppress(app: App, email: str, *, reason: SuppressionReason, note: str = "", by: Doer, now: datetime) -> bool:
    """Never mail *email* again; False where that was so. Raises as `roll.suppress` does."""
    with app.database.write() as session:
        changed = roll.suppress(session, email, reason=reason, note=note, now=now)
        person = roll.find(session, email)
        if changed:
            acts.note(session, by, "suppressed an address", _called(person), now=now, reason=reason.value)
    return changed


def lift(app: App, email: str, *, why: str, despite_complaint: bool = False, by: Doer, now: datetime) -> bool:
    """Allow mail to *email* again; False where nothing stood against it. Raises as `suppressions.lift` does."""
    with app.database.write() as session:
        person = roll.find(session, email)
        changed = suppressions.lift(session, email, why=why, despite_complaint=despite_complaint, now=now)
        if changed:
            acts.note(session, by, "lifted a suppression", _called(person), now=now)
    return changed


def unsubscribe(app: App, number: int, lists: Sequence[str] | None = None, *, by: Doer, now: datetime) -> int:
    """Take reader *number* off *lists*, or off all; how many that were."""
    with app.database.write() as session:
        changed = roll.unsubscribe(session, number, lists, source=f"{by.door}, by {by.who}"[:64], now=now)
        if changed:
            what = ", ".join(lists) if lists else "all lists"
            acts.note(session, by, "unsubscribed a reader", f"reader {number}", now=now, left=what)
    return changed


def ask_back(app: App, number: int, lists: Sequence[str], *, by: Doer, clock: Callable[[], datetime]) -> str:
    """Who left asks to come back to *lists*: a letter goes out for their yes, and nothing else before it.

    Why it did not go out; empty where it did. Raises BadDetail where they have left none of them.
    """
    with app.database.write() as session:
        source = f"{by.door}, by {by.who}"[:64]
        if not roll.rejoin(session, number, lists, source=source, now=clock()):
            raise BadDetail("they have left none of these lists")
        acts.note(session, by, "asked a reader back", f"reader {number}", now=clock(), lists=", ".join(lists))
    return next(inviting.invite(app, [number], lists=lists, again=True, clock=clock)).reason


def erase(app: App, number: int, *, by: Doer, now: datetime) -> bool:
    """Forget reader *number* for good; False where nobody has it."""
    with app.database.write() as session:
        erased = roll.erase(session, number, now=now)
        if erased:
            acts.note(session, by, "erased a reader", f"reader {number}", now=now)
    return erased


def everything(app: App, number: int, *, by: Doer, now: datetime) -> dict[str, Any]:
    """All that is held about reader *number*, to be handed out; raises NoSuchSubscriber."""
    with app.database.write() as session:
        person = session.get(Subscriber, number)
        if person is None:
            raise NoSuchSubscriber(f"there is no reader {number} any more")
        acts.note(session, by, "handed out what is held of a reader", f"reader {number}", now=now)
        return access.everything(session, person)


def _called(person: Subscriber | None) -> str:
    return f"reader {person.id}" if person else _NOBODY
