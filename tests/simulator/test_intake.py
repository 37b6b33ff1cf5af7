"""Any well-formed submission is accepted or refused with a status; what is accepted ends, and its account gets the receipts it wants."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies import laid

from smpp_core import CommandStatus, DecodeError, MessageState, Pdu, SubmitMulti, SubmitSm, decode
from smpp_core.spec.commands import BY_NAME
from smswire.simulator.clock import Clock
from smswire.simulator.customer import Seat
from smswire.simulator.intake import Intake
from smswire.simulator.lifecycle import Lifecycle
from smswire.simulator.receipt_forms import LETTERS
from smswire.simulator.scenario import load

SCENARIO = f"""
validity = 100.0
delay = {{ kind = "exponential", mean = 20.0 }}
[[account]]
name = "test"
[[rule]]
text = "[0-9]"
outcomes = [{{ state = "UNDELIVERABLE", error = 27, intermediate = 2 }}, {{ state = "ENROUTE" }}]
[[rule]]
outcomes = [{{ intermediate = 1 }}]
[[handset]]
number = "*7"
state = "off"
reply = "what? {{text}}"
[[handset]]
number = "*"
reply = "yes: {{text}}"
[[distribution_list]]
name = "friends"
members = ["385911111111"]
[receipts]
forms = {list(LETTERS)}
"""
STATUSES = {int(status) for status in CommandStatus}
submissions = laid((BY_NAME["submit_sm"], BY_NAME["data_sm"], BY_NAME["submit_multi"]), clean=False)
seats = st.sampled_from(["sms", "lookup", "flash"])




class HandLoop:
    """The part of a loop that the simulator's timers use; time goes on by `run`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[list[Any]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, work: Callable[[], object]) -> HandTimer:
        entry = [when, next(self._order), work]
        heappush(self._timers, entry)
        return HandTimer(entry)

    def call_soon(self, work: Callable[[], object]) -> HandTimer:
        return self.call_at(self._now, work)

    def run(self, until: float) -> None:
        while self._timers and self._timers[0][0] <= until:
            when, _, work = heappop(self._timers)
            self._now = max(self._now, when)
            work()
        self._now = until


class HandTimer:
    def __init__(self, entry: list[Any]) -> None:
        self._entry = entry

    def cancel(self) -> None:
        self._entry[2] = lambda: None


@given(st.lists(st.tuples(submissions, seats, st.booleans()), min_size=1, max_size=12), st.booleans())
def test_each_submission_gets_an_answer_and_each_message_an_end(given_: list, cancels: bool) -> None:
    loop: Any = HandLoop()
    scenario = load(SCENARIO)
    life = Lifecycle(scenario, 1, Clock(loop.time), loop)
    life.add_customer(scenario.accounts[0])
    customer, intake = life.customers["test"], Intake(life)
    accepted = 0
    for frame, service, good in given_:
        try:
            pdu: Any = decode(frame.octets)
        except DecodeError:
            continue
        if good and not isinstance(pdu, SubmitMulti):
            pdu = pdu.replace(destination_addr="385911234567")
            if isinstance(pdu, SubmitSm):
                pdu = pdu.replace(schedule_delivery_time="", validity_period="")
        seat = Seat(customer, service)
        answer = intake.submit_multi(seat, pdu) if isinstance(pdu, SubmitMulti) else intake.submit(seat, pdu)
        if isinstance(answer, Pdu):
            decode(bytes(answer))
            accepted += not answer.command_status
        else:
            assert answer in STATUSES or answer == 0x22
    assert life.statistics.messages >= accepted
    loop.run(loop.time() + 1)
    for one in list(life.store.newest(99)):
        if cancels and not one.is_final and not one.lookup:
            life.finish(one, MessageState.DELETED, 4100)
    last = max((one.due for one in life.store.newest(99)), default=loop.time())
    loop.run(last + 400)
    assert sum(life.statistics.ended) == life.statistics.messages
    parcels = [*customer.outbox._queue, *customer.lookups._queue]
    for parcel in parcels:
        decode(bytes(parcel.pdu))
    assert customer.owed == sum(parcel.submission is not None for parcel in parcels)
    assert customer.outbox.waiting_inbound == sum(parcel.submission is None for parcel in parcels)
    assert life.wheel.size == 0
