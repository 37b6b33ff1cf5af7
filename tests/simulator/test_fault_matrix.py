"""Every fault of the simulator against our client: each message has one outcome, nothing hangs, what fell is bound again.

On the jumping clock, so that time-outs cost nothing. ROWS has a row for each kind of fault, EVERY_QUIRK one for each quirk.
"""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from clock import run
from hypothesis import given, settings
from hypothesis import strategies as st

from smpp_core import CommandFailed, CommandStatus, RequestTimeout, SessionClosed, SmppError, SubmitSm
from smswire.session.backoff import Backoff
from smswire.session.buffer import ANSWERED, TIMED_OUT, BufferResult
from smswire.session.buffer import LOST as LOST_REQUEST
from smswire.session.client import Client
from smswire.session.inbound import Delivery
from smswire.session.supervisor import Down, Up
from smswire.simulator.faults import KINDS, Fault
from smswire.simulator.faulty_link import Faults
from smswire.simulator.quirks import QUIRKS
from smswire.simulator.scenario import load
from smswire.simulator.smsc import Simulator

BULK, SINGLE = 200, 20
ATTEMPTS = 5  # to bind: one more than there are faults of binds in a run
SCENARIO = """
delay = { kind = "constant", seconds = 0.2 }
[[account]]
name = "test"
password = "test"
"""
RTHROTTLED, RMSGQFUL = int(CommandStatus.ESME_RTHROTTLED), int(CommandStatus.ESME_RMSGQFUL)
PATIENCE = 30.5  # seconds from a request's sending to its end, at most: Limits.response_timeout
MOST_TIME = 130.0  # seconds of the jumping clock: two windows of requests time out within 60, and what follows


class Row(NamedTuple):
    """fault: its keys. good: how many of the submits succeed at least and at most. others: what else may come of one. falls: whether the
    link falls. first: what the first attempt to bind ends with, if it fails."""

    fault: dict[str, Any]
    good: tuple[int, int]
    others: frozenset[str] = frozenset()
    falls: bool = False
    first: type[SmppError] | None = None


ALL = BULK + SINGLE
TIMEOUT, LOST, UNSENT = "RequestTimeout", "SessionClosed written", "SessionClosed unwritten"
FALL = frozenset((LOST, TIMEOUT))

ROWS = {
    "split": Row({"octet": 3}, (ALL, ALL)),
    "trickle": Row({"count": 60}, (ALL, ALL)),
    "coalesce": Row({"pdus": 7, "seconds": 0.3}, (ALL, ALL)),
    "delay": Row({"seconds": 0.05, "every": 5}, (ALL, ALL)),
    "late": Row({"every": 10}, (ALL - 22, ALL - 22), frozenset((TIMEOUT,))),
    "duplicate": Row({}, (ALL, ALL)),
    "missing": Row({"every": 10}, (ALL - 22, ALL - 22), frozenset((TIMEOUT,))),
    "receipt_first": Row({}, (ALL, ALL)),
    "wrong_sequence": Row({"every": 10}, (ALL - 22, ALL - 22), frozenset((TIMEOUT,))),
    "wrong_command": Row({"every": 10}, (ALL - 22, ALL - 22), frozenset((TIMEOUT,))),
    "nack": Row({"every": 10, "status": "ESME_RINVCMDID"}, (ALL - 22, ALL - 22), frozenset(("status 0x00000003",))),
    "nack_zero": Row({"every": 10}, (ALL - 22, ALL - 1), frozenset((TIMEOUT, "status 0x00000002"))),
    "throttled": Row({"seconds": 0.2, "period": 1.0}, (ALL - 20, ALL), frozenset((f"status 0x{RTHROTTLED:08X}",))),
    "queue_full": Row({"every": 10}, (ALL - 20, ALL), frozenset((f"status 0x{RMSGQFUL:08X}",))),
    "id_base": Row({}, (ALL, ALL)),
    "truncated": Row({"every": 10}, (ALL, ALL)),
    "unfinished": Row({"after": 50, "count": 1}, (ALL - 70, ALL - 1), FALL, True),
    "garbage": Row({"after": 50, "count": 1}, (ALL - 70, ALL - 1), FALL, True),
    "bad_length": Row({"after": 50, "count": 1}, (ALL - 70, ALL - 1), FALL, True),
    "foreign": Row({"count": 1}, (ALL, ALL), first=SessionClosed),
    "quirk": Row({"name": "Q16"}, (ALL, ALL)),
    "half_close": Row({"after": 50, "count": 1}, (ALL - 70, ALL - 1), FALL, True),
    "reset": Row({"after": 50, "count": 2}, (ALL - 140, ALL - 1), FALL, True),
    "close": Row({"after": 50, "count": 2}, (ALL - 140, ALL - 1), FALL, True),
    "silent": Row({"after": 50, "count": 1}, (50, ALL - 1), FALL, True),
    "unread": Row({"after": 50, "count": 1}, (50, ALL - 1), FALL, True),
    "unbind": Row({"after": 50, "count": 1}, (ALL - 70, ALL), FALL, True),
    "bind_refused": Row({"count": 1}, (ALL, ALL), first=CommandFailed),
    "bind_late": Row({"count": 1}, (ALL, ALL), first=SessionClosed),
    "bind_unanswered": Row({"count": 1}, (ALL, ALL), first=SessionClosed),
}
INWARD = {"missing": ROWS["missing"]}  # requests that are never read
BREAKING = ("Q39", "Q40", "Q40b")  # rows after which the octets cannot be cut any more


