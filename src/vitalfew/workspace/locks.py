"""Which lock of a hypothesis counts, and whether what it locked still stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vitalfew.workspace.chain import DefinitionRef
from vitalfew.workspace.hashing import definition_hash, definitions_hash

if TYPE_CHECKING:
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act, Kind
    from vitalfew.workspace.definitions import Definitions

VALUE_MODEL = "value_model"


def current_lock(hypothesis: str, log: ActLog, definitions: Definitions) -> Act | None:
    """The lock that counts: the first of the definition as it stands, else the first of the last wording locked.

    A second lock of the same wording never replaces the first, whatever it promises.
    """
    locks = [act for act, body in log.of("lock", hypothesis) if "promise" in body]
    if not locks:
        return None
    present = reference("hypotheses", hypothesis, definitions, log).hash
    wording = present if any(_hash(act) == present for act in locks) else _hash(locks[-1])
    return next(act for act in locks if _hash(act) == wording)


class Spoken(Protocol):
    """What is known of acts so far: a log that was read, or one that is being written to."""

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """The version of a definition with this hash: which of the wordings that acts have spoken of, from 1 up."""
        ...

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        ...


def reference(kind: str, key: str, definitions: Definitions, spoken: Spoken) -> DefinitionRef:
    """Name a definition as it stands; its version counts the wordings that acts have spoken of."""
    digest = definition_hash(kind, key, getattr(definitions, kind)[key])
    return DefinitionRef(kind, key, spoken.version_of(kind, key, digest), digest)


def value_model(definitions: Definitions, spoken: Spoken) -> DefinitionRef:
    """Name the factors with their ranges as they stand: what judgements and sign-offs of the whole speak of."""
    digest = definitions_hash(definitions, ["factors"])
    return DefinitionRef("factors", VALUE_MODEL, spoken.version_of("factors", VALUE_MODEL, digest), digest)


def value_model_cited(definitions: Definitions, spoken: Spoken) -> dict[str, str | int | None]:
    """By what a decision says which value model it rests on: its version, factors and guardrails, all judged so far."""
    judged = spoken.last_of("judgement")
    return {
        "definitions": definitions_hash(definitions, ["factors", "guardrails"]),
        "judgements": judged.hash if judged else None,
        "version": value_model(definitions, spoken).version,
    }


def stale(act: Act, kind: str, key: str, definitions: Definitions) -> bool:
    """Whether an act spoke of another wording of the definition than the one that stands now."""
    return not speaks_of(act, definition_hash(kind, key, getattr(definitions, kind)[key]))


def speaks_of(act: Act, digest: str) -> bool:
    """Whether an act spoke of the wording with this hash, or named none."""
    return act.definition is None or act.definition.hash == digest


def _hash(act: Act) -> str | None:
    return act.definition.hash if act.definition else None
