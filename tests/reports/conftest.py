"""The world of what is told afterwards, on both databases."""

import pytest
from sqlalchemy.orm import Session

from newsletter.config import Settings
from tests.reports.world import World


@pytest.fixture
def world(session: Session, settings: Settings) -> World:
    return World(session, settings)
