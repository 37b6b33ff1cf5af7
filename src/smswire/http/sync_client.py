"""Layer 7 of 9: the client of the API for programs without a loop: the same calls, from any thread, over urllib3."""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from datetime import timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from smpp_core import SessionClosed

from ..session.backoff import Backoff
from ..session.tls import client_context
from .caller import MOST_ANSWER, Caller, Plan, Sendable, check_numbers
from .errors import AccessPointError, BadAnswer, ConnectFailed, NoAnswer
from .exchange import HttpAnswer, HttpRequest
from .inbound import InboundMessage
from .lookup import NumberContext
from .lookup_async import LookupTicket
from .point import AccessPoint, proxy_login, proxy_of
from .reason import AGENT, reason
from .report import Report
from .report_query import MOST_PULLED
from .response import SendResponse
from .service import credits_call, inbox_call, lookup_call, lookups_call, pull_call

__all__ = ["SyncHttpClient"]

T = TypeVar("T")

_PIECE: Final = 64 * 1024


class _Attempt:
    """One exchange, as the connection sees it: the query that urllib3, which logs URLs, is not told; the deadline; what was done."""

    __slots__ = ("clock", "deadline", "query", "written")

    def __init__(self, query: str, deadline: float, clock: Callable[[], float]) -> None:
        self.query = query
        self.deadline = deadline
        self.clock = clock
        self.written = False

    def left(self) -> float:
        """Seconds until the deadline. Raises TimeoutError if it has passed."""
        left = self.deadline - self.clock()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


_ATTEMPT: ContextVar[_Attempt] = ContextVar("smswire.http.sync_attempt")


class _Timed(io.RawIOBase):
    """What comes from a socket, each read of which has only the time that is left for the whole answer."""

    def __init__(self, sock: socket.socket, attempt: _Attempt) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._attempt = attempt

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._attempt.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        untimed, self.fp = self.fp, io.BufferedReader(_Timed(sock, _ATTEMPT.get()), _PIECE)
        untimed.close()


class _Watched:
    """What both kinds of connections do besides: they add the query, keep the time, and tell whether anything was written."""

    response_class: type[http.client.HTTPResponse] = _Response
    sock: socket.socket | None

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        query = _ATTEMPT.get().query
        super().putrequest(method, f"{url}?{query}" if query else url, *args, **options)  # type: ignore[misc]

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        finally:
            _ATTEMPT.get().written = False  # asking a proxy for a tunnel is no request

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = _ATTEMPT.get()
        assert self.sock is not None
        left = attempt.left()
        self.sock.settimeout(left)
        attempt.written = True
        super().send(data)  # type: ignore[misc]


class _Connection(_Watched, HTTPConnection):
    pass


