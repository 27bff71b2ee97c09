"""What the JSON export says beyond single experiments: releases, links, and what all effects show together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vitalfew.results.grouped import grouped
from vitalfew.results.rows import (
    BalanceRow,
    ConflictRow,
    ContributionRow,
    EffectRow,
    EventStudyRow,
    HorizonRow,
    LinkRow,
    PartRow,
    PathRow,
    PlaceboRow,
    PredictedRow,
    ProxyRow,
    ShrunkRow,
    SpreadRow,
    Tables,
    TradeOffRow,
)


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """One release: its effects, by metric what the same computation gives without a release, by period, balance."""

    effects: tuple[EffectRow, ...]
    placebo: Mapping[str, PlaceboRow]
    event_study: tuple[EventStudyRow, ...]
    balance: tuple[BalanceRow, ...]


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """What all effects show together.

    `spreads` and `shrunk`: how far true effects scatter, and each effect without luck; `paths`: what metrics do further
    up; `proxies`, `predicted`: early metrics for late ones; `horizons`: what holdouts show of the long run beside what
    was expected; `parts`: changes taken apart by formulas.
    """

    spreads: tuple[SpreadRow, ...]
    shrunk: tuple[ShrunkRow, ...]
    paths: tuple[PathRow, ...]
    proxies: tuple[ProxyRow, ...]
    predicted: tuple[PredictedRow, ...]
    horizons: tuple[HorizonRow, ...]
    trade_offs: tuple[TradeOffRow, ...]
    conflicts: tuple[ConflictRow, ...]
    contributions: tuple[ContributionRow, ...]
    parts: tuple[PartRow, ...]


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """All of it, under the names the export has for it."""

    releases: Mapping[str, ReleasePart]
    links: tuple[LinkRow, ...]
    corpus: CorpusPart


def evidence_parts(tables: Tables) -> EvidenceParts:
    """Arrange the tables of evidence beyond one experiment as the export shows them."""
    return EvidenceParts(
        releases=_releases(tables),
        links=tables.links,
        corpus=CorpusPart(
            spreads=tables.spreads,
            shrunk=tables.shrunk,
            paths=tables.paths,
            proxies=tables.proxies,
            predicted=tables.predicted,
            horizons=tables.horizons,
            trade_offs=tables.trade_offs,
            conflicts=tables.conflicts,
            contributions=tables.contributions,
            parts=tables.parts,
        ),
    )


def _releases(tables: Tables) -> dict[str, ReleasePart]:
    effects = grouped(tables.release_effects)
    keys = dict.fromkeys((*effects, *(row.release for row in tables.placebos)))
    return {
        key: ReleasePart(
            effects=tuple(effects.get(key, ())),
            placebo={row.metric: row for row in tables.placebos if row.release == key},
            event_study=tuple(row for row in tables.event_study if row.release == key),
            balance=tuple(row for row in tables.balance if row.release == key),
        )
        for key in keys
    }
