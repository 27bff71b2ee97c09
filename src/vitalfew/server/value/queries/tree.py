"""The value tree of a workspace: boxes and lines, and what is folded away so that it stays readable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.link_words import link_sentence, slope_unit
from vitalfew.report.tree_picture import LEVELS, TreeEdge, TreeNode
from vitalfew.server.core.pages import page_of
from vitalfew.server.value.queries.metrics import known
from vitalfew.workspace.graph import edges as edges_of
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.pipeline import Results
    from vitalfew.report.tree_picture import Line
    from vitalfew.results.rows import EffectRow, LinkRow, Measured, Promised
    from vitalfew.workspace.definitions import Definitions, Initiative

VISION, INITIATIVES = 0, len(LEVELS) - 1
_LEVELS = {"business": 1, "system": 2, "feature": 3}
MOST_IN_LEVEL = 12
"""Metrics of a level that are shown before those nobody linked are folded away."""
MOST_INITIATIVES = 12


@dataclass(frozen=True, slots=True)
class Tree:
    """Boxes and lines to draw; `folded`: how many metrics of a level are not shown; all links are told in `links`."""

    nodes: tuple[TreeNode, ...]
    edges: tuple[TreeEdge, ...]
    folded: Mapping[str, int]
    metrics: int
    initiatives: int


def tree(definitions: Definitions, run: Results | None, workspace: str, opened: frozenset[str]) -> Tree:
    """Put the tree together.

    Args:
        definitions: the workspace.
        run: what is known of links and effects.
        workspace: key of the workspace, for addresses.
        opened: what is not folded away: levels, *initiatives*, or metrics whose initiatives are shown.
    """
    return _Builder(definitions, run, workspace, opened).tree()


class _Builder:
    def __init__(self, definitions: Definitions, run: Results | None, workspace: str, opened: frozenset[str]) -> None:
        self._definitions, self._run, self._workspace, self._opened = definitions, run, workspace, opened
        self._links = [(edge.parent, edge.child) for edge in edges_of(definitions)]
        self._linked = {key for pair in self._links for key in pair}
        self._results = {
            result.metric: objective
            for objective in definitions.objectives.values()
            for result in objective.key_results.values()
            if result.metric
        }
        self._asked: dict[str, dict[str, str]] = {}
        for key, found in definitions.hypotheses.items():
            made = definitions.initiatives.get(found.initiative)
            if made is not None and made.status not in OVER:
                self._asked.setdefault(found.metric, {})[found.initiative] = key

    def tree(self) -> Tree:
        """Vision, metrics by level, initiatives; and the lines between what is shown."""
        shown, folded = self._metrics()
        nodes = [self._vision(key) for key in self._definitions.vision]
        nodes += [self._metric(key) for key in shown]
        nodes += [self._more(level, many) for level, many in folded.items()]
        made, lines = self._initiatives(shown)
        edges = [*self._serves(shown), *self._moves(set(shown)), *lines]
        count = len({key for asked in self._asked.values() for key in asked})
        return Tree((*nodes, *made), tuple(edges), folded, len(self._definitions.metrics), count)

    def _metrics(self) -> tuple[list[str], dict[str, int]]:
        """What is shown of each level: what is linked, counts as something or is asked about comes first."""
        shown: list[str] = []
        folded: dict[str, int] = {}
        for level in _LEVELS:
            keys = [key for key, metric in self._definitions.metrics.items() if metric.level == level]
            keys.sort(key=lambda key: -self._weight(key))
            most = len(keys) if level in self._opened else MOST_IN_LEVEL
            shown += keys[:most]
            if len(keys) > most:
                folded[level] = len(keys) - most
        return shown, folded

    def _weight(self, key: str) -> int:
        counts = (key in self._definitions.factors) + (key in self._results)
        return 4 * counts + 2 * (key in self._linked) + (key in self._asked) + (key in self._definitions.guardrails)

    def _vision(self, key: str) -> TreeNode:
        found = self._definitions.vision[key]
        years = f"in {found.horizon_years:g} years" if found.horizon_years else ""
        address = page_of(self._workspace, "vision", key)
        return TreeNode(f"vision:{key}", found.title, years, VISION, "vision", address=address)

    def _metric(self, key: str) -> TreeNode:
        metric = self._definitions.metrics[key]
        standing = known(self._run).standings.get(key)
        unit = words.unit_of(metric)
        under = (
            words.with_unit(words.significant(standing.value * unit.factor), unit.level) if standing else "not measured"
        )
        counts = "factor" if key in self._definitions.factors else ""
        counts = counts or ("guardrail" if key in self._definitions.guardrails else "")
        address = page_of(self._workspace, "metrics", key)
        title = self._definitions.title("metrics", key)
        card = f"{address}card/" if address else ""
        return TreeNode(f"metric:{key}", title, under, _LEVELS[metric.level], "metric", counts, address, card)

    def _more(self, level: str, many: int) -> TreeNode:
        opened = ",".join(sorted({*self._opened, level}))
        title = f"{words.count(many, 'more metric')}"
        return TreeNode(f"more:{level}", title, "show them", _LEVELS[level], "more", address=f"?open={opened}")

    def _serves(self, shown: list[str]) -> list[TreeEdge]:
        """What a vision is seen by: key results that serve it, and the metrics at the top of all links."""
        moves_on = {parent for parent, child in self._links if child in shown}
        found = []
        for key, vision in self._definitions.vision.items():
            for metric in shown:
                objective = self._results.get(metric)
                asked = objective is not None and key in objective.serves
                top = self._definitions.metrics[metric].level == "business" and metric not in moves_on
                if (asked and metric not in moves_on) or top:
                    said = f"{self._definitions.title('metrics', metric)} shows whether “{vision.title}” comes true."
                    found.append(TreeEdge(f"metric:{metric}", f"vision:{key}", "serves", "", "", 0.0, said))
        return found

    def _moves(self, shown: set[str]) -> list[TreeEdge]:
        rows = {(row.parent, row.child): row for row in self._run.tables.links} if self._run else {}
        return [
            self._link(parent, child, rows.get((parent, child)))
            for parent, child in self._links
            if parent in shown and child in shown
        ]

    def _link(self, parent: str, child: str, row: LinkRow | None) -> TreeEdge:
        ends = f"metric:{parent}", f"metric:{child}"
        if row is None or self._run is None:
            names = (self._definitions.title("metrics", key) for key in (parent, child))
            return TreeEdge(*ends, "untested", "", "", 0.0, f"{' → '.join(names)}: no run has tested it yet.")
        view = self._run.view
        said = link_sentence(view, row)
        if row.estimate is None:
            return TreeEdge(*ends, "untested", "never tested", "", 0.0, said)
        number, span = words.change_parts(row.estimate, row.low, row.high, slope_unit(view, parent, child))
        exact = row.status == "exact"
        line: Line = "exact" if exact else row.grade
        opens = view.page_behind(row)
        return TreeEdge(*ends, line, number, "" if exact else span, self._size(row), said, opens or "")

    def _size(self, row: LinkRow) -> float:
        """How much of what the effect does the cause explains: one spread of true effects in spreads of the other."""
        spread = (
            {one.metric: one.spread.estimate for one in self._run.tables.spreads if one.spread} if self._run else {}
        )
        over, under = spread.get(row.parent), spread.get(row.child)
        return abs(row.estimate or 0.0) * over / under if over and under else 0.2

    def _initiatives(self, shown: list[str]) -> tuple[list[TreeNode], list[TreeEdge]]:
        """Initiatives beside the metrics they aim at, or how many where they are folded away."""
        nodes: dict[str, TreeNode] = {}
        edges: list[TreeEdge] = []
        every = {key for metric in shown for key in self._asked.get(metric, {})}
        all_open = "initiatives" in self._opened or len(every) <= MOST_INITIATIVES
        for metric in shown:
            asked = self._asked.get(metric, {})
            if not asked:
                continue
            if all_open or metric in self._opened:
                for key, hypothesis in asked.items():
                    nodes.setdefault(key, self._initiative(key, self._definitions.initiatives[key]))
                    edges.append(self._aim(key, metric, hypothesis))
                continue
            opened = ",".join(sorted({*self._opened, metric}))
            title = words.count(len(asked), "initiative")
            nodes[f"more:{metric}"] = TreeNode(
                f"more:{metric}", title, "show them", INITIATIVES, "more", address=f"?open={opened}"
            )
            said = f"{title} aim at {self._definitions.title('metrics', metric)}."
            edges.append(TreeEdge(f"more:{metric}", f"metric:{metric}", "serves", "", "", 0.0, said))
        return list(nodes.values()), edges

    def _initiative(self, key: str, made: Initiative) -> TreeNode:
        address = page_of(self._workspace, "initiatives", key)
        return TreeNode(
            f"initiative:{key}", self._definitions.title("initiatives", key), made.status, INITIATIVES, "initiative",
            address=address,
        )  # fmt: skip

    def _aim(self, key: str, metric: str, hypothesis: str) -> TreeEdge:
        ends = f"initiative:{key}", f"metric:{metric}"
        name = f"{self._definitions.title('initiatives', key)} → {self._definitions.title('metrics', metric)}"
        measured, promised = self._told(key, metric)
        unit = words.unit_of(self._definitions.metrics[metric])
        if measured is not None:
            effect = next(
                (row for row in self._effects(key) if row.metric == metric and row.estimate == measured.estimate), None
            )
            number, span = words.change_parts(measured.estimate, measured.low, measured.high, unit)
            line: Line = effect.grade if effect else "opinion"
            return TreeEdge(*ends, line, number, span, 0.3, f"{name}: measured {number} ({span}).")
        if promised is not None:
            number, span = words.change_parts(promised.p50, promised.p10, promised.p90, unit)
            said = f"{name}: promised {number} ({span}), 80 % interval; not measured yet."
            return TreeEdge(*ends, "untested", f"promised {number}", "", 0.1, said)
        return TreeEdge(*ends, "untested", "", "", 0.0, f"{name}: asked by hypothesis {hypothesis}, not measured yet.")

    def _told(self, key: str, metric: str) -> tuple[Measured | None, Promised | None]:
        lines = [row for row in self._run.tables.shipped if row.line == key] if self._run else []
        measured = next((row.measured for row in lines if row.measured and row.measured.metric == metric), None)
        promised = next((row.promised for row in lines if row.promised and row.promised.metric == metric), None)
        return measured, promised

    def _effects(self, key: str) -> list[EffectRow]:
        if self._run is None:
            return []
        tests = {row.experiment for row in self._run.tables.experiments if row.initiative == key}
        return [row for row in self._run.tables.effects if row.experiment in tests and row.segment is None]
