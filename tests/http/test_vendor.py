"""Both clients against a fake of the vendor's service that is made of the codecs: every call, every form, and answers that are none."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from vendor_server import VendorServer, serving, vendor_server

import smswire
from smswire.http.errors import AccessPointError, BadAnswer, InvalidUserOrPassword, NoAnswer, RequestRefused
from smswire.http.inbound import InboundMessage
from smswire.http.request import Recipient, SendMessage

Call = Callable[..., Any]


@pytest.fixture
def service() -> Iterator[VendorServer]:
    with vendor_server() as service:
        yield service


def asynchronous(url: str, name: str, *arguments: Any, password: str = "test", **options: Any) -> Any:
    keywords = options.pop("keywords", {})

    async def work() -> Any:
        async with smswire.HttpClient(url, "test", password, **options) as client:
            return await getattr(client, name)(*arguments, **keywords)

    return asyncio.run(work())


def synchronous(url: str, name: str, *arguments: Any, password: str = "test", **options: Any) -> Any:
    keywords = options.pop("keywords", {})
    with smswire.SyncHttpClient(url, "test", password, **options) as client:
        return getattr(client, name)(*arguments, **keywords)


@pytest.fixture(params=[asynchronous, synchronous], ids=["asyncio", "sync"])
def call(request: pytest.FixtureRequest) -> Call:
    return request.param


@pytest.mark.parametrize("form", ["json", "xml", "plain"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_is_sent_in_each_form(service: VendorServer, call: Call, form: str, method: str) -> None:
    to = ["385951111111", Recipient("385952222222", "order 7"), "0951"]
    response = call(service.url, "send", to, "čšž & <ы>", method=method, keywords={"sender": "Infobip", "form": form, "flash": True})
    assert [result.status for result in response.results] == [0, 0, -13]
    assert response.results[1].message_id == "order 7"
    assert service.sent[0] == (response.results[0].message_id, "385951111111", "čšž & <ы>")


def test_several_messages_go_in_one_call_and_the_results_keep_their_order(service: VendorServer, call: Call) -> None:
    messages = [SendMessage(sender="A", text=str(number), recipients=[Recipient(f"3859511111{number:02}")]) for number in range(5)]
    response = call(service.url, "send", messages)
    assert [result.destination for result in response.results] == [f"3859511111{number:02}" for number in range(5)]
    assert len(service.requests) == 1


def test_a_wrong_password_is_its_error(service: VendorServer, call: Call) -> None:
    for name, *arguments in (("send", "385951111111", "x"), ("credits",), ("reports",), ("inbox",)):
        with pytest.raises(InvalidUserOrPassword):
            call(service.url, name, *arguments, password="wrong", keywords={"sender": "A"} if name == "send" else {})
    for name, *arguments in (("lookup", "385951111111"), ("lookups", ["385951111111"])):
        with pytest.raises(RequestRefused, match="FAILED"):
            call(service.url, name, *arguments, password="wrong")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_credits_reports_and_the_inbox_are_read(service: VendorServer, call: Call, method: str) -> None:
    assert call(service.url, "credits", method=method) == Decimal("12.50")
    sent = call(service.url, "send", ["385951111111", "385952222222"], "x", keywords={"sender": "A"}).results
    reports = call(service.url, "reports", [sent[1].message_id], method=method)
    found = [(report.id, report.status, report.donedate) for report in reports]
    assert found == [(sent[1].message_id, "DELIVERED", datetime(2010, 8, 2, 14, 55, 16))]
    assert len(call(service.url, "reports", method=method)) == 1
    assert call(service.url, "reports", method=method) == ()
    service.inbox.append(InboundMessage(sender="38598123123", text="ABC", binary=b"ABC", message_id="7"))
    assert [message.text for message in call(service.url, "inbox", 5, method=method)] == ["ABC"]
    assert call(service.url, "inbox", method=method) == ()


@pytest.mark.parametrize("output", ["json", "xml", "comma"])
def test_a_lookup_gives_the_same_in_each_form_as_far_as_it_has_the_columns(service: VendorServer, call: Call, output: str) -> None:
    found = call(service.url, "lookup", "385997046253", output)
    expected = service.context("385997046253")
    assert (found.imsi, found.mccmnc, found.price_per_message, found.is_number_ported) == (
        expected.imsi, expected.mccmnc, expected.price_per_message, expected.is_number_ported,
    )
    tickets = call(service.url, "lookups", ["385997046253", "12"])
    assert [ticket.ok for ticket in tickets] == [True, False]


@pytest.mark.parametrize("fault", ["html", "empty", "redirect", "503"])
def test_an_answer_that_is_none_says_so_and_nothing_else(service: VendorServer, call: Call, fault: str) -> None:
    service.faults += [fault] * 5
    with pytest.raises(AccessPointError) as caught:
        call(service.url, "credits", password="s3same")
    assert isinstance(caught.value, BadAnswer) and "s3same" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("fault", ["slow", "truncated"])
def test_an_answer_that_does_not_come_whole_leaves_open_whether_the_message_was_taken(
    service: VendorServer, call: Call, fault: str,
) -> None:
    service.faults += [fault] * 5
    with pytest.raises(NoAnswer) as caught:
        call(service.url, "send", "385951111111", "x", timeout=0.5, message_ids=False, keywords={"sender": "A"})
    assert caught.value.written and len(service.requests) == 1


def test_a_lost_answer_is_made_good_at_the_secondary_where_message_ids_make_that_safe(service: VendorServer, call: Call) -> None:
    service.faults.append("truncated")
    with serving(service) as secondary:
        response = call([service.url, secondary], "send", "385951111111", "x", keywords={"sender": "A"})
    assert [(result.status, result.already_accepted) for result in response.results] == [(0, True)]
    assert len(service.sent) == 1
