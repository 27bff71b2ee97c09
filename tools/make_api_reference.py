"""Writes docs/reference/openapi.json, the description of the HTTP API, from the code.

Run it after a change of the API, from the root of the checkout: `.venv/bin/python tools/make_api_reference.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import django

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


def main() -> None:
    """Write the document."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.server.settings")
    django.setup()
    from vitalfew.server.api import api

    text = json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False, default=str)
    DOCUMENT.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {DOCUMENT}")


if __name__ == "__main__":
    main()
