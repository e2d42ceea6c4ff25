"""Nine in each reader's own morning: sending begins with the first on earth, so nobody is late because we were."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from newsletter import jobs
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.config import Settings
from newsletter.delivery.models import Batch, Delivery
from newsletter.editions import calendar
from newsletter.editions.models import Job, SlotState, State
from subscribers.models import Subscriber
from tests import factories
from tests.scheduler.world import HOUR, MINUTE, Process, a_week, alarms, edition, outbox, slots, utc

ASSEMBLE, LOCK, SEND = (f"{job} friday/2021-11-26" for job in ("assemble", "lock", "send"))
ZONES = {
    "kiritimati@example.com": "Pacific/Kiritimati",
    "auckland@example.com": "Pacific/Auckland",
    "london@example.com": "Europe/London",
    "nowhere@example.com": "",
    "new-york@example.com": "America/New_York",
}


def local(settings: Settings, **values: object) -> Settings:
    newsletter = settings.newsletters["friday"].model_copy(update={"local_morning": True, **values})
    return settings.model_copy(update={"newsletters": {"friday": newsletter}})


@pytest.fixture
def process(app: App, settings: Settings) -> Process:
    """A week of stories, and a reader in each of five zones."""
    a_week(app, readers=0)
    with app.database.write() as session:
        for address, zone in ZONES.items():
            factories.a_subscriber(session, address, time_zone=zone)
    quick = settings.newsletters["friday"].limits.model_copy(update={"canary_share": 0})
    return Process(App(local(settings, limits=quick), app.database))


def drafted(process: Process, *, approved: str | None) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    if approved:
        jobs.approve(process.app, edition(process.app).id, by="ed", now=utc(approved))


def hours(app: App) -> dict[str, datetime]:
    """When each reader's copy may go."""
    with app.database.read() as session:
        rows = session.execute(
            select(Subscriber.email, Batch.not_before)
            .join(Delivery, Delivery.subscriber_id == Subscriber.id)
            .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch))
        ).all()
    return {email: at for email, at in rows}  # noqa: C416 (a Row is not a pair to the type checker)


def test_each_reader_gets_it_at_nine_in_their_own_morning_also_east_of_the_newsletter(process: Process) -> None:
    drafted(process, approved="2021-11-25 18:00")
    assert process.tick("2021-11-25 18:59") == []
    assert [name for name in process.tick("2021-11-25 19:00") if name == SEND] == [SEND]
    assert hours(process.app) == {
        "kiritimati@example.com": utc("2021-11-25 19:00"),
        "auckland@example.com": utc("2021-11-25 20:00"),
        "london@example.com": utc("2021-11-26 09:00"),
        "nowhere@example.com": utc("2021-11-26 09:00"),
        "new-york@example.com": utc("2021-11-26 14:00"),
    }


def test_what_is_not_approved_at_the_first_morning_is_neither_held_nor_alarmed_yet(process: Process) -> None:
    drafted(process, approved=None)
    told = alarms(process.app)
    assert process.tick("2021-11-25 19:00") == [SEND]
    assert process.tick("2021-11-25 19:04") == []
    assert process.tick("2021-11-25 19:05") == [SEND]
    assert (edition(process.app).state, alarms(process.app)) == (State.IN_REVIEW, told)


def test_an_approval_in_the_night_sends_at_the_next_tick_and_easterners_get_it_late(process: Process) -> None:
    drafted(process, approved=None)
    process.tick("2021-11-25 21:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 21:01"))
    assert process.tick("2021-11-25 21:01") == [SEND]
    late = utc("2021-11-25 21:01")
    assert [at for _, at in sorted(hours(process.app).items()) if at == late] == [late, late]


def test_at_the_newsletters_own_hour_the_ordinary_rules_apply(process: Process) -> None:
    drafted(process, approved=None)
    process.tick_until("2021-11-26 08:59", 15 * MINUTE)
    assert edition(process.app).state is State.IN_REVIEW
    assert process.tick("2021-11-26 09:00") == [SEND]
    assert (edition(process.app).state, slots(process.app)[Job.SEND]) == (State.HELD, SlotState.DONE)
    assert alarms(process.app)[-1].startswith("friday/2021-11-26 was not sent: nobody approved it in time.")


