from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

import vitalfew as vf
from report import sample
from vitalfew.report.html import css, html_page, write_html
from vitalfew.report.markup import anchor, tag
from vitalfew.report.notebook import notebook_html
from vitalfew.results.rows import EffectRow, Headline, HealthRow, HeterogeneityRow, Tables
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.report import View

HOSTILE = [
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "</style><b>",
    "\x00\ud800&amp;",
]
VOID = {"meta", "br", "hr", "col", "link"}


class Reader(HTMLParser):
    """Collects elements, ids and links, and holds that every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, element: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((element, dict(attributes)))
        if element not in VOID:
            self.open.append(element)

    def handle_endtag(self, element: str) -> None:
        assert self.open.pop() == element

    def all(self, element: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == element]


@pytest.fixture(scope="module")
def page() -> Reader:
    return Reader(html_page(sample.view()))


def test_numbers_of_the_ledger_name_their_unit_above_the_column_and_on_narrow_screens() -> None:
    text = html_page(sample.view())
    unit = sample.view().definitions.policy.cost_unit
    assert f'<span class="axis-hint unit">{unit}</span>' in text
    assert '<span class="axis-hint unit">points</span>' in text
    labels = re.findall(r'<span class="lab">([^<]+)</span>', text)
    assert {"Value in points", "Expected value in points", f"Cost in {unit}"} <= set(labels)


def test_the_file_is_written_as_utf8(tmp_path: Path) -> None:
    write_html(sample.view(), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html_page(sample.view())


def test_every_element_is_closed_and_every_id_is_unique(page: Reader) -> None:
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_link_leads_to_a_place_on_the_page(page: Reader) -> None:
    ids = {attributes.get("id") for _, attributes in page.found}
    links = [attributes["href"] or "" for attributes in page.all("a")]
    assert len(links) > 20
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_every_picture_has_a_text_alternative(page: Reader) -> None:
    pictures = [a for a in page.all("svg") if "role" in a]
    assert len(pictures) > 100
    assert all(a["role"] == "img" for a in pictures)
    assert len(page.all("title")) == len(page.all("svg")) + 1


def test_the_page_has_no_script_no_address_and_no_inline_style(page: Reader) -> None:
    text = html_page(sample.view())
    assert page.all("script") == page.all("link") == page.all("img") == []
    assert re.search(r"https?:|@import|url\(| style=| on\w+=", text) is None
    policies = [a["content"] or "" for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_and_nothing_else(name: str) -> None:
    honest = Reader(html_page(sample.view()))
    hostile = Reader(html_page(_renamed(name)))
    assert [element for element, _ in hostile.found] == [element for element, _ in honest.found]
    kinds = {key for _, attributes in hostile.found for key in attributes}
    assert kinds == {key for _, attributes in honest.found for key in attributes}


def test_hostile_names_are_text_in_a_notebook_too() -> None:
    assert "<script" not in notebook_html(_renamed(HOSTILE[0]))


def test_keys_that_differ_have_different_anchors() -> None:
    keys = ["a b", "a-b", "a/b", "a" * 80, "a" * 81, "é", "", "<x>"]
    anchors = {anchor("line", key) for key in keys}
    assert len(anchors) == len(keys)
    assert all(re.fullmatch(r"line-[A-Za-z0-9_-]*", found) for found in anchors)


def test_markup_escapes_text_and_attributes() -> None:
    written = tag("p", "a < b", tag("b", "c & d"), class_='"x"', hidden=True, title=None, x=1.04)
    assert written == '<p class="&quot;x&quot;" hidden x="1">a &lt; b<b>c &amp; d</b></p>'


def test_lines_above_the_drawn_line_are_the_likely_vital_ones() -> None:
    text = html_page(sample.view())
    above, below = text.split('class="cut"', 1)
    assert 'id="line-parts"' in above
    assert 'id="line-photos"' in below.split("</section>")[0]


def test_without_values_no_line_is_drawn() -> None:
    tables = sample.tables()
    facts = tuple(replace(line, value=None, parts=(), p_vital=None) for line in tables.shipped)
    section = html_page(sample.view(replace(tables, shipped=facts))).split('id="candidates"')[0]
    assert 'class="cut"' not in section


def test_a_failed_trust_test_folds_the_effects_away() -> None:
    text = html_page(sample.view())
    failed = text.split('id="experiment-reminders"')[1].split('id="experiment-sso"')[0]
    sound = text.split('id="experiment-sso"')[1].split('id="experiment-assistant"')[0]
    assert "Show the effects anyway" in failed
    assert "Show the effects anyway" not in sound


def test_an_empty_run_teaches_in_every_section() -> None:
    text = html_page(sample.view(Tables(), Definitions()))
    assert text.count('class="blank"') == 6
    assert text.count("First step:") == 6
    assert "Not computed" not in text


def test_facts_without_definitions_are_still_a_report() -> None:
    text = html_page(sample.view(replace(sample.tables(), headline=(Headline(14, 8),)), Definitions()))
    assert "which are the vital few cannot be told yet" in text


def test_forty_features_and_thirty_experiments_stay_under_two_megabytes() -> None:
    tables = sample.tables()
    many = replace(
        tables,
        shipped=tuple(replace(line, line=f"{line.line}_{i}") for i in range(5) for line in tables.shipped),
        candidates=tuple(replace(line, line=f"{line.line}_{i}") for i in range(4) for line in tables.candidates),
        use=tuple(replace(row, feature=f"{row.feature}_{i}") for i in range(2) for row in tables.use),
        experiments=tuple(
            replace(row, experiment=f"{row.experiment}_{i}") for i in range(5) for row in tables.experiments
        ),
        effects=tuple(replace(row, experiment=f"{row.experiment}_{i}") for i in range(9) for row in tables.effects),
        findings=tables.findings * 5,
    )
    assert len(many.effects) > 300
    assert len(html_page(sample.view(many)).encode()) < 2_000_000


def _with_arm(row: EffectRow, name: str) -> dict[str, float]:
    return {name if arm == row.arm else arm: mean for arm, mean in row.mean.items()}


def _renamed(name: str) -> View:
    tables = sample.tables()
    known = sample.definitions()
    named = {key: metric.model_copy(update={"title": name}) for key, metric in known.metrics.items()}
    return sample.view(
        replace(
            tables,
            shipped=tuple(replace(line, title=name, team=name, reasons=(name,)) for line in tables.shipped),
            candidates=tuple(replace(line, title=name, reasons=(name,)) for line in tables.candidates),
            experiments=tuple(replace(row, title=name, reason=name) for row in tables.experiments),
            effects=tuple(
                replace(row, arm=name, method=name, notes=(name,), mean=_with_arm(row, name)) for row in tables.effects
            ),
            health=tuple(replace(row, message=name) for row in tables.health),
            findings=tuple(replace(row, message=name, subject=name, why=name, do=name) for row in tables.findings),
            failed=tuple(replace(row, item=name, reason=name) for row in tables.failed),
        ),
        known.model_copy(update={"metrics": named}),
    )


def test_the_style_is_written_once() -> None:
    assert html_page(sample.view()).count(css()) == 1


def test_a_run_of_one_experiment_shows_its_effects_in_a_notebook(tmp_path: Path) -> None:
    rows = [f"{'new' if n % 2 else 'old'},{int(n % 4 < 2)}" for n in range(40)]
    (tmp_path / "d.csv").write_text("\n".join(["arm,bought", *rows]), encoding="utf-8")
    shown = vf.analyze(tmp_path / "d.csv", variant="arm", control="old", metrics=["bought"])._repr_html_()
    assert "bought" in shown
    assert "tested" in shown
    assert "empty" not in shown


def test_where_use_is_all_that_is_known_the_page_begins_with_it() -> None:
    page = Reader(html_page(sample.view(sample.only_use())))
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections[:3] == ["features", "shipped", "candidates"]
    assert page.all("nav")
    assert [a["href"] for a in page.all("a")][2] == "#features"


def test_where_use_is_all_that_is_known_columns_without_anything_are_left_out() -> None:
    text = html_page(sample.view(sample.only_use()))
    ledger = text[text.index('id="shipped"') : text.index('id="candidates"')]
    assert "Measured" in ledger
    assert "11.8" in text
    assert not any(f">{name}<" in ledger for name in ("Promised", "Value", "Grade", "Vital", "Verdict"))
    assert all(f">{name}<" in html_page(sample.view()) for name in ("Promised", "Value", "Grade", "Vital", "Verdict"))


def test_a_report_of_one_experiment_is_about_it(page: Reader) -> None:
    whole = sample.tables()
    row = replace(whole.experiments[0], action="ship", reason="Ship: better.")
    kept = {name: getattr(whole, name) for name in ("effects", "health", "heterogeneity", "findings", "headline")}
    text = html_page(sample.view(Tables(experiments=(row,), **kept), Definitions()))
    one = Reader(text)
    assert f"{row.title}: ship." in text
    assert "Release it to everybody" in text
    assert [section["id"] for section in one.all("section")] == ["experiments", "checks", "shipped", "method"]
    assert [part for part in one.all("details") if part.get("class") == "exp" and "open" in part]
    assert not [part for part in page.all("details") if part.get("class") == "exp" and "open" in part]


def test_whoever_ships_to_everybody_is_told_that_segments_differ() -> None:
    whole = sample.tables()
    row = replace(whole.experiments[0], action="ship", reason="Ship: better.")
    metric = next(e.metric for e in whole.effects if e.experiment == row.experiment and e.segment is None)
    effects = tuple(replace(e, role="primary") if e.metric == metric else e for e in whole.effects)
    two: dict[str, Any] = {
        "kind": "segments",
        "by": ("a", "b"),
        "estimate": 0.1,
        "se": 0.01,
        "p_value": 1e-9,
        "adjusted_p": 1e-9,
    }
    apart = HeterogeneityRow(row.experiment, metric, "treatment", **two, reversal=False, message="It differs.")
    found = Tables(experiments=(row,), effects=effects, heterogeneity=(apart,))
    assert "Look at the segments first" in html_page(sample.view(found))
    alike = replace(apart, adjusted_p=0.5)
    assert "Look at the segments first" not in html_page(sample.view(replace(found, heterogeneity=(alike,))))


def test_a_report_of_use_asks_nothing_about_promises_and_has_no_empty_cost() -> None:
    tables = sample.only_use()
    view = sample.view(tables)
    features = view.definitions.features
    free = {key: one.model_copy(update={"cost": None, "upkeep": None}) for key, one in features.items()}
    text = html_page(replace(view, definitions=view.definitions.model_copy(update={"features": free})))
    assert not any(word in text for word in ("better →", 'id="promises"', 'id="value"', "#promises"))
    assert ">Cost<" not in text[text.index('id="features"') : text.index('id="shipped"')]
    known = html_page(view)
    assert ">Cost<" in known[known.index('id="features"') : known.index('id="shipped"')]
    assert 'id="promises"' in html_page(sample.view())


def test_a_warning_of_the_trust_tests_is_not_repeated_beside_the_effect() -> None:
    tables = sample.tables()
    said = "values are too skewed for so few units"
    effects = tuple(replace(row, notes=(said,), check_first=said) for row in tables.effects)
    experiments = {row.experiment for row in tables.experiments}
    health = tuple(HealthRow(key, "skew/clicks", None, "warning", f"Clicks, new: {said}.") for key in experiments)
    text = html_page(sample.view(replace(tables, effects=effects, health=health)))
    assert text.count(said) == len(experiments)
    assert "Check first (see 1)" in text


def test_a_belief_stands_with_its_chance_and_what_is_lost_on_average_should_it_be_wrong() -> None:
    tables = sample.tables()
    believed = tuple(
        replace(row, mode="bayesian", p_better=0.97, expected_loss=0.00123) if row.metric == "retention_7" else row
        for row in tables.effects
    )
    text = html_page(sample.view(replace(tables, effects=believed)))
    assert "P(better) .97, expected loss 0.12\N{NO-BREAK SPACE}pp" in text
