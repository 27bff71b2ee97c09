"""Which row class each table of a run has, read from `Tables` itself."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from vitalfew.results.rows import Tables

ROW_CLASSES: dict[str, type[Any]] = {name: get_args(hint)[0] for name, hint in get_type_hints(Tables).items()}
