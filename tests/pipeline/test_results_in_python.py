from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pytest

import vitalfew as vf
from command_line import players, workspace
from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

ARMS = ["old", "new"] * 100
SPEND = [float(i * 7 % 11) for i in range(200)]
TABLE = pa.table({"arm": ARMS, "spend": SPEND})


class Frame:
    """A frame as polars and others have it: it can only be taken as a stream of Arrow."""

    def __arrow_c_stream__(self, schema: object = None) -> Any:
        return TABLE.__arrow_c_stream__(schema)


class Lazy:
    """A frame that turns into Arrow when asked."""

    def to_arrow(self) -> pa.Table:
        return TABLE


def estimate(data: Any, table: str | None = None) -> float | None:
    found = vf.analyze(data, variant="arm", metrics=["spend"], control="old", table=table)
    return found.tables.effects[0].estimate


def test_a_table_is_taken_in_every_form(tmp_path: Path) -> None:
    expected = estimate(TABLE)
    (tmp_path / "t.csv").write_text("arm,spend\n" + "\n".join(f"{a},{s}" for a, s in zip(ARMS, SPEND, strict=True)))
    with duckdb.connect() as connection:
        connection.register("sales", TABLE)
        forms = [Frame(), Lazy(), tmp_path / "t.csv", str(tmp_path / "t.csv")]
        found = [*(estimate(form) for form in forms), estimate(connection, table="sales")]
    assert found == pytest.approx([expected] * 5)


@pytest.mark.parametrize("data", [42, [1, 2], {"arm": ARMS}])
def test_what_is_no_table_is_refused_with_what_would_be_one(data: object) -> None:
    with pytest.raises(UsageError, match="expected a path, an Arrow table"):
        estimate(data)


def test_a_frame_of_pandas_is_taken_however_untidy_it_is() -> None:
    pandas = pytest.importorskip("pandas")
    frame = TABLE.to_pandas()
    expected = estimate(TABLE)
    frame["note"] = [1, "two", None, 4.5] * 50  # which Arrow alone refuses
    frame[7] = 1.0
    assert estimate(frame) == pytest.approx(expected)
    assert estimate(frame.set_index("arm")) == pytest.approx(expected)
    frame["spend"] = [str(value) if at % 3 else value for at, value in enumerate(SPEND)]
    assert estimate(frame) == pytest.approx(expected)
    with pytest.raises(UsageError, match="the frame names the column 'spend' twice"):
        estimate(pandas.concat([frame, frame[["spend"]]], axis=1))
    with pytest.raises(UsageError, match="cannot read a table from Series"):
        estimate(frame["arm"])


def test_a_name_of_a_column_that_is_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match="metrics holds 7; expected names of columns; write '7'"):
        vf.analyze(TABLE, variant="arm", metrics=[7])  # type: ignore[list-item]  # what a reader may try


def test_the_ledger_prints_as_a_table_and_leaves_as_arrow(tmp_path: Path) -> None:
    ledger = vf.run(vf.load(workspace(tmp_path))).ledger
    assert "Move the gate" in str(ledger)
    assert "<table" in ledger._repr_html_()
    assert ledger.to_arrow().select(["list", "line"]).to_pylist() == [{"list": "shipped", "line": "gate"}]


def test_effects_print_show_and_leave_as_a_flat_table(tmp_path: Path) -> None:
    table = TABLE.append_column("land", pa.array([("DE", "DK", "SE")[at % 3] for at in range(200)]))
    effects = vf.analyze(table, variant="arm", metrics=["spend"], control="old", segments=["land"]).effects
    flat = effects.to_arrow()
    assert len(flat) == len(effects) == 4
    assert not any(pa.types.is_nested(kind) for kind in flat.schema.types)
    everyone = flat.to_pylist()[0]
    row = effects.rows[0]
    sure, lift = row.interval(), row.relative
    assert sure is not None
    assert lift is not None
    assert (everyone["estimate"], everyone["low"], everyone["high"]) == (row.estimate, sure.low, sure.high)
    assert (everyone["relative"], everyone["relative_high"]) == (lift.estimate, lift.high)
    assert (everyone["n_control"], everyone["n_arm"], everyone["mean_control"]) == (100, 100, row.mean["old"])
    pyarrow.csv.write_csv(flat, tmp_path / "effects.csv")
    assert pyarrow.csv.read_csv(tmp_path / "effects.csv")["segment"].to_pylist()[1:] == [
        "land_DE",
        "land_DK",
        "land_SE",
    ]
    assert "BY SEGMENT" in str(effects)
    assert "relative " in str(effects)
    assert "<th>Relative</th>" in effects._repr_html_()
    assert vf.run(vf.load(workspace(tmp_path))).effects.to_arrow().schema == flat.schema


def test_frames_need_pandas_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = vf.run(vf.load(workspace(tmp_path))).ledger
    if importlib.util.find_spec("pandas"):
        assert list(ledger.to_pandas()["line"]) == ["gate"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        ledger.to_pandas()


def test_a_file_is_analysed_where_it_lies_and_nothing_is_written(tmp_path: Path) -> None:
    players(tmp_path / "players.csv")
    vf.analyze(tmp_path / "players.csv", variant="arm", metrics=["back"])
    assert [path.name for path in tmp_path.iterdir()] == ["players.csv"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"metrics": []}, "no metric is named"),
        ({"metrics": "spend"}, r"metrics is 'spend'; expected a list of columns; metrics=\['spend'\]"),
        ({"covariates": "spend"}, "covariates is 'spend'"),
        ({"mode": "sequential"}, "there is no mode 'sequential'.*did you mean 'group_sequential'"),
        ({"split": {"old": 0, "new": 1}}, "the split gives 'old' 0"),
    ],
)
def test_what_cannot_be_analysed_is_said_before_anything_is_read(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        vf.analyze(TABLE, variant="arm", control="old", **{"metrics": ["spend"], **asked})


def test_the_only_experiment_is_drawn_unless_there_are_several() -> None:
    found = vf.analyze(TABLE, variant="arm", metrics=["spend"], control="old")
    assert found.chart("forest").spec == found.chart("forest", "experiment").spec
    again = replace(found.tables.effects[0], experiment="second")
    several = replace(found, tables=replace(found.tables, effects=(*found.tables.effects, again)))
    with pytest.raises(UsageError, match=r"2 experiments could be drawn.*there are experiment and second"):
        several.chart("forest")


@pytest.mark.parametrize(("column", "holds"), [("spend", "'spend' holds no dates"), ("arm", "'arm' holds no dates")])
def test_a_time_that_is_none_is_refused(column: str, holds: str) -> None:
    with pytest.raises(UsageError, match=holds):
        vf.analyze(TABLE, variant="arm", metrics=["spend"], control="old", time=column)
