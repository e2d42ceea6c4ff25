"""What happened here, told to other programs: collected at each tick, and posted beside it, endpoint by endpoint.

Nothing is posted within a transaction, and no endpoint waits for another: each has a thread of its own.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from threading import Event

from newsletter import logs, plural
from newsletter.app import App
from newsletter.config import require
from newsletter.delivery.ledger import owners
from newsletter.errors import WrongState
from newsletter.staff.acts import Doer
from newsletter.tracking import posting
from newsletter.tracking.posting import Answer
from newsletter.tracking.webhooks import bodies, endpoints, happenings, kinds, posts
from newsletter.tracking.webhooks.endpoints import Secret
from newsletter.tracking.webhooks.posts import Held, Ready

log = logs.get_logger(__name__)

#: seconds between two looks while something goes on, and for which it goes on looking where nothing does
_PAUSE, _LINGER = 2.0, 30.0
#: seconds for which a tick waits for others to end their transactions
_HURRY = 0.5
#: after a fault of ours an endpoint is left alone for so long
_STUMBLED = timedelta(minutes=5)


def add(app: App, url: str, *, wanted: Sequence[str] = (), newsletter: str = "", by: Doer, now: datetime) -> Secret:
    """Tell *url* what happens from now on; the secret is shown once. Raises BadInput, Forbidden, NotFound."""
    require(app.settings, "secret")
    if newsletter:
        app.newsletter(newsletter)
    kinds.understand(wanted)
    url = endpoints.check(url, fetch=app.settings.fetch)
    with app.database.write() as session:
        return endpoints.add(session, _key(app), url, wanted=wanted, newsletter=newsletter, by=by, now=now)


def rotate(app: App, number: int, *, at_once: bool = False, by: Doer, now: datetime) -> Secret:
    """A new secret for an endpoint; the one before signs beside it for a day, unless it has to end *at_once*."""
    require(app.settings, "secret")
    with app.database.write() as session:
        return endpoints.rotate(session, _key(app), endpoints.get(session, number), at_once=at_once, by=by, now=now)


def test(app: App, number: int, *, now: datetime) -> Answer:
    """Post a test to an endpoint, whether it is on or off, and say what came of it; what it is told stays as it is."""
    with app.database.read() as session:
        endpoint = endpoints.get(session, number)
        body = bodies.packed(kinds.TEST, now, {"webhook": number})
        ready = Ready(endpoint.url, 0, kinds.TEST, f"msg_{endpoint.key}_test_{secrets.token_hex(6)}", body)
    answer, seconds = _post(app, number, ready, now)
    with app.database.write() as session:
        endpoints.get(session, number)  # may be gone meanwhile
        posts.remember(session, number, ready.type, ready.message_id, answer, seconds=seconds, now=now)
    return answer


def look(app: App, *, now: datetime) -> bool:
    """Collect what happened; whether some endpoint is to be told something."""
    happenings.collect(app.database, now=now, patience=_HURRY)
    with app.database.read() as session:
        if not endpoints.all_of_them(session):
            return False
    with app.database.write() as session:
        posts.free_the_dead(session, owners.is_dead, now=now)
        return bool(posts.due(session, now=now))


def tell(app: App, *, owner: str, clock: Callable[[], datetime], stop: Event | None = None) -> str:
    """Post what there is to tell, and what comes meanwhile; what came of it, in words.

    Goes on looking for a while after the last news, where *stop* can end it: so a send is told as it goes on.
    """
    taken, running = 0, dict[int, Future[int]]()
    quiet_since = time.monotonic()
    with ThreadPoolExecutor(endpoints.MOST, thread_name_prefix="webhook") as threads:
        while not (stop and stop.is_set()):
            found = happenings.collect(app.database, now=clock())
            with app.database.read() as session:
                due = [number for number in posts.due(session, now=clock()) if number not in running]
            running |= {number: threads.submit(serve, app, number, owner, clock, stop) for number in due}
            wait(running.values(), 0 if found else _PAUSE)
            ended = [number for number, future in running.items() if future.done()]
            taken += sum(running.pop(number).result() for number in ended)
            if found or running or due:
                quiet_since = time.monotonic()
            elif stop is None or stop.wait(_PAUSE) or time.monotonic() - quiet_since > _LINGER:
                break
    return f"{plural.counted(taken + sum(one.result() for one in running.values()), 'post')} taken"


def serve(app: App, number: int, owner: str, clock: Callable[[], datetime], stop: Event | None = None) -> int:
    """Post to one endpoint what waits for it, one after the other; returns how many were taken."""
    with app.database.write() as session:
        held = posts.claim(session, number, owner, now=clock())
    taken = 0
    try:
        while held is not None and not (stop and stop.is_set()) and (ready := _next(app, held)):
            answer, seconds = _post(app, number, ready, clock())
            with app.database.write() as session:
                goes_on = posts.note(session, held, ready, answer, seconds=seconds, now=clock())
            taken += answer.is_taken
            if not answer.is_taken:
                log.warning("webhook.not_taken", webhook=number, message=ready.message_id, status=answer.status)
            if not goes_on:
                break
    except Exception:  # of one endpoint, so no other's matter
        log.exception("webhook.failed", webhook=number)
        if held is not None:
            with app.database.write() as session:
                posts.put_off(session, held, until=clock() + _STUMBLED)
    finally:
        if held is not None:
            with app.database.write() as session:
                posts.release(session, held)
    return taken


def _next(app: App, held: Held) -> Ready | None:
    """What the endpoint is posted next; what it does not want is passed over on the way."""
    while True:
        with app.database.read() as session:
            ready, passed = posts.prepare(session, held)
        if ready is not None:
            return ready
        with app.database.write() as session:
            if not posts.pass_over(session, held, passed):
                return None


def _post(app: App, number: int, ready: Ready, now: datetime) -> tuple[Answer, float]:
    began = time.monotonic()
    try:
        with app.database.read() as session:
            signing = endpoints.signing(endpoints.get(session, number), _key(app), now=now)
    except WrongState as error:
        return Answer(None, str(error)), 0.0
    answer = posting.deliver(
        ready.url, ready.body, message_id=ready.message_id, secrets=signing, fetch=app.settings.fetch, now=now
    )
    return answer, time.monotonic() - began


def _key(app: App) -> str:
    return app.settings.secret.get_secret_value()
