"""the week that a slot stands for, weeks that were moved, and sources paused or removed for now

Revision ID: 0027
Revises: 0026
"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_SLOT = sa.table(
    "slot",
    sa.column("newsletter", sa.String()),
    sa.column("date", sa.Date()),
    sa.column("job", sa.String()),
    sa.column("week", sa.Date()),
)


def upgrade() -> None:
    op.add_column("slot", sa.Column("week", sa.Date(), nullable=True))
    _fill()
    op.create_table(
        "moved_day",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("to", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_day")),
        sa.UniqueConstraint("newsletter", "week", name=op.f("uq_moved_day_newsletter_week")),
    )
    op.add_column("source", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("source", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))


def _fill() -> None:
    """A slot of the timetable has others of its date beside it; where it stands alone its weekday tells."""
    connection = op.get_bind()
    jobs, weekdays = defaultdict(set), defaultdict(set)
    for newsletter, date, job in connection.execute(sa.select(_SLOT.c.newsletter, _SLOT.c.date, _SLOT.c.job)):
        jobs[newsletter, date].add(job)
        if job != "send":
            weekdays[newsletter].add(date.weekday())
    for (newsletter, date), of_it in jobs.items():
        if of_it != {"send"} or not weekdays[newsletter] or date.weekday() in weekdays[newsletter]:
            ours = (_SLOT.c.newsletter == newsletter, _SLOT.c.date == date)
            connection.execute(sa.update(_SLOT).where(*ours).values(week=date))


def downgrade() -> None:
    op.drop_column("source", "removed_at")
    op.drop_column("source", "paused_at")
    op.drop_table("moved_day")
    op.drop_column("slot", "week")
