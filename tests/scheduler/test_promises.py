"""What the product says it will do, it does: off-day editions, mails after an edit, words about an approval."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions import calendar, forecast, shelf, watch
from newsletter.editions import words as wording
from newsletter.editions.models import Alarm, Edition, Slot, SlotState, State
from newsletter.errors import AlreadyDone
from newsletter.jobs import letters, passes
from newsletter.jobs.passes import Pass, Verb
from tests.factories import a_source, an_article, an_edition
from tests.scheduler.world import HOUR, Process, a_week, edition, outbox, utc
from tests.web.site import served

WEDNESDAY = date(2021, 12, 1)


@pytest.fixture
def process(app: App) -> Process:
    a_week(app)
    return Process(app)


def _sent_friday(process: Process) -> None:
    """Friday's edition, sent by the clock."""
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    process.tick_until("2021-11-26 10:00")


def _news(app: App, *headlines: str, at: str) -> None:
    with app.database.write() as session:
        for name in ("The Grocer", "Retail Week"):
            source = a_source(session, name)
            source.next_fetch_at = utc("2030-01-01 00:00")
            for headline in headlines:
                an_article(
                    session, source, f"{headline} ({name})", f"{headline} says {name}. " * 9, published_at=utc(at)
                )


def _assembled(app: App, day: date, now: str) -> int:
    made = jobs.assemble(app, app.newsletter(), day, now=utc(now), by="ed")
    assert made.edition_id is not None
    return made.edition_id


# an edition for another day than the newsletter's


def test_an_edition_for_another_day_goes_out_at_the_newsletters_hour_once_it_is_approved(process: Process) -> None:
    _sent_friday(process)
    _news(process.app, "Ocado opens a robot warehouse", at="2021-11-29 09:00")
    number = _assembled(process.app, WEDNESDAY, "2021-11-30 12:00")
    jobs.approve(process.app, number, by="ed", now=utc("2021-11-30 13:00"))
    assert process.tick("2021-12-01 08:59") == []
    assert process.tick("2021-12-01 09:00") == ["send friday/2021-12-01"]
    with process.app.database.read() as session:
        assert shelf.get(session, number).state is State.SENT


def test_the_fridays_around_it_stay_in_the_timetable(process: Process) -> None:
    _sent_friday(process)
    with process.app.database.write() as session:
        number = an_edition(session, date=date(2021, 12, 8), state=State.IN_REVIEW).id
    jobs.approve(process.app, number, by="ed", now=utc("2021-11-29 13:00"))
    done = process.tick_until("2021-12-11 00:00")
    sends = [name for name in done if name.startswith("send")]
    assert sends == ["send friday/2021-12-03", "send friday/2021-12-08", "send friday/2021-12-10"]


def test_it_does_not_repeat_the_last_editions_stories(process: Process) -> None:
    _sent_friday(process)
    _news(process.app, "Ocado opens a robot warehouse", at="2021-11-29 09:00")
    number = _assembled(process.app, WEDNESDAY, "2021-11-30 12:00")
    with process.app.database.read() as session:
        told = [story.headline for story in shelf.get(session, number).stories]
    assert len(told) == 1
    assert told[0].startswith("Ocado opens")


