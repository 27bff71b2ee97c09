"""A small provider of OpenID Connect on this machine, for tests of signing in with a company's account.

It speaks the authorisation code flow with PKCE over real HTTP: discovery, consent (given at once), token, user info.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, SECRET = "vitalfew", "between the two"


@dataclass
class Provider:
    """What it says about whoever comes, and what it handed out: challenges by code, and access tokens."""

    person: dict[str, Any]
    issuer: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)


@contextmanager
def provider(**person: object) -> Iterator[Provider]:
    """Run a provider for one person, such as `sub="7", email="ada@example.org", email_verified=True`."""
    known = Provider(person)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(known))
    known.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(known: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            if asked.path == "/.well-known/openid-configuration":
                self._say(_discovery(known.issuer))
            elif asked.path == "/authorize":
                self._consent(query)
            elif asked.path == "/userinfo" and self.headers["Authorization"].removeprefix("Bearer ") in known.tokens:
                self._say(known.person)
            else:
                self.send_error(403)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            given = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            challenge = known.codes.pop(given.get("code", ""), None)
            digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            if (
                challenge != base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                or given.get("client_secret") != SECRET
            ):
                self.send_error(400)
                return
            token = secrets.token_urlsafe()
            known.tokens.add(token)
            self._say({"access_token": token, "token_type": "Bearer", "expires_in": 60})

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

        def _consent(self, query: dict[str, str]) -> None:
            code = secrets.token_urlsafe()
            known.codes[code] = query["code_challenge"]
            self.send_response(302)
            answer = urlencode({"code": code, "state": query["state"]})
            self.send_header("Location", f"{query['redirect_uri']}?{answer}")
            self.end_headers()

        def _say(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _discovery(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
