"""events: no index of attempts, which nothing asks for

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_event_attempt", table_name="event")


def downgrade() -> None:
    op.create_index("ix_event_attempt", "event", ["attempt"])
