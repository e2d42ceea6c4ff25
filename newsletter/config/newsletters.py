"""A newsletter as the settings describe it."""

import re
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    field_validator,
)

from newsletter import spans
from newsletter.config.sections import Limits, Section, Weekday, WeekTime, WeekTimeText

#: as `subscribers` names lists
_LIST = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: what an address surely has and has not; what else it needs is the mail server's to say
_ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,255}")
_HEADER_SAFE = re.compile(r"[^\r\n\x00-\x1f]*")


class Newsletter(Section):
    """A recurring publication."""

    #: its key under [newsletters.…]
    slug: str = Field(default="", max_length=64)
    #: what readers know it by; the name in the inbox where from_name is empty
    title: str = Field(min_length=1, max_length=200)
    #: the sender's name
    from_name: str = ""
    #: the sender's address; its domain is the one that signs (DKIM)
    from_address: str = Field(max_length=254)  # RFC 5321 section 4.5.3.1.3: 256 with the angle brackets
    #: names of the keys (DKIM) that sign for its domain, as in SELECTOR._domainkey.news.example.com; the checks look
    #: there whether the key is right; empty: under usual names, and what is not found is not known
    dkim_selectors: tuple[str, ...] = ()
    #: editions that go out at an hour of their own, each as its date and that hour on the newsletter's clock:
    #: "2026-12-24 07:00"; `newsletter editions at` and the edition's page write it
    hours: tuple[str, ...] = ()
    #: where answers go; the sender's address where it is empty
    reply_to: str = Field(default="", max_length=254)
    #: stands in every mail, as the law asks
    postal_address: str
    #: the clock of the timetable, such as Europe/London
    time_zone: str = "UTC"
    #: of the mail, as a tag such as en, de or pt-BR
    language: str = "en"
    #: who gets it: the lists, by their short names
    lists: tuple[str, ...] = ("weekly",)
    #: the folder in templates
    template: str = "friday"
    #: what it is, in a sentence or two, for the sign-up page
    description: str = ""
    #: what went out to all its readers stands at public_url/archive/… for everybody, with feeds
    archive: bool = True
    #: the words beside the sign-up button that people agree to; empty are our own
    consent: str = ""
    #: topics that readers may tick on their preferences page: name → title
    topics: dict[str, str] = Field(default_factory=dict)
    #: what a letter says to who has just confirmed, paragraphs parted by an empty line; empty is no letter
    welcome: str = ""
    #: a mailbox that people can write to in order to leave; empty where nobody reads one
    unsubscribe_mailbox: str = ""
    #: what is counted of the links that readers follow: "off" is nothing, "anonymous" how often each link was
    #: followed, without whom, "individual" who followed which; it counts from the next approval on, and where it
    #: counts less, at once
    tracking: Literal["off", "anonymous", "individual"] = "anonymous"
    #: a picture of one pixel in the mail, whose fetching says that it was opened; most fetching is done by machines
    pixel: bool = False
    #: a link in the mail that nobody sees: who follows it is a machine
    decoy: bool = True
    #: days from its date on in which the counted links of an edition lead on; 0 is for ever
    links_days: int = Field(default=730, ge=0)
    #: phrases that matter to the readers, with weights
    interests: dict[str, float] = Field(default_factory=dict)
    #: how many stories an edition has
    stories: int = Field(default=5, ge=1, le=20)
    #: when the draft is made
    assemble: WeekTimeText = WeekTime(weekday=3, at=time(16))
    #: when late news and a missing approval are told
    lock: WeekTimeText = WeekTime(weekday=4, at=time(8))
    #: when it goes out; its weekday is the newsletter's day
    send: WeekTimeText = WeekTime(weekday=4, at=time(9))
    #: the country whose public holidays its editions keep away from, with the region where one is meant: "GB",
    #: "GB-ENG", "DE-BY", "US-CA" (ISO 3166-2); empty keeps away from none
    holidays: str = Field(default="", max_length=16)
    #: more days without an edition: "2026-12-24", "2026-12-24/2027-01-03", in each year "12-24/01-02"; a reason may
    #: follow ("12-24/01-02 the newsroom is closed")
    blackout: tuple[str, ...] = ()
    #: what becomes of an edition whose day is a holiday or blacked out: it goes out on the next free day "earlier" or
    #: "later", as long as none of the weeks around it is met, or the clock makes none ("skip")
    on_days_off: Literal["earlier", "later", "skip"] = "earlier"
    #: the days of the week that this may move it to
    working_days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    #: "hold" waits for an editor; "send_if_green" sends where every check is green
    when_not_approved: Literal["hold", "send_if_green"] = "hold"
    #: a week of too few stories: look further back, send fewer, hold it for an editor, or skip it
    thin_week: Literal["widen", "shorter", "hold", "skip"] = "shorter"
    #: a Friday missed by more than this is reported as missed instead of sent late
    catch_up_hours: float = Field(default=12, ge=0)
    #: send at the timetable's hour in each reader's own time zone, which is the newsletter's where it is unknown;
    #: sending then begins, and the audience is fixed, with the first morning on earth (UTC+14): what is
    #: approved later reaches the readers whose morning is over as soon as it is approved
    local_morning: bool = False
    #: where drafts and alarms go
    editors: tuple[str, ...] = ()
    #: addresses that get every edition in the canary slice
    seeds: tuple[str, ...] = ()
    #: how fast, how many, and when to stop by itself
    limits: Limits = Limits()

    @field_validator("hours")
    @classmethod
    def _days_and_hours(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            day, _, hour = one.partition(" ")
            try:
                date.fromisoformat(day)
                datetime.strptime(hour, "%H:%M")  # noqa: DTZ007 (an hour of the newsletter's clock)
            except ValueError as error:
                raise ValueError(f"{one!r} is not a date and an hour, such as '2026-12-24 07:00'") from error
        return value

    def hour(self, day: date) -> time:
        """At which hour of the newsletter's clock the edition of *day* goes out."""
        own = next((one.partition(" ")[2] for one in self.hours if one.startswith(f"{day} ")), "")
        return time.fromisoformat(own) if own else self.send.at

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone, such as 'Europe/London'") from error
        return value

    @field_validator("holidays")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value:
            from holidays import list_supported_countries  # loads for a tenth of a second, and most never ask

            country, _, region = value.partition("-")
            known = list_supported_countries()
            if country not in known:
                raise ValueError(f"{value!r} is no country whose holidays are known, such as 'GB' or 'DE'")
            if region and region not in known[country]:
                regions = ", ".join(known[country]) or "none"
                raise ValueError(f"{country} has no region {region!r} with holidays of its own: there is {regions}")
        return value

    @field_validator("blackout")
    @classmethod
    def _spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            spans.read(text)
        return value

    @field_validator("topics")
    @classmethod
    def _topic_names(cls, value: dict[str, str]) -> dict[str, str]:
        for topic in value:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", topic):
                raise ValueError(f"{topic!r} can't name a topic: use small letters, figures and hyphens")
        return value

    @field_validator("lists")
    @classmethod
    def _list_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _LIST.fullmatch(name):
                raise ValueError(f"{name!r} can't name a list: use small letters, figures and hyphens")
        if not value:
            raise ValueError("at least one list, or nobody gets it")
        return value

    @field_validator("from_address", "reply_to", "unsubscribe_mailbox", "editors", "seeds")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (value,) if isinstance(value, str) else value:
            if address and not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is not an address, such as friday@example.com")
        return value

    @field_validator("title", "from_name", "from_address", "reply_to", "unsubscribe_mailbox")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not _HEADER_SAFE.fullmatch(value):
            raise ValueError("must be one line without control characters, for it goes into mail headers")
        return value