def test_it_does_not_repeat_what_is_approved_and_not_sent_yet_either(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.approve(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    made = jobs.assemble(
        process.app, process.app.newsletter(), date(2021, 11, 27), now=utc("2021-11-25 19:00"), by="ed"
    )
    assert (made.edition_id, "no article of its week" in made.result) == (None, True)


def test_in_place_of_a_friday_that_was_skipped_it_tells_that_week(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    jobs.skip(process.app, edition(process.app).id, by="ed", now=utc("2021-11-25 18:00"))
    number = _assembled(process.app, date(2021, 11, 28), "2021-11-26 12:00")
    with process.app.database.read() as session:
        assert len(shelf.get(session, number).stories) == 5


def test_an_approval_taken_back_takes_its_hour_back(process: Process) -> None:
    _sent_friday(process)
    with process.app.database.write() as session:
        number = an_edition(session, date=WEDNESDAY, state=State.IN_REVIEW).id
    jobs.approve(process.app, number, by="ed", now=utc("2021-11-29 13:00"))
    jobs.reopen(process.app, number, by="ed", now=utc("2021-11-29 14:00"))
    assert process.tick_until("2021-12-01 12:00") == []


def test_where_its_hour_is_past_the_draft_says_that_it_goes_only_by_hand(app: App, now: datetime) -> None:
    with app.database.write() as session:
        late = an_edition(session, date=date(2021, 11, 24), state=State.IN_REVIEW)
    letter = letters.compose(
        app, app.newsletter(), Alarm(key="k", text="t"), late, "editor@news.example.com", now=now + 12 * HOUR
    )
    assert "it goes out only by hand, with newsletter send friday/2021-11-24" in letter.text


# the timetable


def _due(app: App, now: str) -> list[str]:
    with app.database.read() as session:
        found = forecast.forecast(session, app.newsletter(), utc(now), editions=2)
    return [f"{one.job.value} {one.date}" for one in found.coming]


@pytest.mark.parametrize("state", [State.SKIPPED, State.CANCELLED, State.SENT])
def test_the_timetable_does_not_list_what_an_edition_rules_out(process: Process, state: State) -> None:
    process.tick("2021-11-25 15:00")
    with process.app.database.write() as session:
        an_edition(session, state=state)
    week_after = ["assemble 2021-12-03", "lock 2021-12-03", "send 2021-12-03"]
    assert _due(process.app, "2021-11-25 15:01") == week_after[: len(_due(process.app, "2021-11-25 15:01"))]


def test_the_timetable_lists_no_missed_slot(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    with process.app.database.write() as session:
        for slot in session.scalars(select(Slot)):
            slot.state = SlotState.MISSED
    assert [line for line in _due(process.app, "2021-11-25 15:01") if "2021-11-26" in line] == []


def test_the_timetable_lists_an_off_day_edition_once_it_is_approved(process: Process) -> None:
    _sent_friday(process)
    with process.app.database.write() as session:
        number = an_edition(session, date=WEDNESDAY, state=State.IN_REVIEW).id
    before = "send 2021-12-01" in _due(process.app, "2021-11-29 12:00")
    jobs.approve(process.app, number, by="ed", now=utc("2021-11-29 13:00"))
    assert (before, "send 2021-12-01" in _due(process.app, "2021-11-29 14:00")) == (False, True)


def test_the_timetable_lists_what_the_clock_then_does(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    foretold = _due(process.app, "2021-11-25 15:01")[:3]
    assert [name.replace("friday/", "") for name in process.tick_until("2021-11-26 12:00")] == foretold


def test_without_a_draft_and_past_its_hour_no_send_is_foretold(app: App) -> None:
    process = Process(app)
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")  # no article, so no edition
    assert "send 2021-11-26" not in _due(app, "2021-11-25 16:01")


# after an edit


def _edit(app: App, number: int, subject: str, at: str) -> None:
    with app.database.write() as session:
        found = shelf.get(session, number)
        jobs.take_in(
            session, app.newsletter(), found.date, replace(wording.of(found), subject=subject), by="ed", now=utc(at)
        )


def _link(message_text: str, verb: str) -> str:
    return next(urlsplit(word).path for word in message_text.split() if f"/desk/{verb}/" in word)


def test_after_an_edit_the_editors_get_a_mail_whose_links_work(process: Process) -> None:
    process.tick("2021-11-25 15:00")
    process.tick("2021-11-25 16:00")
    letters.tell(process.app, now=utc("2021-11-25 16:01"))
    number = edition(process.app).id
    _edit(process.app, number, "Another subject", "2021-11-25 17:00")
    assert letters.tell(process.app, now=utc("2021-11-25 17:01")) == 1
    (mail,) = [one for one in outbox(process.app, "editor@") if one["Subject"] == "[Draft] Another subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    with served(process.app, lambda: utc("2021-11-25 17:05")) as site:
        page = site.post(_link(body.get_content(), "approve")).text
    assert "It goes out on Friday 26 November at 09:00 (Europe/London)." in page
    assert edition(process.app).state is State.APPROVED


def test_an_old_link_leads_to_what_changed_and_on_to_the_new_wording(app: App, now: datetime) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.IN_REVIEW).id
    _edit(app, number, "Another <subject>", "2021-11-25 17:00")
    old = passes.link(app.settings, Pass(Verb.APPROVE, number, 1, "editor@news.example.com"), now=now)
    with served(app, lambda: utc("2021-11-25 18:00")) as site:
        page = site.get(urlsplit(old).path).text
        refused = site.post(urlsplit(old).path).status_code
        onward = page.partition('class="button" href="')[2].partition('"')[0]
        approved = site.post(onward).text
    assert "<del>Subject: Walmart goes live, Carrefour goes cashierless</del>" in page
    assert "<ins>Subject: Another &lt;subject&gt;</ins>" in page
    assert (refused, "Approved." in approved) == (409, True)


def test_the_way_on_lasts_no_longer_than_the_link_that_was_mailed(app: App, now: datetime) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.IN_REVIEW).id
    _edit(app, number, "Another subject", "2021-11-25 17:00")
    old = passes.link(app.settings, Pass(Verb.APPROVE, number, 1, "editor@news.example.com"), now=now)
    with served(app, lambda: now + passes.LIFETIME - HOUR) as site:
        page = site.get(urlsplit(old).path).text
    onward = page.partition('class="button" href="')[2].partition('"')[0]
    with served(app, lambda: now + passes.LIFETIME + HOUR) as site:
        assert "more than a week old" in site.get(onward).text


def test_approving_what_is_approved_says_by_whom(app: App, now: datetime) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.IN_REVIEW).id
    jobs.approve(app, number, by="ada@news.example.com", now=now)
    with pytest.raises(AlreadyDone, match=r"approved already, by ada@news\.example\.com on Thursday 25 Nov"):
        jobs.approve(app, number, by="ed", now=now + HOUR)
    link = passes.link(app.settings, Pass(Verb.APPROVE, number, 1, "bob@news.example.com"), now=now)
    with served(app, lambda: now + HOUR) as site:
        asked, done = site.get(urlsplit(link).path), site.post(urlsplit(link).path)
    assert (asked.status_code, done.status_code) == (200, 200)
    assert all("by ada@news.example.com on Thursday" in answer.text for answer in (asked, done))


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.HOLD])
def test_of_a_sent_edition_a_link_says_that_nothing_is_left_to_decide(app: App, now: datetime, verb: Verb) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.SENT).id
    link = passes.link(app.settings, Pass(verb, number, 1, "ed@news.example.com"), now=now)
    with served(app, lambda: now) as site:
        page = site.get(urlsplit(link).path).text
    assert ("It is sent." in page, "<button" in page) == (True, False)


