"""Results of a run as people meet them in Python: tables to print, to show in a notebook, to take elsewhere."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.results.document import PARTS, document, to_dict
from vitalfew.results.rows import CandidateLine, EffectRow, FailedRow, Headline, ShippedLine, Tables
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.pipeline.explanation import Explanation
    from vitalfew.report import View
    from vitalfew.report.charts import Chart
    from vitalfew.report.view import Opens
    from vitalfew.results.run import RunInfo
    from vitalfew.workspace.workspace import Workspace

_KEYS = ("experiment", "initiative", "hypothesis", "line", "feature", "factor")


@dataclass(frozen=True)
class Results:
    """Everything a run computed. Prints as its ledger.

    Attributes:
        workspace: what was run.
        info: identity of the run.
        tables: all rows, by kind.
        notes: what is worth knowing about the run itself, such as that it could not be kept.
        opens: where pages say what stands behind a number, by its row.
    """

    workspace: Workspace
    info: RunInfo
    tables: Tables
    notes: tuple[str, ...] = ()
    opens: Opens | None = field(default=None, compare=False, repr=False)

    @property
    def ledger(self) -> Ledger:
        """The value ledger."""
        headline = self.tables.headline[0] if self.tables.headline else Headline(0, 0)
        return Ledger(self, headline, self.tables.shipped, self.tables.candidates)

    @property
    def effects(self) -> Effects:
        """All effects, a flat row each."""
        return Effects(self, self.tables.effects)

    @property
    def failures(self) -> tuple[FailedRow, ...]:
        """What could not be computed, remarks left out."""
        return tuple(row for row in self.tables.failed if not row.remark)

    @property
    def day(self) -> date:
        """The day up to which the run read, in the workspace's time zone."""
        if self.info.as_of is not None:
            return date.fromisoformat(self.info.as_of)
        zone = ZoneInfo(self.workspace.definitions.workspace.time_zone)
        return datetime.fromisoformat(self.info.computed_at).astimezone(zone).date()

    @cached_property
    def view(self) -> View:
        """What reports are made from."""
        from vitalfew.report import View

        return View(self.tables, self.workspace.definitions, self.info, self.opens)

    def only(self, names: Iterable[str]) -> Results:
        """The same results with just the rows about some experiments, initiatives, hypotheses or features."""
        wanted = frozenset(names)
        known = {value for table in _all_rows(self.tables) for row in table for value in _keys_of(row)}
        for name in sorted(wanted - known):
            raise UsageError(f"nothing in this run is called '{name}'", hint=suggest(name, sorted(known)))
        kept = {
            field.name: tuple(row for row in getattr(self.tables, field.name) if wanted & _keys_of(row))
            for field in fields(Tables)
            if field.name not in ("headline", "failed")
        }
        return replace(self, tables=replace(self.tables, **kept))

    def to_dict(self, only: Iterable[str] = ()) -> dict[str, Any]:
        """The JSON export as plain values; `only` takes parts of it, or keys of what to keep."""
        parts = [name for name in only if name in PARTS]
        keys = [name for name in only if name not in PARTS]
        chosen = self.only(keys) if keys else self
        return to_dict(document(chosen.tables, self.info, self.workspace.definitions), parts)

    def to_json(self, only: Iterable[str] = ()) -> str:
        """The JSON export."""
        return json.dumps(self.to_dict(only), indent=2, ensure_ascii=False, allow_nan=False)

    def to_html(self, path: str | Path) -> Path:
        """Write one self-contained HTML report and return its path."""
        from vitalfew.report import write_html

        return write_html(self.view, path)

    def chart(self, kind: str, experiment: str | None = None, metric: str | None = None) -> Chart:
        """A picture of one experiment that shows itself in notebooks.

        Args:
            kind: *forest* (all effects), *cumulative* (one metric day by day) or *spread* (one metric by arm).
            experiment: its key; not needed where there is one, as after `vf.analyze`.
            metric: its key; the first that has such a picture when not given.

        Raises:
            UsageError: there is no such chart, nothing to draw, or several experiments to choose from.
        """
        from vitalfew.report.charts import chart

        return chart(self.view, kind, experiment or self._only_experiment(), metric)

    def _only_experiment(self) -> str:
        known = list(dict.fromkeys(row.experiment for row in self.tables.effects))
        if len(known) != 1:
            raise UsageError(f"{len(known)} experiments could be drawn", expected="the key of one", hint=_few(known))
        return known[0]

    def explain(self, line: str) -> Explanation:
        """Why a line of the ledger stands where it does, what would change that, and what to ask next.

        Args:
            line: its key.

        Raises:
            UsageError: the ledger has no such line.
        """
        from vitalfew.pipeline.explanation import explanation

        return explanation(self.tables, line)

    def __repr__(self) -> str:
        return f"<Results of run {self.info.id} of '{self.info.workspace}'>"

    def __str__(self) -> str:
        from vitalfew.report import run_text

        return run_text(self.view)

    def _repr_html_(self) -> str:
        from vitalfew.report import notebook_html

        return notebook_html(self.view)


