"""The session machine without I/O: who may send what in which state (SMPP 3.4 2.3), windows, time-outs, unbinding, hostile peers."""

import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CommandStatus,
    DeliverSm,
    EncodeError,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    SessionClosed,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    WindowFull,
    decode,
)
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smswire.session.events import (
    Answered,
    Bound,
    Closed,
    Faulted,
    Nacked,
    Notified,
    Orphan,
    Refused,
    Requested,
    TimedOut,
    Unanswered,
    Unbound,
)
from smswire.session.limits import Limits
from smswire.session.machine import MAX_SEQUENCE, Machine
from smswire.session.states import BOUND, CLOSED, OPEN, OUTBOUND, ROLES, STATES, UNBINDING, Role, allowed, following, other

BINDS = {"BOUND_TX": BindTransmitter, "BOUND_RX": BindReceiver, "BOUND_TRX": BindTransceiver}
TEXT = SubmitSm(destination_addr="385951111111", short_message=b"hi", sequence_number=1)
EXAMPLES = {
    row.id: decode(strategies.lay(row, strategies.blank(row), sequence=77).octets, strict=False) for row in COMMANDS.values()
}


def sent(machine: Machine) -> list[Pdu]:
    return [decode(frame, strict=False) for frame in machine.take()]


def feed(machine: Machine, *pdus: Pdu, now: float = 0.0) -> list:
    return machine.receive(b"".join(map(bytes, pdus)), now)


def in_state(role: Role, state: str, **options) -> Machine:
    """A machine that went to the state by legal PDUs only."""
    machine = Machine(role, now=0.0, **options)
    if state == OUTBOUND:
        outbind = Outbind(system_id="smsc", sequence_number=1)
        machine.request(outbind, 0.0) if role == "smsc" else feed(machine, outbind)
    elif state != OPEN:
        bind = BINDS.get(state, BindTransceiver)(system_id="x", sequence_number=9)
        if role == "smsc":
            feed(machine, bind)
            machine.reply(bind, bind.reply(system_id="smsc"))
        else:
            pending = machine.request(bind, 0.0)
            feed(machine, pending.pdu.reply(system_id="smsc"))
        if state == UNBINDING:
            machine.unbind(0.0)
        elif state == CLOSED:
            machine.close("enough")
    machine.take()
    machine.receive(b"", 0.0)
    assert machine.state == state
    return machine


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", STATES)
def test_each_state_sends_exactly_the_requests_that_the_rows_allow(role: Role, state: str) -> None:
    for row in COMMANDS.values():
        if row.is_response:
            continue
        machine = in_state(role, state)
        legal = row.sender in (role, "both") and state in row.states
        if legal:
            machine.request(EXAMPLES[row.id], 0.0)
            assert [pdu.command for pdu in sent(machine)] == [row.name]
        else:
            with pytest.raises((EncodeError, SessionClosed)):
                machine.request(EXAMPLES[row.id], 0.0)
            assert sent(machine) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", STATES)
def test_each_state_takes_exactly_the_requests_that_the_rows_allow_and_answers_the_others(role: Role, state: str) -> None:
    for row in COMMANDS.values():
        if row.is_response:
            continue
        machine = in_state(role, state)
        events = feed(machine, EXAMPLES[row.id])
        answers = sent(machine)
        legal = row.sender in (other(role), "both") and state in row.states
        if state == CLOSED:
            assert events == [] and answers == []
        elif state == UNBINDING:
            assert all(answer.command == "unbind_resp" for answer in answers)
            assert row.name in ("unbind", "enquire_link") or events == [Unanswered(EXAMPLES[row.id])]
        elif row.name == "enquire_link":
            assert [answer.command for answer in answers] == ["enquire_link_resp"] and events == []
        elif row.name == "unbind" and legal:
            assert [answer.command for answer in answers] == ["unbind_resp"] and machine.state == CLOSED
        elif legal:
            assert answers == [] and isinstance(events[0], Requested if row.response else Notified)
        else:
            assert isinstance(events[0], Faulted) and machine.state == state
            status = CommandStatus.ESME_RALYBND if row.name.startswith("bind") and state in BOUND else CommandStatus.ESME_RINVBNDSTS
            wanted = [(row.response, 77, status)] if row.response else []
            assert [(answer.command, answer.sequence_number, answer.command_status) for answer in answers] == wanted


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", STATES)
def test_a_response_that_nobody_asked_for_is_never_answered_and_changes_no_state(role: Role, state: str) -> None:
    for row in COMMANDS.values():
        if row.is_response:
            machine = in_state(role, state)
            events = feed(machine, EXAMPLES[row.id])
            kind = Nacked if row.name == "generic_nack" else Orphan
            assert sent(machine) == [] and machine.state == state
            assert [type(event) for event in events] == ([] if state == CLOSED else [kind])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", STATES)
