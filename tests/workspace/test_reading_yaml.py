from __future__ import annotations

import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import DefinitionError
from vitalfew.workspace.yaml_reader import read_yaml


def tree(text: str) -> object:
    return read_yaml(text.encode(), "f.yaml").tree


def complaint(data: bytes | str) -> str:
    with pytest.raises(DefinitionError) as caught:
        read_yaml(data.encode() if isinstance(data, str) else data, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "yes",
        "on",
        "off",
        "True",
        "NO",
        "Null",
        "010",
        "0o17",
        "0x10",
        "12:30",
        "12:30:45",
        "1_000",
        "1,000",
        ".inf",
        "-.inf",
        ".nan",
        "1.",
        "+",
        ".",
        "e5",
        "1e",
        "1e999",
        "2026-02-01",
    ],
)
def test_a_word_that_other_readers_turn_into_something_else_stays_text(word: str) -> None:
    assert tree(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(("0", 0), ("-12", -12), ("+3", 3), ("0.5", 0.5), (".5", 0.5), ("-1e3", -1000.0), ("1.5E-3", 0.0015)),
        *(("true", True), ("false", False), ("null", None), ("~", None), ("", None)),
    ],
)
def test_numbers_booleans_and_nothing_are_read_as_such(word: str, value: object) -> None:
    found = tree(f"a: {word}")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_a_number_with_more_digits_than_a_number_holds_stays_text() -> None:
    assert tree("[999999999999999, 1000000000000000, 5%]") == [999999999999999, "1000000000000000", "5%"]


@pytest.mark.parametrize("quoted", ["'5'", '"5"', "'true'", "'~'", "''"])
def test_quoted_words_are_always_text(quoted: str) -> None:
    assert tree(f"a: {quoted}") == {"a": quoted[1:-1]}


def test_keys_are_always_text() -> None:
    assert tree("{1: a, true: b, no: c, 2.0: d, null: e}") == dict(
        zip(["1", "true", "no", "2.0", "null"], "abcde", strict=True)
    )


def test_keys_and_values_know_their_lines_and_columns() -> None:
    document = read_yaml(b"a:\n  b: [x,\n      y]\n", "f.yaml")
    assert (document.keys["a", "b"].line, document.keys["a", "b"].column) == (2, 3)
    assert (document.values["a", "b", 1].line, document.values["a", "b", 1].column) == (3, 7)
    assert str(document.values["a", "b", 1]) == "f.yaml:3 (a.b[1])"


def test_an_alias_stands_for_the_value_of_its_anchor() -> None:
    assert tree("a: &x [1, {b: 2}]\nc: *x") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_a_key_defined_twice_names_both_lines_and_all_such_keys_are_told() -> None:
    text = complaint("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert text.splitlines() == [
        "f.yaml:2 (b.c): 'c' is defined twice; first in line 2; keep one of the two",
        "f.yaml:3 (a): 'a' is defined twice; first in line 1; keep one of the two",
    ]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"a: \xff", "f.yaml:1: a letter is not written in UTF-8"),
        ("a: ü".encode("utf-16"), "UTF-16"),
        ("a: u".encode("utf-16-be"), "control character U+0000"),
        (b"a: 1\nb: x\x00y", "f.yaml:2: the file holds the control character U+0000"),
        (b"a:\n\t- b", "f.yaml:2: a tab is used for indentation"),
        (b"a: b: c", "put a text with ': ' into quotes"),
        (b"a: [1, 2", "f.yaml:1: a list is not closed"),
        (b"a: {b: 2", "a '{' is not closed"),
        (b"a: 'x", "a text in quotes is not closed"),
        (b"a: @x", "a value cannot begin with '@'"),
        (b"a: !x 1", "tags (words that begin with '!') are not read"),
        (b"!!python/object:os.system {}", "tags"),
        (b"<<: {a: 1}", "merge keys ('<<') are not read"),
        (b"a: 1\n---\nb: 2", "f.yaml:2: the file holds a second document"),
        (b"&a [*a]", "'*a' refers to nothing before it"),
        (b"[a]: 1", "a key is a text on one line"),
        (b"?\n: 1", "a key is empty"),
        (b"a: 1\n b: 2", "f.yaml:2"),
        (b"- a\nb: c", "the lines of a list do not line up"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_in_plain_words(data: bytes, part: str) -> None:
    assert part in complaint(data)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"x" * 2_000_000, "the file is too large; expected at most 256 kB"),
        (b"[" + b"1," * 1_000_000 + b"1]", "the file is too large; expected at most 256 kB"),
        (b"[" * 100_000, "nested more than 20 levels deep"),
        (b"{a: " * 60_000, "nested more than 20 levels deep"),
        (b"- " * 100_000, "nested more than 20 levels deep"),
        (b"a: [" + b"x," * 120_000 + b"]", "more than 50,000 values"),
        (BOMB.encode(), "more than 50,000 values"),
        (b"a: &a 1\nb: [" + b"*a, " * 101 + b"]", "more than 100 references"),
        (b"a: &a " + b"[" * 15 + b"]" * 15 + b"\nb: " + b"[" * 10 + b"*a" + b"]" * 10, "nested more than 20"),
        (b"&a " * 80_000, "f.yaml:1"),
        (b"? " * 100_000, "f.yaml:1"),
        (b"!" * 100_000, "f.yaml:1"),
    ],
)
def test_hostile_files_are_refused_at_once(data: bytes, part: str) -> None:
    gc.collect()  # else what earlier tests left may be gone through on this one's time
    start = time.process_time()  # not the clock, which on a machine in use tells of others' work
    assert part in complaint(data)
    assert time.process_time() - start < 1


def test_twenty_levels_are_read_and_twenty_one_refused() -> None:
    assert tree("[" * 20 + "]" * 20)
    assert "20 levels" in complaint("[" * 21 + "]" * 21)


def test_an_empty_file_holds_nothing() -> None:
    assert tree("") is None
    assert tree("# only a comment\n") is None


YAML_SIGNS = st.text(alphabet="abc019 \n\t:-?[]{},&*!|>'\"%@`#<.~\\éü\u2028", max_size=120)


@given(st.one_of(st.binary(max_size=200), YAML_SIGNS.map(str.encode), st.text(max_size=80).map(str.encode)))
def test_any_bytes_give_a_tree_or_our_own_error(data: bytes) -> None:
    start = time.process_time()
    try:
        read_yaml(data, "f.yaml")
    except DefinitionError as error:
        problems = error.problems
    else:
        problems = ()
    assert all(problem.where and problem.where.file == "f.yaml" for problem in problems)
    assert time.process_time() - start < 1
