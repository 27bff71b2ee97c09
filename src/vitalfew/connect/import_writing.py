"""A planned import as text: the file of definitions it writes, and what it says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.errors import DataError, DefinitionError, Unsupported
from vitalfew.results.words import count
from vitalfew.workspace.loading import built, files_in
from vitalfew.workspace.swapping import swap
from vitalfew.workspace.writing import to_yaml
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.connect.importing import ImportPlan, What

_ORDER = ("sources", "metrics", "guardrails")
_NAMES = {"dbt": "dbt", "osi": "OSI", "growthbook": "GrowthBook", "bsl": "the Boring Semantic Layer"}
_HEADS: dict[What, str] = {
    "added": "Added",
    "changed": "Changed",
    "conflict": "Changed both here and upstream; what stands here is kept",
    "kept": "Kept as changed by hand",
    "elsewhere": "Kept in another file",
    "gone": "Gone upstream",
    "same": "Unchanged",
}


def told(changes: Sequence[tuple[str, str, Sequence[str]]], heads: Mapping[Any, str], noun: str) -> Iterator[str]:
    """What becomes of each thing that is imported again, for the terminal.

    Args:
        changes: what becomes of it, its name and, in sentences, what differs.
        heads: words above all of which the same becomes, in the order in which they are told.
        noun: what each is; those that stay the same are only counted.
    """
    for what, head in heads.items():
        found = [change for change in changes if change[0] == what]
        if found and what == "same":
            yield f"{head}: {count(len(found), noun)}"
        elif found:
            yield f"{head}:"
            for _, name, details in found:
                yield f"  {name}"
                yield from (f"    {detail}" for detail in details)


def text_of(plan: ImportPlan) -> str:
    """The file as it will be.

    Raises:
        DataError: it would be larger than a file of definitions may be.
    """
    kinds = [*_ORDER, *(kind for kind in plan.tree if kind not in _ORDER)]
    tree = {kind: plan.tree[kind] for kind in kinds if plan.tree.get(kind)}
    name = _NAMES[plan.foreign.program]
    head = (
        f"Metrics of {name}, taken with 'vitalfew import {plan.foreign.program}'. Change what you like: it is kept\n"
        "and named when you import again, comments are not. The import_key says where a metric comes from."
    )
    text = to_yaml(tree, {(): head})
    if len(text.encode("utf-8")) > MAX_BYTES:
        hint = "take the metrics that experiments use: --metric NAME, as often as needed"
        raise DataError(
            f"{len(plan.tree.get('metrics', {})):,} metrics are too many for one file of definitions", hint=hint
        )
    return text


def write_import(plan: ImportPlan) -> None:
    """Write the file of a plan, whole or not at all, when the workspace is sound with it.

    Raises:
        DataError: the file would be too large, or cannot be written.
        Unsupported: the workspace would not be sound with it; nothing was changed.
    """
    if not plan.writes:
        return
    root, new = plan.file.parent, {plan.file.name: text_of(plan).encode()}
    try:
        built(files_in(root) | new, root)
    except DefinitionError as error:
        raise Unsupported(f"the workspace would not be sound, so nothing was changed: {error.problems[0]}") from None
    swap(root, new)


def sentences(plan: ImportPlan, *, written: bool) -> Iterator[str]:
    """What an import does, for the terminal: the plan first, then what could not be mapped and why.

    Args:
        plan: the import.
        written: whether it was written, or is only shown.
    """
    yield from told([(one.what, f"{one.key} ({one.ident})", one.details) for one in plan.changes], _HEADS, "metric")
    if plan.notes:
        yield "Also:"
        yield from (f"  {note}" for note in plan.notes)
    if plan.foreign.not_mapped:
        yield "Not mapped:"
        yield from (f"  {one.name} ({one.what}): {one.reason}" for one in plan.foreign.not_mapped)
    taken, left = len(plan.foreign.metrics), sum(one.what == "metric" for one in plan.foreign.not_mapped)
    yield f"{taken} of {count(taken + left, 'metric')} can be mapped."
    if not plan.writes:
        yield f"Nothing changes in {plan.file.name}."
    else:
        yield f"Wrote {plan.file}." if written else f"Nothing was written (--dry-run); it would go into {plan.file}."


def as_dict(plan: ImportPlan, *, written: bool) -> dict[str, Any]:
    """The same as plain values, for JSON."""
    return {
        "program": plan.foreign.program,
        "file": plan.file.name,
        "written": written and plan.writes,
        "changes": [
            {"what": one.what, "metric": one.key, "import_key": one.ident, "details": list(one.details)}
            for one in plan.changes
        ],
        "notes": list(plan.notes),
        "not_mapped": [{"name": one.name, "what": one.what, "reason": one.reason} for one in plan.foreign.not_mapped],
    }
