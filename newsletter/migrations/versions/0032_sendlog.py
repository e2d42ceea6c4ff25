"""what the send log is searched by: statuses and words of the few, times, the beginning of an address

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_ASTRAY, _WORDED = sa.text("status <> 'delivered'"), sa.text("reason <> ''")


def upgrade() -> None:
    op.create_index(
        "ix_delivery_progress_astray",
        "delivery_progress",
        ["status", "edition_id", "subscriber_id"],
        sqlite_where=_ASTRAY,
        postgresql_where=_ASTRAY,
    )
    op.create_index(
        "ix_delivery_progress_worded",
        "delivery_progress",
        ["edition_id", "subscriber_id"],
        sqlite_where=_WORDED,
        postgresql_where=_WORDED,
    )
    op.create_index("ix_delivery_progress_at", "delivery_progress", ["at"])
    op.create_index("ix_outcome_status_edition_id_subscriber_id", "outcome", ["status", "edition_id", "subscriber_id"])
    op.create_index(
        "ix_subscriber_email_begins",
        "subscriber",
        ["email_key"],
        postgresql_ops={"email_key": "varchar_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_subscriber_email_begins", "subscriber")
    op.drop_index("ix_outcome_status_edition_id_subscriber_id", "outcome")
    op.drop_index("ix_delivery_progress_at", "delivery_progress")
    op.drop_index("ix_delivery_progress_worded", "delivery_progress")
    op.drop_index("ix_delivery_progress_astray", "delivery_progress")
