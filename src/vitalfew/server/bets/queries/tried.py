"""What an experiment says to whoever decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.server.bets.queries.experiments import experiment_lines
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from vitalfew.pipeline import Results

TRUST = {"ok": "its trust tests hold", "warning": "a trust test warns", "failed": "a trust test failed"}


@dataclass(frozen=True, slots=True)
class Tried:
    """An experiment as the beginning of a decision: what is known, what is suggested, why that is weak."""

    evidence: str
    action: str
    reason: str
    weakness: str


def tried(run: Results, key: str) -> Tried | None:
    """What a run says of an experiment; None where it says nothing."""
    lines = experiment_lines(run.view, run.workspace.definitions, today_in(run.workspace.definitions))
    line = next((line for line in lines if line.key == key), None)
    if line is None or not line.action:
        return None
    grade = line.effect.grade if line.effect else None
    effect = f"{line.effect_title} {line.effect_text}, {grade}" if line.effect else "no effect is known"
    trust = f"; {TRUST[line.worst]}" if line.worst else ""
    evidence = f"Run {run.info.id}: {effect}{trust}. Suggested: {line.action.lower()}."
    weak = grade is None or words.GRADES.index(grade) < words.GRADES.index("staged")
    weakness = (
        "A trust test failed." if line.worst == "failed" else "The evidence is weaker than staged." if weak else ""
    )
    return Tried(evidence, line.action, line.reason, weakness)
