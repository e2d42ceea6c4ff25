"""evidence: what each event teaches

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEACHES = sa.text("lesson <> ''")


def upgrade() -> None:
    # what was heard until now has taught what it had to
    op.add_column("event", sa.Column("lesson", sa.String(length=16), nullable=False, server_default=""))
    for name, columns in {"ix_event_lessons": ["subscriber_id"], "ix_event_alarms": ["edition_id", "lesson"]}.items():
        op.create_index(name, "event", columns, sqlite_where=_TEACHES, postgresql_where=_TEACHES)


def downgrade() -> None:
    op.drop_index("ix_event_alarms", table_name="event")
    op.drop_index("ix_event_lessons", table_name="event")
    op.drop_column("event", "lesson")
