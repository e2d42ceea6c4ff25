"""The clock's readings, the words of each revision, and what became of letters to editors

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_reading",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("counter", sa.Double(), nullable=False),
        sa.Column("settles_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clock_reading")),
    )
    op.create_table(
        "edition_wording",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_wording_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_wording")),
        sa.UniqueConstraint("edition_id", "revision", name=op.f("uq_edition_wording_edition_id_revision")),
    )
    op.add_column("alarm", sa.Column("told_to", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("alarm", sa.Column("trouble", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("alarm", "trouble")
    op.drop_column("alarm", "told_to")
    op.drop_table("edition_wording")
    op.drop_table("clock_reading")
