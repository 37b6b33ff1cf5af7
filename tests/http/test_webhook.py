"""V43: a push that is signed is proved by who has the secret, and by nobody else; nor is an old one, nor one of which an octet changed."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.errors import DocumentError
from smswire.http.webhook import UnsignedPush, push_headers, verify_push

NOW = 1_614_265_330.5
SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four oct").decode()
ids = st.text(st.characters(codec="ascii", min_codepoint=0x21, exclude_characters=".\x7f"), min_size=1, max_size=40)


@given(st.binary(), ids, st.integers(0, 10**11), st.binary(min_size=1))
def test_v43_a_signed_push_is_proved(body: bytes, webhook_id: str, timestamp: int, secret: bytes) -> None:
    headers = push_headers(body, webhook_id=webhook_id, timestamp=timestamp, secret=secret)
    assert verify_push(headers, body, secret, timestamp) == webhook_id


@given(st.binary(min_size=1), st.data())
def test_v43_a_push_of_which_an_octet_changed_is_refused(body: bytes, data: st.DataObject) -> None:
    headers = push_headers(body, webhook_id="msg_1", timestamp=NOW, secret=SECRET)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
    with pytest.raises(UnsignedPush):
        verify_push(headers, changed, SECRET, NOW)


@given(st.dictionaries(st.sampled_from(["webhook-id", "Webhook-Timestamp", "webhook-signature", "x"]), st.text()), st.binary())
def test_v43_any_headers_are_refused_with_a_typed_error(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(UnsignedPush):
        verify_push(headers, body, SECRET, NOW)


def test_v43_the_headers_are_those_of_standard_webhooks() -> None:
    headers = push_headers(b"body", webhook_id="msg_1", timestamp=NOW, secret=SECRET)
    digest = hmac.new(b"a key of twenty-four oct", b"msg_1.1614265330.body", hashlib.sha256).digest()
    assert headers == {
        "content-type": "application/xml;charset=UTF-8", "webhook-id": "msg_1", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_v43_without_a_secret_there_is_an_id_and_no_signature() -> None:
    headers = push_headers(b"body", webhook_id="msg_1", timestamp=NOW, form="json")
    assert headers == {"content-type": "application/json;charset=UTF-8", "webhook-id": "msg_1", "webhook-timestamp": "1614265330"}
    with pytest.raises(UnsignedPush):
        verify_push(headers, b"body", SECRET, NOW)


def test_v43_names_come_in_any_case_and_one_of_several_signatures_is_enough() -> None:
    headers = {name.title(): value for name, value in push_headers(b"body", webhook_id="msg_1", timestamp=NOW, secret=SECRET).items()}
    headers["Webhook-Signature"] = f"v1,b2xk v2,x {headers['Webhook-Signature']}"
    assert verify_push(headers, b"body", SECRET.removeprefix("whsec_"), NOW) == "msg_1"
    headers["Webhook-Signature"] = "v1,x " * 10 + headers["Webhook-Signature"]
    with pytest.raises(UnsignedPush):
        verify_push(headers, b"body", SECRET, NOW)


@pytest.mark.parametrize(("late", "proved"), [(299, True), (-299, True), (301, False), (-301, False), (float("nan"), False)])
def test_v43_a_push_of_another_time_is_refused(late: float, proved: bool) -> None:
    headers = push_headers(b"body", webhook_id="msg_1", timestamp=int(NOW), secret=SECRET)
    if proved:
        assert verify_push(headers, b"body", SECRET, int(NOW) + late)
    else:
        with pytest.raises(UnsignedPush):
            verify_push(headers, b"body", SECRET, int(NOW) + late)
    assert late != late or verify_push(headers, b"body", SECRET, int(NOW) + late, timedelta(minutes=6))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_v43_id_and_time_are_signed_and_none_may_be_missing(name: str) -> None:
    headers = push_headers(b"body", webhook_id="msg_1", timestamp=NOW, secret=SECRET)
    for other in ({**headers, name: headers[name] + "1"}, {key: value for key, value in headers.items() if key != name}):
        with pytest.raises(UnsignedPush):
            verify_push(other, b"body", SECRET, NOW)


@pytest.mark.parametrize(("webhook_id", "timestamp", "secret"), [
    ("a.b", NOW, SECRET), ("a\r\nb", NOW, SECRET), ("", NOW, SECRET), ("ä", NOW, SECRET), ("a", -1, SECRET), ("a", float("nan"), SECRET),
    ("a", NOW, "no base64!"), ("a", NOW, "whsec_"), ("a", NOW, b""), ("a", NOW, "ä"),
])
def test_v43_an_id_time_or_secret_that_cannot_be_used_is_refused(webhook_id: str, timestamp: float, secret: str | bytes) -> None:
    with pytest.raises(DocumentError) as refused:
        push_headers(b"body", webhook_id=webhook_id, timestamp=timestamp, secret=secret)
    assert refused.value.status == -23
