"""A request of any size is divided into calls that the service takes; nobody is lost, doubled or out of order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.batch import Batch, PartlySent, batches, identified, join, new_id, settled
from smswire.http.errors import DocumentError, DuplicateMessageId, NoAnswer
from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.response import SendResponse, SendResult
from smswire.http.send_json import dump_json

RECIPIENTS = st.lists(st.builds(Recipient, st.integers(10_000, 99_999).map(str), st.sampled_from(["", "a", "b"])), max_size=12)
MESSAGES = st.lists(st.builds(SendMessage, text=st.text("ab", max_size=9), recipients=RECIPIENTS), min_size=1, max_size=6)
REQUESTS = st.builds(SendRequest, username=st.just("name"), password=st.just("secret"), messages=MESSAGES)


def dump(request: SendRequest) -> bytes:
    """A document of 10 octets, 20 more a message with its text, 10 more a recipient."""
    return b"." * (10 + sum(20 + len(message.text or "") + 10 * len(message.recipients) for message in request.messages))


def slots(messages: list[SendMessage]) -> list[tuple[str | None, Recipient | None]]:
    return [(message.text, recipient) for message in messages for recipient in message.recipients or [None]]


@given(REQUESTS, st.integers(1, 7), st.integers(49, 200), st.none() | st.integers(1, 3))
def test_every_recipient_is_in_one_call_in_order_with_its_text_and_no_call_is_over_a_limit(request, recipients, octets, messages) -> None:
    found = batches(request, dump, most_recipients=recipients, most_octets=octets, most_messages=messages)
    assert slots([message for batch in found for message in batch.request.messages]) == slots(request.messages)
    for batch in found:
        assert len(slots(batch.request.messages)) <= recipients
        assert len(batch.octets) <= octets
        assert batch.octets == dump(batch.request)
        assert len(batch.request.messages) <= (messages or 99)
        assert (batch.request.username, batch.request.password) == ("name", "secret")


def test_calls_are_as_few_as_the_recipients_allow() -> None:
    request = SendRequest(messages=[SendMessage(text="Hi", recipients=[Recipient("385951111111")] * 25_000), SendMessage(recipients=[])])
    assert [len(slots(batch.request.messages)) for batch in batches(request, dump)] == [10_000, 10_000, 5_001]
    [batch] = batches(SendRequest(messages=request.messages[1:]), dump)
    assert batch.request.messages == request.messages[1:]


def test_two_mebioctets_of_the_real_document_are_not_passed() -> None:
    request = SendRequest(messages=[SendMessage(text="x" * 900_000, recipients=[Recipient("385951111111")]) for _ in range(5)])
    found = batches(request, dump_json)
    assert [len(batch.request.messages) for batch in found] == [2, 1, 2] or [len(batch.request.messages) for batch in found] == [2, 2, 1]
    assert all(len(batch.octets) <= 2 * 1024 * 1024 for batch in found)


def test_a_message_that_is_too_long_for_one_recipient_is_refused_before_anything_is_sent() -> None:
    request = SendRequest(messages=[SendMessage(text="short", recipients=[Recipient("385951111111")]), SendMessage(text="x" * 300)])
    with pytest.raises(DocumentError, match="one message alone has 330 octets"):
        batches(request, dump, most_octets=200)


def test_a_batch_shows_sizes_only() -> None:
    request = SendRequest(password="secret", messages=[SendMessage(text="private", recipients=[Recipient("385951111111")])])
    assert repr(batches(request, dump)[0]) == "Batch(1 recipients, 47 octets)" == repr(Batch(request, b"." * 47))


@given(REQUESTS)
def test_every_recipient_gets_an_id_and_keeps_the_one_it_has(request) -> None:
    numbers = iter(range(1_000))
    found = identified(request, lambda: f"new-{next(numbers)}")
    given_ids = [recipient.message_id for message in request.messages for recipient in message.recipients]
    ids = [recipient.message_id for message in found.messages for recipient in message.recipients]
    assert all(ids)
    assert [new if not old else old for old, new in zip(given_ids, ids)] == ids
    made = [id for id in ids if id.startswith("new-")]
    assert len(set(made)) == len(made) == given_ids.count("")
    assert _numbers(found) == _numbers(request)
    assert [message.text for message in found.messages] == [message.text for message in request.messages]


def _numbers(request: SendRequest) -> list[str]:
    return [recipient.gsm for message in request.messages for recipient in message.recipients]


def test_identifying_does_not_change_what_the_caller_gave() -> None:
    request = SendRequest(messages=[SendMessage(recipients=[Recipient("385951111111")])])
    identified(request)
    assert request.messages[0].recipients[0].message_id == ""


def test_v21_v22_a_generated_id_is_allowed_and_none_that_the_service_generates() -> None:
    ids = {new_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch(r"[0-9a-f]{32}", id) for id in ids)


def test_minus_33_after_a_lost_answer_means_accepted_and_can_be_told_from_accepted_now() -> None:
    request = SendRequest(messages=[
        SendMessage(recipients=[Recipient("1", "a"), Recipient("2", "b"), Recipient("3", "a"), Recipient("4")]), SendMessage(),
        SendMessage(recipients=[Recipient("5", "c"), Recipient("6", "d")]),
    ])
    dup = [SendResult(-33, id, number) for id, number in (("a", "1"), ("b", "2"), ("a", "3"), ("", "4"))]
    response = SendResponse((*dup, SendResult(-6), SendResult(0, "c", "5"), SendResult(-13, "d", "6")))
    found = settled(request, response).results
    assert found[0] == SendResult(0, "a", "1", already_accepted=True)
    assert found[1] == SendResult(0, "b", "2", already_accepted=True)
    assert found[0].accepted
    assert found[0].error is None
    assert isinstance(found[2].error, DuplicateMessageId), "the second of one id in one request was never accepted"
    assert isinstance(found[3].error, DuplicateMessageId), "nobody gave this one an id"
    assert found[4:] == response.results[4:]
    assert not found[5].already_accepted


@given(st.lists(st.lists(st.builds(SendResult, st.integers(-99, 0)), max_size=4).map(lambda found: SendResponse(tuple(found))), max_size=4))
def test_answers_are_joined_in_order(responses) -> None:
    assert join(responses).results == tuple(result for response in responses for result in response.results)


def test_what_was_partly_sent_says_so_and_shows_nothing_secret() -> None:
    rest = SendRequest(username="name", password="secret", messages=[SendMessage(text="private", recipients=[Recipient("385951111111")])])
    error = PartlySent(NoAnswer("silence"), SendResponse((SendResult(0),)), rest, 1)
    assert str(error) == "1 results came, 1 recipients are left: silence"
    assert (error.doubtful, error.rest) == (1, rest)
    assert "secret" not in repr(error)
    assert "private" not in repr(error)
