"""Settings: defaults, then newsletter.toml, then NEWSLETTER_*; nothing else reads the environment.

A section's key is NEWSLETTER_SECTION_KEY in the environment, and every key may be given as …_FILE,
the path of a file that holds the value (for secrets).
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from newsletter import spans
from newsletter.errors import ConfigError

FILE_NAME = "newsletter.toml"
_PREFIX = "NEWSLETTER_"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PUBLIC_URL = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
#: `List-Unsubscribe: <…/u/TOKEN>` is then 998 characters long; longer ones are altered by relays after they are signed
LONGEST_PUBLIC_URL = 998 - len("List-Unsubscribe: <>") - len("/u/") - 42
#: public_url of a machine that nobody else can reach
_HERE = re.compile(r"localhost|.*\.localhost|127(\.[0-9]+){3}|0\.0\.0\.0|::1|::")
_RETURN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.+-]{1,20}@[A-Za-z0-9.-]+")
#: as `subscribers` names lists
_LIST = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: what an address surely has and has not; what else it needs is the mail server's to say
_ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,255}")
_HEADER_SAFE = re.compile(r"[^\r\n\x00-\x1f]*")


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Section(BaseModel):
    """A part of the settings; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WeekTime(Section):
    """A time of the week on the newsletter's own clock, written "fri 09:00"."""

    #: 0 is Monday, as in `date.weekday`
    weekday: int
    at: time

    def __str__(self) -> str:
        return f"{_DAYS[self.weekday]} {self.at:%H:%M}"


def _week_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*([a-z]{3})[a-z]*\s+(\d{1,2}):(\d{2})\s*", value.lower())
    if not match or match[1] not in _DAYS or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError(f"{value!r} is not a time of the week, such as 'fri 09:00'")
    return {"weekday": _DAYS.index(match[1]), "at": time(int(match[2]), int(match[3]))}


WeekTimeText = Annotated[WeekTime, BeforeValidator(_week_time)]


class Maildir(Section):
    """The default sender: a real Maildir on disk."""

    #: the Maildir's folder
    path: Path = Path("outbox")


class Smtp(Section):
    """A mail server to hand over to."""

    #: the mail server's name
    host: str = ""
    #: 587 to submit, 465 with security "tls", 25 on a relay of your own
    port: int = 587
    #: "starttls" and "tls" check the server's certificate; "none" is for a relay on this machine
    security: Literal["starttls", "tls", "none"] = "starttls"
    #: who signs in; empty where nobody has to
    username: str = ""
    #: of that user; best given as NEWSLETTER_SMTP_PASSWORD_FILE
    password: SecretStr = SecretStr("")
    #: a PEM file of certificate authorities to trust instead of the system's
    ca_file: Path | None = None
    #: connections at once
    connections: int = Field(default=4, ge=1, le=100)
    #: messages before a connection is made anew
    messages_per_connection: int = Field(default=1000, ge=1)
    #: seconds to wait for any answer but the last
    timeout: float = Field(default=60, gt=0)
    #: seconds to wait for the answer to the final dot (RFC 5321 section 4.5.3.2.6 says ten minutes)
    dot_timeout: float = Field(default=600, gt=0)
    #: recipients fenced together
    batch_size: int = Field(default=25, ge=1, le=256)
    #: what to do with a message whose final answer was lost
    unknown: Literal["hold", "resend_once"] = "hold"


class Bounces(Section):
    """Where mail servers send what they have to say about a copy."""

    #: the address that gets it, such as bounces@news.example.com, handed to the mail server (SMTP) as the sender of
    #: each copy; the domain needs SPF as the newsletter's own has; empty is the newsletter's own address
    address: str = Field(default="", max_length=254)
    #: parts that address's name from the mark of the single copy: bounces+e12-s345-…@…; what the server of that
    #: address takes as an extension, "+" with most; empty where it knows none, and all copies share the address
    separator: Literal["+", "-", "=", "_", ".", ""] = "+"

    @field_validator("address")
    @classmethod
    def _room_for_a_mark(cls, value: str) -> str:
        if value and not _RETURN_ADDRESS.fullmatch(value):
            raise ValueError(
                f"{value!r} can't be a return address, such as bounces@news.example.com: only ASCII (xn--…), and at "
                "most 20 characters before the @, so that a copy's mark has room (RFC 5321 section 4.5.3.1.1)"
            )
        return value


