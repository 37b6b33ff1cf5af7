"""Layer 7 of 9: everything of a client but its sockets: what it was told, and each of its methods as a plan of exchanges."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable
from datetime import timedelta
from types import NoneType
from typing import Any, Final, TypeAlias, TypeVar

from msgspec.structs import replace

from smpp_core import EncodeError

from ..session.backoff import Backoff
from .access import AccessPoints, Fate, fate_of
from .batch import PartlySent, batches, identified, join, new_id, settled
from .credentials import Credentials
from .errors import AccessPointError, ApiError
from .exchange import HttpAnswer, HttpRequest
from .point import AccessPoint, check_proxy, parse_points
from .request import MOST_RECIPIENTS, Recipient, SendMessage, SendRequest
from .response import SendResponse
from .service import METHODS, Call, dump_send, send_call

__all__ = ["MOST_ANSWER", "Caller", "Exchange", "Plan", "Sendable"]

T = TypeVar("T")

# The longest answer that a service gives, an inbox of ten thousand long messages.
MOST_ANSWER: Final = 16 * 1024 * 1024

Exchange: TypeAlias = tuple[AccessPoint, HttpRequest]
Outcome: TypeAlias = HttpAnswer | AccessPointError
# Yields where to send what, takes what came of it, returns the result.
Plan: TypeAlias = Generator[Exchange, Outcome, T]
Sendable: TypeAlias = SendRequest | SendMessage | Iterable[SendMessage] | str | Recipient | Iterable[str | Recipient]


class Caller:
    """What both clients are made of. Its arguments are those of the clients (see `HttpClient`)."""

    def __init__(
        self, url: str | Iterable[str], user: str | None = None, password: str | None = None, *, method: str = "GET",
        message_ids: bool | Callable[[], str] = True, timeout: float = 30.0, connect_timeout: float = 5.0,
        most_answer: int = MOST_ANSWER, concurrency: int = 20, proxy: str = "", tls: object = None,
        utc_offset: timedelta | None = None, backoff: Backoff | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, value, kinds in (
            ("user", user, (str, NoneType)), ("password", password, (str, NoneType)), ("proxy", proxy, (str,)),
            ("utc_offset", utc_offset, (timedelta, NoneType)), ("backoff", backoff, (Backoff, NoneType)),
        ):
            if not isinstance(value, kinds):
                raise EncodeError(f"{name} is a {type(value).__name__}, not {kinds[0].__name__}", name)
        if method not in METHODS:
            raise EncodeError(f"method is {method!r}, it must be one of {', '.join(METHODS)}", "method")
        for name, number in (("timeout", timeout), ("connect_timeout", connect_timeout)):
            if not (number > 0 and math.isfinite(number)):
                raise EncodeError(f"{name} is {number!r}, it must be above 0 seconds", name)
        for name, count in (("most_answer", most_answer), ("concurrency", concurrency)):
            if count < 1:
                raise EncodeError(f"{name} is {count!r}, it must be 1 or more", name)
        check_proxy(proxy)
        points, user, password = parse_points(url, user, password)
        if tls is not None and not any(point.tls for point in points):
            raise EncodeError("tls is given, but no URL is https://", "tls")
        self.who = Credentials(username=user, password=password)
        self.method = method
        self.timeout = float(timeout)
        self.connect_timeout = min(float(connect_timeout), self.timeout)
        self.most_answer = most_answer
        self.concurrency = concurrency
        self.proxy = proxy
        self.utc_offset = utc_offset
        self.clock = clock
        self.access = AccessPoints(points, backoff=backoff, lease=self.timeout + self.connect_timeout, clock=clock)
        self._new_id = (new_id if message_ids else None) if isinstance(message_ids, bool) else message_ids

    def __repr__(self) -> str:
        return f"{', '.join(map(str, self.access.points))} for {self.who.username!r}"

    def plan(self, call: Call[T]) -> Plan[T]:
        """One call, over as many access points as it may go to. Raises the errors of its `read`, and AccessPointError."""
        result, _ = yield from self._walked(call)
        return result

    def _walked(self, call: Call[T]) -> Plan[tuple[T, bool]]:
        """The result, and whether an earlier attempt may have been taken."""
        walk = self.access.walk(call.repeatable)
        while True:
            point = walk.next()
            outcome = yield point, call.request
            if isinstance(outcome, AccessPointError):
                walk.failed(outcome)
                continue
            try:
                result = call.read(outcome)
            except ApiError as error:
                walk.failed(_told(error, point), outcome.status)
            else:
                walk.answered()
                return result, walk.repeated

    def send(
        self, what: Sendable, text: str | None = None, *, form: str = "json", repeated: bool = False, **fields: Any,
    ) -> Plan[SendResponse]:
        """Send messages (see `HttpClient.send`). Raises EncodeError and DocumentError at once, before the first exchange."""
        request = request_of(what, text, fields)
        if self._new_id is not None:
            request = identified(request, self._new_id)
        signed = replace(
            request, username=request.username or self.who.username, password=request.password or self.who.password,
        )
        parts = batches(signed, lambda part: dump_send(part, form), most_messages=1 if form == "plain" else None)
        calls = [send_call(part.request, form, method=self.method, octets=part.octets) for part in parts]
        return self._sent([part.request for part in parts], calls, repeated)

    def _sent(self, requests: list[SendRequest], calls: list[Call[SendResponse]], repeated: bool) -> Plan[SendResponse]:
        responses: list[SendResponse] = []
        for number, (request, call) in enumerate(zip(requests, calls)):
            try:
                response, again = yield from self._walked(call)
            except ApiError as error:
                rest = SendRequest(messages=[message for part in requests[number:] for message in part.messages])
                error.request = rest
                if not responses:
                    raise
                doubtful = sum(len(message.recipients) for message in request.messages) if fate_of(error) is Fate.LOST else 0
                raise PartlySent(error, join(responses), rest, doubtful) from error
            responses.append(settled(request, response) if again or repeated else response)
        return join(responses)


def request_of(what: Sendable, text: str | None, fields: dict[str, Any]) -> SendRequest:
    """What `send` was given, as a request. Raises EncodeError for what makes none."""
    if isinstance(what, SendRequest | SendMessage):
        items: list[Any] = [what]
    elif isinstance(what, str | Recipient):
        items = [what]
    else:
        items = list(what)
    messages = [item for item in items if isinstance(item, SendMessage)]
    if isinstance(what, SendRequest) or messages:
        if text is not None or fields:
            raise EncodeError("a message has its text and fields itself", "text")
        if isinstance(what, SendRequest):
            messages = what.messages
        elif len(messages) != len(items):
            raise EncodeError("messages and recipients stand in one list", "what")
        if not messages:
            raise EncodeError("there is no message", "messages")
        return what if isinstance(what, SendRequest) else SendRequest(messages=messages)
    if not items:
        raise EncodeError("there is no recipient", "to")
    recipients = []
    for item in items:
        if not isinstance(item, str | Recipient):
            raise EncodeError(f"a recipient is a {type(item).__name__}, not str", "to")
        recipients.append(Recipient(item) if isinstance(item, str) else item)
    unknown = fields.keys() - _FIELDS
    if unknown:
        raise EncodeError(f"a message has no field {sorted(unknown)[0]!r}", sorted(unknown)[0])
    return SendRequest(messages=[SendMessage(text=text, recipients=recipients, **fields)])


_FIELDS: Final = frozenset(SendMessage.__struct_fields__) - {"text", "recipients", "fault"}


def _told(error: ApiError, point: AccessPoint) -> ApiError:
    """The error, with the access point in its text if it is about that."""
    if isinstance(error, AccessPointError):
        error.args = (f"{point}: {error.args[0]}",)
    return error


def check_numbers(numbers: Iterable[str]) -> tuple[str, ...]:
    """Numbers to look up, at most 10,000. Raises EncodeError."""
    if isinstance(numbers, str):
        raise EncodeError("numbers is a str, not a list of them", "numbers")
    found = tuple(numbers)
    if not 1 <= len(found) <= MOST_RECIPIENTS:
        raise EncodeError(f"there are {len(found):,} numbers, one call takes 1 to {MOST_RECIPIENTS:,}", "numbers")
    return found
