"""A buffer of requests comes back as columns in the buffer's order, and a buffer that is none is refused before anything is sent."""

import asyncio
from array import array
from typing import Any

import clock
import pytest
from rawsmsc import Peer, RawSmsc, but, submit, yes

import smpp_core as smpp
from smpp_core import EncodeError, Pdu
from smswire.session.buffer import ANSWERED, LOST, NOT_SENT, TIMED_OUT, BufferResult
from smswire.session.client import Client
from smswire.session.limits import Limits

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)


def client_of(smsc: RawSmsc, **more: Any) -> Client:
    return Client(smsc.url(), **{"limits": LIMITS, **more})


def test_results_stand_in_the_order_of_the_buffer() -> None:
    async def body() -> None:
        held: list[Pdu] = []

        def backwards(peer: Peer, pdu: Pdu) -> None:
            held.append(pdu)
            if len(held) == 5:
                for pdu in held[::-1]:
                    number = int(pdu.short_message or b"")
                    yes(peer, pdu) if number % 3 else peer.send(pdu.reply(0x0B))
                held.clear()

        async with RawSmsc(but("submit_sm", backwards)) as smsc, client_of(smsc, window=5) as client:
            result = await client.submit_buffer(b"".join(bytes(submit(str(number))) for number in range(10)))
        assert isinstance(result, BufferResult) and len(result) == 10 and result.accepted == 6
        assert list(result.status) == [0 if number % 3 else 0x0B for number in range(10)]
        assert list(result.error) == [ANSWERED] * 10
        assert list(result.message_ids) == [str(number) if number % 3 else None for number in range(10)]
        assert all(latency > 0 for latency in result.latency)
        assert isinstance(result.status, array) and isinstance(result.latency, array)

    clock.run(body())


def test_every_way_to_fail_has_its_number() -> None:
    async def body() -> None:
        def answer(peer: Peer, pdu: Pdu) -> None:
            if pdu.short_message == b"cut":
                peer.transport.close()
            elif pdu.short_message != b"silent":
                yes(peer, pdu)

        requests = [submit("fine"), submit("silent"), submit("cut"), submit("never")]
        limits = Limits(enquire_link=0, response_timeout=5.0)
        async with RawSmsc(but("submit_sm", answer)) as smsc, client_of(smsc, window=1, limits=limits, reconnect=False) as client:
            result = await client.submit_buffer(bytearray(b"".join(map(bytes, requests))))
        assert list(result.error) == [ANSWERED, TIMED_OUT, LOST, NOT_SENT]
        assert list(result.message_ids) == ["fine", None, None, None]
        assert list(result.message_ids[1:]) == [None] * 3 and result.message_ids[-4] == "fine"

    clock.run(body())


SPOILS = {
    "cut": lambda octets: octets[:-1], "a stray octet": lambda octets: octets + b"\0", "shifted": lambda octets: octets[:40] + octets[41:],
    "the peer's command": lambda octets: octets + bytes(smpp.DeliverSm()), "a response": lambda octets: octets + bytes(smpp.SubmitSmResp()),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_what_is_no_row_of_pdus_is_refused_before_anything_is_sent(spoil: Any) -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            with pytest.raises(EncodeError) as caught:
                await client.submit_buffer(spoil(b"".join(bytes(submit(str(number))) for number in range(3))))
            assert caught.value.row is not None
            await client.submit(submit())
            assert len(smsc.peers[0].of("submit_sm")) == 1

    clock.run(body())


def test_an_empty_buffer_has_empty_columns() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            result = await client.submit_buffer(b"")
            assert len(result) == 0 and list(result.message_ids) == []

    asyncio.run(body())
