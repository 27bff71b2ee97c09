"""What a review looks back on: where effort went and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate, Value, Verdict
from vitalfew.workspace.definitions import Grade

EvidenceKind = Literal["experiment", "release", "links", "need"]
Badge = Literal["triangulated", "single_source", "contradictory", "none"]
BreakdownKind = Literal["origin", "team", "product", "horizon", "discipline"]
EffortKind = Literal["discipline", "sides", "horizon", "technical"]
ProcessMark = Literal["predicted", "tested", "planned", "guarded", "decided"]
ProcessReading = Literal["good_kept", "bad_luck", "surprised", "lucky", "weak_missed"]
PlannedWork = Literal["agreed", "plan"]


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """Initiatives that have something in common: what was made of them, and what came of it.

    Of fewer than five nothing but counts is said: the rest would be the luck of one.

    Attributes:
        kind: what they have in common.
        group: which; None where it is not said.
        ideas: how many there are.
        committed: how many of them were agreed on, begun, shipped or shipped and removed since.
        shipped: how many are out.
        accepted: share of ideas that were committed or further, with its 80 % interval (Wilson).
        verdicts: lines that are out by their verdict.
        effort: what the committed cost, in the policy's unit; None where no cost is known.
        share: of all effort, with its 80 % interval where costs are ranges; without one where all are numbers.
        measured: how many of those that are out were measured on a factor.
        value: of these together, in points at full effect, from the joint draws, with its 80 % interval.
        notes: what is missing.
    """

    kind: BreakdownKind
    group: str | None
    ideas: int
    committed: int
    shipped: int
    accepted: Estimate | None
    verdicts: Mapping[Verdict, int]
    effort: float | None
    share: Estimate | None
    measured: int
    value: Value | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EffortRow:
    """What went into a group of work in a quarter of the calendar (`2026-Q1`), as a share of all dated effort of it.

    `kind`: *discipline*, the value discipline; *sides*, who gains by it: *win-win*, *customer only*, *business only*,
    *neither*, or *open* where intervals leave more than one of these; *horizon*: now, next, later; *technical*, what is
    for technical health. `group` None: it names no discipline or horizon, its value is not known to both sides, or it
    is other work. `lines`: all initiatives that took effort in this quarter.
    """

    quarter: str
    group: str | None
    effort: float
    share: float
    lines: int
    kind: EffortKind = "discipline"


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """A decision that was taken anyway, and what came of it; by whom is said nowhere.

    Attributes:
        act: its number in the log.
        at: when (ISO).
        about: the key that it is about, and `line`: the line of the ledger that shows what came of it (None: no line).
        why: *weak*: the evidence was weaker than *staged*; *suggestion*: it goes against what was suggested; *model*:
            it lets work go on that the value model would drop.
        suggested: what was suggested, where that is recorded or known.
        what: decided, in the words of the act; `evidence` and `counter` likewise.
        shipped: whether the line is out.
        verdict: of a line that is out.
        value: of a line that is out, as measured.
    """

    act: int
    at: str
    about: str
    line: str | None
    why: Literal["weak", "suggestion", "model"]
    suggested: str | None
    what: str
    evidence: str
    counter: str
    shipped: bool
    verdict: Verdict | None
    value: Value | None


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """How a shipped bet was made, beside what came of it; about the bet, never about a person.

    Attributes:
        line: of the ledger.
        hypothesis: that was posed about it, and `metric`: what it asks about.
        verdict: of that hypothesis.
        promised: as locked before the start, in the metric's unit; None where nothing was.
        measured: with its 95 % interval; None where nothing was.
        chance: share of the locked forecast, with the error of measuring added, that was as bad as this or
            worse; None without either, and where a guardrail alone was missed.
        reading: *good_kept*; *bad_luck*: missed within the 80 % range of the forecast; *surprised*: missed beyond it,
            or by a guardrail; *lucky*: came out well after weak work; *weak_missed*; None where nothing tells yet.
        held: what was done: *predicted* before the start, *tested* by chance or in waves, a locked plan *planned*
            before the start, named guardrails measured (*guarded*), *decided* as was suggested.
        lacking: what was not done. A mark in neither was not asked for, or is not on record.
    """

    line: str
    hypothesis: str
    metric: str
    verdict: Verdict
    promised: float | None
    measured: Estimate | None
    chance: float | None
    reading: ProcessReading | None
    held: tuple[ProcessMark, ...]
    lacking: tuple[ProcessMark, ...]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of what shipped was asked about and told: counts of all there is, which therefore have no interval.

    Attributes:
        quarter: of the calendar in which it was shipped (`2026-Q1`); None: everything that is out.
        shipped: initiatives that are out.
        asked: with a hypothesis.
        promised: with a promise locked before the start.
        measured: of which something was measured.
        told: with a verdict: promised, and held against what was measured.
    """

    quarter: str | None
    shipped: int
    asked: int
    promised: int
    measured: int
    told: int


@dataclass(frozen=True, slots=True)
class RestingRow:
    """How much of planned work rests on a grade of evidence.

    Attributes:
        work: *agreed*: agreed on or in progress, and not out; *plan*: the best plan of this run.
        grade: the weakest that the value of a line rests on; None: nobody said or measured anything.
        lines: how many initiatives with a cost.
        effort: what they cost, in the policy's unit.
        share: of the effort of all, with its 80 % interval where costs are ranges.
    """

    work: PlannedWork
    grade: Grade | None
    lines: int
    effort: float
    share: Estimate


@dataclass(frozen=True, slots=True)
class StopRow:
    """Something that asks to be stopped or mended.

    Attributes:
        kind: *line*: shipped, and harmful or fell short; *bet*: unproven past its day; *feature*: hardly used;
            *metric*: nobody owns it and nothing hangs on it.
        key: of the line or initiative, the feature, the metric.
        reason: why, in words.
        do: one thing to do.
        value: of a line, as measured.
        upkeep: per year, in the policy's unit of cost.
    """

    kind: Literal["line", "bet", "feature", "metric"]
    key: str
    reason: str
    do: str
    value: Value | None
    upkeep: float | None


@dataclass(frozen=True, slots=True)
class TriangulationRow:
    """Whether the kinds of evidence behind a line agree.

    Attributes:
        line: its key.
        metric: that experiments and releases are asked about; None where the line names none.
        badge: *triangulated*: two kinds or more say the same; *single_source*: only one says anything; *contradictory*:
            one speaks for the line and one against it; *none*: none is clear.
        speaks_for: kinds that speak for it, and `speaks_against` those against it.
    """

    line: str
    metric: str | None
    badge: Badge
    speaks_for: tuple[EvidenceKind, ...]
    speaks_against: tuple[EvidenceKind, ...]


@dataclass(frozen=True, slots=True)
class ValueCellRow:
    """A type of value in a segment: what counts, what was done, what came of it; a cell of nothing is told as well.

    Attributes:
        type: of value; None: metrics that do not say theirs.
        segment: its key; None: everybody.
        weight: of all factors of the type, with its 80 % interval; of everybody only.
        effort: what chosen work meant for it cost, in the policy's unit, spread evenly over all it was meant for.
        needs: how many are of this segment and harm a metric of this type.
        measured: effects of chosen work on metrics of this type in this segment, and of these
        gains: clear at 95 %, and `losses` likewise.
        value: what all shipped lines together gave, in points at full effect (80 %); of everybody only.
    """

    type: str | None
    segment: str | None
    weight: Estimate | None
    effort: float
    needs: int
    measured: int
    gains: int
    losses: int
    value: Value | None
