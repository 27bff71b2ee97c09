"""The stages of evidence beyond one experiment: series and releases, links, effects without luck, who gave what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.pipeline.context import ALL_KINDS, Stage, day_of_run, events_asked
from vitalfew.workspace.definitions import EventSource, SeriesSource, UnitSource

if TYPE_CHECKING:
    from vitalfew.pipeline.context import Context
    from vitalfew.results.rows import Tables
    from vitalfew.results.store import Output
    from vitalfew.workspace.definitions import Definitions

_MEASURED = ("workspace", "data", "sources", "metrics", "releases", "segments")
_ASKED = (*_MEASURED, "links", "factors")  # which metrics need a value a day hangs on these as well
RELEASED = ("series", "waves", "releases")
"""Stages that measure and judge releases, in order."""
TOGETHER = ("links", "luck", "proxies", "horizons", "trade_offs", "contributions")
"""Stages that read all effects at once, in order."""


def release_stages(definitions: Definitions) -> tuple[Stage, ...]:
    """Daily values, releases in waves, and what both say; each reads only the sources it needs."""
    daily = [key for key, source in definitions.sources.items() if isinstance(source, SeriesSource)]
    if definitions.releases:  # metrics over events have daily values then, too
        daily += [key for key, source in definitions.sources.items() if isinstance(source, EventSource | UnitSource)]
    every = tuple(definitions.sources) if _has_waves(definitions) else ()
    return (
        Stage("series", _ASKED, _series, sources=tuple(dict.fromkeys(daily)), other=events_asked),
        Stage("waves", _MEASURED, _waves, sources=every, other=events_asked),
        Stage("releases", ALL_KINDS, _releases, after=("series", "waves"), other=day_of_run),
    )


def together_stages(before: tuple[str, ...]) -> tuple[Stage, ...]:
    """What all effects show together.

    Args:
        before: stages that measure, judge experiments and releases, and weigh factors.
    """
    return (
        Stage("links", ALL_KINDS, _links, after=before, other=day_of_run),
        Stage("luck", ALL_KINDS, _luck, after=(*before, "links"), other=day_of_run),
        Stage("proxies", ALL_KINDS, _proxies, after=(*before, "links"), other=day_of_run),
        Stage("horizons", ("experiments", "initiatives"), _horizons, after=(*before, "luck", "proxies")),
        Stage("trade_offs", ALL_KINDS, _trade_offs, after=before, other=day_of_run),
        Stage("contributions", ALL_KINDS, _contributions, after=(*before, "links", "luck"), other=day_of_run),
    )


def _series(context: Context, _: Tables) -> Output:
    from vitalfew.evidence.daily_needs import daily_needs
    from vitalfew.warehouse.series import series

    if not _has_series(context.definitions):
        return {"series": (), "failed": ()}
    needs = daily_needs(context.definitions)
    rows, failed = series(context.definitions, context.engine, context.as_of, needs.counted, needs.silent)
    return {"series": rows, "failed": failed}


def _has_series(definitions: Definitions) -> bool:
    return bool(definitions.releases) or any(source.shape == "series" for source in definitions.sources.values())


def _has_waves(definitions: Definitions) -> bool:
    """Whether a source says who got some release when."""
    return any(release.rollout is not None and release.rollout.source for release in definitions.releases.values())


def _waves(context: Context, _: Tables) -> Output:
    from vitalfew.warehouse.cohorts import cohorts

    defined = context.definitions
    if not _has_waves(defined):
        return {"cohorts": (), "chosen": (), "failed": ()}
    rows, chosen, failed = cohorts(defined, context.engine, context.as_of)
    return {"cohorts": rows, "chosen": chosen, "failed": failed}


def _releases(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.discoveries import among_all
    from vitalfew.evidence.releases import releases
    from vitalfew.evidence.rollouts import rollouts

    if not context.definitions.releases:
        return {"release_effects": (), "placebos": (), "event_study": (), "balance": (), "failed": ()}
    dated = releases(context.definitions, tables.series, context.today)
    staged = rollouts(context.definitions, tables.cohorts, tables.series, tables.chosen, context.today)
    effects, placebos = among_all((*dated.release_effects, *staged.release_effects), dated.placebos)
    return {
        "release_effects": effects,
        "placebos": placebos,
        "event_study": staged.event_study,
        "balance": staged.balance,
        "failed": (*dated.failed, *staged.failed),
    }


def _links(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.components import components
    from vitalfew.evidence.links import links

    corpora = context.corpora(tables)
    exact = components(context.definitions, corpora, tables.series, context.today)
    found = links(context.definitions, corpora, exact.links, context.released(tables), context.fits(tables))
    return {
        "links": found.links,
        "link_covariances": found.link_covariances,
        "paths": found.paths,
        "parts": exact.parts,
        "failed": (*exact.failed, *found.failed),
    }


def _luck(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.shrinkage import shrinkage

    corpora = context.corpora(tables)
    tested = shrinkage(context.definitions, corpora.randomised, context.joint(tables))
    released = shrinkage(context.definitions, corpora.releases, context.released(tables))
    return {"spreads": (*tested[0], *released[0]), "shrunk": (*tested[1], *released[1])}


def _proxies(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.predicted import predicted
    from vitalfew.evidence.proxies import proxies

    defined, corpus, joint = context.definitions, context.corpora(tables).randomised, context.joint(tables)
    return {
        "proxies": proxies(defined, corpus, joint, context.today),
        "predicted": predicted(defined, corpus, joint, tables.links, tables.link_covariances),
    }


def _horizons(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.horizons import horizons

    return {"horizons": horizons(context.definitions, tables)}


def _trade_offs(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.conflicts import conflicts
    from vitalfew.evidence.trade_offs import trade_offs

    defined, joint = context.definitions, context.joint(tables)
    return {
        "trade_offs": trade_offs(defined, context.corpora(tables).randomised, joint, tables.weights),
        "conflicts": conflicts(defined, tables, context.today),
    }


def _contributions(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.contributions import contributions

    corpora = context.corpora(tables)
    return {"contributions": contributions(context.definitions, tables, corpora, context.today)}
