"""Each of many inputs has exactly one result, in the order in which they end; nothing runs ahead of a slow consumer."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any

import clock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rawsmsc import Peer, RawSmsc, but, silent, submit, yes

import smpp_core as smpp
from smpp_core import EncodeError, Pdu, RequestTimeout, SessionClosed
from smswire.session.backoff import Backoff
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.session.many import SubmitResult
from smswire.session.retry import Retry

try:
    import uvloop
except ImportError:
    LOOPS = ["asyncio"]
else:
    LOOPS = ["asyncio", "uvloop"]

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test on each kind of loop."""
    if request.param == "asyncio":
        return asyncio.run

    def on_uvloop(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)

    return on_uvloop


def client_of(smsc: RawSmsc, **more: Any) -> Client:
    defaults = {"limits": LIMITS, "retry": Retry(random=lambda: 0.0), "backoff": Backoff(1.0, random=lambda: 0.0), "adaptive": False}
    return Client(smsc.url(), **{**defaults, **more})


def texts(count: int) -> Iterator[Pdu]:
    return (submit(str(number)) for number in range(count))


def test_there_is_one_result_for_each_input(run: Run) -> None:
    async def body() -> None:
        async def asynchronous() -> AsyncIterator[Pdu]:
            for pdu in texts(1_000):
                yield pdu

        async with RawSmsc() as smsc, client_of(smsc) as client:
            for pdus in (texts(1_000), list(texts(1_000)), asynchronous()):
                results = [result async for result in client.submit_many(pdus)]
                assert sorted(result.index for result in results) == list(range(1_000))
                assert all(result.ok and result.message_id == str(result.index) and result.latency > 0 for result in results)
            assert [result async for result in client.submit_many([])] == []

    run(body())


def test_results_come_in_the_order_in_which_requests_end() -> None:
    async def body() -> None:
        held: list[Pdu] = []

        def backwards(peer: Peer, pdu: Pdu) -> None:
            held.append(pdu)
            if len(held) == 4:
                for pdu in held[::-1]:
                    yes(peer, pdu)
                held.clear()

        async with RawSmsc(but("submit_sm", backwards)) as smsc, client_of(smsc, window=4) as client:
            assert [result.index async for result in client.submit_many(texts(8))] == [3, 2, 1, 0, 7, 6, 5, 4]

    clock.run(body())


KINDS = ["fine", "refused", "throttled", "busy", "nack", "silent", "cut", "late", "wrong", "no pdu"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(KINDS), max_size=30), st.integers(1, 5))
def test_whatever_the_peer_does_every_input_has_one_typed_result(kinds: list[str], window: int) -> None:
    async def body() -> None:
        seen: set[bytes] = set()

        def answer(peer: Peer, pdu: Pdu) -> None:
            kind, text = kinds[int(pdu.short_message or b"")], pdu.short_message or b""
            first = text not in seen
            seen.add(text)
            if kind == "refused":
                peer.send(pdu.reply(0x0B))
            elif kind == "throttled":
                peer.send(pdu.reply(0x58))
            elif kind == "busy" and first:
                peer.send(pdu.reply(0x14))
            elif kind == "nack":
                peer.send(smpp.GenericNack(sequence_number=pdu.sequence_number, command_status=3))
            elif kind == "cut":
                peer.transport.close()
            elif kind == "late":
                asyncio.get_running_loop().call_later(50, lambda: peer.ended or yes(peer, pdu))
            elif kind != "silent":
                yes(peer, pdu)

        inputs: list[Any] = [
            smpp.DeliverSm() if kind == "wrong" else "text" if kind == "no pdu" else submit(str(number))
            for number, kind in enumerate(kinds)
        ]
        async with RawSmsc(but("submit_sm", answer)) as smsc, client_of(smsc, window=window) as client:
            results = [result async for result in client.submit_many(inputs)]
            assert len(asyncio.all_tasks()) <= 3
            assert sorted(result.index for result in results) == list(range(len(kinds)))
            for result in results:
                kind, error = kinds[result.index], result.error
                if kind in ("fine", "busy"):  # or lost with a connection that another one cut
                    assert result.message_id == str(result.index) or isinstance(error, SessionClosed) and error.written
                elif kind in ("refused", "throttled", "nack"):
                    assert result.status == {"refused": 0x0B, "throttled": 0x58, "nack": 3}[kind] or isinstance(error, SessionClosed)
                elif kind in ("silent", "late"):
                    assert isinstance(error, RequestTimeout | SessionClosed) and error.written
                elif kind == "cut":
                    assert isinstance(error, SessionClosed) and error.written
                else:
                    assert isinstance(error, EncodeError)
            # Nothing that may have been taken was sent twice: only what was answered "later" was.
            sent = [pdu.short_message for pdu in smsc.received if pdu.command == "submit_sm"]
            for number, kind in enumerate(kinds):
                assert sent.count(str(number).encode()) <= {"throttled": 5, "busy": 2}.get(kind, 1)
            assert client.in_flight == [] and client.waiting == 0

    clock.run(body())


