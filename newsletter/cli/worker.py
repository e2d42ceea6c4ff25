"""`newsletter worker`: one more process that sends."""

from typing import Annotated

import typer

from newsletter import logs, traces, workers
from newsletter.cli.root import open_app, program


@program.command()
def worker(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What operators know it by (default: host, install and process).")] = "",
    queues: Annotated[
        list[str] | None, typer.Option(help="Only editions of this newsletter; may be repeated (default: all).")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Connections at once to where mail goes (default: the setting).")
    ] = None,
    log_level: Annotated[logs.Level, typer.Option(help="The least that is logged.")] = logs.Level.INFO,
) -> None:
    """Send what the scheduler hints at, on this machine too, until SIGTERM. Needs PostgreSQL and a broker."""
    logs.configure(log_level)
    app = open_app(context).with_connections(concurrency)
    traces.start(app.settings, "worker")
    context.call_on_close(traces.stop)
    workers.run(app, name=name, newsletters=queues or ())
