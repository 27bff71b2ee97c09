"""What was planned of an experiment and what was not, and how its numbers are meant, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import MODES, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.settings import Setting
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.plan_locks import PlanProof

_NAMED = 3  # metrics named that nobody planned


def planning(definitions: Definitions, setting: Setting, proof: PlanProof | None, rows: Sequence[EffectRow]) -> str:
    """Say whether the analysis was planned, what of the results was not, and how often they may be looked at.

    Results that somebody else computed carry no plan of ours, and nothing is said of them.
    """
    if all(row.method == "as given" for row in rows):
        return ""
    how = MODES[setting.mode]
    if setting.plan is None:
        return f"No plan was declared; {how}."
    beside = dict.fromkeys(row.metric for row in rows if row.planned is False and row.segment is None)
    names = [definitions.title("metrics", metric) for metric in beside]
    besides = f" Not planned: {listed(names, _NAMED)}." if names else ""
    return f"{_declared(proof)}; {how}.{besides}"


def _declared(proof: PlanProof | None) -> str:
    if proof is None or proof.locked_at is None:
        return "Planned, but the plan was not locked before the start"
    day = proof.locked_at[:10]
    if not proof.matches:
        changed = f" ({', '.join(proof.changed)})" if proof.changed else ""
        return f"The plan locked on {day} was changed since{changed}"
    if proof.proved == "no":
        return f"Planned, but locked only on {day}, after the start"
    return f"As planned (locked on {day}{'' if proof.proved == 'proved' else ', by the log alone'})"
