"""Metrics of the Open Semantic Interchange: a semantic model in YAML, each metric one aggregate in SQL.

The format knows no unit of experiments and no direction; both may stand in an extension of vendor COMMON, as
`{"vitalfew": {…}}`. Versions 1.0 and 0.1.1 are read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect.foreign import Foreign, Taken, extras_of
from vitalfew.connect.foreign_given import Given, clean, hash_of, read_foreign_yaml
from vitalfew.connect.foreign_measures import Rows, metric_of
from vitalfew.errors import DataError, Unsupported, suggest
from vitalfew.warehouse.foreign_sql import Quotient, aggregate_of, column_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from vitalfew.warehouse.foreign_sql import Aggregate

VERSIONS = ("1.0", "0.1.1")
_DIALECTS = ("ANSI_SQL", "SNOWFLAKE", "DATABRICKS", "BIGQUERY")


def read_osi(file: Path, *, unit: str | None = None, units: Sequence[str] = ()) -> Foreign:
    """Read the metrics of a semantic model.

    Args:
        file: YAML with `semantic_model`.
        unit: a dataset or a key column that is dealt to variants, where a dataset has several.
        units: columns of units in the workspace, which tell it where nothing else does.

    Raises:
        UsageError: there is no such file.
        DefinitionError: it is no YAML, or uses what is refused.
        DataError: it holds something else, or another version.
    """
    given = read_foreign_yaml(file)
    if "semantic_model" not in given.fields:
        raise DataError(f"{file.name} is no semantic model of OSI", expected="'semantic_model'")
    version = given.fields.get("version")
    if version is not None and str(version) not in VERSIONS:
        raise DataError(f"{file.name} has version {clean(str(version))}", expected=" or ".join(VERSIONS))
    models = given.parts("semantic_model")
    found = Foreign("osi", "osi:")
    for model in models:
        reader = _Model(found, model, unit, units)
        for metric in model.parts("metrics"):
            name = str(metric.fields.get("name") or "?")
            place = f"{reader.name}/{name}"
            found.take(place, partial(reader.metric, name, place, metric))
    return found


@dataclass(frozen=True, slots=True)
class _Key:
    """A column that says whose row it is: of which dataset, and whether each has one row."""

    dataset: str
    column: str
    shape: Literal["units", "events"]


class _Model:
    def __init__(self, found: Foreign, given: Given, unit: str | None, units: Sequence[str]) -> None:
        self.found, self.given, self.unit, self.units = found, given, unit, units
        self.name = given.text("name", "model")
        self.datasets: Mapping[str, Given] = {one.text("name"): one for one in given.parts("datasets")}

    def metric(self, name: str, place: str, given: Given) -> Taken:
        """A metric in our words.

        Raises:
            Unsupported: it has no counterpart.
            DataError: a field has the wrong type.
        """
        sql = _expression(given)
        computed = aggregate_of(sql, self._behind)
        sides = (computed.numerator, computed.denominator) if isinstance(computed, Quotient) else (computed,)
        rows = [self._rows(side) for side in sides]
        if len({one.unit for one in rows}) > 1:
            raise Unsupported("its two sides name the unit differently")
        fields = metric_of(computed, *rows)
        words: dict[str, Any] = {"title": clean(name.replace("_", " "))}
        described = given.maybe_text("description")
        words |= {"description": clean(described)} if described else {}
        extras, margin, notes = extras_of(_extension(given), words)
        hashed = hash_of(sql, [self.found.sources[one.source] for one in rows], _extension(given).fields)
        return Taken(place, self.found.ident(place), fields | extras, hashed, margin, tuple(notes))

    def _behind(self, dataset: str, name: str) -> tuple[str, str]:
        """The dataset and the SQL of a field; a name that is no field is a column."""
        if dataset and dataset not in self.datasets:
            raise Unsupported(f"there is no dataset '{clean(dataset)}'; {suggest(dataset, self.datasets)}")
        candidates = [dataset] if dataset else list(self.datasets)
        holders = [one for one in candidates if name in self._fields(one)]
        if len(holders) == 1:
            return holders[0], _expression(self._fields(holders[0])[name])
        if len(candidates) == 1:
            return candidates[0], name
        raise Unsupported(f"several datasets may hold '{clean(name)}'; write dataset.{clean(name)}")

    def _fields(self, dataset: str) -> dict[str, Given]:
        return {field.text("name"): field for field in self.datasets[dataset].parts("fields")}

    def _rows(self, found: Aggregate) -> Rows:
        datasets = found.tables or tuple(self.datasets)
        if len(datasets) != 1:
            raise Unsupported(f"it reads {len(datasets)} datasets at once, which takes a join")
        name = datasets[0]
        key = self._key(name)
        given = self.datasets[name]
        source = {"shape": key.shape, "table": table_of(given.text("source")), "unit": key.column}
        if key.shape == "events":
            source["time"] = self._time(name)
        source_key = clean(name)
        self.found.sources[source_key] = source
        return Rows(source_key, key.shape, key.column)

    def _key(self, dataset: str) -> _Key:
        keys = list(self._keys(dataset))
        wanted = _extension(self.datasets[dataset]).maybe_text("unit_entity") or self.unit
        if wanted is not None:
            found = [key for key in keys if wanted in (key.dataset, key.column)]
        else:
            found = [key for key in keys if key.column in self.units] or keys
        if len(found) != 1:
            names = ", ".join(f"{key.column} ({key.dataset})" for key in keys) or "none"
            raise Unsupported(f"'{clean(dataset)}' has the keys {names}; say which is dealt to variants, as in --unit")
        return found[0]

    def _keys(self, dataset: str) -> Iterator[_Key]:
        own = self.datasets[dataset].texts("primary_key")
        if len(own) == 1:
            yield _Key(dataset, own[0], "units")
        for relationship in self.given.parts("relationships"):
            columns = relationship.texts("from_columns")
            if relationship.maybe_text("from") == dataset and len(columns) == 1:
                yield _Key(relationship.text("to"), columns[0], "events")

    def _time(self, dataset: str) -> str:
        times = [one for one in self._fields(dataset).values() if one.part("dimension").flag("is_time")]
        if len(times) != 1:
            names = ", ".join(one.text("name") for one in times) or "none"
            raise Unsupported(f"'{clean(dataset)}' needs one time field (is_time: true) and has {names}")
        return column_of(_expression(times[0]))


def _expression(given: Given) -> str:
    """The SQL of a metric or field, in a dialect that can be read.

    Raises:
        Unsupported: there is none.
    """
    written = given.fields.get("expression")
    if isinstance(written, str) and written:
        return written
    holder = given.part("expression") if isinstance(written, dict) else given
    dialects = holder.parts("dialects" if isinstance(written, dict) else "expression")
    known = {one.text("dialect", "ANSI_SQL"): one for one in dialects}
    for dialect in _DIALECTS:
        if dialect in known:
            return known[dialect].text("expression")
    raise Unsupported(f"display only: it is written in {', '.join(known) or 'no dialect'}, none of which is read")


def _extension(given: Given) -> Given:
    """What an extension of vendor COMMON says for us."""
    for one in given.parts("custom_extensions"):
        if one.text("vendor_name", "") != "COMMON":
            continue
        try:
            data = json.loads(one.text("data"))
        except (ValueError, RecursionError):
            continue  # an extension of somebody else, in a form of their own
        if isinstance(data, dict) and "vitalfew" in data:
            return Given(data, one.place).part("vitalfew")
    return Given({}, given.place)
