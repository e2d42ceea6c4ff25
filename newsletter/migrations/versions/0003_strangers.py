"""strangers known by a salted hash, files that were imported, and consent as it was given

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_import_file_digest")),
    )
    op.create_table(
        "salt",
        sa.Column("id", _ID, nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salt")),
    )
    op.create_table(
        "stranger",
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stranger")),
    )
    with op.batch_alter_table("consent_event", schema=None) as batch:
        batch.add_column(sa.Column("given_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("given_from", sa.String(length=45), nullable=False, server_default=""))
        batch.add_column(sa.Column("import_id", _ID, nullable=True))
        batch.create_foreign_key(op.f("fk_consent_event_import_id_import_file"), "import_file", ["import_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("consent_event", schema=None) as batch:
        batch.drop_constraint(op.f("fk_consent_event_import_id_import_file"), type_="foreignkey")
        batch.drop_column("import_id")
        batch.drop_column("given_from")
        batch.drop_column("given_at")
    op.drop_table("stranger")
    op.drop_table("salt")
    op.drop_table("import_file")
