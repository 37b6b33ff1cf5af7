"""Layer 6 of 9: the SMPP server: accepts connections, lets peers bind, has a handler answer what they ask."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from smpp_core import BindTransceiverResp, EncodeError, Outbind, Pdu, Profile, SessionClosed
from smpp_core.spec.values import CommandStatus

from .account import Account, Authenticate, Roster, authenticator
from .drive import Driver
from .guard import Guard
from .limits import SERVER, Limits
from .link import Link, Observer
from .listen import Listener, open_sockets
from .machine import Machine
from .peer import Handler, Session
from .proxy import Network, networks

if TYPE_CHECKING:
    from .metrics import Metrics

__all__ = ["Server"]

log = logging.getLogger("smswire.session")

_V34: Final = 0x34
_OK: Final = int(CommandStatus.ESME_ROK)
_SYSTEM_ERROR: Final = int(CommandStatus.ESME_RSYSERR)
_BIND_FAILED: Final = int(CommandStatus.ESME_RBINDFAIL)
_ALREADY_BOUND: Final = int(CommandStatus.ESME_RALYBND)
_THROTTLED: Final = int(CommandStatus.ESME_RTHROTTLED)
# What `authenticate` answers to somebody who does not know the password.
_GUESSES: Final = frozenset((int(CommandStatus.ESME_RINVPASWD), int(CommandStatus.ESME_RINVSYSID), _BIND_FAILED))
_MOST: Final = 1_000_000_000
# Connections over max_connections that still learn why: their bind is answered ESME_RTHROTTLED. Those over that are closed at once.
_TOLD: Final = 64
# What an unbound peer may leave unread before nothing more is read of it: some 4,000 answers of 16 octets.
_UNBOUND_UNSENT: Final = 65_536


def _server_profile() -> Profile:
    vendor = Profile.vendor()
    return vendor.with_options(lenient=vendor.lenient | {"trailing-octets"})  # real clients send a stray NUL


class Server:
    """An SMPP server on asyncio, for `async with`.

    handler: called as handler(session, pdu) with each request of a bound peer; gives a response Pdu, a command_status, None (ESME_ROK,
    with a new decimal message_id where the response has one), or an awaitable of these. An exception is answered ESME_RSYSERR and logged
    without its text. Answers leave in the order in which they are ready. When a connection falls, what a handler still works on goes on
    to its end, and its answer is dropped; close() cancels what is still at work after the drain.

    host: a name or address, or several; None for all of the machine. port: 0 picks a free one. tls: a context; `port` speaks TLS then,
    or, if tls_port is given, `port` stays plain and tls_port speaks TLS. proxy_from: networks (as "10.0.0.0/8") whose connections must
    begin with a PROXY header, version 1 or 2. authenticate: called as authenticate(session, bind), gives an Account, or the
    command_status to refuse with, or an awaitable of these; or a table for `authenticator`. system_id: our name in bind responses.

    limits: time-outs and caps of a session. profile: the peers' dialect, default the vendor's, with trailing octets forgiven. window:
    requests of a session that may wait for our answers, default the limits' `inbound`; more are answered ESME_RTHROTTLED.
    delivery_window: requests of ours that may wait for a session's answers. max_connections: more are refused. max_owed,
    max_owed_octets: requests of all sessions that awaitable handlers may be at work on; more are answered ESME_RTHROTTLED.
    guard: slows down who guesses passwords. on_session: called as on_session(session, "bound" or "closed"). link: makes a connection's
    Link: its class, or a function. observer and metrics: as for a Link; metrics.received counts what was answered. SMPP 3.4 2.2.
    """

    def __init__(
        self, handler: Handler, host: str | Sequence[str] | None = "127.0.0.1", port: int = 2775, *,
        authenticate: Authenticate | Mapping[str, str | Account], tls: ssl.SSLContext | None = None, tls_port: int | None = None,
        proxy_from: Iterable[str | Network] = (), system_id: str = "smswire", limits: Limits | None = None, profile: Profile | None = None,
        window: int | None = None, delivery_window: int = 64, max_connections: int = 10_000, max_owed: int = 20_000,
        max_owed_octets: int = 64 * 1024 * 1024, guard: Guard | None = None,
        on_session: Callable[[Session, str], object] | None = None, link: Callable[..., Link] = Link, observer: Observer | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        if tls_port is not None and tls is None:
            raise EncodeError("tls_port is given without tls, the context", "tls")
        BindTransceiverResp(system_id=system_id)  # EncodeError now, not at the first bind
        for name, value, least, most in (
            ("port", port, 0, 65_535), ("tls_port", tls_port or 0, 0, 65_535), ("window", 1 if window is None else window, 1, _MOST),
            ("delivery_window", delivery_window, 1, _MOST), ("max_connections", max_connections, 1, _MOST),
        ):
            if not isinstance(value, int) or not least <= value <= most:
                raise EncodeError(f"{name} is {value!r}, it must be from {least} to {most}", name)
        if not callable(handler) or not (callable(authenticate) or isinstance(authenticate, Mapping)):
            raise EncodeError("handler must be callable, and authenticate callable or a table of passwords", "authenticate")
        self.handler = handler
        self.metrics = metrics
        self.driver: Driver  # made by start
        self.busy = False  # every request is answered ESME_RTHROTTLED
        self.message_ids = count(time.time_ns() // 1_000)  # a later start begins higher, at less than a million a second
        self.connections: set[Session] = set()
        self.sessions: set[Session] = set()
        self._bound_by: Authenticate = authenticator(authenticate) if isinstance(authenticate, Mapping) else authenticate
        self._hosts: list[str | None] = [host] if host is None or isinstance(host, str) else list(host)
        self._port = port
        self._tls = tls
        self._tls_port = tls_port
        self._proxy_from = networks(proxy_from)
        self._system_id = system_id
        limits = limits if limits is not None else SERVER
        self._limits = limits if window is None else msgspec.structs.replace(limits, inbound=window)
        self._profile = profile if profile is not None else _server_profile()
        self._delivery_window = delivery_window
        self._max_connections = max_connections
        self._max_owed = max_owed
        self._max_owed_octets = max_owed_octets
        self._guard = guard if guard is not None else Guard()
        self._on_session = on_session
        self._link = link
        self._observer = observer
        self._roster = Roster()
        self._dialled: dict[Session, Future[None]] = {}  # by outbind, not bound yet
        self._listeners: list[Listener] = []
        self._ports: list[int] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._closed: Future[None] | None = None
        self._owed = self._owed_octets = self._asked = 0
        self._until: tuple[Callable[[], bool], Future[None]] | None = None
        self._overflowed = False

    # -- life -----------------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the ports. Raises OSError where that is not possible."""
        if self._loop is not None:
            raise RuntimeError("a Server is started once")
        self._loop = asyncio.get_running_loop()
        self.driver = Driver(self._loop)
        try:
            await self._listen(self._port, None if self._tls_port is not None else self._tls)
            if self._tls_port is not None:
                await self._listen(self._tls_port, self._tls)
        except BaseException:
            for listener in self._listeners:
                await listener.close()
            raise

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> None:
        sockets = await open_sockets(self._hosts, port)
        self._ports.append(sockets[0].getsockname()[1])
        self._listeners.append(Listener(sockets, self._make, self._admits, self._limits, tls, self._proxy_from))

    @property
    def sockets(self) -> list[Any]:
        """The sockets that listen."""
        return [sock for listener in self._listeners for sock in listener.sockets]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """(address, port) of each socket that listens."""
        return [sock.getsockname()[:2] for sock in self.sockets]

    @property
    def port(self) -> int:
        """The port: after start the one that was picked for 0."""
        return self._ports[0] if self._ports else self._port

    @property
    def tls_port(self) -> int | None:
        """The second port, which speaks TLS; None if there is none."""
        return self._ports[1] if len(self._ports) > 1 else self._tls_port

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self, drain: float = 5.0) -> None:
        """Stop: accept nothing, answer what is owed, unbind every session, close.

        drain: seconds for handlers at work and for answers that peers owe us; new requests are answered ESME_RTHROTTLED meanwhile.
        After it each session has the limits' unbind_timeout for the handshake; what is left then is dropped.
        """
        if self._loop is None:
            return
        if self._closed is not None:
            await asyncio.shield(self._closed)
            return
        self._closed = self._loop.create_future()
        self._closing = self.busy = True
        try:
            for listener in self._listeners:
                await listener.close()
            for session in self.connections - self.sessions:
                session.close("the server closes")
            await self._wait(lambda: not self._owed and not self._asked, drain)
            for session in list(self.sessions):
                session.link.unbind()
            # The handshake may take its whole time, and so may the peer's reading of what was written before it.
            await self._wait(lambda: not self.connections, 2 * (self._limits.unbind_timeout or drain) + 1.0)
        finally:
            for session in self.connections:
                session.link.abort()
            running = self.driver.cancel()
            if running:
                await asyncio.wait(running, timeout=1.0)
            await self._wait(lambda: not self.connections, 1.0)
            self._closed.set_result(None)

    async def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait until the condition holds, which is asked whenever something ends."""
        if condition() or self._loop is None:
            return
        future: Future[None] = self._loop.create_future()
        self._until = condition, future
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            pass
        finally:
            self._until = None

    def _look(self) -> None:
        if self._until is not None and self._until[0]() and not self._until[1].done():
            self._until[1].set_result(None)

    async def outbind(
        self, host: str, port: int, system_id: str, password: str = "", *, tls: ssl.SSLContext | None = None,
    ) -> Session:
        """Connect to an ESME, ask it to bind, and return its session when it has. It is authenticated like any other.

        system_id, password: ours, in the outbind. Raises OSError if there is no connection, SessionClosed if no good bind comes within the
        limits' bind_timeout. SMPP 3.4 2.2.1, 4.1.7.
        """
        if self._loop is None or self._closing:
            raise SessionClosed("the server is not running")
        outbind = Outbind(system_id=system_id, password=password)
        link = self._make((host, port), self._loop.time())
        handshake = (self._limits.tls_timeout or None) if tls is not None else None
        await self._loop.create_connection(lambda: link, host, port, ssl=tls, ssl_handshake_timeout=handshake)
        session: Session = link.owner  # type: ignore[assignment]
        session.peername = link.peername
        bound = self._dialled[session] = self._loop.create_future()
        try:
            link.request(outbind)
            await bound
        except BaseException:
            link.close("the outbind was given up")
            raise
        finally:
            del self._dialled[session]
        return session

    # -- connections ------------------------------------------------------------------------------------------------------------------

    def _admits(self, opening: int) -> bool:
        if len(self.connections) + opening < self._max_connections + _TOLD:
            return True
        if not self._overflowed:
            self._overflowed = True
            log.error("%d connections: more are closed at once", len(self.connections) + opening)
        return False

    def _make(self, peername: Any, now: float) -> Link:
        assert self._loop is not None
        session = Session(self, peername)
        machine = Machine(
            "smsc", now=now, profile=self._profile, limits=self._limits, window=self._delivery_window, overload_status=_THROTTLED,
        )
        session.link = self._link(machine, session, self._loop, self._observer, self.metrics)
        return session.link

    def _opened(self, session: Session) -> None:
        if self._closing:
            session.link.abort()
        self.connections.add(session)
        if session.link.transport is not None:
            session.link.transport.set_write_buffer_limits(high=min(_UNBOUND_UNSENT, self._limits.unsent))

    def _lost(self, session: Session) -> None:
        self.connections.discard(session)
        self._overflowed = False
        self._look()

    def _owe(self, n: int, octets: int) -> None:
        """Handlers are at work on n requests more, or less."""
        self._owed += n
        self._owed_octets += octets
        self.busy = self._closing or self._owed >= self._max_owed or self._owed_octets >= self._max_owed_octets
        self._look()

    def _ask(self, n: int) -> None:
        """n requests of ours more, or less, wait for answers."""
        self._asked += n
        self._look()

    # -- binds --------------------------------------------------------------------------------------------------------------------------

    def _bind(self, session: Session, bind: Pdu) -> None:
        if session.refused:
            return
        session.bind = bind
        if (bind.interface_version or 0) < _V34:
            self._refuse(session, bind, _BIND_FAILED)
        elif len(self.connections) > self._max_connections:
            log.error("%s: over %d connections", session, self._max_connections)
            self._refuse(session, bind, _THROTTLED)
        elif self._closing:
            self._refuse(session, bind, _SYSTEM_ERROR)
        else:
            try:
                verdict: Any = self._bound_by(session, bind)
                if not isinstance(verdict, (Account, int)):
                    verdict = self.driver.begin(verdict)
            except (Exception, asyncio.CancelledError) as error:  # nobody cancels us here: it is the callback's own
                verdict = session.failed(bind, error)
            if asyncio.isfuture(verdict):
                verdict.add_done_callback(partial(self._judged, session, bind))
            else:
                self._judge(session, bind, verdict)

    def _judged(self, session: Session, bind: Pdu, future: Future[Any]) -> None:
        try:
            verdict = future.result()
        except Exception as error:
            verdict = session.failed(bind, error)
        except asyncio.CancelledError:
            verdict = _SYSTEM_ERROR
        self._judge(session, bind, verdict)

    def _judge(self, session: Session, bind: Pdu, verdict: Any) -> None:
        if session.link.is_closing:
            return  # it has not waited
        if isinstance(verdict, Account):
            self._enter(session, bind, verdict)
        elif not isinstance(verdict, int) or not 0 < verdict <= 0xFFFFFFFF:
            self._refuse(session, bind, session.failed(bind, TypeError("authenticate gave neither an Account nor a status")))
        else:
            wait = 0.0
            if verdict in _GUESSES and self._loop is not None:
                wait = self._guard.failed(str(session.peername[0]), session.system_id, self._loop.time())
                log.warning("%s: wrong system_id or password%s", session, f", answered after {wait:g} s" if wait else "")
                if wait:
                    self._loop.call_later(wait, self._refuse, session, bind, verdict)
                    return
            self._refuse(session, bind, verdict)

    def _enter(self, session: Session, bind: Pdu, account: Account) -> None:
        # From here to the answer nothing else runs, so that two binds at once cannot both be the last that fits.
        if not self._roster.enter(account):
            log.warning("%s: account %r has %d sessions already", session, account.name, account.max_sessions)
            self._refuse(session, bind, _ALREADY_BOUND)
            return
        session.account = account
        session.rate = self._roster.rate(account)
        machine = session.link.machine
        machine.profile = account.profile or self._profile
        if account.window is not None:
            machine.limits = msgspec.structs.replace(self._limits, inbound=account.window)
        if account.delivery_window is not None:
            machine.window = account.delivery_window
        # What stands behind the bind is read, and answered, before this returns.
        if not session.link.reply(bind, bind.reply(_OK, system_id=self._system_id, tlvs=[("sc_interface_version", _V34)])):
            self._roster.leave(account)
            session.account = None

    def _refuse(self, session: Session, bind: Pdu, status: int) -> None:
        link = session.link
        if link.is_closing:
            return
        session.refused = True
        link.reply(bind, bind.reply(status))
        link.close(f"the bind was refused with status 0x{status:08X}")

    def _bound(self, session: Session) -> None:
        self.sessions.add(session)
        if session.link.transport is not None:
            session.link.transport.set_write_buffer_limits(high=self._limits.unsent)
        self._tell(session, "bound")
        dialled = self._dialled.get(session)
        if dialled is not None and not dialled.done():
            dialled.set_result(None)

    def _ended(self, session: Session) -> None:
        """The session is over, its connection not yet: the account has room again."""
        if session.account is not None and session in self.sessions:
            self._roster.leave(session.account)
            self.sessions.discard(session)
            self._tell(session, "closed")
        dialled = self._dialled.get(session)
        if dialled is not None and not dialled.done():
            dialled.set_exception(SessionClosed(f"no good bind came after the outbind: {session.close_reason}"))

    def _tell(self, session: Session, what: str) -> None:
        if self._on_session is not None:
            try:
                self._on_session(session, what)
            except Exception:
                log.exception("%s: on_session failed", session)
