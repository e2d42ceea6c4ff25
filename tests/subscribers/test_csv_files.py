"""CSV files: what people have is understood, what is wrong is named, and an export comes back as it was."""

import io
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import csv_files, roll, sheets
from subscribers.csv_files import Report
from subscribers.errors import BadFile, NoSuchList
from subscribers.models import Consent, Subscriber, SuppressionReason
from subscribers.sheets import Problem
from tests.factories import LONG_AGO, a_list, a_subscriber


def _import(session: Session, content: str | bytes, *lists: str, consent: Consent = Consent.PENDING) -> Report:
    raw = content.encode() if isinstance(content, str) else content
    return csv_files.import_(session, io.BytesIO(raw), lists=lists, consent=consent, now=LONG_AGO)


def _people(session: Session) -> list[tuple[str, str]]:
    query = select(Subscriber.email, Subscriber.name).order_by(Subscriber.id)
    return [(email, name) for email, name in session.execute(query)]


def _export(session: Session, slug: str | None = None) -> str:
    stream = io.StringIO()
    csv_files.export(session, stream, slug=slug)
    return stream.getvalue()


def test_people_come_in_with_what_is_known_of_them(session: Session) -> None:
    a_list(session)
    report = _import(session, "email,name,language,time zone\nada@example.com,Ada,en,Europe/London\n", "weekly")
    ada = roll.get(session, "ada@example.com")
    assert (report.added, ada.name, ada.language, ada.time_zone) == (1, "Ada", "en", "Europe/London")
    assert roll.subscriptions(session, ada.id) == {"weekly": Consent.PENDING}