class SendGrid(Section):
    """The SendGrid v3 API."""

    #: from SendGrid's settings page; best given as NEWSLETTER_SENDGRID_API_KEY_FILE
    api_key: SecretStr = SecretStr("")
    #: where the API is; https://api.eu.sendgrid.com for an account in the EU
    host: str = "https://api.sendgrid.com"
    #: the event webhook's public key, one line of base64, from SendGrid's settings page
    webhook_key: str = ""
    #: whether this install alone sends through the account: then its unsubscribes count for our readers even
    #: where they name no copy of ours
    account_is_ours: bool = False
    #: recipients in one request
    batch_size: int = Field(default=1000, ge=1, le=1000)
    #: requests under way at once
    connections: int = Field(default=4, ge=1, le=64)
    #: seconds to wait for an answer
    timeout: float = Field(default=30, gt=0)
    #: seconds without an event, in event time, after which a lost request counts as not accepted
    quiet_period: float = Field(default=1800, gt=0)
    #: schedule each request under a batch id this many seconds ahead, so that a cancel also stops
    #: what SendGrid has not released; 0 sends at once
    hold_seconds: int = Field(default=0, ge=0, le=72 * 3600)


class Lessons(Section):
    """What is learned about an address, or told to operations, from mail that came back."""

    #: an address is given up when copies of so many editions came back to it one after another from a full mailbox
    #: or one that could not be reached; one that was delivered or opened in between begins the count anew; 0 is never
    soft_editions: int = Field(default=3, ge=0)
    #: and when at least so many days lie between the first and the last of them
    soft_days: int = Field(default=14, ge=0)
    #: weeks after which one that came back so is forgotten
    soft_weeks: int = Field(default=12, ge=1)
    #: readers at one domain who were refused for one kind of reason (who we are, what the mail holds) in one edition,
    #: until it rings; 0 is never
    alarm_after: int = Field(default=3, ge=0)


