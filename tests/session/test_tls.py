"""TLS contexts: verified unless told otherwise, 1.2 or later, and a clear sentence for each file that is not as it should be."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from smpp_core import EncodeError
from smswire.session.tls import client_context, server_context

TLS = Path(__file__).parents[1] / "data" / "tls"
CA, CERT, KEY, CLIENT, CLIENT_KEY, ENCRYPTED = (
    TLS / name for name in ("ca.pem", "server.pem", "server.key", "client.pem", "client.key", "encrypted.key")
)


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "localhost") -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Both ends in memory; raises what the handshake raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = client.wrap_bio(to_client, to_server, server_hostname=name)
    right = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(6):
        for end in (left, right):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    left.write(b"ping")
    assert right.read(4) == b"ping"
    return left, right


def test_a_server_of_the_trusted_root_is_accepted() -> None:
    left, _ = handshake(client_context(cafile=CA), server_context(CERT, KEY))
    assert left.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("name", ["127.0.0.1", "::1"])
def test_addresses_are_verified_as_names_are(name: str) -> None:
    handshake(client_context(cafile=CA), server_context(CERT, KEY), name)


def test_an_unknown_root_is_refused_by_default() -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(client_context(), server_context(CERT, KEY))


def test_another_name_is_refused() -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="[Hh]ostname"):
        handshake(client_context(cafile=CA), server_context(CERT, KEY), "smsc.example")


def test_insecure_accepts_any_server_and_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "smswire.session"):
        handshake(client_context(insecure=True), server_context(CERT, KEY), "smsc.example")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    caplog.clear()
    client_context(cafile=CA)
    assert not caplog.records


def test_a_server_that_asks_for_it_gets_the_clients_certificate() -> None:
    server = server_context(CERT, KEY, cafile=CA)
    _, right = handshake(client_context(cafile=CA, certfile=CLIENT, keyfile=CLIENT_KEY), server)
    assert right.getpeercert()
    with pytest.raises(ssl.SSLError):
        handshake(client_context(cafile=CA), server)


def test_certificate_and_key_may_stand_in_one_file(tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(CERT.read_bytes() + KEY.read_bytes())
    handshake(client_context(cafile=CA), server_context(both))


def test_an_encrypted_key_is_opened_with_its_password_and_never_asks_the_terminal() -> None:
    handshake(client_context(cafile=CA), server_context(CERT, ENCRYPTED, key_password="secret"))
    for password, problem in ((None, "give key_password"), ("wrong", "does not open it")):
        with pytest.raises(EncodeError, match=problem) as caught:
            server_context(CERT, ENCRYPTED, key_password=password)
        assert caught.value.field == "keyfile" and "wrong" not in str(caught.value)


@pytest.mark.parametrize("context", [client_context(insecure=True), client_context(cafile=CA), client_context(), server_context(CERT, KEY)])
def test_nothing_below_tls_1_2_is_spoken(context: ssl.SSLContext) -> None:
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("make", "arguments", "field", "problem"),
    [
        (client_context, {"cafile": "no.pem"}, "cafile", "no.pem cannot be opened: No such file"),
        (client_context, {"certfile": "no.pem"}, "certfile", "no.pem cannot be opened: No such file"),
        (client_context, {"certfile": CLIENT, "keyfile": "no.key"}, "keyfile", "no.key cannot be opened: No such file"),
        (client_context, {"cafile": KEY}, "cafile", "holds no certificate"),
        (client_context, {"keyfile": KEY}, "certfile", "without certfile"),
        (client_context, {"cafile": CA, "insecure": True}, "insecure", "give one of them"),
        (server_context, {"certfile": TLS}, "certfile", "cannot be opened"),
        (server_context, {"certfile": CERT}, "certfile", "cannot be read as a certificate and a key"),
        (server_context, {"certfile": TLS / "README.md", "keyfile": KEY}, "certfile", "cannot be read as a certificate and a key"),
        (server_context, {"certfile": CERT, "keyfile": CLIENT_KEY}, "keyfile", "does not belong to the certificate"),
        (server_context, {"certfile": CERT, "keyfile": KEY, "cafile": "no.pem"}, "cafile", "No such file"),
    ],
)
def test_each_fault_is_a_sentence_with_the_field(make: Any, arguments: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(EncodeError, match=problem) as caught:
        make(**arguments)
    assert caught.value.field == field


def test_the_certificates_of_the_tests_outlive_this_century() -> None:
    _, right = handshake(client_context(cafile=CA, certfile=CLIENT, keyfile=CLIENT_KEY), server_context(CERT, KEY, cafile=CA))
    left, _ = handshake(client_context(cafile=CA), server_context(CERT, KEY))
    ends = [end.getpeercert() for end in (left, right)] + client_context(cafile=CA).get_ca_certs()
    assert len(ends) == 3
    for certificate in ends:
        assert certificate
        assert ssl.cert_time_to_seconds(str(certificate["notAfter"])) > ssl.cert_time_to_seconds("Jan  1 00:00:00 2099 GMT")
