"""image sizes: of articles, ranked stories and the stories of editions

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("article", "ranked_story", "edition_story")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("image_width", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("image_height", sa.Integer(), nullable=True))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "image_height")
        op.drop_column(table, "image_width")
