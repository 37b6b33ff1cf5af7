"""However requests are put, withdrawn, answered and lost: never more in flight than the window, first come first served, none forgotten."""

import asyncio
from typing import Any

import clock
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core import EncodeError, Pdu, Profile, RequestTimeout, SessionClosed, SmppError, WindowFull
from smswire.session.adaptive import Adaptive
from smswire.session.events import Pending
from smswire.session.outbox import DONE, RESTING, SENDABLE, SENT, WAITING, Ask, Outbox, Success, status_of
from smswire.session.rate import Rate
from smswire.session.retry import Retry

SUBMIT = smpp.SubmitSm(destination_addr="1")


class Loop(asyncio.BaseEventLoop):
    """A loop of which only the clock and the timers are looked at."""

    def __init__(self) -> None:
        self._closed = True
        self.now = 0.0
        self.timers: list[list[Any]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Any, *args: Any) -> "Loop.Timer":  # type: ignore[override]
        self.timers.append([when, call, args])
        return Loop.Timer(self, self.timers[-1])

    def call_later(self, delay: float, call: Any, *args: Any) -> "Loop.Timer":  # type: ignore[override]
        return self.call_at(self.now + delay, call, *args)

    def go_to(self, when: float) -> None:
        while due := [timer for timer in self.timers if timer[0] <= when]:
            timer = min(due, key=lambda timer: timer[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1](*timer[2])
        self.now = when

    class Timer:
        def __init__(self, loop: "Loop", entry: list[Any]) -> None:
            self.loop, self.entry = loop, entry

        def cancel(self) -> None:
            self.loop.timers = [timer for timer in self.loop.timers if timer is not self.entry]


class Machine:
    def __init__(self, window: int) -> None:
        self.window = window
        self.pending: dict[int, Pending] = {}
        self.bulk = None
        self.bound = True
        self.leaving = False

    @property
    def window_used(self) -> int:
        return len(self.pending)


class Wire:
    """A link that keeps what it is given."""

    def __init__(self, loop: Loop, window: int) -> None:
        self.loop = loop
        self.machine = Machine(window)
        self.writable = True
        self.sent: list[Any] = []
        self.closed = False

    def request(self, pdu: Pdu, token: Ask, timeout: float | None) -> None:
        if self.closed:
            raise SessionClosed()
        assert len(self.machine.pending) < self.machine.window
        assert timeout is None or timeout > 0
        self.sent.append(token)
        self.machine.pending[len(self.sent)] = Pending(len(self.sent), pdu, token, self.loop.now, 0.0, 0, 0)

    def settle(self, sequence: int, outcome: Pdu | SmppError) -> None:
        pending = self.machine.pending.pop(sequence)
        pending.token.settled(pending, outcome)


class Counted(Ask):
    """An ask that keeps how it ended, and may end once only."""

    def __init__(self, outbox: Outbox, number: int, deadline: float | None = None, retries: bool = True) -> None:
        super().__init__(outbox, SUBMIT, deadline, retries)
        self.number = number
        self.outcome: Pdu | SmppError | None = None

    def finish(self, outcome: Pdu | SmppError, latency: float) -> None:
        assert self.outcome is None
        self.outcome = outcome


def outbox_of(loop: Loop, **more: Any) -> Outbox:
    return Outbox(loop, Profile.vendor(), **more)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from([None, 1.0, 5.0])),
        st.tuples(st.just("withdraw"), st.integers(0, 30)),
        st.tuples(st.just("answer"), st.tuples(st.integers(0, 10), st.sampled_from([0, 0, 0, 0x58, 0x14, 0x0B, 0x45, 0x04]))),
        st.tuples(st.just("time out"), st.integers(0, 10)),
        st.tuples(st.just("fall"), st.tuples(st.integers(0, 3), st.booleans())),
        st.tuples(st.just("bind"), st.none()),
        st.tuples(st.just("stall"), st.integers(0, 3)),
        st.tuples(st.just("later"), st.sampled_from([0.01, 0.5, 3.0])),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 3), st.sampled_from([None, 2.0]))
