"""What tables of aggregates and of ready results have in common: names, numbers and days as other people write them."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vitalfew.errors import DataError
from vitalfew.results.rows import FailedRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.definitions import Definitions

type Compared = tuple[str, str | None]  # id of an experiment, and of the variant that is held against control

STAGE = "measure"


def compared_in(row: Mapping[str, object]) -> Compared:
    """What a row of a table of aggregates is about."""
    variant = row.get("variant")
    return text_of(row["experiment"]), None if variant is None else text_of(variant)


def item_of(compared: Compared, what: str) -> str:
    """Name something of an experiment, for the list of what could not be used."""
    return "/".join(part for part in (*compared, what) if part is not None)


def text_of(value: object) -> str:
    """Write an id as text, so that 1, 1.0 and '1' are one id."""
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value).strip()


def number_of(value: object, column: str, source: str) -> float | None:
    """Read a number; None when it is missing (NULL, empty, NaN or infinite).

    Raises:
        DataError: the cell holds text that is no number, such as '1.2%'. Nothing is guessed from it.
    """
    if value is None or isinstance(value, bool):
        return None if value is None else float(value)
    if isinstance(value, str) and not value.strip():
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever the table holds; the except is for the rest
    except (TypeError, ValueError):
        raise _no_number(value, column, source) from None
    return number if math.isfinite(number) else None


def _no_number(value: object, column: str, source: str) -> DataError:
    shown = str(value)[:40]
    percent = "%" in shown
    return DataError(
        f"source '{source}': column '{column}' holds '{shown}'",
        expected="a number such as 0.012",
        hint="write percentages as shares (1.2 % is 0.012)" if percent else "use a point for decimals and no units",
    )


def day_of(value: object, column: str, source: str) -> date | None:
    """Read a day from a date, a time or ISO text; None when it is missing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        raise DataError(
            f"source '{source}': column '{column}' holds '{str(value)[:40]}'", expected="a date such as 2026-03-31"
        ) from None


class Names:
    """Maps the ids in one source's table to the keys of the workspace; an id nobody defined stays as it is."""

    def __init__(self, definitions: Definitions, source: str) -> None:
        self.source = source
        self._experiments = {
            experiment.id or key: key
            for key, experiment in definitions.experiments.items()
            if experiment.source == source
        }
        self._taken = set(definitions.experiments)
        self._metrics: dict[str, list[str]] = defaultdict(list)
        for key, metric in definitions.metrics.items():
            if metric.numerator.source == source:
                self._metrics[metric.numerator.column or key].append(key)

    def experiment(self, name: str) -> str | None:
        """Key of the experiment with this id; None when the id is the key of an experiment with other data."""
        found = self._experiments.get(name)
        if found is not None:
            return found
        return None if name in self._taken else name

    def claimed(self, name: str) -> bool:
        """True when a definition names exactly this id."""
        return name in self._experiments

    def metrics(self, name: str) -> tuple[str, ...]:
        """Keys of the metrics measured by this id: usually one; the id itself when none is defined."""
        return tuple(self._metrics.get(name, ())) or (name,)

    def taken(self, name: str) -> FailedRow:
        """Say that an id cannot be used as a key because another experiment has it."""
        return failed_row(
            self.source,
            name,
            f"experiment '{name}' in source '{self.source}' has the key of an experiment with other data;"
            f" define it under a key of its own with id: {name}",
        )


def failed_row(source: str, item: str, reason: str) -> FailedRow:
    """A row of a source that could not be used."""
    return FailedRow(STAGE, f"{source}/{item}", reason)
