"""On which day the edition of each week goes out: the newsletter's own, or another, with the reason.

A person's word stands first. Else an edition whose day is a holiday or blacked out goes by the newsletter's rule,
and never as far as the editions around it. What has begun stays, whatever the rule says since.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from newsletter import spans
from newsletter.config import Newsletter
from newsletter.editions.models import Edition, MovedDay, Slot, SlotState

WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
#: so far back it is known what became of a week
_BACK = timedelta(days=28)
_SHORT = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Day:
    """One week of a newsletter, and when its edition goes out."""

    #: the newsletter's own day of that week
    week: date
    #: None where there is no edition
    date: date | None
    #: why it is not the newsletter's own day; empty where it is
    why: str = ""
    #: who said so; empty where it is the rule
    by: str = ""
    #: something to know of the day, such as a holiday that does not move it
    remark: str = ""
    #: the rule would have moved it to a day that is past
    too_late: bool = False

    @property
    def is_moved(self) -> bool:
        """Whether it goes out on another day than the newsletter's, or not at all."""
        return self.date != self.week


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of the local time *at* on *day*, in UTC.

    A time that a clock change leaves out moves later by the gap; of a time that comes twice, the first.
    """
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)


def weeks(newsletter: Newsletter, after: date) -> Iterator[date]:
    """The newsletter's own days later than *after*, without end."""
    day = after + _DAY
    day += timedelta(days=(newsletter.send.weekday - day.weekday()) % 7)
    while True:
        yield day
        day += WEEK


def spoken(day: date) -> str:
    """ "Friday 25 December 2026" """
    return f"{day:%A} {day.day} {day:%B %Y}"


def reason(day: Day) -> str:
    """Why the edition of *day* is not on the newsletter's own day, or what to know of it; often empty."""
    said = f"{day.why} ({day.by})" if day.by and day.why else f"said by {day.by}" if day.by else day.why
    if day.date is None:
        return said
    # the rule's own words name the day already
    moved = (f"in place of {spoken(day.week)}: {said}" if day.by else said) if day.is_moved else ""
    return "; ".join(part for part in (moved, day.remark) if part)


def holiday(country: str, day: date) -> str:
    """The name of the public holiday that *day* is in *country* ("GB", "GB-ENG"); empty where it is none."""
    return _holidays(country, day.year).get(day, "") if country else ""


