"""Holidays and blackouts: an edition goes out earlier, later or not at all, once, whatever happens meanwhile."""

from datetime import date
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import db, jobs
from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.editions import calendar, days, forecast, moving, timetable
from newsletter.editions.days import Day, Diary
from newsletter.editions.models import Job, MovedDay, Slot, SlotState, State
from newsletter.stories.models import Ranking
from tests.factories import an_edition
from tests.scheduler.world import DAY, HOUR, Process, a_week, alarms, edition, outbox, utc

FRIDAY, NEXT = date(2021, 11, 26), date(2021, 12, 3)
OFF = ("2021-11-26 the day after Thanksgiving",)


@pytest.fixture
def process(app: App) -> Process:
    a_week(app)
    return Process(app, now=utc("2021-11-23 15:00"))


def ruled(process: Process, owner: str = "one", **rule: Any) -> Process:
    """The same process with other settings of its newsletter."""
    settings = process.app.settings
    changed = Newsletter.model_validate({**settings.newsletters["friday"].model_dump(), **rule})
    return Process(
        App(settings.model_copy(update={"newsletters": {"friday": changed}}), process.app.database), owner, process.now
    )


def through(process: Process, end: str) -> list[str]:
    """Tick whenever one of the timetable's hours has come, until *end*; all that was done."""
    hours = (
        utc(f"{process.now + ahead * DAY:%Y-%m-%d} {at}") for ahead in range(20) for at in ("08:00", "09:00", "16:00")
    )
    done: list[str] = []
    for moment in [one for one in hours if process.now < one <= utc(end)]:
        done += process.tick(f"{moment:%Y-%m-%d %H:%M}")
    return done


def approved_on(process: Process, at: str) -> None:
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc(at))


def placed(session: Session, newsletter: Newsletter, week: date, at: str = "2021-11-23 15:00") -> date | None:
    found = Diary(session, newsletter, utc(at)).of_week(week)
    assert found is not None
    return found.date


# by the rule


def test_an_edition_goes_out_earlier_and_friday_sees_none(process: Process) -> None:
    early = ruled(process, blackout=OFF)
    done = through(early, "2021-11-24 17:00")
    approved_on(early, "2021-11-24 18:00")
    done += through(early, "2021-11-27 12:00")
    assert done == [f"{job} friday/2021-11-25" for job in ("assemble", "lock", "send")]
    assert len(outbox(process.app, "reader")) == 3


def test_an_edition_goes_out_later_on_the_next_working_day(process: Process) -> None:
    late = ruled(process, blackout=OFF, on_days_off="later")
    done = through(late, "2021-11-28 17:00")
    approved_on(late, "2021-11-28 18:00")
    done += through(late, "2021-11-30 12:00")
    assert done == [f"{job} friday/2021-11-29" for job in ("assemble", "lock", "send")]
    assert len(outbox(process.app, "reader")) == 3


def test_a_week_that_is_skipped_is_no_missed_friday(process: Process) -> None:
    none = ruled(process, blackout=OFF, on_days_off="skip")
    done = through(none, "2021-12-01 12:00")
    with process.app.database.read() as session:
        kept = [(row.week, row.to, row.why) for row in session.scalars(select(MovedDay))]
    assert (done, alarms(process.app)) == ([], [])
    assert kept == [
        (
            FRIDAY,
            None,
            (
                "Friday 26 November 2021 is blacked out (the day after Thanksgiving), and by the newsletter’s rule"
                " there is no edition then"
            ),
        )
    ]


@pytest.mark.parametrize("rule", ["earlier", "later", "skip"])
def test_the_friday_after_it_goes_on_as_ever(process: Process, rule: str) -> None:
    moved = ruled(process, blackout=OFF, on_days_off=rule)
    done = through(moved, "2021-12-03 12:00")
    assert [name for name in done if "12-03" in name] == [
        f"{job} friday/2021-12-03" for job in ("assemble", "lock", "send")
    ]
    assert len([name for name in done if name.startswith("send")]) == (1 if rule == "skip" else 2)


