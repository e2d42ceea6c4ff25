"""settings changed at the desk, and by which a sending goes

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "setting_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=320), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_change")),
    )
    op.create_index(op.f("ix_setting_change_key_id"), "setting_change", ["key", "id"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("sending", sa.Column("change", number, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("sending", "change")
    op.drop_table("setting_change")
