"""Words by which tables say yes and no, in the languages in which `start` knows the names of columns."""

from __future__ import annotations

YES_NO = (
    ("1", "0"), ("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"),
    ("ja", "nein"), ("ja", "nej"), ("ja", "nei"), ("ja", "nee"), ("wahr", "falsch"),
    ("oui", "non"), ("vrai", "faux"), ("sí", "no"), ("si", "no"), ("sì", "no"), ("sim", "não"),
)  # fmt: skip
"""Pairs in small letters; a column that holds nothing but one of them is one of yes and no."""

YES = tuple(dict.fromkeys(yes for yes, _ in YES_NO))
NO = tuple(dict.fromkeys(no for _, no in YES_NO))
