"""gone for good: on how many visits in a row a source said so

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("gone_seen", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("source", "gone_seen")
