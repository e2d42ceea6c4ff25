"""`newsletter …`: by hand what the clock does by itself."""

import sys
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from newsletter.cli.root import program
from newsletter.errors import NewsletterError
from subscribers.errors import SubscribersError


def main() -> None:
    """Run the command line; a person's mistake is one sentence on stderr and exit code 2."""
    try:
        program()
    except (NewsletterError, SubscribersError) as error:
        _fail(str(error))
    except DBAPIError as error:
        words = str(error.orig).strip().splitlines()[0]
        _fail(f"the database says: {words}. newsletter doctor looks what is wrong; newsletter db upgrade makes tables")


def _fail(sentence: str) -> NoReturn:
    # escaped: "set host under [smtp]" is not markup
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {escape(sentence)}", soft_wrap=True)
    sys.exit(2)
