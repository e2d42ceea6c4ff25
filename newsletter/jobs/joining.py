"""Joining: a request from a form, counted and kept, and the yes that comes by a signed link."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.config import SignUp
from newsletter.jobs.invitations import Invitation, Whose
from subscribers import doorway, roll, signing_up
from subscribers.doorway import Allowance
from subscribers.models import Consent, List, Subscriber
from subscribers.signing_up import Request

log = logs.get_logger(__name__)

_HOUR, _DAY = 3600, 24 * 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to, which never says whether the address is known."""

    #: the sign-up that a letter is to answer; None where none will
    sign_up: int | None = None
    #: seconds after which the same network may ask again; 0 where it was not turned away
    wait: float = 0.0


def ask(app: App, request: Request, *, now: datetime) -> Answer:
    """Keep a request, unless its network or its address has asked too often.

    Raises BadAddress, BadDetail or NoSuchList where it can't be understood. Too many requests for one
    address are passed over in silence, for their number may be no news to a stranger.
    """
    request = signing_up.checked(request)
    with app.database.write() as session:
        wait = doorway.knock(session, _doors(app, request), now=now)
    if not app.settings.sign_up.keep_address_days:
        request = replace(request, given_from="")
    if wait:
        log.warning("sign_up.limited", newsletter=request.newsletter, seconds=round(wait))
        return Answer(wait=wait)
    with app.database.write() as session:
        if doorway.knock(session, _address_door(app, request), now=now):
            log.warning("sign_up.repeated", newsletter=request.newsletter)
            return Answer()
        return Answer(signing_up.ask(session, request, now=now))


def confirm(app: App, invitation: Invitation, *, given_from: str = "", now: datetime) -> signing_up.Joined:
    """The person said yes; again does no harm, and an old link does not bring back who has left since."""
    if not app.settings.sign_up.keep_address_days:
        given_from = ""
    with app.database.write() as session:
        if invitation.whose is Whose.SIGN_UP:
            return signing_up.confirm(
                session, invitation.number, invitation.lists, asked_at=invitation.asked_at, given_from=given_from,
                now=now,
            )  # fmt: skip
        return _confirm_person(session, invitation, now=now)


def titles(session: Session, invitation: Invitation) -> list[str]:
    """The titles of the lists that *invitation* is still about; empty where it is about nobody here any more."""
    known = (
        signing_up.get(session, invitation.number)
        if invitation.whose is Whose.SIGN_UP
        else session.get(Subscriber, invitation.number)
    )
    return list_titles(session, invitation.lists) if known else []


def list_titles(session: Session, slugs: Sequence[str]) -> list[str]:
    """What the lists *slugs* are called, in the order of their titles."""
    return list(session.scalars(select(List.title).where(List.slug.in_(slugs)).order_by(List.title)))


def titles_by_slug(session: Session, slugs: Sequence[str]) -> dict[str, str]:
    """Slug → title of each of the lists *slugs*, in their order; one that is not there yet is called by its slug."""
    known = dict(session.execute(select(List.slug, List.title).where(List.slug.in_(slugs))).all())
    return {slug: known.get(slug, slug) for slug in slugs}


def language(session: Session, invitation: Invitation) -> str:
    """The language of whoever was invited, or empty where that is not known."""
    if invitation.whose is Whose.PERSON:
        person = session.get(Subscriber, invitation.number)
        return person.language if person else ""
    sign_up = signing_up.get(session, invitation.number)
    return (sign_up.language or sign_up.page_language) if sign_up else ""


def sweep(session: Session, rules: SignUp, *, now: datetime) -> int:
    """Forget what nobody said yes to, network addresses whose time is over, and buckets that are full again."""
    doorway.forget(session, now=now)
    networks_before = now - timedelta(days=rules.keep_address_days)
    return signing_up.forget(session, unconfirmed_before=now - signing_up.PATIENCE, networks_before=networks_before)


def _confirm_person(session: Session, invitation: Invitation, *, now: datetime) -> signing_up.Joined:
    standing = roll.subscriptions(session, invitation.number)
    asked = [slug for slug in invitation.lists if slug in standing]
    for slug in asked:
        roll.confirm(session, invitation.number, slug, source=signing_up.CONFIRMED_BY, now=now)
    standing = roll.subscriptions(session, invitation.number)
    joined = tuple(slug for slug in asked if standing[slug] is Consent.CONFIRMED)
    return signing_up.Joined(invitation.number if asked else None, joined)


def _doors(app: App, request: Request) -> dict[str, Allowance]:
    rules, secret = app.settings.sign_up, app.settings.secret.get_secret_value()
    doors = {doorway.key(secret, "everybody", "sign-up"): Allowance(rules.per_hour, _HOUR)}
    if request.given_from:
        doors[doorway.key_of_network(secret, request.given_from)] = Allowance(rules.per_network_hour, _HOUR)
    return doors


def _address_door(app: App, request: Request) -> dict[str, Allowance]:
    rules, secret = app.settings.sign_up, app.settings.secret.get_secret_value()
    return {doorway.key_of_address(secret, request.email): Allowance(rules.per_address_day, _DAY)}