class Watchdog(Section):
    """What is told by itself when it goes wrong, beside the mail to the editors."""

    #: an address that gets each alarm as a POST, {"text": …, "id": …, "at": …}, as chat programs take it
    webhook: SecretStr = SecretStr("")
    #: signs those posts as Standard Webhooks does ("whsec_…", base64 behind it); empty: they are not signed
    webhook_secret: SecretStr = SecretStr("")
    #: an address that is fetched every minute while the scheduler runs and a Friday could go out, such as a
    #: dead man's switch gives you
    heartbeat: SecretStr = SecretStr("")
    #: minutes without an event of SendGrid while an edition goes out, until it rings; 0 is never
    event_minutes: int = Field(default=60, ge=0)
    #: the share of an edition's readers who press "spam", above which it rings; 0 is never
    complaint_share: float = Field(default=0.001, ge=0, le=1)
    #: days without anything new from a source that had a habit, until it rings; 0 is never
    silent_days: int = Field(default=14, ge=0)

    @field_validator("webhook", "heartbeat")
    @classmethod
    def _an_address(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must be an address that begins with https:// or http://")
        return value


class Mailbox(Section):
    """Where bounces, complaints and letters of who wants to leave come back to, over IMAP or as a Maildir."""

    #: the IMAP server's name; empty where no mailbox is read over IMAP
    host: str = ""
    #: 993 with security "tls", 143 with "starttls"
    port: int = 993
    #: "tls" and "starttls" check the server's certificate; "none" is for a server on this machine
    security: Literal["tls", "starttls", "none"] = "tls"
    #: who signs in
    username: str = ""
    #: of that user; best given as NEWSLETTER_MAILBOX_PASSWORD_FILE
    password: SecretStr = SecretStr("")
    #: a PEM file of certificate authorities to trust instead of the system's
    ca_file: Path | None = None
    #: the folders that are read; "/" between levels, whatever the server writes there
    folders: tuple[str, ...] = ("INBOX",)
    #: a Maildir on this machine that is read, without any IMAP
    maildir: Path | None = None
    #: what is done with a letter that was understood: "move" it to done_folder, "flag" it as seen, or "delete" it;
    #: what nobody understood, and what people wrote, stays where it is with a star
    after: Literal["move", "flag", "delete"] = "move"
    #: where letters are moved to, made when it is first needed
    done_folder: str = "Taken in"
    #: minutes between two looks; a server with IDLE tells of new mail at once
    every: float = Field(default=5, gt=0)
    #: days that the beginning of a letter is kept for people to read; the verdict on it stays for ever
    keep_days: int = Field(default=180, ge=1)

    @field_validator("folders", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if self.done_folder in self.folders:
            raise ValueError(f"done_folder {self.done_folder!r} is one of the folders that are read; name another")
        return self

    @property
    def is_read(self) -> bool:
        """Whether there is one."""
        return bool(self.host or self.maildir)


class Fetch(Section):
    """How feeds and pages are read."""

    #: how we call ourselves; {public_url} is filled in
    user_agent: str = "newsletter/0.1 (+{public_url})"
    #: loopback addresses, for a feed served on this machine; the demo needs it
    allow_loopback: bool = False
    #: seconds between two requests to one host
    host_gap: float = Field(default=5, ge=0)
    #: seconds for one whole fetch
    timeout: float = Field(default=20, gt=0)
    #: fetch the article's page where the feed brings little text
    pages: bool = True


class Checks(Section):
    """What an edition is held against before it goes out, as far as others have to be asked."""

    #: name servers that are asked about the sender's domain, as addresses, with a port where it is not 53:
    #: "9.9.9.9" or "127.0.0.1:5353"; empty is this machine's own
    nameservers: tuple[str, ...] = ()
    #: seconds for one question to them
    seconds: float = Field(default=5, gt=0, le=60)

    @field_validator("nameservers")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for server in value:
            host = server.rpartition(":")[0] if server.count(":") == 1 or server.startswith("[") else server
            try:
                ip_address(host.strip("[]"))
            except ValueError as error:
                raise ValueError(f"{server!r} is not the address of a name server, such as '9.9.9.9'") from error
        return value


class DomainLimits(Section):
    """What one recipient domain is to be spared; 0 is no limit."""

    #: messages in a second; 0 is no limit
    per_second: float = Field(default=0, ge=0)
    #: messages in an hour; 0 is no limit
    per_hour: int = Field(default=0, ge=0)
    #: messages in a day; 0 is no limit
    per_day: int = Field(default=0, ge=0)
    #: messages to it that may be on the wire at once, and so connections that carry them
    connections: int = Field(default=0, ge=0)


def _domain_limits(value: object) -> object:
    """A bare number means messages in a second."""
    return {"per_second": value} if isinstance(value, int | float) else value


class Limits(Section):
    """How fast, how many, and when to stop by itself."""

    #: messages in a second; 0 is no limit
    per_second: float = Field(default=0, ge=0)
    #: messages in an hour; 0 is no limit
    per_hour: int = Field(default=0, ge=0)
    #: messages in a day; 0 is no limit
    per_day: int = Field(default=0, ge=0)
    #: limits of single recipient domains: "gmail.com" = 20 (in a second), or a table of per_second, per_hour,
    #: per_day and connections (messages to it that may be on the wire at once)
    domains: dict[str, Annotated[DomainLimits, BeforeValidator(_domain_limits)]] = Field(default_factory=dict)
    #: the first day's allowance of a warm-up, growing by half each good day; 0 is no warm-up
    warm_up: int = Field(default=0, ge=0)
    #: the share of readers that goes out first, and is looked at before the rest
    canary_share: float = Field(default=0.01, ge=0, le=1)
    #: the least number of those
    canary_least: int = Field(default=20, ge=0)
    #: seconds to wait after the canary slice for bounces to come in
    canary_wait: float = Field(default=0, ge=0)
    #: sending pauses by itself above this share of bounces among what was handed over
    bounce_share: float = Field(default=0.05, ge=0, le=1)
    #: the same for what the server refused at once
    refused_share: float = Field(default=0.10, ge=0, le=1)
    #: the same for what the server put off
    deferred_share: float = Field(default=0.30, ge=0, le=1)

    @field_validator("domains", mode="before")
    @classmethod
    def _in_lower_case(cls, value: Any) -> Any:
        return (
            {str(domain).lower(): limits for domain, limits in value.items()} if isinstance(value, Mapping) else value
        )


class SignUp(Section):
    """Who may knock how often at the sign-up form, and what is kept of it."""

    #: requests from one network (IPv4 /24, IPv6 /56) in an hour
    per_network_hour: int = Field(default=30, ge=1)
    #: requests for one address in a day
    per_address_day: int = Field(default=3, ge=1)
    #: requests of everybody in an hour
    per_hour: int = Field(default=3000, ge=1)
    #: seconds between a form being shown and being sent, below which nobody has read it
    least_seconds: float = Field(default=2, ge=0)
    #: how long the network address that a yes came from is kept; 0 keeps none
    keep_address_days: int = Field(default=90, ge=0)
    #: reverse proxies whose X-Forwarded-For is believed
    proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError(f"{network!r} is not a network, such as '10.0.0.0/8'") from error
        return value


class OpenId(Section):
    """Sign-in to the desk through a provider of OpenID Connect, beside passwords."""

    #: the provider's own address, to the final slash as it writes it itself; empty: passwords alone
    issuer: str = ""
    #: as the provider knows this install
    client_id: str = ""
    #: of that; best given as NEWSLETTER_OPENID_CLIENT_SECRET_FILE
    client_secret: SecretStr = SecretStr("")
    #: what the button says: "Sign in with …"
    name: str = "your company account"
    #: what is asked for
    scope: str = "openid email profile"
    #: what somebody becomes who has no account yet and a verified address in `domains`; empty: an admin makes it
    new_users: Literal["", "editor", "approver", "operator"] = ""
    #: whose addresses are colleagues'
    domains: tuple[str, ...] = ()


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


class Settings(Section):
    """Everything that can be set, read once and passed down."""

    #: the folder that relative paths start from, and where newsletter.toml is
    home: Path = Path()
    #: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME for more than one machine
    database_url: str = "sqlite:///newsletter.db"
    #: where readers reach the pages (leaving, view in browser), without a final slash; https once you are live
    public_url: str = "http://127.0.0.1:8025"
    #: signs the links in the mails; keep it secret, and keep it: changing it breaks the links already sent
    secret: SecretStr = SecretStr("")
    #: "maildir" writes real mail to a folder and reaches nobody; "smtp" and "sendgrid" send it
    sender: Literal["maildir", "smtp", "sendgrid"] = "maildir"
    #: a folder of templates that are looked up before the shipped ones
    templates: Path | None = None
    #: "threads" sends in the scheduler's process; "celery" hands out to `newsletter worker` over a broker
    workers: Literal["threads", "celery"] = "threads"
    #: the broker of those workers
    broker_url: SecretStr = SecretStr("amqp://guest:guest@127.0.0.1:5672//")
    #: mail as files
    maildir: Maildir = Maildir()
    smtp: Smtp = Smtp()
    bounces: Bounces = Bounces()
    sendgrid: SendGrid = SendGrid()
    #: what is learned from mail that came back
    lessons: Lessons = Lessons()
    mailbox: Mailbox = Mailbox()
    watchdog: Watchdog = Watchdog()
    fetch: Fetch = Fetch()
    checks: Checks = Checks()
    sign_up: SignUp = SignUp()
    openid: OpenId = OpenId()
    #: what Prometheus brings to /metrics as its bearer token; empty: it opens at this machine alone
    metrics_token: SecretStr = SecretStr("")
    newsletters: dict[str, Newsletter] = Field(default_factory=dict)

    _fixed: frozenset[str] = PrivateAttr(default=frozenset())
    _templates_written: Mapping[str, Mapping[str, str]] = PrivateAttr(default_factory=dict)

    @property
    def fixed(self) -> frozenset[str]:
        """The keys ("fetch.timeout") that the environment sets, which nothing overrides."""
        return self._fixed

    @property
    def templates_written(self) -> Mapping[str, Mapping[str, str]]:
        """The templates that are in use as they were written at the desk: name → file → text. No setting."""
        return self._templates_written

    def with_templates(self, written: Mapping[str, Mapping[str, str]]) -> "Settings":
        """The same, with these templates *written* at the desk in use."""
        copy = self.model_copy()
        copy._templates_written = written
        return copy

    def remembering(self, other: "Settings") -> "Settings":
        """The same, with what *other* knows of where its values come from."""
        self._fixed = other._fixed
        return self

    @field_validator("public_url")
    @classmethod
    def _no_final_slash(cls, value: str) -> str:
        value = value.rstrip("/")
        if not _PUBLIC_URL.fullmatch(value):
            raise ValueError(
                f"{value!r} is not an address that readers' links can begin with, such as https://news.example.com: "
                "only ASCII (xn--…, %C3%BC), and no name, question mark or # in it"
            )
        if len(value) > LONGEST_PUBLIC_URL:
            raise ValueError(
                f"has {len(value):,} characters, and may have {LONGEST_PUBLIC_URL}: no line of a mail may be over 998 "
                "(RFC 5322 section 2.1.1), and List-Unsubscribe holds it with a token"
            )
        return value

    @field_validator("newsletters", mode="before")
    @classmethod
    def _know_their_slugs(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {slug: {"slug": slug, **body} if isinstance(body, Mapping) else body for slug, body in value.items()}

    @property
    def stays_here(self) -> bool:
        """Whether public_url can be opened on this machine alone."""
        return _HERE.fullmatch(urlsplit(self.public_url).hostname or "") is not None

    @property
    def leads_nowhere(self) -> bool:
        """Whether public_url stays here, which is right only in the demo's own home: no mail leaves it."""
        return self.stays_here and (self.hands_over_elsewhere or not self.fetch.allow_loopback)

    @property
    def hands_over_elsewhere(self) -> bool:
        """Whether mail goes to another machine: a relay on this one may be anything, a trial too."""
        host = {"smtp": self.smtp.host, "sendgrid": urlsplit(self.sendgrid.host).hostname or ""}.get(self.sender, "")
        return bool(host) and _HERE.fullmatch(host) is None

    def path(self, relative: Path) -> Path:
        """*relative* as seen from the home folder."""
        return self.home / relative


def load(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the folder *home* (default: NEWSLETTER_HOME, else here).

    Raises ConfigError, which names every unknown, missing or wrong key and where it was expected.
    """
    environ = os.environ if environ is None else environ
    home = (home or Path(environ.get("NEWSLETTER_HOME", "."))).absolute()
    values: dict[str, Any] = _read_file(home / FILE_NAME)
    variables = _read_environment(environ)
    for name, (path, value) in variables.items():
        _put(values, path, value, name)
    values["home"] = home
    try:
        settings = Settings(**values)
    except ValidationError as error:
        origins = {path: name for name, (path, _) in variables.items()}
        raise ConfigError(_explain(error, home / FILE_NAME, origins)) from None  # its text would show secrets
    _check_templates(settings, next((name for name, (path, _) in variables.items() if path == ("templates",)), ""))
    settings._fixed = frozenset(".".join(path) for path, _ in variables.values())
    return settings.model_copy(update={"database_url": _absolute(settings.database_url, home)})


def origins(home: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Key ("smtp.host") → where its value comes from: newsletter.toml or a variable; the rest are defaults."""
    found = dict.fromkeys(_paths(_read_file(home / FILE_NAME)), FILE_NAME)
    for name, (path, _) in _read_environment(os.environ if environ is None else environ).items():
        found[".".join(path)] = name
    return found


def require(settings: Settings, *keys: str) -> None:
    """Raise ConfigError unless each of *keys* ("smtp.host") has a value."""
    missing = [key for key in keys if not _value(settings, key)]
    if missing:
        raise ConfigError("\n".join(_where(key, "is missing") for key in missing))


def _value(settings: Settings, key: str) -> object:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _where(key: str, problem: str) -> str:
    *section, name = key.split(".")
    table = f" under [{'.'.join(section)}]" if section else ""
    variable = f"{_PREFIX}{key.replace('.', '_').upper()}"
    return f"{key} {problem}: set {name}{table} in {FILE_NAME}" + (
        f", or {variable}" if variable in known_keys() else ""
    )


def _paths(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def _check_templates(settings: Settings, variable: str) -> None:
    """Raise ConfigError where `templates` is no folder: the shipped ones would go out in place of somebody's own."""
    folder = settings.templates and settings.path(settings.templates)
    if folder and not folder.is_dir():
        origin = variable or str(settings.home / FILE_NAME)
        raise ConfigError(f"{origin}: templates: {folder} is no folder; make it, or take the setting out")


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


def _read_environment(environ: Mapping[str, str]) -> dict[str, tuple[tuple[str, ...], str]]:
    """What NEWSLETTER_* says: variable → (path of the key, value)."""
    keys = known_keys()
    found = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name == "NEWSLETTER_HOME":
            continue
        if name in keys:
            found[name] = (keys[name], value)
        elif name.endswith("_FILE") and name.removesuffix("_FILE") in keys:
            found[name] = (keys[name.removesuffix("_FILE")], _read_secret(name, value))
        else:
            near = difflib.get_close_matches(name, keys, n=1)
            raise ConfigError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return found


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {path} can't be read: {error}") from error


def known_keys() -> dict[str, tuple[str, ...]]:
    """Variable of the environment → path of the key that it sets."""
    keys: dict[str, tuple[str, ...]] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for key in section.model_fields:
                keys[f"{_PREFIX}{name}_{key}".upper()] = (name, key)
        elif name not in {"home", "newsletters"}:
            keys[f"{_PREFIX}{name}".upper()] = (name,)
    return keys


def _put(values: dict[str, Any], path: tuple[str, ...], value: str, name: str) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{name}: {part!r} is not a table in {FILE_NAME}")
    values[path[-1]] = value


def _absolute(url: str, home: Path) -> str:
    """A relative SQLite path starts from *home*, not from wherever the command was typed."""
    prefix, slashes, path = url.partition(":///")
    if prefix.startswith("sqlite") and slashes and path and not path.startswith(("/", ":")):
        return f"{prefix}:///{home / path}"
    return url


def _explain(error: ValidationError, file: Path, origins: Mapping[tuple[str, ...], str]) -> str:
    """One line for each problem: where the value came from, which key, and what is wrong with it."""
    lines = []
    for problem in error.errors(include_input=False):
        path = tuple(str(part) for part in problem["loc"])
        key = ".".join(path)
        if problem["type"] == "extra_forbidden":
            lines.append(f"{file}: {key} is not a setting")
        elif problem["type"] == "missing":
            lines.append(_where(key, "is missing"))
        else:
            says = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{origins[path]}: {says}" if path in origins else f"{file}: {key}: {says}")
    return "\n".join(lines)
