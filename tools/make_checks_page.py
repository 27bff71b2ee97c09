"""Writes docs/reference/checks.md from the registry of checks; a test fails when the page is stale."""

from __future__ import annotations

from pathlib import Path

from vitalfew.checks.reference import reference

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "checks.md"

if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
    print(f"wrote {PAGE}")