def test_a_skipped_edition_is_approved_by_the_link_in_its_mail(app: App, now: datetime) -> None:
    with app.database.write() as session:
        number = an_edition(session, state=State.SKIPPED).id
    jobs.approve(app, number, by="ed", revision=1, now=now)
    with app.database.read() as session:
        assert shelf.get(session, number).state is State.APPROVED


# letters that could not be delivered


def _blocked(app: App, tmp_path: Path) -> App:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    maildir = app.settings.maildir.model_copy(update={"path": tmp_path / "blocked"})
    return App(app.settings.model_copy(update={"maildir": maildir}), app.database)


def test_a_draft_mail_that_could_not_go_is_on_the_page(app: App, now: datetime, tmp_path: Path) -> None:
    with app.database.write() as session:
        watch.ring(
            session, f"{watch.DRAFTED}{an_edition(session, state=State.IN_REVIEW).id} 1", "A draft is there", now
        )
    letters.tell(_blocked(app, tmp_path), now=now)
    with served(app, lambda: now) as site:
        page = _desk(site)
    assert "not delivered yet</span>: editor@news.example.com: " in page


def test_of_two_editors_the_one_who_has_it_does_not_get_it_again(
    app: App, settings: Settings, now: datetime, tmp_path: Path
) -> None:
    both = settings.newsletters["friday"].model_copy(update={"editors": ("a@example.com", "b@example.com")})
    pair = App(settings.model_copy(update={"newsletters": {"friday": both}}), app.database)
    with app.database.write() as session:
        watch.ring(session, "an alarm", "Something happened", now)
        session.scalars(select(Alarm)).one().told_to = ["a@example.com"]
    assert letters.tell(pair, now=now) == 1
    assert [mail["To"] for mail in outbox(app)] == ["b@example.com"]


def _desk(site: httpx.Client) -> str:
    return site.get("/").text


def test_a_slot_of_an_off_day_is_planned_once(process: Process) -> None:
    with process.app.database.write() as session:
        newsletter = process.app.newsletter()
        first = calendar.promise(session, newsletter, WEDNESDAY, utc("2021-11-29 13:00"))
        second = calendar.promise(session, newsletter, WEDNESDAY, utc("2021-11-29 13:00"))
        regular = calendar.promise(session, newsletter, date(2021, 12, 3), utc("2021-11-29 13:00"))
        past = calendar.promise(session, newsletter, WEDNESDAY, utc("2021-12-01 21:01"))
        days = session.scalars(select(Slot.date)).all()
    assert (first, second, regular, past, days) == (True, False, False, False, [WEDNESDAY])


def test_the_edition_of_an_edit_keeps_what_it_said(app: App) -> None:
    with app.database.write() as session:
        number = an_edition(session).id
    _edit(app, number, "Second", "2021-11-25 17:00")
    _edit(app, number, "Third", "2021-11-25 18:00")
    with app.database.read() as session:
        found: Edition = shelf.get(session, number)
        assert found.revision == 3


# an edition that was approved before the timetable first began


def _approved_by_hand(app: App, at: str) -> int:
    with app.database.write() as session:
        number = an_edition(session, date=date(2021, 11, 26), state=State.IN_REVIEW).id
    jobs.approve(app, number, by="ed", now=utc(at))
    return number


def test_what_was_approved_for_today_goes_out_when_the_scheduler_first_starts_after_its_hour(process: Process) -> None:
    number = _approved_by_hand(process.app, "2021-11-26 10:00")
    assert process.tick("2021-11-26 10:30") == ["send friday/2021-11-26"]
    with process.app.database.read() as session:
        assert shelf.get(session, number).state is State.SENT


def test_what_was_approved_for_today_is_promised_before_the_scheduler_first_starts(process: Process) -> None:
    _approved_by_hand(process.app, "2021-11-26 10:00")
    now = utc("2021-11-26 10:05")
    with process.app.database.read() as session:
        assert calendar.will_send(session, process.app.newsletter(), date(2021, 11, 26), now) == utc("2021-11-26 09:00")


def test_what_was_approved_for_today_is_told_as_missed_where_the_scheduler_first_starts_too_late(
    process: Process,
) -> None:
    _approved_by_hand(process.app, "2021-11-26 10:00")
    assert process.tick("2021-11-26 23:30") == []
    with process.app.database.read() as session:
        assert "send of friday/2021-11-26 was missed" in session.scalars(select(Alarm.text)).one()
