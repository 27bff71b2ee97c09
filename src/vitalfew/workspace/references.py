"""Names that definitions use for each other: one walk over the types finds every name that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from vitalfew.errors import Problem, nearest
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.fields import either, form_of, inside, reference_of, singular
from vitalfew.workspace.given import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from vitalfew.workspace.definitions import Reference
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Use:
    """A name used at a place; `in_key` when it is the key itself, as for factors."""

    path: Path
    name: str
    reference: Reference
    in_key: bool = False


def uses_of(tree: Mapping[str, object]) -> Iterator[Use]:
    """Every name that a definition uses for another, in the order of the tree.

    Reads the tree, not the models, so that a wrong field hides no wrong name beside it.
    """
    yield from _uses(Definitions, tree, ())


def _uses(annotation: Any, value: object, path: Path) -> Iterator[Use]:  # noqa: ANN401 - types of any form
    reference = reference_of(annotation)
    if reference is not None:
        if isinstance(value, str):
            yield Use(path, value, reference)
        return
    form = form_of(annotation, value)
    if isinstance(value, dict):
        of_key = reference_of(get_args(form)[0]) if get_origin(form) is dict else None
        for key, item in value.items():
            if of_key is not None:
                yield Use((*path, key), key, of_key, in_key=True)
            yield from _uses(inside(form, key), item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _uses(inside(form, position), item, (*path, position))


def unknown_names(places: Places) -> Iterator[Problem]:
    """Report names that are used but not defined, and names listed twice."""
    known: dict[str, AbstractSet[str]] = {kind: entries.keys() for kind, entries in places.tree.items()}
    listed: set[tuple[Path, str]] = set()
    for use in uses_of(places.tree):
        path = use.path
        names = [name for kind in use.reference.kinds for name in sorted(known.get(kind, ()))]
        if use.name not in names and not (use.name == "all" and "all" in use.reference.kinds):
            where = places.of_key(path) if use.in_key else places.of_value(path)
            yield Problem(_unknown(use), where, hint=_hint(use, names, known))
        elif isinstance(path[-1], int) and (path[:-1], use.name) in listed:
            yield Problem(f"'{shorten(use.name)}' is listed twice", places.of_value(path), hint="remove one of the two")
        listed.add((path[:-1], use.name))


def _unknown(use: Use) -> str:
    kinds = [singular(kind) for kind in use.reference.kinds if kind != "all"]
    return f"there is no {either(kinds)} '{shorten(use.name)}'"


def _hint(use: Use, names: list[str], known: Mapping[str, AbstractSet[str]]) -> str:
    close = nearest(use.name, names)
    if close is not None:
        return f"did you mean '{close}'?"
    elsewhere = [kind for kind, keys in known.items() if use.name in keys and kind not in use.reference.kinds]
    if elsewhere and not use.in_key:
        return f"'{shorten(use.name)}' is defined under '{elsewhere[0]}', which cannot be named here"
    if "all" in use.reference.kinds and not names:
        return "write 'all' for everybody, or define it under 'segments'"
    if not names:
        return f"none is defined yet; define it under '{use.reference.kinds[0]}'"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"known: {', '.join(dict.fromkeys(names[:_SHOWN]))}{more}"
