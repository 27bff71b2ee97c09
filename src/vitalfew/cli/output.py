"""What commands share when they print: sentences, JSON, progress, dates."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from contextlib import contextmanager
from datetime import date, datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vitalfew.pipeline.results import Results
    from vitalfew.pipeline.walk import Progress

_PATIENCE = 3.0  # seconds before plain progress lines begin: quick work needs none
# What a terminal obeys instead of showing, the signs that turn the direction of text, and halves of letters.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ENDLESS = re.compile(r"(\S{120})\S{200,}(\S{40})")  # no name that someone chose is that long


def harmless(text: str) -> str:
    """One line in which signs that a terminal would obey are spelled out; people's names may hold anything."""
    return _ENDLESS.sub(r"\1…\2", _UNSEEN.sub(_spelled, text))


def complaint(text: str) -> str:
    """What is wrong, on as many lines as it has; later ones are set in, so that none passes for another."""
    return "\n  ".join(harmless(line.strip()) for line in f"vitalfew: {text}".split("\n"))


def complain(text: str) -> None:
    """Print what is wrong on standard error, wrapped at words on a terminal."""
    lines = complaint(text).split("\n")
    if sys.stderr.isatty():
        width = max(20, shutil.get_terminal_size().columns)
        lines = [part for line in lines for part in _wrapped(line, width)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _wrapped(line: str, width: int) -> list[str]:
    """A line at words, later parts set in; no word is cut, such as a path."""
    return wrap(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) or [line]


def say(sentence: str, *, err: bool = False) -> None:
    """Print a sentence on a line of its own."""
    typer.echo(harmless(sentence), err=err)


def day(text: str | None) -> date | None:
    """Read a date given as an option."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no time zone
    except ValueError:
        raise UsageError(f"'{text}' is not a date", expected="a day such as 2026-03-31") from None


def write_json(text: str) -> None:
    """Print JSON and nothing else on standard output."""
    kept = "\n".join(_UNSEEN.sub(_escaped, line) for line in text.split("\n"))
    try:
        kept.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        kept = json.dumps(json.loads(kept), indent=2)
    sys.stdout.write(kept + "\n")


def write_part(found: dict[str, Any], workspace: str, run: str | None = None) -> None:
    """Print a part of what is known as JSON, headed as the export of a whole run is.

    Args:
        found: plain values.
        workspace: its name.
        run: id of the run it is of, where it is of one.
    """
    from vitalfew.results.document import SCHEMA_VERSION

    head = {"schema": SCHEMA_VERSION} | ({"run": run} if run is not None else {}) | {"workspace": workspace}
    write_json(json.dumps(head | found, indent=2, ensure_ascii=False, allow_nan=False))


def write_sentences(sentences: Iterable[str]) -> None:
    """Print sentences, wrapped at words on a terminal; in a pipe each on a line of its own."""
    from rich.console import Console

    from vitalfew.report.sheet import Sheet

    sheet = Sheet(Console(file=sys.stdout))
    for sentence in sentences:
        sheet.say(harmless(sentence))


def write_results(results: Results) -> None:
    """Print the ledger and what stands behind it, as wide as the terminal."""
    from rich.console import Console

    from vitalfew.report import print_run

    print_run(results.view, Console(file=sys.stdout))


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on a terminal's standard error, plain lines elsewhere once work takes long."""
    if sys.stderr.isatty():
        with _bar() as report:
            yield report
        return
    started = time.monotonic()

    def line(name: str, number: int, total: int) -> None:
        if time.monotonic() - started > _PATIENCE:
            sys.stderr.write(f"{number}/{total} {name}\n")

    yield line


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def report(name: str, number: int, total: int) -> None:
            bar.update(task, description=name, completed=number - 1, total=total)

        yield report


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
