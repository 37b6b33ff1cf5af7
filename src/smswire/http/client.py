"""Layer 7 of 9: the asyncio client of the API: sends messages, pulls reports, looks numbers up, empties the inbox."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextvars import ContextVar
from datetime import timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp
from yarl import URL

from smpp_core import SessionClosed

from ..session.backoff import Backoff
from ..session.tls import client_context
from .caller import MOST_ANSWER, Caller, Plan, Sendable, check_numbers
from .errors import AccessPointError, BadAnswer, ConnectFailed, NoAnswer
from .exchange import HttpAnswer, HttpRequest
from .inbound import InboundMessage
from .lookup import NumberContext
from .lookup_async import LookupTicket
from .point import AccessPoint, proxy_of
from .reason import AGENT, reason
from .report import Report
from .report_query import MOST_PULLED
from .response import SendResponse
from .service import credits_call, inbox_call, lookup_call, lookups_call, pull_call

__all__ = ["HttpClient"]

T = TypeVar("T")

_PIECE: Final = 64 * 1024


class _Attempt:
    """One exchange, as the connector sees it."""

    __slots__ = ("connected",)

    def __init__(self) -> None:
        self.connected = False


class _Twice(Exception):
    """The request was about to be written a second time."""


_ATTEMPT: ContextVar[_Attempt] = ContextVar("smswire.http.attempt")


class _Connector(aiohttp.TCPConnector):
    """Gives one connection to one attempt. aiohttp would send a GET again when a kept connection breaks, and a GET may be a message."""

    async def connect(self, *args: Any, **options: Any) -> Any:
        attempt = _ATTEMPT.get()
        if attempt.connected:
            raise _Twice
        connection = await super().connect(*args, **options)
        attempt.connected = True
        return connection


class HttpClient:
    """A client of one account: `async with HttpClient("https://api.example,api2.example", "name", "password") as client: …`.

    url: of the access points, primary first: `https://host:port/base`, with commas between hosts, or a list of URLs; user and password may
    stand there. user, password: instead of the URL's. method: "GET" or "POST", for what is documented as GET; POST keeps the password out
    of access logs. message_ids: give each recipient without one a message id, so that fail-over cannot double a message; a function that
    makes them is taken, too. timeout: seconds for the whole answer of one access point, connecting included. connect_timeout: seconds to
    connect. most_answer: octets of an answer. concurrency: calls at once, others wait in line. proxy: "" none, "environment" those of the
    environment, or a URL. tls: a context for https, default verifies certificate and name with the system's roots. utc_offset: of the
    account, makes dates aware. backoff: how long an access point that failed is passed over. Raises EncodeError for arguments that make
    no sense.

    A call that finds no connection goes to the next access point. One whose answer is lost goes there only if it does no harm twice (all
    but number lookups, and messages without ids); otherwise NoAnswer with `written` is raised and nothing is sent again. Redirects are not
    followed. Belongs to the loop of its first call. No password, user name or text is logged or part of an error.
    """

    def __init__(
        self, url: str | Iterable[str], user: str | None = None, password: str | None = None, *, method: str = "GET",
        message_ids: bool | Callable[[], str] = True, timeout: float = 30.0, connect_timeout: float = 5.0,
        most_answer: int = MOST_ANSWER, concurrency: int = 20, proxy: str = "", tls: ssl.SSLContext | None = None,
        utc_offset: timedelta | None = None, backoff: Backoff | None = None, clock: Callable[[], float] | None = None,
    ) -> None:
        self._caller = Caller(
            url, user, password, method=method, message_ids=message_ids, timeout=timeout, connect_timeout=connect_timeout,
            most_answer=most_answer, concurrency=concurrency, proxy=proxy, tls=tls, utc_offset=utc_offset, backoff=backoff,
            clock=clock or self._now,
        )
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._room: asyncio.Semaphore | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._caller}>"

    def _now(self) -> float:
        return self._loop.time() if self._loop is not None else 0.0

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Calls that run end with NoAnswer or ConnectFailed; later ones raise SessionClosed."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    # -- calls -----------------------------------------------------------------------------------------------------------------------

    async def send(
        self, to: Sendable, text: str | None = None, *, form: str = "json", repeated: bool = False, **fields: Any,
    ) -> SendResponse:
        """Send messages.

        to: a number, several, Recipients (with message ids), or SendMessages, or a SendRequest. text, fields: of one message to all of
        them, the attributes of SendMessage: sender, flash, type, …. form: "json", "xml" or "plain" (one call a message). repeated: this was
        sent before, with these message ids: -33 means that it was accepted then. Over 10,000 recipients or 2 MiB go as several calls.

        Returns one result a recipient, in order; `result.error` is typed. One with `already_accepted` was accepted by an attempt whose
        answer was lost. Raises the typed error of a request that was refused as a whole; AccessPointError; after some of several calls
        PartlySent, with their results; DocumentError or EncodeError, before anything is sent, for what cannot be written. The errors'
        `request` has the message ids that were used. Vendor 2.2.
        """
        return await self._run(self._caller.send(to, text, form=form, repeated=repeated, **fields))

    async def credits(self) -> Decimal:
        """The account's credits (vendor 2.2.4.1). Raises RequestRefused, AccessPointError."""
        return await self._run(self._caller.plan(credits_call(self._caller.who, method=self._caller.method)))

    async def reports(self, messageids: Iterable[str] = (), appid: str = "") -> tuple[Report, ...]:
        """Pull delivery reports, each of which comes once, at most 10,000 a pull (vendor 2.4.2).

        messageids: only of these messages. appid: only of those sent with it. Raises RequestRefused, AccessPointError; what an answer
        held that was lost on the way, the service may not give again.
        """
        caller = self._caller
        call = pull_call(caller.who, messageids, appid, method=caller.method, utc_offset=caller.utc_offset)
        return await self._run(caller.plan(call))

    async def reports_all(self, appid: str = "") -> AsyncIterator[tuple[Report, ...]]:
        """Pull until there are no more; gives the reports of each pull, so that none is lost where you stop."""
        while found := await self.reports(appid=appid):
            yield found
            if len(found) < MOST_PULLED:
                break

    async def lookup(self, number: str, output: str = "json") -> NumberContext:
        """Look a number up and wait for the result (vendor 2.7). output: "json", "xml" or "comma".

        Never repeated, since it is charged. Raises RequestRefused (FAILED has no status), AccessPointError.
        """
        return await self._run(self._caller.plan(lookup_call(self._caller.who, number, output, method=self._caller.method)))

    async def lookups(self, numbers: Iterable[str]) -> tuple[LookupTicket, ...]:
        """Have 1 to 10,000 numbers looked up (vendor 2.5). Returns a ticket each; the results are pushed to you. Raises as `lookup`."""
        return await self._run(self._caller.plan(lookups_call(self._caller.who, check_numbers(numbers), method=self._caller.method)))

    async def inbox(self, limit: int = 0) -> tuple[InboundMessage, ...]:
        """Take messages that came in out of the inbox (vendor 2.8.2). limit: how many at most, 0 for all. Raises as `reports`."""
        caller = self._caller
        return await self._run(caller.plan(inbox_call(caller.who, limit, method=caller.method, utc_offset=caller.utc_offset)))

    # -- exchanges -------------------------------------------------------------------------------------------------------------------

    def _open(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        if self._closed:
            raise SessionClosed("the client is closed")
        loop = asyncio.get_running_loop()
        if self._session is None or self._room is None:
            self._loop = loop
            self._room = asyncio.Semaphore(self._caller.concurrency)
            context = self._tls
            if context is None and any(point.tls for point in self._caller.access.points):
                context = client_context()
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=0, ssl=context if context is not None else True),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, skip_auto_headers=("Content-Type",),
                headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": AGENT},
                timeout=aiohttp.ClientTimeout(total=None, connect=self._caller.connect_timeout),
            )
        elif loop is not self._loop:
            raise RuntimeError("a client belongs to the loop of its first call")
        return self._session, self._room

    async def _run(self, plan: Plan[T]) -> T:
        try:
            point, request = next(plan)
            while True:
                session, room = self._open()
                async with room:
                    outcome = await self._exchange(session, point, request)
                point, request = plan.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    async def _exchange(self, session: aiohttp.ClientSession, point: AccessPoint, request: HttpRequest) -> HttpAnswer | AccessPointError:
        """Make one exchange. Nothing of aiohttp's errors is kept: they may hold the URL."""
        attempt = _Attempt()
        token = _ATTEMPT.set(attempt)
        try:
            async with asyncio.timeout(self._caller.timeout):
                return await self._answer(session, point, request)
        except TimeoutError:
            if not attempt.connected:
                return ConnectFailed(f"{point}: no connection within {self._caller.connect_timeout:g} s")
            return NoAnswer(f"{point}: no whole answer within {self._caller.timeout:g} s")
        except aiohttp.ClientResponseError:
            if not attempt.connected:
                return ConnectFailed(f"{point}: the proxy refused to connect")
            return BadAnswer(f"{point}: the answer is not HTTP", http_status=0)
        except (aiohttp.ClientError, OSError, _Twice) as error:
            words = f"{point}: {reason(error)}"
            return NoAnswer(words) if attempt.connected else ConnectFailed(words)
        finally:
            _ATTEMPT.reset(token)

    async def _answer(self, session: aiohttp.ClientSession, point: AccessPoint, request: HttpRequest) -> HttpAnswer | AccessPointError:
        url = point.url(request) + (f"?{request.query.decode('ascii')}" if request.query else "")
        most = self._caller.most_answer
        async with session.request(
            request.method, URL(url, encoded=True), data=request.body if request.method == "POST" else None, headers=request.headers,
            allow_redirects=False, proxy=proxy_of(point, self._caller.proxy) or None,
        ) as response:
            body = bytearray()
            if (response.content_length or 0) <= most:
                async for piece in response.content.iter_chunked(_PIECE):
                    body += piece
                    if len(body) > most:
                        break
                else:
                    return HttpAnswer(
                        status=response.status, content_type=response.headers.get("Content-Type", ""), body=bytes(body),
                    )
            response.close()  # or leaving the block would wait for the rest
            return BadAnswer(
                f"{point}: the answer has over {most:,} octets", http_status=response.status,
                content_type=response.headers.get("Content-Type", "")[:200],
            )
