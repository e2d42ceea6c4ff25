"""links that are counted: where they lead, what was corrected, what was heard of them

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOBODY = sa.text("subscriber_id IS NULL")
_SOMEBODY = sa.text("subscriber_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("proof", schema=None) as batch:
        batch.add_column(sa.Column("tracking", sa.String(length=40), nullable=False, server_default=""))
    op.create_table(
        "tracked",
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("pixel", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_tracked_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_tracked")),
    )
    op.create_table(
        "link",
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("story", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_link_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "number", name=op.f("pk_link")),
    )
    op.create_table(
        "link_correction",
        sa.Column("id", _ID, nullable=False),
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_link_correction_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_correction")),
    )
    op.create_index(op.f("ix_link_correction_edition_id_id"), "link_correction", ["edition_id", "id"])
    op.create_table(
        "visit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", _ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("head", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("decoy", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("agent", sa.String(length=120), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("flagged", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("provider", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("times", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("first", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_visit_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_visit_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    for name, columns in {
        "ix_visit_of_copies": ["edition_id", "subscriber_id", "at"],
        "ix_visit_of_people": ["subscriber_id"],
    }.items():
        op.create_index(name, "visit", columns, sqlite_where=_SOMEBODY, postgresql_where=_SOMEBODY)
    op.create_index(
        "uq_visit_of_nobody",
        "visit",
        ["edition_id", "number", "at", "head", "delay", "touched", "decoy", "agent", "network", "flagged", "provider"],
        unique=True,
        sqlite_where=_NOBODY,
        postgresql_where=_NOBODY,
    )


def downgrade() -> None:
    for table in ("visit", "link_correction", "link", "tracked"):
        op.drop_table(table)
    with op.batch_alter_table("proof", schema=None) as batch:
        batch.drop_column("tracking")
