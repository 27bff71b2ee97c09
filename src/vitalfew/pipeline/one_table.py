"""Definitions made from the columns of one table: metrics, segments and one experiment."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, get_args

from pydantic import ValidationError

from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.warehouse.profile import is_share, times_in, values_of
from vitalfew.workspace.definitions import (
    DataSettings,
    Definitions,
    Experiment,
    Metric,
    Mode,
    Plan,
    Segment,
    UnitSource,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.engine import ColumnType, Engine

MOST_ARMS, MOST_SEGMENTS = 50, 12
SOURCE, EXPERIMENT = "data", "experiment"
_CONTROL_NAMES = frozenset({"control", "base", "baseline", "a", "0", "off", "false", "old"})
_PARAMETERS = {"quantile": "quantile", "ces": "rule", "proportion": "threshold"}
MODES: tuple[Mode, ...] = get_args(Mode)
_TIMES = "when each unit was first exposed, such as 2026-01-31 or seconds since 1970"
_KINDS = ("mean", "proportion", "quantile", "nps", "csat", "ces")


class Options(TypedDict, total=False):
    """What may be asked of an analysis besides metrics.

    Attributes:
        covariates: columns known before the assignment, to adjust for.
        segments: columns whose values are segments, 2 to 12 of them.
        cluster: column of what was randomised, when that is larger than a row.
        mode: fixed, always_valid, group_sequential or bayesian.
        kinds: kind by metric, where the values do not tell: mean, proportion, nps, csat, quantile:0.9, ces:net.
        split: planned share of each arm, in any scale; equal when not given.
        time: column with when each unit was first exposed.
        alpha: error rate; 0.05 when not given.
    """

    covariates: Sequence[str]
    segments: Sequence[str]
    cluster: str | None
    mode: Mode | None
    kinds: Mapping[str, str]
    split: Mapping[str, float] | None
    time: str | None
    alpha: float | None


@dataclass(frozen=True)
class OneTable:
    """A table with one experiment in it, as asked for."""

    name: str
    variant: str
    metrics: Sequence[str]
    control: str | None = None
    unit: str | None = None
    options: Options = field(default_factory=Options)

    def defined(self, engine: Engine, settings: DataSettings) -> Definitions:
        """Definitions for what is asked, from a look at the columns.

        Raises:
            UsageError: there is no such column, arm, kind or option.
        """
        types = engine.columns(self.name)
        self._check_columns(types)
        self._check_times(engine)
        arms = [value for value, _ in values_of(engine, self.name, self.variant, MOST_ARMS + 1)]
        self._check_arms(arms)
        metrics = self._metrics(engine, types)
        segments = self._segments(engine, types)
        experiment = self._experiment(arms, tuple(metrics), tuple(segments))
        return Definitions(
            data=settings,
            sources={SOURCE: UnitSource(table=self.name, unit=self.unit, time=self.options.get("time"))},
            metrics=metrics,
            segments=segments,
            experiments={EXPERIMENT: experiment},
        )

    def _check_columns(self, types: Mapping[str, ColumnType]) -> None:
        for name in self.options:
            if name not in Options.__annotations__:
                raise UsageError(f"there is no option '{name}'", hint=suggest(name, Options.__annotations__))
        self._check_lists()
        mode = self.options.get("mode")
        if mode is not None and mode not in MODES:
            raise UsageError(f"there is no mode '{mode}'", expected=", ".join(MODES), hint=suggest(mode, MODES))
        found = [self.unit, self.options.get("cluster"), self.options.get("time")]
        single = [name for name in found if name is not None]
        metrics = [column for metric in self.metrics for column in _columns(metric, types)]
        several = [*self.options.get("covariates", ()), *self.options.get("segments", ())]
        for name in (self.variant, *metrics, *single, *several):
            if name not in types:
                raise UsageError(f"there is no column '{name}'", hint=suggest(name, types))

    def _check_times(self, engine: Engine) -> None:
        """A column of which most cells are no times says when nobody came."""
        time = self.options.get("time")
        if time is None:
            return
        try:
            read, filled = times_in(engine, self.name, time)
        except DataError as error:
            raise UsageError(str(error), expected=_TIMES) from None
        if 2 * read < filled:
            raise UsageError(f"'{time}' holds no dates", expected=_TIMES, hint="name another column, or leave time out")

    def _check_lists(self) -> None:
        covariates, segments = self.options.get("covariates", ()), self.options.get("segments", ())
        lists = {"metrics": self.metrics, "covariates": covariates, "segments": segments}
        for name, columns in lists.items():
            if isinstance(columns, str):
                raise UsageError(f"{name} is '{columns}'", expected="a list of columns", hint=f"{name}=['{columns}']")
            for column in columns:
                if not isinstance(column, str):
                    raise UsageError(f"{name} holds {column!r}", expected="names of columns", hint=f"write '{column}'")
        if not self.metrics:
            raise UsageError("no metric is named", expected="a list of columns", hint="such as metrics=['bought']")

    def _check_arms(self, arms: Sequence[str]) -> None:
        if len(arms) > MOST_ARMS:
            hint = "is it a column of keys or numbers?"
            raise UsageError(f"'{self.variant}' holds more than {MOST_ARMS} values, so it is no variant", hint=hint)
        if self.control is not None and arms and self.control not in arms:
            raise UsageError(f"no unit has the variant '{self.control}' (control)", hint=suggest(self.control, arms))
        split = self.options.get("split") or {}
        for arm, share in split.items():
            if not 0 < share < math.inf:
                raise UsageError(f"the split gives '{arm}' {share:g}", expected="a share above 0, in any scale")
        if arms and split and set(split) != set(arms):
            raise UsageError(
                f"the split names the arms {', '.join(sorted(split))}", expected=f"those of the data: {', '.join(arms)}"
            )

    def _metrics(self, engine: Engine, types: Mapping[str, ColumnType]) -> dict[str, Metric]:
        kinds = self.options.get("kinds", {})
        for name in kinds:
            if name not in self.metrics:
                raise UsageError(f"a kind is given for '{name}', which is no metric", hint=suggest(name, self.metrics))
        shared = {"covariates": tuple(self.options.get("covariates", ()))}
        found: dict[str, Metric] = {}
        for name in self.metrics:
            columns = _columns(name, types)
            fields: dict[str, Any] = {"title": name, "source": SOURCE, "column": columns[0], **shared}
            if len(columns) > 1:
                fields |= {"kind": "ratio", "denominator": {"source": SOURCE, "column": columns[1]}}
            elif name in kinds:
                fields |= _of_kind(name, kinds[name])
            elif is_share(engine, self.name, columns[0], types[columns[0]]):
                fields["kind"] = "proportion"
            found[_key(name, found)] = _metric(name, fields)
        return found

    def _segments(self, engine: Engine, types: Mapping[str, ColumnType]) -> dict[str, Segment]:
        found: dict[str, Segment] = {}
        for column in self.options.get("segments", ()):
            values = [value for value, _ in values_of(engine, self.name, column, MOST_SEGMENTS + 1)]
            if not 2 <= len(values) <= MOST_SEGMENTS:  # noqa: PLR2004 - one segment is everybody
                many = f"more than {MOST_SEGMENTS} values" if len(values) > 1 else f"{len(values)} value"
                raise UsageError(f"'{column}' holds {many}", expected=f"2 to {MOST_SEGMENTS}, each a segment")
            for value in sorted(values):
                condition = _condition(column, value, types[column])
                segment = Segment(source=SOURCE, filter=condition, title=f"{column} {value}")
                found[_key(f"{column}_{value}", found)] = segment
        return found

    def _experiment(self, arms: Sequence[str], metrics: tuple[str, ...], segments: tuple[str, ...]) -> Experiment:
        split, alpha = self.options.get("split"), self.options.get("alpha")
        if alpha is not None and not 0 < alpha < 1:
            raise UsageError(f"alpha is {alpha:g}", expected="a share between 0 and 1, such as 0.05")
        return Experiment(
            source=SOURCE,
            variant=self.variant,
            control=self.control or _likely_control(arms),
            metrics=metrics,
            segments=segments,
            split={arm: float(share) for arm, share in split.items()} if split else None,
            cluster=self.options.get("cluster"),
            mode=self.options.get("mode"),
            plan=None if alpha is None else Plan(primary=metrics, alpha=alpha),
        )


def _columns(metric: str, types: Mapping[str, ColumnType]) -> tuple[str, ...]:
    """The column of a metric, or the two of a ratio, `A/B`."""
    above, sign, below = metric.partition("/")
    return (above, below) if metric not in types and sign else (metric,)


def _of_kind(metric: str, text: str) -> dict[str, Any]:
    kind, sign, value = text.partition(":")
    if kind not in _KINDS:
        raise UsageError(f"there is no kind '{kind}' for '{metric}'", expected=", ".join(_KINDS))
    if not sign:
        return {"kind": kind}
    if kind not in _PARAMETERS:
        raise UsageError(f"kind {kind} takes nothing after the colon", hint=f"write {metric}={kind}")
    if kind == "ces":
        return {"kind": kind, "rule": value}
    try:
        return {"kind": kind, _PARAMETERS[kind]: float(value)}
    except ValueError:
        raise UsageError(f"'{value}' is no number", expected=f"such as {metric}={kind}:0.9") from None


def _metric(name: str, fields: dict[str, Any]) -> Metric:
    try:
        return Metric.model_validate(fields)
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise UsageError(
            f"'{name}': {said}", hint="such as --kind effort=ces:mean, or --kind minutes=quantile:0.9"
        ) from None


def _condition(column: str, value: str, kind: ColumnType) -> str:
    named = "`" + column.replace("`", "``") + "`"
    if kind == "boolean":
        return named if value.lower() == "true" else f"not {named}"
    return f"{named} == {value}" if kind in ("integer", "number") else f"{named} == '" + value.replace("'", "''") + "'"


def _likely_control(arms: Sequence[str]) -> str:
    return next((arm for arm in arms if arm.lower() in _CONTROL_NAMES), min(arms, default="control"))


def _key(name: str, taken: Mapping[str, object]) -> str:
    key = re.sub(r"[^A-Za-z0-9_.\-]+", "_", name).strip("_.-")[:100] or "metric"
    number = 2
    while (free := key if number == 2 else f"{key}_{number - 1}") in taken:  # noqa: PLR2004 - the first has no number
        number += 1
    return free