def test_no_pair_of_state_and_event_is_undefined(role: Role, state: str) -> None:
    unknown = bytes.fromhex("00000010 00000777 00000000 00000001")
    actions = (
        lambda machine: machine.eof(1.0), lambda machine: machine.tick(1.0), lambda machine: machine.tick(1e9),
        lambda machine: machine.unbind(1.0), lambda machine: machine.close("x"), lambda machine: machine.deadline(),
        lambda machine: machine.receive(b"HTTP/1.1 400 Bad Request", 1.0), lambda machine: machine.receive(b"\0\0\0\x08\0\0\0\x15", 1.0),
        lambda machine: machine.receive(unknown, 1.0),
    )
    for action in actions:
        machine = in_state(role, state)
        action(machine)
        machine.take()
        assert machine.state in STATES
        assert following(machine.state, "unbind_resp") == CLOSED
        machine.close("end")
        assert machine.closed and machine.deadline() is None and machine.tick(2e9) == []


def test_the_machine_refuses_in_words_that_name_the_side_and_the_state() -> None:
    with pytest.raises(EncodeError, match="deliver_sm may not be sent by the esme in state BOUND_TRX"):
        in_state("esme", "BOUND_TRX").request(EXAMPLES[5], 0.0)
    with pytest.raises(EncodeError, match="submit_sm may not be sent by the esme in state BOUND_RX"):
        in_state("esme", "BOUND_RX").request(TEXT, 0.0)
    with pytest.raises(SessionClosed, match="not bound"):
        in_state("esme", OPEN).request(TEXT, 0.0)
    with pytest.raises(SessionClosed, match="unbinding"):
        in_state("esme", UNBINDING).request(TEXT, 0.0)
    with pytest.raises(EncodeError, match="is no request"):
        in_state("esme", "BOUND_TRX").request(TEXT.reply(), 0.0)


# -- requests, responses, the window -------------------------------------------------------------------------------------------------


def test_a_full_window_refuses_requests_but_not_enquire_link_and_unbind() -> None:
    machine = in_state("esme", "BOUND_TRX", window=2)
    machine.request(TEXT, 0.0)
    machine.request(TEXT, 0.0)
    with pytest.raises(WindowFull):
        machine.request(TEXT, 0.0)
    machine.request(EnquireLink(), 0.0)
    assert machine.window_used == 2
    machine.unbind(0.0)
    assert [pdu.command for pdu in sent(machine)] == ["submit_sm", "submit_sm", "enquire_link", "unbind"]


def test_responses_out_of_order_settle_their_own_requests() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = [machine.request(TEXT, 1.0, token) for token in "abc"]
    events = feed(machine, *(kept.pdu.reply(message_id=kept.token) for kept in reversed(pending)), now=3.0)
    assert [(event.pending.token, event.response.message_id, event.latency) for event in events] == [(t, t, 2.0) for t in "cba"]
    assert machine.pending == {}


def test_a_response_of_another_command_does_not_settle_a_request() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = machine.request(TEXT, 0.0)
    wrong = EXAMPLES[BY_NAME["data_sm_resp"].id].with_sequence(pending.sequence)
    assert feed(machine, wrong) == [Orphan(wrong)]
    assert machine.pending == {pending.sequence: pending}


def test_generic_nack_settles_the_request_that_it_names() -> None:
    machine = in_state("esme", "BOUND_TRX")
    first, second = machine.request(TEXT, 0.0), machine.request(TEXT, 0.0)
    nack = GenericNack(sequence_number=second.sequence, command_status=3)
    assert feed(machine, nack) == [Answered(second, nack, 0.0)]
    assert list(machine.pending.values()) == [first]


