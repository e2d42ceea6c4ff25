"""which story of its edition a story is, whatever it says

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("edition_story") as table:
        table.add_column(sa.Column("key", sa.String(length=16), server_default="", nullable=False))
    op.execute("UPDATE edition_story SET key = 's' || id")
    with op.batch_alter_table("edition_story") as table:
        table.alter_column("key", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("edition_story") as table:
        table.drop_column("key")
