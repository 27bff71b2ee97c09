from __future__ import annotations

from make_start_reference import PAGE, reference
from vitalfew.connect.kinds import KINDS


def test_the_page_about_files_is_what_the_program_reads() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: .venv/bin/python tools/make_start_reference.py"


def test_every_name_of_a_column_is_known_to_its_role_in_any_spelling() -> None:
    for kind in KINDS:
        for role in (*kind.needs, *kind.may):
            for name in role.names:
                assert role.rank(name) is not None
                assert role.rank(name.upper().replace("_", " ")) == role.rank(name)
