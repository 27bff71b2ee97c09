"""What a first run says of releases: which stand out, what cannot be told, and what would have told it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from vitalfew.connect.words import listed
from vitalfew.evidence.discoveries import how_many, stands_out
from vitalfew.evidence.release_words import same_rows
from vitalfew.results.words import count
from vitalfew.results.words import listed as in_words
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vitalfew.connect.draft import Facts
    from vitalfew.results.rows import EffectRow, Tables
    from vitalfew.workspace.definitions import Definitions

_SHOWN = 3


def sentences(tables: Tables, facts: Facts, definitions: Definitions) -> Iterator[str]:
    """Say what can be told of the releases."""
    if not facts.releases:
        return
    judged = [row for row in tables.release_effects if row.p_value is not None]
    clear = [row for row in judged if stands_out(row)]
    if judged:
        yield _told(judged, clear, definitions)
    described = {row.experiment for row in tables.release_effects} - {row.experiment for row in judged}
    for why, many in _why(tables, described).items():
        yield f"{count(many, 'release')} can only be described: {why}."
    seen = dict.fromkeys(row.metric for row in tables.release_effects)
    alike = [metric for metric in seen if seen.keys() & set(same_rows(definitions, metric))]
    if alike:
        names = in_words((definitions.title("metrics", metric) for metric in alike), _SHOWN)
        why = "come from the same table: their errors may go together, so one does not confirm the other"
        yield f"{names[:1].upper()}{names[1:]} {why}."
    bundled = {row.release for row in tables.placebos if row.bundle}
    if bundled:
        yield (
            f"{count(len(bundled), 'release')} came within the same days as others: what changed is theirs together,"
            " and no calculation splits it."
        )
    if tables.release_effects:
        yield (
            "A staged rollout would have told more: give the next release to a part of the users first, drawn by"
            " chance, and both parts are compared on the same days."
        )


def _why(tables: Tables, described: Collection[str]) -> Counter[str]:
    """Why releases are only described, with how many of them; where only counts of days differ, the reason is one."""
    reasons = {row.release: row.message.partition(": ")[2] for row in tables.placebos if row.release in described}
    kinds: dict[str, str] = {}
    return Counter(kinds.setdefault(re.sub("[0-9]+", "", reason), reason) for reason in reasons.values())


def _told(judged: list[EffectRow], clear: list[EffectRow], definitions: Definitions) -> str:
    """How many releases stand out, the number of comparisons considered."""
    found = len({row.experiment for row in clear})
    releases = count(len({row.experiment for row in judged}), "release")
    if not found:
        return f"Releases: none of {releases} can be told from what happens without one."
    shown = sorted(clear, key=lambda row: row.p_value or 0.0)[:_SHOWN]
    named = listed(
        f"{definitions.title('releases', row.experiment)} ({definitions.title('metrics', row.metric)}"
        f" {'up' if (row.estimate or 0) > 0 else 'down'}{_share(row)})"
        for row in shown
    )
    stand = "stands" if found == 1 else "stand"
    such = f"Releases: {found} of {releases} {stand} out from what happens without one, such as {named}"
    return f"{such}; corrected for {count(how_many(judged), 'comparison')} at once."


def _share(row: EffectRow) -> str:
    return "" if row.relative is None else f" {percent(abs(row.relative.estimate), 1)}"


def next_file(facts: Facts) -> str:
    """The file that would tell most beside what is there."""
    if not facts.series and "events" not in facts.have:
        return (
            "Next, add a KPI series: columns date, value (a year before the releases and more, by day). Then each"
            " release is held against dates without one."
        )
    releases = "a list of releases: columns date, name, team. Then it is told whether anything changed."
    if facts.series_of in ("month", "quarter"):
        return "Next, bring the same numbers by day or by week" + (
            ". Then it is told whether anything changed." if facts.releases else f", and {releases}"
        )
    if not facts.releases:
        return f"Next, add {releases}"
    return (
        "Next, say which metric counts as value (factors: {KEY: {range: [worst, best]}}); then add past results of"
        " experiments: columns experiment, metric, estimate, se. They tell what dates alone cannot."
    )
