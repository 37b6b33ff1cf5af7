"""What went wrong while connecting is one plain sentence that says what to do about it."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from simulated import simulated

from smswire.cli.main import main


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that is no SMSC: answer is called with each connection, which is closed then. Gives host:port."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def said(capsys: pytest.CaptureFixture[str], url: str, *arguments: str) -> str:
    """What `smswire send` says on standard error, when it cannot connect."""
    assert main(["send", "--smpp", url, *arguments, "--from", "Infobip", "--to", "385911111111", "x"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("smswire send: "), err
    return err.removeprefix("smswire send: ").rstrip("\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", place / "key.pem", "-out", place / "certificate.pem"],
        check=True, capture_output=True,
    )
    return place / "certificate.pem"


def test_a_certificate_that_is_not_trusted_names_the_options_that_help(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated("--tls-certificate", str(certificate), "--tls-key", str(certificate.with_name("key.pem"))) as address:
        port = address.rpartition(":")[2]
        advice = "--cafile FILE trusts the one who signed it, --insecure verifies nothing"
        words = f"localhost:{port}: the server's certificate is not trusted: self-signed certificate; {advice}"
        assert said(capsys, f"smpps://test:test@localhost:{port}") == words
        found = said(capsys, f"smpps://test:test@127.0.0.1:{port}", "--cafile", str(certificate))
        assert "connect by a name that it has, --insecure verifies nothing" in found and "127.0.0.1" in found
        assert "without TLS?" in said(capsys, f"smpp://test:test@{address}")


def test_a_port_without_tls_or_without_smpp_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(lambda connection: None) as address:
        assert said(capsys, f"smpp://me@{address}").endswith("; is that an SMPP port without TLS?")
        found = said(capsys, f"smpps://me@{address}")
        assert found.startswith(f"{address}: the TLS handshake failed: ") and "failed: ;" not in found
        assert found.endswith("smpp:// connects without")


@pytest.mark.parametrize(("url", "words"), [
    ("smpp://me@127.0.0.1:1", "127.0.0.1:1: Connection refused"),
    ("smpp://me@127.0.0.1:1,127.0.0.1:2", "127.0.0.1:2: [Errno 111] Connection refused)"),
])
def test_each_host_is_named_once(url: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, url)
    assert found.endswith(words) and found.count("127.0.0.1:1") == 1
