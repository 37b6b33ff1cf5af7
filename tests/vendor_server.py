"""A fake of the vendor's HTTP service, made of the codecs: uvicorn in a thread on loopback, its state in memory, faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import uvicorn

from smswire.http.check import check_credentials, check_request, checked, refused, results_of
from smswire.http.credentials import Credentials
from smswire.http.credits import dump_credits, dump_credits_error, load_credits_query
from smswire.http.errors import DocumentError
from smswire.http.exchange import HttpAnswer, HttpRequest
from smswire.http.inbound import InboundMessage
from smswire.http.inbox import NO_DATA, dump_inbox, load_inbox_query
from smswire.http.lookup import FAILED, NumberContext
from smswire.http.lookup_async import accept, dump_accepted
from smswire.http.lookup_query import load_async_query, load_sync_query
from smswire.http.lookup_sync import dump_lookup
from smswire.http.report import Report, dump_reports
from smswire.http.report_query import dump_pull_error, load_pull
from smswire.http.request import Fault, SendRequest
from smswire.http.response import SendResponse
from smswire.http.send_json import load_json
from smswire.http.send_plain import answer_form, load_plain
from smswire.http.send_response import CONTENT_TYPE_VENDOR, dump_response
from smswire.http.send_xml import load_xml
from smswire.http.service import route

NOW = datetime(2010, 8, 2, 14, 55, 10)
_TYPES = {"json": "application/json; charset=UTF-8", "xml": "application/xml; charset=UTF-8", "text": "text/plain; charset=UTF-8"}


class VendorServer:
    """The service. Every accepted message is delivered at once and reported for a pull. faults: what the next answers do instead of
    theirs: "slow" (never ends), "truncated", "html", "503", "empty", "redirect"; each is used up by one request.
    """

    def __init__(self, accounts: dict[str, str] | None = None, credits: str = "12.50") -> None:
        self.accounts = {"test": "test"} if accounts is None else accounts
        self.credits = Decimal(credits)
        self.requests: list[HttpRequest] = []
        self.sent: list[tuple[str, str, str | None]] = []  # id, number, text
        self.reports: deque[Report] = deque()
        self.inbox: deque[InboundMessage] = deque()
        self.used: set[str] = set()
        self.faults: deque[str] = deque()
        self.ids = itertools.count(92052214113845702)
        self.released = threading.Event()
        self.url = ""

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        found = route(request.path)
        if found is None:
            return HttpAnswer(status=404, content_type=_TYPES["text"], body=b"no such service\n")
        name, form = found
        if name == "send":
            return self._send(request, form)
        services = {
            "command": self._command, "pull": self._pull, "lookup": self._lookup, "lookups": self._lookups, "inbox": self._inbox,
        }
        return services[name](request)

    def _knows(self, who: Credentials) -> bool:
        return self.accounts.get(who.username) == who.password

    def _send(self, request: HttpRequest, form: str) -> HttpAnswer:
        where = (request.query, request.body, request.content_type)
        answered = answer_form(*where) if form == "plain" else form
        try:
            if form == "plain":
                wanted = load_plain(*where)
            else:
                wanted = (load_json if form == "json" else load_xml)(request.body, request.content_type)
        except DocumentError as error:
            response = refused(error.status)
        else:
            response = self._taken(wanted)
        return HttpAnswer(content_type=CONTENT_TYPE_VENDOR, body=dump_response(response, "json" if answered == "json" else "xml"))

    def _taken(self, wanted: SendRequest) -> SendResponse:
        fault: Fault | int | None = check_credentials(wanted)
        if fault is None and not self._knows(wanted):
            fault = -5
        fault = fault or check_request(wanted)
        if fault is not None:
            return refused(fault, wanted)
        messages = checked(wanted)
        ids = []
        for one in messages:
            for at, recipient in enumerate(one.recipients):
                if one.faults[at] is None and recipient.message_id in self.used:
                    one.faults[at] = Fault(-33, "", "used")
            for _, recipient in one.accepted():
                id = recipient.message_id or f"{next(self.ids):018}"
                ids.append(id)
                self.used.add(id)
                self.sent.append((id, recipient.gsm, one.message.text))
                self.reports.append(Report(id=id, sentdate=NOW, donedate=NOW.replace(second=16), status="DELIVERED"))
        return results_of(messages, ids)

    def _command(self, request: HttpRequest) -> HttpAnswer:
        query = load_credits_query(request.query, request.body, request.content_type)
        kind = _TYPES[query.form if query.form in _TYPES else "text"]
        status = query.missing or (0 if self._knows(query) else -5) or (0 if query.known else -23)
        body = dump_credits_error(status, query.form) if status else dump_credits(self.credits, query.form)
        return HttpAnswer(content_type=kind, body=body)

    def _pull(self, request: HttpRequest) -> HttpAnswer:
        query = load_pull(request.query, request.body, request.content_type)
        status = query.missing or (0 if self._knows(query) else -5)
        if status:
            return HttpAnswer(content_type=_TYPES["text"], body=dump_pull_error(status))
        taken = [report for report in self.reports if not query.messageids or report.id in query.messageids]
        self.reports = deque(report for report in self.reports if report not in taken)
        return HttpAnswer(content_type=_TYPES[query.form], body=dump_reports(taken, query.form) if taken else NO_DATA)

    def _lookup(self, request: HttpRequest) -> HttpAnswer:
        try:
            query = load_sync_query(request.query, request.body, request.content_type)
        except DocumentError:
            query = None
        if query is None or not self._knows(query):
            return HttpAnswer(content_type=_TYPES["text"], body=FAILED)
        kind = _TYPES[query.form if query.form in _TYPES else "text"]
        return HttpAnswer(content_type=kind, body=dump_lookup(self.context(query.destination), query.form))

    def context(self, number: str) -> NumberContext:
        """What every lookup finds: the document's example."""
        return NumberContext(
            destination=number, id="13a54e79b51-fc84-1724", stat="DELIVRD", imsi="219019900211811", msc="3859804", err=0, mccmnc="21901",
            price_per_message=Decimal(1), original_network_prefix="99", original_country_prefix="385", is_number_ported=False,
            roaming_network_prefix="98", roaming_country_prefix="385", is_roaming=False, ported_network_prefix="97",
            ported_country_prefix="385",
        )

    def _lookups(self, request: HttpRequest) -> HttpAnswer:
        try:
            query = load_async_query(request.query, request.body, request.content_type)
        except DocumentError:
            query = None
        if query is None or not self._knows(query):
            return HttpAnswer(content_type=_TYPES["text"], body=FAILED)
        tickets = accept(query.destinations, (f"121c0a6b752-1-{number}" for number in itertools.count(92)).__next__)
        return HttpAnswer(content_type=_TYPES["text"], body=dump_accepted(tickets))

    def _inbox(self, request: HttpRequest) -> HttpAnswer:
        query = load_inbox_query(request.query, request.body, request.content_type)
        status = query.missing or (0 if self._knows(query) else -5)
        if status:
            return HttpAnswer(content_type=_TYPES[query.output], body=dump_credits_error(status, query.output))
        taken = [self.inbox.popleft() for _ in range(min(query.limit or len(self.inbox), len(self.inbox)))]
        return HttpAnswer(content_type=_TYPES[query.output], body=dump_inbox(taken, query.output) if taken else NO_DATA)

    # -- ASGI -----------------------------------------------------------------------------------------------------------------------

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        body = b""
        more = True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = HttpRequest(method=scope["method"], path=scope["path"], query=scope["query_string"], headers=headers, body=body)
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else ""
        if fault == "slow":
            while not self.released.is_set():
                await asyncio.sleep(0.01)
            return
        answer = self.answer(request)
        extra: list[tuple[bytes, bytes]] = []
        if fault == "html":
            answer = HttpAnswer(status=200, content_type="text/html", body=b"<html><body><h1>Welcome</h1></body></html>")
        elif fault == "503":
            answer = HttpAnswer(status=503, content_type="text/html", body=b"<html>busy</html>")
        elif fault == "empty":
            answer = HttpAnswer(content_type="text/plain")
        elif fault == "redirect":
            answer = HttpAnswer(status=302)
            extra = [(b"location", b"http://127.0.0.1:1/")]
        length = len(answer.body) + (10 if fault == "truncated" else 0)
        kind = [(b"content-type", answer.content_type.encode())] if answer.content_type else []
        headers = [*kind, (b"content-length", b"%d" % length), *extra]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})


@contextlib.contextmanager
def serving(service: VendorServer) -> Iterator[str]:
    """Run the service in a thread; gives its URL. One service may have several of them, as a primary and a secondary access point."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(service, log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1, loop="asyncio")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        service.released.set()
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextlib.contextmanager
def vendor_server(**options: Any) -> Iterator[VendorServer]:
    """Run a new service; `.url` is where it is."""
    service = VendorServer(**options)
    with serving(service) as service.url:
        yield service
