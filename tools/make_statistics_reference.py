"""Writes docs/reference/statistics.md from the public names of `vitalfew.stats`. A test fails when the page is stale.

Run it after a change of these names or of what they say: `.venv/bin/python tools/make_statistics_reference.py`.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from vitalfew import stats
from vitalfew.stats.spending import Spending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "statistics.md"
PARTS = {
    "The numbers of one arm": ("Moments",),
    "Two arms": ("compare", "compare_quantiles", "compare_times", "non_inferior"),
    "Can it be trusted?": ("sample_ratio", "sequential_sample_ratio", "find_phases"),
    "Several tests": ("holm", "bonferroni", "dunnett", "benjamini_hochberg", "segment_differences"),
    "Planned looks": (
        "boundaries",
        "classic_boundaries",
        "stopped",
        "conditional_power",
        "predictive_power",
    ),
    "Beliefs": ("posterior", "chance_above", "expected_loss", "prior_from"),
    "Many experiments": ("fit_spread", "shrink_effects", "fit_links"),
    "Releases": (
        "Question",
        "gap_to_forecast",
        "synthetic_difference",
        "group_time",
        "comparable",
        "weighted_effect",
        "matched_effect",
        "e_value",
    ),
    "Planning": (
        "Design",
        "sample_size",
        "detectable",
        "detectable_share",
        "statistical_power",
        "days_needed",
        "design_effect",
        "variance_of_proportion",
        "variance_of_quantile",
        "variance_of_ratio",
    ),
    "One share, score, quantile or time": (
        "wilson",
        "net_score",
        "share_score",
        "mean_score",
        "quantile_of",
        "median_time",
    ),
}
"""Sections and what stands in them; what these return, and errors, follow after."""

HEAD = """# Statistics: `vf.stats`

*Made from the program by `tools/make_statistics_reference.py`; edit the docstrings in `vitalfew/stats`, not this page.*

Numbers in, numbers out, with no file, database or workspace behind them: what every run computes with, for a notebook.
Lists do where arrays are taken. What cannot be answered raises a `UsageError` (asked wrongly) or a `NotEnoughData`
(of too little), both from `vitalfew.errors`. How the pieces make a verdict is told in
[how an experiment is judged](../explanation/how-an-experiment-is-judged.md), how they were proved in
[validation](../README.md#validation).
"""

_CHOICES = {"Spending": Spending}
"""Choices that a module imports for its annotations only."""

_SECTION = re.compile(r"\n*^(Args|Attributes|Returns|Raises):\n((?: {4}.*\n?)+)", re.MULTILINE)
_NAMED = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_EXAMPLE = re.compile(r"\n*((?:^>>> .*\n(?:^(?!>>>|$).*\n?)*)+)", re.MULTILINE)


def reference() -> str:
    """The page as Markdown: a section per part, an entry per name, then what they return."""
    parts = (f"\n## {title}\n{''.join(map(_entry, names))}" for title, names in PARTS.items())
    returned = "".join(_returned(name, kind) for name, kind in _types().items())
    return f"{HEAD}{''.join(parts)}\n## What is returned\n{returned}"


def _entry(name: str) -> str:
    public = getattr(stats, name)
    made = list(_ways(public))
    signature = "" if made else _signature(name, public)
    text = inspect.getdoc(public) or ""
    more = "".join(
        f"{_signature(f'{name}.{way}', getattr(public, way))}{_told(getattr(public, way).__doc__)}" for way in made
    )
    return f"\n### {name}\n{signature}{_told(text)}{more}{_example(name, public, text)}"


def _ways(public: object) -> Iterator[str]:
    """Class methods that make one from data; a type without any is made from its fields."""
    return (name for name, value in vars(public).items() if isinstance(value, classmethod))


def _signature(name: str, public: Callable[..., object]) -> str:
    """How it is called: a parameter a line, with the values to choose from where there are few."""
    found = inspect.signature(public)
    home = sys.modules[public.__module__]
    lines, only_named = [], False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not only_named:
            lines.append("*")
            only_named = True
        lines.append(str(parameter).replace(f"'{parameter.annotation}'", _plain(parameter.annotation, home)))
    back = f" -> {_plain(found.return_annotation, home)}" if found.return_annotation else ""
    inner = "".join(f"    {line},\n" for line in lines)
    return f"\n```text\n{name}(\n{inner}){back}\n```\n"


def _plain(annotation: str, home: Any) -> str:  # noqa: ANN401 - a module has names of any type
    choices = get_args(getattr(home, annotation, _CHOICES.get(annotation)))
    return " | ".join(f"'{choice}'" for choice in choices) or annotation


def _told(text: str | None) -> str:
    """A docstring without its example: paragraphs, then lists of what goes in, comes out and may go wrong."""
    text = inspect.cleandoc(text or "")
    prose = _EXAMPLE.sub("\n", f"{_SECTION.sub('\n\n', text)}\n").strip()
    for name in stats.__all__:
        prose = prose.replace(f"`{getattr(stats, name).__name__}`", f"`{name}`")
    paragraphs = (f"\n{' '.join(paragraph.split())}\n" for paragraph in re.split(r"\n{2,}", prose))
    return "".join(paragraphs) + "".join(_listed(*part) for part in _SECTION.findall(text))


def _listed(title: str, body: str) -> str:
    named = _NAMED.findall(body)
    if title in ("Args", "Attributes") or (title == "Raises" and named):
        head = "\nRaises:\n" if title == "Raises" else ""
        return f"{head}\n{''.join(f'- `{name}`: {" ".join(what.split())}\n' for name, what in named)}"
    return f"\nReturns: {' '.join(body.split())}\n"


def _example(name: str, public: Any, text: str) -> str:  # noqa: ANN401 - a function or a type
    """The example under the public names, with all it imports."""
    found = _EXAMPLE.search(f"{text}\n")
    if not found:
        return ""
    code = "".join(line for line in found[1].splitlines(keepends=True) if " import " not in line)
    code = re.sub(rf"\b{public.__name__}\(", f"{name}(", code)
    used = ", ".join(word for word in sorted(stats.__all__) if re.search(rf"\b{word}\b", code))
    numpy = ">>> import numpy as np\n" if "np." in code else ""
    return f"\n```python\n{numpy}>>> from vitalfew.stats import {used}\n{code}\n```\n"


def _types() -> dict[str, type]:
    """Types that the entries return, and those within them."""
    found: dict[str, type] = {}
    for names in PARTS.values():
        for public in (getattr(stats, name) for name in names):
            back = getattr(public, "__annotations__", {}).get("return", "") if inspect.isfunction(public) else ""
            _gather(back, sys.modules[public.__module__], found)
    return found


def _gather(annotation: str, home: Any, found: dict[str, type]) -> None:  # noqa: ANN401 - a module
    for word in re.findall(r"\w+", annotation):
        kind = getattr(home, word, None)
        if inspect.isclass(kind) and kind.__module__.startswith("vitalfew.stats") and word not in found:
            found[word] = kind
            for inner in inspect.get_annotations(kind).values():
                _gather(str(inner), sys.modules[kind.__module__], found)


def _returned(name: str, kind: type) -> str:
    text = kind.__doc__ or ""
    fields = ", ".join(f"`{field}`" for field in inspect.get_annotations(kind))
    return f"\n### {name}\n{_told(text)}" + (f"\nIt has {fields}.\n" if "Attributes:" not in text else "")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
    print(f"wrote {PAGE}")
