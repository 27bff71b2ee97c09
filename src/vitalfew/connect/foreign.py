"""Definitions from other programs in our words: what was taken, what of it does not carry over, and what was not.

An imported metric is known again by its `import_key`: `PROGRAM:PLACE/NAME#HASHES`. The hashes are of the foreign
definition, of what it measures here, and of its words here, as imported: they tell what changed upstream from what
people changed by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect.foreign_given import clean, hash_of
from vitalfew.errors import DataError, Unsupported, Where, dotted
from vitalfew.workspace.problems import Places
from vitalfew.workspace.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vitalfew.connect.foreign_given import Given

Program = Literal["dbt", "osi", "growthbook", "bsl"]

MEANING = (
    "source", "column", "aggregation", "events", "filters", "numerator", "denominator", "kind", "window", "cap",
    "quantile", "over", "threshold", "complement", "steps", "horizon", "covariate_days",
)  # fmt: skip
"""Fields of a metric that say what is measured; the others are its words."""

_HASHES = re.compile(r"#([0-9a-f]{8}(?:\.[0-9a-f]{8}){2})$")

EXTRAS = ("direction", "role", "unit", "level", "guardrail_margin", "winsor", "title", "unit_entity")
"""What definitions elsewhere may say for us, in their place for extensions (`vitalfew: {…}`)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A metric in our words.

    Attributes:
        name: as it is called elsewhere.
        ident: its import key without hashes.
        fields: its definition here.
        foreign: hash of its definition elsewhere.
        margin: of its guardrail, where one is given.
        notes: what of the foreign definition does not carry over.
    """

    name: str
    ident: str
    fields: Mapping[str, Any]
    foreign: str
    margin: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def meaning(self) -> dict[str, Any]:
        """What is measured."""
        return meaning_of(self.fields)

    @property
    def words(self) -> dict[str, Any]:
        """Title, direction and the like."""
        return {name: value for name, value in self.fields.items() if name not in MEANING}


@dataclass(frozen=True, slots=True)
class NotMapped:
    """Something that was not taken, and why."""

    name: str
    what: str
    reason: str
    ident: str = ""


@dataclass(slots=True)
class Foreign:
    """Everything a file of another program defines.

    Attributes:
        program: which program.
        place: how all its import keys begin.
        sources: sources in our words, by key.
        metrics: what was taken.
        not_mapped: what was not.
        notes: about the file as a whole.
    """

    program: Program
    place: str
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: list[Taken] = field(default_factory=list)
    not_mapped: list[NotMapped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def ident(self, name: object) -> str:
        """The import key of a metric, without hashes."""
        return f"{self.place}{clean(name)}"

    def take(self, name: str, read: Callable[[], Taken]) -> None:
        """Take a metric, or note why it cannot be."""
        try:
            taken = read()
            self._check(taken)
        except (Unsupported, DataError) as problem:
            self.leave(name, "metric", str(problem), self.ident(name))
        else:
            self.metrics.append(taken)

    def leave(self, name: object, what: str, reason: str, ident: str = "") -> None:
        """Note something that is not taken."""
        self.not_mapped.append(NotMapped(clean(name), what, clean(reason), ident))

    def _check(self, taken: Taken) -> None:
        """Hold a metric against our own rules.

        Raises:
            Unsupported: with the first rule it breaks.
        """
        keys = {part["source"] for part in (taken.fields, *_sides(taken.fields)) if "source" in part}
        sources = {key: self.sources[key] for key in keys}
        tree = {"sources": sources, "metrics": {"imported": dict(taken.fields)}}
        if taken.margin is not None:
            tree["guardrails"] = {"imported": {"margin": taken.margin}}
        keys_of: dict[tuple[str | int, ...], Where] = {
            (kind, key): Where("import") for kind, entries in tree.items() for key in entries
        }
        _, problems = validate(Places(tree, keys_of, {}))
        for problem in problems:
            field_of = dotted(problem.where.path[2:]) if problem.where else ""
            raise Unsupported(f"{field_of}: {replace(problem, where=None)}" if field_of else str(problem))


def _sides(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [fields[side] for side in ("numerator", "denominator") if side in fields]


def sources_of(fields: Mapping[str, Any]) -> set[str]:
    """Keys of the sources a metric reads."""
    return {str(part["source"]) for part in (fields, *_sides(fields)) if "source" in part}


def meaning_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a metric that say what is measured."""
    return {name: value for name, value in fields.items() if name in MEANING}


def hashes_of(taken: Taken) -> str:
    """What follows the `#` in an import key."""
    return ".".join((taken.foreign, hash_of(taken.meaning), hash_of(taken.words)))


def parted(import_key: str) -> tuple[str, tuple[str, ...]]:
    """An import key without its hashes, and these; none where it has none."""
    found = _HASHES.search(import_key)
    return (import_key[: found.start()], tuple(found[1].split("."))) if found else (import_key, ())


def extras_of(given: Given, words: dict[str, Any]) -> tuple[dict[str, Any], float | None, list[str]]:
    """What a foreign definition says for us, as fields of a metric.

    Args:
        given: the fields of `vitalfew` in its place for extensions.
        words: what is known of the metric already.

    Returns:
        The fields, the margin of a guardrail, and notes on what is not read.

    Raises:
        DataError: a value has the wrong type.
    """
    fields = words | {
        name: clean(text)
        for name in ("direction", "role", "unit", "level", "title")
        if (text := given.maybe_text(name)) is not None
    }
    winsor = given.number("winsor")
    if winsor is not None:
        fields["cap"] = {"percentile": winsor}
    unknown = [name for name in given.fields if name not in EXTRAS]
    notes = [f"'{clean(name)}' among its extras for vitalfew is not read" for name in unknown]
    return fields, given.number("guardrail_margin"), notes