def test_generic_nack_with_sequence_0_settles_the_only_request_in_flight_and_else_none() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = machine.request(TEXT, 0.0)
    nack = GenericNack(command_status=2)
    assert feed(machine, nack) == [Answered(pending, nack, 0.0)]
    machine.request(TEXT, 0.0)
    machine.request(TEXT, 0.0)
    assert feed(machine, nack) == [Nacked(nack)]
    assert len(machine.pending) == 2


def test_sequence_numbers_wrap_to_1_and_skip_those_in_flight() -> None:
    machine = in_state("esme", "BOUND_TRX")
    stuck = machine.request(TEXT.with_sequence(1), 0.0, keep_sequence=True)
    machine._next = MAX_SEQUENCE
    assert [machine.request(TEXT, 0.0).sequence for _ in range(3)] == [MAX_SEQUENCE, 2, 3]
    assert stuck.sequence == 1
    with pytest.raises(EncodeError, match="waits for its response already"):
        machine.request(TEXT.with_sequence(2), 0.0, keep_sequence=True)


def test_the_session_gives_the_number_and_never_takes_a_foreign_one() -> None:
    machine = in_state("esme", "BOUND_TRX")
    foreign = decode(bytes(TEXT.with_sequence(4_000_000)))
    assert machine.request(foreign, 0.0).sequence == 2  # 1 was the bind's


def test_a_reserved_run_of_numbers_is_never_split_by_the_wrap() -> None:
    machine = in_state("esme", "BOUND_TRX")
    machine._next = MAX_SEQUENCE - 4
    assert machine.reserve(5) == MAX_SEQUENCE - 4
    assert machine.reserve(10) == 1
    machine._next = MAX_SEQUENCE - 4
    assert machine.reserve(6) == 1
    assert machine.request(TEXT, 0.0).sequence == 7


def test_a_request_without_response_in_time_is_told_and_its_late_response_is_an_orphan() -> None:
    machine = in_state("esme", "BOUND_TRX", limits=Limits(response_timeout=10.0, enquire_link=0))
    slow = machine.request(TEXT, 0.0)
    quick = machine.request(TEXT, 0.0, timeout=4.0)
    assert machine.deadline() == 4.0
    assert machine.tick(3.9) == []
    assert machine.tick(4.0) == [TimedOut(quick)]
    assert machine.deadline() == 10.0
    assert machine.tick(10.0) == [TimedOut(slow)]
    late = slow.pdu.reply(message_id="1")
    assert feed(machine, late, now=11.0) == [Orphan(late, late=True)]


def test_a_broken_response_still_settles_its_request_and_nothing_is_sent_back() -> None:
    for role in ROLES:  # the smsc reads strictly
        machine = in_state(role, "BOUND_TRX")
        pending = machine.request(EXAMPLES[BY_NAME["data_sm"].id], 0.0)
        broken = bytes.fromhex("00000014800001030000000000000000") + b"ABCD"  # quirk 4: the message_id has no NUL
        [event] = machine.receive(broken[:12] + pending.sequence.to_bytes(4, "big") + broken[16:], 0.0)
        assert event.response.message_id == "ABCD"
        assert [pdu.command for pdu in sent(machine)] == ["data_sm"]


def test_what_was_in_flight_at_the_end_is_listed_with_whether_it_was_written() -> None:
    machine = in_state("esme", "BOUND_TRX")
    written = machine.request(TEXT, 0.0)
    machine.take()
    queued = machine.request(TEXT, 0.0)
    [closed] = machine.eof(1.0)
    assert closed.lost == [written, queued]
    assert machine.was_written(written) and not machine.was_written(queued)


# -- binding ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(BOUND))
def test_a_bind_takes_both_sides_to_its_state(state: str) -> None:
    esme, smsc = Machine("esme", now=0.0), Machine("smsc", now=0.0)
    esme.request(BINDS[state](system_id="x"), 0.0, "bind")
    [asked] = smsc.receive(b"".join(esme.take()), 0.0)
    smsc.reply(asked.pdu, asked.pdu.reply(system_id="smsc"))
    assert smsc.receive(b"", 0.0) == [Bound(state)]
    answered, bound = esme.receive(b"".join(smsc.take()), 0.0)
    assert answered.pending.token == "bind" and bound == Bound(state)
    assert esme.state == smsc.state == state
    assert smsc.bind is asked.pdu and esme.bind.system_id == "x"


