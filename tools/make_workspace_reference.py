"""Writes docs/reference/workspace.md from the types of the definitions. A test fails when the page is stale.

Run it after a change of the definitions: `.venv/bin/python tools/make_workspace_reference.py`.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from vitalfew.workspace.definitions import MEASURE_FIELDS, Definitions, Measure, Metric
from vitalfew.workspace.expression_tree import FUNCTIONS
from vitalfew.workspace.expressions import MAX_DEPTH
from vitalfew.workspace.fields import bare, describe, fields_of
from vitalfew.workspace.templates import TEMPLATES
from vitalfew.workspace.writing import to_yaml
from vitalfew.workspace.yaml_reader import MAX_ALIASES, MAX_NODES
from vitalfew.workspace.yaml_reader import MAX_DEPTH as MAX_LEVELS
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "workspace.md"

HEAD = f"""# The workspace folder

*Made from the types by `tools/make_workspace_reference.py`; edit `workspace/definitions.py`, not this page.*

A workspace is a folder of YAML. Every `*.yaml` or `*.yml` file below it is read, except in hidden folders and through
links that lead out of it. Every top-level key is a kind, every entry a key and its definition. Order and file names do
not matter, a kind may be spread over files, and a key defined twice is an error that names both places. A single YAML
file is a workspace, too.

```yaml
workspace: {{name: Cookie Cats}}
sources:
  players: {{table: cookie_cats.csv, unit: userid}}
metrics:
  retention_7: {{source: players, kind: proportion, column: retention_7}}
experiments:
  gate_40: {{source: players, variant: version, control: gate_30, metrics: [retention_7]}}
```

Keys of definitions hold letters, digits, `_`, `.` and `-`, and begin with a letter, a digit or `_`; at most 120 of
them. What people say and decide is never in YAML: it is recorded with `vitalfew act`.

## How YAML is read

Strictly, so that nothing turns silently into something else:

- keys are always text; plain `true` and `false` are booleans; `null`, `~` and nothing are no value; whole numbers
  without leading zeros (at most 15 digits) and decimal numbers are numbers; **everything else is text**: `no`, `on`,
  `010`, `12:30`, `1_000`, `0x10`, `.inf`, dates. Where a number or a boolean is expected instead, the error says how to
  write it;
- a file has at most {MAX_BYTES // 1024} kB, {MAX_LEVELS} levels and {MAX_NODES:,} values, aliases counted at what they
  stand for; at most {MAX_ALIASES} aliases;
- refused: a key twice, merge keys (`<<`), tags (`!x`), a second document in a file, anything but UTF-8.

All problems of a folder are told at once, each with file, line, path, what was expected and the nearest known name.

## Queries

A source has a `table`, or a query `sql` whose rows are read as if a table held them:

```yaml
sources:
  orders:
    sql: |
      SELECT user_id, created AS at, amount
      FROM raw_orders.csv
      WHERE NOT test
    shape: events
    unit: user_id
    time: at
```

One SELECT in the SQL of DuckDB, of at most 10,000 characters; it may begin with WITH, and join, group, rank and unite.
Its tables are named as `table` names them, files as `'events/*.parquet'`, `"orders.csv"` or `orders.csv`;
`read_csv('orders.csv')` and its like are the file of that name, read as vitalfew reads it. Refused, with file and line:
several statements, anything that writes, opens or sets something, PIVOT as a statement, parameters, templates,
functions that read something else than tables. In files of a folder only: a server takes none
([why](../decisions/0054-a-folder-may-hold-queries.md), [how to](../how-to/read-rows-by-a-query.md)).

## Filters

`filters` of a metric (all must hold) and `filter` of a segment are conditions over the columns of their source:

```text
plan in ('pro', 'team') and 18 <= age < 65 and not startswith(lower(email), 'test')
```

A name is a column; other columns go into backticks: `` `first seen` ``. Texts stand in single or double quotes, a quote
inside is doubled. There are `== != < <= > >=` (also chained), `and`, `or`, `not`, `in (…)`, `not in (…)`, `is null`,
`is not null`, `+ - * /`, brackets, and the functions {", ".join(f"`{name}`" for name in FUNCTIONS)}. At most 1,000
characters and {MAX_DEPTH} levels. A comparison with a missing value is not true.
"""


TEMPLATES_HEAD = """
## Templates

`template` in a metric stands for the fields beside its name here; what the metric says itself wins. Each is a
definition on a table of events; [how to use them](../how-to/measure-what-users-do.md#five-ready-measures).

| template | exactly | stands for |
|---|---|---|
"""


def reference() -> str:
    """The page as Markdown, a section per kind."""
    kinds = (_kind(name, annotation) for name, annotation in fields_of(Definitions).items())
    return "".join([HEAD, TEMPLATES_HEAD, *_templates(), *kinds])


def _templates() -> Iterator[str]:
    for name, template in TEMPLATES.items():
        fields = ", ".join(f"{field}: {_written(value)}" for field, value in template.fields.items())
        yield f"| `{name}` | {template.meaning} | `{fields}` |\n"


def _written(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{field}: {inner}' for field, inner in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(name: str, annotation: Any) -> str:  # noqa: ANN401 - types of any form
    form = bare(annotation)[0]
    keyed = get_origin(form) is dict
    entry = get_args(form)[1] if keyed else annotation
    title = f"\n## {name}\n"
    of_key = describe(get_args(form)[0]) if keyed else "a text"
    named = "" if of_key == "a text" else f"\nEach key is {of_key}.\n"
    forms = [bare(part)[0] for part in get_args(bare(entry)[0])] or [bare(entry)[0]]
    if len(forms) == 1:
        return title + named + _model(forms[0])
    sections = (f"\n### {describe(fields_of(one)['shape'])}\n{_model(one)}" for one in forms)
    return title + named + "".join(sections)


def _model(model: type[BaseModel]) -> str:
    text = f"\n{_about(model)}\n\n| field | takes | if left out |\n|---|---|---|\n{''.join(_rows(model))}"
    inner = dict.fromkeys(part for annotation in fields_of(model).values() for part in _models_in(annotation))
    return text + "".join(f"\n**{part.__name__}.** {_model(part).lstrip()}" for part in inner)


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, annotation in fields_of(model).items():
        field = model.model_fields[name]
        left_out = "an error" if field.is_required() else _default(field.get_default(call_default_factory=True))
        yield f"| `{name}` | {_takes(annotation)} | {left_out} |\n"
    if model is Metric:
        for name in MEASURE_FIELDS:
            yield f"| `{name}` | {_takes(fields_of(Measure)[name])} | short for `numerator.{name}` |\n"
        yield f"| `template` | one of: {', '.join(TEMPLATES)} | short for the fields of [a template](#templates) |\n"


def _takes(annotation: Any) -> str:  # noqa: ANN401 - types of any form
    inner = list(_models_in(annotation))
    text = describe(annotation)
    for part in inner:
        text = text.replace(describe(part), f"**{part.__name__}**")
    return text


def _default(value: object) -> str:
    if isinstance(value, BaseModel):
        return "the defaults below"
    if value in (None, (), {}):
        return ""
    return f"`{to_yaml({'x': value}).removeprefix('x: ').strip()}`"


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - types of any form
    kind = bare(annotation)[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        return
    for part in get_args(kind):
        yield from _models_in(part)


def _about(model: type[BaseModel]) -> str:
    paragraphs = (inspect.getdoc(model) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
    print(f"wrote {PAGE}")