def test_every_ask_ends_once_and_none_waits_while_there_is_room(steps: list[Any], window: int, per_second: float | None) -> None:
    loop = Loop()
    rate = Rate(per_second) if per_second else None
    outbox = outbox_of(loop, rate=rate, retry=Retry(3, 1.0, 4.0, random=lambda: 0.0))
    wires: list[Wire] = []
    asks: list[Counted] = []
    withdrawn: set[int] = set()
    for step, given_ in steps:
        if step == "put":
            asks.append(Counted(outbox, len(asks), None if given_ is None else loop.now + given_))
            outbox.put(asks[-1])
        elif step == "withdraw" and given_ < len(asks) and asks[given_].outcome is None:
            withdrawn.add(given_)
            outbox.withdraw(asks[given_])
        elif step in ("answer", "time out"):
            in_flight = [(wire, sequence) for wire in wires for sequence in wire.machine.pending]
            if in_flight:
                wire, sequence = in_flight[(given_ if step == "time out" else given_[0]) % len(in_flight)]
                wire.settle(sequence, RequestTimeout(written=True) if step == "time out" else SUBMIT.reply(given_[1]))
        elif step == "fall" and wires:
            wire = wires.pop(given_[0] % len(wires))
            wire.closed = True
            lost = list(wire.machine.pending.values())
            wire.machine.pending.clear()
            for pending in lost:
                pending.token.settled(pending, SessionClosed(written=given_[1]))
            outbox.remove(wire)  # type: ignore[arg-type]
        elif step == "bind" and len(wires) < 3:
            wires.append(Wire(loop, window))
            outbox.add(wires[-1])  # type: ignore[arg-type]
        elif step == "stall" and wires:
            wire = wires[given_ % len(wires)]
            wire.writable = not wire.writable
            outbox.pump()
        elif step == "later":
            loop.go_to(loop.now + given_)
        room = any(wire.writable and len(wire.machine.pending) < window for wire in outbox.links)  # type: ignore[attr-defined]
        waiting = [ask for ask in outbox if ask.stage == WAITING]
        paused = rate is not None and outbox._pause is not None
        assert not (room and waiting) or paused
        assert len(outbox) == len(list(outbox))
        waits = any(ask.stage in (WAITING, RESTING) for ask in asks)
        assert outbox.busy == (waits or any(wire.machine.pending for wire in outbox.links))
        for ask in asks:
            assert (ask.stage == DONE) == (ask.outcome is not None or ask.number in withdrawn)
            assert ask.stage != SENT or any(pending.token is ask for wire in wires for pending in wire.machine.pending.values())
    # The end: all links stay and answer, and what has no deadline is answered, too.
    if not outbox.links:
        outbox.add(Wire(loop, window))  # type: ignore[arg-type]
    for _ in range(10 * len(asks) + 10):
        for wire in list(outbox.links):
            wire.writable = True
            for sequence in list(wire.machine.pending):
                wire.settle(sequence, SUBMIT.reply())  # type: ignore[attr-defined]
        outbox.pump()
        loop.go_to(loop.now + 1.0)
    assert [ask.number for ask in asks if ask.outcome is None] == sorted(withdrawn & {ask.number for ask in asks if ask.outcome is None})
    assert len(outbox) == 0 and not outbox.busy


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=40), st.integers(1, 4))
def test_who_waits_longest_is_sent_first(moves: list[tuple[bool, int]], window: int) -> None:
    loop = Loop()
    outbox = outbox_of(loop)
    wire = Wire(loop, window)
    outbox.add(wire)  # type: ignore[arg-type]
    asks: list[Counted] = []
    for put, which in moves:
        if put:
            asks.append(Counted(outbox, len(asks)))
            outbox.put(asks[-1])
        elif which % 3 and wire.machine.pending:
            wire.settle(next(iter(wire.machine.pending)), SUBMIT.reply())
        elif which < len(asks):
            outbox.withdraw(asks[which])
    order = [ask.number for ask in wire.sent]
    assert order == sorted(order)


