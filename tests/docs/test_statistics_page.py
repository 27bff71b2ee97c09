from __future__ import annotations

from make_statistics_reference import PAGE, reference
from vitalfew import stats
from vitalfew.errors import VitalfewError


def test_the_page_about_statistics_is_what_the_program_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: .venv/bin/python tools/make_statistics_reference.py"


def test_every_public_name_of_the_statistics_has_one_entry() -> None:
    headings = [line.removeprefix("### ") for line in reference().splitlines() if line.startswith("### ")]
    assert len(headings) == len(set(headings))
    errors = {
        name
        for name in stats.__all__
        if isinstance(kind := getattr(stats, name), type) and issubclass(kind, VitalfewError)
    }
    assert errors == {"VarianceMissing"}
    assert set(stats.__all__) - errors <= set(headings)
    assert "`VarianceMissing`: " in reference()
