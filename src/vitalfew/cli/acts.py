"""Commands about what people say: act, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalfew.cli.output import day, say, write_json, write_sentences
from vitalfew.errors import UsageError, VitalfewError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.acts import Act
    from vitalfew.workspace.workspace import Workspace

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who; kept as a pseudonym.")]
About = Annotated[str, typer.Argument(metavar="KEY", help="Key of what it is about.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    act = typer.Typer(
        help="Record what people say and decide.\n\nThe log cannot be changed unseen.", no_args_is_help=True
    )
    for command in (judgement, forecast, sheet, lock, waiver, decision, sign_off, pulse, erase):
        act.command()(command)
    app.add_typer(act, name="act")
    app.command()(verify)


def judgement(
    folder: Folder,
    by: By,
    points: Annotated[
        list[str] | None, typer.Argument(metavar="FACTOR=POINTS…", help="How much each swing is worth.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="The group the person speaks for.")] = None,
    kind: Annotated[str | None, typer.Option(help="How points were asked for: swing or points.")] = None,
    ratio: Annotated[
        list[str] | None, typer.Option(metavar="A:B=TIMES", help="A counts so many times more than B. Repeatable.")
    ] = None,
    best: Annotated[
        list[str] | None,
        typer.Option(metavar="BEST:B=TIMES", help="Best-worst method: the best counts so many times B. Repeatable."),
    ] = None,
    worst: Annotated[
        list[str] | None,
        typer.Option(metavar="A:WORST=TIMES", help="Best-worst method: A counts so many times the worst. Repeatable."),
    ] = None,
) -> None:
    """Say how much each factor is worth.

    Points on any scale for the swing of a factor from its worst to its best, or comparisons of two factors.
    Leave out what you cannot judge; 0 says that it counts nothing.
    """
    from vitalfew.judgement import recording
    from vitalfew.judgement.answers import best_worst_of

    compared = [_compared(text) for text in ratio or ()]
    extremes = best_worst_of([_compared(text) for text in best or ()], [_compared(text) for text in worst or ()])
    given = _points(points or ())
    if kind not in (None, "swing", "points"):
        raise UsageError(f"points cannot be asked for as '{kind}'", expected="swing or points")
    if not given:
        kind = "best_worst" if extremes else "ratios" if compared else None
    _done(recording.judge(_load(folder), by, given, group=group, kind=kind, ratios=compared, best_worst=extremes))


def forecast(
    folder: Folder,
    hypothesis: Annotated[str, typer.Argument(metavar="HYPOTHESIS", help="Key of the hypothesis.")],
    by: By,
    p10: Annotated[float, typer.Option("--p10", help="Only one time in ten less than this.")],
    p50: Annotated[float, typer.Option("--p50", help="As likely more as less.")],
    p90: Annotated[float, typer.Option("--p90", help="Only one time in ten more than this.")],
    p_zero: Annotated[float, typer.Option("--p-zero", help="P(no effect at all), 0 to 1.")] = 0.0,
    evidence: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY|URL", help="What it rests on: a key or a web address. Repeatable."),
    ] = None,
) -> None:
    """Forecast the effect a hypothesis asks for.

    Given that there is one, in the unit of the metric; blind: nobody is shown what others said. --evidence says what
    you looked at; no forecast counts for more because of it.
    """
    from vitalfew.judgement import recording

    quantiles = {"p10": p10, "p50": p50, "p90": p90, "p_zero": p_zero}
    workspace = _load(folder)
    _done(recording.forecast(workspace, hypothesis, by, quantiles, evidence=evidence or ()))
    day_of_lock = recording.locked_on(workspace, hypothesis)
    if day_of_lock is not None:
        say(f"the promise was locked on {day_of_lock}; this forecast changes nothing of it")


def sheet(
    folder: Folder, file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Who said what, a line each.")]
) -> None:
    """Record what a group said on a sheet: all of it or nothing.

    Judgements: the columns person, group (if there is one), and one per factor. Forecasts: person, hypothesis,
    p10, p50, p90, and p_zero and evidence (if there are such; several pieces of evidence apart by blanks).
    """
    from vitalfew.judgement.sheets import record

    _done(*record(_load(folder), file))


def lock(
    folder: Folder,
    by: By,
    hypothesis: Annotated[str | None, typer.Argument(metavar="HYPOTHESIS", help="Key of the hypothesis.")] = None,
    experiment: Annotated[
        str | None, typer.Option(metavar="KEY", help="Lock the plan of this experiment instead.")
    ] = None,
) -> None:
    """Lock a promise, or with --experiment a plan. It never changes afterwards.

    A promise: the forecasts so far, combined. A plan: how the experiment will be analysed.
    """
    from vitalfew.judgement import recording

    if (hypothesis is None) == (experiment is None):
        raise UsageError("name either a hypothesis or --experiment KEY")
    workspace = _load(folder)
    if experiment is None:
        _done(recording.lock(workspace, str(hypothesis), by, weights=_weights(workspace)))
    else:
        _done(recording.lock_plan(workspace, experiment, by))
        _say_when(folder, experiment)


def waiver(folder: Folder, about: About, by: By, reason: Annotated[str, typer.Option(help="Why.")]) -> None:
    """Accept a failed guardrail, with the reason."""
    from vitalfew.judgement import recording

    _done(recording.waive(_load(folder), about, by, reason))


def decision(
    folder: Folder,
    about: About,
    by: By,
    what: Annotated[str, typer.Option(help="What was decided.")],
    evidence: Annotated[str, typer.Option(help="On which evidence.")],
    counter: Annotated[str, typer.Option(help="The best argument against it.")],
    review: Annotated[str | None, typer.Option(metavar="DATE", help="When to look at it again.")] = None,
    against: Annotated[str | None, typer.Option(help="What was suggested, where this goes against it.")] = None,
) -> None:
    """Record a decision.

    What was decided, on which evidence, against which counter-argument, and when to look at it again.
    """
    from vitalfew.judgement import recording

    body = {"what": what, "evidence": evidence, "counter": counter, "review": day(review), "against": against}
    _done(
        recording.decide(_load(folder), about, by, {name: value for name, value in body.items() if value is not None})
    )


def sign_off(
    folder: Folder,
    by: By,
    about: Annotated[str, typer.Argument(metavar="KEY", help="Key of a definition.")] = "value_model",
    note: Annotated[str | None, typer.Option(help="A note.")] = None,
) -> None:
    """Agree to the value model, or to one definition, as it stands."""
    from vitalfew.judgement import recording

    _done(recording.sign_off(_load(folder), about, by, note=note))


def pulse(
    folder: Folder,
    by: By,
    first: Annotated[
        str | None, typer.Option("--first", metavar="FACTOR", help="Which factor comes first here.")
    ] = None,
    mine: Annotated[str | None, typer.Option("--mine", metavar="METRIC", help="Which metric is yours to move.")] = None,
    team: Annotated[str | None, typer.Option(metavar="TEAM", help="The team you work in.")] = None,
) -> None:
    """Say which factor comes first here, and which metric is yours.

    Leave out what you do not know: that is an answer too. Only shares of five people or more are ever shown.
    """
    from vitalfew.judgement import recording

    _done(recording.pulse(_load(folder), by, first, mine, team=team))


def erase(folder: Folder, by: By) -> None:
    """Erase what a person said, and all stored runs; the chain keeps its shape."""
    from vitalfew.judgement import recording

    for sentence in recording.erase(_load(folder), by).sentences():
        say(sentence)
    say("stored runs are deleted too: they held what was reckoned from it; delete reports written elsewhere yourself")


def verify(
    folder: Folder = Path(),
    head: Annotated[list[str] | None, typer.Option(metavar="HASH", help="A head noted elsewhere. Repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")] = False,
) -> None:
    """Prove the log of acts.

    Says what is damaged, which promises preceded their start, and what cannot be known.
    """
    from vitalfew.pipeline.first_exposures import first_exposures
    from vitalfew.workspace.verify import verify as prove

    workspace = _load(folder)
    found = prove(workspace, heads=head or (), first_seen=first_exposures(workspace))
    if as_json:
        write_json(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        write_sentences(found.sentences())
    if not found.ok:
        raise typer.Exit(1)


def _weights(workspace: Workspace) -> Mapping[str, float]:
    """Weights of forecasters by their record; without outcomes that can be read, all count alike."""
    from vitalfew.pipeline.calibration import track_record

    try:
        return track_record(workspace)
    except VitalfewError as error:
        say(f"outcomes cannot be read, so all forecasters count alike: {error}", err=True)
        return {}


def _say_when(folder: Path, experiment: str) -> None:
    """Say whether a lock of a plan came in time, as far as the start is known."""
    from vitalfew.pipeline.first_exposures import first_exposures
    from vitalfew.workspace.plan_locks import prove_plan

    workspace = _load(folder)
    first_seen = first_exposures(workspace).get(experiment)
    proof = prove_plan(experiment, workspace.acts, workspace.definitions, (), first_seen)
    if proof.proved == "no":
        say(f"late: {proof.reason}; effects will not count as planned")
    elif proof.start is None:
        say(f"'{experiment}' has no `start:`: the day of its first exposure will count as the start")
    else:
        say("commit acts.jsonl before the start, and the lock is proved")


def _load(folder: Path) -> Workspace:
    from vitalfew.workspace import load

    return load(folder)


def _points(given: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in given:
        factor, _, points = text.partition("=")
        if factor in found:
            raise UsageError(f"'{factor}' is given points twice", expected="one number per factor")
        try:
            found[factor] = float(points)
        except ValueError:
            raise UsageError(f"cannot read '{text}'", expected="FACTOR=POINTS, such as retention_7=80") from None
    return found


def _compared(text: str) -> tuple[str, str, float]:
    pair, _, times = text.partition("=")
    first, colon, second = pair.partition(":")
    try:
        found = float(times)
    except ValueError:
        found = 0.0
    if not (colon and first and second and found > 0):
        raise UsageError(f"cannot read '{text}'", expected="A:B=TIMES above 0, such as retention_7:tickets=3")
    return first, second, found


def _done(*acts: Act) -> None:
    for act in acts:
        say(f"act {act.n}: {act.kind.replace('_', '-')} about {act.about} by {act.by}, {act.at}")
    say(f"head {acts[-1].hash}")
