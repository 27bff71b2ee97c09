"""Logs as JSON, a line an entry: for machines to read, with nothing in them that customers wrote."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_FIELDS = ("workspace", "job", "method", "path", "status_code", "milliseconds")
_SECRET = re.compile(r"(?<=/)[A-Za-z0-9_-]{40,}|(?<=/join/)[^/\s]+")
"""Parts of addresses that let whoever reads them in: personal links."""


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters are escaped, so that no text can forge an entry."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one entry."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        entry["message"] = _told(record.getMessage()[:2_000])
        entry |= {name: _told(getattr(record, name)) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            entry["exception"] = record.exc_info[0].__name__
        return json.dumps(entry, ensure_ascii=True, default=str)


def _told(value: object) -> object:
    return _SECRET.sub("…", value) if isinstance(value, str) else value
