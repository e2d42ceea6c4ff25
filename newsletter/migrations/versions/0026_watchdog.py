"""what is wrong now, and which alarms were posted

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "matter",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_matter")),
    )
    op.add_column("alarm", sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE alarm SET posted_at = at")


def downgrade() -> None:
    op.drop_column("alarm", "posted_at")
    op.drop_table("matter")