def test_a_refused_bind_leaves_the_state_and_may_be_tried_again() -> None:
    machine = in_state("esme", OPEN)
    for status in (0x0E, 0):
        pending = machine.request(BindTransceiver(system_id="x"), 0.0)
        with pytest.raises(EncodeError, match="bind or unbind waits"):
            machine.request(BindTransceiver(system_id="x"), 0.0)
        feed(machine, pending.pdu.reply(status))
        assert machine.state == ("BOUND_TRX" if status == 0 else OPEN)


def test_what_comes_behind_a_bind_waits_until_the_bind_is_answered() -> None:
    for status in (0, 0x0E):
        machine = in_state("smsc", OPEN)
        bind = BindTransmitter(system_id="x", sequence_number=1)
        assert feed(machine, bind, TEXT) == [Requested(bind)]
        assert machine.receive(b"", 0.0) == [] and not machine.has_news
        machine.reply(bind, bind.reply(status))
        assert machine.has_news
        events = machine.receive(b"", 0.0)
        assert isinstance(events[-1], Faulted if status else Requested)
        assert [pdu.command_status for pdu in sent(machine)] == ([status, 4] if status else [0])


def test_a_flood_behind_an_unanswered_bind_ends_the_session_at_its_cap() -> None:
    machine = in_state("smsc", OPEN, limits=Limits(unbound_octets=1_000))
    feed(machine, BindTransmitter(system_id="x", sequence_number=1))
    events = feed(machine, *[TEXT] * 30)
    assert isinstance(events[-1], Closed) and "behind a bind" in events[-1].reason


def test_outbind_makes_the_esme_bind_in_the_other_direction() -> None:
    smsc, esme = Machine("smsc", now=0.0), Machine("esme", now=0.0)
    smsc.request(Outbind(system_id="smsc", password="x"), 0.0)
    [told] = esme.receive(b"".join(smsc.take()), 0.0)
    assert isinstance(told, Notified) and told.pdu.command == "outbind" and esme.state == smsc.state == OUTBOUND
    esme.request(BindReceiver(system_id="x"), 0.0)
    [asked] = smsc.receive(b"".join(esme.take()), 0.0)
    smsc.reply(asked.pdu, asked.pdu.reply())
    esme.receive(b"".join(smsc.take()), 0.0)
    assert esme.state == smsc.state == "BOUND_RX"


def test_a_peer_that_does_not_bind_in_time_is_closed() -> None:
    machine = in_state("smsc", OPEN)
    assert machine.deadline() == 10.0
    assert machine.tick(9.9) == []
    [closed] = machine.tick(10.0)
    assert "no bind within 10 s" in closed.reason


# -- unbinding -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_unbind_is_answered_and_both_sides_are_closed(role: Role) -> None:
    ours, theirs = in_state(role, "BOUND_TRX"), in_state(other(role), "BOUND_TRX")
    ours.unbind(0.0)
    ours.unbind(0.0)
    assert [type(event) for event in theirs.receive(b"".join(ours.take()), 0.0)] == [Unbound, Closed]
    answered, unbound, closed = ours.receive(b"".join(theirs.take()), 0.0)
    assert isinstance(answered, Answered) and unbound == Unbound(by_peer=False) and closed.error is None
    assert ours.closed and theirs.closed


def test_unbinds_that_cross_are_both_answered() -> None:
    ours, theirs = in_state("esme", "BOUND_TRX"), in_state("smsc", "BOUND_TRX")
    ours.unbind(0.0)
    theirs.unbind(0.0)
    first, second = b"".join(ours.take()), b"".join(theirs.take())
    theirs.receive(first, 0.0)
    ours.receive(second, 0.0)
    assert [pdu.command for pdu in sent(ours)] == [pdu.command for pdu in sent(theirs)] == ["unbind_resp"]


def test_the_answer_to_unbind_waits_for_the_answers_that_are_owed_and_not_for_ever() -> None:
    for patient in (True, False):
        machine = in_state("smsc", "BOUND_TRX")
        feed(machine, TEXT, Unbind(sequence_number=2), TEXT.with_sequence(3), now=1.0)
        assert sent(machine) == []
        if patient:
            assert machine.reply(TEXT, TEXT.reply(message_id="1"))
            assert [type(event) for event in machine.receive(b"", 2.0)] == [Unbound, Closed]
            assert [pdu.command for pdu in sent(machine)] == ["submit_sm_resp", "unbind_resp"]
        else:
            assert machine.deadline() == 6.0
            assert [type(event) for event in machine.tick(6.0)] == [Unbound, Closed]
            assert not machine.reply(TEXT, TEXT.reply(message_id="1"))
            assert [pdu.command for pdu in sent(machine)] == ["unbind_resp"]