def results_of(run: Results | Workspace) -> Results:
    """Results as they are; a workspace is run."""
    if isinstance(run, Results):
        return run
    from vitalfew.pipeline.walk import run as walk

    return walk(run)


def stored(root: str | Path, run_id: str | None = None) -> Results:
    """A run as it was stored, with the definitions it was made from.

    Args:
        root: the folder of the workspace.
        run_id: its id; the newest complete run when not given.

    Raises:
        UsageError: there is no such run.
        DataError: it is damaged, or was made by a version that did not keep its definitions.

    Example:
        >>> import pathlib, tempfile
        >>> import vitalfew as vf
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "shop.yaml").write_text("initiatives: {search: {title: Faster search}}")
        >>> results = vf.run(vf.load(folder))
        >>> vf.stored(folder, results.info.id).tables == results.tables
        True
    """
    from pathlib import Path

    from vitalfew.results.store import Store
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.workspace import Workspace

    store = Store(Path(root))
    known = store.ids()
    if not known:
        raise UsageError(f"no run is stored in '{root}'", hint="`vitalfew run` makes one")
    found = run_id or known[-1]
    if found not in known:
        raise UsageError(f"no run '{found}' is stored in '{root}'", hint=suggest(found, known[-5:]))
    try:
        definitions = Definitions.model_validate(store.definitions(found))
    except ValueError as error:
        message = f"run '{found}' was made from definitions that this version does not read"
        raise DataError(message, hint="run again") from error
    tables = _as_called_now(store.tables(found))
    return Results(Workspace(definitions, root=Path(root)), store.info(found), tables)


def _as_called_now(tables: Tables) -> Tables:
    """The findings of a stored run under the names that their checks have now, by which they are dismissed."""
    from vitalfew.checks.baseline import RENAMED

    if all(row.id not in RENAMED for row in tables.findings):
        return tables
    return replace(tables, findings=tuple(replace(row, id=RENAMED.get(row.id, row.id)) for row in tables.findings))


def _few(keys: list[str], most: int = 5) -> str | None:
    return f"there are {listed(keys, most)}" if keys else None


@dataclass(frozen=True)
class Ledger:
    """The value ledger of a run: what shipped and what may come, ranked apart."""

    results: Results
    headline: Headline
    shipped: tuple[ShippedLine, ...]
    candidates: tuple[CandidateLine, ...]

    def to_arrow(self) -> pa.Table:
        """All lines in one Arrow table; `list` says which half a line is of."""
        import pyarrow as pa

        from vitalfew.results.codec import to_table

        halves = [
            ("shipped", to_table(ShippedLine, self.shipped)),
            ("candidates", to_table(CandidateLine, self.candidates)),
        ]
        named = [table.add_column(0, "list", pa.array([name] * len(table), pa.string())) for name, table in halves]
        return pa.concat_tables(named, promote_options="default")

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is no dependency, so its types are not known here
        """All lines in one pandas frame.

        Raises:
            UsageError: pandas is absent; vitalfew does not install it.
        """
        return _as_frame(self.to_arrow())

    def __str__(self) -> str:
        from vitalfew.report import as_text

        return as_text(self.results.view)

    def _repr_html_(self) -> str:
        return self.results._repr_html_()


@dataclass(frozen=True)
class Effects:
    """All effects of a run: absolute and relative, by experiment, metric, segment and arm."""

    results: Results
    rows: tuple[EffectRow, ...]

    def to_arrow(self) -> pa.Table:
        """A flat row per effect, which a CSV file can hold: `pyarrow.csv.write_csv(results.effects.to_arrow(), path)`.

        Estimates are treatment minus control in the metric's unit, `low` and `high` the ends of the 95 % interval,
        `relative` a share of the control (0.02 is +2 %).
        """
        from vitalfew.results.flat_effects import flat_effects

        return flat_effects(self.rows)

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is no dependency, so its types are not known here
        """The same as a pandas frame.

        Raises:
            UsageError: pandas is absent; vitalfew does not install it.
        """
        return _as_frame(self.to_arrow())

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        from vitalfew.report import effects_text

        return effects_text(self.results.view)

    def _repr_html_(self) -> str:
        from vitalfew.report.notebook import effects_html

        return effects_html(self.results.view)


def _as_frame(table: pa.Table) -> Any:  # noqa: ANN401 - pandas is no dependency, so its types are not known here
    try:
        importlib.import_module("pandas")
    except ImportError:
        raise UsageError("pandas is not installed", hint="pip install pandas, or take .to_arrow()") from None
    return table.to_pandas()


def _all_rows(tables: Tables) -> Iterable[tuple[Any, ...]]:
    return (getattr(tables, field.name) for field in fields(Tables))


def _keys_of(row: object) -> frozenset[str]:
    return frozenset(value for name in _KEYS if (value := getattr(row, name, None)) is not None)
