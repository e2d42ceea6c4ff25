"""What readers choose, how they join and leave: preferences, sign-ups, wordings, segments."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _person(*, nullable: bool = False, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column("subscriber_id", _ID, nullable=nullable, primary_key=primary_key)


def _of_subscriber(table: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_subscriber_id")
    return sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    # ADD COLUMN, not a new table: a million rows stay where they are
    op.add_column("subscriber", sa.Column("rhythm", sa.String(24), nullable=False, server_default="weekly"))
    op.add_column("subscriber", sa.Column("paused_until", sa.Date()))
    op.add_column("subscriber", sa.Column("plain_text", sa.Boolean(), nullable=False, server_default=sa.false()))
    plain = sa.text("plain_text")
    op.create_index("ix_subscriber_plain_text", "subscriber", ["id"], sqlite_where=plain, postgresql_where=plain)
    for column, length in (("wording", 16), ("form", 64)):
        op.add_column("consent_event", sa.Column(column, sa.String(length), nullable=False, server_default=""))
    op.create_table(
        "wording",
        sa.Column("digest", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_wording")),
    )
    op.create_table(
        "sign_up",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("newsletter", sa.String(64), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("page_language", sa.String(35), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("wording", sa.String(16), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("given_from", sa.String(45), nullable=False),
        sa.Column("mailed_at", _MOMENT),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("welcomed_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
        sa.UniqueConstraint("email_key", "newsletter", name=op.f("uq_sign_up_email_key_newsletter")),
        sqlite_autoincrement=True,
    )
    unmailed = sa.text("mailed_at IS NULL")
    op.create_index("ix_sign_up_unmailed", "sign_up", ["id"], sqlite_where=unmailed, postgresql_where=unmailed)
    op.create_table(
        "door_rate",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("tat", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_door_rate")),
    )
    op.create_table(
        "topic_choice",
        _person(),
        sa.Column("topic", sa.String(64), nullable=False),
        _of_subscriber("topic_choice"),
        sa.PrimaryKeyConstraint("subscriber_id", "topic", name=op.f("pk_topic_choice")),
    )
    op.create_index(op.f("ix_topic_choice_topic_subscriber_id"), "topic_choice", ["topic", "subscriber_id"])
    op.create_table(
        "address_change",
        sa.Column("id", _ID, nullable=False),
        _person(),
        sa.Column("newsletter", sa.String(64), nullable=False),
        sa.Column("old_email", sa.String(320), nullable=False),
        sa.Column("new_email", sa.String(320), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("mailed_at", _MOMENT),
        sa.Column("changed_at", _MOMENT),
        sa.Column("told_at", _MOMENT),
        _of_subscriber("address_change"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_address_change_subscriber_id"), "address_change", ["subscriber_id"])
    op.create_table(
        "departure",
        sa.Column("id", _ID, nullable=False),
        _person(nullable=True),
        sa.Column("newsletter", sa.String(64), nullable=False),
        sa.Column("edition_id", _ID),
        sa.Column("why", sa.String(24), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _of_subscriber("departure", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure")),
        sa.UniqueConstraint("subscriber_id", "newsletter", name=op.f("uq_departure_subscriber_id_newsletter")),
    )
    op.create_table(
        "segment",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_segment")),
    )
    op.add_column("edition", sa.Column("segment", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("edition", "segment")
    for table in ("segment", "departure", "address_change", "topic_choice", "door_rate", "sign_up", "wording"):
        op.drop_table(table)
    for column in ("form", "wording"):
        op.drop_column("consent_event", column)
    op.drop_index("ix_subscriber_plain_text", "subscriber")
    for column in ("plain_text", "paused_until", "rhythm"):
        op.drop_column("subscriber", column)