@pytest.mark.parametrize(
    ("rule", "country", "week", "expected"),
    [
        ("earlier", "GB-ENG", date(2022, 4, 15), date(2022, 4, 14)),  # Good Friday
        ("later", "GB-ENG", date(2022, 4, 15), date(2022, 4, 19)),  # past the weekend and Easter Monday
        ("later", "US", date(2022, 4, 15), date(2022, 4, 15)),  # no holiday there
        ("skip", "DE-BY", date(2022, 4, 15), None),
        ("earlier", "", date(2022, 4, 15), date(2022, 4, 15)),
        ("earlier", "DE", date(2025, 10, 31), date(2025, 10, 31)),  # Reformation Day is not all of Germany's
        ("earlier", "DE-BB", date(2025, 10, 31), date(2025, 10, 30)),
    ],
)
def test_public_holidays_move_it_where_they_are_kept(
    session: Session, process: Process, rule: str, country: str, week: date, expected: date | None
) -> None:
    newsletter = ruled(process, holidays=country, on_days_off=rule).app.newsletter()
    assert placed(session, newsletter, week, at=f"{week - 3 * DAY} 12:00") == expected


def test_where_the_day_it_would_go_to_is_off_too_it_goes_on(session: Session, process: Process) -> None:
    newsletter = ruled(process, blackout=("2021-11-25/2021-11-26",)).app.newsletter()
    found = Diary(session, newsletter, utc("2021-11-22 12:00")).of_week(FRIDAY)
    assert found == Day(FRIDAY, date(2021, 11, 24), "Friday 26 November 2021 is blacked out; Thu 25 Nov is blacked out")


@pytest.mark.parametrize("rule", ["earlier", "later"])
def test_it_never_goes_as_far_as_the_editions_around_it(session: Session, process: Process, rule: str) -> None:
    newsletter = ruled(process, blackout=("2021-11-20/2021-12-02",), on_days_off=rule).app.newsletter()
    diary = Diary(session, newsletter, utc("2021-11-17 12:00"))
    found = [(one.week, one.date) for one, _ in zip(diary.days(date(2021, 11, 18)), range(3), strict=False)]
    assert found == [(date(2021, 11, 19), date(2021, 11, 19)), (FRIDAY, None), (NEXT, NEXT)]


@pytest.mark.parametrize(
    ("days_off", "off", "free"),
    [
        ("12-24/01-02", ["2021-12-24", "2021-12-31", "2023-01-01"], ["2021-12-23", "2022-01-03", "2022-06-01"]),
        ("2021-12-24/2022-01-02", ["2021-12-24", "2022-01-02"], ["2021-12-23", "2022-12-24"]),
        ("02-29", ["2024-02-29"], ["2024-02-28", "2023-03-01"]),
    ],
)
def test_blackouts_of_one_year_and_of_each(
    session: Session, process: Process, days_off: str, off: list[str], free: list[str]
) -> None:
    diary = Diary(session, ruled(process, blackout=(days_off,)).app.newsletter(), process.now)
    assert {day: bool(diary.off(date.fromisoformat(day))) for day in off + free} == dict.fromkeys(
        off, True
    ) | dict.fromkeys(free, False)


def test_an_edition_that_people_made_for_a_holiday_stays_there(process: Process) -> None:
    with process.app.database.write() as session:
        number = an_edition(session, date=FRIDAY, state=State.IN_REVIEW).id
    early = ruled(process, blackout=OFF)
    jobs.approve(early.app, number, by="ed", now=utc("2021-11-23 16:00"))
    done = through(early, "2021-11-27 12:00")
    assert [name for name in done if name.startswith("send")] == ["send friday/2021-11-26"]


# when the rule changes


def test_what_has_not_begun_follows_the_rule(process: Process) -> None:
    process.tick("2021-11-23 17:00")
    late = ruled(process, blackout=OFF, on_days_off="later")
    late.tick()
    with process.app.database.read() as session:
        found = {(slot.date, slot.job) for slot in session.scalars(select(Slot))}
    assert found == {(date(2021, 11, 29), Job.ASSEMBLE)}


def test_what_has_begun_stays(process: Process) -> None:
    through(process, "2021-11-25 16:00")
    changed = ruled(process, blackout=OFF, on_days_off="later")
    approved_on(changed, "2021-11-25 18:00")
    done = through(changed, "2021-12-01 12:00")
    assert done == ["lock friday/2021-11-26", "send friday/2021-11-26"]


def test_a_week_skipped_that_is_not_off_any_more_is_made_after_all(process: Process) -> None:
    none = ruled(process, blackout=OFF, on_days_off="skip")
    assert through(none, "2021-11-25 09:00") == []
    free = ruled(none, blackout=())
    assert through(free, "2021-11-26 12:00") == [f"{job} friday/2021-11-26" for job in ("assemble", "lock", "send")]


