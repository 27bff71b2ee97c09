"""Decisions that were taken anyway, with their words and what came of them: shown to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.decide.followed import followed
from vitalfew.results.rows import OverrideRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from typing import Literal

    from vitalfew.results.rows import Tables
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions


def overrides(definitions: Definitions, acts: ActLog, tables: Tables, today: date) -> tuple[OverrideRow, ...]:
    """The decisions taken on weak evidence, against a suggestion or against the value model, newest first.

    Args:
        definitions: of the workspace.
        acts: its log.
        tables: of the run, with the ledger.
        today: the day of the run.
    """
    off = followed(definitions, acts, tables.candidates, today).deviations if tables.weights else ()
    explained = {each.line.line for each in off if each.explained != "none"}
    last = {act.about: act.n for act, _ in acts.of("decision")}
    shipped = {line.line: line for line in tables.shipped}
    known = shipped.keys() | {line.line for line in tables.candidates}
    rows = []
    for act, body in acts.of("decision"):
        why = _why(body, off_model=act.about in explained and last[act.about] == act.n)
        if why is None:
            continue
        line = line_about(definitions, act.about, known)
        out = shipped.get(line or "")
        rows.append(
            OverrideRow(
                act=act.n,
                at=act.at,
                about=act.about,
                line=line,
                why=why,
                suggested="drop" if why == "model" else body.get("against"),
                what=body["what"],
                evidence=body["evidence"],
                counter=body["counter"],
                shipped=out is not None,
                verdict=out.verdict if out else None,
                value=out.value if out else None,
            )
        )
    return tuple(reversed(rows))


def _why(body: Mapping[str, Any], *, off_model: bool) -> Literal["weak", "suggestion", "model"] | None:
    """In spite of what a decision was taken; None where of nothing that is recorded."""
    if body.get("against"):
        return "suggestion"
    if body.get("anyway"):
        return "weak"
    return "model" if off_model else None


def line_about(definitions: Definitions, about: str, known: Collection[str]) -> str | None:
    """The line of the ledger that shows what came of a decision: its own, that of its initiative, or of its feature."""
    asked = definitions.hypotheses.get(about) or definitions.experiments.get(about)
    of = asked.initiative if asked else about
    built = [key for key, made in definitions.initiatives.items() if of is not None and of == made.feature]
    return next((key for key in (of, *built) if key in known), None)
