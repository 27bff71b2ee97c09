"""What DuckDB itself would read in a query, before it runs: the second look at what a folder says in SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from vitalfew.warehouse.queries import SourceQuery

_FROM_NOTHING = frozenset(("range", "generate_series", "unnest"))
_SELECTS = frozenset(("SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE", "STATEMENT_NODE"))


def refuse_strangers(connection: duckdb.DuckDBPyConnection, query: SourceQuery) -> None:
    """Hold a query to the tables it was found to read, by the engine's own reading of what would run.

    Two readers of one text may understand it differently; what only one of them sees is not run.

    Raises:
        DataError: the engine sees another table, a function that opens something, or a change.
    """
    answer = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query.sql()]).fetchone()
    tree = json.loads(str(answer[0])) if answer else {"error": True}
    if tree.get("error"):
        raise DataError(f"{query.name} is not understood by the engine", where=query.where)
    known = {name.lower() for name in (*query.tables, *(cte.alias for cte in query.tree.find_all(exp.CTE)))}
    for node in _nodes(tree):
        kind = str(node.get("type"))
        called = node.get("function")
        name = str(called.get("function_name")) if isinstance(called, dict) else "a function"
        function = name if kind == "TABLE_FUNCTION" else ""
        strange = kind == "BASE_TABLE" and str(node.get("table_name")).lower() not in known
        if strange or (function and function not in _FROM_NOTHING) or (_is_query(kind) and kind not in _SELECTS):
            named = f"{function}()" if function else str(node.get("table_name", kind)).lower()
            raise DataError(f"{query.name} reads from {named}, which is none of its tables", where=query.where)


def _is_query(kind: str) -> bool:
    return kind.endswith("_NODE")


def _nodes(tree: object) -> Iterator[dict[str, object]]:
    left = [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
            left += part.values()
        elif isinstance(part, list):
            left += part
