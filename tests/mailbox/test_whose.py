"""Whose copy a letter is about: what is signed counts, and what anybody could have written counts for less."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Bounces
from newsletter.rendering import links
from newsletter.tracking.models import Event, Returned
from subscribers import readdressing, roll
from subscribers.models import AddressChange, Consent, Subscriber, Suppression
from tests import factories
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import bounce, note, vacation

SECRET = "a secret for tests"
ADA, EVE = "ada@readers.example", "eve@readers.example"


@pytest.fixture
def reader(of_files: Reader) -> Reader:
    """With Ada and Eve on the list, who each had a copy of one edition."""
    with of_files.app.database.write() as session:
        factories.a_subscriber(session, ADA)
        factories.a_subscriber(session, EVE)
        factories.an_edition(session)
    return of_files


def token(reader: Reader, email: str) -> str:
    """The mark of their copy's return address."""
    with reader.app.database.read() as session:
        return links.return_mark(SECRET, 1, roll.get(session, email).id)


def taken(reader: Reader, raw: bytes) -> Returned:
    """The verdict on one letter."""
    folder = reader.app.settings.mailbox.maildir
    assert folder is not None
    (folder / "new" / "1.a.host").write_bytes(raw)
    reader.collect()
    return reader.knows()[-1]


def suppressed(reader: Reader) -> list[str]:
    """Who is not mailed any more."""
    with reader.app.database.read() as session:
        return list(session.scalars(select(Suppression.email_key).order_by(Suppression.email_key)))


def with_return_addresses(reader: Reader) -> None:
    """Copies go out by SMTP, each under an address of its own."""
    settings = reader.app.settings.model_copy(
        update={"sender": "smtp", "bounces": Bounces(address="bounces@news.example.com")}
    )
    reader.app = App(settings, reader.app.database)


def test_a_letter_to_the_copys_own_return_address_is_about_that_copy_whatever_it_says(reader: Reader) -> None:
    raw = bounce(1, to=f"bounces+{token(reader, ADA)}@news.example.com", address=EVE)
    verdict = taken(reader, raw)
    assert (verdict.known_by, verdict.edition_id, suppressed(reader)) == ("token", 1, [ADA])


def test_a_letter_with_the_copys_message_id_is_about_that_copy(reader: Reader) -> None:
    with reader.app.database.read() as session:
        message_id = links.message_id(SECRET, 1, roll.get(session, ADA).id, "news.example.com")
    verdict = taken(reader, bounce(1, message_id=message_id, address="forwarded@elsewhere.example"))
    assert (verdict.known_by, verdict.edition_id, suppressed(reader)) == ("message id", 1, [ADA])


def test_a_mark_that_was_not_made_here_proves_nothing(reader: Reader) -> None:
    mark = token(reader, ADA)
    forged = mark[:-1] + ("a" if mark[-1] != "a" else "b")
    verdict = taken(reader, bounce(1, to=f"bounces+{forged}@news.example.com", address="nobody@elsewhere.example"))
    assert (verdict.known_by, verdict.subscriber_id, verdict.lesson, suppressed(reader)) == ("", None, "none", [])


def test_an_address_alone_is_believed_where_copies_have_no_return_address_of_their_own(reader: Reader) -> None:
    verdict = taken(reader, bounce(1, address=ADA))
    assert (verdict.known_by, verdict.is_odd, suppressed(reader)) == ("address", False, [ADA])


def test_an_address_alone_is_for_a_person_to_look_at_where_they_have(reader: Reader) -> None:
    with_return_addresses(reader)
    verdict = taken(reader, bounce(1, address=ADA))
    with reader.app.database.read() as session:
        ours = list(session.scalars(select(Event.is_ours)))
    assert (verdict.known_by, verdict.lesson, verdict.is_odd, suppressed(reader), ours) == (
        "address", "none", True, [], [False],
    )  # fmt: skip


def test_who_has_moved_does_not_suffer_for_the_address_they_left(reader: Reader) -> None:
    raw = bounce(1, to=f"bounces+{token(reader, ADA)}@news.example.com", address=ADA)
    with reader.app.database.write() as session:
        ada = roll.get(session, ADA)
        change = readdressing.ask(session, ada, "ada@new.example", newsletter="friday", now=reader.now)
        readdressing.move(session, change, ada.id, now=reader.now)
    verdict = taken(reader, raw)
    with reader.app.database.read() as session:
        changed = session.scalars(select(AddressChange.new_email)).all()
    assert (verdict.known_by, suppressed(reader), changed) == ("token", [], ["ada@new.example"])


def test_a_letter_from_the_link_for_leaving_leaves(reader: Reader) -> None:
    with reader.app.database.read() as session:
        ada = roll.get(session, ADA).id
    subject = f"unsubscribe {links.token(SECRET, 1, ada)}"
    verdict = taken(reader, note(1, to="leave@news.example.com", subject=subject))
    with reader.app.database.read() as session:
        stands = roll.subscriptions(session, ada)
    assert (verdict.action, verdict.known_by, verdict.subscriber_id, verdict.is_odd, stands) == (
        "unsubscribe", "link", ada, False, {"weekly": Consent.UNSUBSCRIBED},
    )  # fmt: skip


def test_a_reply_that_quotes_our_mail_leaves_nobody_and_is_counted(reader: Reader) -> None:
    with reader.app.database.read() as session:
        ada = roll.get(session, ADA).id
    quoted = f"Thank you!\r\n> to leave: https://news.example.com/u/{links.token(SECRET, 1, ada)}"
    raw = note(1, to=f"bounces+{token(reader, ADA)}@news.example.com", subject="Re: Five stories", words=quoted)
    verdict = taken(reader, raw)
    with reader.app.database.read() as session:
        stands = roll.subscriptions(session, ada)
    assert (verdict.action, verdict.subscriber_id, verdict.is_odd, stands) == (
        "reply", ada, True, {"weekly": Consent.CONFIRMED},
    )  # fmt: skip


def test_an_automatic_answer_is_counted_and_changes_nobody(reader: Reader) -> None:
    verdict = taken(reader, vacation(1, to=f"bounces+{token(reader, ADA)}@news.example.com"))
    assert (verdict.action, verdict.is_odd, suppressed(reader)) == ("auto-reply", False, [])


def test_of_somebody_who_was_erased_no_letter_is_kept(reader: Reader, tmp_path: Path) -> None:
    raw = bounce(1, to=f"bounces+{token(reader, ADA)}@news.example.com", address=ADA)
    with reader.app.database.write() as session:
        roll.erase(session, roll.get(session, ADA).id, now=reader.now)
    verdict = taken(reader, raw)
    with reader.app.database.read() as session:
        people = session.scalars(select(Subscriber.email)).all()
    assert (verdict.known_by, verdict.subscriber_id, verdict.edition_id, people) == ("token", None, 1, [EVE])


def test_another_secret_knows_none_of_our_marks(reader: Reader) -> None:
    raw = bounce(1, to=f"bounces+{token(reader, ADA)}@news.example.com", address="nobody@elsewhere.example")
    reader.app = App(
        reader.app.settings.model_copy(update={"secret": SecretStr("another secret")}), reader.app.database
    )
    assert taken(reader, raw).known_by == ""
