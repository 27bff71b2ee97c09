"""Calls to addresses that people name: none into the server's own network, whatever a name says, and never for long."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.test import override_settings

from receiving import Receiver, receiving
from vitalfew.errors import UsageError
from vitalfew.server.core import outbound
from vitalfew.server.core.models import Delivery
from vitalfew.server.core.services import delivering, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vitalfew.server.core.models import Member

PUBLIC = "93.184.215.14"
NAME = "hooks.example"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


class Names:
    """What names mean, one answer after another; the last one stays. Addresses mean themselves."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0
        self._real = socket.getaddrinfo

    def __call__(self, host: str, port: int, *args: object, **more: object) -> list[tuple[object, ...]]:
        if not host.endswith(".example"):
            return list(self._real(host, port, *args, **more))  # type: ignore[arg-type]  # handed on as they came
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found.split()]


def _mean(monkeypatch: pytest.MonkeyPatch, *answers: str) -> Names:
    names = Names(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "0", "10.0.0.5",
        "172.16.3.4", "192.168.1.1", "100.64.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "224.0.0.1",
        "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[fe80::1]",
        "[fec0::1]", "[fd00:ec2::254]", "[fc00::1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:0:7f00:1::]",
        "[ff02::1]",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_leads_into_the_servers_own_network(host: str) -> None:
    with pytest.raises(UsageError, match=r"does not lie in the public internet|nothing is known"):
        outbound.resolve(outbound.read(f"https://{host}/", private=False), private=False)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[fe80::1]", "0"])
def test_where_clouds_keep_secrets_is_called_by_no_setting(host: str) -> None:
    with pytest.raises(UsageError, match="does not lie"):
        outbound.resolve(outbound.read(f"https://{host}/", private=True), private=True)


@pytest.mark.parametrize("host", [PUBLIC, "[2606:4700::1111]"])
def test_what_lies_in_the_public_internet_may_be_called(host: str) -> None:
    found = outbound.resolve(outbound.read(f"https://{host}/x?y=1", private=False), private=False)
    assert ip_address(found) == ip_address(host.strip("[]"))


@pytest.mark.parametrize(
    "address",
    [
        "", "http://one.example/", "ftp://one.example/", "https://", "https:///x", "//one.example/", "one.example",
        "https://ada:secret@one.example/", "https://one.example:99999/", "https://one.example/#x",
        "https://one.example/ x", "https://one.example/\r\nHost: two", "https://one.example\\@two.example/", "https://größe.example/",
        "https://one.example/" + "x" * 500, "javascript:alert(1)", "file:///etc/passwd", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_by_https_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        outbound.read(address, private=False)


def test_a_name_of_which_one_address_lies_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _mean(monkeypatch, f"{PUBLIC} 10.0.0.1")
    with pytest.raises(UsageError, match="does not lie"):
        outbound.resolve(outbound.read(f"https://{NAME}/", private=False), private=False)


def test_a_name_that_means_something_else_once_it_was_added_leads_nowhere(
    member: Callable[..., Member], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = member("admin")
    _mean(monkeypatch, PUBLIC, "127.0.0.1")
    pk, _ = webhooks.add(admin.workspace, f"https://{NAME}:{receiver.port}/", ["run.finished"], by=admin.user)
    webhooks.test(admin.workspace, pk, by=admin.user)
    delivering.deliver()
    assert receiver.got == []
    assert Delivery.objects.get().message == "this address does not lie in the public internet"


def test_a_name_is_asked_for_once_a_call_and_the_call_goes_to_what_was_looked_at(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _mean(monkeypatch, "127.0.0.1", "169.254.169.254")
    reply = outbound.post(f"http://{NAME}:{receiver.port}/hook?a=1", b"{}", {}, private=True)
    assert (reply.status, names.asked) == (200, 1)
    (got,) = receiver.got
    assert (got.path, got.headers["host"]) == ("/hook?a=1", f"{NAME}:{receiver.port}")


def test_addresses_inside_are_refused_when_they_are_added_and_when_the_setting_is_taken_back(
    member: Callable[..., Member], receiver: Receiver
) -> None:
    admin = member("admin")
    with pytest.raises(UsageError, match="no address"):
        webhooks.add(admin.workspace, receiver.address, ["run.finished"], by=admin.user)
    with override_settings(CONFIG=replace(settings.CONFIG, webhook_private=True)):
        pk, _ = webhooks.add(admin.workspace, receiver.address, ["run.finished"], by=admin.user)
    webhooks.test(admin.workspace, pk, by=admin.user)
    delivering.deliver()
    assert receiver.got == []


def test_proxies_of_the_environment_are_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert outbound.post(receiver.address, b"{}", {}, private=True).status == 200


def test_an_answer_that_drips_is_not_waited_for(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "LIMIT", 0.4)
    receiver.drip = 0.05
    began = time.monotonic()
    reply = outbound.post(receiver.address, b"{}", {}, private=True)
    assert (reply.status, reply.said) == (None, "no answer within 0 seconds")
    assert time.monotonic() - began < 20


def test_who_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "LIMIT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        began = time.monotonic()
        assert outbound.post(address, b"{}", {}, private=True).said.startswith("no answer within")
        assert time.monotonic() - began < 20


def test_where_nobody_listens_the_reply_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert outbound.post(f"http://127.0.0.1:{port}/", b"{}", {}, private=True).said.startswith("no connection")


def test_a_certificate_has_to_be_valid_for_the_name_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(_certificate(tmp_path)))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "all.pem")
    _mean(monkeypatch, "127.0.0.1")
    with receiving(tls) as found:
        right, wrong = (
            outbound.post(f"https://{name}:{found.port}/", b"{}", {}, private=True) for name in (NAME, "other.example")
        )
    assert right.status == 200
    assert wrong.said == "its certificate is not valid for this name"
    assert len(found.got) == 1


def _certificate(folder: Path) -> Path:
    """A certificate for `NAME` that vouches for itself; with its key in `all.pem`."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "all.pem").write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "one.pem").write_bytes(pem)
    return folder / "one.pem"
