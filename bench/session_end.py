"""One end of an SMPP session, or both, in a process of its own: python bench/session_end.py smswire --loop uvloop.

Started by session_pairs.py. Reads one JSON command a line and answers one JSON line:

    {"do": "serve", ...}      starts a server: {"port": 40001}
    {"do": "load", ...}       sends messages and waits for their responses: {"seconds": 0.9, "failed": 0}
    {"do": "cpu"}             {"cpu": seconds of processor time that this process has taken}

Given both, client and server share one event loop. The libraries are looked up when they are named, so that none is needed for another.
"""

import argparse
import asyncio
import itertools
import json
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import corpus

HOST = "127.0.0.1"
BODIES = 2000                   # different messages, sent over and over
BUFFER = 20_000                 # messages of one buffer that submit_buffer gets
TLS = Path(__file__).parent.parent / "tests" / "data" / "tls"


class End(Protocol):
    """What a library's adapter does."""

    async def serve(self, given: dict[str, Any]) -> int:
        """Start a server that accepts every message; its port."""

    async def load(self, given: dict[str, Any]) -> tuple[float, int]:
        """Bind, send `messages` with at most `window` of them unanswered, unbind: seconds from first request to last response, failures."""


@cache
def submits() -> list[corpus.Submit]:
    """The messages, made once a process: their making is nobody's cost."""
    return corpus.to_build(BODIES)


@cache
def fields() -> list[dict[str, Any]]:
    """The keyword arguments of each message; the session numbers them."""
    return [{name: value for name, value in submit.fields.items() if name != "sequence_number"} for submit in submits()]


async def awaited(send: Callable[[dict[str, Any]], Awaitable[Any]], messages: int, window: int) -> tuple[float, int]:
    """`window` tasks, each of which sends a message and waits for its response, which has a message_id, before it sends another."""
    todo = itertools.islice(itertools.cycle(fields()), messages)
    failed = 0

    async def worker() -> None:
        nonlocal failed
        for one in todo:
            if not (await send(one)).message_id:
                failed += 1

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(window)))
    return time.perf_counter() - start, failed


class Smswire:
    """This library: smswire.Client and smswire.Server."""

    def __init__(self) -> None:
        import smpp_core
        import smswire

        self.library, self.core = smswire, smpp_core
        self.servers: list[Any] = []

    async def serve(self, given: dict[str, Any]) -> int:
        handler: Any
        if given.get("handler") == "coroutine":
            async def handler(session: Any, pdu: Any) -> None:
                await asyncio.sleep(0)          # does not finish at once: a task for each message
        else:
            def handler(session: Any, pdu: Any) -> None:
                return None

        context = None
        if given.get("tls"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        account = self.library.Account(name="bench", window=10_000)
        server = self.library.Server(handler, HOST, 0, authenticate=lambda session, bind: account, tls=context)
        await server.start()
        self.servers.append(server)
        return server.port

    async def load(self, given: dict[str, Any]) -> tuple[float, int]:
        messages, window = given["messages"], given["window"]
        context, scheme = None, "smpp"
        if given.get("tls"):
            context, scheme = ssl.create_default_context(cafile=TLS / "ca.pem"), "smpps"
        async with self.library.Client(f"{scheme}://bench:bench@{HOST}:{given['port']}", window=window, tls=context) as client:
            calls = {"awaited": self.awaited, "many": self.many, "buffer": self.buffer}
            return await calls[given.get("api", "awaited")](client, messages, window)

    async def awaited(self, client: Any, messages: int, window: int) -> tuple[float, int]:
        """`await client.submit(SubmitSm(…))`, in `window` tasks."""
        submit, make = client.submit, self.core.SubmitSm

        return await awaited(lambda one: submit(make(**one)), messages, window)

    async def many(self, client: Any, messages: int, window: int) -> tuple[float, int]:
        """`client.submit_many(…)` over PDUs that are made as they are asked for."""
        make, failed = self.core.SubmitSm, 0
        pdus: Iterator[Any] = (make(**one) for one in itertools.islice(itertools.cycle(fields()), messages))
        start = time.perf_counter()
        async for result in client.submit_many(pdus):
            if not result.message_id:
                failed += 1
        return time.perf_counter() - start, failed

    async def buffer(self, client: Any, messages: int, window: int) -> tuple[float, int]:
        """`client.submit_buffer(…)`: rendered octets, made before the clock starts."""
        whole = b"".join(submit.octets for submit in submits()) * (BUFFER // BODIES)
        rest = b"".join(submit.octets for submit in itertools.islice(itertools.cycle(submits()), messages % BUFFER))
        failed = 0
        start = time.perf_counter()
        for octets in [whole] * (messages // BUFFER) + [rest] * bool(rest):
            result = await client.submit_buffer(octets)
            failed += len(result) - result.accepted
        return time.perf_counter() - start, failed


class Smpp34:
    """smpp34: the engine runs in threads of its own, each message and each response comes to the event loop once."""

    def __init__(self) -> None:
        import smpp34

        self.library = smpp34
        self.tasks: list[asyncio.Task[None]] = []

    async def serve(self, given: dict[str, Any]) -> int:
        with socket.socket() as free:           # it cannot say which port it took
            free.bind((HOST, 0))
            port: int = free.getsockname()[1]
        server = self.library.Server(HOST, port, system_id="bench")
        await server.start()
        kind, numbers = self.library.SubmitSmEvent, itertools.count(1)

        async def answer() -> None:
            while True:
                event = await server.next()
                if isinstance(event, kind):
                    event.accept(str(next(numbers)))
        self.tasks.append(asyncio.create_task(answer()))
        return port

    async def load(self, given: dict[str, Any]) -> tuple[float, int]:
        window = given["window"]
        client = self.library.Client(HOST, given["port"], "bench", "bench", bind_type="TRX", window_size=window)
        smsc = await client.connect()
        try:
            return await awaited(lambda one: smsc.submit_sm(**one), given["messages"], window)
        finally:
            await smsc.unbind()
            await client.stop()


MAKERS: dict[str, Callable[[], End]] = {"smswire": Smswire, "smpp34": Smpp34}


async def answer(end: End, command: dict[str, Any]) -> dict[str, Any]:
    """Do one command."""
    if command["do"] == "serve":
        return {"port": await end.serve(command)}
    if command["do"] == "load":
        seconds, failed = await end.load(command)
        return {"seconds": seconds, "failed": failed}
    return {"cpu": time.process_time()}


async def commands(end: End) -> None:
    """Answer commands until the input ends."""
    fields()
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(end, json.loads(line))), flush=True)


def main() -> None:
    """The command line: the library's name, and which event loop."""
    parser = argparse.ArgumentParser(description="One end of a session, ruled by JSON lines.")
    parser.add_argument("library", choices=MAKERS)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    given = parser.parse_args()
    factory = None
    if given.loop == "uvloop":
        import uvloop
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(commands(MAKERS[given.library]()))


if __name__ == "__main__":
    main()