def test_the_lock_is_not_kept_waiting_by_a_sending_that_waits(process: Process) -> None:
    drafted(process, approved=None)
    process.tick("2021-11-26 07:59")
    assert LOCK in process.tick("2021-11-26 08:00")


def test_a_draft_made_after_the_first_morning_still_goes_out(app: App, settings: Settings) -> None:
    """Thursday 16:00 in New York is later than Friday 09:00 in Kiritimati."""
    a_week(app)
    process = Process(App(local(settings, time_zone="America/New_York"), app.database))
    process.tick("2021-11-25 15:00")
    assert process.tick("2021-11-25 19:00") == [SEND]
    assert sorted(process.tick("2021-11-25 21:00")) == [ASSEMBLE, SEND]
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 22:00"))
    process.tick_until("2021-11-26 14:00")
    assert (edition(process.app).state, len(outbox(app, "reader"))) == (State.SENT, 3)


def test_between_two_mornings_there_is_nothing_to_do(process: Process) -> None:
    drafted(process, approved="2021-11-25 18:00")
    process.tick("2021-11-25 19:00")
    process.tick("2021-11-25 20:00")
    assert process.tick("2021-11-26 07:00") == []


def test_each_reader_gets_one_copy_when_all_mornings_are_over(process: Process) -> None:
    drafted(process, approved="2021-11-25 18:00")
    process.tick("2021-11-25 19:00")
    sent = [len(outbox(process.app, *ZONES))]
    for at in ("2021-11-25 20:00", "2021-11-26 09:00", "2021-11-26 14:00"):
        process.tick(at)
        sent.append(len(outbox(process.app, *ZONES)))
    assert (sent, edition(process.app).state) == ([1, 2, 4, 5], State.SENT)


def test_each_copy_is_dated_with_its_own_readers_morning(process: Process) -> None:
    drafted(process, approved="2021-11-25 18:00")
    for at in ("2021-11-25 19:00", "2021-11-25 20:00", "2021-11-26 09:00", "2021-11-26 14:00"):
        process.tick(at)
    dates = [one["Date"].datetime for one in outbox(process.app, *ZONES)]
    assert sorted(dates) == sorted(hours(process.app).values())


@pytest.mark.parametrize(
    ("day", "first", "own"),
    [
        (date(2021, 7, 2), "2021-07-01 19:00", "2021-07-02 08:00"),  # summer time in London
        (date(2021, 10, 29), "2021-10-28 19:00", "2021-10-29 08:00"),  # the last before the clocks go back
        (date(2021, 11, 5), "2021-11-04 19:00", "2021-11-05 09:00"),  # the first after
        (date(2022, 3, 25), "2022-03-24 19:00", "2022-03-25 09:00"),
        (date(2022, 4, 1), "2022-03-31 19:00", "2022-04-01 08:00"),
    ],
)
def test_the_first_morning_is_the_same_across_clock_changes(
    settings: Settings, day: date, first: str, own: str
) -> None:
    newsletter = local(settings).newsletters["friday"]
    assert (calendar.opens(newsletter, Job.SEND, day), calendar.due(newsletter, Job.SEND, day)) == (
        utc(first),
        utc(own),
    )


def test_without_local_mornings_sending_begins_when_it_is_due(settings: Settings) -> None:
    newsletter = settings.newsletters["friday"]
    assert calendar.opens(newsletter, Job.SEND, date(2021, 11, 26)) == utc("2021-11-26 09:00")


def test_the_timetable_shows_the_first_mornings_and_says_what_they_are(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "newsletter.toml").write_text(
        f'database_url = "{database_url}"\nsecret = "a secret for tests"\n[newsletters.friday]\ntitle = "Five"\n'
        'from_address = "friday@news.example.com"\npostal_address = "1 Market Row"\nlocal_morning = true\n'
    )
    shown = CliRunner().invoke(program, ["--home", str(tmp_path), "timetable", "--weeks", "3"])
    rows = json.loads(CliRunner().invoke(program, ["--home", str(tmp_path), "timetable", "--json"]).stdout)
    first = [datetime.fromisoformat(row["utc"]) for row in rows if row["job"] == "first mornings"]
    own = [datetime.fromisoformat(row["utc"]) for row in rows if row["job"] == "send"]
    assert [sent - began for began, sent in zip(first[-3:], own[-3:], strict=True)] == [14 * HOUR] * 3
    assert "Each reader gets it at 09:00 on their own clock" in shown.stdout
