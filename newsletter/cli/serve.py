"""`newsletter serve`: the pages that emails link to, the desk, and the provider's hooks."""

from typing import Annotated

import typer

from newsletter import logs
from newsletter.cli import screen
from newsletter.cli.root import open_app, program
from newsletter.errors import ConfigError


@program.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8025,
) -> None:
    """Serve readers' pages, the desk and the provider's hooks, until Ctrl-C or SIGTERM."""
    import socket

    import uvicorn

    from newsletter.web.app import create

    logs.configure()
    app = open_app(context)
    try:
        door = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512
        )
    except OSError as error:
        raise ConfigError(
            f"can't listen on {host} port {port} ({error.strerror}): choose another with --port"
        ) from error
    with door:
        screen.say(f"The desk: [bold]http://{_shown(host)}:{door.getsockname()[1]}/[/]")
        config = uvicorn.Config(
            create(app),
            # X-Forwarded-For is refused by the desk and needed by nobody; tokens do not belong into a log
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=20,
        )
        uvicorn.Server(config).run(sockets=[door])


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
