"""The on-ramp: files in, a commented workspace out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.asking import Asker
from vitalfew.connect.draft import Draft, Facts
from vitalfew.connect.features_file import add_listed, read_features
from vitalfew.connect.ideas import add_ideas
from vitalfew.connect.look import look
from vitalfew.connect.next_steps import sentences
from vitalfew.connect.opinions import add_opinions, factors_of, record
from vitalfew.connect.past import add_aggregates, add_results
from vitalfew.connect.preamble import lines_above, with_numbered_names, without_lines
from vitalfew.connect.recognise import ideas_beside, kind_named, opinions_among, recognise
from vitalfew.connect.releases_file import add_releases
from vitalfew.connect.series_file import add_series
from vitalfew.connect.sharing import agree
from vitalfew.connect.trials import add_exposures, add_unit_experiment, participation
from vitalfew.connect.usage import add_events, add_users
from vitalfew.connect.words import key_of
from vitalfew.connect.writing import new_folder, write
from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.results.words import count
from vitalfew.warehouse.csv_files import DoubledNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.connect.asking import Ask
    from vitalfew.connect.kinds import Kind
    from vitalfew.connect.look import Look
    from vitalfew.connect.recognise import Recognised
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions

SAME_NAME = "of columns with the same name the first is read"
"""What is said of a sheet in which columns share a name."""


@dataclass(frozen=True)
class Begun:
    """A workspace that was written. `recognised`: a sentence per file, and one about what was written."""

    folder: Path
    recognised: tuple[str, ...]
    facts: Facts
    definitions: Definitions = field(repr=False)

    def next_steps(self, tables: Tables) -> tuple[str, ...]:
        """What the first ledger says in a sentence, and the file that would tell most, and why."""
        return tuple(sentences(tables, self.facts, self.definitions, self.folder))


def begin(
    files: Sequence[Path],
    *,
    into: Path | None = None,
    ask: Ask | None = None,
    kind: Iterable[str] = (),
    assume: bool = False,
) -> Begun:
    """Write a workspace from a stranger's files.

    Args:
        files: delimited text, JSON lines or Parquet, each of a kind that `vitalfew.connect.kinds` knows.
        into: the folder to write, new or empty, which names the workspace; by default `vitalfew-NAME` after the first
            file, here.
        ask: asks a person `(question, choices, default)`; None when nobody may be asked.
        kind: what files are, `FILE=KIND`, where their columns do not tell.
        assume: take the likelier kind of a file that could be two, where nobody says which; it is told.

    Raises:
        UsageError: no such file, the folder holds something, or two files are of one kind.
        DataError: a file cannot be read, or matches no kind, or two; lists what each needs.
    """
    asker = Asker(ask, assume)
    wanted = _wanted(kind, files)
    home = into if into is not None else Path(f"vitalfew-{_stem(files[0])}")
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder(home))
        looks = [opened_file(Path(path), stack) for path in files]
        found = _recognised(looks, asker, wanted)
        usable = _by_kind(found)
        joined = agree(usable)
        draft = Draft(home, folder, asker)
        draft.tree["workspace"]["name"] = (
            _stem(files[0]) if into is None else key_of(into.resolve().name, (), "workspace")
        )
        draft.facts.have = {kind_.key for kind_ in usable}
        _add(draft, usable)
        said = add_opinions(draft, usable[kinds.OPINIONS]) if kinds.OPINIONS in usable else []
        if kinds.IDEAS in usable:
            add_ideas(draft, usable[kinds.IDEAS])
        definitions = write(draft, [file.look.name for file in usable.values()])
        if said:
            record(folder, definitions, said)
        told = (*(file.sentence for file in usable.values()), *joined, *draft.notes, f"Written: {home}")
    return Begun(home, told, draft.facts, definitions)


def opened_file(path: Path, stack: ExitStack) -> tuple[Look, int]:
    """A file, opened, and how many lines above its column names were left out."""
    above = lines_above(path)
    file = stack.enter_context(without_lines(path, above)) if above else path
    try:
        opened = look(file)
    except DoubledNameError as refused:
        opened = look(stack.enter_context(with_numbered_names(file, refused)))
        opened.refused = refused
    stack.callback(opened.close)
    return opened, above


def _recognised(looks: Sequence[tuple[Look, int]], asker: Asker, wanted: Mapping[str, Kind]) -> list[Recognised]:
    """The kind of each file; opinions first, as a sheet of ideas may have a column for each of their factors."""
    opinions = opinions_among([opened for opened, _ in looks], wanted)
    found = []
    for opened, above in looks:
        kind = wanted.get(opened.name)
        if opinions is not None and opened is opinions.look:
            file = opinions
        else:
            factors = () if opinions is None or kind not in (None, kinds.IDEAS) else factors_of(opinions)
            file = (ideas_beside(opened, factors) if factors else None) or recognise(opened, asker, kind)
        if opened.refused is not None:
            if file.kind is not kinds.IDEAS:  # of opinions each such column would be one more person, or factor
                raise opened.refused
            file.notes.append(SAME_NAME)
        if above and file.kind not in (kinds.IDEAS, kinds.OPINIONS):
            raise DataError(
                f"{opened.name} has {count(above, 'line')} above its column names",
                expected="column names in the first line",
                hint="remove what stands above them",
            )
        if above:
            file.notes.append(f"{count(above, 'line')} above the column names left out")
        file.notes.extend(remark for _, remark in opened.engine.remarks())
        found.append(file)
    return found


def _add(draft: Draft, files: dict[Kind, Recognised]) -> None:
    """Add the files to the draft, those first that others lean on."""
    listed = read_features(draft, files[kinds.FEATURES]) if kinds.FEATURES in files else []
    events = add_events(draft, files[kinds.EVENTS], listed) if kinds.EVENTS in files else None
    if events is None:
        add_listed(draft, listed)
    if kinds.USERS in files:
        add_users(draft, files[kinds.USERS])
    if kinds.EXPOSURES in files:
        add_exposures(draft, files[kinds.EXPOSURES], events)
    if kinds.UNITS in files:
        add_unit_experiment(draft, files[kinds.UNITS])
    if kinds.RESULTS in files:
        add_results(draft, files[kinds.RESULTS])
    if kinds.AGGREGATES in files:
        add_aggregates(draft, files[kinds.AGGREGATES])
    if kinds.SERIES in files:
        add_series(draft, files[kinds.SERIES])
    if kinds.RELEASES in files:
        add_releases(draft, files[kinds.RELEASES])
        if events is not None and kinds.SERIES not in files and not draft.tree["metrics"]:
            participation(draft, events)


def _by_kind(found: Sequence[Recognised]) -> dict[Kind, Recognised]:
    """The files by kind, one of each."""
    usable: dict[Kind, Recognised] = {}
    for file in found:
        if file.kind in usable:
            other = usable[file.kind].look.name
            raise UsageError(
                f"{other} and {file.look.name} are both {file.kind.title}",
                expected="one file of each kind",
                hint="put them into one file, or name one of them",
            )
        usable[file.kind] = file
    if {kinds.RESULTS, kinds.AGGREGATES} <= usable.keys():
        raise UsageError("past results as estimates and per arm in one go", hint="start with one of the two files")
    return usable


def _wanted(pairs: Iterable[str], files: Sequence[Path]) -> dict[str, Kind]:
    names = [Path(path).name for path in files]
    wanted = {}
    for pair in pairs:
        file, sign, name = pair.rpartition("=")
        if not sign:
            raise UsageError(f"--as '{pair}' names no kind", expected="FILE=KIND, such as usage.csv=events")
        if Path(file).name not in names:
            raise UsageError(f"--as names '{file}', which is none of the files", hint=suggest(Path(file).name, names))
        wanted[Path(file).name] = kind_named(name)
    return wanted


def _stem(path: Path) -> str:
    return key_of(Path(path).name.partition(".")[0], (), "workspace")
