"""Two experiments whose exposures lie in different files: a run says whether they change each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

import vitalfew as vf

if TYPE_CHECKING:
    from pathlib import Path


def _folder(folder: Path, together: float) -> Path:
    rng, users = np.random.default_rng(5), np.arange(1_200)
    arms = {"web": users % 2, "app": users // 2 % 2}
    for name, arm in arms.items():
        rows = [f"{user},{name},{'new' if arm[user] else 'control'},2026-03-02" for user in users]
        (folder / f"{name}.csv").write_text("\n".join(["user,exp,arm,at", *rows]) + "\n")
    bought = rng.poisson(2 + together * arms["web"] * arms["app"])
    log = [f"{user},order,2026-03-03" for user in users for _ in range(bought[user])]
    (folder / "log.csv").write_text("\n".join(["user,event,at", *log]) + "\n")
    columns = {"unit": "user", "experiment": "exp", "variant": "arm", "time": "at"}
    definitions = {
        "sources": {name: {"table": f"{name}.csv", **columns} for name in arms}
        | {"log": {"table": "log.csv", "unit": "user", "time": "at", "event": "event"}},
        "metrics": {"orders": {"kind": "count", "source": "log"}},
        "experiments": {name: {"source": name, "metrics": ["orders"]} for name in arms},
    }
    (folder / "w.yaml").write_text(yaml.safe_dump(definitions))
    return folder


@pytest.mark.parametrize(("together", "clear"), [(0.0, False), (1.0, True)])
def test_whether_experiments_of_two_files_change_each_other_is_tested(
    tmp_path: Path, together: float, clear: bool
) -> None:
    results = vf.run(vf.load(_folder(tmp_path, together)))
    assert results.tables.failed == ()
    (row,) = (row for row in results.tables.heterogeneity if row.kind == "experiments")
    assert (row.experiment, row.by, row.metric) == ("app", ("web", "new"), "orders")
    assert row.adjusted_p is not None
    assert (row.adjusted_p < 1e-4) is clear
