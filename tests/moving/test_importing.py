"""People taken in from files: the strictest state stands, nobody is lost for a detail, a kill doubles nobody."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from newsletter.db import Database
from subscribers import roll, strangers
from subscribers.errors import BadFile
from subscribers.models import (
    Barred,
    Consent,
    ConsentEvent,
    ImportFile,
    Stranger,
    Subscriber,
    Suppression,
)
from subscribers.moving import importing
from subscribers.moving.deciding import Losses
from subscribers.moving.importing import Outcome
from subscribers.moving.recognising import Options
from subscribers.moving.states import CODES, State
from tests.factories import a_list, a_subscriber
from tests.moving.samples import SAMPLES

TODAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
YES = Options(as_=State.OK)


def surveyed(content: bytes | str, name: str = "people.csv", options: Options = Options()) -> dict[str, Any]:
    """What a survey of a file tells."""
    raw = content.encode() if isinstance(content, str) else content
    with importing.survey(
        Path(name), io.BytesIO(raw), options=options, lists=["weekly"], known=["weekly", "daily"]
    ) as found:
        return {
            "states": {key: CODES[state] for key, state in found.spool.addresses()},
            "problems": [(problem.line, problem.reason) for problem in found.problems],
            "questions": found.questions,
            "names": {arrival[0]: arrival[3] for arrival in found.spool.from_(0)},
            "losses": found.losses,
        }


def taken_in(
    database: Database,
    content: bytes | str,
    name: str = "people.csv",
    *,
    options: Options = Options(),
    lists: Sequence[str] = ("weekly",),
    source: str = "test",
) -> Outcome:
    """An import of a file, done."""
    raw = content.encode() if isinstance(content, str) else content
    with importing.survey(
        Path(name), io.BytesIO(raw), options=options, lists=lists, known=["weekly", "daily"]
    ) as found:
        return importing.take_in(database.writer, found, lists=lists, source=source, now=TODAY)


@pytest.fixture
def house(database: Database) -> Database:
    """A database with two lists."""
    with database.write() as session:
        a_list(session, "weekly")
        a_list(session, "daily")
    return database


def people(database: Database) -> dict[str, dict[str, str]]:
    """Address → list → consent."""
    with database.read() as session:
        return {
            person.email: {slug: consent.value for slug, consent in roll.subscriptions(session, person.id).items()}
            for person in session.scalars(select(Subscriber).order_by(Subscriber.email_key))
        }


def suppressed(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {key: reason.value for key, reason in session.execute(select(Suppression.email_key, Suppression.reason))}


def known_strangers(database: Database, *keys: str) -> dict[str, Barred]:
    with database.read() as session:
        return strangers.barred(session, keys)


def mailed(database: Database) -> list[str]:
    """Who would be mailed on weekly."""
    with database.read() as session:
        return [person.email for person in roll.on_list(session, "weekly")]


# — the files of every system, done —


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if not sample.asks], ids=str)
def test_only_who_may_be_mailed_is_confirmed(house: Database, sample: Any) -> None:
    taken_in(house, sample.content, sample.file)
    ok = {key for key, state in sample.states.items() if state == "ok"}
    blocks = sample.title in {"SendGrid, blocks", "SendGrid, bounces", "Mailgun, bounces"}
    assert {email.lower() for email, lists in people(house).items() if lists.get("weekly") == "confirmed"} == (
        set() if blocks else ok
    )


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.asks], ids=str)
def test_a_file_that_does_not_say_it_is_refused_before_anything_is_done(house: Database, sample: Any) -> None:
    with pytest.raises(BadFile, match="--as"):
        taken_in(house, sample.content, sample.file)
    assert people(house) == {}


# — what stands, whichever came first —

_CONTACTS = "email,status\nada@example.com,subscribed\n"
_LEFT = "email,created\nada@example.com,1718000000\n"
_BOUNCED = "status,reason,email,created\n5.1.1,550 no such user,ada@example.com,1718000000\n"
_WAITING = "email,status\nada@example.com,unconfirmed\n"


@pytest.mark.parametrize("order", list(permutations([_CONTACTS, _LEFT, _WAITING])), ids=lambda _order: "")
def test_who_left_stays_away_in_whatever_order_files_come(house: Database, order: Sequence[str]) -> None:
    for content in order:
        taken_in(house, content)
    assert people(house) == {"ada@example.com": {"weekly": "unsubscribed"}}


@pytest.mark.parametrize("order", list(permutations([_CONTACTS, _BOUNCED])), ids=["contacts first", "bounces first"])
def test_who_bounced_is_never_mailed_in_whatever_order_files_come(house: Database, order: Sequence[str]) -> None:
    for content in order:
        taken_in(house, content)
    with house.read() as session:
        known = roll.find(session, "ada@example.com") is not None
        barred = strangers.barred(session, ["ada@example.com"])
    assert (suppressed(house) if known else barred) == {"ada@example.com": "hard_bounce"}


@pytest.mark.parametrize("order", list(permutations([_CONTACTS, _WAITING])), ids=["contacts first", "waiting first"])
def test_who_waits_in_one_file_waits(house: Database, order: Sequence[str]) -> None:
    for content in order:
        taken_in(house, content)
    assert people(house) == {"ada@example.com": {"weekly": "pending"}}


def test_a_file_that_says_nothing_takes_nobodys_yes_away(house: Database) -> None:
    taken_in(house, _CONTACTS)
    taken_in(house, "email,name\nada@example.com,Ada\n")
    assert people(house) == {"ada@example.com": {"weekly": "confirmed"}}


def test_who_waits_only_because_no_file_said_more_is_confirmed_by_one_that_does(house: Database) -> None:
    taken_in(house, "email,name\nada@example.com,Ada\n")
    before = people(house)
    taken_in(house, "email,name\nada@example.com,Ada\n", options=YES)
    assert (before, people(house)) == (
        {"ada@example.com": {"weekly": "pending"}},
        {"ada@example.com": {"weekly": "confirmed"}},
    )


def test_a_yes_that_a_reader_gave_here_is_not_taken_away_by_an_old_file(house: Database) -> None:
    taken_in(house, _WAITING)
    with house.write() as session:
        roll.confirm(session, roll.get(session, "ada@example.com").id, source="confirmation link", now=TODAY)
    taken_in(house, _WAITING)
    taken_in(house, "email,status\nada@example.com,pending\nbob@example.com,pending\n")
    assert people(house)["ada@example.com"] == {"weekly": "confirmed"}


def test_who_came_back_here_is_not_sent_away_by_when_they_left_elsewhere(house: Database) -> None:
    left = next(sample for sample in SAMPLES if sample.title == "Mailchimp, unsubscribed").content
    taken_in(house, left)
    with house.write() as session:
        ada = roll.get(session, "ada@example.com").id
        roll.rejoin(session, ada, ["weekly"], source="form", now=TODAY)
        roll.confirm(session, ada, source="confirmation link", now=TODAY)
    taken_in(house, left + b"\n")
    assert people(house)["ada@example.com"] == {"weekly": "confirmed"}


def test_who_was_forgotten_is_not_brought_back_by_a_file(house: Database) -> None:
    with house.write() as session:
        roll.erase(session, a_subscriber(session).id, now=TODAY)
    outcome = taken_in(house, _CONTACTS)
    assert (people(house), outcome.kept_out) == ({}, 1)


def test_a_suppression_file_unsubscribes_who_is_here_and_makes_nobody(house: Database) -> None:
    with house.write() as session:
        a_subscriber(session, "ada@example.com", "weekly", "daily")
    taken_in(house, "email,created\nada@example.com,1718000000\neve@example.com,1718000000\n", lists=())
    assert people(house) == {"ada@example.com": {"weekly": "unsubscribed", "daily": "unsubscribed"}}
    assert known_strangers(house, "eve@example.com") == {"eve@example.com": Barred.UNSUBSCRIBED}


def test_no_stranger_is_kept_in_the_clear(house: Database) -> None:
    taken_in(house, _BOUNCED.replace("ada", "eve"))
    with house.read() as session:
        kept = [str(vars(row)) for row in session.scalars(select(Stranger))]
    assert (len(kept), "eve" in "".join(kept)) == (1, False)


def test_blocks_suppress_nobody(house: Database) -> None:
    with house.write() as session:
        a_subscriber(session)
    taken_in(house, _BOUNCED, "suppression_blocks.csv")
    assert (suppressed(house), people(house)) == ({}, {"ada@example.com": {"weekly": "confirmed"}})


def test_the_stricter_of_two_rows_counts_and_each_gives_its_details(house: Database) -> None:
    taken_in(
        house,
        "email,name,language,status\nada@example.com,,fr,unsubscribed\nADA@example.com,Ada,,subscribed\n",
    )
    with house.read() as session:
        ada = roll.get(session, "ada@example.com")
        assert (ada.name, ada.language, roll.subscriptions(session, ada.id)) == (
            "Ada",
            "fr",
            {"weekly": Consent.UNSUBSCRIBED},
        )


def test_the_files_of_an_archive_count_together(house: Database) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for sample in SAMPLES[:3]:
            packed.writestr(f"audience/{sample.file}", sample.content)
        packed.writestr("posts/1.html", "<p>x</p>")
        packed.writestr("posts.csv", "title,date\nHello,2024-01-01\n")
    taken_in(house, archive.getvalue(), "mailchimp.zip")
    assert people(house) == {"cy@example.com": {"weekly": "unsubscribed"}}
    assert known_strangers(house, "ada@example.com", "bob@example.com") == {
        "ada@example.com": Barred.HARD_BOUNCE,
        "bob@example.com": Barred.COMPLAINT,
    }


# — consent as it was given —


def test_consent_is_kept_as_it_was_given(house: Database) -> None:
    taken_in(house, SAMPLES[0].content, SAMPLES[0].file, source="Mailchimp: subscribed.csv, 2026-11-27")
    with house.read() as session:
        event = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id)).first()
        joined = roll.get(session, "ada@example.com").created_at
    assert event is not None
    assert (event.given_at, event.given_from, event.source, event.at, joined) == (
        datetime(2019, 3, 1, 9, 14, tzinfo=UTC),
        "192.0.2.8",
        "Mailchimp: subscribed.csv, 2026-11-27",
        TODAY,
        datetime(2019, 3, 1, 9, 14, tzinfo=UTC),
    )


# — again, and after a kill —


def test_the_same_file_twice_changes_nothing(house: Database) -> None:
    outcomes = [taken_in(house, "email,name\nada@example.com,Ada\nbob@example.com,Bob\n") for _ in range(2)]
    assert [(outcome.added, outcome.unchanged) for outcome in outcomes] == [(2, 0), (0, 2)]
    assert (outcomes[0].before, outcomes[1].before) == (None, TODAY)


def test_details_are_replaced_but_none_is_emptied(house: Database) -> None:
    with house.write() as session:
        a_subscriber(session, name="Ada", language="en")
    outcome = taken_in(house, "email,name,language\nADA@example.com,Ada Lovelace,\n")
    with house.read() as session:
        ada = roll.get(session, "ada@example.com")
        assert (outcome.updated, ada.email, ada.name, ada.language) == (1, "ada@example.com", "Ada Lovelace", "en")


def test_an_import_that_broke_off_goes_on_where_it_was(house: Database) -> None:
    content = b"email,name\n" + b"".join(b"reader%d@example.com,R\n" % number for number in range(6000))
    reached: list[int] = []

    def break_off(what: str, done: int, _all: int | None) -> None:
        if what == "taking in":
            reached.append(done)
            raise KeyboardInterrupt

    file = io.BytesIO(content)
    with importing.survey(Path("people.csv"), file, options=Options(), lists=["weekly"], known=["weekly"]) as found:
        with pytest.raises(KeyboardInterrupt):
            importing.take_in(house.writer, found, lists=["weekly"], source="test", now=TODAY, on_progress=break_off)
    outcome = taken_in(house, content)
    with house.read() as session:
        assert ([outcome.resumed], outcome.added, session.scalar(select(func.count()).select_from(ConsentEvent))) == (
            reached,
            6000,
            6000,
        )
        assert session.scalars(select(ImportFile.finished_at)).all() == [TODAY]


# — asked, never guessed —

_OCTOPUS = "Identifier,Email address,Last changed"


@pytest.mark.parametrize(
    ("content", "name", "what"),
    [
        ("email,Status\nada@example.com,platinum\n", "people.csv", 'column "Status" holds "platinum"'),
        (
            "email,plan\nada@example.com,gold\nbob@example.com,unsubscribed\n",
            "people.csv",
            'column "plan" holds "gold"',
        ),
        ('email,tags\nada@example.com,"vip, unsubscribed"\n', "people.csv", 'column "tags" holds "vip, unsubscribed"'),
        ("ada@example.com,gold\nbob@example.com,unsubscribed\n", "people.csv", 'column "column 2" holds "gold"'),
        ("email,Statut\nada@example.com,truc\n", "gens.csv", 'column "Statut" holds "truc"'),
        ("email,opted_out\nada@example.com,maybe\n", "people.csv", 'column "opted_out" holds "maybe"'),
        ("email,state\nada@example.com,active\nbob@example.com,inactive\n", "people.csv", 'holds "inactive"'),
        ("email\nada@example.com\n", "unsubs.csv", "--as unsubscribed"),
        ("email\nada@example.com\n", "unsubscribed.csv", "the name of unsubscribed.csv says “unsubscribed”"),
        ("E-Mail\nada@example.com\n", "abgemeldete.csv", "--as unsubscribed"),
        ("email,name\nada@example.com,Ada\n", "hard-bounces.csv", "--as bounced"),
        ("ada@example.com\r\n", "spam_complaints.txt", "--as complained"),
        ("email,Double opt-in\nada@example.com,yes\n", "unsubscribed.csv", "--as unsubscribed"),
        ("email,Subscribed on\nada@example.com,2020-01-01\n", "left.csv", "--as unsubscribed"),
        ("email,Verified\nada@example.com,yes\n", "bounces.csv", "--as bounced"),
        ("email,Opt-in requested at\nada@example.com,2024-01-01\n", "people.csv", 'holds "2024-01-01"'),
        ("email,Opt-in mail sent\nada@example.com,yes\n", "people.csv", 'column "Opt-in mail sent" holds "yes"'),
        ("email,Subscribed until\nada@example.com,2024-01-01\n", "people.csv", 'holds "2024-01-01"'),
        ("email,Subscription end date\nada@example.com,2024-01-01\n", "people.csv", 'holds "2024-01-01"'),
        ("email,Not unsubscribed\nada@example.com,yes\n", "people.csv", 'column "Not unsubscribed" holds "yes"'),
        ("email,Status,Status\nada@example.com,active,gone\n", "people.csv", 'column "Status" holds "gone"'),
        (f"{_OCTOPUS}\na,ada@example.com,2024-01-01\n", "interactive-media.csv", "EmailOctopus"),
        (f"{_OCTOPUS}\na,ada@example.com,2024-01-01\n", "not_subscribed.csv", "EmailOctopus"),
        (f"{_OCTOPUS}\na,ada@example.com,2024-01-01\n", "no longer subscribed.csv", "EmailOctopus"),
        (f"{_OCTOPUS}\na,ada@example.com,2024-01-01\n", "Spending.csv", "EmailOctopus"),
    ],
)
def test_what_smells_of_a_state_and_is_not_understood_stops(content: str, name: str, what: str) -> None:
    (question,) = surveyed(content, name)["questions"]
    assert what in question


def test_a_state_that_turns_up_far_down_stops_too() -> None:
    rows = "".join(f"reader{number}@example.com,\n" for number in range(3000))
    (question,) = surveyed(f"email,note\n{rows}eve@example.com,unsubscribed\n")["questions"]
    assert 'column "note" holds "unsubscribed"' in question


@pytest.mark.parametrize(
    ("options", "states"),
    [
        (Options(ignored=["Status"]), {"ada@example.com": "pending"}),
        (Options(ignored=["status"], as_=State.OK), {"ada@example.com": "ok"}),
        (Options(state_columns=["Status"], words={"Platinum": State.OK}), {"ada@example.com": "ok"}),
        (Options(words={"platinum": State.UNSUBSCRIBED}), {"ada@example.com": "unsub"}),
    ],
)
def test_the_ways_on_lead_on(options: Options, states: dict[str, str]) -> None:
    told = surveyed("email,Status\nada@example.com,platinum\n", options=options)
    assert (told["questions"], told["states"]) == ([], states)


def test_a_column_that_is_not_there_is_named() -> None:
    (question,) = surveyed("email\nada@example.com\n", options=Options(ignored=["Stauts"]))["questions"]
    assert question == 'people.csv has no column "Stauts", only email'


def test_an_operators_yes_lifts_nothing_that_the_file_says() -> None:
    told = surveyed("email,status\nada@example.com,unsubscribed\nbob@example.com,\n", options=YES)
    assert told["states"] == {"ada@example.com": "unsub", "bob@example.com": "ok"}


@pytest.mark.parametrize(
    ("heading", "cell", "state"),
    [
        ("unsubscribed", "yes", "unsub"), ("Unsubscribed", "0", "pending"), ("subscribed", "true", "ok"),
        ("Subscribed", "no", "unsub"), ("opt-in", "ja", "ok"), ("Opt In", "nein", "unsub"),
        ("confirmed", "0", "pending"),
        ("is_active", "1", "ok"), ("is active", "false", "no"), ("unsubscribed_at", "2024-01-02", "unsub"),
        ("bounced", "TRUE", "bounce"), ("Hard Bounced At", "2024-01-02 10:00", "bounce"), ("spam", "1", "complaint"),
        ("blacklisted", "oui", "no"), ("Statut", "désabonné", "unsub"), ("Estado", "baja", "unsub"),
        ("Status", "abgemeldet", "unsub"), ("Status", "Aktiv", "ok"), ("State", "complained", "complaint"),
        ("Marketing Consent", "no", "unsub"), ("GDPR Consent", "yes", "ok"), ("Do Not Email", "1", "unsub"),
        ("unsubscribe date", "12/05/2022", "unsub"), ("Unsubscribe reason", "too many mails", "unsub"),
        ("email_valid", "false", "bounce"), ("email valid", "true", "pending"),
        ("ZB Status", "valid", "pending"), ("Invalid", "yes", "bounce"),
        ("excluded", "true", "no"), ("state", "active", "ok"),
        ("Email Opt Out", "true", "unsub"), ("status", "Soft bounced", "ok"),
        ("Consent withdrawn", "yes", "unsub"), ("Consent withdrawn at", "2024-01-01", "unsub"),
        ("Permission revoked on", "2024-01-01", "unsub"), ("Einwilligung widerrufen am", "01.02.2024", "unsub"),
        ("Consentement retiré le", "2024-01-01", "unsub"), ("Consentimiento revocado", "sí", "unsub"),
        ("Not subscribed", "true", "unsub"), ("No consent", "1", "unsub"), ("Not opted in", "yes", "unsub"),
        ("Newsletter refused", "yes", "unsub"), ("Double opt-in pending", "true", "pending"),
        ("Awaiting confirmation since", "2024-01-01", "pending"), ("Date removed", "2024-01-01", "unsub"),
        ("Date left", "2024-01-01", "unsub"), ("Deactivated at", "2024-01-01", "no"),
        ("Ausgetragen am", "01.02.2024", "unsub"), ("Gekündigt am", "01.02.2024", "unsub"), ("Gesperrt", "ja", "no"),
        ("Auf der schwarzen Liste", "1", "no"), ("Liste noire", "oui", "no"), ("Lista negra", "sí", "no"),
        ("Zwarte lijst", "1", "no"), ("Dado de baja", "sí", "unsub"), ("Removido em", "2024-01-01", "unsub"),
        ("Uitschrijfdatum", "2024-01-01", "unsub"), ("Afmeldt den", "2024-01-01", "unsub"), ("Avanmäld", "1", "unsub"),
        ("Data wypisania", "2024-01-01", "unsub"), ("Odhlášen", "1", "unsub"), ("Leiratkozott", "1", "unsub"),
        ("Dezabonat", "1", "unsub"), ("Résilié le", "2024-01-01", "unsub"), ("解除日", "2024-01-01", "unsub"),
        ("退订", "1", "unsub"), ("수신거부", "1", "unsub"), ("Email & SMS opt-out", "true", "unsub"),
        ("Left-handed", "yes", "pending"), ("Kündigungsfrist", "3 Monate", "pending"),
        ("SMS opt-out", "yes", "pending"), ("Opted out of email: campaign news", "true", "unsub"),
        ("CLEAN_TIME", "2022-01-01 10:00:00", "bounce"), ("Cet utilisateur est-il confirmé", "0", "pending"),
        ("Is deze gebruiker bevestigd", "1", "ok"), ("Stand", "abgemeldet", "unsub"),
        ("ステータス", "退会", "unsub"), ("Total spending", "true", "pending"),
        ("Unsubscribed", "✅", "unsub"), ("Unsubscribed", "checked", "unsub"), ("Unsubscribed", "❌", "pending"),
        ("unsubscribed_at", "NULL", "pending"), ("unsubscribed_at", "\\N", "pending"),
        ("unsubscribed_at", "0000-00-00 00:00:00", "pending"), ("Subscribed", "\\N", "pending"),
    ],
)  # fmt: skip
def test_a_table_of_nobodys_is_understood_by_its_words(heading: str, cell: str, state: str) -> None:
    told = surveyed(f"email,{heading}\nada@example.com,{cell}\n")
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": state})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("Email,Name\nada@example.com,A\nUnsubscribed,\nbob@example.com,B\n", "line 3: “Unsubscribed” stands alone"),
        ("ada@example.com\n\nOur friends:\nCancelled readers\nbob@example.com\n", "“Cancelled readers” stands alone"),
        ("Email,Subscribed\nada@example.com,2020-01-01\nEmail,Unsubscribed\nbob@example.com,2024-01-01\n",
         "line 3: here another table begins"),
        ("Email,Name\nada@example.com,A\nEmail,Name,Opt-out\nbob@example.com,B,yes\n", "here another table begins"),
        ("Email,Name\nada@example.com,A\nName,Email\nB,bob@example.com\n", "here another table begins"),
        ("Subscribed,Unsubscribed\nada@example.com,bob@example.com\n", 'column "Unsubscribed" holds "bob@example.com"'),
    ],
)  # fmt: skip
def test_people_under_another_heading_are_not_taken_for_those_above(content: str, what: str) -> None:
    (question,) = surveyed(content, options=YES)["questions"]
    assert what in question


def test_a_title_above_the_heading_speaks_for_all_below_it() -> None:
    (question,) = surveyed("Unsubscribed readers\n\nEmail,Name\nada@example.com,A\n")["questions"]
    assert "says “unsubscribed” above its columns: say --as unsubscribed" in question


@pytest.mark.parametrize("between", ["Email,Name", ",Email", "Total: 2 (1 unsubscribed),"])
def test_a_line_without_an_address_that_is_no_other_heading_stops_nobody(between: str) -> None:
    told = surveyed(f"Email,Name\nada@example.com,A\n{between}\nbob@example.com,B\n", options=YES)
    assert told["states"] == {"ada@example.com": "ok", "bob@example.com": "ok"}


def test_each_list_of_a_json_file_is_read_and_asked_about_by_its_name() -> None:
    content = '{"active": [{"email": "ada@example.com"}], "unsubscribed": [{"email": "bob@example.com"}]}'
    asked = [surveyed(content, "p.json", options)["questions"] for options in (Options(), YES)]
    assert [len(questions) for questions in asked] == [1, 1]
    assert "the name of p.json, unsubscribed says “unsubscribed”" in asked[0][0]
    assert asked[1] == [
        "p.json, unsubscribed says by its name that its people are none of the others': import it by itself"
    ]


def test_one_yes_for_a_workbook_is_none_for_its_sheet_of_those_who_left() -> None:
    book = Workbook()
    for title, address in (("Active", "ada@example.com"), ("Unsubscribed", "bob@example.com")):
        sheet = book.create_sheet(title)
        sheet.append(["Email"])
        sheet.append([address])
    file = io.BytesIO()
    book.save(file)
    (question,) = surveyed(file.getvalue(), "people.xlsx", YES)["questions"]
    assert "people.xlsx, Unsubscribed says by its name" in question


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("cp1251", "Почта;Статус\nada@example.com;отписан\nbob@example.com;активен\n"),
        ("cp1250", "E-mail;Odhlášení\nada@example.com;1\nbob@example.com;0\n"),
        ("cp932", "メールアドレス,配信停止\nada@example.com,1\nbob@example.com,0\n"),
        ("gb18030", "邮箱,退订\nada@example.com,1\nbob@example.com,0\n"),
        ("euc_kr", "이메일,수신거부\nada@example.com,1\nbob@example.com,0\n"),
        ("mac_roman", "E-Mail;Gekündigt\rada@example.com;ja\rbob@example.com;nein\r"),
    ],
)
def test_who_left_is_known_in_the_encodings_of_their_country(encoding: str, content: str) -> None:
    told = surveyed(content.encode(encoding), options=YES)
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": "unsub", "bob@example.com": "ok"})


def test_names_of_a_western_file_stay_western() -> None:
    told = surveyed("E-Mail;Vorname;Gekündigt\nada@example.com;Iñaki;nein\n".encode("cp1252"))
    assert told["names"] == {"ada@example.com": "Iñaki"}


def test_each_of_two_columns_of_one_name_speaks() -> None:
    told = surveyed("email,Status,Status\nada@example.com,active,unsubscribed\nbob@example.com,active,active\n")
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": "unsub", "bob@example.com": "ok"})


def test_two_columns_of_one_name_are_passed_over_together() -> None:
    content = "email,Status,Status\nada@example.com,gold,silver\n"
    told = surveyed(content, options=Options(ignored=["Status"], as_=State.OK))
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": "ok"})


@pytest.mark.parametrize(
    "empty", ["NULL", "null", "\\N", "None", "N/A", "-", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"]
)
def test_an_empty_date_sends_nobody_away(empty: str) -> None:
    content = f"email,status,tier,created_at,unsubscribed_at\nada@example.com,active,free,2023-01-24,{empty}\n"
    assert surveyed(content)["states"] == {"ada@example.com": "ok"}


@pytest.mark.parametrize(
    "written",
    ["\u200bada@example.com", "ada@example.com\u00ad", "\u202aada@example.com\u202c", "ada@example.com;",
     "ada@example.com.", "'ada@example.com'", "mailto:ada@example.com"],
)  # fmt: skip
def test_an_address_is_read_whatever_was_copied_along_with_it(written: str) -> None:
    content = f"status,reason,email,created\n5.1.1,550 5.1.1 no such user,{written},1600000000\n"
    assert surveyed(content, "suppression_bounces.csv")["states"] == {"ada@example.com": "bounce"}


def test_a_mailbox_that_was_full_for_a_while_costs_nobody_a_place(house: Database) -> None:
    taken_in(house, "email,status\nada@example.com,Soft bounced\n")
    assert people(house) == {"ada@example.com": {"weekly": "confirmed"}}


def test_states_are_understood_without_a_heading() -> None:
    told = surveyed("ada@example.com,active\nbob@example.com,unsubscribed\n")
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": "ok", "bob@example.com": "unsub"})


def test_a_province_is_no_state_of_mail() -> None:
    told = surveyed("email,State\nada@example.com,Ohio\nbob@example.com,Texas\n")
    assert (told["questions"], told["states"]) == ([], {"ada@example.com": "pending", "bob@example.com": "pending"})


# — nobody is lost for a detail —


def test_languages_and_zones_in_words_are_mapped_and_what_can_not_be_is_counted(house: Database) -> None:
    content = (
        "email,name,language,time zone\n"
        "ada@example.com,Ada,English,Eastern Time (US & Canada)\n"
        "bob@example.com,Bob,de_AT,GMT+1\n"
        "cy@example.com,Cy,Martian,Olympus Mons\n"
    )
    assert taken_in(house, content, options=YES).added == 3
    with house.read() as session:
        rows = session.execute(select(Subscriber.language, Subscriber.time_zone).order_by(Subscriber.email_key)).all()
    assert [tuple(row) for row in rows] == [("en", "America/New_York"), ("de-AT", "Etc/GMT-1"), ("", "")]
    assert surveyed(content)["losses"] == Losses(languages=1, zones=1)


def test_one_bad_byte_costs_one_letter() -> None:
    told = surveyed("email,name\nzoe@example.com,Zoë ".encode() + b"\xe9\nada@example.com,Ad\x81a\n")
    assert told["names"] == {"ada@example.com": "Ad\ufffda", "zoe@example.com": "Zoë é"}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("E-Mail-Adresse;Vorname;Nachname\nada@example.com;Ada;L\n", {"ada@example.com": "Ada L"}),
        ("Nom,Prénom,Adresse e-mail\nBerg,Ada,ada@example.com\n", {"ada@example.com": "Ada Berg"}),
        ("Correo electrónico\tNombre\nada@example.com\tAda\n", {"ada@example.com": "Ada"}),
        ("メールアドレス,氏名\nada@example.com,アダ\n", {"ada@example.com": "アダ"}),
        ('email, name\nada@example.com, "Lovelace, Ada"\n', {"ada@example.com": "Lovelace, Ada"}),
        ('Name,Address,Email\nAda,"1 High St, London",ada@example.com\n', {"ada@example.com": "Ada"}),
        ("Address,Name\nada@example.com,Ada\n", {"ada@example.com": "Ada"}),
        ("sep=;\nmail;name\nada@example.com;Ada\n", {"ada@example.com": "Ada"}),
        ("Our readers\n\nemail,name\nada@example.com,Ada\n", {"ada@example.com": "Ada"}),
        ("ada@example.com,Ada\nbob@example.com,Bob\n", {"ada@example.com": "Ada", "bob@example.com": "Bob"}),
        ("Ada Berg <ada@example.com>\nbob@example.com\n", {"ada@example.com": "Ada Berg", "bob@example.com": ""}),
        ("email,name\r\nada@example.com,Ada\r\n", {"ada@example.com": "Ada"}),
        ("email,name\rada@example.com,Ada\r", {"ada@example.com": "Ada"}),
        ('email,name\nada@example.com,"Ada\nB"\n', {"ada@example.com": "Ada B"}),
        ('email,name\n"ada@example.com","Ada"x\n', {"ada@example.com": '"Ada"x'}),
        ("Contact,Who\nada@example.com,Ada\n", {"ada@example.com": ""}),
        ("Email Address,Email Address 2,Name\nada@example.com,b@example.com,Ada\n", {"ada@example.com": "Ada"}),
    ],
)
def test_tables_are_read_as_people_have_them(content: str, names: dict[str, str]) -> None:
    assert surveyed(content)["names"] == names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert surveyed("email,name\nzoe@example.com,Zoë Weiß\n".encode(encoding))["names"] == {
        "zoe@example.com": "Zoë Weiß"
    }


def test_a_workbook_is_read() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [
        ("Email", "Name", "Unsubscribed", "Joined"),
        ("ada@example.com", "Ada", True, TODAY.replace(tzinfo=None)),
        ("bob@example.com", "Bob", False, None),
    ]:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    assert surveyed(file.getvalue(), "people.xlsx")["states"] == {
        "ada@example.com": "unsub",
        "bob@example.com": "pending",
    }


def test_bad_rows_are_named_with_line_and_reason_and_good_ones_kept() -> None:
    rows = [
        "email,name,language",
        "ada@example.com,Ada,",
        "no address here,Ben,",
        ",Cy,",
        "fay@example.com,Smith, Fay,,extra",
        'gus@example.com,"Gus,',
        "hal@example.com,Hal,",
    ]
    told = surveyed("\n".join(rows))
    assert (told["problems"], list(told["states"])) == (
        [
            (3, "'no address here' is not an address: an email address must have an @-sign"),
            (4, "no address"),
            (5, "5 cells under 3 headings: a comma without quotes?"),
            (6, "a quotation mark that opens is never closed"),
        ],
        ["ada@example.com", "hal@example.com"],
    )


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "people.csv", "no column of addresses"),
        (b"name,age\nAda,3\n", "people.csv", "no column of addresses"),
        (b"PK\x03\x04broken", "people.zip", "is a broken archive"),
        (b"\xd0\xcf\x11\xe0old", "people.xls", "save it as .xlsx or .csv"),
        (b"%PDF-1.7", "people.pdf", "export a CSV file instead"),
        (b'{"a": 1}', "people.json", "JSON without a list of records"),
        (b"\x1f\x8bbroken", "people.csv.gz", "cut off or broken"),
        (b"email\n" + b"x" * 200_000, "people.csv", "more than 65,536 letters"),
    ],
)
def test_what_is_no_list_of_people_is_refused_in_a_sentence(content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        surveyed(content, name)


def test_a_person_on_a_list_of_the_file_goes_there(house: Database) -> None:
    taken_in(house, 'email,lists\nada@example.com,"weekly, daily"\n', lists=(), options=YES)
    assert people(house) == {"ada@example.com": {"weekly": "confirmed", "daily": "confirmed"}}


def test_a_list_that_is_not_there_is_asked_for() -> None:
    (question,) = surveyed("email,lists\nada@example.com,weekly\nbob@example.com,hourly\n")["questions"]
    assert "there is none: newsletter subscribers lists --create hourly makes it" in question
