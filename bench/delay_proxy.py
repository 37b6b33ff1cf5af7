"""A TCP proxy that adds latency: python bench/delay_proxy.py PORT --delay 0.02. Listens on loopback, prints {"port": n}.

Every octet leaves `delay` seconds after it came, in each direction, so a round trip takes twice that. How much comes through in a second
is not limited: what arrived together leaves together. The end of a direction comes as late as its octets do.
"""

import argparse
import asyncio
import json
import sys
from collections import deque

HOST = "127.0.0.1"
# Held in one direction before it stops reading: a gigabit a second over 200 ms is 25 MB.
CAP = 64 * 2**20


class Direction(asyncio.Protocol):
    """Reads one socket, and writes what it read to the peer's later."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.peer: Direction | None = None
        self.held: deque[tuple[float, bytes | None]] = deque()      # when it leaves, and what; None is the end
        self.octets = 0
        self.timer: asyncio.TimerHandle | None = None
        self.full = self.stuck = False          # why it does not read: it holds too much; the peer's socket takes nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=CAP)

    def data_received(self, data: bytes) -> None:
        self.hold(data)
        self.octets += len(data)
        if self.octets > CAP:
            self.full = True
            self.read_or_not()

    def read_or_not(self) -> None:
        """Pause or go on; both may be said twice."""
        if self.transport and not self.transport.is_closing():
            (self.transport.pause_reading if self.full or self.stuck else self.transport.resume_reading)()

    def pause_writing(self) -> None:
        if self.peer:
            self.peer.stuck = True
            self.peer.read_or_not()

    def resume_writing(self) -> None:
        if self.peer:
            self.peer.stuck = False
            self.peer.read_or_not()

    def eof_received(self) -> bool:
        self.hold(None)
        return True                 # the other direction goes on

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.hold(None)

    def hold(self, data: bytes | None) -> None:
        """Keep until its time has come."""
        due = self.loop.time() + self.delay
        self.held.append((due, data))
        if self.timer is None:
            self.timer = self.loop.call_at(due, self.release)

    def release(self) -> None:
        """Write what is due."""
        self.timer = None
        if self.peer is None:
            if self.transport:                  # the connection to the server is still being made
                self.timer = self.loop.call_later(0.001, self.release)
            return
        now, due, ended = self.loop.time(), [], False
        while self.held and self.held[0][0] <= now:
            data = self.held.popleft()[1]
            if data is None:
                ended = True
            else:
                due.append(data)
                self.octets -= len(data)
        out = self.peer.transport
        if out and not out.is_closing():
            out.write(b"".join(due))
            if ended and self.transport is None:
                out.close()
            elif ended and out.can_write_eof():
                out.write_eof()
        if self.full and self.octets <= CAP // 2:
            self.full = False
            self.read_or_not()
        if self.held:
            self.timer = self.loop.call_at(self.held[0][0], self.release)


class Accepted(Direction):
    """The client's side, which opens the other."""

    def __init__(self, delay: float, port: int, opening: set[asyncio.Task[None]]) -> None:
        super().__init__(delay)
        self.port, self.opening = port, opening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        task = self.loop.create_task(self.open())
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    async def open(self) -> None:
        """Connect to the server; a refusal ends the client's connection."""
        other = Direction(self.delay)
        other.peer = self
        try:
            await self.loop.create_connection(lambda: other, HOST, self.port)
        except OSError:
            if self.transport:
                self.transport.abort()
        else:
            self.peer = other


async def start(port: int, delay: float) -> tuple[asyncio.Server, int]:
    """Listen on a free port of loopback and connect each that comes to `port`; the server and its port."""
    opening: set[asyncio.Task[None]] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Accepted(delay, port, opening), HOST, 0)
    return server, server.sockets[0].getsockname()[1]


async def run(port: int, delay: float) -> None:
    """Serve until the input ends."""
    server, own = await start(port, delay)
    print(json.dumps({"port": own}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """The command line: the server's port and the delay in seconds."""
    parser = argparse.ArgumentParser(description="A TCP proxy that adds latency.")
    parser.add_argument("port", type=int, help="of the server, on loopback")
    parser.add_argument("--delay", type=float, required=True, help="seconds that each direction takes longer")
    given = parser.parse_args()
    asyncio.run(run(given.port, given.delay))


if __name__ == "__main__":
    main()