def test_an_unbind_that_is_not_answered_ends_after_its_time() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = machine.request(TEXT, 0.0)
    machine.unbind(0.0)
    assert machine.deadline() == 5.0
    closed = machine.tick(5.0)[-1]
    assert isinstance(closed, Closed) and "unbind" in closed.reason and closed.lost == [pending]


def test_answers_to_what_is_in_flight_are_taken_after_our_unbind() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = machine.request(TEXT, 0.0)
    machine.unbind(0.0)
    answered, *_ = feed(machine, pending.pdu.reply(message_id="1"), UnbindResp(sequence_number=3))
    assert answered.pending is pending and machine.closed


def test_a_delivery_after_our_unbind_is_not_answered_so_that_it_comes_again() -> None:
    machine = in_state("esme", "BOUND_TRX")
    owed = DeliverSm(sequence_number=1)
    feed(machine, owed)
    machine.unbind(0.0)
    machine.take()
    assert machine.reply(owed, owed.reply()) is False
    assert feed(machine, DeliverSm(sequence_number=2)) == [Unanswered(DeliverSm(sequence_number=2))]
    assert sent(machine) == []


# -- the peer is slow, silent, or wrong --------------------------------------------------------------------------------------------------


def test_a_silent_peer_is_asked_and_given_up_when_it_stays_silent() -> None:
    machine = in_state("esme", "BOUND_TRX")
    assert machine.deadline() == 30.0
    assert machine.tick(30.0) == []
    assert [pdu.command for pdu in sent(machine)] == ["enquire_link"]
    assert machine.deadline() == 60.0
    closed = machine.tick(60.0)[-1]
    assert isinstance(closed, Closed) and closed.reason == "no answer to enquire_link in time"


def test_a_peer_that_answers_enquire_link_or_sends_other_pdus_is_alive() -> None:
    machine = in_state("esme", "BOUND_TRX")
    machine.tick(30.0)
    [asked] = sent(machine)
    feed(machine, EnquireLinkResp(sequence_number=asked.sequence_number), now=59.0)
    assert machine.deadline() == 89.0
    machine.tick(89.0)
    feed(machine, DeliverSm(sequence_number=1), now=100.0)
    assert [type(event) for event in machine.tick(119.0)] == [TimedOut]
    assert not machine.closed


@pytest.mark.parametrize("enquire_link", [0, 0.5])
def test_enquire_link_can_be_often_or_never(enquire_link: float) -> None:
    machine = in_state("esme", "BOUND_TRX", limits=Limits(enquire_link=enquire_link))
    assert machine.deadline() == (enquire_link or None)


def test_a_pdu_that_is_not_whole_in_time_ends_the_session() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    octets = bytes(TEXT)
    for at in range(20):  # one octet a second never gets there
        machine.receive(octets[at:at + 1], 1.0 + at * 0.4)
    assert machine.deadline() == 11.0
    closed = machine.tick(11.0)[-1]
    assert "not whole after 10 s" in closed.reason


def test_the_time_of_a_partial_pdu_begins_anew_with_each_pdu() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    octets = bytes(TEXT)
    machine.receive(octets[:20], 0.0)
    machine.receive(octets[20:] + octets[:5], 9.0)
    assert machine.partial_deadline == 19.0
    machine.receive(octets[5:], 12.0)
    assert machine.tick(25.0) == []


def test_an_unknown_command_gets_generic_nack_and_the_session_goes_on() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    [event] = machine.receive(bytes.fromhex("00000010 00000777 00000000 00000005"), 0.0)
    assert isinstance(event, Faulted) and event.answer == 3
    [nack] = sent(machine)
    assert (nack.command, nack.command_status, nack.sequence_number) == ("generic_nack", 3, 5)
    assert feed(machine, TEXT) == [Requested(TEXT)]


