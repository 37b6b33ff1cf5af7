"""Whatever the peer delivers is answered exactly once: by who took it, as it said, or with "later" when nobody did."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import Mock

import clock
import pytest
from rawsmsc import DELIVER, RawSmsc, but, submit, yes

import smpp_core as smpp
from smpp_core import CommandStatus, EncodeError, Pdu
from smswire.session import inbound
from smswire.session.client import Client
from smswire.session.events import Refused
from smswire.session.inbound import Delivery, Inbox
from smswire.session.limits import Limits

try:
    import uvloop
except ImportError:
    LOOPS = ["asyncio"]
else:
    LOOPS = ["asyncio", "uvloop"]

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)
LATER, NEVER = 0x64, 0x65
RECEIPT = smpp.DeliverSm(
    esm_class=4, source_addr="385951111111", destination_addr="Infobip",
    short_message=smpp.format_receipt("77", "DELIVRD", dlvrd=1, submit_date="2601010000", done_date="2601010001"),
)
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
    return Client(smsc.url(), **{"limits": LIMITS, **more})


def text(number: int) -> Pdu:
    return DELIVER.replace(short_message=str(number).encode())


def answers(smsc: RawSmsc) -> list[tuple[int, int]]:
    """(sequence_number, command_status) of each answer to a delivery, in order."""
    return [
        (pdu.sequence_number, pdu.command_status) for pdu in smsc.received if pdu.command in ("deliver_sm_resp", "data_sm_resp")
    ]


def answered(smsc: RawSmsc, count: int) -> Callable[[], bool]:
    return lambda: len(answers(smsc)) >= count


# -- the iterator -------------------------------------------------------------------------------------------------------------------


def test_the_iterator_gives_everything_in_order_and_acknowledges_at_its_next_turn(run: Run) -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(*(text(number) for number in range(5)))
            got = []
            async for delivery in client.inbound():
                assert not delivery.settled
                got.append(delivery.pdu.short_message)
                if len(got) == 5:
                    break
            await smsc.until(answered(smsc, 4))
            assert got == [b"0", b"1", b"2", b"3", b"4"]
            assert client.unsettled == 1
        assert answers(smsc) == [(1, 0), (2, 0), (3, 0), (4, 0), (5, LATER)]

    run(body())


def test_what_was_settled_is_answered_once_and_as_it_was_said() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(*(text(number) for number in range(3)), smpp.DataSm(destination_addr="1"))
            deliveries = client.inbound()
            assert await (await anext(deliveries)).reject(CommandStatus.ESME_RX_R_APPN)
            second = await anext(deliveries)
            assert await second.ack() and await second.reject()
            assert second.settled and second.status == 0
            await (await anext(deliveries)).reject()
            assert await (await anext(deliveries)).ack()
            await smsc.until(answered(smsc, 4))
        assert answers(smsc) == [(1, 0x66), (2, 0), (3, LATER), (4, 0)]

    clock.run(body())


def test_a_delivery_says_whether_it_is_a_message_or_a_receipt() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(DELIVER, RECEIPT)
            deliveries = client.inbound()
            first = await anext(deliveries)
            assert first.receipt is None and first.message is not None
            assert (first.message.text, first.message.sender.value, first.message.to.value) == ("hello", "385951111111", "Infobip")
            second = await anext(deliveries)
            assert second.message is None and second.receipt is not None and second.receipt.id == "77"
            assert "unsettled" in repr(second) and second.peername == ("127.0.0.1", smsc.port)

    clock.run(body())


def test_several_iterators_share_the_deliveries_and_a_cancelled_one_takes_none_with_it(run: Run) -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            got: list[bytes | None] = []

            async def read() -> None:
                async for delivery in client.inbound():
                    got.append(delivery.pdu.short_message)
                    await asyncio.sleep(0)

            readers = [asyncio.create_task(read()) for _ in range(5)]
            await asyncio.sleep(0)
            for round_ in range(20):
                smsc.peers[0].send(*(text(round_ * 5 + number) for number in range(5)))
                reader = readers.pop(0)
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                readers.append(asyncio.create_task(read()))
                # A cancelled reader keeps at most the one that it had; all others get around.
                await smsc.until(answered(smsc, round_ * 4))
            await asyncio.sleep(0.01)
            assert Counter(got).most_common(1)[0][1] == 1
            assert len(got) == 100
            for reader in readers:
                reader.cancel()
        assert sorted(sequence for sequence, _ in answers(smsc)) == list(range(1, 101))

    run(body())


def test_a_reader_that_is_cancelled_when_it_was_just_woken_wakes_the_next() -> None:
    async def body() -> None:
        inbox = Inbox(asyncio.get_running_loop())
        first, second = (asyncio.create_task(inbox.get()) for _ in range(2))
        await asyncio.sleep(0)
        inbox.put(Mock(), DELIVER)
        first.cancel()
        async with asyncio.timeout(1):
            assert (await second).pdu == DELIVER
        await inbox.close(0)

    clock.run(body())


def test_the_iterator_ends_at_the_close() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            await client.start()

            async def read() -> int:
                return len([delivery async for delivery in client.inbound()])

            readers = [asyncio.create_task(read()) for _ in range(3)]
            await asyncio.sleep(0)
            await client.close()
            assert await asyncio.gather(*readers) == [0, 0, 0]

    clock.run(body())


def test_tasks_that_share_one_iterator_do_not_acknowledge_what_another_is_at() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            deliveries = client.inbound()
            smsc.peers[0].send(*(text(number) for number in range(4)))
            mine = await anext(deliveries)
            other = await asyncio.create_task(anext(deliveries))  # that task has ended: nobody is at it
            again = await asyncio.create_task(anext(deliveries))
            assert (mine.settled, other.settled, again.settled) == (False, True, False)
            await anext(deliveries)
            assert mine.settled and again.settled

    clock.run(body())


def test_an_iterator_with_a_time_out_for_each_delivery_acknowledges_as_it_goes() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(*(text(number) for number in range(5)))
            deliveries = client.inbound()
            for _ in range(5):
                await asyncio.wait_for(anext(deliveries), 5)
            assert client.unsettled == 1

    clock.run(body())


def test_the_iterator_ends_when_there_will_be_no_link_any_more() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc, reconnect=False)
            await client.start()
            readers = [asyncio.create_task(anext(client.inbound(), None)) for _ in range(2)]
            await asyncio.sleep(0.1)
            smsc.peers[0].transport.abort()
            async with asyncio.timeout(60):
                assert await asyncio.gather(*readers) == [None, None]
                assert [delivery async for delivery in client.inbound()] == []
            await client.close()

    clock.run(body())


# -- nobody -------------------------------------------------------------------------------------------------------------------------


def test_what_nobody_takes_is_held_up_to_the_cap_and_never_acknowledged() -> None:
    async def body() -> None:
        refused = []
        async with RawSmsc() as smsc:
            async with client_of(smsc, limits=Limits(inbound=10, enquire_link=0, unbind_timeout=1.0)) as client:
                client.on_event(lambda news: refused.append(news) if isinstance(news, Refused) else None)
                smsc.peers[0].send(*(text(number) for number in range(13)))
                await smsc.until(answered(smsc, 3))
                assert answers(smsc) == [(11, LATER), (12, LATER), (13, LATER)]
                assert client.unsettled == 10 and len(refused) == 3
                await client.submit(submit())  # responses are read all the while
            assert Counter(status for _, status in answers(smsc)) == {LATER: 13}

    clock.run(body())


def test_the_default_caps_are_a_thousand_deliveries_and_a_mebibyte() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, Client(smsc.url()) as client:
            smsc.peers[0].send(*[DELIVER] * 1_001)
            await smsc.until(answered(smsc, 1))
            assert client.unsettled == 1_000
            deliveries = client.inbound()
            for _ in range(1_000):
                await anext(deliveries)
            big = smpp.DeliverSm(tlvs=[("message_payload", b"x" * 60_000)])
            await smsc.until(answered(smsc, 1_000))
            smsc.peers[0].send(*[big] * 20)
            await smsc.until(answered(smsc, 1_002))
            assert client.unsettled == 19

    clock.run(body())


def test_a_reader_that_stalls_for_a_minute_loses_nothing() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc, limits=Limits(inbound=100)) as client:
            again: list[Pdu] = []

            def resend(peer: Any, pdu: Pdu) -> None:
                if pdu.command == "deliver_sm_resp" and pdu.command_status == LATER:
                    again.append(text(pdu.sequence_number - 1).with_sequence(pdu.sequence_number))
                else:
                    yes(peer, pdu)

            smsc.answer = resend
            smsc.peers[0].send(*(text(number) for number in range(300)))
            deliveries = client.inbound()
            first = await anext(deliveries)
            await asyncio.sleep(60)
            assert client.state == "bound" and first.pdu.short_message == b"0"
            got = {first.pdu.short_message}
            while len(got) < 300:
                if client.unsettled <= 1 and again:
                    smsc.peers[0].send(*again[:100])
                    del again[:100]
                got.add((await anext(deliveries)).pdu.short_message)
            assert got == {str(number).encode() for number in range(300)}

    clock.run(body())


# -- handlers -----------------------------------------------------------------------------------------------------------------------


def test_a_plain_function_and_a_coroutine_that_does_not_wait_run_without_a_task(run: Run) -> None:
    async def body() -> None:
        tasks: set[Any] = set()

        def plain(delivery: Delivery) -> int | None:
            return 0x66 if delivery.pdu.short_message == b"1" else None

        async def quick(delivery: Delivery) -> int | None:
            async with asyncio.timeout(5):
                tasks.update(asyncio.all_tasks())
            return plain(delivery)

        async with RawSmsc() as smsc, client_of(smsc) as client:
            before = len(asyncio.all_tasks())
            for handler in (plain, quick):
                client.on_inbound(handler)
                smsc.peers[0].send(*(text(number) for number in range(3)))
                await smsc.until(answered(smsc, 3 if handler is plain else 6))
            assert len(tasks) <= before + 1  # the one that stands by
        assert [status for _, status in answers(smsc)] == [0, 0x66, 0, 0, 0x66, 0]

    run(body())


def test_no_more_coroutines_wait_than_were_allowed_and_all_come_round(run: Run) -> None:
    async def body() -> None:
        running = most = 0

        async def slow(delivery: Delivery) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(slow, concurrency=7)
            smsc.peers[0].send(*(text(number) for number in range(100)))
            await smsc.until(answered(smsc, 100))
            assert most == 7 and running == 0
        assert {status for _, status in answers(smsc)} == {0}

    run(body())


def test_a_handler_that_comes_late_gets_what_waits() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(*(text(number) for number in range(3)))
            await client.submit(submit())
            assert client.unsettled == 3
            client.on_inbound(lambda delivery: None)
            await smsc.until(answered(smsc, 3))
            client.on_inbound(None)
            smsc.peers[0].send(DELIVER)
            await client.submit(submit())
            assert client.unsettled == 1

    clock.run(body())


def test_a_handler_that_settles_itself_is_not_answered_twice() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(lambda delivery: (delivery.settle(0x66), None)[1])
            smsc.peers[0].send(DELIVER)
            await smsc.until(answered(smsc, 1))
        assert answers(smsc) == [(1, 0x66)]

    clock.run(body())


@pytest.mark.parametrize("waits", [False, True])
def test_a_failing_handler_answers_later_then_never_and_the_session_goes_on(waits: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        async def handler(delivery: Delivery) -> None:
            if waits:
                await asyncio.sleep(0)
            if delivery.pdu.short_message == b"poison":
                raise ValueError("poison")

        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(handler)
            for round_ in range(1, 5):
                smsc.peers[0].send(DELIVER.replace(short_message=b"poison"), text(1))
                await smsc.until(answered(smsc, 2 * round_))
                await client.submit(submit())
            kept = client.quarantine
            assert [(item.pdu.short_message, type(item.error), item.times) for item in kept] == [(b"poison", ValueError, 4)]
        assert sorted(answers(smsc))[0::2] == [(1, LATER), (3, LATER), (5, NEVER), (7, NEVER)]
        assert {status for _, status in sorted(answers(smsc))[1::2]} == {0}

    clock.run(body())
    assert "ValueError at" in caplog.text and "poison" not in caplog.text.replace(__file__, "")


@pytest.mark.parametrize("kind", ["plain", "first step", "later"])
def test_a_handler_that_raises_cancelled_has_failed_and_the_session_goes_on(kind: str) -> None:
    async def body() -> None:
        dead = asyncio.get_running_loop().create_future()
        dead.cancel()

        async def waits(delivery: Delivery) -> None:
            if kind == "later":
                await asyncio.sleep(0)
            await dead

        def plain(delivery: Delivery) -> None:
            raise asyncio.CancelledError

        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(plain if kind == "plain" else waits)
            smsc.peers[0].send(DELIVER, text(1))
            await smsc.until(answered(smsc, 2))
            await client.submit(submit())
            assert len(smsc.peers) == 1 and not smsc.peers[0].ended
            assert [type(item.error) for item in client.quarantine] == [asyncio.CancelledError] * 2
        assert answers(smsc) == [(1, LATER), (2, LATER)]

    clock.run(body())


def test_a_handler_may_have_a_time_out_of_no_time() -> None:
    async def body() -> None:
        async def handler(delivery: Delivery) -> int | None:
            if delivery.pdu.sequence_number == 1:
                return None
            try:
                async with asyncio.timeout(0):
                    await asyncio.sleep(1)
            except TimeoutError:
                return 0x55
            return None

        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(handler)
            for number in range(1, 4):
                smsc.peers[0].send(DELIVER)
                await smsc.until(answered(smsc, number))
        assert answers(smsc) == [(1, 0), (2, 0x55), (3, 0x55)]

    clock.run(body())


def test_a_handler_that_returns_nonsense_has_failed() -> None:
    async def body() -> None:
        async def late(delivery: Delivery) -> int:
            await asyncio.sleep(0)
            return 1 << 33

        async with RawSmsc() as smsc, client_of(smsc) as client:
            for number, handler in enumerate((lambda delivery: "fine", lambda delivery: True, lambda delivery: -1, late)):
                client.on_inbound(handler)  # type: ignore[arg-type]
                smsc.peers[0].send(text(number))
                await smsc.until(answered(smsc, number + 1))
            assert [type(item.error) for item in client.quarantine] == [TypeError, TypeError, EncodeError, EncodeError]
        assert [status for _, status in answers(smsc)] == [LATER] * 4

    clock.run(body())


def test_the_quarantine_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "QUARANTINE", 5)
    logging.getLogger("smswire.session").disabled = True

    async def body() -> None:
        def failing(delivery: Delivery) -> None:
            raise KeyError

        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_inbound(failing)
            smsc.peers[0].send(*(text(number) for number in range(20)))
            await smsc.until(answered(smsc, 20))
            assert [item.pdu.short_message for item in client.quarantine] == [b"15", b"16", b"17", b"18", b"19"]

    try:
        clock.run(body())
    finally:
        logging.getLogger("smswire.session").disabled = False


# -- the end ------------------------------------------------------------------------------------------------------------------------


def test_close_lets_handlers_end_and_answers_later_for_those_that_do_not() -> None:
    async def body() -> None:
        async def slow(delivery: Delivery) -> None:
            await asyncio.sleep(0.5 if delivery.pdu.short_message == b"0" else 100)

        async with RawSmsc() as smsc:
            async with client_of(smsc) as client:
                client.on_inbound(slow)
                smsc.peers[0].send(text(0), text(1))
                await client.submit(submit())
            assert answers(smsc) == [(1, 0), (2, LATER)]
            assert len(asyncio.all_tasks()) == 1

    clock.run(body())


def test_a_handler_may_close_its_client() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            loop = asyncio.get_running_loop()
            client = client_of(smsc)

            async def handler(delivery: Delivery) -> None:
                await delivery.ack()
                await client.close()

            await client.start()
            client.on_inbound(handler)
            begin = loop.time()
            smsc.peers[0].send(DELIVER)
            await smsc.until(lambda: smsc.peers[0].ended)
            await client.close()
            assert loop.time() - begin < 0.5 and client.state == "closed"
            assert answers(smsc) == [(1, 0)] and smsc.received[-1].command == "unbind"

    clock.run(body())


def test_what_a_fallen_link_brought_is_dropped_and_its_late_answer_says_so() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.peers[0].send(text(0), text(1), text(2))
            deliveries = client.inbound()
            first = await anext(deliveries)
            smsc.peers[0].reset()
            await smsc.until(lambda: len(smsc.peers) == 2 and smsc.peers[1].received)
            assert not await first.ack()
            smsc.peers[1].send(text(0))
            assert (await anext(deliveries)).pdu.short_message == b"0"
            assert client.unsettled == 1

    clock.run(body())


def test_what_comes_while_the_client_closes_is_answered_later() -> None:
    async def body() -> None:
        def late(peer: Any, pdu: Pdu) -> None:
            peer.send(DELIVER)
            yes(peer, pdu)

        async with RawSmsc(but("submit_sm", late)) as smsc:
            client = client_of(smsc)
            await client.start()
            task = asyncio.create_task(client.submit(submit()))
            await asyncio.sleep(0)
            await client.close()
            await task
            await smsc.until(lambda: smsc.peers[0].ended)
            assert answers(smsc) == [(1, LATER)]

    clock.run(body())
