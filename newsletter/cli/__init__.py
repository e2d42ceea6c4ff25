"""`newsletter …`: by hand what the clock does by itself."""

import gc
import sys
from typing import NoReturn

from newsletter.cli.root import program
from newsletter.errors import NewsletterError
from subscribers.errors import SubscribersError


def main() -> None:
    """Run the command line; a person's mistake is one sentence on stderr and exit code 2."""
    try:
        program()
    except (NewsletterError, SubscribersError) as error:
        _fail(str(error))
    except Exception as error:
        if words := _of_the_database(error):
            _fail(
                f"the database says: {words}. newsletter doctor looks what is wrong; newsletter db upgrade makes tables"
            )
        raise
    finally:
        gc.freeze()  # the process ends: what it holds need not be looked through for garbage, which takes longer


def _of_the_database(error: Exception) -> str:
    """The database's own first words, if it is one of its errors."""
    from sqlalchemy.exc import DBAPIError  # not before there is an error: it is half of the time that help takes

    return str(error.orig).strip().splitlines()[0] if isinstance(error, DBAPIError) else ""


def _fail(sentence: str) -> NoReturn:
    from rich.console import Console
    from rich.markup import escape

    # escaped: "set host under [smtp]" is not markup
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {escape(sentence)}", soft_wrap=True)
    sys.exit(2)
