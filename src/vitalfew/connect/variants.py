"""Which column splits an experiment, and why a table that has one is no experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import best
from vitalfew.connect.outcomes import outcome_columns
from vitalfew.connect.words import control_of, plain, title_of, tokens
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vitalfew.connect.look import Look

FEWEST_ROWS, MOST_VARIANTS = 20, 5
"""Rows that an experiment has at least, and variants that it has at most unless somebody says that it is one."""
_STRONG = frozenset(map(plain, kinds.VARIANT.names[:16]))
_WORDS = frozenset({"control", "treatment", "test", "variant", "exposed", "placebo", "holdout", "ctrl"})
_BALANCED = (0.4, 0.6)


def like_arms(column: str, arms: tuple[tuple[str, int], ...]) -> bool:
    """Whether a column with few values splits an experiment, rather than being one more attribute."""
    names = [name for name, _ in arms]
    if plain(column) in _STRONG or control_of(names)[1] or _says_arm(names):
        return True
    share = arms[0][1] / sum(count for _, count in arms)
    return len(arms) == 2 and _BALANCED[0] <= share <= _BALANCED[1]  # noqa: PLR2004 - two arms, as most experiments


def no_experiment(look: Look) -> list[str]:
    """Why a table with a column of variants is no experiment, and what to do; empty where nothing stands against it."""
    column = best(look, kinds.VARIANT)
    empty = next((name for name, one in look.columns.items() if plain(name) in _STRONG and not one.filled), None)
    if empty is not None and (column is None or plain(column) not in _STRONG):
        return [f"no experiment, as '{empty}' is empty: write into each row which variant it saw"]
    arms = () if column is None else look.values(column)
    if column is None or not (plain(column) in _STRONG or _says_arm(name for name, _ in arms)):
        return []
    return [f"no experiment, as {reason}" for reason in _against(look, column, [name for name, _ in arms])][:1]


def _against(look: Look, column: str, arms: list[str]) -> Iterator[str]:
    if len(arms) == 1:
        yield f"'{column}' holds only '{title_of(arms[0])[:60]}': {_missing(look, column, arms[0])}"
    if len(arms) > MOST_VARIANTS:
        yield (
            f"'{column}' holds more than {MOST_VARIANTS} variants: if it is one all the same,"
            f" say so with --as '{look.name}=experiment'"
        )
    if look.rows < FEWEST_ROWS:
        yield f"{count(look.rows, 'row')} are too few to compare variants: {FEWEST_ROWS} are needed"
    if not outcome_columns(look, (column,)):
        yield "no column holds an outcome: add one with a number, or a yes or no, per unit"


def _missing(look: Look, column: str, only: str) -> str:
    """What to do about a single variant."""
    other = "another variant" if control_of([only])[1] else "the control"
    empty = look.rows - look.columns[column].filled
    if empty:
        return f"{count(empty, 'cell')} of it {'is' if empty == 1 else 'are'} empty; write the name of {other} there"
    return f"add the rows of {other}, with its name in '{column}'"


def _says_arm(names: Iterable[str]) -> bool:
    return any(_WORDS & set(tokens(name)) for name in names)
