"""mailbox: what came back by mail, and how far its folders have been read

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mailbox_place",
        sa.Column("id", _ID, nullable=False),
        sa.Column("place", sa.String(400), nullable=False),
        sa.Column("validity", _ID, nullable=False),
        sa.Column("last", _ID, nullable=False),
        sa.Column("read_at", _MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", _MOMENT),
        sa.Column("next_at", _MOMENT),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_place")),
        sa.UniqueConstraint("place", name=op.f("uq_mailbox_place_place")),
    )
    op.create_table(
        "returned",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("place_id", _ID, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("meaning", sa.String(16), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("lesson", sa.String(16), nullable=False),
        sa.Column("known_by", sa.String(16), nullable=False),
        sa.Column("edition_id", _ID),
        sa.Column("subscriber_id", _ID),
        sa.Column("is_odd", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["mailbox_place.id"], name=op.f("fk_returned_place_id_mailbox_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned")),
        sa.UniqueConstraint("digest", name=op.f("uq_returned_digest")),
    )
    op.create_index(op.f("ix_returned_action"), "returned", ["action"])
    op.create_index(op.f("ix_returned_subscriber_id"), "returned", ["subscriber_id"])
    op.create_table(
        "returned_ruling",
        sa.Column("id", _ID, nullable=False),
        sa.Column("returned_id", _ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("came_of_it", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["returned_id"], ["returned.id"], name=op.f("fk_returned_ruling_returned_id_returned")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_ruling")),
    )
    op.create_index(op.f("ix_returned_ruling_returned_id"), "returned_ruling", ["returned_id"])
    op.create_table(
        "returned_mail",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("subscriber_id", _ID),
        sa.Column("kept_at", _MOMENT, nullable=False),
        sa.Column("mentions", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_returned_mail_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_mail")),
        sa.UniqueConstraint("digest", name=op.f("uq_returned_mail_digest")),
    )
    op.create_index(op.f("ix_returned_mail_subscriber_id"), "returned_mail", ["subscriber_id"])
    op.create_index(op.f("ix_returned_mail_kept_at"), "returned_mail", ["kept_at"])


def downgrade() -> None:
    for table in ("returned_mail", "returned_ruling", "returned", "mailbox_place"):
        op.drop_table(table)
