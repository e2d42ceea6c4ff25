"""The roll: who is on which list, and what each change leaves behind."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import audience, roll, suppressions
from subscribers.errors import BadAddress, BadDetail, NoSuchList, NoSuchSubscriber
from subscribers.models import Consent, ConsentEvent, Subscriber, Suppression, SuppressionReason
from tests.factories import LONG_AGO, a_list, a_subscriber


def _mailed(session: Session, *lists: str) -> list[int]:
    return sorted(session.scalars(audience.audience(lists or ("weekly",))))


def _history(session: Session, subscriber_id: int) -> list[tuple[Consent, str]]:
    query = select(ConsentEvent.consent, ConsentEvent.source).where(ConsentEvent.subscriber_id == subscriber_id)
    return [(consent, source) for consent, source in session.execute(query.order_by(ConsentEvent.id))]


def test_nobody_gets_mail_before_they_confirm(session: Session, now: datetime) -> None:
    a_list(session)
    roll.add(session, "ada@example.com", lists=["weekly"], source="sign-up", now=now)
    assert _mailed(session) == []


def test_who_confirms_gets_mail(session: Session, now: datetime) -> None:
    a_list(session)
    ada = roll.add(session, "ada@example.com", lists=["weekly"], source="sign-up", now=now)
    roll.confirm(session, ada.id, "weekly", source="confirmation link", now=now)
    assert _mailed(session) == [ada.id]


def test_every_change_of_consent_is_remembered_with_its_way(session: Session, now: datetime) -> None:
    a_list(session)
    ada = roll.add(session, "ada@example.com", lists=["weekly"], source="sign-up", now=now)
    roll.confirm(session, ada.id, source="confirmation link", now=now)
    roll.unsubscribe(session, ada.id, source="one-click", now=now)
    assert _history(session, ada.id) == [
        (Consent.PENDING, "sign-up"),
        (Consent.CONFIRMED, "confirmation link"),
        (Consent.UNSUBSCRIBED, "one-click"),
    ]


def test_a_yes_on_record_elsewhere_needs_its_evidence(session: Session, now: datetime) -> None:
    a_list(session)
    with pytest.raises(ValueError, match="without evidence"):
        roll.add(session, "ada@example.com", lists=["weekly"], consent=Consent.CONFIRMED, source=" ", now=now)


def test_a_yes_on_record_elsewhere_confirms(session: Session, now: datetime) -> None:
    a_list(session)
    ada = roll.add(
        session, "ada@example.com", lists=["weekly"], consent=Consent.CONFIRMED, source="paper form 12", now=now
    )
    assert _mailed(session) == [ada.id]


def test_evidence_that_can_not_be_kept_whole_is_refused(session: Session, now: datetime) -> None:
    a_list(session)
    with pytest.raises(BadDetail, match="64 letters fit"):
        roll.add(session, "ada@example.com", lists=["weekly"], source="x" * 65, now=now)


def test_a_suppression_keeps_whatever_words_a_provider_sends(session: Session, now: datetime) -> None:
    a_subscriber(session)
    roll.suppress(session, "ada@example.com", reason=SuppressionReason.HARD_BOUNCE, note="550\0 gone", now=now)
    assert session.scalars(select(Suppression.note)).one() == "550 gone"


def test_an_address_is_one_person_whatever_its_case(session: Session, now: datetime) -> None:
    first = roll.add(session, "Ada@Example.com", source="sign-up", now=now)
    second = roll.add(session, "ADA@example.COM", source="sign-up", now=now)
    assert (first.id, second.email) == (second.id, "Ada@example.com")


def test_adding_again_fills_in_what_was_missing_and_replaces_nothing(session: Session, now: datetime) -> None:
    roll.add(session, "ada@example.com", name="Ada", source="sign-up", now=now)
    ada = roll.add(session, "ada@example.com", name="Eve", language="en", source="sign-up", now=now)
    assert (ada.name, ada.language) == ("Ada", "en")


def test_adding_again_adds_the_missing_lists(session: Session, now: datetime) -> None:
    a_list(session, "retail-tech")
    ada = a_subscriber(session)
    roll.add(session, ada.email, lists=["weekly", "retail-tech"], source="sign-up", now=now)
    assert roll.subscriptions(session, ada.id) == {"retail-tech": Consent.PENDING, "weekly": Consent.CONFIRMED}


@pytest.mark.parametrize("consent", [Consent.PENDING, Consent.CONFIRMED])
def test_adding_never_brings_back_somebody_who_left(session: Session, now: datetime, consent: Consent) -> None:
    ada = a_subscriber(session, consent=Consent.UNSUBSCRIBED)
    roll.add(session, ada.email, lists=["weekly"], consent=consent, source="csv import", now=now)
    assert roll.subscriptions(session, ada.id) == {"weekly": Consent.UNSUBSCRIBED}


def test_adding_to_a_list_that_is_not_there_names_those_that_are(session: Session, now: datetime) -> None:
    a_list(session)
    with pytest.raises(NoSuchList, match="there is no list 'daily': there are weekly"):
        roll.add(session, "ada@example.com", lists=["daily"], source="sign-up", now=now)


def test_a_bad_address_is_not_added(session: Session, now: datetime) -> None:
    with pytest.raises(BadAddress):
        roll.add(session, "ada@", source="sign-up", now=now)


def test_confirming_without_a_list_confirms_all_that_waits(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech", consent=Consent.PENDING)
    assert roll.confirm(session, ada.id, source="confirmation link", now=now) == 2


def test_an_old_confirmation_link_does_not_bring_back_somebody_who_left(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, consent=Consent.UNSUBSCRIBED)
    roll.confirm(session, ada.id, "weekly", source="confirmation link", now=now)
    assert _mailed(session) == []


def test_who_left_comes_back_by_asking_and_confirming_anew(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, consent=Consent.UNSUBSCRIBED)
    roll.rejoin(session, ada.id, ["weekly"], source="sign-up", now=now)
    roll.confirm(session, ada.id, "weekly", source="confirmation link", now=now)
    assert _mailed(session) == [ada.id]


def test_leaving_one_list_leaves_the_other(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    roll.unsubscribe(session, ada.id, ["weekly"], source="one-click", now=now)
    assert roll.subscriptions(session, ada.id) == {"retail-tech": Consent.CONFIRMED, "weekly": Consent.UNSUBSCRIBED}


def test_leaving_twice_is_leaving_once(session: Session, now: datetime) -> None:
    ada = a_subscriber(session)
    moved = [roll.unsubscribe(session, ada.id, source="one-click", now=now) for _ in range(2)]
    assert (moved, len(_history(session, ada.id))) == ([1, 0], 1)


def test_nobody_can_leave_who_was_never_here(session: Session, now: datetime) -> None:
    assert roll.unsubscribe(session, 404, source="one-click", now=now) == 0


def test_a_suppressed_address_gets_nothing_on_any_list(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    roll.suppress(session, "ADA@example.com", reason=SuppressionReason.COMPLAINT, now=now)
    assert _mailed(session, "weekly", "retail-tech") == []
    assert ada.id


def test_the_first_suppression_is_kept(session: Session, now: datetime) -> None:
    a_subscriber(session)
    roll.suppress(session, "ada@example.com", reason=SuppressionReason.HARD_BOUNCE, note="550 no such user", now=now)
    later = now + timedelta(days=1)
    again = roll.suppress(session, "Ada@example.com", reason=SuppressionReason.MANUAL, note="x", now=later)
    kept = session.scalars(select(Suppression)).one()
    assert (again, kept.reason, kept.note, kept.at) == (False, SuppressionReason.HARD_BOUNCE, "550 no such user", now)


def test_an_address_may_be_suppressed_that_is_nobodys(session: Session, now: datetime) -> None:
    assert roll.suppress(session, "stranger@example.com", reason=SuppressionReason.MANUAL, now=now)


def test_what_is_no_address_can_not_be_suppressed(session: Session, now: datetime) -> None:
    with pytest.raises(BadAddress):
        roll.suppress(session, "everybody", reason=SuppressionReason.MANUAL, now=now)


def test_who_is_unsuppressed_gets_mail_again(session: Session, now: datetime) -> None:
    ada = a_subscriber(session)
    roll.suppress(session, ada.email, reason=SuppressionReason.MANUAL, now=now)
    assert [suppressions.lift(session, "ADA@example.com", why="it works again", now=now) for _ in range(2)] == [
        True,
        False,
    ]
    assert _mailed(session) == [ada.id]


def test_people_are_found_in_whatever_case(session: Session) -> None:
    ada = a_subscriber(session)
    assert roll.find(session, " ADA@Example.com ") == ada


def test_asking_for_a_stranger_says_so(session: Session) -> None:
    with pytest.raises(NoSuchSubscriber, match="nobody here has the address eve@"):
        roll.get(session, "eve@example.com")


def test_a_list_shows_who_is_confirmed_on_it(session: Session) -> None:
    ada = a_subscriber(session)
    a_subscriber(session, "ben@example.com", consent=Consent.PENDING)
    a_subscriber(session, "cy@example.com", "retail-tech")
    assert list(roll.on_list(session, "weekly")) == [ada]


def test_a_list_is_made_once(session: Session, now: datetime) -> None:
    made = [roll.create_list(session, "retail-tech", title=title, now=now) for title in ("", "Another")]
    assert [on.title for on in made] == ["Retail tech", "Retail tech"]


def test_lists_are_counted(session: Session) -> None:
    a_subscriber(session)
    a_subscriber(session, "ben@example.com", consent=Consent.PENDING)
    a_list(session, "empty")
    assert roll.lists(session) == [
        roll.ListCount("empty", "Empty", confirmed=0, pending=0, unsubscribed=0),
        roll.ListCount("weekly", "Weekly", confirmed=1, pending=1, unsubscribed=0),
    ]


def test_erasing_leaves_nothing_of_a_person(session: Session) -> None:
    ada = a_subscriber(session)
    roll.erase(session, ada.id, now=LONG_AGO)
    assert session.scalar(select(func.count()).select_from(Subscriber)) == 0
    assert _history(session, ada.id) == []


def test_an_erased_person_stays_suppressed_but_nothing_is_said_of_them(session: Session, now: datetime) -> None:
    ada = a_subscriber(session)
    roll.suppress(session, ada.email, reason=SuppressionReason.COMPLAINT, note="Ada wrote in", now=now)
    roll.erase(session, ada.id, now=LONG_AGO)
    roll.add(session, ada.email, lists=["weekly"], consent=Consent.CONFIRMED, source="csv import", now=now)
    assert (_mailed(session), session.scalars(select(Suppression.note)).all()) == ([], ["erased"])


def test_erasing_twice_is_erasing_once(session: Session) -> None:
    ada = a_subscriber(session)
    assert [roll.erase(session, ada.id, now=LONG_AGO) for _ in range(2)] == [True, False]


def test_an_erased_persons_id_is_nobodys_ever_after(database: Database, now: datetime) -> None:
    with database.write() as session:
        erased = roll.add(session, "ada@example.com", source="sign-up", now=now).id
        roll.erase(session, erased, now=LONG_AGO)
    with database.write() as session:
        assert roll.add(session, "ben@example.com", source="sign-up", now=now).id != erased
