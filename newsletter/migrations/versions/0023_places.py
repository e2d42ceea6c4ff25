"""places that editors gave to stories, what was decided at once, and words that were changed beside the ranking

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("story_decision") as table:
        table.add_column(sa.Column("place", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("act", _ID, nullable=True))
        table.create_foreign_key(op.f("fk_story_decision_act_story_decision"), "story_decision", ["act"], ["id"])
    with op.batch_alter_table("story_decision") as table:
        table.alter_column("place", server_default=None)
        table.alter_column("revision", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("story_decision") as table:
        table.drop_constraint(op.f("fk_story_decision_act_story_decision"), type_="foreignkey")
        table.drop_column("act")
        table.drop_column("revision")
        table.drop_column("place")
