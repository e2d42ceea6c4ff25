"""The sections of the settings: one class each, a `#:` line above each key that says what it means."""

import re
from collections.abc import Mapping
from datetime import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RETURN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.+-]{1,20}@[A-Za-z0-9.-]+")


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


class Api(Section):
    """The JSON API under /api."""

    #: requests of one token in a minute
    per_minute: int = Field(default=600, ge=1, le=100_000)


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