class Diary:
    """The weeks of *newsletter* as they stand at *now*, in three queries however many are asked for."""

    def __init__(self, session: Session, newsletter: Newsletter, now: datetime) -> None:
        self.newsletter, self.now = newsletter, now
        since = now.astimezone(newsletter.zone).date() - _BACK
        ours = (MovedDay.newsletter == newsletter.slug, MovedDay.week >= since)
        #: what was said of a week, by people and by the rule
        self.rows = {row.week: row for row in session.scalars(select(MovedDay).where(*ours))}
        self._blackouts = [spans.read(text) for text in newsletter.blackout]
        dated = (Edition.newsletter == newsletter.slug, Edition.date >= since, Edition.correction == 0)
        made = select(Edition).where(*dated)
        made = made.options(lazyload(Edition.stories))
        #: the editions that there are, by their date
        self.made = {edition.date: edition for edition in session.scalars(made)}
        slots = select(Slot).where(Slot.newsletter == newsletter.slug, Slot.date >= since)
        #: the slots that there are
        self.slots = tuple(session.scalars(slots.execution_options(populate_existing=True)))
        self._begun = dict(self._stay())

    def days(self, after: date) -> Iterator[Day]:
        """The weeks later than *after*, without end."""
        before = date.min
        for week in weeks(self.newsletter, after - 2 * WEEK):
            day = self._place(week, before)
            before = day.date or before
            if week > after:
                yield day

    def of_week(self, week: date) -> Day | None:
        """What becomes of *week*; None where that is not the newsletter's day."""
        if week.weekday() != self.newsletter.send.weekday:
            return None
        return next(self.days(week - _DAY))

    def on(self, day: date) -> Day | None:
        """The week whose edition goes out on *day*; else the one that *day* is the newsletter's own day of."""
        near = [next_to for next_to, _ in zip(self.days(day - 3 * WEEK), range(6), strict=False)]
        found = [one for one in near if one.date == day] or [one for one in near if one.week == day]
        return found[0] if found else None

    def is_planned(self, day: date) -> bool:
        """Whether the timetable has an edition on *day*."""
        found = self.on(day)
        return found is not None and found.date == day

    def off(self, day: date) -> str:
        """Why no edition should go out on *day*, such as "Christmas Day"; empty where one may."""
        named = holiday(self.newsletter.holidays, day)
        if named:
            return named
        found = next((span for span in self._blackouts if day in span), None)
        return "" if found is None else f"blacked out ({found.why})" if found.why else "blacked out"

    def sends_at(self, day: date) -> datetime:
        """When an edition of *day* goes out, in UTC."""
        return instant(day, self.newsletter.hour(day), self.newsletter.zone)

    def has_begun(self, week: date) -> bool:
        """Whether something was done for the edition of *week* already, or is past."""
        return week in self._begun

    def _stay(self) -> Iterator[tuple[date, Day]]:
        """The weeks of which something has begun, as they stand."""
        for slot in self.slots:
            if slot.week and (slot.state is not SlotState.PLANNED or slot.due_at <= self.now):
                yield slot.week, self._stands(slot.week, slot.date)
        for week, row in self.rows.items():
            if row.to is None and not row.by and self.sends_at(week) <= self.now:
                yield week, self._stands(week, None)
            elif row.to in self.made:
                yield week, self._stands(week, row.to)

    def _stands(self, week: date, day: date | None) -> Day:
        row = self.rows.get(week)
        return Day(week, day, row.why, row.by) if row and row.to == day and day != week else Day(week, day)

    def _place(self, week: date, before: date) -> Day:
        if week in self._begun:
            return self._begun[week]
        row = self.rows.get(week)
        if row is not None and row.by:
            off = self.off(row.to) if row.to else ""
            return Day(week, row.to, row.why, row.by, remark=f"{spoken(row.to)} is {off}" if row.to and off else "")
        off = self.off(week)
        if week <= before:
            return Day(week, None, f"the edition before it goes out on {spoken(before)}")
        if not off:
            return Day(week, week)
        if week in self.made:
            return Day(week, week, remark=f"{spoken(week)} is {off}, but its edition is made already, so it stays")
        return self._by_the_rule(week, f"{spoken(week)} is {off}", before)

    def _by_the_rule(self, week: date, why: str, before: date) -> Day:
        rule = self.newsletter.on_days_off
        if rule == "skip":
            return Day(week, None, f"{why}, and by the newsletter’s rule there is no edition then")
        earliest, latest = max(before, week - WEEK), self._after(week)
        step = _DAY if rule == "later" else -_DAY
        passed: list[tuple[date, str]] = []
        day, is_late = week + step, False
        while earliest < day < latest:
            reason = self.off(day) or self._no_working_day(day)
            if not reason and self.sends_at(day) <= self.now < self.sends_at(week):
                reason, is_late = "past", True
            if not reason:
                return Day(week, day, why + _also(passed))
            passed.append((day, reason))
            day += step
        return Day(week, None, f"{why}, and no day {rule} is free{_also(passed)}", too_late=is_late)

    def _after(self, week: date) -> date:
        """The day of the edition after *week*, which none before it reaches."""
        following = self._begun.get(week + WEEK) or self.rows.get(week + WEEK)
        said = following.date if isinstance(following, Day) else following.to if following and following.by else None
        return min(week + WEEK, said or week + WEEK)

    def _no_working_day(self, day: date) -> str:
        return "" if _SHORT[day.weekday()] in self.newsletter.working_days else "no working day"


def _also(passed: list[tuple[date, str]]) -> str:
    """The days that were passed over, those together that follow one another for one reason."""
    found = []
    for why, run in groupby(sorted(passed), key=lambda one: one[1]):
        days = [f"{day:%a} {day.day} {day:%b}" for day, _ in run]
        found.append(f"{days[0]} is {why}" if len(days) == 1 else f"{days[0]} to {days[-1]} are {why}")
    return f"; {', '.join(found)}" if found else ""


@lru_cache(maxsize=128)
def _holidays(country: str, year: int) -> dict[date, str]:
    from holidays import country_holidays  # loads for a tenth of a second, and most never ask

    code, _, region = country.partition("-")
    # a whole year at once: one that fills itself when asked is half full for the second of two threads
    return dict(country_holidays(code, subdiv=region or None, years=year, expand=False, language="en_US"))
