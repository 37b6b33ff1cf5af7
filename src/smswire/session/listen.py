"""Layer 6 of 9: the sockets that a server accepts on, and what comes before SMPP on a connection: the PROXY header and TLS."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from smpp_core import FrameError

from .limits import Limits
from .link import Link
from .proxy import Network, ProxyParser, trusted

__all__ = ["Listener", "open_sockets"]

log = logging.getLogger("smswire.session")

_BACKLOG: Final = 1_024
_AT_ONCE: Final = 64  # connections accepted before the loop has its turn
_PAUSE: Final = 1.0  # seconds without accepting after the process ran out of descriptors or memory
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NEVER: Final = 86_400.0  # asyncio takes no "never"


class Listener:
    """Accepts on some sockets, and makes a Link of each connection.

    sockets: bound and listening. make: called with the client's address and the loop's time when it connected, gives the Link. admit:
    called with the number of connections that are not yet links; False closes a new one. tls: None for plain. proxy_from: networks
    whose connections begin with a PROXY header. limits: of them bind_timeout (for the header) and tls_timeout count here.
    """

    def __init__(
        self, sockets: Sequence[socket.socket], make: Callable[[Any, float], Link], admit: Callable[[int], bool], limits: Limits,
        tls: ssl.SSLContext | None = None, proxy_from: Sequence[Network] = (),
    ) -> None:
        self.sockets = list(sockets)
        self._make = make
        self._admit = admit
        self._limits = limits
        self._tls = tls
        self._proxy_from = tuple(proxy_from)
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._watch()

    def _watch(self) -> None:
        self._resume = None
        for sock in self.sockets:
            self._loop.add_reader(sock.fileno(), self._accept, sock)

    def _unwatch(self) -> None:
        for sock in self.sockets:
            self._loop.remove_reader(sock.fileno())

    async def close(self) -> None:
        """Stop accepting, and drop the connections that are not yet links."""
        if self._resume is not None:
            self._resume.cancel()
        self._unwatch()
        for sock in self.sockets:
            sock.close()
        self.sockets.clear()
        for task in self._opening:
            task.cancel()
        if self._opening:
            await asyncio.wait(self._opening)

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                log.error("accepting connections pauses for %g s: %s", _PAUSE, error)
                self._unwatch()
                self._resume = self._loop.call_later(_PAUSE, self._watch)
                return
            if not self._admit(len(self._opening)):
                connection.close()
                continue
            connection.setblocking(False)
            task = self._loop.create_task(self._serve(connection, address))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _serve(self, connection: socket.socket, address: Any) -> None:
        loop, tls = self._loop, self._tls
        since = loop.time()
        doing = "PROXY header"
        try:
            if self._proxy_from and trusted(address[0], self._proxy_from):
                address = await asyncio.wait_for(self._client(connection, address), self._limits.bind_timeout or None)
            link = self._make(address, since)
            doing = "TLS handshake"
            timeout = (self._limits.tls_timeout or _NEVER) if tls is not None else None
            await loop.connect_accepted_socket(lambda: link, connection, ssl=tls, ssl_handshake_timeout=timeout)
        except TimeoutError:
            log.warning("%s: no %s in time", _text(address), doing)
            connection.close()
        except (FrameError, OSError) as error:  # ssl.SSLError is an OSError
            log.warning("%s: %s: %s", _text(address), doing, error)
            connection.close()
        except BaseException:
            connection.close()
            raise

    async def _client(self, connection: socket.socket, address: Any) -> Any:
        """Read the PROXY header and not an octet more; gives the client's address."""
        parser = ProxyParser()
        while True:
            octets = await self._loop.sock_recv(connection, parser.wanted)
            if not octets:
                raise FrameError("the connection was closed within its PROXY header")
            header = parser.feed(octets)
            if header is not None:
                return header.source or address


def _text(address: Any) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


async def open_sockets(hosts: Sequence[str | None], port: int) -> list[socket.socket]:
    """Listen on a port of each address that the hosts have; port 0: a free one, the same on all. Raises OSError."""
    loop = asyncio.get_running_loop()
    found: dict[tuple[Any, ...], int] = {}
    for host in hosts:
        for family, *_, address in await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            found[address] = family
    sockets: list[socket.socket] = []
    try:
        for address, kind in found.items():
            sock = socket.socket(kind, socket.SOCK_STREAM)
            sockets.append(sock)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if kind == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address[0], port, *address[2:]))
            sock.listen(_BACKLOG)
            port = port or sock.getsockname()[1]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets
