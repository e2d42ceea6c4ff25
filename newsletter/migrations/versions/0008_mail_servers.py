"""what mail servers bear, and why nothing moves

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_server",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("groups", sa.Boolean(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("counts_errors", sa.Boolean(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_server")),
    )
    with op.batch_alter_table("sending", schema=None) as batch:
        batch.add_column(sa.Column("stuck", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("stuck_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sending", schema=None) as batch:
        batch.drop_column("stuck_at")
        batch.drop_column("stuck")
    op.drop_table("mail_server")
