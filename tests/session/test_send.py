"""A text of any length goes out in parts, in order, and its outcome is what the receipts of all parts say, however they come."""

import asyncio
import random
from typing import Any

import clock
import pytest
from rawsmsc import DELIVER, Peer, RawSmsc, but, silent, submit, yes

import smpp_core as smpp
from smpp_core import CommandFailed, EncodeError, Pdu, RequestTimeout, SessionClosed
from smswire.message.rollup import State
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.session.retry import Retry

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)
TO = "385951111111"
LONG = "The quick brown fox jumps over the lazy dog. " * 10  # three segments


def client_of(smsc: RawSmsc, **more: Any) -> Client:
    return Client(smsc.url(), **{"limits": LIMITS, "retry": Retry(1), **more})


def receipt(id: str, stat: str = "DELIVRD", err: str = "000") -> Pdu:
    text = smpp.format_receipt(id, stat, dlvrd=1, submit_date="2601010000", done_date="2601010001", err=err)
    return smpp.DeliverSm(esm_class=4, source_addr=TO, destination_addr="Infobip", short_message=text)


def numbered(peer: Peer, pdu: Pdu) -> None:
    """Accept with the ids A1, A2, …"""
    peer.send(pdu.reply(message_id=f"A{len(peer.of('submit_sm'))}"))


def test_a_short_text_is_one_part_and_its_receipt_its_outcome() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            sent = await client.send("+" + TO, "Hello", sender="Infobip")
            assert (sent.parts, sent.message_ids, sent.state, sent.final, sent.accepted) == (1, ("A1",), State.SUBMITTED, False, True)
            waiting = asyncio.create_task(sent.outcome(10))
            await asyncio.sleep(0)
            smsc.peers[0].send(receipt("A1"))
            assert await waiting is State.DELIVERED
            assert await sent.outcome() is State.DELIVERED and sent.final and "DELIVERED" in repr(sent)
            pdu = smsc.peers[0].of("submit_sm")[0]
            assert (pdu.destination_addr, pdu.source_addr, pdu.source_addr_ton, pdu.registered_delivery) == (TO, "Infobip", 5, 1)

    clock.run(body())


def test_parts_go_in_order_and_receipts_come_in_any() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, LONG)
            assert sent.message_ids == ("A1", "A2", "A3")
            parts = smsc.peers[0].of("submit_sm")
            assert [(pdu.short_message or b"")[5] for pdu in parts] == [1, 2, 3]
            for id, stat in random.Random(1).sample([("A1", "DELIVRD"), ("A2", "DELIVRD"), ("A3", "UNDELIV")], 3):
                assert not sent.final
                smsc.peers[0].send(receipt(id, stat, "027"))
                await client.submit(submit())
            assert await sent.outcome(1) is State.UNDELIVERED
            assert sent.reason == "part 3 of 3: UNDELIVERED, err 027"
            assert sent.states == (State.DELIVERED, State.DELIVERED, State.UNDELIVERED)

    clock.run(body())