def test_the_line_does_not_grow_by_those_who_gave_up() -> None:
    loop = Loop()
    outbox = outbox_of(loop)
    for round_ in range(300):
        asks = [Counted(outbox, number, loop.now + 1) for number in range(10)]
        for ask in asks:
            outbox.put(ask)
        for ask in asks[::2]:
            outbox.withdraw(ask)
        loop.go_to(loop.now + 2)
        assert len(outbox) == 0 and len(outbox.waiting) <= 1, round_
        assert all(isinstance(ask.outcome, RequestTimeout) and not ask.outcome.written for ask in asks[1::2])
    assert loop.timers == []


def test_what_was_never_written_is_sent_again_in_order_and_what_was_written_never() -> None:
    loop = Loop()
    outbox = outbox_of(loop)
    first, second = Wire(loop, 10), Wire(loop, 10)
    outbox.add(first)  # type: ignore[arg-type]
    asks = [Counted(outbox, number) for number in range(6)]
    for ask in asks:
        outbox.put(ask)
    for sequence in range(1, 7):
        first.settle(sequence, SessionClosed(written=sequence <= 3))
    outbox.remove(first)  # type: ignore[arg-type]
    assert [type(ask.outcome) for ask in asks] == [SessionClosed] * 3 + [type(None)] * 3
    outbox.add(second)  # type: ignore[arg-type]
    assert [ask.number for ask in second.sent] == [3, 4, 5]


def test_a_status_that_the_table_marks_is_sent_again_and_no_other() -> None:
    loop = Loop()
    outbox = outbox_of(loop, retry=Retry(3, 1.0, random=lambda: 0.0))
    wire = Wire(loop, 10)
    outbox.add(wire)  # type: ignore[arg-type]
    again, never, unknown, once = (Counted(outbox, number) for number in range(4))
    once.retries = False
    for ask in (again, never, unknown, once):
        outbox.put(ask)
    for sequence, status in ((1, 0x58), (2, 0x0B), (3, 0x45), (4, 0x58)):
        wire.settle(sequence, SUBMIT.reply(status))
    assert again.outcome is None and again.stage == RESTING
    assert [ask.outcome.command_status for ask in (never, unknown, once)] == [0x0B, 0x45, 0x58]  # type: ignore[union-attr]
    loop.go_to(1.0)
    wire.settle(5, SUBMIT.reply(0x58))
    loop.go_to(3.0)
    wire.settle(6, SUBMIT.reply(0x58))
    assert again.outcome is not None and again.outcome.command_status == 0x58  # type: ignore[union-attr]
    assert len(wire.sent) == 6 and loop.timers == []


def test_a_retry_that_the_deadline_does_not_allow_is_not_waited_for() -> None:
    loop = Loop()
    outbox = outbox_of(loop, retry=Retry(5, 2.0, random=lambda: 0.0))
    wire = Wire(loop, 10)
    outbox.add(wire)  # type: ignore[arg-type]
    ask = Counted(outbox, 0, deadline=1.5)
    outbox.put(ask)
    wire.settle(1, SUBMIT.reply(0x58))
    assert ask.outcome is not None


def test_a_peer_that_says_not_bound_is_bound_anew_before_it_is_asked_again() -> None:
    loop = Loop()
    ended: list[Any] = []
    outbox = outbox_of(loop, retry=Retry(random=lambda: 0.0), rebind=ended.append)
    wire, other = Wire(loop, 10), Wire(loop, 10)
    outbox.add(wire)  # type: ignore[arg-type]
    ask = Counted(outbox, 0)
    outbox.put(ask)
    wire.settle(1, SUBMIT.reply(4))
    assert ended == [wire] and outbox.links == []
    loop.go_to(10.0)
    assert ask.stage == WAITING
    outbox.add(other)  # type: ignore[arg-type]
    assert ask.stage == SENT and other.sent == [ask]


def test_the_rate_is_never_passed_and_is_shared_by_all_links() -> None:
    loop = Loop()
    outbox = outbox_of(loop, rate=Rate(10.0, 1))
    wires = [Wire(loop, 1000) for _ in range(3)]
    for wire in wires:
        outbox.add(wire)  # type: ignore[arg-type]
    for number in range(100):
        outbox.put(Counted(outbox, number))
    loop.go_to(5.0)
    assert 50 <= sum(len(wire.sent) for wire in wires) <= 51


