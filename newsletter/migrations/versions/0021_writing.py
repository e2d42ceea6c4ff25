"""versions with names, who writes just now, and pictures of our own

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("edition_wording") as table:
        table.add_column(sa.Column("auto", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("seen", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("name", sa.String(length=80), server_default="", nullable=False))
    op.create_table(
        "edition_presence",
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("speaks", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_presence_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "page", name=op.f("pk_edition_presence")),
    )
    op.create_table(
        "picture",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_picture")),
    )


def downgrade() -> None:
    op.drop_table("picture")
    op.drop_table("edition_presence")
    with op.batch_alter_table("edition_wording") as table:
        table.drop_column("name")
        table.drop_column("seen")
        table.drop_column("began_at")
        table.drop_column("auto")
