"""Where a workspace keeps moments that were computed elsewhere."""

from __future__ import annotations

from pathlib import Path

FOLDER = "moments"


def kept_files(source: str, root: Path | None) -> tuple[Path, ...]:
    """Files in which the moments of a source are kept: `SOURCE.csv`, or one per column of variants."""
    folder = (root or Path()) / FOLDER
    if not folder.is_dir():
        return ()
    one = folder / f"{source}.csv"
    return (*((one,) if one.is_file() else ()), *sorted(folder.glob(f"{source}@*.csv")))
