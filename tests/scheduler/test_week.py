"""The week by the clock: drafted on Thursday, sent on Friday at nine, once, or held and told."""

from datetime import date

import pytest

from newsletter import db, jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions.models import Job, SlotState, State
from tests.scheduler.world import Process, a_week, alarms, edition, outbox, slots, utc

ASSEMBLE, LOCK, SEND = (f"{job} friday/2021-11-26" for job in ("assemble", "lock", "send"))


@pytest.fixture
def process(app: App) -> Process:
    a_week(app)
    return Process(app)


def test_a_week_goes_from_draft_to_sent(process: Process) -> None:
    assert process.tick("2021-11-25 15:00") == []
    assert process.tick("2021-11-25 16:00") == [ASSEMBLE]
    assert edition(process.app).state is State.IN_REVIEW
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    assert process.tick("2021-11-26 08:00") == [LOCK]
    assert process.tick("2021-11-26 09:00") == [SEND]
    assert edition(process.app).state is State.SENT
    assert len(outbox(process.app, "reader")) == 3


def test_each_job_is_done_once_however_often_it_ticks(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    assert process.tick_until("2021-11-27 09:00") == [ASSEMBLE, LOCK, SEND]


def test_the_draft_tells_the_weeks_stories(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    made = edition(process.app)
    assert (made.date, len(made.stories)) == (date(2021, 11, 26), 5)


def test_two_schedulers_make_one_edition_and_send_it_once(process: Process, settings: Settings) -> None:
    database = db.connect(settings.database_url)
    second = Process(App(settings, database), owner="two")
    done = []
    for at in ("2021-11-25 15:00", "2021-11-25 16:00", "2021-11-26 08:00", "2021-11-26 09:00", "2021-11-26 09:01"):
        done += process.tick(at) + second.tick(at)
        if at == "2021-11-25 16:00":
            jobs.approve(process.app, edition(process.app).id, by="ed", now=utc(at))
    database.close()
    assert done == [ASSEMBLE, LOCK, SEND]
    assert len(outbox(process.app, "reader")) == 3


def test_what_nobody_approved_is_held_and_told(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-26 09:00")
    assert edition(process.app).state is State.HELD
    assert alarms(process.app)[1:] == [
        "friday/2021-11-26 is not approved yet, and 09:00 is its time: approve it, or it will be held.",
        "friday/2021-11-26 was not sent: nobody approved it in time. Approve it and it goes out; or skip it.",
    ]
    assert outbox(process.app, "reader") == []


def test_what_was_held_goes_out_once_it_is_approved_inside_the_window(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-26 09:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-26 10:00"))
    assert process.tick("2021-11-26 10:01") == [SEND]
    assert len(outbox(process.app, "reader")) == 3


def test_after_the_window_an_approval_sends_nothing_by_itself(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-26 09:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-26 22:00"))
    assert process.tick("2021-11-26 22:01") == []


def test_the_newsletters_policy_may_send_what_nobody_approved(process: Process, settings: Settings) -> None:
    newsletter = settings.newsletters["friday"].model_copy(update={"when_not_approved": "send_if_green"})
    green = Process(App(settings.model_copy(update={"newsletters": {"friday": newsletter}}), process.app.database))
    green.tick("2021-11-25 15:00")
    green.tick_until("2021-11-26 09:00")
    assert edition(green.app).state is State.SENT


def test_an_edit_after_approval_is_not_sent(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    jobs.reopen(process.app, edition(process.app).id, by="ed", now=utc("2021-11-26 08:59"))
    process.tick("2021-11-26 08:59")
    process.tick("2021-11-26 09:00")
    assert (edition(process.app).state, outbox(process.app, "reader")) == (State.HELD, [])


def test_a_friday_slept_through_is_caught_up_inside_the_window(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    assert process.tick("2021-11-26 20:59") == [LOCK]
    assert process.tick() == [SEND]
    assert edition(process.app).state is State.SENT


def test_after_the_window_a_friday_is_missed_and_told_and_nothing_is_sent(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    process.tick("2021-11-26 21:01")
    assert slots(process.app)[Job.SEND] is SlotState.MISSED
    assert alarms(process.app)[-1] == (
        "send of friday/2021-11-26 was missed: nothing ran in time (it was due 2021-11-26 09:00 UTC)"
    )
    assert outbox(process.app, "reader") == []


def test_a_week_without_an_edition_is_told(app: App) -> None:
    process = Process(app)
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-26 09:00")
    assert alarms(app)[-1] == "friday/2021-11-26 was not sent: there is no edition for this date"


def test_an_edition_that_people_have_made_is_left_alone_by_the_clock(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    made = jobs.assemble(
        process.app, process.app.newsletter(), date(2021, 11, 26), now=utc("2021-11-25 15:30"), by="ed"
    )
    assert made.edition_id is not None
    jobs.approve(process.app, made.edition_id, by="ed", now=utc("2021-11-25 15:40"))
    process.tick("2021-11-25 16:00")
    assert (edition(process.app).state, slots(process.app)[Job.ASSEMBLE]) == (State.APPROVED, SlotState.DONE)


def test_the_editors_get_the_draft_with_links_that_decide(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    process.tick()
    (letter,) = outbox(process.app, "editor@news.example.com")
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert letter["Subject"].startswith("[Draft] ")
    assert "Approve: https://news.example.com/desk/approve/" in text
    assert "5. " in text


def test_an_alarm_is_mailed_once(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick_until("2021-11-27 09:00")
    subjects = [letter["Subject"] for letter in outbox(process.app, "editor@news.example.com")]
    assert [subject[:40] for subject in subjects if "was not sent" in subject] == [
        "The Friday Five: friday/2021-11-26 was n"
    ]


def test_a_job_that_fails_is_told_and_tried_again(process: Process, settings: Settings) -> None:
    broken = Process(App(settings.model_copy(update={"sender": "smtp"}), process.app.database))
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    process.tick("2021-11-26 08:00")
    assert broken.tick("2021-11-26 09:00") == [SEND]
    assert "send friday/2021-11-26 failed and is tried again: smtp.host is missing" in alarms(process.app)[-1]
    assert process.tick("2021-11-26 09:01") == []
    assert process.tick("2021-11-26 09:02") == [SEND]
    assert len(outbox(process.app, "reader")) == 3


def test_a_worker_that_was_overtaken_leaves_no_trace(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    (slow,) = [work for work in _tick_only(process, "2021-11-25 16:00") if work.slot]
    second = Process(process.app, owner="two")
    assert second.tick("2021-11-25 16:05") == [ASSEMBLE]
    told = alarms(process.app)
    jobs.run(process.app, slow, owner="one", clock=lambda: utc("2021-11-25 16:06"))
    assert (edition(process.app).revision, alarms(process.app)) == (1, told)


def test_a_sending_whose_process_died_goes_on_at_the_next_tick(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    process.tick("2021-11-26 08:00")
    (send,) = [work for work in _tick_only(process, "2021-11-26 09:00") if work.slot]
    jobs.run(process.app, send, owner="one", clock=lambda: utc("2021-11-26 09:00"))  # what follows is never begun
    assert edition(process.app).state is State.SENDING
    assert process.tick("2021-11-26 09:01") == [f"dispatch {edition(process.app).id}"]
    assert (edition(process.app).state, len(outbox(process.app, "reader"))) == (State.SENT, 3)


def _tick_only(process: Process, at: str) -> list[jobs.Work]:
    return jobs.tick(process.app, now=utc(at), owner=process.owner)
