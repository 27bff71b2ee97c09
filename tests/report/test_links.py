"""What the report and the terminal say of links, luck, proxies, trade-offs and releases."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from report import beyond, sample
from vitalfew.evidence.link_words import ASSUMES, BETWEEN_USERS
from vitalfew.report.evidence_pictures import Point, ellipse, placebos, scatter
from vitalfew.report.html import html_page
from vitalfew.report.html_links import links
from vitalfew.report.html_releases import releases
from vitalfew.report.link_graph import Edge, link_graph
from vitalfew.report.link_words import trade_off_sentences
from vitalfew.report.terminal_links import print_links
from vitalfew.report.terminal_releases import print_releases
from vitalfew.report.terminal_shrunk import print_shrunk
from vitalfew.report.words import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.report.view import View

PRINTS = (print_links, print_releases, print_shrunk)


def words_of(markup: object) -> str:
    return " ".join(re.sub("<[^>]+>", " ", str(markup)).replace("\N{NO-BREAK SPACE}", " ").split())


def printed(show: Callable[[View, Console], None], view: View, width: int = 120, *, terminal: bool = True) -> str:
    out = StringIO()
    show(view, Console(file=out, width=width, force_terminal=terminal, color_system=None))
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ")


def test_a_report_without_links_or_releases_has_none_of_their_sections() -> None:
    page = html_page(sample.view())
    assert not any(f'id="{name}"' in page or f'href="#{name}"' in page for name in ("links", "releases"))


def test_links_and_releases_have_sections_that_are_named_on_top() -> None:
    page = html_page(beyond.view())
    assert all(f'id="{name}"' in page and f'href="#{name}"' in page for name in ("links", "releases"))


def test_where_only_luck_is_known_the_section_is_called_so() -> None:
    known = html_page(beyond.view())
    luck = html_page(beyond.view(replace(beyond.tables(), links=(), trade_offs=(), paths=(), predicted=())))
    assert 'href="#links">Links<' in known
    assert 'href="#links">Luck<' in luck


def test_the_section_of_links_says_all_there_is_to_know() -> None:
    said = words_of(links(beyond.view()))
    for part in (
        "5 links: 1 exact link, 1 estimated, 1 weak, 1 not identified, 1 opinion.",
        "Planning time per day → Jobs closed per week −0.110 jobs (−0.190 to −0.030) per 1 min 2.7 dated",
        "per job",
        "the data cannot tell it",
        "120 more experiments",
        "A scatter plot says",
        "so a path is missing",
        "correlation of true effects −0.30 (−0.60 to 0.05)",
        "blend of 2 metrics",
        "it rises and retention does not",
        "through links",
        "3 wins of 29 experiments claimed 5 pp together; without luck 1.0 pp (0.0 to 2.0)",
    ):
        assert part in said, part


def test_the_section_of_releases_says_all_there_is_to_know() -> None:
    said = words_of(releases(beyond.view()))
    for part in (
        "2 releases: 1 of 1 that could be tested stands out from what happens without a release.",
        "Spring, 2026-03-01",
        "descriptive only",
        "0 of 24 placebo dates show as much",
        "not balanced",
        "team dispatch",
        "unexplained",
        "2026-01-01 to 2026-02-01",
        "The banner gains on jobs and loses on retention.",
    ):
        assert part in said, part


@pytest.mark.parametrize("width", [74, 80, 120, 200])
@pytest.mark.parametrize("show", PRINTS)
def test_no_line_is_wider_than_the_terminal(show: Callable[[View, Console], None], width: int) -> None:
    text = printed(show, beyond.view(), width)
    assert text.strip()
    assert max(cell_len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize("show", PRINTS)
def test_in_a_pipe_every_row_is_a_line_that_says_what_its_numbers_are(
    show: Callable[[View, Console], None],
) -> None:
    text = printed(show, beyond.view(), terminal=False)
    assert "…" not in text


def test_the_terminal_says_what_a_link_would_take_and_what_a_scatter_says() -> None:
    wide, narrow = printed(print_links, beyond.view()), printed(print_links, beyond.view(), 80)
    assert "about 120 more experiments" in wide
    assert "scatter says" in wide
    assert "the data cannot tell it (strength below 2)" in " ".join(narrow.split())


def test_releases_within_the_same_days_are_told_as_one() -> None:
    assert "came with April: the change belongs to all of them together" in printed(print_releases, beyond.view())


@pytest.mark.parametrize("show", PRINTS)
def test_where_there_is_nothing_yet_the_first_step_is_taught(show: Callable[[View, Console], None]) -> None:
    text = printed(show, sample.view())
    assert "First step" in text or "five on the same metric" in text


def test_one_release_and_no_history_is_said_plainly() -> None:
    bare = replace(beyond.tables(), release_effects=(), placebos=(), event_study=(), contributions=(), conflicts=())
    assert "none could be compared with days without a release yet" in printed(print_releases, beyond.view(bare))


def test_causes_stand_left_of_what_they_move_and_a_longer_link_passes_between_the_boxes() -> None:
    edges = [Edge(a, b, "exact", "", 0.5, f"{a} {b}") for a, b in (("x", "y"), ("y", "z"), ("x", "z"))]
    drawn = link_graph({"x": "First", "y": "Second", "z": "Third"}, edges, "a graph")
    at = {name: float(x) for x, name in re.findall(r'<text x="([\d.]+)"[^>]*>(\w+)<', drawn)}
    assert at["First"] < at["Second"] < at["Third"]
    longest = max(re.findall(r'd="([^"]+)"', drawn), key=lambda path: path.count("C"))
    assert longest.count("C") == 3


@pytest.mark.parametrize(("parents", "children"), [(3, 1), (1, 3), (3, 3), (6, 2), (2, 6)])
def test_numbers_on_links_cover_neither_each_other_nor_a_box(parents: int, children: int) -> None:
    pairs = [(f"p{at}", f"c{to}") for at in range(parents) for to in range(children)]
    edges = [Edge(a, b, "estimated", "+0.0123 points", 0.5, "told") for a, b in pairs]
    drawn = str(link_graph({}, edges, "a graph"))
    half, high = 0.5 * len("+0.0123 points") * 6.9, 13
    texts = [
        (float(x), float(y)) for x, y in re.findall(r'<text x="([-\d.]+)" y="([-\d.]+)" class="e-text mid"', drawn)
    ]
    box = r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]* class="n-box"'
    boxes = [tuple(map(float, found)) for found in re.findall(box, drawn)]
    assert len(texts) == len(edges)
    assert all(abs(x - u) >= 2 * half or abs(y - v) >= high for (x, y), (u, v) in combinations(texts, 2))
    assert all(x + half <= left or x - half >= left + wide for x, _ in texts for left, wide in boxes)


def test_a_long_name_is_whole_in_the_picture_and_on_a_line_of_its_own_in_the_terminal() -> None:
    name = "Articles read to their very end"
    assert name in link_graph({"x": name}, [Edge("x", "y", "weak", "", 0.1, "")], "a graph")
    view = beyond.view()
    longest = max(
        (f"{view.title('metrics', row.parent)} → {view.title('metrics', row.child)}" for row in view.tables.links),
        key=len,
    )
    assert longest in printed(print_links, view, 112)


def test_where_only_luck_is_known_nothing_is_said_to_move_anything() -> None:
    only_luck = replace(beyond.tables(), links=(), trade_offs=(), paths=(), proxies=(), predicted=())
    said = words_of(links(beyond.view(only_luck)))
    assert "What of the effects is luck" in said
    assert "moves" not in said


def test_names_are_escaped_in_pictures() -> None:
    drawn = link_graph({"x": "<b>"}, [Edge("x", "y", "weak", "", 0.1, "<i>")], "<u>")
    assert "<b>" not in drawn
    assert "<i>" not in drawn


def test_pictures_hold_at_the_edges() -> None:
    alone = [Point(0.0, 0.0, 0.0, 0.0, "one")]
    for drawn in (
        scatter(alone, (1e9, -1e-9), ("x", "y"), "t"),
        scatter(alone, (None, 0.0), ("x", "y"), "t"),
        ellipse(alone, (1.0, 1.0, 1.0), ("x", "y"), "t"),
        placebos([0.0] * 5, 0.0, Unit(), "t"),
        placebos([-1e-12, 1e12], 5.0, Unit(), "t"),
    ):
        assert "nan" not in drawn
        assert "inf" not in drawn


def test_pairs_with_too_few_experiments_are_one_sentence() -> None:
    told = beyond.tables()
    few = replace(
        told.trade_offs[0], covariance=None, correlation=None, exchange_rate=None, p_opposed=None, experiments=4
    )
    many = replace(told, trade_offs=(*told.trade_offs, few, replace(few, second="clicks", experiments=6)))
    sentences = trade_off_sentences(beyond.view(many))
    assert len(sentences) == 2
    assert sentences[1].startswith(
        "Too few experiments to tell how these go together (6 experiments measured both at most"
    )
    assert "it takes 10" in sentences[1]


def test_what_all_links_assume_is_said_once_and_what_the_scatter_says_stands_in_its_column() -> None:
    view = beyond.view()
    noted = [
        replace(
            row,
            notes=(
                *row.notes,
                ASSUMES.format(child=row.child, parents=row.parent),
                BETWEEN_USERS.format(naive=1, estimate=2),
            ),
        )
        for row in view.tables.links
    ]
    told = replace(view, tables=replace(view.tables, links=tuple(noted)))
    for said in (words_of(links(told)), printed(print_links, told, terminal=False)):
        assert said.count("INSIDE") == 1
        assert "mixes in" not in said
    assert "INSIDE" not in words_of(links(view))


def test_early_metrics_that_nobody_can_judge_are_named_in_one_sentence() -> None:
    view = beyond.view()
    unknown = [replace(row, status="unknown", message="too few experiments") for row in view.tables.proxies]
    told = replace(view, tables=replace(view.tables, proxies=tuple(unknown)))
    for said in (words_of(links(told)), printed(print_links, told, terminal=False)):
        assert said.count("too few experiments.") == 1


@pytest.mark.parametrize("width", [80, 120])
def test_no_interval_of_an_effect_without_luck_is_cut(width: int) -> None:
    rows = printed(print_shrunk, beyond.view(), width).partition("EFFECT BY EFFECT")[2].splitlines()
    assert rows
    assert not any("…" in row for row in rows)


def test_where_nothing_was_released_the_first_step_is_told() -> None:
    assert "First step: `vitalfew start releases.csv kpi.csv`" in printed(print_releases, sample.view(), 200)
