"""What only the client without a loop has: threads, forks, deadlines, TLS; test_client.py has what both give."""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from playing import NAME, SECRET, play
from rawhttp import RawHttp, Step, in_a_thread, ok, unused_port

from smpp_core import SessionClosed
from smswire.http.client import HttpClient
from smswire.http.errors import ConnectFailed, NoAnswer
from smswire.http.sync_client import SyncHttpClient
from smswire.session.tls import client_context, server_context

CREDITS = ok(b"12.50")


def test_threads_share_it_and_its_connections() -> None:
    server = RawHttp(CREDITS)
    with in_a_thread([server]), SyncHttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET, concurrency=3) as client:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda _: client.credits(), range(60))) == [Decimal("12.50")] * 60
        assert server.connections <= 3


def test_what_each_thread_asks_is_its_own() -> None:
    server = RawHttp(ok(b"NO_DATA"))
    with in_a_thread([server]), SyncHttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET) as client:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: client.reports([f"id{number}"]), range(60)))
    assert sorted(asked.target.partition("messageid=")[2] for asked in server.asked) == sorted(f"id{number}" for number in range(60))


def test_a_closed_client_says_so() -> None:
    client = SyncHttpClient(f"http://127.0.0.1:{unused_port()}", NAME, SECRET)
    with client, pytest.raises(ConnectFailed):
        client.credits()
    with pytest.raises(SessionClosed, match="the client is closed"):
        client.credits()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_makes_connections_of_its_own() -> None:
    server = RawHttp(CREDITS)
    with in_a_thread([server]), SyncHttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET) as client:
        assert client.credits() == Decimal("12.50")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer interpreters warn of a fork with threads; the child does nothing but this
            child = os.fork()
        if not child:
            try:
                os._exit(0 if client.credits() == Decimal("12.50") else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert client.credits() == Decimal("12.50")
        assert server.connections == 2


def test_a_server_that_does_not_read_has_no_more_time_than_the_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with SyncHttpClient(f"http://127.0.0.1:{port}", NAME, SECRET, timeout=0.2) as client, pytest.raises(NoAnswer):
            client.send("385951111111", "x" * 2_000_000)


def test_the_clock_is_the_one_that_was_given() -> None:
    times = iter(range(0, 10_000, 1_000))
    played = play("sync", [[CREDITS]], ("credits",), clock=lambda: float(next(times)))
    assert isinstance(played.outcomes[0], ConnectFailed | NoAnswer)


# -- TLS and proxies, for both

@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the command, is not installed")
    place = tmp_path_factory.mktemp("tls")
    made, key = place / "made.pem", place / "made.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)], check=True, capture_output=True,
    )
    return made, key


def both(url: str, **options: object) -> list[object]:
    """What the credits are, or why not, by each client."""
    found: list[object] = []
    with SyncHttpClient(url, NAME, SECRET, **options) as client:  # type: ignore[arg-type]
        try:
            found.append(client.credits())
        except ConnectFailed as error:
            found.append(error)

    async def main() -> None:
        async with HttpClient(url, NAME, SECRET, **options) as client:  # type: ignore[arg-type]
            try:
                found.append(await client.credits())
            except ConnectFailed as error:
                found.append(error)

    asyncio.run(main())
    return found


def test_tls_is_verified_and_a_certificate_that_is_refused_is_no_connection(certificate: tuple[Path, Path]) -> None:
    server = RawHttp(CREDITS, ssl=server_context(*certificate))
    with in_a_thread([server]):
        url = f"https://127.0.0.1:{server.port}"
        for error in both(url):
            assert isinstance(error, ConnectFailed)
            assert "the certificate is refused: self" in str(error)
        assert server.asked == []
        assert both(url, tls=client_context(cafile=certificate[0])) == [Decimal("12.50")] * 2
        unverified = client_context(insecure=True)
        assert both(url, tls=unverified) == [Decimal("12.50")] * 2
        assert unverified.verify_mode == ssl.CERT_NONE
        for error in both(url.replace("127.0.0.1", "localhost"), tls=client_context(cafile=certificate[0])):
            assert "the certificate is refused: " in str(error)


def test_a_server_without_tls_is_no_connection_for_a_client_with_it(certificate: tuple[Path, Path]) -> None:
    server = RawHttp(Step(b"HTTP/1.1 400 Bad Request\r\n\r\n", "close", read=False))
    with in_a_thread([server]):
        for error in both(f"https://127.0.0.1:{server.port}", tls=client_context(cafile=certificate[0])):
            assert isinstance(error, ConnectFailed)
            assert "TLS failed" in str(error)


def test_a_proxy_is_asked_where_it_is_named_and_the_environments_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = RawHttp(CREDITS), RawHttp(ok(b"1.00"))
    with in_a_thread([server, proxy]):
        url, by = f"http://127.0.0.1:{server.port}", f"http://127.0.0.1:{proxy.port}"
        monkeypatch.setenv("http_proxy", by)
        monkeypatch.delenv("no_proxy", raising=False)
        assert both(url) == [Decimal("12.50")] * 2
        assert both(url, proxy="environment") == [Decimal("1.00")] * 2
        assert both(url, proxy=by.replace("//", "//me:my%3Asecret@")) == [Decimal("1.00")] * 2
        assert proxy.asked[-1].headers["proxy-authorization"] == proxy.asked[-2].headers["proxy-authorization"] == "Basic bWU6bXk6c2VjcmV0"
        assert [asked.target.startswith(f"{url}/api/command?") for asked in proxy.asked] == [True] * 4
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert both(url, proxy="environment") == [Decimal("12.50")] * 2


def test_a_proxy_that_refuses_the_way_is_no_connection(certificate: tuple[Path, Path]) -> None:
    proxy = RawHttp(Step(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "close"))
    with in_a_thread([proxy]):
        for error in both("https://api.example", proxy=f"http://127.0.0.1:{proxy.port}", tls=client_context(cafile=certificate[0])):
            assert isinstance(error, ConnectFailed)
            assert not error.written
        for asked in proxy.asked:
            assert (asked.method, asked.target) == ("CONNECT", "api.example:443")
        assert all(SECRET not in str(asked) for asked in proxy.asked)


def test_waiting_in_line_is_not_part_of_the_time_of_an_answer() -> None:
    server = RawHttp(CREDITS)
    with in_a_thread([server]), SyncHttpClient(f"http://127.0.0.1:{server.port}", NAME, SECRET, timeout=5, concurrency=1) as client:
        client._room.acquire()
        found: list[Decimal] = []
        thread = threading.Thread(target=lambda: found.append(client.credits()))
        thread.start()
        assert server.asked == []
        client._room.release()
        thread.join(10)
        assert found == [Decimal("12.50")]
