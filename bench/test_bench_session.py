"""Layer 6: a session between a client and a server, ours beside those of others, and the proxy that delays it."""

import asyncio
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import peers
import pytest
from session_pairs import LIBRARIES, Pair, Setting, start_proxy

MESSAGES = 2_000
LOOP = "uvloop" if find_spec("uvloop") else "asyncio"
EACH = [pytest.param(name, marks=() if name == "smswire" else pytest.mark.peer) for name in LIBRARIES]


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The pair of that setting; skips where its library is not installed."""
    setting = Setting(**{"loop": LOOP, **request.param})
    name = setting.library
    if name == "node-smpp" and not peers.node_modules() or name != "node-smpp" and find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    with Pair(setting) as made:
        yield made


def _settings(*names: str, **changed: Any) -> list[Any]:
    return [pytest.param({"library": name, **changed}, id=name, marks=() if name == "smswire" else pytest.mark.peer) for name in names]


@pytest.mark.parametrize("pair", _settings(*LIBRARIES, window=64, processes=1), indirect=True)
@pytest.mark.benchmark(group="session of 2,000 awaited submits, window 64, one process")
def test_one_process(benchmark: Any, pair: Pair) -> None:
    benchmark.pedantic(pair.run, (MESSAGES,), rounds=5, warmup_rounds=2)


@pytest.mark.parametrize("pair", _settings(*LIBRARIES, window=64), indirect=True)
@pytest.mark.benchmark(group="session of 2,000 awaited submits, window 64, two processes")
def test_two_processes(benchmark: Any, pair: Pair) -> None:
    benchmark.pedantic(pair.run, (MESSAGES,), rounds=5, warmup_rounds=2)


@pytest.mark.parametrize("pair", [
    pytest.param({"library": "smswire", "window": 500, "api": api}, id=api) for api in ("awaited", "many", "buffer")], indirect=True)
@pytest.mark.benchmark(group="session of 2,000 submits, window 500, two processes, smswire")
def test_calls(benchmark: Any, pair: Pair) -> None:
    benchmark.pedantic(pair.run, (MESSAGES,), rounds=5, warmup_rounds=2)


@pytest.mark.parametrize("pair", [
    pytest.param({"library": "smswire", "window": 64, **changed}, id=name) for name, changed in (
        ("asyncio", {"loop": "asyncio"}), ("tls", {"tls": True}), ("delay", {"delay": 0.005}), ("coroutine", {"handler": "coroutine"}))
], indirect=True)
@pytest.mark.benchmark(group="session of 2,000 awaited submits, window 64, two processes, one thing changed, smswire")
def test_one_thing_changed(benchmark: Any, pair: Pair) -> None:
    benchmark.pedantic(pair.run, (MESSAGES,), rounds=3, warmup_rounds=1)


def test_every_message_is_counted_by_the_clients_own_result() -> None:
    with Pair(Setting("smswire", 10, processes=1, loop=LOOP)) as pair:
        sample = pair.run(100)
    assert sample.rate > 0 and sample.client > 0 and sample.server == 0


def test_the_proxy_delays_a_round_trip_by_twice_its_delay_and_loses_nothing() -> None:
    delay = 0.02
    sent = bytes(range(256)) * 8_192                # 2 MiB

    async def work() -> tuple[list[float], bytes, float]:
        over = asyncio.Event()

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
            over.set()

        trips = []
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            proxy = start_proxy(server.sockets[0].getsockname()[1], delay)
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.answer()["port"])
            for _ in range(5):
                start = time.perf_counter()
                writer.write(b"ping")
                await reader.readexactly(4)
                trips.append(time.perf_counter() - start)
            start = time.perf_counter()
            writer.write(sent)
            writer.write_eof()
            got = await reader.read()
            taken = time.perf_counter() - start
            writer.close()
            await writer.wait_closed()
            await over.wait()
            proxy.close()
        return trips, got, taken

    trips, got, taken = asyncio.run(work())
    assert min(trips) >= 2 * delay                  # never too early; how late depends on what else the machine does
    assert min(trips) < 2 * delay + 0.02
    assert got == sent
    # At 64 KiB a round trip, as a proxy that waits for each piece would have it, this would take 1.3 s.
    assert taken < 0.65
