"""`newsletter serve`: the pages that emails link to, the desk, and the provider's hooks."""

import gc
import signal
import socket
import threading
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from sqlalchemy.exc import SQLAlchemyError

from newsletter import config, logs, traces
from newsletter.cli import screen
from newsletter.cli.root import now, open_app, program
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn
    from fastapi import FastAPI

    from newsletter.app import App


_PORT = 8025


@program.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="The port to listen on; 0 takes a free one (default: 8025).", min=0, max=65535),
    ] = None,
) -> None:
    """Serve readers' pages, the desk and the provider's hooks, until Ctrl-C or SIGTERM."""
    from newsletter.demo import friday

    logs.configure()
    app = open_app(context)
    config.require(app.settings, "secret")
    traces.start(app.settings, "serve")
    context.call_on_close(traces.stop)
    is_demo = friday.is_demo(app.settings.home)
    if port is None:  # the demo's mails name the port at which their pictures were served
        port = (urlsplit(app.settings.public_url).port if is_demo else None) or _PORT
    with listen(host, port) as door:
        address = f"http://{_shown(host)}:{door.getsockname()[1]}"
        screen.say(f"The desk: [bold]{address}/[/]")
        if is_demo:
            from newsletter.cli import demo

            demo.keep_open(app, door)
        else:
            _offer_first_account(app, address)
            keep_open(app, door)


def listen(host: str, port: int) -> socket.socket:
    """A door at that address; raises ConfigError where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise ConfigError(f"can't listen on {host}:{port} ({error.strerror}): choose another --port") from error


def keep_open(app: "App", door: socket.socket, furnish: "Callable[[FastAPI], None]" = lambda web: None) -> None:
    """Answer at *door* until Ctrl-C or SIGTERM; *furnish* may add pages."""
    import uvicorn

    from newsletter.web.app import create

    web = create(app)
    furnish(web)
    # what is there now stays; and a post of a thousand events makes so many objects that collecting among them
    # at each 700, as by default, takes a tenth of the time
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    options = uvicorn.Config(
        web,
        # X-Forwarded-For is refused by the desk and needed by nobody; tokens do not belong into a log
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,  # what it has to say goes through our own log
        log_level="warning",
        timeout_graceful_shutdown=20,
    )
    _serve(uvicorn.Server(options), door)


def _offer_first_account(app: "App", address: str) -> None:
    """Until somebody has an account the desk opens on this machine alone; the link that changes it is good once."""
    from newsletter.staff import keys, users

    try:
        with app.database.write() as session:
            if users.are_there(session):
                return
            token = keys.make(session, None, now=now())
    except SQLAlchemyError:
        return  # a database that is away, or old, says so on the first page
    base = address if app.settings.stays_here else app.settings.public_url
    screen.say("Nobody has an account yet: the desk opens on this machine alone. The first one, an admin's, is made at")
    screen.say(f"[bold]{base}{keys.path(token)}[/]  [dim](good once, for a day)[/]")


def _serve(server: "uvicorn.Server", door: socket.socket) -> None:
    """Serve until a signal; uvicorn alone would raise it again afterwards, and the exit would not look clean."""
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    thread.start()
    while thread.is_alive() and not told.wait(0.5):
        pass
    server.should_exit = True
    thread.join()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
