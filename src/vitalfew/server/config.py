"""What the server reads from its environment: where it keeps things, its database, its secret.

Every setting is an environment variable that begins with `VITALFEW_`; none has to be given on one machine.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from vitalfew.errors import UsageError

SHORTEST_SECRET = 32
_POOL = {"min_size": 1, "max_size": 8, "timeout": 10.0, "reconnect_timeout": 5.0}
"""Connections of one process to PostgreSQL; seconds to wait for one, and to try again before the next who asks does."""
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one server.

    Attributes:
        home: folder of everything it keeps: its database, uploaded data, its secret.
        database: `postgres://USER:PASSWORD@HOST:PORT/NAME` (`?host=FOLDER` for a socket of this machine), or empty for
            SQLite in `home`.
        secret: signs sessions and links.
        hosts: names it answers to.
        origins: addresses pages are sent from, where a proxy stands before it (`https://…`).
        secure: whether it is reached by HTTPS only: cookies and headers say so.
        proxies: how many proxies set `X-Forwarded-For` before it.
        mail: `smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS` (`smtp+tls` or `smtps` for safe connections), or empty: then
            links are handed over by people.
        oidc: another way to sign in, by OpenID Connect; None: by password only.
        upload_mb: megabytes that may be uploaded at once.
        storage_gb: gigabytes of uploaded files that a workspace may hold.
        workspaces: how many workspaces one person may be admin of before they can make no more.
        job_gb: gigabytes of memory that one run may take.
        job_minutes: minutes that one run may take.
        require_jail: whether a job is refused where this machine cannot shut it out of other files and the network.
        data: folders whose tables any workspace of the server may name, besides its own folder.
        request_seconds: seconds that PostgreSQL may work on one question of a request; 0: as long as it takes.
        webhook_private: whether webhooks may lie in the server's own network, and be called without HTTPS.
    """

    home: Path
    database: str
    secret: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    secure: bool
    proxies: int
    mail: str = ""
    oidc: Oidc | None = None
    upload_mb: int = 200
    storage_gb: int = 20
    workspaces: int = 50
    job_gb: int = 8
    job_minutes: int = 60
    require_jail: bool = False
    data: tuple[Path, ...] = ()
    request_seconds: int = 30
    webhook_private: bool = False

    @classmethod
    def from_environment(cls) -> Config:
        """Read the environment.

        Raises:
            UsageError: a value cannot be used, such as a weak secret.
        """
        home = Path(os.environ.get("VITALFEW_HOME") or default_home())
        return cls(
            home=home,
            database=os.environ.get("VITALFEW_DATABASE", ""),
            secret=_secret(home),
            hosts=_listed("VITALFEW_HOSTS", "localhost 127.0.0.1 [::1]"),
            origins=_listed("VITALFEW_ORIGINS", ""),
            secure=_flag("VITALFEW_HTTPS"),
            proxies=_whole("VITALFEW_PROXIES"),
            upload_mb=_whole("VITALFEW_UPLOAD_MB", "200"),
            storage_gb=_whole("VITALFEW_STORAGE_GB", "20"),
            workspaces=_whole("VITALFEW_WORKSPACES", "50"),
            job_gb=_whole("VITALFEW_JOB_GB", "8"),
            job_minutes=_whole("VITALFEW_JOB_MINUTES", "60"),
            require_jail=_flag("VITALFEW_REQUIRE_JAIL"),
            data=tuple(
                Path(name).resolve() for name in os.environ.get("VITALFEW_DATA_FOLDERS", "").split(os.pathsep) if name
            ),
            request_seconds=_whole("VITALFEW_REQUEST_SECONDS", "30"),
            webhook_private=_flag("VITALFEW_WEBHOOK_PRIVATE"),
            mail=os.environ.get("VITALFEW_MAIL_URL", ""),
            oidc=_oidc(),
        )

    def database_settings(self) -> dict[str, object]:
        """The database as Django wants it.

        Raises:
            UsageError: the address names no PostgreSQL database.
        """
        if not self.database:
            options = {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;",
            }
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": self.home / "vitalfew.db", "OPTIONS": options}
        address = urlsplit(self.database)
        if address.scheme not in ("postgres", "postgresql") or not address.path.strip("/"):
            raise UsageError(
                "VITALFEW_DATABASE names no database that vitalfew knows",
                expected="postgres://USER:PASSWORD@HOST:PORT/NAME",
                hint="leave it out to keep everything in one SQLite file",
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(address.path.strip("/")),
            "USER": unquote(address.username or ""),
            "PASSWORD": unquote(address.password or ""),
            "HOST": parse_qs(address.query).get("host", [unquote(address.hostname or "")])[0],
            "PORT": str(address.port or ""),
            # Each request has a thread of its own, so connections that stay open are the process's, not the thread's.
            "OPTIONS": {"pool": dict(_POOL)},
            "CONN_HEALTH_CHECKS": True,
        }

    def mail_settings(self) -> dict[str, object]:
        """How mail is sent, as Django wants it, with the sender's address under `from`.

        Raises:
            UsageError: the address names no mail server.
        """
        if not self.mail:
            return {"BACKEND": "django.core.mail.backends.dummy.EmailBackend", "from": "vitalfew@localhost"}
        address = urlsplit(self.mail)
        sender = parse_qs(address.query).get("from", [""])[0]
        if address.scheme not in ("smtp", "smtp+tls", "smtps") or not address.hostname or "@" not in sender:
            raise UsageError(
                "VITALFEW_MAIL_URL names no mail server", expected="smtp+tls://USER:PASSWORD@HOST:PORT?from=ADDRESS"
            )
        options = {
            "host": address.hostname,
            "port": address.port,
            "username": unquote(address.username or ""),
            "password": unquote(address.password or ""),
            "use_tls": address.scheme == "smtp+tls",
            "use_ssl": address.scheme == "smtps",
            "timeout": 10,
        }
        return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options, "from": sender}

    def provider_settings(self) -> dict[str, object]:
        """The provider of OpenID Connect as allauth wants it."""
        if self.oidc is None:
            return {}
        app = {
            "provider_id": "company",
            "name": self.oidc.name,
            "client_id": self.oidc.client,
            "secret": self.oidc.secret,
            "settings": {"server_url": self.oidc.issuer},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


@dataclass(frozen=True, slots=True)
class Oidc:
    """A provider of OpenID Connect: its address, what it knows this server as, and its name on the button."""

    issuer: str
    client: str
    secret: str
    name: str

    @property
    def origin(self) -> str:
        """Where browsers are sent to sign in."""
        address = urlsplit(self.issuer)
        return f"{address.scheme}://{address.netloc}"


def default_home() -> Path:
    """Where a server without a folder keeps things."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "vitalfew"


def make_secret(home: Path) -> None:
    """Make the secret of a server once, readable by nobody else."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secret.key"
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64) + "\n")


