"""A backtest in sentences and a table, for a terminal."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from vitalfew.report.sheet import Sheet
from vitalfew.report.words import significant

if TYPE_CHECKING:
    from vitalfew.decide.backtest import Backtest, BacktestRow, Rule
    from vitalfew.results.rows import Estimate

RULE_NAMES: dict[Rule, str] = {
    "vitalfew": "vitalfew",
    "rice": "RICE",
    "done": "what was started",
    "all": "everything open",
}


def backtest_text(found: Backtest, unit: str, width: int = 100) -> str:
    """The backtest as text."""
    out = StringIO()
    print_backtest(found, unit, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def print_backtest(found: Backtest, unit: str, console: Console) -> None:
    """Print what each rule would have brought, then how good the foresight was, then the limits."""
    sheet = Sheet(console)
    days = list(dict.fromkeys(row.as_of for row in found.days))
    if days:
        plural = "s" if len(days) != 1 else ""
        sheet.say(f"Had we followed it: {len(days)} day{plural} replayed, {days[0]} to {days[-1]}", "bold")
        console.print(_table(found, unit))
        console.print()
    for sentence in sentences(found):
        sheet.say(sentence)
    for note in found.notes:
        sheet.say(f"Note: {note}")


def sentences(found: Backtest) -> list[str]:
    """What the comparison comes to."""
    said = []
    for row in found.total:
        if row.behind is None or row.behind.low is None or row.behind.high is None:
            continue
        name, span = RULE_NAMES[row.rule], _span(row.behind)
        if row.behind.low > 0:
            said.append(f"Per unit of cost vitalfew's choice brought {span} points more than {name}.")
        elif row.behind.high < 0:
            said.append(f"Per unit of cost vitalfew's choice brought less than {name}: {span} points.")
        else:
            said.append(f"Per unit of cost vitalfew's choice and {name} cannot be told apart ({span} points).")
    if found.promised is not None and found.delivered is not None:
        came = f"{significant(found.delivered.estimate)} came (80 %: {_span(found.delivered)})"
        said.append(f"Of {significant(found.promised)} points expected of its choice {came}.")
    if found.tau is not None:
        said.append(
            f"Order expected and order measured agree with Kendall's tau {found.tau:.2f} over {found.tau_lines} lines."
        )
    return said


def _table(found: Backtest, unit: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Rule", no_wrap=True)
    for heading in ("Lines", "Measured", "Cost", "Points", "80 %", "Per cost", "80 %"):
        table.add_column(heading, justify="right", no_wrap=heading != "80 %")
    for row in found.total:
        if row.lines:
            table.add_row(*_cells(row))
    table.caption = f"Points and cost ({unit}) of the lines that were measured."
    table.caption_justify = "left"
    return table


def _cells(row: BacktestRow) -> tuple[str, ...]:
    shown = [RULE_NAMES[row.rule], str(len(row.lines)), str(row.known)]
    if row.value is None:
        return (*shown, "", "not measured", "", "", "")
    points = (significant(row.value.mean), f"{significant(row.value.low)} to {significant(row.value.high)}")
    if row.per_cost is None:
        return (*shown, significant(row.cost), *points, "", "")
    return (*shown, significant(row.cost), *points, significant(row.per_cost.estimate), _span(row.per_cost))


def _span(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{significant(found.low)} to {significant(found.high)}"
