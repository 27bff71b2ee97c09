"""Commands that compute: start, demo, run, check."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalfew.cli.output import day, progress, say, write_json, write_results, write_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from vitalfew.pipeline.results import Results
    from vitalfew.report.view import View
    from vitalfew.results.rows import Tables
    from vitalfew.simulate import Recovery
    from vitalfew.simulate.plan import Size
    from vitalfew.workspace.workspace import Workspace

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained HTML report.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Read the past, to the end of this day.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (start, demo, run, check):
        app.command()(command)


def start(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="Your files: use, results, ideas, opinions.")
    ] = None,
    into: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to write; by default vitalfew-NAME.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what is likelier is taken, and said.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="FILE=KIND", help="What a file is, where its columns do not tell. Repeatable."),
    ] = None,
    html: Html = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="Without files: begin with a value model; 'list' names all.")
    ] = None,
) -> None:
    """From your own files to a value ledger.

    Recognises the files, writes a workspace, runs it, and names the file that would tell most next. With no file at
    hand, a template gives a value model to make your own, and an empty table for its numbers.
    """
    from vitalfew.connect import begin
    from vitalfew.errors import UsageError
    from vitalfew.workspace import load

    if template is not None:
        _from_template(template, files, into)
        return
    if not files:
        raise UsageError("there is no file to start from", hint="name one, or take '--template list' to begin without")
    ask = None if yes or not sys.stdin.isatty() else _ask
    begun = begin(files, into=into, ask=ask, kind=kind or (), assume=yes)
    write_sentences(begun.recognised)
    results = _computed(load(begun.folder), None)
    write_results(results)
    _write_html(results, html)
    write_sentences(begun.next_steps(results.tables))
    leave(results)


def _from_template(name: str, files: Sequence[Path] | None, into: Path | None) -> None:
    from vitalfew.connect.starters import begin_from, starter, starters
    from vitalfew.errors import UsageError

    if files:
        raise UsageError("files tell what to define, and a template does too", hint="give one of the two")
    if name == "list":
        for each in starters():
            say(f"{each.name}: {each.title}. {each.about}")
        return
    chosen = starter(name)
    write_sentences(begin_from(chosen, into or Path(f"vitalfew-{name}")))


def demo(
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write.")] = Path("vitalfew-demo"),
    seed: Annotated[int, typer.Option(help="Another product with the same story.")] = 1,
    small: Annotated[bool, typer.Option("--small", help="A fifth of the users.")] = False,
    links: Annotated[
        bool, typer.Option("--links", help="A news product: 300 experiments, and what moves what.")
    ] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Serve it as a web application afterwards.")] = False,
) -> None:
    """Make a demo product with planted truth, and run it.

    Says how much of the truth was recovered.
    """
    from vitalfew.errors import UsageError
    from vitalfew.workspace import load
    from vitalfew.workspace.whole import is_free

    if (into / "truth.json").exists():
        say(f"{into} holds a demo product already; it is made anew.")
    elif not is_free(into):
        raise UsageError(f"{into} exists and is no demo product", hint="name another folder: --into DIR")
    recovered = _news(into, seed) if links else _field_service(into, seed, "small" if small else "full")
    results = _computed(load(into), None)
    if links:
        from rich.console import Console

        from vitalfew.report.terminal_links import print_links

        print_links(results.view, Console(file=sys.stdout))
    else:
        write_results(results)
    typer.echo("")
    for line in recovered(results.tables).sentences():
        say(line)
    report = results.to_html(into / "report.html")
    typer.echo("")
    say(f"Report: {report}")
    say(f"The workspace: {into} (look at its YAML, change it, then: vitalfew run {into})")
    if not serve:
        say(f"In a browser: vitalfew serve {into}")
    else:
        from vitalfew.cli.serving import serve as run_server

        typer.echo("")
        run_server(into)


def _field_service(into: Path, seed: int, size: Size) -> Callable[[Tables], Recovery]:
    from vitalfew.simulate import demo as make
    from vitalfew.simulate import recovery

    truth = make(into, seed=seed, size=size)
    return lambda tables: recovery(truth, tables)


def _news(into: Path, seed: int) -> Callable[[Tables], Recovery]:
    from vitalfew.simulate import daybreak, daybreak_recovery

    truth = daybreak(into, seed=seed)
    return lambda tables: daybreak_recovery(truth, tables)


def run(
    folder: Folder = Path(),
    as_json: AsJson = False,
    html: Html = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Only this part of the JSON, experiment, initiative or feature. Repeatable."),
    ] = None,
    as_of: AsOf = None,
    run_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Show this stored run again; nothing is computed.")
    ] = None,
) -> None:
    """Run a workspace and show its value ledger.

    Results go to the terminal, or out as JSON, or into one HTML report.
    """
    results = _computed(opened(folder), as_of) if run_id is None else _stored(folder, run_id, as_of)
    if as_json:
        write_json(results.to_json(only or ()))
    else:
        write_results(results.only(only) if only else results)
    _write_html(results, html)
    leave(results, remarks=as_json)


def _stored(folder: Path, run_id: str, as_of: str | None) -> Results:
    from vitalfew.errors import UsageError
    from vitalfew.pipeline import stored

    if as_of is not None:
        raise UsageError("a stored run is of its own day", expected="either --id or --as-of")
    return stored(folder, run_id)


def check(
    folder: Folder = Path(),
    as_json: AsJson = False,
    fail_on: Annotated[str, typer.Option("--fail-on", help="error, warning or info.")] = "error",
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Findings accepted before; made by --accept.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Write today's findings to the baseline file.")] = False,
    as_of: AsOf = None,
) -> None:
    """Say what is wrong, why, and what to do.

    Exits with 1 on errors, as a linter does in CI.
    """
    from vitalfew.checks.baseline import LEVELS, accepted, at_least, write_baseline
    from vitalfew.errors import UsageError, suggest
    from vitalfew.report import print_findings
    from vitalfew.report.words import count

    if fail_on not in LEVELS:
        raise UsageError(f"there is no severity '{fail_on}'", expected=", ".join(LEVELS), hint=suggest(fail_on, LEVELS))
    workspace = opened(folder)
    file = baseline or (workspace.root or folder) / "vitalfew-baseline.json"
    known = frozenset() if accept else accepted(file, required=baseline is not None)
    results = _computed(workspace, as_of)
    if accept:
        write_baseline(file, results.tables.findings)
        say(f"{count(len(results.tables.findings), 'finding')} accepted in {file}", err=as_json)
        known = accepted(file, required=True)
    findings = tuple(f for f in results.tables.findings if (f.id, f.subject) not in known)
    if as_json:
        from vitalfew.results.codec import plain

        write_json(json.dumps([plain(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        print_findings(findings, total=len(results.tables.findings), failed=len(results.failures))
    _report_failed(results)
    if results.failures or any(at_least(finding.severity, fail_on) for finding in findings):
        raise typer.Exit(1)


def opened(folder: Path) -> Workspace:
    """Load a workspace; where one file of a folder was named, say on standard error that others were not read."""
    from vitalfew.results.words import listed
    from vitalfew.workspace import load

    workspace = load(folder)
    if folder.is_file():
        ends = (".yaml", ".yml")
        beside = (path for path in sorted(folder.parent.iterdir()) if path.name != folder.name)
        others = [path.name for path in beside if path.suffix.lower() in ends and not path.name.startswith(".")]
        if others:
            lie = "lies" if len(others) == 1 else "lie"
            told = f"only {folder.name} was read; {listed(others, 3)} {lie} beside it"
            say(f"vitalfew: {told} (name the folder to read all)", err=True)
    return workspace


def _computed(workspace: Workspace, as_of: str | None) -> Results:
    from vitalfew.pipeline import run as walk

    until = day(as_of)
    with progress() as report:
        results = walk(workspace, as_of=until, progress=report)
    for note in results.notes:
        say(f"vitalfew: {note}", err=True)
    return results


def _write_html(results: Results, path: Path | None) -> None:
    if path is not None:
        say(f"Report: {results.to_html(path)}", err=True)


def _report_failed(results: Results, *, remarks: bool = False) -> None:
    for row in results.tables.failed if remarks else results.failures:
        item = f" {row.item}" if row.item and row.item != row.stage else ""
        say(f"vitalfew: {row.stage}{item}: {row.reason}", err=True)


def show_part(
    folder: Path, parts: Sequence[str], show: Callable[[View, Console], None], *, as_json: bool, as_of: str | None
) -> None:
    """Run a workspace and show one side of what came of it, or these parts of it as JSON."""
    results = _computed(opened(folder), as_of)
    if as_json:
        write_json(results.to_json(parts))
    else:
        from rich.console import Console

        show(results.view, Console(file=sys.stdout))
    leave(results, remarks=as_json)


def leave(results: Results, *, remarks: bool = False) -> None:
    """Exit 1 when something could not be computed, after saying what; remarks, where nothing else shows them."""
    _report_failed(results, remarks=remarks)
    if results.failures:
        raise typer.Exit(1)


def _ask(question: str, choices: tuple[str, ...], default: str) -> str:
    """Ask one question on the terminal; Enter takes the default."""
    say(f"{question} ({' / '.join(choices)})")
    answer: str = typer.prompt("", default=default, prompt_suffix="> ")
    return answer.strip() or default
