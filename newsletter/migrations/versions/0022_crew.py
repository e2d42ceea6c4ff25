"""which process goes by a name, and how the queues of hints stand

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("process", sa.Column("owner", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "hint_queue",
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("listening", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("newsletter", name=op.f("pk_hint_queue")),
    )


def downgrade() -> None:
    op.drop_table("hint_queue")
    with op.batch_alter_table("process") as table:
        table.drop_column("owner")
