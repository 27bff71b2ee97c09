"""Signatures by which whoever receives an event knows that it is ours: Standard Webhooks, version 1 (HMAC-SHA256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "whsec_"


def secret_of(salt: str) -> str:
    """The secret that goes with a salt. It is made from the server's own when it is needed, and kept nowhere."""
    made = salted_hmac("vitalfew.webhook", salt, algorithm="sha256").digest()
    return PREFIX + base64.b64encode(made).decode()


def signed(secrets: Iterable[str], key: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of an event: its id, the moment it is sent (Unix seconds), and a signature by each secret."""
    content = f"{key}.{timestamp}.".encode() + body
    signatures = [f"v1,{_signature(secret, content)}" for secret in secrets]
    return {"webhook-id": key, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
