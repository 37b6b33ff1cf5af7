"""What is pushed is read in one call; the receivers that the manual shows are run by their servers and pushed to over loopback."""

import http.client
import importlib
import re
import sys
import threading
import time
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.errors import DocumentError
from smswire.http.exchange import HttpRequest
from smswire.http.inbound import InboundMessage
from smswire.http.inbox import dump_inbox
from smswire.http.lookup import NumberContext
from smswire.http.lookup_report import CONTENT_TYPE, dump_lookup_reports
from smswire.http.push_template import Template
from smswire.http.receive import answer_to, receive_inbound, receive_lookups, receive_reports
from smswire.http.report import Report, dump_reports
from smswire.http.request import MOST_OCTETS
from smswire.http.webhook import UnsignedPush, push_headers

PAGE = Path(__file__).parents[2] / "docs" / "http-receivers.md"
SECRET = "whsec_c2VjcmV0"

REPORTS = (
    Report(id="1000", sentdate=datetime(2010, 8, 2, 14, 55, 10), donedate=datetime(2010, 8, 2, 14, 55, 16), status="DELIVERED"),
    Report(id="a&b", sentdate=datetime(2010, 8, 2, 14, 55, 10), donedate=None, status="NOT_SENT", gsm_error=4101),
)
LOOKUPS = (
    NumberContext(destination="38598111111111", id="1A-2", stat="DELIVRD", imsi="219019900073678", err=0),
    NumberContext(destination="385997046253", id="1A-3", stat="UNDELIV", err=1153),
)
MESSAGE = InboundMessage(sender="38598123123", text="a&b=é 😀\r\n", message_id="17")


@pytest.mark.parametrize("form", ["xml", "json"])
def test_v43_reports_are_read_in_both_forms(form: str) -> None:
    body = dump_reports(REPORTS, form)
    assert receive_reports("POST", b"x=1", f"application/{form}", body) == receive_reports("post", "", None, body) == REPORTS
    aware = receive_reports("POST", b"", "", body, utc_offset=timedelta(0))
    assert aware[0].donedate == datetime(2010, 8, 2, 14, 55, 16, tzinfo=UTC)


def test_v49_lookups_are_read_from_a_form_and_from_a_query() -> None:
    body = dump_lookup_reports(LOOKUPS)
    assert receive_lookups("POST", b"", CONTENT_TYPE, body) == receive_lookups("GET", body.decode(), None, b"") == LOOKUPS


@pytest.mark.parametrize("receive", [receive_reports, receive_lookups, receive_inbound])
@pytest.mark.parametrize(("method", "body"), [
    ("POST", b"5"), ("POST", b"-10"), ("POST", b"<status>-5</status>"), ("POST", b'{"status":"-5"}'), ("POST", b"FAILED"), ("POST", b"\0"),
    ("GET", b""), ("PUT", b"<DeliveryReport/>"),
])
def test_what_is_no_push_is_refused_as_a_document(receive: Callable[..., Any], method: str, body: bytes) -> None:
    with pytest.raises(DocumentError):
        receive(method, b"", "", body)


def test_v55_a_message_is_read_by_its_template() -> None:
    template = Template.parse("http://you.example/%messageid%?who=%sender%&what=%text%")
    url, request = template.request(MESSAGE)
    assert receive_inbound("GET", request.query, None, b"", names=template, path=request.path) == MESSAGE
    url, request = template.request(MESSAGE, "POST")
    assert receive_inbound("POST", "", request.content_type, request.body, names=template, path=request.path) == MESSAGE


def test_a_message_is_read_by_names_of_yours_or_ours() -> None:
    query = "who=385&WHAT=%C3%A9&c=8&when=2014/8/2+14:05:09"
    names = {"who": "Sender", "what": "text", "c": "datacoding", "when": "datetime", "raw": "bin"}
    assert receive_inbound("GET", query, "", b"", names=names, utc_offset=timedelta(0)) == InboundMessage(
        sender="385", text="é", datacoding=8, received=datetime(2014, 8, 2, 14, 5, 9, tzinfo=UTC),
    )
    binary = InboundMessage(sender="385", binary=b"\x04\x16", datacoding=8)
    assert receive_inbound("GET", b"sender=385&bin=0416&datacoding=8", "", b"") == binary


def test_a_query_of_characters_is_one_of_octets_as_wsgi_has_them() -> None:
    assert receive_inbound("GET", "text=\xc3\xa9", "", b"").text == "é"
    assert receive_inbound("GET", "text=ж", "", b"").text == "ж"
    with pytest.raises(DocumentError, match="not utf-8"):
        receive_inbound("GET", "text=\xe9", "", b"")


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("names", [None, {"who": "sender"}, Template.parse("http://a/?t=%text%")], ids=["none", "mapping", "template"])
def test_v55_a_message_by_post_may_be_a_document(form: str, names: Any) -> None:
    body = dump_inbox([MESSAGE], form)
    assert receive_inbound("POST", b"key=1", f"application/{form}", body, names=names) == MESSAGE
    with pytest.raises(DocumentError, match="over 1 messages"):
        receive_inbound("POST", b"", "", dump_inbox([MESSAGE] * 2, form), names=names)


def test_a_name_that_means_nothing_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="operator: a value is one of sender, "):
        receive_inbound("GET", b"text=Hi", "", b"", names={"x": "operator"})


