from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from vitalfew.errors import UsageError
from vitalfew.simulate import Truth, daybreak, demo, healthy
from vitalfew.simulate.company import new_company
from vitalfew.workspace import load
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def fieldnote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companies") / "fieldnote"
    demo(folder, seed=3, size="small")
    return folder


@pytest.fixture(scope="module")
def steadyworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companies") / "steadyworks"
    healthy(folder, seed=3, size="small")
    return folder


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_data(fieldnote: Path, tmp_path: Path) -> None:
    demo(tmp_path / "again", seed=3, size="small")
    demo(tmp_path / "other", seed=4, size="small")
    first, again, other = (fingerprint(path) for path in (fieldnote, tmp_path / "again", tmp_path / "other"))
    assert first == again
    assert first.keys() == other.keys()
    changed = {name for name in first if first[name] != other[name]}
    assert {"data/users.parquet", "data/events.parquet", "data/exposures.parquet", "acts.jsonl"} <= changed
    assert not any(name.endswith(".yaml") for name in changed)


def test_the_demo_product_has_the_promised_parts(fieldnote: Path) -> None:
    definitions = load(fieldnote).definitions
    assert len(definitions.features) == 40
    assert len(definitions.experiments) == 30
    assert len(definitions.releases) == 25
    assert set(definitions.segments) == {"solo", "mid", "enterprise"}
    assert len(Truth.read(fieldnote).hardly_used()) == 20
    candidates = [key for key, bet in definitions.initiatives.items() if bet.status in ("idea", "forecast")]
    assert 8 <= len(candidates) <= 12
    assert any(definitions.initiatives[key].removes for key in candidates)


def test_definitions_and_data_speak_of_the_same_things(fieldnote: Path, steadyworks: Path) -> None:
    for folder in (fieldnote, steadyworks):
        definitions = load(folder).definitions
        events = set(pc.unique(pq.read_table(folder / "data" / "events.parquet")["event"]).to_pylist())
        counted = {event for metric in definitions.metrics.values() for event in metric.numerator.events}
        counted |= {event for feature in definitions.features.values() for event in feature.events}
        assert counted <= events
        exposures = pq.read_table(folder / "data" / "exposures.parquet")
        assert set(pc.unique(exposures["experiment"]).to_pylist()) == set(definitions.experiments)


def test_exposures_lie_within_the_declared_dates(fieldnote: Path) -> None:
    definitions = load(fieldnote).definitions
    first = (
        pq.read_table(fieldnote / "data" / "exposures.parquet")
        .group_by("experiment")
        .aggregate([("at", "min"), ("at", "max")])
    )
    for key, earliest, latest in zip(
        *(first[name].to_pylist() for name in ("experiment", "at_min", "at_max")), strict=True
    ):
        experiment = definitions.experiments[key]
        assert experiment.start is not None
        assert experiment.end is not None
        assert experiment.start <= earliest.date() < latest.date() <= experiment.end


def test_the_log_of_acts_is_whole_and_promises_precede_their_start(fieldnote: Path) -> None:
    found = verify(load(fieldnote))
    assert not found.damage
    proofs = {promise.hypothesis: promise.proof for promise in found.promises}
    assert proofs.pop("quiet_hours_retention") == "no"
    assert len(proofs) > 20
    assert set(proofs.values()) == {"claimed"}


def test_in_the_healthy_company_every_trial_was_promised_before_it_started(steadyworks: Path) -> None:
    workspace = load(steadyworks)
    proofs = [promise.proof for promise in verify(workspace).promises]
    assert len(proofs) == len(workspace.definitions.experiments)
    assert set(proofs) == {"claimed"}


def test_the_truth_is_read_back_as_it_was_written(fieldnote: Path) -> None:
    truth = Truth.read(fieldnote)
    assert truth.faulty() == {"guided_tour"}
    assert truth.effect("daily_nudges", "planning_clicks").effect > 0
    assert truth.effect("daily_nudges", "retention_28").effect < 0
    truth.write(fieldnote)
    assert Truth.read(fieldnote) == truth


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear reader", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        demo(tmp_path, size="small")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_demo_that_is_interrupted_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_company(tmp_path / "demo") as draft:
            (draft / "data" / "users.parquet").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    demo(tmp_path / "demo", size="small")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert verify(load(tmp_path / "demo")).ok


def test_one_demo_takes_the_place_of_another_and_keeps_none_of_its_definitions(tmp_path: Path) -> None:
    demo(tmp_path / "product", size="small")
    (tmp_path / "product" / "own.yaml").write_text("teams: {ours: {title: Ours}}\n", encoding="utf-8")
    daybreak(tmp_path / "product")
    assert sorted(path.name for path in (tmp_path / "product").iterdir()) == sorted(
        ["acts", "acts.jsonl", "data", "metrics.yaml", "own.yaml", "truth.json", "workspace.yaml"]
    )
    assert verify(load(tmp_path / "product")).ok


def test_a_demo_made_again_in_its_folder_equals_one_made_anew(fieldnote: Path, tmp_path: Path) -> None:
    demo(tmp_path / "demo", seed=9, size="small")
    demo(tmp_path / "demo", seed=3, size="small")
    assert fingerprint(tmp_path / "demo") == fingerprint(fieldnote)


@pytest.mark.prove
def test_the_full_demo_has_three_to_five_million_events_of_twenty_thousand_users(tmp_path: Path) -> None:
    for seed in range(3):
        truth = demo(tmp_path / str(seed), seed=seed)
        assert truth.users == 20_000
        assert 3_000_000 <= truth.events <= 5_000_000
