"""The value model at work in HTML: how few factors would do, what is redundant, who gains or loses, say and do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.decision_pictures import regret_curve
from vitalfew.report.ends import necessary
from vitalfew.report.goals import goals
from vitalfew.report.html_groups import group_map
from vitalfew.report.html_matrix import matrix
from vitalfew.report.html_sides import sides
from vitalfew.report.html_stories import stories
from vitalfew.report.layout import Column, fold, items, section, table
from vitalfew.report.lights import Light, light
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.pulse import pulse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import Estimate, GroupValueRow, VitalFactorsRow

MOST = 12


def model(view: View) -> Markup | None:
    """The section, once factors and lines say something together."""
    tables = view.tables
    told = (
        tables.vital_factors,
        tables.group_weights,
        tables.redundant,
        tables.group_values,
        tables.say_do,
        tables.pulse,
        tables.key_results,
        tables.narratives,
    )
    if not any(told):
        return None
    question = "How few factors would decide the same, and who else weighs or gains otherwise."
    return section(
        "model",
        "The value model at work",
        question,
        _star(view),
        _vital(view),
        _redundant(view),
        group_map(view),
        stories(view),
        matrix(view),
        sides(view),
        _groups(view),
        _say_do(view),
        pulse(view),
        goals(view),
    )


def _vital(view: View) -> Child:
    rows = sorted((row for row in view.tables.vital_factors if not row.declared), key=lambda row: -row.k)
    known = [row for row in rows if row.regret is not None]
    if not known:
        return items(note for row in rows[:1] for note in row.notes)
    told = "; ".join(f"{row.k}: {_percent(row.regret)}" for row in known)
    drawing = regret_curve(known, f"Share of the best plan's value lost by number of factors: {told}")
    text = "The price of fewer factors: all of them on the left, a single North Star on the right."
    heads = ["Factors", Column("Which", "long"), Column("Value lost (80 %)", "num"), Column("Kendall's tau", "num")]
    body = [
        (
            str(row.k),
            _named(view, row.factors),
            cells.opened(view, _percent(row.regret), row),
            "" if row.tau is None else f"{row.tau.estimate:.2f}",
        )
        for row in known
    ]
    numbers = fold("The same as a table", table(heads, body, caption="Value lost against deciding by all factors."))
    said = [*_sentences(view, known), *filter(None, [necessary(view.definitions)]), *rows[0].notes]
    return [items(said), tag("figure", drawing, tag("figcaption", text)), numbers]


def _star(view: View) -> Child:
    """Whether the North Star is one, test by test."""
    rows = view.tables.north_star
    if not rows:
        return None
    lit: dict[str, Light] = {"yes": "ok", "no": "warning"}
    body = [
        (view.title("factors", row.factor), light(lit[row.status]) if row.status in lit else cells.unknown(row.said),
         words.STAR_TESTS[row.test], row.said[:1].upper() + row.said[1:])
        for row in rows
    ]  # fmt: skip
    heads = ["Factor", "", Column("Test", "long"), Column("What is known", "long")]
    shown = table(heads, body, caption="An empty frame: not known yet.")
    return tag("div", tag("h3", "Is the North Star one?"), shown, class_="sub")


def _sentences(view: View, known: Sequence[VitalFactorsRow]) -> list[str]:
    said = []
    enough = next((row for row in known if row.enough), None)
    if enough is not None and enough.k < known[0].k:
        said.append(f"{words.count(enough.k, 'factor')} would decide nearly the same: {_named(view, enough.factors)}.")
    elif enough is not None:
        said.append("No factor can be left out without changing what is funded.")
    stars = [row for row in (*known, *(row for row in view.tables.vital_factors if row.declared)) if row.k == 1]
    said += [
        f"Deciding by {_named(view, row.factors)} alone would cost {_percent(row.regret)} of the value."
        for row in stars
    ]
    shares = [
        f"{view.title('factors', row.factor)} {words.share(row.share.estimate)}"
        for row in view.tables.factor_shares
        if row.share is not None
    ]
    if shares:
        said.append(f"What makes lines differ in value: {', '.join(shares)}.")
    parked = [row.factor for row in view.tables.factor_shares if row.parked]
    if parked:
        said.append(f"Changes no decision, so it may be parked: {_named(view, parked)}.")
    return said


def _named(view: View, factors: Iterable[str]) -> str:
    return ", ".join(view.title("factors", key) for key in factors)


def _redundant(view: View) -> Child:
    rows = view.tables.redundant
    if not rows:
        return None
    return tag("div", tag("h3", "Said twice"), items(row.message for row in rows), class_="sub")


def _groups(view: View) -> Child:
    rows = sorted(view.tables.group_values, key=lambda row: (-row.risk, row.line, row.group))
    if not rows:
        return None
    heads = [
        "Line",
        "Who",
        Column("Points (80 %)", "num"),
        Column("P(loses)", "num"),
        Column("P(guardrail broken)", "num"),
    ]
    worst = list({row.line: row for row in reversed(rows) if row.risk >= words.SURE_LOSS}.values())
    worst.sort(key=lambda row: row.risk, reverse=True)
    caption = "What a line means to each by their own weights or effects, in points."
    hit = "Of each line the group that is hit hardest."
    shown = table(heads, [_group(view, row) for row in worst[:MOST]], caption=f"{hit} {caption}") if worst else None
    none = None if worst else tag("p", "Nobody surely loses by any line.", class_="muted")
    every = fold(
        "What every line means to everybody", table(heads, (_group(view, row) for row in rows), caption=caption)
    )
    return tag("div", tag("h3", "Who loses"), shown, none, every, class_="sub")


def _group(view: View, row: GroupValueRow) -> tuple[Child, ...]:
    value = "" if row.value is None else words.change(row.value.mean, row.value.low, row.value.high, words.BARE_VALUE)
    kind = {"segment": "segments", "stakeholder": "stakeholders"}.get(row.kind)
    who = row.group.replace("_", " ") if kind is None else view.title(kind, row.group)
    chances = ["" if p is None else words.probability(p) for p in (row.p_loss, row.p_breach)]
    told = cells.opened(view, value, row) if value else ""
    return view.title("initiatives", row.line), f"{who} ({row.kind})", told, *chances


def _say_do(view: View) -> Child:
    rows = view.tables.say_do
    if not rows:
        return None
    heads = [
        "Factor",
        Column("Stated weight", "num"),
        Column("Share of the work", "num"),
        Column("Work less weight", "num"),
    ]
    body = [
        (
            view.title("factors", row.factor),
            *(cells.opened(view, _percent(one), row) for one in (row.stated, row.revealed, row.gap)),
        )
        for row in rows
    ]
    caption = "Stated by people's judgements, revealed by what was chosen; 80 % intervals."
    why = fold("In words, factor by factor", items(row.message for row in rows))
    return tag("div", tag("h3", "Say and do"), table(heads, body, caption=caption), why, class_="sub")


def _percent(found: Estimate | None) -> str:
    return "not known" if found is None else words.share_span(found)
