"""Alembic's way in: runs the migrations on the engine that `db.upgrade` hands over."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from newsletter import schema

_engine: Engine = context.config.attributes["engine"]


def _run(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # before BEGIN, or it has no effect: with foreign keys on, rebuilding a table empties its children
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_as_batch=sqlite,
        render_item=schema.render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite:
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"the migration broke foreign keys: {broken[:5]}")


with _engine.connect() as connection:
    try:
        _run(connection)
        connection.commit()
    finally:
        if connection.dialect.name == "sqlite":
            connection.invalidate()  # the next user gets a connection with foreign keys on