@pytest.mark.parametrize(
    "heading", ["E-Mail;Name", "EMAIL ADDRESS;Full_Name", " e_mail ;Display Name", "sep=;\nmail;name"]
)
def test_headings_are_understood_as_people_write_them(session: Session, heading: str) -> None:
    _import(session, f"{heading}\nada@example.com;Ada\n")
    assert _people(session) == [("ada@example.com", "Ada")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(session: Session, separator: str) -> None:
    _import(session, separator.join(("name", "email")) + "\n" + separator.join(("Ada", "ada@example.com")))
    assert _people(session) == [("ada@example.com", "Ada")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found_out(session: Session, encoding: str) -> None:
    _import(session, "email,name\nzoe@example.com,Zoë Weiß\n".encode(encoding))
    assert _people(session) == [("zoe@example.com", "Zoë Weiß")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(session: Session, end: str) -> None:
    _import(session, f"email,name{end}ada@example.com,Ada{end}{end}ben@example.com,Ben")
    assert _people(session) == [("ada@example.com", "Ada"), ("ben@example.com", "Ben")]


def test_first_and_last_name_make_a_name(session: Session) -> None:
    _import(session, "First Name,Last Name,Email\nAda,Lovelace,ada@example.com\n")
    assert _people(session) == [("ada@example.com", "Ada Lovelace")]


def test_quoted_commas_and_line_breaks_stay_in_their_cell(session: Session) -> None:
    _import(session, 'email,name\nada@example.com,"Lovelace,\nAda ""the first"""\nben@example.com,Ben\n')
    assert _people(session) == [("ada@example.com", 'Lovelace, Ada "the first"'), ("ben@example.com", "Ben")]


def test_a_row_names_its_own_lists(session: Session) -> None:
    a_list(session, "weekly")
    a_list(session, "retail-tech")
    _import(session, 'email,lists\nada@example.com,"weekly, retail-tech"\n')
    ada = roll.get(session, "ada@example.com")
    assert list(roll.subscriptions(session, ada.id)) == ["retail-tech", "weekly"]


def test_bad_rows_are_named_with_line_and_reason_and_good_ones_kept(session: Session) -> None:
    a_list(session)
    rows = [
        "email,name,language,time zone,lists",
        "ada@example.com,Ada,,,weekly",
        "no address here,Ben,,,",
        ",Cy,,,",
        "dee@example.com,Dee,,Mars/Olympus,",
        "eve@example.com,Eve,,,daily",
        "ADA@EXAMPLE.COM,Ada again,,,",
        "fay@example.com,Smith, Fay,,,extra",
        'gus@example.com,"Gus,,,',
        "hal@example.com,Hal,,,",
    ]
    report = _import(session, "\n".join(rows))
    assert [(problem.line, problem.reason) for problem in report.problems] == [
        (3, "'no address here' is not an address: an email address must have an @-sign"),
        (4, "no address"),
        (5, "'Mars/Olympus' is not a time zone: write one such as Europe/London"),
        (6, "there is no list 'daily', only weekly"),
        (7, "the same address as in line 2"),
        (8, "6 cells under 5 headings: a comma without quotes?"),
        (9, "a quotation mark that opens is never closed"),
    ]
    assert _people(session) == [("ada@example.com", "Ada"), ("hal@example.com", "Hal")]


def test_line_numbers_count_the_lines_of_quoted_cells(session: Session) -> None:
    report = _import(session, 'email,name\nada@example.com,"A\nd\na"\nbad,Ben\n')
    assert [problem.line for problem in report.problems] == [5]


def test_every_bad_row_is_told_and_counted_though_the_report_keeps_a_thousand(session: Session) -> None:
    told: list[Problem] = []
    file = io.BytesIO(b"email\n" + b"bad\n" * 1500)
    report = csv_files.import_(session, file, now=LONG_AGO, on_problem=told.append)
    assert (len(told), report.bad, len(report.problems)) == (1500, 1500, 1000)


@pytest.mark.parametrize("content", [b"", b"name\nAda\n", b'"email\n', b"ada@example.com\n"])
def test_a_file_without_a_column_of_addresses_is_refused(session: Session, content: bytes) -> None:
    with pytest.raises(BadFile, match="the first line must name the columns"):
        _import(session, content)


def test_a_file_that_is_no_table_is_refused(session: Session) -> None:
    with pytest.raises(BadFile, match="line 2 has more than 65,536 letters"):
        _import(session, b"email\n" + b"x" * 200_000)


def test_a_list_that_is_not_there_stops_the_import(session: Session) -> None:
    with pytest.raises(NoSuchList):
        _import(session, "email\nada@example.com\n", "daily")


def test_nothing_is_half_imported(database: Database) -> None:
    content = b"email\n" + b"".join(b"r%d@example.com\n" % number for number in range(1500)) + b"x" * 100_000
    with pytest.raises(BadFile), database.write() as session:
        _import(session, content)
    with database.read() as session:
        assert _people(session) == []


def test_an_import_replaces_details_but_empties_none(session: Session) -> None:
    ada = a_subscriber(session, name="Ada", language="en")
    report = _import(session, "email,name,language\nADA@example.com,Ada Lovelace,\n")
    session.refresh(ada)
    assert (report.updated, ada.name, ada.language) == (1, "Ada Lovelace", "en")


def test_an_import_brings_back_nobody_who_left(session: Session) -> None:
    ada = a_subscriber(session, consent=Consent.UNSUBSCRIBED)
    report = _import(session, "email,name\nada@example.com,Ada\n", "weekly", consent=Consent.CONFIRMED)
    assert report == Report(unchanged=1)
    assert roll.subscriptions(session, ada.id) == {"weekly": Consent.UNSUBSCRIBED}


def test_importing_the_same_file_twice_changes_nothing(session: Session) -> None:
    a_list(session)
    content = "email,name\nada@example.com,Ada\nben@example.com,Ben\n"
    reports = [_import(session, content, "weekly") for _ in range(2)]
    assert reports == [Report(added=2), Report(unchanged=2)]


def test_progress_ends_at_the_last_line(session: Session) -> None:
    steps: list[tuple[int, int]] = []
    content = io.BytesIO(b"email\nada@example.com\nben@example.com")
    csv_files.import_(session, content, now=LONG_AGO, on_progress=lambda line, lines: steps.append((line, lines)))
    assert steps == [(3, 3), (3, 3)]


def test_an_export_says_how_each_stands(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech", name="Ada", language="en")
    roll.unsubscribe(session, ada.id, ["retail-tech"], source="one-click", now=now)
    roll.suppress(session, ada.email, reason=SuppressionReason.COMPLAINT, now=now)
    assert _export(session).splitlines() == [
        "email,name,language,time zone,lists,pending,unsubscribed,suppressed",
        "ada@example.com,Ada,en,,weekly,,retail-tech,complaint",
    ]


def test_an_export_of_one_list_holds_only_its_people_and_only_itself(session: Session) -> None:
    a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    a_subscriber(session, "ben@example.com", "retail-tech", name="Ben")
    assert _export(session, "weekly").splitlines()[1:] == ["ada@example.com,Ada,,,weekly,,,"]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=x", "''+x"])
def test_no_cell_of_an_export_is_a_formula(session: Session, name: str) -> None:
    a_subscriber(session, name=name)
    assert f",'{name}," in _export(session)


@given(st.text(max_size=30))
def test_a_safe_cell_is_bared_to_what_it_was(cell: str) -> None:
    assert sheets.bare(sheets.safe(cell)) == cell


_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(lambda name: " ".join(name.split()))


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(_NAMES, max_size=8), data=st.data())
def test_an_export_comes_back_by_an_import_as_it_was(session: Session, names: list[str], data: st.DataObject) -> None:
    a_list(session)
    a_list(session, "retail-tech")
    for number, name in enumerate(names):
        person = roll.add(session, f"Reader{number}@example.com", name=name, source="test", now=LONG_AGO)
        consents = data.draw(st.dictionaries(st.sampled_from(["weekly", "retail-tech"]), st.sampled_from(Consent)))
        for slug, consent in consents.items():
            roll.add(session, person.email, lists=[slug], consent=consent, source="test", now=LONG_AGO)
        if data.draw(st.booleans()):
            roll.suppress(session, person.email, reason=SuppressionReason.MANUAL, now=LONG_AGO)
    exported = _export(session)
    session.rollback()
    a_list(session)
    a_list(session, "retail-tech")
    _import(session, exported, consent=Consent.CONFIRMED)
    assert _export(session) == exported
    session.rollback()
