"""The page that follows one number through the code quotes figures; here they are computed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from docs.pages import ROOT
from vitalfew.results.moments import moments_of

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results


@pytest.fixture(scope="module")
def results(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("examples") / "cookie_cats"
    shutil.copytree(ROOT / "examples" / "cookie_cats", folder, ignore=shutil.ignore_patterns(".vitalfew", "*.csv"))
    (folder / "cookie_cats.csv").symlink_to(data_dir / "cookie_cats" / "cookie_cats.csv")
    return vf.run(vf.load(folder))


def test_the_figures_on_the_page_are_those_of_the_run(results: Results) -> None:
    page = (ROOT / "docs" / "explanation" / "how-a-number-is-made.md").read_text(encoding="utf-8")
    text = " ".join(page.split()).replace("−", "-")
    tables = results.tables
    for row in tables.moments:
        moments = moments_of(row)
        mean, variance = moments.mean_of("retention_7"), moments.variance_of("retention_7")
        assert f"| {row.arm} | {row.units:,} | {mean:.6f} | {variance:.6f} |" in text
    effect = next(row for row in tables.effects if row.metric == "retention_7")
    assert effect.estimate is not None
    assert effect.intervals[1].confidence == 0.95
    assert f"**{effect.estimate:.6f}**" in text
    assert f"**{effect.se:.6f}**" in text
    assert f"p {effect.p_value:.4f}" in text
    assert f"{effect.intervals[1].low:.4f} to {effect.intervals[1].high:.4f}" in text
    ratio = next(row for row in tables.health if row.test == "sample_ratio")
    assert (f"p {ratio.p:.4f}" in text, ratio.status) == (True, "warning")
    promise = tables.promises[0]
    assert f"p10 {promise.p10:g}, p50 **+{promise.p50:g}**, p90 {promise.p90:g}" in text
    (line,) = tables.shipped
    assert line.value is not None
    assert f"**{line.value.mean:.1f} points ({line.value.low:.1f} to {line.value.high:.1f})**" in text
    assert (line.verdict, line.recommendation, line.grade) == ("harmful", "remove", "tested")


def test_the_example_shows_what_its_readme_promises(results: Results) -> None:
    by_metric = {row.metric: row for row in results.tables.effects}
    assert round(100 * (by_metric["retention_1"].estimate or 0), 2) == -0.59
    assert round(by_metric["retention_1"].p_value or 0, 3) == 0.074
    assert round(by_metric["rounds"].p_value or 0, 2) == 0.38
    assert results.tables.failed == ()
