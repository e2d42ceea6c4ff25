"""corrections of what went out: on the page, and by mail

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("edition") as table:
        table.add_column(sa.Column("correction", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("corrects", _ID, nullable=True))
        table.add_column(sa.Column("unknown_too", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.drop_constraint("uq_edition_newsletter_date", type_="unique")
        table.create_unique_constraint(
            op.f("uq_edition_newsletter_date_correction"), ["newsletter", "date", "correction"]
        )
        table.create_foreign_key(op.f("fk_edition_corrects"), "edition", ["corrects"], ["id"], ondelete="CASCADE")
    op.create_table(
        "amendment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_amendment_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        sa.UniqueConstraint("edition_id", "revision", name=op.f("uq_amendment_edition_id_revision")),
    )


def downgrade() -> None:
    op.drop_table("amendment")
    # what only this version knows of
    op.execute("DELETE FROM edition WHERE correction > 0")
    with op.batch_alter_table("edition") as table:
        table.drop_constraint("fk_edition_corrects", type_="foreignkey")
        table.drop_constraint("uq_edition_newsletter_date_correction", type_="unique")
        table.create_unique_constraint(op.f("uq_edition_newsletter_date"), ["newsletter", "date"])
        table.drop_column("unknown_too")
        table.drop_column("corrects")
        table.drop_column("correction")
