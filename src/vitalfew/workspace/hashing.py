"""Hashes of definitions: what a lock names, and what the key of a stage is made of."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.workspace.definitions import Definition, Definitions


def definition_hash(kind: str, key: str, definition: Definition) -> str:
    """Hash one definition, so that a lock can say exactly what it locked.

    Fields left at their defaults do not count: a new optional field in a later version changes no hash.

    Args:
        kind: its kind, as in a workspace (`hypotheses`).
        key: its key.
        definition: the definition itself.

    Returns:
        SHA-256 in hexadecimal over the RFC 8785 form of kind, key and definition.
    """
    return _sha256({"kind": kind, "key": key, "definition": _plain(definition)})


def definitions_hash(definitions: Definitions, kinds: Iterable[str]) -> str:
    """Hash all definitions of some kinds, whatever their order in the files: the key of a stage.

    Args:
        definitions: the definitions of a workspace.
        kinds: the kinds that count, as in a workspace (`metrics`, `policy`).

    Returns:
        SHA-256 in hexadecimal.
    """
    wanted = set(kinds)
    found = _plain(definitions, wanted)
    return _sha256({kind: found.get(kind) for kind in wanted})


def _plain(definition: Definition, fields: set[str] | None = None) -> dict[str, object]:
    plain: dict[str, object] = definition.model_dump(mode="json", exclude_defaults=True, include=fields)
    return plain


def _sha256(value: object) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()  # type: ignore[arg-type]  # JSON by construction
