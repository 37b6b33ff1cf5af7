"""An HTTP server of a few lines that does what its script says, good and bad, and notes what it was asked."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """What one request meets. octets: what is answered. then: "keep" the connection, "close" it, "reset" it, "hang" until the client
    goes, or be "endless", with more of the body for ever. read: read the request first.
    """

    octets: bytes = b""
    then: str = "keep"
    read: bool = True


def answer(body: bytes, status: str = "200 OK", content_type: str = "text/csv;charset=UTF-8", *more: str) -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


def ok(body: bytes, *more: str) -> Step:
    """A good answer; the connection stays."""
    return Step(answer(body, "200 OK", "text/csv;charset=UTF-8", *more))


class Asked(NamedTuple):
    """A request as it came. target: path and query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class RawHttp:
    """A server on the loopback. steps: for the requests in the order in which they come, over all connections; the last is repeated."""

    def __init__(self, *steps: Step, ssl: ssl.SSLContext | None = None) -> None:
        self.steps = list(steps)
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self.busy = False  # a request has come, and what its step says is not done yet
        self._ssl = ssl
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._wake = asyncio.Event()

    async def __aenter__(self) -> "RawHttp":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        for _ in range(20):  # what has connected by now is accepted and served some turns later
            await asyncio.sleep(0)
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        while self._open:
            await self._wake.wait()
            self._wake.clear()

    def _step(self) -> Step:
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def _answer(self, asked: Asked) -> Step:
        return self._step()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        plain = writer.transport
        self._open.add(writer)
        try:
            if self._ssl is not None:
                await writer.start_tls(self._ssl)
            await self._played(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            plain.abort()  # that of a handshake that failed does not come back as the writer's
            await asyncio.sleep(0)
            self._open.discard(writer)
            self._wake.set()

    async def _played(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            if self.steps[0].read:
                head = await reader.readuntil(b"\r\n\r\n")
                self.busy = True
                self.asked.append(await _asked(head, reader))
                step = self._answer(self.asked[-1])
            else:
                step = self._step()
            writer.write(step.octets)
            await writer.drain()
            if step.then == "keep":
                self.busy = False
                continue
            if step.then == "close":
                writer.write_eof()
            self.busy = False
            while step.then == "endless":
                writer.write(b"1" * 65_536)
                await writer.drain()
            if step.then == "reset":
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                await reader.read()
            return


async def _asked(head: bytes, reader: asyncio.StreamReader) -> Asked:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def in_a_thread(servers: Sequence[RawHttp]) -> Iterator[None]:
    """Run the servers on a loop of their own, for clients that block."""
    ready, over = threading.Event(), threading.Event()

    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for server in servers:
                await stack.enter_async_context(server)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        over.set()
        thread.join(10)
