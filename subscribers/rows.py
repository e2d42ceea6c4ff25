"""Rows into the database, whether they are there or not; and out of it in one piece, for what runs all the time."""

import importlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Enum, FromClause, Select, Text, bindparam, cast, func, select
from sqlalchemy.orm import Session


def upsert(session: Session, table: Any) -> Any:
    """INSERT INTO *table* as *session*'s own database words it, which can say ON CONFLICT."""
    return insert(session.get_bind().dialect.name, table)


def insert(dialect: str, table: Any) -> Any:
    """INSERT INTO *table* as that database words it, which can say ON CONFLICT."""
    # the other database's dialect stays unloaded: with its drivers it takes as long as many a command
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def told(dialect: str, *like: Any) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Many rows in one parameter, "told": an array of arrays as JSON, each with a value *like* each of the columns."""
    parameter = bindparam("told", type_=Text)
    if dialect == "sqlite":
        elements = func.json_each(parameter).table_valued("value")
        return elements, [func.json_extract(elements.c.value, f"$[{place}]") for place in range(len(like))]
    elements = func.json_array_elements(cast(parameter, JSON)).table_valued("value")
    # an enum is kept as text and has no type of its own there
    kinds = [Text() if isinstance(column.type, Enum) else column.type for column in like]
    return elements, [cast(elements.c.value.op("->>")(place), kind) for place, kind in enumerate(kinds)]


class Rows:
    """A SELECT, built once; from SQLite its rows come as one JSON text.

    sqlite3 lets go of the interpreter's lock at every row and has to get it back, which takes longer
    than the row where another thread is busy. What JSON has no type for comes as the database keeps it.
    """

    def __init__(
        self, statement: Select[*tuple[Any, ...]], *, elsewhere: Select[*tuple[Any, ...]] | None = None
    ) -> None:
        """*elsewhere* is the same for other databases than SQLite, where they want it in other words."""
        self._plain = statement if elsewhere is None else elsewhere
        self._packed = select(func.json_group_array(func.json_array(*statement.subquery().c)))

    def of(self, session: Session, parameters: dict[str, object]) -> Sequence[Sequence[Any]]:
        """The rows for *parameters*, in the statement's order."""
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            return connection.execute(self._plain, parameters).all()
        rows: list[list[Any]] = json.loads(connection.execute(self._packed, parameters).scalar_one())
        return rows
