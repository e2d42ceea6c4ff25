"""The one place where parts are put together: Settings in, App out."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import clocks, config, db, lists
from newsletter.changes import laying, standing
from newsletter.clocks import Clock
from newsletter.config import Newsletter, Settings
from newsletter.db import Database
from newsletter.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from newsletter.delivery.senders.smtp.manners import Manners
    from newsletter.delivery.wire.blackbox import Boxes
    from newsletter.delivery.wire.parcel import Sender

#: the folder of black boxes, in the home folder
BOXES = Path("blackbox")


@dataclass(frozen=True, slots=True)
class App:
    """Settings and an open database; everything else is made from them on demand."""

    settings: Settings
    database: Database
    #: what a room keeps from one call to the next while the process lives; nothing depends on it but time
    kept: dict[str, Any] = field(default_factory=dict, compare=False)
    #: the settings as file and environment gave them, where `settings` has what was set at the desk over them
    written: Settings | None = None
    #: the newest of those changes
    change: int = 0

    @property
    def base(self) -> Settings:
        """What file and environment say, which should be alike on every machine."""
        return self.written or self.settings

    def current(self) -> "App":
        """The same, with what was set at the desk meanwhile. What holds an App goes on as it began.

        Raises ConfigError where what was set is no good to this version.
        """
        with self.database.read() as session:
            newest = standing.newest(session)
            return self if newest == self.change else self._going_by(session, newest)

    def going_by(self, session: Session, change: int) -> "App":
        """The same, with what was set at the desk when *change* was the newest: how a sending began, it goes on."""
        if change == self.change:
            return self
        try:
            return self._going_by(session, change)
        except ConfigError:
            return self  # of a version that knew other settings: what counts now is nearest

    def _going_by(self, session: Session, change: int) -> "App":
        counting = standing.counting(session, at=change)
        values = {key: standing.value(one) for key, one in counting.items()}
        numbers = [values.pop(key) for key in list(values) if key.startswith("template ")]
        settings = laying.stand(self.base, values)
        if numbers:
            from newsletter.rendering import versions

            settings = settings.with_templates(versions.files_of(session, numbers))
        return replace(self, settings=settings, written=self.base, change=change)

    def newsletter(self, slug: str | None = None) -> Newsletter:
        """The newsletter *slug*; None means the only one there is."""
        newsletters = self.settings.newsletters
        if not newsletters:
            raise ConfigError(
                f"no newsletter is set up: add [newsletters.…] to {config.FILE_NAME}, or run newsletter init"
            )
        if slug is None and len(newsletters) == 1:
            return next(iter(newsletters.values()))
        if slug in newsletters:
            return newsletters[slug]
        wanted = "say which newsletter" if slug is None else f"there is no newsletter {slug!r}"
        raise NotFound(f"{wanted}: {', '.join(newsletters)}")

    def sender(self) -> "Sender":
        """The configured way to the wire; raises ConfigError, which names what is missing."""
        match self.settings.sender:
            case "smtp":
                from newsletter.delivery.senders.smtp.sender import SmtpSender
                from newsletter.delivery.wire import returns

                config.require(self.settings, "smtp.host")
                smtp, known = self.settings.smtp, f"{self.settings.smtp.host}:{self.settings.smtp.port}"[:300]
                return SmtpSender(
                    smtp,
                    self._known_of(known),
                    lambda manners: self._keep(known, manners),
                    returns.configured(self.settings),
                )
            case "sendgrid":
                from newsletter.delivery.senders.sendgrid.sender import SendGridSender

                config.require(self.settings, "sendgrid.api_key")
                return SendGridSender(self.settings.sendgrid)
            case "maildir":
                from newsletter.delivery.senders.maildir import MaildirSender

                return MaildirSender(self.settings.path(self.settings.maildir.path))

    def _known_of(self, server: str) -> "Manners":
        from newsletter.delivery.senders.smtp.manners import Manners
        from newsletter.delivery.wire import knowledge

        try:
            with self.database.read() as session:
                return knowledge.recall(session, server, now=self.clock())
        except SQLAlchemyError:
            return Manners()  # a database that is away, or old, says so to whoever needs it

    def _keep(self, server: str, manners: "Manners") -> None:
        from newsletter.delivery.wire import knowledge

        with self.database.write() as session:
            knowledge.keep(session, server, manners, now=self.clock())

    def with_connections(self, connections: int | None) -> "App":
        """The same, with so many connections at once to where mail goes; None: as many as the settings say."""
        if connections is None:
            return self
        settings, fewer = self.settings, {"connections": connections}
        parts = {"smtp": settings.smtp.model_copy(update=fewer), "sendgrid": settings.sendgrid.model_copy(update=fewer)}
        written = self.written and self.written.model_copy(update=parts)
        return replace(self, settings=settings.model_copy(update=parts), written=written)

    @property
    def clock(self) -> Clock:
        """The time that all processes of this install agree on."""
        made: Clock = self.kept.setdefault("clock", clocks.of(self.database))
        return made

    @property
    def boxes(self) -> "Boxes":
        """Where this machine's processes keep their black boxes."""
        from newsletter.delivery.wire import blackbox

        return blackbox.here(self.settings.path(BOXES))

    def close(self) -> None:
        self.database.close()


def start(home: Path | None = None, *, fresh: bool = False) -> App:
    """Read the settings of *home* and open its database.

    Raises ConfigError where it is an SQLite file that is not there, unless *fresh*: then it will be made.
    """
    settings = config.load(home)
    file = db.file(settings.database_url)
    if file is not None and not fresh and not file.exists():
        raise ConfigError(f"there is no {file}: newsletter init makes one, and --home names another folder")
    app = App(settings, db.connect(settings.database_url))
    return app if fresh else _as_it_stands(app)


def _as_it_stands(app: App) -> App:
    """*app* with what was set at the desk; a list that was added to the settings is there with the next start."""
    try:
        app = app.current()
        lists.make(app.database, app.settings, now=datetime.now(UTC))
    except SQLAlchemyError:
        pass  # a database that is away, or old, says so to whoever needs it
    except ConfigError:
        app.close()
        raise
    return app
