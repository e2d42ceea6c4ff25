"""Databases for tests, made once and cleaned after each: making one anew takes PostgreSQL most of a second."""

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

#: a crash of the machine would cost nothing here; a crash of the server alone loses nothing either way
_HURRY = ("fsync", "synchronous_commit", "full_page_writes")
#: what a test may have changed besides rows: tables, their columns, indexes, the revision
_SHAPE = """
    SELECT md5(string_agg(format('%s %s %s', relkind, relname, columns), ',' ORDER BY relname))
        || (SELECT string_agg(version_num, ',') FROM alembic_version)
    FROM pg_class, LATERAL (SELECT string_agg(format('%s %s %s', attname, atttypid, attnotnull), ',' ORDER BY attnum)
        AS columns FROM pg_attribute WHERE attrelid = pg_class.oid AND NOT attisdropped) AS attributes
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S', 'v')
"""
_TABLES = """
    SELECT string_agg(format('SELECT %L WHERE EXISTS (SELECT FROM %I)', relname, relname), ' UNION ALL ')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
"""
_SEQUENCES = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


class Databases:
    """Empty, upgraded databases of one server, copied from its database *template*."""

    def __init__(self, server: URL, template: str) -> None:
        self._server, self._template = server, template
        self._admin = self._connect(server.database or "postgres")
        for setting in _HURRY:
            self._admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self._admin.execute("SELECT pg_reload_conf()")
        with self._connect(template) as connection:
            self._shape = _value(connection, _SHAPE)
            self._rows = _value(connection, _TABLES)
        self._free: list[str] = []
        self._made = 0

    def take(self) -> URL:
        """One that nobody else has."""
        if self._free:
            return self._server.set(database=self._free.pop())
        self._made += 1
        name = f"test_{self._made}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        return self._server.set(database=name)

    def give_back(self, url: URL) -> None:
        """Make *url* as good as new, or drop it where its tables were changed."""
        name = url.database or ""
        self._admin.execute(_OTHERS, [name])
        with self._connect(name) as connection:
            as_it_was = _value(connection, _SHAPE) == self._shape
            if as_it_was:
                self._empty(connection)
        if as_it_was:
            self._free.append(name)
        else:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def close(self) -> None:
        self._admin.close()

    def _empty(self, connection: psycopg.Connection) -> None:
        written = [sql.Identifier(name) for (name,) in connection.execute(self._rows)]
        if written:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(written)))
        connection.execute(_SEQUENCES)

    def _connect(self, name: str) -> psycopg.Connection:
        url = self._server.set(database=name, drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def _run(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _value(connection: psycopg.Connection, query: str) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""