def test_no_more_is_taken_than_twice_the_window_ahead_of_the_consumer(run: Run) -> None:
    async def body() -> None:
        taken = 0

        def counted() -> Iterator[Pdu]:
            nonlocal taken
            for taken in range(1, 501):
                yield submit(str(taken))

        async def counted_too() -> AsyncIterator[Pdu]:
            for pdu in counted():
                yield pdu

        async with RawSmsc() as smsc, client_of(smsc, window=10) as client:
            for pdus in (counted(), counted_too()):
                got = 0
                async for _ in client.submit_many(pdus):
                    got += 1
                    if got % 50 == 0:
                        await asyncio.sleep(0.005)
                    assert taken - got <= 20 and len(client.in_flight) <= 10
                assert got == 500

    run(body())


def test_what_the_input_raises_comes_after_the_results_of_what_came_before() -> None:
    async def body() -> None:
        def broken() -> Iterator[Pdu]:
            yield from texts(5)
            raise KeyError("input")

        async def broken_too() -> AsyncIterator[Pdu]:
            for pdu in broken():
                yield pdu

        async with RawSmsc() as smsc, client_of(smsc) as client:
            for pdus in (broken(), broken_too()):
                results = []
                with pytest.raises(KeyError, match="input"):
                    async for result in client.submit_many(pdus):
                        results.append(result)
                assert len(results) == 5

    clock.run(body())


def test_leaving_early_sends_nothing_more_and_leaves_nothing_behind(run: Run) -> None:
    async def body() -> None:
        async def slowly() -> AsyncIterator[Pdu]:
            for pdu in texts(1_000):
                yield pdu

        held: list[Pdu] = []

        def some(peer: Peer, pdu: Pdu) -> None:
            if int(pdu.short_message or b"") < 5:
                yes(peer, pdu)
            else:
                held.append(pdu)

        async with RawSmsc(but("submit_sm", some)) as smsc, client_of(smsc, window=10) as client:
            for pdus in (texts(1_000), slowly()):
                held.clear()
                async with aclosing(client.submit_many(pdus)) as results:
                    async for result in results:
                        if result.index == 4:
                            break
                await smsc.until(lambda: len(held) == len(client.in_flight))
                assert client.waiting == 0 and 0 < len(client.in_flight) <= 10
                sent = {pdu.short_message for pdu in held}
                assert {pdu.short_message for pdu in client.in_flight} == sent
                for pdu in held:
                    yes(smsc.peers[0], pdu)
                assert await client.drain() == []
                assert len(asyncio.all_tasks()) == 2

    run(body())


def test_a_cancelled_consumer_leaves_nothing_behind() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=3) as client:

            async def consume() -> None:
                async for _ in client.submit_many(texts(100)):
                    pass

            task = asyncio.create_task(consume())
            await smsc.until(lambda: len(smsc.peers[0].of("submit_sm")) == 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert client.waiting == 0 and len(client.in_flight) == 3

    clock.run(body())


def test_a_closed_client_ends_every_item() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc:
            client = client_of(smsc, window=2)
            await client.start()
            results: list[SubmitResult] = []

            async def consume() -> None:
                async for result in client.submit_many(texts(10)):
                    results.append(result)

            task = asyncio.create_task(consume())
            await smsc.until(lambda: len(smsc.peers[0].of("submit_sm")) == 2)
            await client.close(0)
            await task
            assert sorted(result.index for result in results) == list(range(10))
            written = [result.index for result in results if isinstance(result.error, SessionClosed) and result.error.written]
            assert written == [0, 1]

    clock.run(body())


def test_each_item_has_its_own_time() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=1) as client:
            results = [result async for result in client.submit_many(texts(2), timeout=3)]
            assert [(result.index, type(result.error), result.error.written) for result in results] == [  # type: ignore[union-attr]
                (0, RequestTimeout, True), (1, RequestTimeout, False),
            ]

    clock.run(body())


def futures() -> int:
    """How many futures and tasks there are."""
    return sum(1 for item in gc.get_objects() if isinstance(item, asyncio.Future))


def test_there_is_no_future_and_no_task_for_a_message() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc, window=200) as client:
            before = most = futures()
            async for result in client.submit_many(texts(2_000)):
                if result.index % 500 == 0:
                    most = max(most, futures())
        assert most - before < 10

    asyncio.run(body())


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_input_that_raises_cancelled_is_told_after_its_results(asynchronous: bool) -> None:
    def plain() -> Iterator[Pdu]:
        yield submit("1")
        raise asyncio.CancelledError

    async def source() -> AsyncIterator[Pdu]:
        yield submit("1")
        raise asyncio.CancelledError

    async def body() -> None:
        results = []
        async with RawSmsc() as smsc, Client(smsc.url(), limits=LIMITS) as client:
            with pytest.raises(asyncio.CancelledError):
                async for result in client.submit_many(source() if asynchronous else plain()):
                    results.append(result)
            assert [result.message_id for result in results] == ["1"]

    clock.run(body())
