"""A batch of rendered requests: every response finds its request, every request has one outcome, and the octets are only renumbered."""

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DeliverSm, EncodeError, GenericNack, Pdu, SubmitSm, decode
from smpp_core.batch import ANSWERED, IN_FLIGHT, LOST, TIMED_OUT, UNSENT, Batch, shares


def submits(count: int) -> list[Pdu]:
    return [SubmitSm(destination_addr=str(n), short_message=b"x" * (n % 9)) for n in range(count)]


def batch_of(count: int, first: int = 1, again: tuple[int, ...] = ()) -> Batch:
    batch = Batch(b"".join(map(bytes, submits(count))))
    batch.begin(first, again)
    return batch


def test_octets_come_out_in_order_numbered_from_the_first_and_otherwise_as_they_were() -> None:
    batch = batch_of(5, first=100)
    octets = batch.take(2, 0.0) + batch.take(99, 1.0)
    assert octets == b"".join(bytes(pdu.with_sequence(100 + n)) for n, pdu in enumerate(submits(5)))
    assert batch.take(1, 2.0) == b"" and (batch.sent, batch.in_flight, len(batch)) == (5, 5, 5)


def test_an_empty_batch_is_done_at_once() -> None:
    batch = batch_of(0)
    assert (batch.count, batch.done, batch.take(9, 0.0), batch.next_deadline(1.0), batch.message_ids()) == (0, 0, b"", None, [])


@given(st.data())
def test_each_request_ends_once_whatever_the_order_of_answers(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 40))
    first = data.draw(st.sampled_from([1, 7, 0x7FFFFFFF - 39]))
    batch = batch_of(count, first)
    sent = [decode(batch.octets(n)) for n in range(count) if batch.take(1, float(n))]
    answered = data.draw(st.lists(st.sampled_from(range(count)), unique=True))
    strangers = [bytes(DeliverSm(sequence_number=first)), bytes(sent[0].reply().with_sequence(first + count)), bytes(GenericNack())]
    frames = [bytes(sent[n].reply(0x45 if n % 3 == 0 else 0, **({} if n % 3 == 0 else {"message_id": f"id{n}"}))) for n in answered]
    assert batch.settle(strangers + frames, 100.0) == strangers
    assert batch.settle(frames, 101.0) == frames  # a second answer is a stranger
    for n in range(count):
        if n in answered:
            assert (batch.outcome[n], batch.latency[n]) == (ANSWERED, 100.0 - n)
            assert (batch.command_status[n], batch.message_id(n)) == ((0x45, None) if n % 3 == 0 else (0, f"id{n}"))
        else:
            assert batch.outcome[n] == IN_FLIGHT and math.isnan(batch.latency[n])
    assert batch.lose() == count - len(answered) and batch.done == count and batch.in_flight == 0


def test_requests_time_out_by_their_own_age() -> None:
    batch = batch_of(3)
    for now in (0.0, 5.0, 9.0):
        batch.take(1, now)
    assert batch.next_deadline(10.0) == 10.0
    assert batch.expire(9.9, 10.0) == 0
    assert batch.expire(15.0, 10.0) == 2 and list(batch.outcome) == [TIMED_OUT, TIMED_OUT, IN_FLIGHT]
    assert batch.next_deadline(10.0) == 19.0
    late = bytes(decode(batch.octets(0)).reply(message_id="1"))
    assert batch.settle([late], 16.0) == [late]


def test_what_was_not_sent_stays_unsent_when_the_session_is_lost() -> None:
    batch = batch_of(3)
    batch.take(2, 0.0)
    assert batch.lose() == 2 and list(batch.outcome) == [LOST, LOST, UNSENT]


def test_throttled_requests_wait_to_be_sent_again_or_are_given_up() -> None:
    batch = batch_of(3, first=10, again=(0x58,))
    batch.take(3, 0.0)
    throttled = [bytes(decode(batch.octets(n)).reply(0x58)) for n in range(3)]
    assert batch.settle(throttled, 1.0) == [] and (batch.to_repeat, batch.in_flight, batch.done) == (3, 0, 0)
    assert batch.take_again(1, 2.0) == batch.octets(0) and batch.next_deadline(1.0) == 3.0
    batch.settle([bytes(decode(batch.octets(0)).reply(message_id="a"))], 2.5)
    assert (batch.message_id(0), batch.latency[0]) == ("a", 0.5)
    assert batch.give_up() == 2
    assert [batch.outcome[n] for n in range(3)] == [ANSWERED] * 3 and batch.command_status[2] == 0x58 and batch.done == 3


