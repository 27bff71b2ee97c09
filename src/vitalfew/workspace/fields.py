"""What a field takes, read from the types of the definitions: in plain words, and by its place in the tree.

Errors and the reference of the documentation say the same, because both ask here.
"""

from __future__ import annotations

import types
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Discriminator, Tag
from pydantic.fields import FieldInfo

from vitalfew.workspace.definitions import MEASURE_FIELDS, Definitions, Metric, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

type Path = tuple[str | int, ...]

_SINGULAR = {
    "needs": "need",
    "objectives": "objective",
    "vision": "vision",
    "hypotheses": "hypothesis",
}
_PLAIN = {str: "a text", bool: "true or false", date: "a date such as 2026-02-01"}
_SHOWN_FIELDS = 6


def singular(kind: str) -> str:
    """One definition of a kind: `metric` for `metrics`."""
    return _SINGULAR.get(kind, kind.removesuffix("s"))


def either(words: list[str]) -> str:
    """Join words as alternatives: `need, objective or vision`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


@cache
def fields_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """The fields of a model with their full types, references and limits included."""
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def names_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields a user may write, including those that are short for others."""
    return (*fields_of(model), *((*MEASURE_FIELDS, "template") if model is Metric else ()))


# Types -------------------------------------------------------------------------------------------------------------


def bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401 - types of any form
    """A type without `Annotated` and without `None`, and what was annotated."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            metadata += annotation.__metadata__
            annotation = get_args(annotation)[0]
        elif _is_union(annotation) and type(None) in get_args(annotation):
            kept = tuple(part for part in get_args(annotation) if part is not type(None))
            annotation = Union[kept]  # noqa: UP007 - built from parts that are known at run time only
        else:
            return annotation, metadata


def reference_of(annotation: Any) -> Reference | None:  # noqa: ANN401 - types of any form
    """Which kinds a field of this type names, if any."""
    return next((part for part in bare(annotation)[1] if isinstance(part, Reference)), None)


def form_of(annotation: Any, value: object) -> Any:  # noqa: ANN401 - types of any form
    """The type that a value takes: of several forms (of a source, of a cost) the one its fields tell."""
    kind, metadata = bare(annotation)
    chooser = next((part for part in metadata if isinstance(part, Discriminator)), None)
    if chooser is None:
        return kind
    tag = cast("Callable[[object], str]", chooser.discriminator)(value)
    return next((bare(part)[0] for part in get_args(kind) if _tag(part) == tag), kind)


def inside(form: Any, part: str | int) -> Any:  # noqa: ANN401 - types of any form
    """The type of a field of a model, of a value of a dict or of an item of a list; None where there is none."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        found = fields_of(form).get(str(part))
        if found is None and form is Metric:
            return inside(bare(fields_of(Metric)["numerator"])[0], part)
        return found
    arguments = get_args(form)
    if get_origin(form) is dict:
        return arguments[1]
    if get_origin(form) is tuple and isinstance(part, int):
        return arguments[0] if arguments[-1] is Ellipsis else dict(enumerate(arguments)).get(part)
    return None


def type_at(path: Path, tree: object) -> Any:  # noqa: ANN401 - types of any form
    """The type of the field at a place in the tree of definitions; None where there is no such field."""
    annotation: Any = Definitions
    node = tree
    for part in path:
        annotation = inside(form_of(annotation, node), part)
        if annotation is None:
            return None
        node = _step(node, part)
    return annotation


def model_at(path: Path, tree: object) -> type[BaseModel] | None:
    """The model of the definition at a place in the tree; None where there is none."""
    node = tree
    for part in path:
        node = _step(node, part)
    form = form_of(type_at(path, tree), node)
    return form if isinstance(form, type) and issubclass(form, BaseModel) else None


def _step(node: object, part: str | int) -> object:
    if isinstance(node, dict):
        return node.get(part)
    return node[part] if isinstance(node, list) and isinstance(part, int) and part < len(node) else None


def _tag(annotation: Any) -> str | None:  # noqa: ANN401 - types of any form
    return next((part.tag for part in bare(annotation)[1] if isinstance(part, Tag)), None)


def _is_union(annotation: Any) -> bool:  # noqa: ANN401 - types of any form
    return get_origin(annotation) in (Union, types.UnionType)


# Words -------------------------------------------------------------------------------------------------------------


def describe(annotation: Any) -> str:  # noqa: ANN401 - types of any form
    """Say in plain words what a field of this type takes: `a number from 0 to 1`, `one of: up, down`."""
    kind, metadata = bare(annotation)
    reference = reference_of(annotation)
    if reference is not None:
        return _describe_reference(reference)
    written = next((part.description for part in metadata if isinstance(part, FieldInfo) and part.description), None)
    if written:
        return written
    if _is_union(kind):
        return " or ".join(dict.fromkeys(describe(part) for part in get_args(kind)))
    if kind in (float, int):
        return _describe_number(kind, metadata)
    return _PLAIN.get(kind) or _describe_compound(kind)


def _describe_reference(reference: Reference) -> str:
    singulars = [singular(kind) for kind in reference.kinds if kind != "all"]
    listed = f"the key of a {' or '.join(singulars)}".replace("a objective", "an objective").replace(
        "a init", "an init"
    )
    return f"'all' or {listed}" if "all" in reference.kinds else listed


def _describe_number(kind: type, metadata: tuple[Any, ...]) -> str:
    limits = dict(_limits(metadata))
    name = "a whole number" if kind is int else "a number"
    if {"ge", "le"} <= limits.keys():
        return f"{name} from {limits['ge']:g} to {limits['le']:g}"
    if {"gt", "le"} <= limits.keys():
        return f"{name} above {limits['gt']:g} and up to {limits['le']:g}"
    if {"gt", "lt"} <= limits.keys():
        return f"{name} between {limits['gt']:g} and {limits['lt']:g}"
    if "gt" in limits:
        return f"{name} above {limits['gt']:g}"
    return f"{name} of at least {limits['ge']:g}" if "ge" in limits else name


def _limits(metadata: tuple[Any, ...]) -> Iterator[tuple[str, float]]:
    parts = [inner for part in metadata for inner in (part.metadata if isinstance(part, FieldInfo) else [part])]
    for part in parts:
        for name in ("ge", "gt", "le", "lt"):
            limit = getattr(part, name, None)
            if limit is not None:
                yield name, limit


def _describe_compound(kind: Any) -> str:  # noqa: ANN401 - types of any form
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return f"one of: {', '.join(map(str, arguments))}" if len(arguments) > 1 else str(arguments[0])
    if get_origin(kind) is tuple and arguments[-1] is Ellipsis:
        return f"a list, each item {describe(arguments[0])}"
    if get_origin(kind) is tuple:
        each = describe(arguments[0])
        return "two numbers, as in [0.15, 0.25]" if each == "a number" else f"a list of two, each {each}"
    if get_origin(kind) is dict:
        return f"names, each with {describe(arguments[1])}"
    shown = tuple(fields_of(kind))
    return f"the fields {', '.join(shown[:_SHOWN_FIELDS])}{', …' if len(shown) > _SHOWN_FIELDS else ''}"
