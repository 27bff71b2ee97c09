"""What must hold of links: formulas that can be read, of metrics that exist, in units that go together; no circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import DefinitionError, Problem, suggest
from vitalfew.workspace.formula_units import mixed_units
from vitalfew.workspace.formulas import formulas, read_formula
from vitalfew.workspace.given import shorten
from vitalfew.workspace.graph import cycle_of_links, edges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions, Link
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places


def links(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report links that cannot hold."""
    for key, link in definitions.links.items():
        if link.formula is not None:
            yield from _formula(definitions, link, link.formula, places, ("links", key))
    yield from _one_formula(definitions, places)
    yield from _units(definitions, places)
    circle = cycle_of_links(definitions)
    last = next((edge for edge in edges(definitions) if (edge.parent, edge.child) == circle[-2:]), None)
    # A formula with its own child is told by itself.
    if last is not None and (last.definition.formula is None or last.parent != last.child):
        message = f"links go round in a circle: {' → '.join(circle)}"
        yield Problem(
            message, places.of_key(("links", last.link)), "no way back to the first", "remove one of these links"
        )


def _formula(definitions: Definitions, link: Link, text: str, places: Places, path: Path) -> Iterator[Problem]:
    where = places.of_value((*path, "formula"))
    try:
        parts = read_formula(text).parts
    except DefinitionError as error:
        yield from (Problem(found.message, where, found.expected, found.hint) for found in error.problems)
        return
    for name in parts:
        if name not in places.tree.get("metrics", {}):
            dotted = [known for known in definitions.metrics if known.startswith(name) and not known.isidentifier()]
            quoted = f"write a name with '-' or '.' in backticks: `{dotted[0]}`" if dotted else None
            yield Problem(
                f"there is no metric '{shorten(name)}'", where, hint=quoted or suggest(name, definitions.metrics)
            )
    if link.child in parts:
        hint = "name the metrics that it is made of"
        yield Problem(f"'{link.child}' stands in its own formula", where, hint=hint)
    if link.parent is not None and link.parent not in parts:
        expected = f"one of {', '.join(parts)}, or no 'parent' beside a formula"
        yield Problem(f"'{link.parent}' is not in the formula", places.of_value((*path, "parent")), expected)


def _one_formula(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """A metric is made in one way: by one formula, or as the sum of parts named one by one."""
    made: dict[str, str] = {}
    for key, link in definitions.links.items():
        if link.kind != "component":
            continue
        first = made.setdefault(link.child, key)
        in_parts = link.formula is None and definitions.links[first].formula is None
        if first != key and not in_parts:
            hint = f"'{first}' says already what it is made of; remove one of the two"
            yield Problem(f"'{link.child}' has two formulas", places.of_key(("links", key)), hint=hint)


def _units(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for child, formula in formulas(definitions).items():
        units = {part: definitions.metrics[part].unit for part in formula.parts if part in definitions.metrics}
        whole = definitions.metrics[child].unit if child in definitions.metrics else None
        mixed = mixed_units(formula.tree, whole, units)
        if mixed is None:
            continue
        link = definitions.links[formula.links[-1]]
        field = "formula" if link.formula is not None else "parent"
        message = f"the formula of '{child}' mixes units: {mixed[0]} and {mixed[1]}"
        hint = "bring them to one unit in the metrics, or with a number in the formula"
        yield Problem(message, places.of_value(("links", formula.links[-1], field)), "units that go together", hint)
