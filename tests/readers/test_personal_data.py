"""Names and addresses are in subscribers/ and nowhere else; what is said of a person, and what is forgotten."""

from datetime import datetime

import httpx
import pytest
from sqlalchemy import select, text

from newsletter import schema
from newsletter.app import App
from newsletter.jobs import access, correspondence
from subscribers import preferences, roll, strangers
from subscribers.errors import NoSuchSubscriber
from subscribers.models import Barred, Model, Rhythm, Subscriber, SuppressionReason
from subscribers.preferences import Preferences
from tests.factories import a_subscriber
from tests.readers.conftest import Clock, Mailbox, World

EVA, NAME = "eva.mustermann@personal.example", "Zerlina Quux"
#: columns whose name sounds personal and is not a reader's: staff, newsletters, servers, and what machines say
_INNOCENT = {
    *("staff_user.email", "staff_user.email_key", "staff_user.name"),
    *("clock_reading.name", "edition.sponsor_name", "heartbeat.name", "sending_act.recipients", "source.name"),
    *("install.name", "process.name", "template_version.name", "picture.name", "edition_wording.name"),
    "staff_api_token.name",
}
_SOUNDS_PERSONAL = ("email", "mail", "address", "name", "phone", "recipient", "reader")


def _elsewhere() -> list[str]:
    """Tables of every room but the one for people."""
    classes = (mapper.class_ for mapper in Model.registry.mappers)
    own = {kind.__tablename__ for kind in classes if kind.__module__.startswith("subscribers.")}
    return sorted(set(schema.metadata.tables) - own)


def test_no_column_outside_subscribers_is_meant_for_a_name_or_an_address() -> None:
    suspects = {
        f"{table}.{column.name}"
        for table in _elsewhere()
        for column in schema.metadata.tables[table].columns
        if any(sound in column.name for sound in _SOUNDS_PERSONAL)
    }
    assert suspects <= _INNOCENT


def test_a_reader_who_did_everything_is_named_in_no_other_table_and_no_log(
    app: App, world: World, site: httpx.Client, clock: Clock, mailbox: Mailbox, capfd: pytest.CaptureFixture[str]
) -> None:
    site.post("/api/subscriptions", json={"email": EVA, "name": NAME})
    site.post(mailbox.link(EVA, "c"))
    with app.database.read() as session:
        eva = roll.get(session, EVA).id
    site.post(f"/p/{world.token}", data={"form": "preferences", "rhythm": "monthly"})
    site.post(f"/u/{world.token}")
    for _ in range(40):
        site.post("/api/subscriptions", json={"email": EVA})
    with app.database.write() as session:
        roll.suppress(session, EVA, reason=SuppressionReason.COMPLAINT, note=f"<{EVA}> said no", now=clock())
    correspondence.answer(app, clock=clock)
    said = "".join(capfd.readouterr())
    with app.database.read() as session:
        kept = "".join(str(session.execute(text(f'SELECT * FROM "{table}"')).all()) for table in _elsewhere())
    assert (eva > 0, EVA in kept, NAME in kept, EVA in said, NAME in said) == (True, False, False, False, False)


def test_one_person_is_told_in_order_with_a_sentence_for_each(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post("/api/subscriptions", json={"email": EVA, "form": "shop"})
    clock.wait(hours=1)
    site.post(mailbox.link(EVA, "c"))
    clock.wait(days=1)
    with app.database.write() as session:
        roll.suppress(session, EVA, reason=SuppressionReason.HARD_BOUNCE, note="550 5.1.1 no such user", now=clock())
        told = access.biography(session, EVA)
    assert (told.stands, [moment.kind for moment in told.moments], told.moments[-1].sentence) == (
        (
            "is on weekly",
            "no mail goes out: the address does not exist; newsletter subscribers unsuppress --why … lifts it",
        ),
        ["sign-up", "person", "consent", "consent", "suppression"],
        "must not be mailed any more: the address does not exist, in their words: 550 5.1.1 no such user",
    )


def test_choices_are_told(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        person = a_subscriber(session, EVA)
        wish = Preferences(Rhythm.MONTHLY, plain_text=True, topics=frozenset({"payments"}))
        preferences.save(session, person.id, wish, today=now.date())
        session.refresh(person)
        assert access.biography(session, EVA).stands == (
            "is on weekly",
            "wants the first edition of each month only",
            "gets plain text only",
            "cares about payments",
        )


def test_of_whom_nothing_is_known_is_said_so(app: App) -> None:
    with app.database.read() as session, pytest.raises(NoSuchSubscriber, match="nothing is known here"):
        access.biography(session, EVA)


def test_erasure_leaves_a_hash_that_says_why_and_how_to_come_back(app: App, now: datetime) -> None:
    with app.database.write() as session:
        roll.erase(session, a_subscriber(session, EVA).id, now=now)
        told = access.biography(session, EVA)
        barred = strangers.barred(session, [EVA])
    assert (barred, "on purpose" in told.stands[0]) == ({EVA: Barred.ERASED}, True)


def test_erasure_takes_requests_and_wishes_with_it(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post("/api/subscriptions", json={"email": EVA, "name": NAME})
    site.post(mailbox.link(EVA, "c"))
    with app.database.write() as session:
        roll.erase(session, roll.get(session, EVA).id, now=clock())
    with app.database.read() as session:
        people = set(schema.metadata.tables) - {"stranger"}
        kept = "".join(str(session.execute(text(f'SELECT * FROM "{table}"')).all()) for table in sorted(people))
    assert (EVA in kept, NAME in kept) == (False, False)


def test_who_was_erased_is_brought_back_on_purpose(app: App, now: datetime) -> None:
    with app.database.write() as session:
        roll.erase(session, a_subscriber(session, EVA).id, now=now)
        roll.add(session, EVA, lists=["weekly"], source="asked on the phone", now=now)
    with app.database.read() as session:
        assert session.scalars(select(Subscriber.email)).all() == [EVA]
