"""Every operation is asked by Schemathesis: whatever comes, no fault of ours, and no answer but the described ones.

By default the examples and a few requests for each operation; with `-m long` also every border of every schema, and
chains of requests that follow one another.
"""

import os
import re
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import Api
from newsletter.delivery.models import BatchState, Status
from newsletter.editions.models import State
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web.app import create
from subscribers import roll
from subscribers.models import SuppressionReason
from tests.api.conftest import a_token, the_doctor_was_here
from tests.desk.aftermath import readers, told, went_out
from tests.factories import FRIDAY, a_source, an_article, an_edition

_CONFIG = Path(__file__).with_name("schemathesis.toml")
#: joining takes its time for every address alike, and asks for no token
_JOINING = ("--exclude-path", "/subscriptions")
_A_FEW = ("--phases", "examples,fuzzing", "--max-examples", "4")
_MANY = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "40")


@pytest.fixture
def stocked(app: App, now: datetime) -> App:
    """An install in which there is some of everything, and no end of requests."""
    with app.database.write() as session:
        people = readers(session, 60)
        sent = went_out(
            app, session, people, day=FRIDAY - timedelta(weeks=1), states=(BatchState.ACCEPTED, BatchState.UNKNOWN)
        )
        told(session, sent, people[:3], Status.BOUNCED)
        an_edition(session, state=State.IN_REVIEW)
        an_edition(session, date=FRIDAY + timedelta(weeks=1))
        source = a_source(session)
        an_article(session, source, "Walmart goes live")
        roll.suppress(session, "reader1@shop.example", reason=SuppressionReason.MANUAL, note="asked", now=now)
        the_doctor_was_here(session, now)
    settings = app.settings.model_copy(update={"api": Api(per_minute=100_000)})
    return App(settings, app.database)


@pytest.mark.parametrize("role", list(Role))
def test_a_program_of_each_role_gets_the_described_answers(stocked: App, now: datetime, role: Role) -> None:
    _ask(stocked, now, *_A_FEW, *_JOINING, role=role)


def test_who_has_no_token_gets_the_described_answers(stocked: App, now: datetime) -> None:
    _ask(stocked, now, *_A_FEW, role=None)


@pytest.mark.long
@pytest.mark.parametrize("role", list(Role))
def test_a_program_of_each_role_gets_the_described_answers_whatever_it_asks(
    stocked: App, now: datetime, role: Role
) -> None:
    _ask(stocked, now, *_MANY, *_JOINING, role=role)


@pytest.mark.long
def test_who_has_no_token_gets_the_described_answers_whatever_they_ask(stocked: App, now: datetime) -> None:
    _ask(stocked, now, *_MANY, role=None)


def _ask(app: App, now: datetime, *more: str, role: Role | None) -> None:
    """Fail with what Schemathesis has against the API."""
    shows = ("--header", f"Authorization: Bearer {a_token(app, role, now=now)}") if role else ()
    program = Path(sys.executable).with_name("schemathesis")
    with serving(create(app, clock=lambda: now)) as url:
        asked = [str(program), "--config-file", str(_CONFIG), "run", f"{url}/api/openapi.json"]
        done = subprocess.run(
            [*asked, "--url", f"{url}/api", "--no-color", *shows, *more],
            cwd=app.settings.home,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )
        # files that it brought are read beside the pages
        for thread in threading.enumerate():
            if thread.name.startswith("import "):
                thread.join()
    assert re.search(r"\b[1-9]\d* generated", done.stdout), f"it asked nothing: {done.stdout}{done.stderr}"
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)
