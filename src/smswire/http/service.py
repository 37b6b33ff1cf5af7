"""Layer 7 of 9: the services of the API: their paths, and each call as a request to make and a function that reads the answer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Generic, TypeVar
from urllib.parse import quote, quote_plus

from msgspec import Struct

from smpp_core import EncodeError

from .credentials import Credentials
from .credits import CreditsQuery, dump_credits_query, load_credits
from .errors import ApiError, BadAnswer, DocumentError, refusal
from .exchange import HttpAnswer, HttpRequest
from .inbound import InboundMessage
from .inbox import InboxQuery, dump_inbox_query, load_inbox
from .lookup import NumberContext
from .lookup_async import LookupTicket, load_accepted
from .lookup_query import LookupQuery, dump_async_query, dump_sync_query
from .lookup_sync import load_lookup
from .report import Report, load_reports
from .report_query import PullQuery, dump_pull
from .request import SendRequest
from .response import SendResponse
from .send_json import dump_json
from .send_plain import dump_plain
from .send_response import load_response
from .send_xml import dump_xml

__all__ = [
    "COMMAND", "FORMS", "INBOX", "LONGEST_QUERY", "LOOKUP", "LOOKUPS", "METHODS", "PULL", "SEND", "SERVICES", "Call", "ResultsDiffer",
    "Service", "credits_call", "dump_send", "inbox_call", "lookup_call", "lookups_call", "pull_call", "results_of", "route", "send_call",
]

T = TypeVar("T")

FORMS: Final = ("json", "xml", "plain")
METHODS: Final = ("GET", "POST")
# Octets of a query string: what servers and the proxies before them take everywhere. Longer ones go as the body of a POST.
LONGEST_QUERY: Final = 2_000


class Service(Struct, frozen=True):
    """One service. name: "send", "command", "pull", "lookup", "lookups" or "inbox". form: of a send, "" of the others. paths: the first
    is the one that clients use. methods: those that the document allows (decision V8 for plain, V39, V46 and V57 for POST).
    """

    name: str
    form: str
    paths: tuple[str, ...]
    methods: tuple[str, ...] = METHODS


SEND: Final = MappingProxyType({
    form: Service("send", form, (f"/api/v3/sendsms/{form}", f"/api/sendsms/{form}"), METHODS if form == "plain" else ("POST",))
    for form in FORMS
})
COMMAND: Final = Service("command", "", ("/api/command",))
PULL: Final = Service("pull", "", ("/api/v3/dr/pull",))
LOOKUPS: Final = Service("lookups", "", ("/api/hlr/",))
LOOKUP: Final = Service("lookup", "", ("/api/hlr/sync",))
INBOX: Final = Service("inbox", "", ("/api/v2/command/inbox", "/api/v3/command/inbox"))
SERVICES: Final = (*SEND.values(), COMMAND, PULL, LOOKUPS, LOOKUP, INBOX)

_ROUTES: Final = MappingProxyType({path.rstrip("/"): (service.name, service.form) for service in SERVICES for path in service.paths})


def route(path: str) -> tuple[str, str] | None:
    """The service and its form that a path means, as ("send", "xml") or ("pull", ""); None if there is none. One slash more or less at
    the end makes no difference."""
    return _ROUTES.get(path.removesuffix("/"))


class Call(Struct, Generic[T], frozen=True):
    """A call. name: of the service. request: what to send. read: makes the result of an answer; raises RequestRefused for a refusal and
    BadAnswer for what is no answer. repeatable: making it twice does no more than making it once.
    """

    name: str
    request: HttpRequest
    read: Callable[[HttpAnswer], T]
    repeatable: bool


class ResultsDiffer(BadAnswer):
    """An answer with another number of results than the request has recipients: nobody can tell whose they are. answer: as it came."""

    def __init__(self, answer: SendResponse, expected: int) -> None:
        super().__init__(f"the answer has {len(answer.results)} results for {expected} recipients", http_status=200)
        self.answer = answer


def send_call(request: SendRequest, form: str = "json", *, method: str = "GET", octets: bytes | None = None) -> Call[SendResponse]:
    """Send messages. form: "json", "xml" or "plain"; plain takes one message. method: of plain; a query over LONGEST_QUERY octets goes as
    a POST in any case. octets: the request as `dump_send` wrote it, if that was done before.

    Repeatable if each recipient has a message id: the service refuses the second of two messages with one id (decision V21).
    """
    body = dump_send(request, form) if octets is None else octets
    if form == "plain":
        http = _request(SEND[form], body, method)
    else:
        headers = {"content-type": f"application/{form}; charset=utf-8"}
        http = HttpRequest(method="POST", path=SEND[form].paths[0], headers=headers, body=body)
    expected = results_of(request)
    repeatable = all(recipient.message_id for message in request.messages for recipient in message.recipients)

    def read(answer: HttpAnswer) -> SendResponse:
        return _read(answer, load, request)

    def load(octets: bytes, content_type: str) -> SendResponse:
        response = load_response(octets, content_type)
        results = response.results
        if len(results) == 1 and results[0].status < 0 and not results[0].message_id:
            result = results[0]
            if expected > 1 or result.row.scope == "request":
                raise refusal(result.status, response)
        if len(results) != expected:
            raise ResultsDiffer(response, expected)
        return response

    return Call("send", http, read, repeatable)


def dump_send(request: SendRequest, form: str) -> bytes:
    """The document of a request. Raises DocumentError for what it cannot hold, EncodeError for a form that does not exist."""
    if form not in SEND:
        raise EncodeError(f"form is {form!r}, it must be one of {', '.join(FORMS)}", "form")
    return {"json": dump_json, "xml": dump_xml, "plain": dump_plain}[form](request)


def results_of(request: SendRequest) -> int:
    """How many results answer a request: one a recipient, and one for a message without any (decision V14)."""
    return sum(len(message.recipients) or 1 for message in request.messages)


def credits_call(who: Credentials, *, method: str = "GET") -> Call[Decimal]:
    """Ask for the account's credits."""
    query = dump_credits_query(CreditsQuery(username=who.username, password=who.password))
    return _call("command", _request(COMMAND, query, method), load_credits, who, True)