class Course:
    """What came of one run."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.good_ids: set[str] = set()
        self.receipts: Counter[str] = Counter()
        self.acknowledged = 0
        self.ups = self.downs = 0
        self.first: BaseException | None = None
        self.took = 0.0
        self.left: list[str] = []
        self.descriptors = 0


def messages(count: int) -> Iterator[SubmitSm]:
    for i in range(count):
        yield SubmitSm(
            source_addr="Shop", source_addr_ton=5, destination_addr=f"38591{i:07}", short_message=b"Hello", registered_delivery=1,
        )


def word(status: int, error: BaseException | None) -> str:
    if isinstance(error, RequestTimeout):
        return TIMEOUT
    if isinstance(error, SessionClosed):
        return LOST if error.written else UNSENT
    if error is not None:
        return type(error).__name__
    return f"status 0x{status:08X}" if status else "good"


async def course_of(faults: Faults, bulk: int = BULK, single: int = SINGLE) -> tuple[Course, Simulator]:
    """Submit everything and wait for the receipts."""
    course = Course()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with Simulator(SCENARIO, link=faults.link) as smsc:
        client = await bound(smsc, course)
        try:
            async with asyncio.timeout(MOST_TIME), asyncio.TaskGroup() as group:
                group.create_task(submit_bulk(client, course, bulk))
                for pdu in messages(single):
                    group.create_task(submit_one(client, course, pdu))
            await settled(smsc)
        finally:
            await client.close(0)
        course.took = loop.time() - began
    await asyncio.sleep(0.1)
    course.left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return course, smsc


async def bound(smsc: Simulator, course: Course) -> Client:
    """A client that is bound, at the first attempt that succeeds."""
    for _ in range(ATTEMPTS):
        client = Client(smsc.url(), backoff=Backoff(jitter=0.0), adaptive=False)
        client.on_inbound(handler_of(course))
        client.on_event(lambda news: count(course, news))
        try:
            await client.start()
            return client
        except SmppError as error:
            course.first = error
            await client.close()
    raise AssertionError("no attempt to bind succeeds")


def count(course: Course, news: object) -> None:
    course.ups += isinstance(news, Up)
    course.downs += isinstance(news, Down)


def handler_of(course: Course) -> Any:
    async def handle(delivery: Delivery) -> None:
        if delivery.receipt is not None and str(delivery.pdu.source_addr).startswith("38591"):
            course.receipts[str(delivery.receipt.id)] += 1

    return handle


async def submit_bulk(client: Client, course: Course, bulk: int) -> None:
    seen = set()
    async for result in client.submit_many(messages(bulk)):
        assert result.index not in seen
        assert result.latency < PATIENCE
        seen.add(result.index)
        course.outcomes.append(word(result.status, result.error))
        if result.ok and result.message_id:
            course.good_ids.add(result.message_id)
    assert len(seen) == bulk


async def submit_one(client: Client, course: Course, pdu: SubmitSm) -> None:
    try:
        response = await client.submit(pdu)
    except CommandFailed as error:
        course.outcomes.append(word(error.status, None))
    except SmppError as error:
        course.outcomes.append(word(0, error))
    else:
        course.outcomes.append("good")
        if response.message_id:
            course.good_ids.add(response.message_id)


async def settled(smsc: Simulator) -> None:
    """Until every receipt that is owed was acknowledged or given up."""
    for _ in range(600):
        if not smsc.receipts_owed:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"{smsc.receipts_owed} receipts are owed for ever")


def check(course: Course, smsc: Simulator, total: int = ALL) -> None:
    """What holds whatever happens."""
    counts = smsc.statistics
    assert len(course.outcomes) == total
    assert {outcome for outcome in course.outcomes if outcome != "good" and not outcome.startswith("status")} <= {TIMEOUT, LOST}
    assert course.left == []
    assert counts.messages >= course.outcomes.count("good")
    assert counts.receipts_lost == 0
    assert counts.receipts_acknowledged == counts.messages, "each message that was accepted has its receipt"
    assert len(course.receipts) == counts.receipts_acknowledged, "each receipt that was acknowledged reached the handler"
    assert counts.receipts_acknowledged <= course.receipts.total() <= counts.receipts_sent
    assert course.ups == 1 + course.downs if course.first is None else course.ups >= 1


def play(chosen: list[Fault], bulk: int = BULK, single: int = SINGLE) -> tuple[Course, Simulator, Faults]:
    faults = Faults(chosen, 7)
    descriptors = len(os.listdir("/dev/fd"))
    course, smsc = run(course_of(faults, bulk, single))
    gc.collect()
    course.descriptors = len(os.listdir("/dev/fd")) - descriptors
    return course, smsc, faults


@pytest.mark.parametrize(
    ("kind", "direction"), [*((kind, "") for kind in KINDS), *((kind, side) for kind in KINDS for side in KINDS[kind].directions[1:])],
)
def test_a_fault_costs_no_message_and_no_receipt(kind: str, direction: str) -> None:
    row = INWARD[kind] if direction == "in" else ROWS[kind]
    course, smsc, faults = play([Fault(kind=kind, direction=direction, **row.fault)])  # type: ignore[arg-type]
    assert course.took < MOST_TIME
    assert faults.fired[kind] >= 1
    check(course, smsc)
    good = course.outcomes.count("good")
    assert row.good[0] <= good <= row.good[1], Counter(course.outcomes)
    assert set(course.outcomes) - {"good"} <= row.others
    assert (course.downs > 0) is row.falls
    assert isinstance(course.first, row.first) if row.first is not None else course.first is None
    assert course.descriptors == 0
    if not row.falls:  # where no link falls, what was acknowledged came exactly once
        assert course.receipts.total() == smsc.statistics.receipts_acknowledged
    if kind not in ("id_base", "truncated"):
        assert course.good_ids <= set(course.receipts), "every message that was accepted has its receipt"


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_of_a_buffer_has_an_outcome(kind: str) -> None:
    row = ROWS[kind]
    faults = Faults([Fault(kind=kind, **row.fault)], 7)

    async def main() -> tuple[BufferResult, int]:
        async with Simulator(SCENARIO, link=faults.link) as smsc:
            client = await bound(smsc, Course())
            try:
                async with asyncio.timeout(MOST_TIME):
                    return await client.submit_buffer(b"".join(map(bytes, messages(BULK)))), smsc.statistics.messages
            finally:
                await client.close(0)

    result, taken = run(main())
    words = {ANSWERED: "answered", TIMED_OUT: TIMEOUT, LOST_REQUEST: LOST}
    told = Counter(words[error] for error in result.error)
    assert len(result) == told.total() == BULK
    assert told.keys() - {"answered"} <= row.others
    assert result.accepted <= taken
    assert result.accepted >= row.good[0] - SINGLE


@pytest.mark.parametrize("name", list(QUIRKS))
def test_a_quirk_costs_no_message_and_no_receipt(name: str) -> None:
    bulk, single = 30, 5
    course, smsc, faults = play([Fault(kind="quirk", name=name, count=1)], bulk, single)
    place = QUIRKS[name].instead
    if place in ("enquire_link_resp", "submit_multi_resp"):
        assert not faults.fired, "nothing of the kind was asked here"
    else:
        assert faults.fired["quirk"] == 1
    check(course, smsc, bulk + single)
    assert (course.downs > 0) is (name in BREAKING)
    assert course.descriptors == 0
    if name in BREAKING:
        assert set(course.outcomes) - {"good"} <= FALL
    else:
        expected = {"Q1": 0x14, "Q2": 0x0B, "Q6": 0x45, "Q9": 0x4A1, "Q9b": 0x22}
        assert course.outcomes.count("good") >= bulk + single - 1
        assert set(course.outcomes) - {"good"} <= {f"status 0x{expected.get(name, 0):08X}"}


@settings(max_examples=8)
@given(kinds=st.lists(st.sampled_from(sorted(ROWS)), min_size=2, max_size=4))
def test_several_faults_at_once_cost_no_message_and_no_receipt(kinds: list[str]) -> None:
    course, smsc, _ = play([Fault(kind=kind, **ROWS[kind].fault) for kind in kinds], 100, 10)
    check(course, smsc, 110)
    assert course.descriptors == 0


@pytest.mark.slow
def test_the_shipped_scenario_costs_no_message_and_no_receipt() -> None:
    async def main() -> tuple[Course, Simulator, Faults]:
        faults = Faults(load("faults").faults, 7)
        course, smsc = await course_of(faults, 5_500, 50)
        return course, smsc, faults

    course, smsc, faults = run(main())
    check(course, smsc, 5_550)
    assert faults.fired.keys() >= {"split", "coalesce", "missing", "late", "duplicate", "receipt_first", "throttled", "reset", "unbind"}
    assert course.outcomes.count("good") > 5_000
    assert course.downs == 2
