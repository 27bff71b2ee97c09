"""Queries that stand for the table of a source: held to one SELECT over tables that `table:` could name, too.

The text is parsed, its tables are named as the engine knows them, and what is run is printed from the tree. A folder
is trusted with the processor, not with more: no query opens a file, reaches a network or changes anything by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from vitalfew.errors import DataError, DefinitionError, Problem, Where
from vitalfew.warehouse.tables import has_suffix
from vitalfew.workspace.definitions import AggregateSource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vitalfew.workspace.definitions import Definitions

type Place = Callable[..., Where | None]

DIALECT = "duckdb"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BEGINS = ("SELECT", "WITH", "FROM", "(")
_ONE_SELECT = "one SELECT, which may begin with WITH and join several by UNION"
_READERS = _words(
    "read_csv read_csv_auto read_parquet parquet_scan read_json read_json_auto read_ndjson read_ndjson_auto"
)
_ROWS_FROM_NOTHING = _words("generate_series range unnest explode")
_ACTING = _words(
    "nextval currval setval setseed sleep_ms pg_sleep write_log getvariable current_setting getenv query query_table "
    "json_serialize_plan json_execute_serialized_sql"
)
"""Functions that do something, wait, or read what lies in no table."""
_CHANGING = _words(
    "now get_current_time get_current_timestamp transaction_timestamp current_date current_time current_timestamp "
    "current_datetime current_localtime current_localtimestamp localtime localtimestamp today ago random rand randn "
    "gen_random_uuid uuid uuidv4 uuidv7 error stats vector_type txid_current current_connection_id "
    "current_transaction_id current_query current_query_id current_database current_catalog current_schema "
    "current_schemas in_search_path user current_user session_user current_role pg_postmaster_start_time "
    "pg_conf_load_time"
)
"""Functions whose value is another one in another run, though the tables are the same."""
_REFUSED = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Pragma, exp.Attach, exp.Set, exp.Describe, exp.Use)
_PICKS = _words("expressions from_ where")
"""Parts of a SELECT that only picks rows and columns."""


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """A query, read and checked.

    Attributes:
        name: what its rows are called among tables.
        text: as it is written.
        tree: what is run; every table in it is one quoted name, as `table:` would give it.
        tables: these names.
        anew: why its rows may differ though its tables do not; '' where they cannot.
        picks: whether it only picks rows and columns of one table, so that asking it again costs next to nothing.
        where: its place in the workspace.
    """

    name: str
    text: str
    tree: exp.Query
    tables: tuple[str, ...]
    anew: str
    picks: bool
    where: Where | None = None

    def sql(self) -> str:
        """What the engine runs."""
        return self.tree.sql(dialect=DIALECT)

    def line_of(self, word: str) -> str:
        """In which line of a query of several the word stands first, as part of a sentence."""
        tokens = sqlglot.tokenize(self.text, read=DIALECT)
        line = next((token.line for token in tokens if token.text.lower() == word.lower()), 0)
        return f" (line {line} of the query)" if line and "\n" in self.text.strip() else ""


def queries_of(definitions: Definitions, place: Place = lambda *_: None) -> dict[str, SourceQuery]:
    """The queries of a workspace's sources by the names of their rows.

    Args:
        definitions: of the workspace.
        place: tells where something is defined, by its path (`Workspace.where`).

    Raises:
        DefinitionError: with everything that is wrong with any of them.
    """
    found: dict[str, SourceQuery] = {}
    problems: list[Problem] = []
    for key, source in definitions.sources.items():
        if source.sql is not None:
            try:
                found[source.table] = read_query(source.table, source.sql, place("sources", key, "sql"))
            except DataError as error:
                problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return found


def tables_read(definitions: Definitions, place: Place = lambda *_: None) -> dict[str, tuple[str, ...]]:
    """The tables behind each source, as `table:` names them; of a query those that it reads.

    Raises:
        DefinitionError: a query is wrong.
    """
    queries = queries_of(definitions, place)
    found = {}
    for key, source in definitions.sources.items():
        tables = queries[source.table].tables if source.sql is not None else (source.table,)
        more = (source.covariances.table,) if isinstance(source, AggregateSource) and source.covariances else ()
        found[key] = (*tables, *more)
    return found


def read_query(name: str, text: str, where: Where | None = None) -> SourceQuery:
    """Read one query.

    Args:
        name: what its rows are called among tables.
        text: the SQL.
        where: its place.

    Raises:
        DataError: it is not one SELECT, reads something else than tables, or does something else than reading.
    """
    try:
        tree = _parsed(text)
        _refuse_all_but_reading(tree)
        tables = _name_tables(tree)
        _refuse_files(tree)
        anew = next(_reasons_to_ask_anew(tree), "")
        tree.sql(dialect=DIALECT, unsupported_level=ErrorLevel.RAISE)
    except DataError as error:
        told = error.problem
        raise DataError(f"{name} {told.message}", where=where, expected=told.expected, hint=told.hint) from None
    except RecursionError:
        raise DataError(f"{name} is nested too deeply", where=where, hint="make a part of it a WITH") from None
    except SqlglotError as error:
        raise DataError(f"{name} cannot be read: {_first_line(error)}", where=where) from None
    return SourceQuery(name, text, tree, tables, anew, not anew and _only_picks(tree), where)


# Reading -----------------------------------------------------------------------------------------------------------


def _parsed(text: str) -> exp.Query:
    if any(mark in text for mark in ("{{", "{%", "{#")):
        raise DataError("holds a template, which nobody fills in", expected="plain SQL")
    tokens = sqlglot.tokenize(text, read=DIALECT)
    while tokens and tokens[-1].token_type is sqlglot.TokenType.SEMICOLON:
        tokens.pop()
    first = tokens[0].text.upper() if tokens else ""
    if first not in _BEGINS:
        raise DataError(f"begins with {first[:40]}" if first else "is empty", expected=_ONE_SELECT)
    if any(token.token_type is sqlglot.TokenType.SEMICOLON for token in tokens):
        raise DataError("holds more than one statement", expected=_ONE_SELECT)
    try:
        found = sqlglot.parse_one(text, read=DIALECT)
    except ParseError as error:
        fault = error.errors[0] if error.errors else {}
        place = f" (line {fault['line']} of the query, sign {fault['col']})" if fault.get("line") else ""
        raise DataError(f"cannot be read as SQL{place}", expected=_ONE_SELECT) from None
    while isinstance(found, exp.Subquery) and not any(found.args.get(part) for part in ("limit", "order", "alias")):
        found = found.this
    if not isinstance(found, exp.Query):
        raise DataError("is no query", expected=_ONE_SELECT)
    return found


def _refuse_all_but_reading(tree: exp.Query) -> None:
    for node in tree.walk():
        inner = node.this if isinstance(node, exp.CTE | exp.Subquery) else tree
        odd = node if isinstance(node, _REFUSED) else inner
        if not isinstance(odd, exp.Query | exp.Values | exp.Table):
            raise DataError(f"holds {odd.key.upper()} where only SELECT is read", expected=_ONE_SELECT)
        if isinstance(node, exp.Parameter | exp.Placeholder | exp.SessionParameter):
            raise DataError("has a place for a value that nobody gives", hint="write the value out")
        if isinstance(node, exp.Func) and (acting := _names(node) & _ACTING):
            raise DataError(f"calls {min(acting)}(), which does more than reading tables")


def _refuse_files(tree: exp.Query) -> None:
    """Functions that open files stand behind FROM, where they have become names of tables."""
    for lateral in tree.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Subquery | exp.Unnest | exp.Explode):
            called = lateral.this.sql(dialect=DIALECT).partition("(")[0].lower()
            raise DataError(f"reads from {called}(), which is no table", expected="tables and files by their names")
    for node in tree.find_all(exp.Func):
        if opening := _names(node) & _READERS:
            raise DataError(f"calls {min(opening)}() where no table is read", expected="it behind FROM or JOIN")


def _names(node: exp.Func) -> frozenset[str]:
    """What a function may be called."""
    names = [node.name] if isinstance(node, exp.Anonymous) else node.sql_names()
    return frozenset(name.lower() for name in names)


# Tables ------------------------------------------------------------------------------------------------------------


def _name_tables(tree: exp.Query) -> tuple[str, ...]:
    """Give every table the one name by which the engine knows it, and return these names."""
    for table in list(tree.find_all(exp.Table)):
        _resolve_function(table)
    _spell_alike(tree)
    of_tables, of_queries = _sides_of_scopes(tree)
    named: dict[str, None] = {}
    shortened: set[tuple[str, str]] = set()
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        if id(table) in of_tables:
            parts = [part.name for part in table.parts]
            named[name := ".".join(parts)] = None
            shortened.add((table.db, _handle(name, parts)))
            _rename(table, name, parts)
        elif id(table) not in of_queries:
            hint = "write it as SELECT … FROM it"
            raise DataError(f"names '{table.name}' where its rows cannot be followed", hint=hint)
    for column in tree.find_all(exp.Column):
        if (column.args.get("db") and (column.text("db"), column.table)) in shortened:
            column.set("db", None)
    return tuple(named)


def _resolve_function(table: exp.Table) -> None:
    """Let a file that is read by a function be the table of that name, and refuse other functions."""
    function = table.this
    if isinstance(function, exp.Identifier):
        return
    names = _names(function) if isinstance(function, exp.Func) else frozenset()
    if names & _ROWS_FROM_NOTHING:
        return
    called = function.sql(dialect=DIALECT).partition("(")[0].lower()
    if not names & _READERS:
        raise DataError(f"reads from {called}(), which is no table", expected="tables and files by their names")
    given = [*([function.this] if isinstance(function.this, exp.Expr) else []), *function.expressions]
    if len(given) != 1 or not (isinstance(given[0], exp.Literal) and given[0].is_string):
        hint = "name the file itself, as in FROM 'orders.csv'; '*' stands for many"
        raise DataError(f"gives {called}() more than the name of a file", hint=hint)
    table.set("this", exp.to_identifier(given[0].name, quoted=True))


def _spell_alike(tree: exp.Query) -> None:
    """Let names of WITH be found however they are spelled, as the engine finds them."""
    spelled = {cte.alias.lower(): cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not table.db and table.name.lower() in spelled:
            table.this.set("this", spelled[table.name.lower()])


def _sides_of_scopes(tree: exp.Query) -> tuple[Collection[int], Collection[int]]:
    """Which nodes name a table, and which the rows of a WITH, by their ids."""
    tables: set[int] = set()
    queries: set[int] = set()
    for scope in traverse_scope(tree):
        for node, source in scope.selected_sources.values():
            if isinstance(node, exp.Table):
                (tables if isinstance(source, exp.Table) else queries).add(id(node))
    return tables, queries


def _rename(table: exp.Table, name: str, parts: list[str]) -> None:
    handle = _handle(name, parts)
    if not table.alias and handle != name and handle.isidentifier():
        table.set("alias", exp.TableAlias(this=exp.to_identifier(handle)))
    table.set("this", exp.to_identifier(name, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def _handle(name: str, parts: list[str]) -> str:
    """What columns of a table are called by: the stem of a file, as the engine does it, else the name alone."""
    return PurePath(name).name.partition(".")[0] if has_suffix(name) else parts[-1]


# What its rows hang on ---------------------------------------------------------------------------------------------


def _reasons_to_ask_anew(tree: exp.Query) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Func):
            names = _names(node)
            if found := names & _CHANGING:
                yield f"it asks for {min(found)}"
            elif "age" in names and len(node.expressions) == 1:
                yield "it asks for an age today"
        if isinstance(node, exp.TableSample):
            yield "it takes a sample"
        if isinstance(node, exp.Query) and not node.args.get("order"):
            if any(node.args.get(part) for part in ("limit", "offset")):
                yield "it has LIMIT without ORDER BY"
            distinct = node.args.get("distinct")
            if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
                yield "it has DISTINCT ON without ORDER BY"


def _only_picks(tree: exp.Query) -> bool:
    parts = {name for name, value in tree.args.items() if value}
    if not isinstance(tree, exp.Select) or not parts <= _PICKS:
        return False
    more = (exp.Query, exp.Window, exp.AggFunc, exp.UDTF, exp.Explode, exp.Pivot)
    return not any(isinstance(node, more) for node in tree.walk() if node is not tree)


def _first_line(error: SqlglotError) -> str:
    return str(error).split("\n", 1)[0][:200]
