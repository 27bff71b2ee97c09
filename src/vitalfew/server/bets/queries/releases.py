"""Releases as the list and their pages show them: what changed after each, and whether that can be told from noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vitalfew.evidence.discoveries import stands_out
from vitalfew.server.core.filters import owners, times
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.report.view import View
    from vitalfew.results.rows import ConflictRow, ContributionRow, EffectRow, PlaceboRow
    from vitalfew.server.core.filters import Choices, Field, Filter
    from vitalfew.workspace.definitions import Definitions, Release

STATES = ("stands out", "may be noise", "descriptive only", "not judged yet")


@dataclass(frozen=True, slots=True)
class Listed:
    """A release in the list: its effects, what it cannot be told apart from (`bundle`), and its `state` in words."""

    key: str
    release: Release
    title: str
    product: str | None
    team: str
    effects: tuple[EffectRow, ...]
    placebos: tuple[PlaceboRow, ...]

    @property
    def bundle(self) -> tuple[str, ...]:
        """Other releases within the same days."""
        return tuple(dict.fromkeys(key for row in self.placebos for key in row.bundle))

    @property
    def state(self) -> str:
        """Whether anything can be told from noise."""
        if any(stands_out(row) for row in self.effects):
            return "stands out"
        if any(row.p_value is not None for row in self.effects):
            return "may be noise"
        return "descriptive only" if self.effects else "not judged yet"


@dataclass(frozen=True, slots=True)
class Page:
    """One release with all that is known of it; `why_not`: metrics that could not be judged, with the reason."""

    listed: Listed
    contributions: tuple[ContributionRow, ...]
    conflicts: tuple[ConflictRow, ...]
    why_not: tuple[tuple[str, str], ...]


def releases_of(definitions: Definitions, run: Results | None, wanted: Filter) -> tuple[Listed, ...]:
    """The releases that are asked for, the newest first."""
    effects, placebos = _told(run)
    rows = (_listed(definitions, key, effects, placebos) for key in definitions.releases)
    return tuple(sorted((row for row in rows if _fits(wanted, row)), key=lambda row: row.release.date, reverse=True))


def offers(definitions: Definitions) -> dict[Field, Choices]:
    """What releases may be filtered by."""
    made = definitions.releases.values()
    return {
        **owners(definitions, ((definitions.product_of(one), one.team) for one in made)),
        "time": times(one.date for one in made),
        "state": [(state, state) for state in STATES],
        "q": (),
    }


def _fits(wanted: Filter, row: Listed) -> bool:
    return (
        wanted.owned(row.product, row.release.team)
        and wanted.state in ("", row.state)
        and wanted.worded(row.title, row.key)
        and wanted.dated(row.release.date)
    )


def release_page(definitions: Definitions, run: Results | None, key: str) -> Page:
    """Everything known of one release that is defined."""
    listed = _listed(definitions, key, *_told(run))
    if run is None:
        return Page(listed, (), (), ())
    tables = run.tables
    why_not = tuple(
        (row.item.split("/", 1)[1], row.reason)
        for row in tables.failed
        if row.stage == "releases" and row.item.startswith(f"{key}/")
    )
    return Page(
        listed,
        tuple(row for row in tables.contributions if row.kind == "release" and row.subject == key and row.contribution),
        tuple(row for row in tables.conflicts if key in (row.subject, row.other)),
        why_not,
    )


def only(run: Results, key: str) -> View:
    """What a report reads, with nothing about other releases, for the pictures of one."""
    view, tables = run.view, run.tables
    kept = replace(
        tables,
        placebos=tuple(row for row in tables.placebos if row.release == key),
        event_study=tuple(row for row in tables.event_study if row.release == key),
        balance=tuple(row for row in tables.balance if row.release == key),
        release_effects=tuple(row for row in tables.release_effects if row.experiment == key),
    )
    return replace(view, tables=kept)


def _told(
    run: Results | None,
) -> tuple[Mapping[str, Sequence[EffectRow]], Mapping[str, Sequence[PlaceboRow]]]:
    return ({}, {}) if run is None else per_run(run, "releases", _by_release)


def _by_release(run: Results) -> tuple[Mapping[str, Sequence[EffectRow]], Mapping[str, Sequence[PlaceboRow]]]:
    effects: dict[str, list[EffectRow]] = {}
    placebos: dict[str, list[PlaceboRow]] = {}
    for row in run.tables.release_effects:
        effects.setdefault(row.experiment, []).append(row)
    for told in run.tables.placebos:
        placebos.setdefault(told.release, []).append(told)
    return effects, placebos


def _listed(
    definitions: Definitions,
    key: str,
    effects: Mapping[str, Sequence[EffectRow]],
    placebos: Mapping[str, Sequence[PlaceboRow]],
) -> Listed:
    release = definitions.releases[key]
    team = definitions.title("teams", release.team) if release.team else ""
    title = definitions.title("releases", key)
    product, told = definitions.product_of(release), tuple(placebos.get(key, ()))
    return Listed(key, release, title, product, team, tuple(effects.get(key, ())), told)
