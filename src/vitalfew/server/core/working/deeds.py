"""The kinds of work on data: run a workspace, start one from files, make the demo, look at data, read, unpack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DataError

if TYPE_CHECKING:
    from vitalfew.connect.asking import Ask
    from vitalfew.errors import Problem
    from vitalfew.pipeline.results import Results
    from vitalfew.server.core.working.order import Order
    from vitalfew.workspace.workspace import Workspace

type Report = Callable[[str, int, int], None]
type Deed = Callable[[Order, Report], dict[str, Any]]

UPLOADS = "uploads"
"""The folder in a workspace's folder in which files lie that people gave."""
_WRITTEN = ("*.yaml", "README.md", ".gitignore", "truth.json")


def run(order: Order, report: Report) -> dict[str, Any]:
    """Run the workspace as it stood when the work was given out."""
    if order.snapshot is None:
        raise ValueError("an order to run comes with a workspace")
    return _told(_ran(order.snapshot.workspace(order.folder), report))


def start(order: Order, report: Report) -> dict[str, Any]:
    """Recognise files, define a workspace from them, run it. Questions take the answers given, else what stands."""
    from vitalfew.connect import begin
    from vitalfew.workspace import load

    report("recognise", 0, 0)
    root = Path(order.folder)
    into = root / order.arguments["into"]
    shutil.rmtree(into, ignore_errors=True)  # of an attempt that was interrupted
    asked: list[dict[str, Any]] = []
    files = [root / UPLOADS / name for name in order.arguments["files"].values()]
    ask = _answering(order.arguments.get("answers", {}), asked)
    begun = begin(files, into=into, ask=ask, kind=order.arguments.get("kinds", ()))
    written = load(into)
    results = _ran(_inside(written, root, into), report)
    said, steps = (_for_pages(told, into) for told in (begun.recognised, begun.next_steps(results.tables)))
    words = {"recognised": said, "asked": asked, "next": steps}
    return {**_told(results), **_defined(written, root, into), **words}


def demo(order: Order, report: Report) -> dict[str, Any]:
    """Make the demo product and run it."""
    from vitalfew.simulate import demo as make
    from vitalfew.workspace import load

    report("make the demo", 0, 0)
    root = Path(order.folder)
    into = root / order.arguments["into"]
    shutil.rmtree(into, ignore_errors=True)
    make(into, size="small")
    written = load(into)
    return {**_told(_ran(_inside(written, root, into), report)), **_defined(written, root, into)}


def look(order: Order, _report: Report) -> dict[str, Any]:
    """Measure one metric on the data as it stands, without a run."""
    from vitalfew.pipeline.preview import preview

    return asdict(preview(_given(order), order.arguments["metric"], seconds=order.arguments["seconds"]))


def columns(order: Order, _report: Report) -> dict[str, Any]:
    """Tell which columns and events the sources hold."""
    from vitalfew.pipeline.preview import columns as held

    return {"sources": [asdict(found) for found in held(_given(order))]}


def held(order: Order, _report: Report) -> dict[str, Any]:
    """Tell what tables hold, sources or not (yet)."""
    from vitalfew.pipeline.held import held as found

    return {"tables": [asdict(one) for one in found(_given(order), **order.arguments)]}


def plan(order: Order, _report: Report) -> dict[str, Any]:
    """Say what an experiment could find, from the data as they stand."""
    from vitalfew.pipeline import plan as planned

    return {"plan": planned(_given(order), order.arguments["experiment"], **order.arguments["wishes"]).to_dict()}


def read(order: Order, _report: Report) -> dict[str, Any]:
    """Tell what the files of a folder define, or what is wrong with them."""
    from vitalfew.errors import DefinitionError
    from vitalfew.workspace import load

    folder = Path(order.folder)
    try:
        found = load(folder)
    except DefinitionError as error:
        return {"defined": {}, "problems": [asdict(_below(problem, folder)) for problem in error.problems]}
    return {"defined": found.definitions.model_dump(mode="json", exclude_defaults=True), "problems": []}


def unpack(order: Order, report: Report) -> dict[str, Any]:
    """Unpack what was brought and is kept in a folder as it came."""
    from vitalfew.server.core.working.unpacking import kept_in
    from vitalfew.server.core.working.unpacking import unpack as unpacked

    with ExitStack() as files:
        brought = kept_in(Path(order.folder), files)
        into, most = Path(order.arguments["into"]), order.arguments["most"]
        return {"left_out": unpacked(brought, into, most, lambda done, total: report("unpack", done, total))}


def _below(problem: Problem, folder: Path) -> Problem:
    """The same without where on this machine the files are kept."""
    told = {name: text and text.replace(f"{folder}/", "") for name, text in asdict(problem).items() if name != "where"}
    where = problem.where and replace(problem.where, file=problem.where.file.removeprefix(f"{folder}/"))
    return replace(problem, where=where, **told)


def _given(order: Order) -> Workspace:
    if order.snapshot is None:
        raise ValueError("an order to look at data comes with a workspace")
    return order.snapshot.workspace(order.folder)


def _ran(workspace: Workspace, report: Report) -> Results:
    from vitalfew.pipeline import run as walk
    from vitalfew.results.store import Store

    results = walk(workspace, progress=report)
    if workspace.root is None or results.info.id not in Store(workspace.root).ids():
        raise DataError("; ".join(results.notes) or "the run could not be kept")
    return results


def _told(results: Results) -> dict[str, Any]:
    return {"run": results.info.id, "failures": len(results.failures)}


def _inside(written: Workspace, root: Path, into: Path) -> Workspace:
    """What was written, as a workspace of the folder around it."""
    return replace(
        written, root=root, definitions=written.definitions.model_copy(update={"data": _data(written, root, into)})
    )


def _data(written: Workspace, root: Path, into: Path) -> Any:  # noqa: ANN401 - settings of data, whose type is heavy to import
    settings = written.definitions.data
    return settings.model_copy(update={"path": str((into / settings.path).resolve().relative_to(root.resolve()))})


def _defined(written: Workspace, root: Path, into: Path) -> dict[str, Any]:
    """The definitions as plain trees for the server, which owns them from now on: their files go."""
    from vitalfew.workspace.writing import tree_of

    tree = tree_of(written.definitions)
    tree["data"] = _data(written, root, into).model_dump(mode="json", exclude_defaults=True)
    for pattern in _WRITTEN:
        for path in into.glob(pattern):
            path.unlink()
    return {"tree": tree, "into": into.name, "acts": len(written.acts.acts)}


def _for_pages(told: tuple[str, ...], into: Path) -> list[str]:
    """Sentences that say something on a page: not where files lie on the server."""
    return [
        sentence for sentence in told if str(into) not in sentence and not sentence.endswith("is read where it lies")
    ]


def _answering(answers: Mapping[str, str], asked: list[dict[str, Any]]) -> Ask:
    """Answer questions as told before, and note each, so that a person may answer otherwise."""

    def ask(question: str, choices: tuple[str, ...], default: str) -> str:
        answer = answers.get(question, default)
        asked.append({"question": question, "choices": list(choices), "answer": answer})
        return answer

    return ask


_ALL = (run, start, demo, look, columns, held, plan, read, unpack)
WORK: Mapping[str, Deed] = {deed.__name__: deed for deed in _ALL}
"""Work by its name."""