def test_a_broken_request_is_refused_by_the_strict_side_and_delivered_by_the_lenient() -> None:
    broken = bytes.fromhex("0000002b000000050000000000000001000101310001013200000000000000000000103132333435363738")  # quirk 19
    assert isinstance(in_state("esme", "BOUND_TRX").receive(broken, 0.0)[0], Requested)
    machine = in_state("esme", "BOUND_TRX", strict=True)
    [event] = machine.receive(broken, 0.0)
    assert isinstance(event, Faulted) and event.answer == CommandStatus.ESME_RINVMSGLEN
    assert [pdu.command for pdu in sent(machine)] == ["deliver_sm_resp"]


def test_ten_broken_pdus_within_a_minute_end_the_session_and_nine_do_not() -> None:
    broken = bytes(TEXT.replace(short_message=b""))[:-1]
    broken = len(broken).to_bytes(4, "big") + broken[4:]
    machine = in_state("smsc", "BOUND_TRX", limits=Limits(enquire_link=0))
    for at in range(9):
        assert [type(event) for event in machine.receive(broken, at)] == [Faulted]
    assert [type(event) for event in machine.receive(broken, 61.0)] == [Faulted]
    for at in range(8):
        events = machine.receive(broken, 62.0 + at)
    assert isinstance(events[-1], Faulted)
    assert isinstance(machine.receive(broken, 69.9)[-1], Closed)


@pytest.mark.parametrize(("octets", "answer"), [
    (bytes.fromhex("00000008 00000015"), 2), (bytes.fromhex("FFFFFFFF 00000004 00000000 00000001"), 2), (b"HTTP/1.1 400 Bad", None),
    (bytes.fromhex("16030100"), None),
])
def test_a_stream_that_cannot_be_cut_is_refused_and_closed(octets: bytes, answer: int | None) -> None:
    machine = in_state("smsc", "BOUND_TRX")
    events = feed(machine, TEXT) + machine.receive(octets, 0.0)
    assert [type(event) for event in events] == [Requested, Faulted, Closed] and events[1].answer == answer
    assert [pdu.command_status for pdu in sent(machine)] == ([] if answer is None else [answer])


def test_good_pdus_before_a_broken_frame_in_one_read_are_all_delivered() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    events = machine.receive(bytes(TEXT) * 2 + bytes.fromhex("00000008 00000015"), 0.0)
    assert [type(event) for event in events] == [Requested, Requested] and machine.has_news
    for event in events:
        assert machine.reply(event.pdu, event.pdu.reply(message_id="1"))
    assert [type(event) for event in machine.receive(b"", 0.0)] == [Faulted, Closed]
    assert [pdu.command for pdu in sent(machine)] == ["submit_sm_resp", "submit_sm_resp", "generic_nack"]


def test_requests_over_the_caps_are_refused_until_answers_make_room() -> None:
    for limits in (Limits(inbound=2), Limits(inbound_octets=len(bytes(TEXT)) + 1)):
        machine = in_state("smsc", "BOUND_TRX", limits=limits, overload_status=0x58)
        events = feed(machine, *(TEXT.with_sequence(n) for n in (1, 2, 3)))
        assert [type(event) for event in events] == [Requested, Requested] and machine.has_news
        assert [type(event) for event in machine.receive(b"", 0.0)] == [Refused]
        assert [(pdu.command_status, pdu.sequence_number) for pdu in sent(machine)] == [(0x58, 3)]
        for event in events[:2]:
            machine.reply(event.pdu, event.pdu.reply(message_id="1"))
        assert (machine.unsettled, machine.unsettled_octets) == (0, 0)
        assert isinstance(feed(machine, TEXT)[0], Requested)


def test_an_answer_of_another_kind_is_the_callers_fault_and_the_request_still_waits() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    feed(machine, TEXT)
    with pytest.raises(EncodeError, match="data_sm_resp does not answer submit_sm"):
        machine.reply(TEXT, EXAMPLES[BY_NAME["data_sm_resp"].id])
    assert machine.unsettled == 1
    assert machine.reply(TEXT, SubmitSmResp(sequence_number=99, message_id="1"))
    assert [pdu.sequence_number for pdu in sent(machine)] == [1]


