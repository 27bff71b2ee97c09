"""Carry out a simulated company: definitions, data, acts and truth, written as a workspace folder."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.simulate.acts import all_said, pseudonym, write_acts
from vitalfew.simulate.events import draw_events
from vitalfew.simulate.plan import USERS
from vitalfew.simulate.trials import run_trials
from vitalfew.simulate.truth import FILE as TRUTH
from vitalfew.simulate.truth import Truth
from vitalfew.simulate.users import draw_users
from vitalfew.workspace.whole import is_free, whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.simulate.plan import Company, Size
    from vitalfew.workspace.definitions import Definitions

DATA = "data"


def create(company: Company, folder: Path, seed: int, size: Size) -> Truth:
    """Write a simulated company into a new or empty folder, whole or not at all; the same seed gives the same bytes.

    A simulated company that lies there already is replaced.

    Args:
        company: what is planted.
        folder: where to; made when absent.
        seed: any whole number from 0.
        size: `full` (20,000 users) or `small`.

    Returns:
        The truth, which is also written beside the data.

    Raises:
        UsageError: the folder holds something else.
    """
    with new_company(folder) as draft:
        return _written(company, draft, seed, size)


def _written(company: Company, folder: Path, seed: int, size: Size) -> Truth:
    streams = np.random.SeedSequence(seed).spawn(5)
    users = draw_users(np.random.default_rng(streams[0]), USERS[size])
    field = run_trials(np.random.default_rng(streams[1]), company, users)
    events = draw_events(streams[2], users, field, company.features)
    _write(folder / DATA / "users.parquet", users.table())
    _write(folder / DATA / "exposures.parquet", field.exposures(np.random.default_rng(streams[3])))
    _write(folder / DATA / "events.parquet", events)
    truth = Truth(
        company=company.folder,
        seed=seed,
        size=size,
        users=users.count,
        events=events.num_rows,
        effects=field.effects,
        features=company.features,
        links=company.links,
        forecast_trust={pseudonym(person.name): person.trust for person in company.forecasters},
        story=company.story,
    )
    truth.write(folder)
    for file in templates(company.folder):
        (folder / file.name).write_bytes(file.read_bytes())
    said = all_said(np.random.default_rng(streams[4]), company, truth, definitions_of(company.folder))
    write_acts(folder, said, seed)
    return truth


@contextmanager
def new_company(folder: Path) -> Iterator[Path]:
    """A folder to write a simulated company into, which stands in `folder` when all of it is written.

    What another simulated company defined there goes; a folder that holds anything else is left alone.

    Raises:
        UsageError: the folder holds something else.
    """
    if not ((folder / TRUTH).exists() or is_free(folder)):
        raise UsageError(f"'{folder}' is not empty", expected="a new or empty folder", hint="choose another folder")
    with whole_folder(folder) as draft:
        (draft / DATA).mkdir()
        yield draft
        for file in (file for company in _home("").iterdir() if company.is_dir() for file in company.iterdir()):
            (folder / file.name).unlink(missing_ok=True)


def _write(path: Path, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=500_000)


def templates(name: str) -> list[Traversable]:
    """The YAML files of a company, by name."""
    return sorted(_home(name).iterdir(), key=lambda file: file.name)


def _home(name: str) -> Traversable:
    return files("vitalfew.simulate") / "workspaces" / name


@cache
def definitions_of(name: str) -> Definitions:
    """The definitions of a company, which do not depend on the seed."""
    from vitalfew.workspace import load

    with as_file(_home(name)) as folder:
        return load(folder).definitions