def _secret(home: Path) -> str:
    given = os.environ.get("VITALFEW_SECRET_KEY")
    path = home / "secret.key"
    if given is None:
        given = path.read_text(encoding="ascii").strip() if path.is_file() else secrets.token_urlsafe(64)
    if len(given) < SHORTEST_SECRET or len(set(given)) < SHORTEST_SECRET // 4:
        raise UsageError(
            "the secret of the server is too weak to start with",
            expected=f"{SHORTEST_SECRET} random characters or more in VITALFEW_SECRET_KEY",
            hint="leave it out, and one is made and kept in the server's folder",
        )
    return given


def _oidc() -> Oidc | None:
    issuer = os.environ.get("VITALFEW_OIDC_ISSUER", "")
    if not issuer:
        return None
    address = urlsplit(issuer)
    local = address.hostname in ("localhost", "127.0.0.1")
    client = os.environ.get("VITALFEW_OIDC_CLIENT", "")
    if not client or not address.hostname or (address.scheme != "https" and not local):
        raise UsageError(
            "signing in by OpenID Connect is only half set up",
            expected="VITALFEW_OIDC_ISSUER with https, VITALFEW_OIDC_CLIENT and VITALFEW_OIDC_SECRET",
        )
    secret = os.environ.get("VITALFEW_OIDC_SECRET", "")
    return Oidc(issuer.rstrip("/"), client, secret, os.environ.get("VITALFEW_OIDC_NAME", "your company account"))


def _listed(name: str, default: str) -> tuple[str, ...]:
    return tuple(os.environ.get(name, default).replace(",", " ").split())


def _flag(name: str) -> bool:
    given = os.environ.get(name, "no").lower()
    if given not in _FLAGS:
        raise UsageError(f"{name} is neither yes nor no: '{given[:40]}'", expected="yes or no")
    return _FLAGS[given]


def _whole(name: str, default: str = "0") -> int:
    given = os.environ.get(name, default)
    if not given.isdecimal():
        raise UsageError(f"{name} is no number: '{given[:40]}'", expected="how many, such as 1")
    return int(given)