def test_a_payload_and_many_destinations_cost_the_rate_as_many_segments() -> None:
    loop = Loop()
    outbox = outbox_of(loop, rate=Rate(1.0, 1))
    wire = Wire(loop, 10)
    outbox.add(wire)  # type: ignore[arg-type]
    long = Counted(outbox, 0)
    long.pdu = smpp.SubmitSm(tlvs=[("message_payload", b"x" * 400)])
    outbox.put(long)
    multi = Counted(outbox, 1)
    multi.pdu = smpp.SubmitMulti(dest_addresses=[smpp.SmeAddress(1, 1, "1"), smpp.SmeAddress(1, 1, "2")])
    outbox.put(multi)
    assert (long.segments, multi.segments) == (3, 0)
    loop.go_to(2.9)
    assert len(wire.sent) == 1
    loop.go_to(4.1)
    assert len(wire.sent) == 2 and multi.segments == 2


def test_the_adaptive_limiter_hears_of_every_request_once() -> None:
    class Heard(Adaptive):
        def __init__(self) -> None:
            super().__init__()
            self.taken = self.told = 0

        def delay(self, n: int, now: float) -> float:
            self.taken += n
            return 0.0

        def answered(self, status: int, now: float, n: int = 1) -> None:
            self.told += n

        def lost(self, n: int = 1) -> None:
            self.told += n

    loop = Loop()
    adaptive = Heard()
    outbox = outbox_of(loop, adaptive=adaptive, retry=Retry(random=lambda: 0.0))
    wire = Wire(loop, 10)
    outbox.add(wire)  # type: ignore[arg-type]
    for number in range(5):
        outbox.put(Counted(outbox, number))
    ends = SUBMIT.reply(), SUBMIT.reply(0x58), RequestTimeout(), SessionClosed(), SessionClosed(written=True)
    for sequence, outcome in enumerate(ends, 1):
        wire.settle(sequence, outcome)
    assert adaptive.taken == adaptive.told == 5


def test_put_now_sends_or_raises_and_never_waits() -> None:
    loop = Loop()
    outbox = outbox_of(loop, rate=Rate(1.0, 2))
    with pytest.raises(SessionClosed):
        outbox.put_now(Counted(outbox, 0))
    wire = Wire(loop, 1)
    outbox.add(wire)  # type: ignore[arg-type]
    outbox.put_now(Counted(outbox, 1))
    with pytest.raises(WindowFull, match="window"):
        outbox.put_now(Counted(outbox, 2))
    wire.settle(1, SUBMIT.reply())
    outbox.put_now(Counted(outbox, 3))
    wire.settle(2, SUBMIT.reply())
    with pytest.raises(WindowFull, match="rate"):
        outbox.put_now(Counted(outbox, 4))
    assert len(outbox) == 0
    loop.go_to(1.0)
    outbox.put(Counted(outbox, 5))
    outbox.put(Counted(outbox, 6))
    with pytest.raises(WindowFull, match="others|other"):
        outbox.put_now(Counted(outbox, 7))


def test_close_tells_all_that_wait_and_takes_no_more() -> None:
    loop = Loop()
    outbox = outbox_of(loop, retry=Retry(random=lambda: 0.0))
    wire = Wire(loop, 2)
    outbox.add(wire)  # type: ignore[arg-type]
    resting, flying, waiting = (Counted(outbox, number, 99.0) for number in range(3))
    outbox.put(resting)
    wire.settle(1, SUBMIT.reply(0x58))
    wire.machine.window = 1
    outbox.put(flying)
    outbox.put(waiting)
    outbox.close("over")
    assert resting.outcome == SUBMIT.reply(0x58)
    assert isinstance(waiting.outcome, SessionClosed) and not waiting.outcome.written
    assert flying.outcome is None and outbox.busy
    assert loop.timers == []
    wire.settle(2, SUBMIT.reply(0x58))  # it is not sent again any more
    assert flying.outcome == SUBMIT.reply(0x58) and not outbox.busy
    with pytest.raises(SessionClosed, match="over"):
        outbox.check(SUBMIT)


@pytest.mark.parametrize("pdu", [smpp.DeliverSm(), smpp.SubmitSmResp(), smpp.BindReceiver(), smpp.Unbind(), smpp.GenericNack()])
def test_what_a_client_does_not_send_is_refused(pdu: Pdu) -> None:
    with pytest.raises(EncodeError):
        outbox_of(Loop()).check(pdu)