def test_a_week_skipped_and_past_stays_skipped(process: Process) -> None:
    none = ruled(process, blackout=OFF, on_days_off="skip")
    through(none, "2021-11-26 10:00")
    free = ruled(none, blackout=())
    assert [name for name in through(free, "2021-12-01 12:00") if "11-26" in name] == []
    assert alarms(process.app) == []


def test_where_it_is_too_late_to_go_earlier_somebody_is_told(process: Process) -> None:
    process.tick("2021-11-25 10:00")
    early = ruled(process, blackout=OFF)
    early.tick("2021-11-25 10:01")
    told = [text for text in alarms(process.app) if "has no edition" in text]
    off = "Friday 26 November 2021 is blacked out (the day after Thanksgiving)"
    passed = "Sat 20 Nov to Sun 21 Nov are no working day, Mon 22 Nov to Thu 25 Nov are past"
    why = f"{off}, and no day earlier is free; {passed}"
    assert told == [f"friday has no edition in the week of 2021-11-26: {why}"]


# once


def test_two_schedulers_make_one_edition_of_a_moved_week(process: Process) -> None:
    first = ruled(process, blackout=OFF)
    database = db.connect(process.app.settings.database_url)
    second = Process(App(first.app.settings, database), owner="two")
    done = []
    for at in ("2021-11-23 17:00", "2021-11-24 16:00", "2021-11-25 08:00", "2021-11-25 09:00", "2021-11-26 09:00"):
        done += first.tick(at) + second.tick(at)
        if at == "2021-11-24 16:00":
            approved_on(first, at)
    database.close()
    assert done == [f"{job} friday/2021-11-25" for job in ("assemble", "lock", "send")]
    assert len(outbox(process.app, "reader")) == 3


def test_two_schedulers_with_different_rules_make_one_edition(process: Process) -> None:
    first, second = ruled(process, blackout=OFF), ruled(process, "two")  # one was not restarted yet
    done: list[str] = []
    moment = utc("2021-11-23 15:00")
    while moment < utc("2021-11-27 12:00"):
        moment += 4 * HOUR if moment.hour != 7 else HOUR
        done += first.tick(f"{moment:%Y-%m-%d %H:%M}") + second.tick(f"{moment:%Y-%m-%d %H:%M}")
    assert sorted({name.split()[0] for name in done}) == ["assemble", "lock", "send"]
    assert len(done) == 3


def test_a_worker_killed_in_the_middle_leaves_the_day_as_it_was(process: Process) -> None:
    early = ruled(process, blackout=OFF)
    early.tick("2021-11-23 17:00")
    (killed,) = [work for work in jobs.tick(early.app, now=utc("2021-11-24 16:00"), owner="dead") if work.slot]
    other = ruled(process, "two", blackout=())  # and meanwhile the rule is another
    assert other.tick("2021-11-24 16:04") == []
    assert other.tick("2021-11-24 16:05") == ["assemble friday/2021-11-25"]
    jobs.run(early.app, killed, owner="dead", clock=lambda: utc("2021-11-24 16:06"))
    assert (edition(process.app).date, edition(process.app).revision) == (date(2021, 11, 25), 1)


def test_a_clock_that_was_a_month_ahead_moves_nothing_twice(process: Process) -> None:
    early = ruled(process, blackout=(*OFF, "12-24"))
    early.tick("2021-11-23 17:00")
    early.tick("2021-12-27 17:00")
    early.tick("2021-12-27 17:15")
    done = early.tick("2021-11-23 17:15")
    done += through(early, "2021-11-24 17:00")
    approved_on(early, "2021-11-24 18:00")
    done += through(early, "2021-11-27 12:00")
    assert done == [f"{job} friday/2021-11-25" for job in ("assemble", "lock", "send")]
    assert len(outbox(process.app, "reader")) == 3


def test_a_moved_friday_slept_through_is_told_as_missed(process: Process) -> None:
    early = ruled(process, blackout=OFF)
    early.tick("2021-11-24 15:00")
    early.tick("2021-11-25 21:30")
    assert "send of friday/2021-11-25 was missed: nothing ran in time (it was due 2021-11-25 09:00 UTC)" in alarms(
        process.app
    )


def test_a_week_moved_onto_a_day_that_was_promised_already_is_that_edition(process: Process) -> None:
    with process.app.database.write() as session:
        number = an_edition(session, date=date(2021, 11, 25), state=State.IN_REVIEW).id
    jobs.approve(process.app, number, by="ed", now=utc("2021-11-22 13:00"))
    early = ruled(process, blackout=OFF)
    done = through(early, "2021-11-27 12:00")
    assert [name for name in done if name.startswith("send")] == ["send friday/2021-11-25"]
    assert len(outbox(process.app, "reader")) == 3


