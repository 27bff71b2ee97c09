"""What the releases of an initiative show, in words, for lines of the ledger that nothing else tells about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.discoveries import stands_out
from vitalfew.evidence.release_words import NOISE, STANDS_OUT
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.rows import EffectRow, PlaceboRow

_NAMED = 3
_BOTH = 2


def release_reasons(inputs: Inputs, initiative: str) -> tuple[str, ...]:
    """A sentence for each release that brought an initiative: what it changed, or why nobody can say.

    Args:
        inputs: with the releases and what was found about them.
        initiative: its key.
    """
    named = (key for key, release in inputs.definitions.releases.items() if initiative in release.initiatives)
    return tuple(dict.fromkeys(said for key in named for said in _said(inputs, key)))


def _said(inputs: Inputs, release: str) -> Iterator[str]:
    definitions = inputs.definitions
    effects = [row for row in inputs.tables.release_effects if row.experiment == release]
    placebos = [row for row in inputs.tables.placebos if row.release == release]
    together = definitions.releases[release].initiatives
    bundled = tuple(dict.fromkeys(other for row in placebos for other in row.bundle))
    if bundled:
        yield _with(bundled, [definitions.title("releases", other) for other in bundled])
    elif len(together) > 1:
        title = definitions.title("releases", release)
        yield f"one of {len(together)} initiatives of {title}: the change belongs to all of them"
    yield from _shown(inputs, release, effects, placebos)


def _with(others: tuple[str, ...], titles: list[str]) -> str:
    both = "both" if len(others) + 1 == _BOTH else "all of them"
    return f"came with {listed(titles, _NAMED)}: the change belongs to {both}"


def _shown(inputs: Inputs, release: str, effects: list[EffectRow], placebos: list[PlaceboRow]) -> Iterator[str]:
    clear = [inputs.definitions.title("metrics", row.metric) for row in effects if stands_out(row)]
    if clear:
        yield f"{STANDS_OUT} on {listed(clear, _NAMED)}"
    elif any(row.p_value is not None for row in effects):
        yield NOISE
    elif placebos:
        yield placebos[0].message
    else:
        failed = (row for row in inputs.tables.failed if row.item.startswith(f"{release}/"))
        yield from (row.reason for _, row in zip(range(1), failed, strict=False))
