"""Write docs/reference/results.schema.json: the JSON Schema of the export, from its types."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from vitalfew.results.document import PARTS, Document

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "results.schema.json"


def schema_text() -> str:
    """The schema, as it is committed: any part may be left out (`--only`), the identity of the run never."""
    schema = TypeAdapter(Document).json_schema()
    schema["required"] = [name for name in schema["required"] if name not in PARTS]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "vitalfew results, schema 1"}
    return json.dumps(schema | head, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(schema_text(), encoding="utf-8")
    print(TARGET.name)
