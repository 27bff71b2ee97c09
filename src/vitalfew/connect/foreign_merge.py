"""One metric imported again: what changed upstream, what people changed by hand, and where both did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect.foreign import MEANING, hashes_of, meaning_of, parted
from vitalfew.connect.foreign_given import hash_of, settled
from vitalfew.workspace.given import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.connect.foreign import Taken


@dataclass(frozen=True, slots=True)
class Merged:
    """The fields a metric has now, what became of it, and in sentences what differs."""

    fields: dict[str, Any]
    what: Literal["changed", "same", "kept", "conflict"]
    details: tuple[str, ...]


def merged(here: Mapping[str, Any], upstream: Taken) -> Merged:
    """Bring a metric up to date without losing what people made of it.

    What is measured is taken from upstream as a whole, unless people changed it here: then theirs stays, and where
    upstream changed, too, that is a conflict. Title, direction and other words are settled one by one. Fields that
    only stand here always stay. Without hashes in its import key, the metric stays and is compared from now on.
    """
    current = {name: value for name, value in settled(dict(here)).items() if name != "import_key"}
    _, stored = parted(str(here.get("import_key", "")))
    hashes = hashes_of(upstream).split(".")
    if not stored:
        fields = current | {"import_key": f"{upstream.ident}#{'.'.join(hashes)}"}
        return Merged(fields, "kept", ("what stands here is kept; it is compared with upstream from now on",))
    meaning, own, conflict = _meaning(current, upstream, stored[1])
    words, said = _words(current, upstream, stored[2])
    rest = {name: value for name, value in current.items() if name not in MEANING and name not in words}
    fields = meaning | rest | words
    ordered = {name: fields[name] for name in (*(name for name in current if name in fields), *fields)}
    kept = stored[:2] if conflict else hashes[:2]
    key = f"{upstream.ident}#{'.'.join((*kept, hashes[2]))}"
    changed = differing(current, ordered)
    details = (*changed, *(_against(own, upstream) if own else ()), *said, *upstream.notes)
    what: Literal["changed", "same", "kept", "conflict"] = (
        "conflict" if conflict else "changed" if changed else "kept" if own or said else "same"
    )
    return Merged({**ordered, "import_key": key}, what, details)


def _meaning(current: dict[str, Any], upstream: Taken, stored: str) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """What is measured from now on; what of it is people's own; whether upstream changed beside them."""
    here, there = meaning_of(current), settled(upstream.meaning)
    if here == there:
        return here, {}, False
    if hash_of(here) == stored:
        return there, {}, False
    return here, here, hash_of(there) != stored


def _words(current: dict[str, Any], upstream: Taken, stored: str) -> tuple[dict[str, Any], list[str]]:
    """Title, direction and the like from upstream, and sentences on those that differ and are kept."""
    there = settled(upstream.words)
    here = {name: current[name] for name in there if name in current}
    if hash_of(there) == stored:
        return here, [
            f"{name}: '{_shown(here[name])}' is kept; upstream '{_shown(there[name])}'"
            for name in here
            if here[name] != there[name]
        ]
    if hash_of(here) == stored:
        return there, []
    differing = [name for name in here if here[name] != there[name]]
    said = [f"{name}: '{_shown(here[name])}' is kept; upstream '{_shown(there[name])}'" for name in differing]
    return there | here, said


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two definitions, a sentence per field."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        f"{name}: {_shown(before.get(name, 'nothing'))} → {_shown(after.get(name, 'nothing'))}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _against(own: Mapping[str, Any], upstream: Taken) -> list[str]:
    there = settled(upstream.meaning)
    names = [*own, *(name for name in there if name not in own)]
    return [
        f"{name}: here {_shown(own.get(name, 'nothing'))}, upstream {_shown(there.get(name, 'nothing'))}"
        for name in names
        if own.get(name) != there.get(name)
    ]


def _shown(value: object) -> str:
    return shorten(value)
