"""All that can be set, as one value that is passed down."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
)

from newsletter.config.newsletters import Newsletter
from newsletter.config.sections import (
    Api,
    Bounces,
    Checks,
    Fetch,
    Lessons,
    Mailbox,
    Maildir,
    OpenId,
    Section,
    SendGrid,
    SignUp,
    Smtp,
    Watchdog,
)

_PUBLIC_URL = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
#: `List-Unsubscribe: <…/u/TOKEN>` is then 998 characters long; longer ones are altered by relays after they are signed
LONGEST_PUBLIC_URL = 998 - len("List-Unsubscribe: <>") - len("/u/") - 42
#: public_url of a machine that nobody else can reach
_HERE = re.compile(r"localhost|.*\.localhost|127(\.[0-9]+){3}|0\.0\.0\.0|::1|::")


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
    api: Api = Api()
    #: what Prometheus brings to /metrics as its bearer token; empty: it opens at this machine alone
    metrics_token: SecretStr = SecretStr("")
    #: where traces go over OTLP (HTTP, protobuf), such as http://127.0.0.1:4318 (needs the extra otel); empty: where
    #: OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere without it
    traces_endpoint: str = ""
    newsletters: dict[str, Newsletter] = Field(default_factory=dict)

    _fixed: frozenset[str] = PrivateAttr(default=frozenset())
    _traced_by_environment: bool = PrivateAttr(default=False)
    _templates_written: Mapping[str, Mapping[str, str]] = PrivateAttr(default_factory=dict)

    @property
    def fixed(self) -> frozenset[str]:
        """The keys ("fetch.timeout") that the environment sets, which nothing overrides."""
        return self._fixed

    @property
    def wants_traces(self) -> bool:
        """Whether these settings, or OTEL_* of the environment, name a place for traces."""
        return bool(self.traces_endpoint) or self._traced_by_environment

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
        self._fixed, self._traced_by_environment = other._fixed, other._traced_by_environment
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

    @field_validator("traces_endpoint")
    @classmethod
    def _leads_to_a_collector(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError(f"{value!r} is no address of a collector, such as http://127.0.0.1:4318")
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
