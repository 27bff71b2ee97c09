"""How metrics move each other, from a run or a workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, suggest
from vitalfew.pipeline.results import Results, results_of

if TYPE_CHECKING:
    import pyarrow as pa

    from vitalfew.results.rows import LinkRow, PathRow
    from vitalfew.workspace.workspace import Workspace


@dataclass(frozen=True)
class Links:
    """Links between metrics. Prints as a table.

    Attributes:
        links: one by one, in the order of the workspace, with interval, strength and grade; those that the data do not
            identify say so and what it would take.
        paths: what they say along chains, held against the effects at both ends.
        results: the run they are of.
    """

    links: tuple[LinkRow, ...]
    paths: tuple[PathRow, ...]
    results: Results

    def __getitem__(self, key: str) -> LinkRow:
        """The link with this key; the first part of a formula.

        Raises:
            UsageError: there is no such link.
        """
        found = next((row for row in self.links if row.link == key), None)
        if found is None:
            raise UsageError(f"no link '{key}'", hint=suggest(key, [row.link for row in self.links]))
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        from vitalfew.results.codec import plain

        return {"links": plain(self.links), "paths": plain(self.paths)}

    def to_arrow(self) -> pa.Table:
        """The links as an Arrow table."""
        from vitalfew.results.codec import to_table
        from vitalfew.results.rows import LinkRow

        return to_table(LinkRow, self.links)

    def __str__(self) -> str:
        from vitalfew.report.sheet import drawn_as_text
        from vitalfew.report.terminal_links import print_links

        tables = replace(self.results.tables, links=self.links, paths=self.paths)
        return drawn_as_text(print_links, replace(self.results, tables=tables).view)


def links(run: Results | Workspace, metric: str | None = None) -> Links:
    """How much each metric moves others, estimated from all experiments together, or plainly not identified.

    Args:
        run: results of a run, or a workspace, which is then run.
        metric: only links from this one or into it, and chains that begin or end there.

    Raises:
        UsageError: no link names this metric.

    >>> import vitalfew as vf
    >>> from vitalfew.workspace.definitions import Definitions
    >>> from vitalfew.workspace.workspace import Workspace
    >>> defined = Definitions.model_validate({
    ...     "sources": {"users": {"table": "users.csv", "unit": "id"}},
    ...     "metrics": {"clicks": {"source": "users"}, "sales": {"source": "users"}},
    ...     "links": {"clicks_sell": {"parent": "clicks", "child": "sales", "low": 0.1, "high": 0.3}},
    ... })
    >>> found = vf.links(vf.run(Workspace.of(defined)))["clicks_sell"]
    >>> found.status, found.grade, found.estimate, found.believed[0]
    ('opinion', 'opinion', None, 0.2)
    >>> found.notes[0]
    'not identified: no experiment measured sales'
    """
    results = results_of(run)
    rows, paths = results.tables.links, results.tables.paths
    known = sorted({name for row in rows for name in (row.parent, row.child)})
    if metric is not None and metric not in known:
        raise UsageError(f"no link names '{metric}'", hint=suggest(metric, known))
    return Links(
        tuple(row for row in rows if metric in (None, row.parent, row.child)),
        tuple(row for row in paths if metric in (None, row.parent, row.child)),
        results,
    )
