"""`newsletter …`: by hand what the clock does by itself."""

import sys

from rich.console import Console
from rich.markup import escape

from newsletter.cli import controls as _controls  # noqa: F401  (importing registers the commands)
from newsletter.cli import delivery as _delivery  # noqa: F401
from newsletter.cli import demo as _demo  # noqa: F401
from newsletter.cli import editions as _editions  # noqa: F401
from newsletter.cli import preview as _preview  # noqa: F401
from newsletter.cli import running as _running  # noqa: F401
from newsletter.cli import serve as _serve  # noqa: F401
from newsletter.cli import setup as _setup  # noqa: F401
from newsletter.cli import sources as _sources  # noqa: F401
from newsletter.cli import stories as _stories  # noqa: F401
from newsletter.cli import subscribers as _subscribers  # noqa: F401
from newsletter.cli import worker as _worker  # noqa: F401
from newsletter.cli.root import program
from newsletter.errors import NewsletterError
from subscribers.errors import SubscribersError


def main() -> None:
    """Run the command line; a person's mistake is one sentence on stderr and exit code 2."""
    try:
        program()
    except (NewsletterError, SubscribersError) as error:
        # escaped: "set host under [smtp]" is not markup
        Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