@pytest.mark.parametrize("receive", [receive_reports, receive_lookups, receive_inbound])
@given(
    method=st.sampled_from(("GET", "POST", "get", "")), query=st.text() | st.binary(),
    content_type=st.none() | st.text() | st.sampled_from(("application/json", CONTENT_TYPE, "multipart/form-data; boundary=a")),
    body=st.binary() | st.binary().map(b"dlr=".__add__) | st.binary().map(b'{"messages":['.__add__) | st.binary().map(b"<message ".__add__),
)
def test_any_request_gives_values_or_a_document_error(
    receive: Callable[..., Any], method: str, query: bytes | str, content_type: str | None, body: bytes,
) -> None:
    try:
        receive(method, query, content_type, body)
    except DocumentError as error:
        assert answer_to(error).status == 400


def test_what_answers_a_push() -> None:
    assert (answer_to().status, answer_to().body) == (200, b"OK")
    refused = answer_to(DocumentError("is not a number", path="$.x\ud800", status=-23))
    assert (refused.status, refused.body) == (400, b"$.x?: is not a number")
    assert answer_to(UnsignedPush("too late")).status == 401


# -- the manual's receivers


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """The Python files of the page, each imported by the name in its first line."""
    place = tmp_path_factory.mktemp("receivers")
    names = []
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.S | re.M):
        name = re.match(r"# (\w+)\.py\n", block)[1]
        (place / f"{name}.py").write_text(block)
        names.append(name)
    sys.path.insert(0, str(place))
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(place))
        for name in names:
            sys.modules.pop(name, None)


@contextmanager
def asgi(application: Any) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="critical", lifespan="off"))
    ready = threading.Event()
    startup = server.startup

    async def started(sockets: Any = None) -> None:
        await startup(sockets)
        ready.set()

    server.startup = started
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(10)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def wsgi(application: Any) -> Iterator[int]:
    with wsgiref.simple_server.make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


SERVERS = {"asgi": asgi, "wsgi": wsgi}


@pytest.fixture(scope="module", params=SERVERS)
def receiver(request: pytest.FixtureRequest, modules: dict[str, ModuleType]) -> Iterator[int]:
    """The port where the page's application listens."""
    with SERVERS[request.param](modules[request.param].application) as port:
        yield port


@pytest.fixture
def kept(modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What the page's application stores."""
    found: list[tuple[str, Any]] = []
    monkeypatch.setattr(modules["pushes"], "keep", lambda path, what: found.append((path, what)))
    return found


def push(port: int, request: HttpRequest) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        target = request.path + ("?" + request.query.decode() if request.query else "")
        connection.request(request.method, target, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_page_shows_a_receiver_of_both_kinds(modules: dict[str, ModuleType]) -> None:
    assert set(modules) == {"pushes", *SERVERS}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_the_receivers_of_the_page_take_reports(receiver: int, kept: list[tuple[str, Any]], form: str) -> None:
    body = dump_reports(REPORTS, form)
    headers = push_headers(body, webhook_id="1", timestamp=1.0, form=form)
    assert push(receiver, HttpRequest(method="POST", path="/reports", headers=headers, body=body)) == (200, b"OK")
    assert kept == [("/reports", REPORTS)]


def test_the_receivers_of_the_page_take_lookups(receiver: int, kept: list[tuple[str, Any]]) -> None:
    request = HttpRequest(method="POST", path="/lookups", headers={"content-type": CONTENT_TYPE}, body=dump_lookup_reports(LOOKUPS))
    assert push(receiver, request) == (200, b"OK")
    assert kept == [("/lookups", LOOKUPS)]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("output", ["", "&output=xml", "&output=json"])
def test_the_receivers_of_the_page_take_messages(
    receiver: int, kept: list[tuple[str, Any]], output: str, method: str, modules: dict[str, ModuleType],
) -> None:
    url = "http://you.example/inbound?who=%sender%&what=%text%&raw=%bin%&coding=%datacoding%&id=%messageid%" + output
    assert modules["pushes"].INBOUND.places == Template.parse(url).places
    binary = InboundMessage(sender="385", binary=b"\x04\x16", datacoding=8)
    for message in (MESSAGE, binary):
        assert push(receiver, Template.parse(url).request(message, method)[1]) == (200, b"OK")
    assert kept == [("/inbound", MESSAGE), ("/inbound", binary)]


@pytest.mark.parametrize(("request_", "status"), [
    (HttpRequest(method="POST", path="/reports", body=b"<DeliveryReport><message"), 400),
    (HttpRequest(method="GET", path="/inbound", query=b"who=385"), 400),
    (HttpRequest(method="GET", path="/other"), 404),
], ids=["broken", "empty", "elsewhere"])
def test_the_receivers_of_the_page_refuse(receiver: int, kept: list[tuple[str, Any]], request_: HttpRequest, status: int) -> None:
    assert push(receiver, request_)[0] == status
    assert kept == []


def test_the_receivers_of_the_page_refuse_a_body_without_end(
    receiver: int, kept: list[tuple[str, Any]], request: pytest.FixtureRequest,
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", receiver, timeout=10)
    try:
        connection.putrequest("POST", "/inbound")
        connection.putheader("Content-Length", str(MOST_OCTETS + 1))
        connection.endheaders()
        if request.node.callspec.params["receiver"] == "asgi":  # the other one answers before it reads
            connection.send(b"a" * (MOST_OCTETS + 1))
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert kept == []


def test_v43_the_receivers_of_the_page_take_only_signed_reports_if_there_is_a_secret(
    receiver: int, kept: list[tuple[str, Any]], modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(modules["pushes"], "SECRET", SECRET)
    body = dump_reports(REPORTS)
    signed = push_headers(body, webhook_id="1", timestamp=time.time(), secret=SECRET)
    assert push(receiver, HttpRequest(method="POST", path="/reports", headers=signed, body=body)) == (200, b"OK")
    forged = signed | {"webhook-id": "2"}
    assert push(receiver, HttpRequest(method="POST", path="/reports", headers=forged, body=body))[0] == 401
    assert kept == [("/reports", REPORTS)]
