"""Over TLS the peer's certificate and name are verified unless the caller says otherwise, each host by its own name, and nothing hangs."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import clock
import pytest
from rawsmsc import DELIVER, RawSmsc, submit

from smpp_core import SessionClosed
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.session.tls import client_context, server_context

try:
    import uvloop
except ImportError:
    LOOPS: list[Any] = [asyncio.new_event_loop]
else:
    LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Certificates that sign themselves, and their keys, by the name that they are for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the command, is not installed")
    place = tmp_path_factory.mktemp("tls")
    found = {}
    for name in ("DNS:localhost", "DNS:elsewhere", "IP:127.0.0.1"):
        made, key = place / f"{name[-5:]}.pem", place / f"{name[-5:]}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj",
             "/CN=test", "-addext", f"subjectAltName={name}", "-keyout", key, "-out", made],
            check=True, capture_output=True,
        )
        found[name] = made, key
    return found


def client_of(smsc: RawSmsc, host: str = "localhost", **more: Any) -> Client:
    return Client(f"smpps://test:secret@{host}:{smsc._port}/", **{"limits": LIMITS, **more})


@pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"][:len(LOOPS)])
def test_it_works_and_the_name_is_sent(loop: Any, certificates: dict[str, tuple[Path, Path]]) -> None:
    names: list[Any] = []

    async def body() -> None:
        context = server_context(*certificates["DNS:localhost"])
        context.sni_callback = lambda tls, name, context: names.append(name)
        async with RawSmsc(ssl=context) as smsc:
            async with client_of(smsc, tls=client_context(cafile=certificates["DNS:localhost"][0])) as client:
                assert (await client.submit(submit("over tls"))).message_id == "over tls"
                deliveries = client.inbound()
                smsc.peers[0].send(DELIVER)
                assert await (await anext(deliveries)).ack()
            assert smsc.received[-1].command == "unbind"

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(body())
    assert names == ["localhost"]


@pytest.mark.parametrize(
    ("certificate", "host", "trusted"),
    [("DNS:localhost", "localhost", False), ("DNS:elsewhere", "localhost", True), ("DNS:localhost", "127.0.0.1", True)],
    ids=["unknown", "another name", "a name for an address"],
)
def test_who_cannot_show_who_it_is_is_not_bound(
    certificate: str, host: str, trusted: bool, certificates: dict[str, tuple[Path, Path]]
) -> None:
    async def body() -> None:
        made = certificates[certificate]
        async with RawSmsc(ssl=server_context(*made)) as smsc:
            tls = client_context(cafile=made[0]) if trusted else None
            with pytest.raises(SessionClosed) as caught:
                await client_of(smsc, host, tls=tls).start()
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
            assert smsc.received == []

    asyncio.run(body())


def test_an_address_can_be_certified_and_verification_can_be_left_out(certificates: dict[str, tuple[Path, Path]]) -> None:
    async def body() -> None:
        made = certificates["IP:127.0.0.1"]
        async with RawSmsc(ssl=server_context(*made)) as smsc:
            async with client_of(smsc, "127.0.0.1", tls=client_context(cafile=made[0])):
                pass
            async with client_of(smsc, "localhost", tls=client_context(insecure=True)):
                pass

    asyncio.run(body())


def test_each_host_of_a_list_is_verified_by_its_own_name(certificates: dict[str, tuple[Path, Path]]) -> None:
    async def body() -> None:
        wrong, right = certificates["DNS:elsewhere"], certificates["IP:127.0.0.1"]
        async with RawSmsc(ssl=server_context(*wrong)) as first, RawSmsc(ssl=server_context(*right)) as second:
            tls = client_context(cafile=right[0])
            tls.load_verify_locations(wrong[0])
            url = f"smpps://test:secret@localhost:{first.port},127.0.0.1:{second.port}/"
            async with Client(url, tls=tls, limits=LIMITS) as client:
                await client.submit(submit())
            assert first.received == [] and len(second.peers[0].of("submit_sm")) == 1

    asyncio.run(body())


@pytest.mark.parametrize("says", [b"", b"220 this is something else\r\n"], ids=["nothing", "something else"])
def test_a_peer_that_does_not_speak_tls_ends_in_time(says: bytes) -> None:
    class Peer(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            transport.write(says)

    async def body() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Peer, "127.0.0.1", 0)
        async with server:
            begin = loop.time()
            with pytest.raises(SessionClosed) as caught:
                await Client(f"smpps://127.0.0.1:{server.sockets[0].getsockname()[1]}/", limits=LIMITS).start()
            assert loop.time() - begin < 5.5 and caught.value.__cause__ is not None

    clock.run(body())
