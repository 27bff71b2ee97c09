"""The one way in which the server calls an address that somebody named: with no way from there into its own network.

A name is resolved once. Every address it stands for is looked at, and the connection goes to one that was looked at, so
that a name which means something else a moment later leads nowhere. Redirects are not followed, proxies of the
environment not asked, and all of it takes ten seconds at most.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import WriteableBuffer

LIMIT = 10.0
"""Seconds that a call may take in all, after the name was resolved."""
LONGEST_ADDRESS = 500
_METADATA = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")))
"""Where clouds tell machines their secrets; the last one looks like any public address."""
_FROM, _TO = "!", "~"
"""Between these lies every character that an address may hold."""


class Reply(NamedTuple):
    """The status that was answered, if any was, and a sentence about it in our words: never what was answered."""

    status: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Target:
    """What an address says: where to, and the path with its query."""

    host: str
    port: int
    path: str
    is_safe: bool


def read(address: str, *, private: bool) -> Target:
    """Take an address apart.

    Args:
        address: `https://…`.
        private: whether it may lie in the server's own network; then `http://` will do.

    Raises:
        UsageError: it is none that is called.
    """
    expected = "https://, a name, perhaps a port and a path"
    try:
        found = urlsplit(address)
        host, port = found.hostname or "", found.port
    except ValueError:
        raise UsageError("this is no address", expected=expected) from None
    plain = len(address) <= LONGEST_ADDRESS and all(_FROM <= sign <= _TO for sign in address)
    known = found.scheme == "https" or (private and found.scheme == "http")
    if not (plain and known and host) or "\\" in address or "@" in found.netloc or found.fragment:
        raise UsageError("this is no address that is called", expected=expected)
    is_safe = found.scheme == "https"
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    return Target(host, port or (443 if is_safe else 80), path, is_safe)


def resolve(target: Target, *, private: bool) -> str:
    """The address of the machine to connect to; every one that the name stands for has to be allowed.

    Raises:
        UsageError: the name is not known, or leads to where the server must not call.
    """
    try:
        answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError("nothing is known under this name", hint="look whether it is spelled right") from None
    found = [ip_address(str(answer[4][0])) for answer in answers]
    if not found or not all(_is_allowed(machine, private=private) for machine in found):
        hint = "whoever runs the server can allow it by VITALFEW_WEBHOOK_PRIVATE"
        raise UsageError("this address does not lie in the public internet", hint=hint)
    return str(found[0])


def post(address: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Reply:
    """Send something to an address; whatever goes wrong is told in the reply."""
    try:
        target = read(address, private=private)
        machine = resolve(target, private=private)
    except UsageError as error:
        return Reply(None, error.problem.message)
    call = (_SafeCall if target.is_safe else _Call)(target, machine)
    try:
        call.request("POST", target.path, body, dict(headers))
        status = call.getresponse().status
    except TimeoutError:
        return Reply(None, f"no answer within {LIMIT:.0f} seconds")
    except ssl.SSLCertVerificationError:
        return Reply(None, "its certificate is not valid for this name")
    except (OSError, ValueError, http.client.HTTPException):
        return Reply(None, "no connection, or no answer that can be read")
    finally:
        call.close()
    return Reply(status, f"answered {status}")


def _is_allowed(machine: IPv4Address | IPv6Address, *, private: bool) -> bool:
    """Whether a machine may be called. Addresses that stand for one of IPv4 behind a gateway never are."""
    if isinstance(machine, IPv6Address) and (machine.ipv4_mapped or machine.sixtofour or machine.teredo):
        return False
    if isinstance(machine, IPv6Address) and machine.is_site_local and not private:  # which counts as global
        return False
    if machine in _METADATA or machine.is_multicast or machine.is_unspecified or machine.is_link_local:
        return False
    if private and (machine.is_private or machine.is_loopback):
        return True
    return machine.is_global and not machine.is_reserved


class _Call(http.client.HTTPConnection):
    """A connection to a machine whose address was looked at, on behalf of a name, within a time in all."""

    def __init__(self, target: Target, machine: str) -> None:
        super().__init__(target.host, target.port, timeout=LIMIT)
        self._machine, self._until = machine, time.monotonic() + LIMIT
        # Each reading has a time of its own in the library: an answer that drips would never end.
        self.response_class = partial(_answer, until=self._until)  # type: ignore[assignment]  # called like a class

    def connect(self) -> None:
        """Connect to the machine, not to what the name may mean by now."""
        self.sock = socket.create_connection((self._machine, self.port), self.timeout)


class _SafeCall(_Call):
    """The same, where the certificate has to be valid for the name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        """Shake hands in the name of the target."""
        super().connect()
        self.sock.settimeout(_left(self._until))
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _answer(sock: socket.socket, *, until: float, method: str | None = None) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_Within(sock, until), method=method)  # type: ignore[arg-type]  # it asks for makefile only


class _Within(io.RawIOBase):
    """What comes in over a socket, until a moment."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._sock, self._until = sock, until

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As a socket would."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is for nothing else."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read some, as long as there is time."""
        self._sock.settimeout(_left(self._until))
        return self._sock.recv_into(buffer)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
