"""A site looked at while somebody waits: never for longer than PATIENCE, and by few at once."""

from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from newsletter import logs
from newsletter.app import App
from newsletter.errors import NewsletterError, WrongState
from newsletter.jobs import subscribing
from newsletter.stories.reading.finding import Look

log = logs.get_logger(__name__)

#: seconds that somebody waits for a site
PATIENCE = 10.0
#: looks under way in this process; one that nobody waits for any more ends by its own limits
AT_ONCE = 4


class Lookout:
    """Those who look at sites for the pages of one process."""

    def __init__(self, patience: float = PATIENCE, at_once: int = AT_ONCE) -> None:
        self._patience, self._places = patience, BoundedSemaphore(at_once)

    def look(self, app: App, address: str, *, now: datetime) -> "Seen":
        """What stands at *address*, as far as it says so in time; raises as `subscribing.look` does.

        Raises WrongState where others are looking at sites already.
        """
        if not self._places.acquire(blocking=False):
            raise WrongState("Other sites are being looked at just now: try it again in a moment.")
        answers: SimpleQueue[Look | NewsletterError] = SimpleQueue()
        Thread(target=self._look, args=(app, address, now, answers), name="look", daemon=True).start()
        try:
            answer = answers.get(timeout=self._patience)
        except Empty:
            return Seen(subscribing.complete(address), None)
        if isinstance(answer, NewsletterError):
            raise answer
        return Seen(answer.url, answer)

    def _look(self, app: App, address: str, now: datetime, answers: "SimpleQueue[Look | NewsletterError]") -> None:
        try:
            answers.put(subscribing.look(app, address, now=now))
        except NewsletterError as error:
            answers.put(error)
        except Exception:
            log.exception("look.failed")
            answers.put(WrongState("It can't be looked at: a mistake of ours, which is in the log."))
        finally:
            self._places.release()


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a look in time."""

    url: str
    #: None: it did not answer in time
    look: Look | None