def test_the_rows_of_both_roles_and_states_are_the_specifications_table() -> None:
    """Some cells of table 2-1 of SMPP 3.4, written down by hand."""
    submit, deliver, alert, query = (BY_NAME[name].id for name in ("submit_sm", "deliver_sm", "alert_notification", "query_sm"))
    assert submit in allowed("esme", "BOUND_TX")
    assert submit not in allowed("esme", "BOUND_RX") and submit not in allowed("smsc", "BOUND_TRX")
    assert deliver in allowed("smsc", "BOUND_RX")
    assert deliver not in allowed("smsc", "BOUND_TX") and deliver not in allowed("esme", "BOUND_TRX")
    assert alert in allowed("smsc", "BOUND_TRX") and query in allowed("esme", "BOUND_TX")
    assert BY_NAME["data_sm"].id in allowed("smsc", "BOUND_TX") & allowed("esme", "BOUND_RX")


ANY_FRAME = st.one_of(strategies.laid(clean=False).map(lambda laid: laid.octets), strategies.mutated(), strategies.random_frames())
GOOD_FRAME = strategies.laid(clean=True).map(lambda laid: laid.octets)


@given(st.lists(ANY_FRAME, max_size=12), st.sampled_from(ROLES), st.sampled_from(STATES), st.integers(1, 40))
def test_whatever_a_peer_sends_the_machine_stays_in_a_legal_state(frames: list[bytes], role: Role, state: str, cut: int) -> None:
    machine = in_state(role, state)
    stream = b"".join(frames)
    for at in range(0, len(stream), cut):
        for event in machine.receive(stream[at:at + cut], at):
            if isinstance(event, Requested) and not machine.closed:
                machine.reply(event.pdu, event.pdu.reply())
        assert machine.state in STATES
        for pdu in sent(machine):
            assert pdu.command_status or pdu.command_id in allowed(role, "BOUND_TRX") | allowed(role, OPEN)


@given(st.lists(GOOD_FRAME, min_size=1, max_size=8), st.sampled_from(ROLES), st.sampled_from(sorted(BOUND)))
def test_a_stream_means_the_same_however_it_is_cut(frames: list[bytes], role: Role, state: str) -> None:
    stream = b"".join(frames)

    def told(pieces: list[bytes]) -> tuple[list, list]:
        machine = in_state(role, state)
        events = [repr(event) for piece in pieces for event in machine.receive(piece, 0.0)]
        return events, machine.take()

    whole = told([stream])
    assert told([bytes((octet,)) for octet in stream]) == whole
    for at in range(0, len(stream), 7):
        assert told([stream[:at], stream[at:]]) == whole


def test_a_read_of_more_requests_than_may_wait_is_not_refused_if_each_is_answered_at_once() -> None:
    machine = in_state("smsc", "BOUND_TRX", limits=Limits(inbound=2), overload_status=0x58)
    events = feed(machine, *(TEXT.with_sequence(n) for n in range(1, 8)))
    while events:
        for event in events:
            machine.reply(event.pdu, event.pdu.reply(message_id="1"))
        events = machine.receive(b"", 0.0) if machine.has_news else []
    assert [(pdu.sequence_number, pdu.command_status) for pdu in sent(machine)] == [(n, 0) for n in range(1, 8)]


def test_what_a_read_held_back_keeps_its_place_before_what_comes_next() -> None:
    machine = in_state("smsc", "BOUND_TRX", limits=Limits(inbound=2), overload_status=0x58)
    feed(machine, *(TEXT.with_sequence(n) for n in range(1, 5)))
    events = feed(machine, TEXT.with_sequence(5)) + machine.receive(b"", 0.0)
    assert [event.pdu.sequence_number for event in events] == [3, 4, 5]


# -- the ends of things, each of which was wrong once --------------------------------------------------------------------------------


def test_a_request_that_is_reported_unwritten_is_not_written_afterwards_and_answers_still_are() -> None:
    machine = in_state("esme", "BOUND_TRX")
    delivery = DeliverSm(sequence_number=5)
    feed(machine, delivery)
    machine.reply(delivery, delivery.reply())
    pending = machine.request(TEXT, 0.0)
    closed = machine.close("something")[-1]
    assert closed.lost == [pending] and not machine.was_written(pending)
    assert [pdu.command for pdu in sent(machine)] == ["deliver_sm_resp"] and not machine.was_written(pending)


