"""`newsletter worker`: one more process that sends."""

from typing import Annotated

import typer

from newsletter import logs, workers
from newsletter.cli.root import now, open_app, program


@program.command()
def worker(
    context: typer.Context,
    threads: Annotated[int | None, typer.Option(min=1, help="Batches at once (default: the sender's own).")] = None,
) -> None:
    """Send what the scheduler hints at, on this machine too, until SIGTERM. Needs PostgreSQL and a broker."""
    logs.configure()
    workers.run(open_app(context), clock=now, threads=threads)