def test_a_generic_nack_is_a_failure_whatever_it_says() -> None:
    assert status_of(smpp.GenericNack()) == 0xFF
    assert status_of(smpp.GenericNack(command_status=3)) == 3
    assert status_of(smpp.SubmitSmResp()) == 0
    assert {0x04, 0x21, 0x103} <= SENDABLE and 0x15 not in SENDABLE


def test_idle_waits_for_what_waits_flies_and_rests() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        outbox = Outbox(loop, Profile.vendor(), retry=Retry(2, 1.0))
        await outbox.idle()
        wire = Wire(Loop(), 1)
        outbox.add(wire)  # type: ignore[arg-type]
        first, second = Success(outbox, SUBMIT, None, True), Success(outbox, SUBMIT, None, False)
        outbox.put(first)
        outbox.put(second)
        idle = asyncio.create_task(outbox.idle())
        await asyncio.sleep(0)
        wire.settle(1, SUBMIT.reply(0x58))
        wire.settle(2, SUBMIT.reply())
        assert not idle.done() and not outbox.waiting
        await asyncio.sleep(1.5)
        assert not idle.done()
        wire.settle(3, SUBMIT.reply())
        await idle
        assert (await first.future).command_status == 0

    clock.run(body())


def test_a_link_that_takes_nothing_any_more_does_not_hold_up_the_others() -> None:
    loop = Loop()
    outbox = outbox_of(loop)
    wires = [Wire(loop, 2) for _ in range(3)]
    for wire in wires:
        outbox.add(wire)  # type: ignore[arg-type]
    for wire in wires[:2]:
        wire.closed = True
    for number in range(3):
        outbox.put(Counted(outbox, number))
    assert [len(wire.sent) for wire in wires] == [0, 0, 2] and outbox.in_line == 1
    for wire in wires[:2]:
        outbox.remove(wire)  # type: ignore[arg-type]
    assert outbox.links == wires[2:]


def test_only_those_in_line_count_as_such_and_a_buffer_keeps_it_busy() -> None:
    loop = Loop()
    outbox = outbox_of(loop, retry=Retry(base=10, jitter=0))
    wire = Wire(loop, 1)
    outbox.add(wire)  # type: ignore[arg-type]
    for number in range(2):
        outbox.put(Counted(outbox, number))
    assert (outbox.in_line, len(outbox)) == (1, 1)
    wire.settle(1, SUBMIT.reply(0x14))
    assert (outbox.in_line, len(outbox)) == (0, 1)
    outbox.withdraw(next(iter(outbox)))
    assert outbox.busy and len(outbox) == 0
    wire.settle(2, SUBMIT.reply())
    assert not outbox.busy
    outbox.batches += 1
    assert outbox.busy


def test_withdrawing_says_whether_the_peer_may_have_it() -> None:
    loop = Loop()
    outbox = outbox_of(loop)
    wire = Wire(loop, 1)
    outbox.add(wire)  # type: ignore[arg-type]
    asks = [Counted(outbox, number) for number in range(2)]
    for ask in asks:
        outbox.put(ask)
    assert [outbox.withdraw(ask) for ask in asks] == [True, False]


def test_on_every_kind_of_loop_a_short_pause_is_one() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def body() -> int:
        loop = asyncio.get_running_loop()
        wire = Wire(loop, 10_000)  # type: ignore[arg-type]
        outbox = Outbox(loop, Profile.vendor(), rate=Rate(3000, 1))
        wakes = 0
        go_on = outbox._go_on

        def counted() -> None:
            nonlocal wakes
            wakes += 1
            go_on()

        outbox._go_on = counted  # type: ignore[method-assign]
        wire.request = lambda pdu, token, timeout: wire.sent.append(token)  # type: ignore[method-assign]
        outbox.add(wire)  # type: ignore[arg-type]
        for number in range(100):
            outbox.put(Counted(outbox, number))
        while len(wire.sent) < 100:
            await asyncio.sleep(0.01)
        return wakes

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(body()) <= 250  # thousands, if pauses below half a millisecond were none
