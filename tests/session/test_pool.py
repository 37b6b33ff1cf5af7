"""Several binds work as one: the least loaded link sends, all of them receive, and one that falls does not stop the others."""

import asyncio
from collections import Counter
from typing import Any

import clock
import pytest
from rawsmsc import DELIVER, Peer, RawSmsc, but, silent, submit, yes

from smpp_core import CommandFailed, CommandStatus, EncodeError, Pdu, SessionClosed
from smswire.session.backoff import Backoff
from smswire.session.limits import Limits
from smswire.session.pool import Pool

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)


def pool_of(smsc: RawSmsc, binds: int = 3, **more: Any) -> Pool:
    return Pool(smsc.url(), binds, **{"limits": LIMITS, "backoff": Backoff(1.0, 8.0, random=lambda: 0.0), **more})


def submits(smsc: RawSmsc) -> list[int]:
    return [len(peer.of("submit_sm")) for peer in smsc.peers]


def test_all_binds_are_made_and_the_load_is_spread() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc:
            async with pool_of(smsc, window=5) as pool:
                tasks = [asyncio.create_task(pool.submit(submit())) for _ in range(16)]
                await smsc.until(lambda: sum(submits(smsc)) == 15)
                assert submits(smsc) == [5, 5, 5] and pool.waiting == 1 and len(pool.in_flight) == 15
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                for peer in smsc.peers:
                    for pdu in peer.of("submit_sm"):
                        yes(peer, pdu)
                assert await pool.drain() == []
                smsc.answer = yes
                for _ in range(9):  # one at a time: no link gets them all
                    await pool.submit(submit())
                assert sorted(submits(smsc)) == [8, 8, 8]
            assert [peer.received[-1].command for peer in smsc.peers] == ["unbind"] * 3

    clock.run(body())


def test_the_link_with_the_fewest_in_flight_sends() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, pool_of(smsc, 3, window=10) as pool:
            tasks = [asyncio.create_task(pool.submit(submit())) for _ in range(12)]
            await smsc.until(lambda: submits(smsc) == [4, 4, 4])
            for pdu in smsc.peers[1].of("submit_sm")[:3]:
                yes(smsc.peers[1], pdu)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            tasks += [asyncio.create_task(pool.submit(submit())) for _ in range(3)]
            await smsc.until(lambda: submits(smsc) == [4, 7, 4])
            for task in tasks:
                task.cancel()

    clock.run(body())


def test_a_slow_link_gets_no_more_than_its_window() -> None:
    async def body() -> None:
        def first_is_slow(peer: Peer, pdu: Pdu) -> None:
            if peer is not peer.smsc.peers[0]:
                yes(peer, pdu)

        async with RawSmsc(but("submit_sm", first_is_slow)) as smsc, pool_of(smsc, 2, window=10) as pool:
            seen = 0
            async with asyncio.timeout(20):
                async for result in pool.submit_many(submit() for _ in range(200)):
                    seen += result.ok
                    if seen == 150:
                        break
            assert submits(smsc)[0] <= 10 and submits(smsc)[1] >= 150

    clock.run(body())


def test_a_link_that_falls_takes_only_its_own_with_it() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, pool_of(smsc, window=4) as pool:
            tasks = [asyncio.create_task(pool.submit(submit(str(number)))) for number in range(20)]
            await smsc.until(lambda: sum(submits(smsc)) == 12)
            smsc.answer = yes
            smsc.peers[1].reset()
            for peer in (smsc.peers[0], smsc.peers[2]):
                for pdu in peer.of("submit_sm"):
                    yes(peer, pdu)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            kinds = Counter(type(outcome).__name__ for outcome in outcomes)
            assert kinds == {"SubmitSmResp": 16, "SessionClosed": 4}
            assert pool.state == "bound"
            await smsc.until(lambda: len(smsc.peers) == 4 and smsc.peers[3].received)
            await asyncio.sleep(1)
            await asyncio.gather(*(pool.submit(submit()) for _ in range(30)))
            assert submits(smsc)[3] > 0

    clock.run(body())


def test_kinds_of_binds_share_the_work() -> None:
    async def body() -> None:
        got: list[Pdu] = []
        async with RawSmsc() as smsc:
            pool = Pool(smsc.url(), kinds=("transmitter", "receiver", "receiver"), limits=LIMITS)
            pool.on_inbound(lambda delivery: got.append(delivery.pdu))
            async with pool:
                for peer in smsc.peers:
                    if peer.received[0].command == "bind_receiver":
                        peer.send(DELIVER)
                    else:
                        sender = peer
                await asyncio.gather(*(pool.submit(submit()) for _ in range(10)))
                await smsc.until(lambda: sum(len(peer.of("deliver_sm_resp")) for peer in smsc.peers) == 2)
            assert len(got) == 2 and len(sender.of("submit_sm")) == 10
            assert sorted(peer.received[0].command for peer in smsc.peers) == ["bind_receiver", "bind_receiver", "bind_transmitter"]

    clock.run(body())


def test_an_account_that_allows_fewer_binds_keeps_what_it_got_and_the_rest_try_again() -> None:
    async def body() -> None:
        allowed = 2
        bound = []

        def limited(peer: Peer, pdu: Pdu) -> None:
            if len(bound) < allowed:
                bound.append(peer)
                yes(peer, pdu)
            else:
                peer.send(pdu.reply(CommandStatus.ESME_RALYBND))

        async with RawSmsc(but("bind_transceiver", limited)) as smsc, pool_of(smsc, 3) as pool:
            assert pool.state == "bound" and len(pool._links) == 2
            allowed = 3
            await asyncio.sleep(60)
            assert len(pool._links) == 3

    clock.run(body())


def test_if_no_bind_succeeds_entering_raises() -> None:
    async def body() -> None:
        async with RawSmsc(but("bind_transceiver", lambda peer, pdu: peer.send(pdu.reply(14)))) as smsc:
            with pytest.raises(CommandFailed):
                await pool_of(smsc).start()
            assert len(asyncio.all_tasks()) == 1
        with pytest.raises(SessionClosed):
            await Pool(f"smpp://127.0.0.1:{smsc._port}", 2).start()

    clock.run(body())


def test_the_rate_is_that_of_all_links_together() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        async with RawSmsc() as smsc, pool_of(smsc, rate=10) as pool:
            begin = loop.time()
            assert len([result async for result in pool.submit_many(submit() for _ in range(101))]) == 101
            assert 9.9 < loop.time() - begin < 11

    clock.run(body())


def test_a_pool_has_one_bind_at_least() -> None:
    with pytest.raises(EncodeError):
        Pool("smpp://host", 0)
    with pytest.raises(EncodeError):
        Pool("smpp://host", kinds=())
    assert Pool("smpp://host/?bind=receiver", 2).kinds == ("receiver", "receiver")
