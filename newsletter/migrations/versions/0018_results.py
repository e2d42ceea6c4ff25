"""the figures of editions, kept; visits found by their edition

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_figures",
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["sending.edition_id"],
            name=op.f("fk_kept_figures_edition_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_kept_figures")),
    )
    op.create_index(op.f("ix_visit_edition_id"), "visit", ["edition_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_visit_edition_id"), "visit")
    op.drop_table("kept_figures")
