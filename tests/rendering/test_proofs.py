"""Proofs, kept in the database."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.config import Newsletter, Settings
from newsletter.editions.models import Edition, State
from newsletter.errors import WrongState
from newsletter.rendering import links, proofs
from newsletter.rendering.mould import Reader
from tests import factories
from tests.rendering import samples


@pytest.fixture
def newsletter(settings: Settings) -> Newsletter:
    return settings.newsletters["friday"]


@pytest.fixture
def edition(session: Session) -> Edition:
    return factories.an_edition(session)


def test_a_proof_is_kept_and_found(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)

    assert proofs.latest(session, edition.id, edition.revision) == made


def test_an_edition_never_rendered_has_no_proof(session: Session, edition: Edition) -> None:
    assert proofs.latest(session, edition.id, edition.revision) is None


def test_rendering_the_same_again_gives_the_same_proof(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)

    assert proofs.make(session, edition, newsletter, settings, now=now + timedelta(days=1)) is made


def test_changed_words_give_another_proof(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    edition.stories[0].headline = "Another headline"

    assert proofs.make(session, edition, newsletter, settings, now=now).digest != made.digest


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING, State.SENT])
def test_what_was_approved_stays_when_the_settings_change(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime, state: State
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    edition.state = state
    moved = newsletter.model_copy(update={"postal_address": "2 Market Row"})

    assert proofs.current(session, edition, moved, settings, now=now) is made


def test_a_draft_follows_the_settings(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    proofs.make(session, edition, newsletter, settings, now=now)
    moved = newsletter.model_copy(update={"postal_address": "2 Market Row"})

    assert b"2 Market Row" in proofs.current(session, edition, moved, settings, now=now).html


def test_bytes_altered_after_approval_are_not_cast(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    made.html = made.html.replace(b"Walmart", b"Wallmart")

    with pytest.raises(WrongState, match="altered after it was made"):
        proofs.mould(made, edition, newsletter, settings)


def test_preview_test_send_and_real_send_are_the_same_bytes(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    ada = Reader(3, "ada@example.com", "Ada", links.token("a secret for tests", edition.id, 3))
    first, second = (proofs.mould(made, edition, newsletter, settings, now=now) for _ in range(2))

    assert first.message(ada) == second.message(ada)


def test_a_whole_message_has_no_defects_and_no_open_slot(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    ada = Reader(3, "ada@example.com", "Ada", links.token("a secret for tests", edition.id, 3))
    message = proofs.mould(made, edition, newsletter, settings).message(ada)
    said = samples.part(message, "html") + samples.part(message, "plain")

    assert (samples.defects(message), "zqHTML" in said, "zqTEXT" in said) == ([], False, False)


def test_the_newsletters_title_signs_where_no_name_is_set(
    session: Session, edition: Edition, newsletter: Newsletter, settings: Settings, now: datetime
) -> None:
    made = proofs.make(session, edition, newsletter, settings, now=now)
    nameless = newsletter.model_copy(update={"from_name": ""})

    assert proofs.mould(made, edition, nameless, settings).sender == ("The Friday Five", "friday@news.example.com")