def test_generic_nack_answers_the_request_that_it_names() -> None:
    batch = batch_of(2, first=5)
    batch.take(2, 0.0)
    assert batch.settle([bytes(GenericNack(sequence_number=6, command_status=3))], 1.0) == []
    assert (batch.outcome[1], batch.command_status[1], batch.message_id(1)) == (ANSWERED, 3, None)


@pytest.mark.parametrize(("octets", "row", "words"), [
    (bytes(SubmitSm()) + b"\0\0\0\x11", 1, "begins no whole PDU"), (bytes(SubmitSm())[:-1], 0, "begins no whole PDU"),
    (bytes(SubmitSm()) * 2 + bytes(SubmitSm().reply(message_id="1")), 2, "is a response"), (b"\xff" * 20, 0, "begins no whole PDU"),
])
def test_a_buffer_that_is_no_row_of_requests_names_the_one_at_fault(octets: bytes, row: int, words: str) -> None:
    with pytest.raises(EncodeError, match=words) as failed:
        Batch(octets)
    assert failed.value.row == row


def test_numbers_that_would_pass_the_last_one_are_refused() -> None:
    with pytest.raises(EncodeError, match="do not hold 2 requests"):
        batch_of(2, first=0x7FFFFFFF)
    with pytest.raises(IndexError):
        batch_of(1).message_id(1)


@given(st.integers(0, 30), st.integers(1, 12))
def test_shares_of_a_buffer_hold_all_its_requests_in_order(count: int, most: int) -> None:
    octets = b"".join(map(bytes, submits(count)))
    batches = shares(octets, most)
    assert [batch.count for batch in batches] == [min(most, count - at) for at in range(0, count, most)]
    assert b"".join(batch.octets(n) for batch in batches for n in range(batch.count)) == octets


def test_a_fault_in_a_buffer_is_named_by_its_row_in_the_whole() -> None:
    with pytest.raises(EncodeError) as failed:
        shares(bytes(SubmitSm()) * 7 + b"x", 2)
    assert failed.value.row == 7


def test_the_commands_of_a_batch_are_named_by_their_first_row() -> None:
    batch = Batch(bytes(SubmitSm()) * 2 + bytes(DeliverSm()) + bytes(SubmitSm()))
    assert batch.commands() == {4: 0, 5: 2}


def test_a_repeat_on_another_session_has_that_sessions_number() -> None:
    batch = batch_of(3, first=3, again=(0x58,))
    one = decode(batch.take(1, 0.0))
    batch.settle([bytes(one.reply(0x58))], 0.1)
    batch.lose()
    batch.begin(2, (0x58,))
    batch.take(2, 1.0)  # 3 and 4 now
    again = decode(batch.take_again(1, 1.0))
    assert again.sequence_number == 2
    assert batch.settle([bytes(again.reply(message_id="of the first"))], 1.1) == []
    assert batch.message_ids() == ["of the first", None, None]


def test_the_deadline_is_that_of_the_oldest_sending_also_after_a_repeat() -> None:
    batch = batch_of(2, again=(0x58,))
    batch.take(2, 0.0)
    batch.settle([bytes(decode(batch.octets(0)).reply(0x58))], 0.1)
    batch.take_again(1, 25.0)
    assert batch.next_deadline(30.0) == 30.0


def test_a_generic_nack_is_a_refusal_whatever_number_it_carries() -> None:
    batch = batch_of(1)
    batch.take(1, 0.0)
    batch.settle([bytes(GenericNack(sequence_number=1, command_status=0))], 0.1)
    assert batch.command_status[0] == 0xFF


def test_a_batch_is_made_once_and_hands_out_no_more_than_it_has() -> None:
    batch = batch_of(3)
    with pytest.raises(RuntimeError):
        batch.__init__(b"")
    batch.take(1, 0.0)
    assert len(batch.take(sys.maxsize, 0.0)) == len(batch.octets(1)) + len(batch.octets(2))
