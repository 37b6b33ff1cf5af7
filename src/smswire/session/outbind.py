"""Layer 6 of 9: a client that is called: the SMSC connects and says outbind, the client binds over that connection."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from smpp_core import Pdu

from .client import Client
from .events import Closed, Event, Notified
from .link import Link
from .outbox import RECEIVERS, SENDABLE
from .supervisor import Down, Supervisor
from .url import Endpoint

__all__ = ["OutbindClient"]

log = logging.getLogger("smswire.session")

_CALLS: Final = 16  # connections at once, bound or not: an SMSC has few, and whoever reaches the port can open them


class OutbindClient(Client):
    """A client that listens, and binds over each connection whose SMSC says outbind (SMPP 3.4 2.2.1). It has all that `Client` has.

    url: its account and kind of bind are used, its hosts are not. host, port: where to listen; port 0 picks a free one. accept: called
    with the outbind PDU (system_id, password: the SMSC's), whether to bind; the port is open to whoever reaches it, so look at the
    password. tls: a server's context. options: those of Client. At most 16 connections at once; one that has not said outbind and been
    bound within Limits.bind_timeout is dropped. Entering raises OSError if the port cannot be opened, and waits for nobody.
    """

    def __init__(
        self, url: str | Endpoint, host: str = "127.0.0.1", port: int = 2775, *, accept: Callable[[Pdu], bool],
        tls: ssl.SSLContext | None = None, **options: Any,
    ) -> None:
        super().__init__(url, **options)
        self.accept = accept
        self._where = host, port
        self._server: asyncio.Server | None = None
        self._server_tls = tls
        self._calls = 0

    def _endpoints(self) -> Sequence[Endpoint]:
        return ()

    async def start(self) -> None:
        """Listen. Raises OSError if that is not possible."""
        await super().start()
        self._outbox.sendable = RECEIVERS if self.endpoint.bind == "receiver" else SENDABLE
        limits = self.limits
        try:
            self._server = await self._outbox.loop.create_server(
                self._call, *self._where, ssl=self._server_tls,
                ssl_handshake_timeout=(limits.tls_timeout or None) if self._server_tls is not None else None,
            )
        except BaseException:
            await self.close(0)
            raise

    async def close(self, timeout: float | None = None) -> None:
        """Listen no more, and end as a Client does."""
        if self._server is not None:
            self._server.close()
        await super().close(timeout)

    @property
    def port(self) -> int:
        """The port, after start the one that was picked for 0."""
        if self._server is not None and self._server.sockets:
            return int(self._server.sockets[0].getsockname()[1])
        return self._where[1]

    def bind_down(self, news: Down) -> None:
        """A connection has ended; the next one will come from there."""
        self._tell(news)

    def _call(self) -> Link:
        self._calls += 1
        call = _Call(self, self._calls)
        self._binds.append(call)
        return call.make()


class _Call(Supervisor):
    """One connection of an SMSC."""

    def __init__(self, client: OutbindClient, number: int) -> None:
        super().__init__(
            client, client.endpoint, number, loop=client._outbox.loop, limits=client.limits, profile=client.profile, window=client.window,
            context=None, backoff=client._backoff, reconnect=False, observer=client._observer, metrics=client.metrics,
        )
        self._client = client
        self._timer: asyncio.TimerHandle | None = None

    def link_made(self, link: Link) -> None:
        """The SMSC has connected."""
        super().link_made(link)
        name = link.peername
        if isinstance(name, tuple):
            self.endpoint = msgspec.structs.replace(self.endpoint, hosts=((name[0], name[1]),))
        timeout = self._limits.bind_timeout
        if len(self._client._binds) > _CALLS or self._client.state == "closing":
            link.abort()
        elif timeout:
            self._timer = self._loop.call_later(timeout, link.close, f"not bound within {timeout:g} s")

    def link_event(self, link: Link, event: Event) -> None:
        """What the machine tells."""
        if isinstance(event, Notified) and event.pdu.command == "outbind":
            if self._client.accept(event.pdu):
                link.request(self._client.endpoint.bind_pdu(self._profile))
            else:
                link.close("the outbind was refused")
            return
        super().link_event(link, event)
        if self.link is not None and self._timer is not None:
            self._timer.cancel()
        if isinstance(event, Closed):
            log.info("call %d has ended: %s", self.number, event.reason)

    def link_lost(self, link: Link, error: Exception | None) -> None:
        """The transport is gone."""
        super().link_lost(link, error)
        if self._timer is not None:
            self._timer.cancel()
        self._client._binds.remove(self)
        host, port = self.endpoint.hosts[0]
        self.keeper.bind_down(Down(self.number, host, port, self._end.reason, self._end.error, self._lost, None))