class _TlsConnection(_Watched, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        # Or urllib3 would warn at every request of a context that verifies nothing; whoever made it was warned.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class SyncHttpClient:
    """A client for scripts and threads: `with SyncHttpClient("https://api.example", "name", "password") as client: …`.

    Arguments, calls and what they raise are those of HttpClient; connect_timeout is for each address of a host. Its methods may be called
    from any thread. After a fork the child makes connections of its own.
    """

    def __init__(
        self, url: str | Iterable[str], user: str | None = None, password: str | None = None, *, method: str = "GET",
        message_ids: bool | Callable[[], str] = True, timeout: float = 30.0, connect_timeout: float = 5.0,
        most_answer: int = MOST_ANSWER, concurrency: int = 20, proxy: str = "", tls: ssl.SSLContext | None = None,
        utc_offset: timedelta | None = None, backoff: Backoff | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caller = Caller(
            url, user, password, method=method, message_ids=message_ids, timeout=timeout, connect_timeout=connect_timeout,
            most_answer=most_answer, concurrency=concurrency, proxy=proxy, tls=tls, utc_offset=utc_offset, backoff=backoff, clock=clock,
        )
        self._tls = tls
        self._lock = threading.Lock()
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._room = threading.Semaphore(concurrency)
        self._process = os.getpid()
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._caller}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are idle; calls that run end as they do. Later ones raise SessionClosed."""
        self._closed = True
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
        for manager in managers:
            manager.clear()

    # -- calls -----------------------------------------------------------------------------------------------------------------------

    def send(
        self, to: Sendable, text: str | None = None, *, form: str = "json", repeated: bool = False, **fields: Any,
    ) -> SendResponse:
        """Send messages. See HttpClient.send."""
        return self._run(self._caller.send(to, text, form=form, repeated=repeated, **fields))

    def credits(self) -> Decimal:
        """The account's credits. See HttpClient.credits."""
        return self._run(self._caller.plan(credits_call(self._caller.who, method=self._caller.method)))

    def reports(self, messageids: Iterable[str] = (), appid: str = "") -> tuple[Report, ...]:
        """Pull delivery reports. See HttpClient.reports."""
        caller = self._caller
        return self._run(caller.plan(pull_call(caller.who, messageids, appid, method=caller.method, utc_offset=caller.utc_offset)))

    def reports_all(self, appid: str = "") -> Iterator[tuple[Report, ...]]:
        """Pull until there are no more. See HttpClient.reports_all."""
        while found := self.reports(appid=appid):
            yield found
            if len(found) < MOST_PULLED:
                break

    def lookup(self, number: str, output: str = "json") -> NumberContext:
        """Look a number up and wait for the result. See HttpClient.lookup."""
        return self._run(self._caller.plan(lookup_call(self._caller.who, number, output, method=self._caller.method)))

    def lookups(self, numbers: Iterable[str]) -> tuple[LookupTicket, ...]:
        """Have numbers looked up. See HttpClient.lookups."""
        return self._run(self._caller.plan(lookups_call(self._caller.who, check_numbers(numbers), method=self._caller.method)))

    def inbox(self, limit: int = 0) -> tuple[InboundMessage, ...]:
        """Take messages out of the inbox. See HttpClient.inbox."""
        caller = self._caller
        return self._run(caller.plan(inbox_call(caller.who, limit, method=caller.method, utc_offset=caller.utc_offset)))

    # -- exchanges -------------------------------------------------------------------------------------------------------------------

    def _run(self, plan: Plan[T]) -> T:
        try:
            point, request = next(plan)
            while True:
                manager, room = self._manager(proxy_of(point, self._caller.proxy))
                with room:
                    outcome = self._exchange(manager, point, request)
                point, request = plan.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    def _manager(self, proxy: str) -> tuple[urllib3.PoolManager, threading.Semaphore]:
        with self._lock:
            if self._closed:
                raise SessionClosed("the client is closed")
            if self._process != os.getpid():
                self._process = os.getpid()
                self._managers = {}  # the parent's connections are not to be closed here either
                self._room = threading.Semaphore(self._caller.concurrency)
            manager = self._managers.get(proxy)
            if manager is None:
                manager = self._managers[proxy] = self._new_manager(proxy)
            return manager, self._room

    def _new_manager(self, proxy: str) -> urllib3.PoolManager:
        context = self._tls
        if context is None and any(point.tls for point in self._caller.access.points):
            context = self._tls = client_context()
        options: dict[str, Any] = {"maxsize": self._caller.concurrency, "block": False, "retries": False}
        if context is not None:
            options["ssl_context"] = context
        if proxy:
            bare, login = proxy_login(proxy)
            headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
            manager: urllib3.PoolManager = urllib3.ProxyManager(bare, proxy_headers=headers, **options)
        else:
            manager = urllib3.PoolManager(**options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def _exchange(self, manager: urllib3.PoolManager, point: AccessPoint, request: HttpRequest) -> HttpAnswer | AccessPointError:
        """Make one exchange. Nothing of urllib3's errors is kept: they may hold what was sent."""
        caller = self._caller
        attempt = _Attempt(request.query.decode("ascii"), caller.clock() + caller.timeout, caller.clock)
        token = _ATTEMPT.set(attempt)
        try:
            return self._answer(manager, point, request)
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            return self._failure(error, attempt, point)
        finally:
            _ATTEMPT.reset(token)

    def _failure(self, error: Exception, attempt: _Attempt, point: AccessPoint) -> AccessPointError:
        if not attempt.written:
            # urllib3 takes a refused connection for one that took too long.
            late = isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError)
            if late and not isinstance(error, urllib3.exceptions.NewConnectionError):
                return ConnectFailed(f"{point}: no connection within {self._caller.connect_timeout:g} s")
            return ConnectFailed(f"{point}: {reason(error)}")
        causes = [error, *error.args]
        if any(isinstance(cause, urllib3.exceptions.TimeoutError | TimeoutError) for cause in causes):
            return NoAnswer(f"{point}: no whole answer within {self._caller.timeout:g} s")
        if any(isinstance(cause, http.client.HTTPException) and not isinstance(cause, _CUT) for cause in causes):
            return BadAnswer(f"{point}: the answer is not HTTP", http_status=0)
        return NoAnswer(f"{point}: {reason(error)}")

    def _answer(self, manager: urllib3.PoolManager, point: AccessPoint, request: HttpRequest) -> HttpAnswer | AccessPointError:
        caller = self._caller
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": AGENT, **request.headers}
        response = manager.urlopen(
            request.method, point.url(request), body=request.body if request.method == "POST" else None, headers=headers,
            redirect=False, retries=False, preload_content=False, decode_content=False,
            timeout=urllib3.Timeout(connect=caller.connect_timeout, read=caller.timeout),
        )
        whole = False
        try:
            body = bytearray()
            content_type = response.headers.get("Content-Type", "")
            most = caller.most_answer
            if (response.length_remaining or 0) <= most:
                for piece in response.stream(_PIECE, decode_content=False):
                    body += piece
                    if len(body) > most:
                        break
                else:
                    whole = True
                    return HttpAnswer(status=response.status, content_type=content_type, body=bytes(body))
            return BadAnswer(
                f"{point}: the answer has over {most:,} octets", http_status=response.status, content_type=content_type[:200],
            )
        finally:
            if not whole:
                response.close()
            response.release_conn()


# The other end closed: before the answer, or in it.
_CUT: Final = (http.client.RemoteDisconnected, http.client.IncompleteRead)
