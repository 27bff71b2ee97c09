"""Measures of the Boring Semantic Layer: models in YAML, each measure an expression over `_` that is read, never run.

The format knows no unit of experiments and no direction. The unit is a key of a join, or a column named with `--unit`;
direction and the like may stand beside `expr`, as `vitalfew: {…}`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from vitalfew.connect.deferred import sql_of
from vitalfew.connect.foreign import Foreign, Taken, extras_of
from vitalfew.connect.foreign_given import Given, clean, hash_of, read_foreign_yaml
from vitalfew.connect.foreign_measures import Rows, metric_of
from vitalfew.errors import DataError, Unsupported
from vitalfew.warehouse.foreign_sql import aggregate_of, column_of, conditions_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def read_bsl(file: Path, *, unit: str | None = None, units: Sequence[str] = ()) -> Foreign:
    """Read the measures of semantic models.

    Args:
        file: YAML with a model per name, each with `table`.
        unit: a model or a column that is dealt to variants, where a model has several keys or none.
        units: columns of units in the workspace, which tell it where nothing else does.

    Raises:
        UsageError: there is no such file.
        DefinitionError: it is no YAML, or uses what is refused.
        DataError: it holds something else.
    """
    given = read_foreign_yaml(file)
    models = {
        name: Given(fields, name)
        for name, fields in given.fields.items()
        if isinstance(name, str) and isinstance(fields, dict) and "table" in fields
    }
    if not models:
        raise DataError(f"{file.name} holds no semantic model", expected="a name with 'table' and 'measures'")
    found = Foreign("bsl", "bsl:")
    for name, model in models.items():
        reader = _Model(found, name, models, unit, units)
        for measure in model.part("measures").fields:
            place = f"{name}/{measure}"
            found.take(place, partial(reader.metric, str(measure), place))
    return found


class _Key(NamedTuple):
    """A column that says whose row it is: of which model, and whether each has one row."""

    model: str
    column: str
    shape: Literal["units", "events"]


class _Model:
    def __init__(
        self, found: Foreign, name: str, models: Mapping[str, Given], unit: str | None, units: Sequence[str]
    ) -> None:
        self.found, self.name, self.models, self.unit, self.units = found, name, models, unit, units
        self.given = models[name]
        self.dimensions, self.measures = self.given.part("dimensions"), self.given.part("measures")

    def metric(self, name: str, place: str) -> Taken:
        """A measure in our words.

        Raises:
            Unsupported: it has no counterpart.
            DataError: a field has the wrong type.
        """
        sql = self._sql(name, self.measures, (), over_rows=False)
        computed, only = aggregate_of(sql), self.given.maybe_text("filter")
        if only is not None:
            computed = computed.where(*conditions_of(self._read(only, (), over_rows=True)))
        fields = metric_of(computed, self._rows())
        written = self.measures.fields[name]
        given = Given(written, place) if isinstance(written, dict) else Given({}, place)
        words: dict[str, Any] = {"title": clean(name.replace("_", " "))}
        described = given.maybe_text("description")
        words |= {"description": clean(described)} if described else {}
        own = given.part("vitalfew")
        extras, margin, notes = extras_of(own, words)
        hashed = hash_of(sql, only, list(self.found.sources.values()), own.fields)
        return Taken(place, self.found.ident(place), fields | extras, hashed, margin, tuple(notes))

    def _sql(self, name: str, among: Given, seen: tuple[str, ...], *, over_rows: bool) -> str:
        """The SQL of a measure or a dimension, with what it is made of in its place."""
        if name in seen:
            raise Unsupported(f"'{clean(name)}' is defined by itself")
        written = among.fields[name]
        text = written if isinstance(written, str) and written else among.part(name).text("expr")
        return self._read(text, (*seen, name), over_rows=over_rows)

    def _read(self, text: str, seen: tuple[str, ...], *, over_rows: bool) -> str:
        own = seen[-1] if over_rows and seen else None  # a dimension that is called like its column

        def behind(name: str, of_a_row: bool) -> str:
            if of_a_row and name in self.dimensions.fields and name != own:
                return self._sql(name, self.dimensions, seen if over_rows else (), over_rows=True)
            if not of_a_row and name in self.measures.fields:
                return f"({self._sql(name, self.measures, seen, over_rows=False)})"
            return f'"{name}"'

        return sql_of(text, behind, over_rows=over_rows)

    def _rows(self) -> Rows:
        key, source_key = self._key(), clean(self.name)
        source = {"shape": key.shape, "table": self._table(), "unit": key.column}
        if key.shape == "events":
            source["time"] = self._time()
        self.found.sources[source_key] = source
        return Rows(source_key, key.shape, key.column)

    def _table(self) -> str:
        schema, table = self.given.maybe_text("database"), self.given.text("table")
        return table_of(f"{schema}.{table}" if schema else table)

    def _key(self) -> _Key:
        keys = list(dict.fromkeys(self._keys()))
        if self.unit is not None:
            found = [key for key in keys if self.unit in (key.model, key.column)]
        else:
            found = [key for key in keys if key.column in self.units] or keys
        found = [key for key in found if key.shape == "units"] or found
        if len({key.column for key in found}) != 1:
            names = ", ".join(f"{key.column} ({key.model})" for key in keys) or "none"
            raise Unsupported(
                f"'{clean(self.name)}' has the keys {names}; say which is dealt to variants, as in --unit"
            )
        return found[0]

    def _keys(self) -> Iterator[_Key]:
        """Columns by which a join finds one row here, those that find one elsewhere, and dimensions that are named."""
        for name, model in self.models.items():
            for join in _joins(model):
                one = join.text("type", "one") == "one"
                if one and join.maybe_text("model") == self.name:
                    yield _Key(self.name, self._column(join.text("right_on")), "units")
                if one and name == self.name:
                    yield _Key(join.text("model"), self._column(join.text("left_on")), "events")
        for wanted in (self.unit, *self.units):
            if wanted is not None and wanted in self.dimensions.fields:
                yield _Key(self.name, self._column(wanted), "events")

    def _column(self, name: str) -> str:
        dimension = name in self.dimensions.fields
        return column_of(self._sql(name, self.dimensions, (), over_rows=True)) if dimension else name

    def _time(self) -> str:
        given = self.dimensions
        times = [
            name
            for name, fields in given.fields.items()
            if isinstance(fields, dict) and given.part(name).flag("is_time_dimension")
        ]
        if len(times) != 1:
            names = ", ".join(clean(name) for name in times) or "none"
            raise Unsupported(f"'{clean(self.name)}' needs one is_time_dimension and has {names}")
        return self._column(times[0])


def _joins(model: Given) -> list[Given]:
    return [model.part("joins").part(name) for name in model.part("joins").fields]
