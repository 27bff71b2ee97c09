"""Commands that carry numbers in and out: sql, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitalfew.cli import importing
from vitalfew.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(sql)
    imports = typer.Typer(help="Take in what other programs computed or defined.", no_args_is_help=True)
    imports.command()(moments)
    importing.register(imports)
    app.add_typer(imports, name="import")


def sql(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")],
    metric: Annotated[
        list[str] | None, typer.Argument(metavar="METRIC…", help="Metrics; all when none is named.")
    ] = None,
    dialect: Annotated[str, typer.Option(help="bigquery, snowflake, postgres, duckdb, spark, …")] = "duckdb",
) -> None:
    """Print the queries that measure metrics.

    Run them in a warehouse that vitalfew cannot reach; `import moments` takes their answers.
    """
    from vitalfew.warehouse.export import moments_sql
    from vitalfew.warehouse.queries import queries_of
    from vitalfew.workspace import load

    workspace = load(folder)
    queries_of(workspace.definitions, workspace.where)  # what is wrong with one is told with its file and line
    for query in moments_sql(workspace.definitions, tuple(metric or ()), dialect):
        typer.echo(query.text)


def moments(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The answer of a query, as CSV or Parquet.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")] = Path(),
) -> None:
    """Take the answer of a query that `sql` printed.

    It is used instead of the table behind the source.
    """
    from vitalfew.warehouse.imported import import_moments
    from vitalfew.workspace import load

    say(import_moments(file, load(folder)).sentence())
