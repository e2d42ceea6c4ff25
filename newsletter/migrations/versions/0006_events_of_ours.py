"""events: whether they are ours, and pieces that could not be read

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_GROUPS = sa.text("kind IN ('group_unsubscribe', 'group_resubscribe')")


def upgrade() -> None:
    # what was believed until now stays believed
    op.add_column("event", sa.Column("is_ours", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index("ix_event_groups", "event", ["subscriber_id"], sqlite_where=_OF_GROUPS, postgresql_where=_OF_GROUPS)
    op.create_table(
        "event_quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_quarantine")),
        sa.UniqueConstraint("digest", name=op.f("uq_event_quarantine_digest")),
    )


def downgrade() -> None:
    op.drop_table("event_quarantine")
    op.drop_index("ix_event_groups", table_name="event")
    op.drop_column("event", "is_ours")