def pull_call(
    who: Credentials, messageids: Iterable[str] = (), appid: str = "", *, method: str = "GET", utc_offset: timedelta | None = None,
) -> Call[tuple[Report, ...]]:
    """Pull delivery reports, at most 10,000.

    messageids: only of these messages. appid: only of those sent with it. utc_offset: of the account; makes dates aware.
    """
    pull = PullQuery(username=who.username, password=who.password, messageids=tuple(messageids), appid=appid)

    def load(octets: bytes, content_type: str) -> tuple[Report, ...]:
        return load_reports(octets, content_type, utc_offset=utc_offset)

    return _call("pull", _request(PULL, dump_pull(pull), method), load, who, True)


def lookup_call(who: Credentials, number: str, output: str = "json", *, method: str = "GET") -> Call[NumberContext]:
    """Look one number up and wait for the result. output: "json", "xml" or "comma". It is charged, so not repeatable."""
    if output not in ("json", "xml", "comma"):
        raise EncodeError(f"output is {output!r}, it must be json, xml or comma", "output")
    query = LookupQuery(
        username=who.username, password=who.password, destinations=(number,), output="" if output == "comma" else output,
    )
    return _call("lookup", _request(LOOKUP, dump_sync_query(query), method), load_lookup, who, False)


def lookups_call(who: Credentials, numbers: Sequence[str], *, method: str = "GET") -> Call[tuple[LookupTicket, ...]]:
    """Ask for numbers to be looked up, at most 10,000; the results are pushed later. They are charged, so not repeatable."""
    query = LookupQuery(username=who.username, password=who.password, destinations=tuple(numbers))
    return _call("lookups", _request(LOOKUPS, dump_async_query(query), method), load_accepted, who, False)


def inbox_call(
    who: Credentials, limit: int = 0, *, method: str = "GET", utc_offset: timedelta | None = None,
) -> Call[tuple[InboundMessage, ...]]:
    """Take messages out of the inbox. limit: how many at most, 0 for all. utc_offset: of the account; makes dates aware."""
    if limit < 0:
        raise EncodeError(f"limit is {limit}, it must be 0 or more", "limit")
    query = dump_inbox_query(InboxQuery(username=who.username, password=who.password, limit=limit))

    def load(octets: bytes, content_type: str) -> tuple[InboundMessage, ...]:
        return load_inbox(octets, content_type, utc_offset=utc_offset)

    return _call("inbox", _request(INBOX, query, method), load, who, True)


def _call(name: str, request: HttpRequest, load: Callable[[bytes, str], T], who: Credentials, repeatable: bool) -> Call[T]:
    def read(answer: HttpAnswer) -> T:
        return _read(answer, load, who)

    return Call(name, request, read, repeatable)


def _request(service: Service, query: bytes, method: str) -> HttpRequest:
    if method == "GET" and len(query) <= LONGEST_QUERY:
        return HttpRequest(path=service.paths[0], query=query)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return HttpRequest(method="POST", path=service.paths[0], headers=headers, body=query)


_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+(?:<\?[^>]{0,200}+>\s*+|<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL,
)


def _read(answer: HttpAnswer, load: Callable[[bytes, str], T], who: Credentials) -> T:
    """Make the result. Documented errors come with 200 (decision V11), and -26 with 503 (V17); whatever else is none of the API's."""
    if answer.status not in (200, 503):
        raise _bad(f"the answer has HTTP status {answer.status}", answer, who)
    if _HTML.match(answer.body[:2_000]):
        raise _bad(f"the answer, HTTP status {answer.status}, is an HTML page", answer, who)
    problem = ""
    try:
        result = load(answer.body, answer.content_type)
    except DocumentError as error:
        problem = f"the answer, HTTP status {answer.status}, cannot be read: {error}"
    except ApiError:
        raise
    else:
        if answer.status == 200:
            return result
        problem = f"the answer has HTTP status {answer.status}"
    raise _bad(problem, answer, who)


def _bad(message: str, answer: HttpAnswer, who: Credentials) -> BadAnswer:
    return BadAnswer(
        message, http_status=answer.status, content_type=answer.content_type[:200], octets=_without(answer.body[:4_000], who),
    )


def _without(octets: bytes, who: Credentials) -> bytes:
    """An answer may hold what was asked: the password is taken out in each form that it may have there."""
    password = who.password
    if password:
        forms = {password, quote(password, errors="replace"), quote_plus(password, errors="replace"), html.escape(password)}
        for form in sorted(forms, key=len, reverse=True):
            octets = octets.replace(form.encode("utf-8", "replace"), b"***")
    return octets
