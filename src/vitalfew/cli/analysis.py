"""One experiment from one file: analyze."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Literal

import typer

from vitalfew.cli.options import with_options
from vitalfew.cli.output import write_json, write_results
from vitalfew.cli.runs import AsJson, leave
from vitalfew.errors import UsageError

Mode = Literal["always_valid", "fixed", "group_sequential", "bayesian"]


@dataclass(frozen=True)
class _Asked:
    """Options of `analyze`."""

    covariate: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Known before the assignment: adjust for it. Repeatable.")
    ] = None
    segment: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Effects for each of its values, too. Repeatable.")
    ] = None
    cluster: Annotated[
        str | None, typer.Option(metavar="COL", help="What was randomised, when larger than a row: class, shop.")
    ] = None
    mode: Annotated[
        Mode | None,
        typer.Option(help="How the data may be looked at: with --time at any time, else once."),
    ] = None
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="COL=KIND", help="mean, proportion, nps, csat, ces:net, quantile:0.9. Repeatable."),
    ] = None
    split: Annotated[
        str | None, typer.Option(metavar="ARM=SHARE,…", help="Planned shares, as in a=1,b=1; equal if not given.")
    ] = None
    time: Annotated[str | None, typer.Option(metavar="COL", help="When each unit was first exposed.")] = None
    alpha: Annotated[float | None, typer.Option(help="Error rate; 0.05 if not given.")] = None
    as_json: AsJson = False


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(analyze)


@with_options(_Asked)
def analyze(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One row per unit: CSV or Parquet.")],
    variant: Annotated[str, typer.Option(metavar="COL", help="Column that holds the variant.")],
    metric: Annotated[list[str], typer.Option(metavar="COL", help="Column to compare, or A/B, a ratio. Repeatable.")],
    options: _Asked,
    control: Annotated[
        str | None,
        typer.Option(
            metavar="ARM", help="The variant to compare with; the one called control, else the first in order."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(metavar="COL", help="Column with the key of the unit.")] = None,
) -> None:
    """One experiment from one file, without a workspace.

    Trust tests, effects with intervals, and what to do: vitalfew analyze users.csv --variant arm --metric bought
    """
    from vitalfew.pipeline import analyze as analyse

    results = analyse(
        file,
        variant=variant,
        metrics=metric,
        control=control,
        unit=unit,
        covariates=options.covariate or (),
        segments=options.segment or (),
        cluster=options.cluster,
        mode=options.mode,
        kinds=dict(_pair(text, "such as effort=ces:mean") for text in options.kind or ()),
        split=_split(options.split),
        time=options.time,
        alpha=options.alpha,
    )
    if options.as_json:
        write_json(results.to_json(("experiments",)))
    else:
        write_results(results)
        if options.segment:
            from rich.console import Console

            from vitalfew.report.terminal_segments import print_segments

            print_segments(results.view, Console(file=sys.stdout))
    leave(results, remarks=options.as_json)


def _pair(text: str, expected: str) -> tuple[str, str]:
    name, sign, value = text.rpartition("=")
    if not (sign and name and value):
        raise UsageError(f"cannot read '{text}'", expected=expected)
    return name, value


def _split(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    expected = "ARM=SHARE for each arm, such as control=1,treatment=1"
    pairs = [_pair(part.strip(), expected) for part in text.split(",")]
    try:
        shares = {arm: float(share) for arm, share in pairs}
    except ValueError:
        raise UsageError(f"cannot read '{text}'", expected=expected) from None
    if min(shares.values()) <= 0:
        raise UsageError(f"a share of '{text}' is not above 0", expected=expected)
    return shares