def test_a_receipt_before_the_response_and_ids_in_another_form_are_joined() -> None:
    async def body() -> None:
        def early(peer: Peer, pdu: Pdu) -> None:
            peer.send(receipt("127"), pdu.reply(message_id="7F"))

        async with RawSmsc(but("submit_sm", early)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello")
            assert await sent.outcome(1) is State.DELIVERED

    clock.run(body())


def test_an_intermediate_receipt_is_not_the_end() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello", receipt="intermediate")
            smsc.peers[0].send(receipt("A1", "ENROUTE"))
            with pytest.raises(RequestTimeout, match="no final receipt"):
                await sent.outcome(5)
            smsc.peers[0].send(receipt("A1", "DELIVRD"), receipt("A1", "DELIVRD"))
            assert await sent.outcome(5) is State.DELIVERED

    clock.run(body())


def test_after_a_part_that_failed_none_is_sent() -> None:
    async def body() -> None:
        def second_fails(peer: Peer, pdu: Pdu) -> None:
            if len(peer.of("submit_sm")) == 2:
                peer.send(pdu.reply(0x0B))
            else:
                numbered(peer, pdu)

        async with RawSmsc(but("submit_sm", second_fails)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, LONG)
            assert [type(error) for error in sent.errors] == [type(None), CommandFailed, SessionClosed]
            assert len(smsc.peers[0].of("submit_sm")) == 2
            assert not sent.accepted and sent.state is State.REJECTED
            assert sent.states == (State.SUBMITTED, State.REJECTED, State.REJECTED)

    clock.run(body())


def test_a_part_without_response_is_ambiguous() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello", timeout=2)
            assert sent.state is State.AMBIGUOUS and isinstance(sent.errors[0], RequestTimeout)
            assert await sent.outcome() is State.AMBIGUOUS

    clock.run(body())


def test_without_a_receipt_the_response_is_the_end() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello", receipt="none")
            assert await sent.outcome() is State.SENT
            assert smsc.peers[0].of("submit_sm")[0].registered_delivery == 0

    clock.run(body())


def test_a_receipt_that_never_comes_is_given_up_after_three_days() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello")
            begin = asyncio.get_running_loop().time()
            assert await sent.outcome() is State.UNKNOWN
            assert abs(asyncio.get_running_loop().time() - begin - 3 * 86_400) < 10

    clock.run(body())


def test_who_waits_for_an_outcome_is_told_of_the_close_and_may_be_cancelled() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            await client.start()
            sent = await client.send(TO, "Hello")
            first, second = (asyncio.create_task(sent.outcome()) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
            await client.close()
            with pytest.raises(SessionClosed, match="final receipt"):
                await second
            with pytest.raises(SessionClosed, match="final receipt"):
                await sent.outcome()

    clock.run(body())


# -- whose a receipt is -----------------------------------------------------------------------------------------------------------------


def acknowledged(smsc: RawSmsc) -> list[int]:
    return [pdu.command_status for pdu in smsc.peers[0].of("deliver_sm_resp")]


def test_receipts_are_acknowledged_where_nobody_else_reads_and_messages_are_not() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello")
            smsc.peers[0].send(receipt("A1"), DELIVER, receipt("A99"))
            assert await sent.outcome(1) is State.DELIVERED
            await smsc.until(lambda: acknowledged(smsc) == [0, 0])
            assert client.unsettled == 1

    clock.run(body())


def test_a_peer_that_answers_only_after_its_receipt_was_acknowledged_is_not_stalled() -> None:
    async def body() -> None:
        asked: list[Pdu] = []

        def answer(peer: Peer, pdu: Pdu) -> None:
            if pdu.command == "submit_sm":
                asked.append(pdu)
                peer.send(receipt("77"))
            elif pdu.command == "deliver_sm_resp":
                peer.send(asked[0].reply(message_id="77"))
            elif not pdu.is_response:
                yes(peer, pdu)

        async with RawSmsc(answer) as smsc, client_of(smsc) as client:
            async with asyncio.timeout(10):
                sent = await client.send(TO, "Hello")
                assert await sent.outcome() is State.DELIVERED

    clock.run(body())


@pytest.mark.parametrize("wish", ["final", "failure"])
def test_receipts_that_come_again_or_to_a_message_that_awaits_none_are_acknowledged(wish: Any) -> None:
    async def body() -> None:
        def answer(peer: Peer, pdu: Pdu) -> None:
            peer.send(pdu.reply(message_id="77"), *[receipt("77", "DELIVRD" if wish == "final" else "UNDELIV")] * 3)

        async with RawSmsc(but("submit_sm", answer)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello", receipt=wish)
            await sent.outcome(1)
            await smsc.until(lambda: acknowledged(smsc) == [0, 0, 0])
            assert client.unsettled == 0
            assert sent.state is (State.DELIVERED if wish == "final" else State.UNDELIVERED)

    clock.run(body())


def test_receipts_that_wait_for_an_iterator_are_acknowledged_when_it_is_no_more() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            smsc.peers[0].send(DELIVER)
            async for delivery in client.inbound():
                await delivery.ack()
                break
            sent = await client.send(TO, "Hello")
            smsc.peers[0].send(receipt("A1"))
            assert await sent.outcome(1) is State.DELIVERED
            await smsc.until(lambda: acknowledged(smsc) == [0, 0])
            deliveries = client.inbound()
            smsc.peers[0].send(receipt("A98"), DELIVER, receipt("A99"))
            await client.submit(submit())
            assert client.unsettled == 3 and acknowledged(smsc) == [0, 0]
            del deliveries
            await smsc.until(lambda: len(acknowledged(smsc)) == 4)
            assert client.unsettled == 1

    clock.run(body())


def test_receipts_of_an_earlier_life_do_not_fill_the_peers_window() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            smsc.peers[0].send(receipt("old1"), receipt("old2"))
            await client.request(smpp.EnquireLink())
            assert client.unsettled == 2
            await client.send(TO, "Hello")
            assert client.unsettled == 0

    clock.run(body())


def test_who_reads_gets_the_receipts_too_and_answers_them() -> None:
    async def body() -> None:
        got: list[str | None] = []
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "Hello")
            deliveries = client.inbound()
            smsc.peers[0].send(receipt("A1"))
            delivery = await anext(deliveries)
            assert sent.final and delivery.receipt is not None and delivery.receipt.id == "A1"
            assert acknowledged(smsc) == []
            await delivery.reject()
            client.on_inbound(lambda delivery: got.append(delivery.receipt.id if delivery.receipt else None))
            again = await client.send(TO, "Hello")
            smsc.peers[0].send(receipt("A2"))
            await again.outcome(1)
            await smsc.until(lambda: acknowledged(smsc) == [0x64, 0])
        assert got == ["A2"]

    clock.run(body())


def test_what_cannot_be_composed_is_said_and_nothing_is_sent() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            wrong: list[tuple[str, dict[str, Any]]] = [
                ("12", {}), (TO, {"sender": "a name that is too long"}), (TO, {"encoding": "gsm7", "text": "ж"}), (TO, {"priority": 256}),
            ]
            for to, options in wrong:
                with pytest.raises((EncodeError, TypeError, ValueError)):
                    await client.send(to, **{"text": "x", **options})
            with pytest.raises(TypeError):
                await client.send(TO, "x", flsh=True)
            await client.send(TO, "x", flash=True, validity=None)
            assert len(smsc.peers[0].of("submit_sm")) == 1

    clock.run(body())


def test_a_cancelled_send_that_was_never_written_leaves_nothing_behind() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=1) as client:
            first = asyncio.create_task(client.submit(submit()))
            await smsc.until(lambda: smsc.peers[0].of("submit_sm"))
            task = asyncio.create_task(client.send(TO, LONG))
            await asyncio.sleep(0.01)
            assert client._sender is not None and len(client._sender.tracker) == 1
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert len(client._sender.tracker) == 0 and client.waiting == 0
            first.cancel()

    clock.run(body())


@pytest.mark.parametrize("how", ["messages", "repeated"])
@pytest.mark.parametrize("asked", ["before", "after", "days after"])
def test_who_waits_for_a_message_that_is_followed_no_more_is_told_at_once(how: str, asked: str) -> None:
    async def body() -> None:
        def answer(peer: Peer, pdu: Pdu) -> None:
            peer.send(pdu.reply(message_id="1" if how == "repeated" else str(pdu.sequence_number)))

        loop = asyncio.get_running_loop()
        async with RawSmsc(but("submit_sm", answer)) as smsc, client_of(smsc) as client:
            sent = await client.send(TO, "one")
            if how == "messages":
                assert client._sender is not None
                client._sender.tracker.limit = 1
            waiter = asyncio.create_task(sent.outcome()) if asked == "before" else None
            await asyncio.sleep(0)
            await client.send(TO, "two")
            if asked == "days after":
                await asyncio.sleep(4 * 86_400)
            begin = loop.time()
            if how == "repeated" and asked == "days after":  # its time was over, and told
                assert await sent.outcome() is State.UNKNOWN
            else:
                with pytest.raises(RequestTimeout, match="no longer followed"):
                    await (waiter or sent.outcome())
            assert loop.time() - begin < 1

    clock.run(body())


def test_parts_of_a_message_that_is_followed_no_more_are_still_told_and_open_no_other() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc, window=1) as client:
            await client.send(TO, "one", receipt="none")
            assert client._sender is not None
            client._sender.tracker.limit = 1
            one, two = await asyncio.gather(client.send(TO, LONG), client.send(TO, LONG))
            assert one.states == (State.SUBMITTED,) * 3 and one.message_ids.count(None) == 0 and two.accepted
            assert len(client._sender.tracker) == 1
            with pytest.raises(RequestTimeout, match="too many messages"):
                await one.outcome()

    clock.run(body())


def test_who_waits_for_an_outcome_is_told_when_there_will_be_no_link_any_more() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", numbered)) as smsc, client_of(smsc, reconnect=False) as client:
            sent = await client.send(TO, "Hello")
            waiter = asyncio.create_task(sent.outcome())
            await asyncio.sleep(0)
            smsc.peers[0].transport.abort()
            async with asyncio.timeout(60):
                with pytest.raises(SessionClosed, match="the link has fallen"):
                    await waiter

    clock.run(body())


def test_a_cancelled_send_leaves_its_part_ambiguous_and_nothing_else() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc) as client:
            task = asyncio.create_task(client.send(TO, LONG))
            await smsc.until(lambda: smsc.peers[0].of("submit_sm"))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(client.in_flight) == 1 and client.waiting == 0

    clock.run(body())