def test_who_moves_a_day_while_the_timetable_is_written_waits_for_it(process: Process) -> None:
    database, newsletter, now = process.app.database, process.app.newsletter(), utc("2021-11-23 17:00")

    def move() -> None:
        with database.write() as session:
            moving.move(session, newsletter, FRIDAY, to=date(2021, 11, 25), by="ed", now=now)

    mover = Thread(target=move)
    with database.write() as session:
        timetable.plan(session, newsletter, now)
        mover.start()
        mover.join(1)  # time enough for one who does not wait to see no slot, and leave it on Friday
    mover.join()
    with database.read() as session:
        assert {slot.date for slot in session.scalars(select(Slot))} == {date(2021, 11, 25)}


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_day_that_a_person_moved_stays_whatever_the_rule_says(process: Process, order: tuple[str, str]) -> None:
    with process.app.database.write() as session:
        to = date(2021, 11, 24)
        moving.move(session, process.app.newsletter(), FRIDAY, to=to, by="ed", now=utc("2021-11-22 17:00"))
    schedulers = {"one": ruled(process, blackout=OFF), "two": ruled(process, "two", on_days_off="skip")}
    done: list[str] = []
    for at in ("2021-11-22 17:00", "2021-11-23 16:00", "2021-11-24 08:00", "2021-11-24 09:00", "2021-11-26 09:00"):
        done += [name for owner in order for name in schedulers[owner].tick(at)]
    assert done == [f"{job} friday/2021-11-24" for job in ("assemble", "lock", "send")]


# what it tells of


def test_no_article_falls_between_a_moved_edition_and_the_next(process: Process) -> None:
    early = ruled(process, blackout=OFF)
    through(early, "2021-12-03 12:00")
    with process.app.database.read() as session:
        seen = session.execute(select(Ranking.date, Ranking.opens_at, Ranking.closes_at).order_by(Ranking.id)).all()
    assert [tuple(row) for row in seen][:2] == [
        (date(2021, 11, 25), utc("2021-11-18 16:00"), utc("2021-11-24 16:00")),
        (NEXT, utc("2021-11-24 16:00"), utc("2021-12-02 16:00")),
    ]


# what is said of it


def test_the_timetable_says_what_the_clock_then_does_and_why(process: Process) -> None:
    early = ruled(process, blackout=(*OFF, "2021-12-10"))
    with process.app.database.read() as session:
        found = forecast.forecast(session, early.app.newsletter(), utc("2021-11-23 15:00"), editions=2)
    foretold = [f"{one.job.value} friday/{one.date}" for one in found.coming]
    why = {one.date: days.reason(one.day) for one in found.coming if one.day}
    assert through(early, "2021-12-03 12:00") == foretold
    assert why == {
        date(2021, 11, 25): ("Friday 26 November 2021 is blacked out (the day after Thanksgiving)"),
        NEXT: "",
    }


def test_the_timetable_names_a_week_without_an_edition(process: Process) -> None:
    none = ruled(process, blackout=OFF, on_days_off="skip").app.newsletter()
    with process.app.database.read() as session:
        found = forecast.forecast(session, none, utc("2021-11-23 15:00"), editions=2)
    assert ([one.date for one in found.coming if one.job is Job.SEND], [one.week for one in found.without]) == (
        [NEXT, date(2021, 12, 10)],
        [FRIDAY],
    )


def test_the_next_edition_is_of_the_day_that_it_was_moved_to(session: Session, process: Process) -> None:
    newsletter = ruled(process, blackout=OFF).app.newsletter()
    assert calendar.next_day(session, newsletter, utc("2021-11-23 15:00")) == date(2021, 11, 25)
    timetable.plan(session, newsletter, utc("2021-11-23 17:00"))
    assert calendar.next_day(session, newsletter, utc("2021-11-25 09:00")) == NEXT


def test_a_slot_of_a_moved_week_is_planned_once(session: Session, process: Process) -> None:
    newsletter = ruled(process, blackout=OFF).app.newsletter()
    planned = [timetable.plan(session, newsletter, utc(at)) for at in ("2021-11-22 17:00", "2021-11-23 17:00")]
    states = session.scalars(select(Slot.state)).all()
    assert (planned, states) == ([1, 2], [SlotState.PLANNED] * 3)