def test_the_tenth_broken_pdu_ends_the_session_only_after_what_came_before_it_could_be_answered() -> None:
    broken = bytes(TEXT.replace(short_message=b""))[:-1]
    broken = len(broken).to_bytes(4, "big") + broken[4:]
    machine = in_state("smsc", "BOUND_TRX")
    events = machine.receive(broken * 9 + bytes(TEXT) + broken, 0.0)
    assert [type(event) for event in events[-2:]] == [Requested, Faulted] and machine.has_news
    assert machine.reply(TEXT, TEXT.reply(message_id="1"))
    assert [type(event) for event in machine.receive(b"", 0.0)] == [Closed]
    assert sent(machine)[-1].command == "submit_sm_resp"


def test_nothing_is_submitted_once_the_peer_has_said_unbind() -> None:
    machine = in_state("esme", "BOUND_TRX")
    feed(machine, DeliverSm(sequence_number=1), Unbind(sequence_number=2))
    assert machine.leaving
    with pytest.raises(SessionClosed) as refused:
        machine.request(TEXT, 0.0)
    assert not refused.value.written
    with pytest.raises(SessionClosed):
        machine.send(bytes(TEXT))
    assert machine.hurried and machine.deadline() == 5.0


def test_our_unbind_answers_the_one_of_the_peer_that_waits() -> None:
    machine = in_state("esme", "BOUND_TRX")
    feed(machine, DeliverSm(sequence_number=1), Unbind(sequence_number=2))
    machine.unbind(1.0)
    assert [pdu.command for pdu in sent(machine)] == ["unbind_resp"]
    assert machine.has_news and [type(event) for event in machine.receive(b"", 1.0)] == [Unbound, Closed]


def test_an_enquire_link_of_the_application_that_times_out_ends_no_session() -> None:
    machine = in_state("esme", "BOUND_TRX")
    machine.request(EnquireLink(), 1.0, timeout=0.5)
    assert [type(event) for event in machine.tick(1.6)] == [TimedOut] and machine.bound


def test_a_response_time_out_of_0_means_never() -> None:
    machine = in_state("esme", "BOUND_TRX", limits=Limits(response_timeout=0, enquire_link=0))
    machine.request(TEXT, 0.0)
    assert machine.tick(1e9) == [] and machine.deadline() is None


def test_a_nack_with_sequence_0_is_given_to_no_request_while_it_may_mean_an_answer_of_ours() -> None:
    machine = in_state("esme", "BOUND_TRX")
    delivery = DeliverSm(sequence_number=1)
    feed(machine, delivery)
    machine.request(TEXT, 0.0)
    machine.reply(delivery, delivery.reply())
    nack = GenericNack(command_status=2)
    assert feed(machine, nack) == [Nacked(nack)]


def test_a_reserved_run_of_numbers_holds_none_that_waits_for_its_response() -> None:
    machine = in_state("esme", "BOUND_TRX")
    pending = machine.request(TEXT, 0.0, timeout=1e9)
    machine._next = MAX_SEQUENCE - 2
    first = machine.reserve(10)
    assert pending.sequence not in range(first, first + 10)


def test_an_end_that_both_sides_agreed_on_has_no_error_and_every_other_one_has() -> None:
    for end, agreed in ((lambda machine: machine.eof(0.0), False), (lambda machine: machine.close("x"), False),
                        (lambda machine: feed(machine, Unbind(sequence_number=1)), True)):
        closed = end(in_state("esme", "BOUND_TRX"))[-1]
        assert (closed.error is None) == agreed


def test_nothing_is_late_while_we_do_not_read_ourselves() -> None:
    machine = in_state("smsc", "BOUND_TRX")
    machine.request(EXAMPLES[5], 0.0)
    machine.receive(bytes(TEXT)[:20], 0.0)
    machine.pause()
    assert machine.deadline() is None and machine.tick(1e6) == []
    machine.resume(100.0)
    assert machine.tick(100.5) == [] and machine.deadline() == 101.0
    assert [type(event) for event in machine.tick(101.0)] == [TimedOut]
    assert isinstance(machine.tick(110.0)[-1], Closed)


def test_a_deadline_that_moves_forward_without_a_request_is_told() -> None:
    machine = in_state("esme", OPEN, limits=Limits(enquire_link=2.0))
    pending = machine.request(BindTransceiver(system_id="x"), 0.0)
    machine.hurried = False
    feed(machine, pending.pdu.reply(system_id="smsc"))
    assert machine.hurried and machine.deadline() == 2.0
