"""One self-contained HTML report: no script, no network, no font to fetch; every text escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.errors import DataError, Where
from vitalfew.report import words
from vitalfew.report.html_about import checks, failed, method
from vitalfew.report.html_experiments import experiments
from vitalfew.report.html_features import features
from vitalfew.report.html_ideas import ideas
from vitalfew.report.html_ledger import ledger, not_begun
from vitalfew.report.html_links import knows_moves, links
from vitalfew.report.html_model import model
from vitalfew.report.html_plan import plan
from vitalfew.report.html_record import record
from vitalfew.report.html_releases import releases
from vitalfew.report.html_review import review
from vitalfew.report.html_value import promises, value_by_factor
from vitalfew.report.markup import Markup, style_element, tag
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from vitalfew.report.view import View

QUESTION = "What creates value here?"
QUESTION_OF_EXPERIMENTS = "What did the change do?"


def write_html(view: View, path: str | Path) -> Path:
    """Write the report of a run as one file, and return its path.

    Args:
        view: the run to report.
        path: where to write; an existing file is replaced, whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    file = Path(path)
    try:
        write_whole(file, html_page(view).encode())
    except OSError as error:
        raise DataError(f"the report cannot be written: {error.strerror}", where=Where(str(file))) from error
    return file


def html_page(view: View) -> str:
    """The report as text of an HTML document."""
    decided = {"plan": plan(view), "model": model(view), "record": record(view), "review": review(view)}
    decided |= {"releases": releases(view), "links": links(view)}
    body = [
        _top(view, {name for name, part in decided.items() if part}),
        tag("main", _head(view), [part for part in _sections(view, decided) if part], class_="page", id="main"),
        _foot(view),
    ]
    return f"<!doctype html>\n{tag('html', _meta(view), tag('body', body), lang='en')}\n"


def _sections(view: View, decided: Mapping[str, Markup | None]) -> list[Markup | None]:
    """What there is stands first: a ledger with what is behind it, use, or experiments alone."""
    about = [checks(view), failed(view)]
    if view.is_experiments_only:
        return [experiments(view), decided["links"], *about, not_begun(), method(view)]
    lines = ledger(view)
    if view.is_use_only:  # nothing is promised and nothing has a value yet, so nothing is asked about either
        return [features(view), *lines, experiments(view), *about, method(view)]
    behind = [
        decided["plan"],
        value_by_factor(view),
        decided["model"],
        promises(view),
        decided["record"],
        decided["review"],
        experiments(view),
        decided["releases"],
        decided["links"],
        features(view),
    ]
    return [ideas(view), *lines, *behind, *about, method(view)]


@cache
def css() -> str:
    """The style of the page."""
    return files("vitalfew.report").joinpath("report.css").read_text(encoding="utf-8")


@cache
def ink() -> str:
    """The part of the style that pictures need, for those that stand alone."""
    colours, _, rest = css().partition("* {")
    pictures = rest.partition("/* the ink of the pictures */")[2].partition("footer {")[0]
    return colours + pictures


def policy() -> str:
    """The content security policy: nothing may load, and only our own style applies."""
    digest = base64.b64encode(hashlib.sha256(css().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _meta(view: View) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{view.info.workspace}: value ledger"),
        style_element(css()),
    )


def _top(view: View, decided: AbstractSet[str]) -> Markup:
    """The bar above; `decided` names those sections of decisions that have something in them."""
    sections = {
        "shipped": "Shipped",
        "candidates": "Candidates",
        "plan": "Plan",
        "value": "Value",
        "model": "Model",
        "promises": "Promises",
        "record": "Record",
        "review": "Review",
        "experiments": "Experiments",
        "releases": "Releases",
        "links": "Links" if knows_moves(view) else "Luck",
        "features": "Use",
        "checks": "Checks",
        "failed": "Not computed",
        "method": "How computed",
    }
    if view.is_experiments_only:
        begun = ("experiments", "links", "checks", "failed", "shipped", "method")
        sections = {key: "Ledger" if key == "shipped" else sections[key] for key in begun}
    elif view.is_use_only:
        sections = {"features": sections["features"], **sections}
        sections = {
            key: name
            for key, name in sections.items()
            if key not in ("plan", "value", "model", "promises", "record", "review", "releases", "links")
        }
    empty = {"plan", "model", "record", "review", "releases", "links"} - decided | (
        set() if view.tables.failed else {"failed"}
    )
    shown = [(key, name) for key, name in sections.items() if key not in empty]
    nav = tag("nav", [tag("a", name, href=f"#{key}") for key, name in shown], aria_label="Sections")
    brand = tag("a", "vitalfew ", tag("span", view.info.workspace), href="#main", class_="brand")
    content = ("experiments", "experiments") if view.is_experiments_only else ("ledger", "shipped")
    skip = tag("a", f"Skip to the {content[0]}", href=f"#{content[1]}", class_="skip")
    return tag("div", skip, tag("div", brand, nav, class_="page"), class_="top")


def _head(view: View) -> Markup:
    alone = view.is_experiments_only
    sentences = (
        (words.experiments_sentence(view.tables.experiments),)
        if alone
        else words.headline_sentences(view.headline, view.definitions.policy.cost_unit)
    )
    facts = [tag("li", text[:1].upper() + text[1:]) for text in sentences[1:]]
    first = (
        tag("p", f"{sentences[0]}.", class_="headline")
        if sentences
        else tag("p", "Nothing to rank yet.", class_="headline")
    )
    found = view.tables.findings
    as_of = f"data to {words.date_and_time(view.info.as_of)}" if view.info.as_of else "all data"
    meta = [f"computed {words.date_and_time(view.info.computed_at)}", as_of, words.count(len(found), "finding")]
    notes = view.headline.notes if view.headline and not alone else ()
    return tag(
        "header",
        tag("h1", QUESTION_OF_EXPERIMENTS if alone else QUESTION),
        first,
        tag("ul", facts, class_="facts") if facts else None,
        tag("p", " · ".join(meta), class_="meta"),
        tag("p", "; ".join(notes), class_="notes") if notes else None,
        class_="head",
    )


def _foot(view: View) -> Markup:
    text = (
        f"Run {view.info.id} of {view.info.workspace}, written by vitalfew {view.info.code_version}. "
        "Recommendations are what the computation suggests; a decision is a person's."
    )
    return tag("footer", tag("div", text, class_="page"))
