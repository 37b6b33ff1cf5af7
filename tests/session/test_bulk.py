"""A buffer on its way over real links: what throttling, time-outs, cancelling, closing and falling links may not do to it or to others."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import clock
import pytest
from rawsmsc import RawSmsc, but, silent, submit, yes

from smpp_core import decode
from smswire.session.backoff import Backoff
from smswire.session.buffer import LOST
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.session.retry import Retry

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0, response_timeout=5.0)


def buffer(count: int, tag: str = "m") -> bytes:
    return b"".join(bytes(submit(f"{tag}{number}")) for number in range(count))


def with_client(answer: Callable[..., Any], work: Callable[[Client, RawSmsc], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run work with a client that is bound to an SMSC which answers submit_sm so; it may take an hour of the loop's time."""

    async def body() -> None:
        async with RawSmsc(but("submit_sm", answer)) as smsc:
            client = Client(smsc.url(), **{"limits": LIMITS, **options})
            await client.start()
            try:
                async with asyncio.timeout(3600):
                    await work(client, smsc)
            finally:
                await client.close(0)

    clock.run(body())


def test_requests_that_rest_when_their_link_falls_go_over_the_next_one() -> None:
    seen = []

    def answer(peer, pdu):
        seen.append(pdu)
        if len(seen) == 1:
            peer.send(pdu.reply(0x58))
        else:
            yes(peer, pdu)
            if len(seen) == 3:
                peer.transport.close()

    async def work(client, smsc):
        assert list((await client.submit_buffer(buffer(3))).error) == [0, 0, 0]

    with_client(answer, work, window=1, adaptive=False, retry=Retry(base=10, jitter=0), backoff=Backoff(base=0.1))


def test_a_peer_that_throttles_for_ever_gets_each_request_as_often_as_the_retry_says() -> None:
    got = Counter()

    def answer(peer, pdu):
        got[pdu.short_message] += 1
        peer.send(pdu.reply(0x58))

    async def work(client, smsc):
        result = await client.submit_buffer(buffer(200))
        assert set(result.status) == {0x58}

    with_client(answer, work, window=10, adaptive=False, retry=Retry(attempts=5, base=1, jitter=0))
    assert len(got) == 200 and max(got.values()) <= 5


def test_what_was_never_written_is_never_called_lost() -> None:
    got = []

    async def work(client, smsc):
        def everything(peer, pdu):
            if pdu.command == "unbind":
                for earlier in got[:4]:
                    yes(peer, earlier)  # what is in flight is still answered
                asyncio.get_running_loop().call_later(0.5, yes, peer, pdu)
            elif pdu.command == "submit_sm":
                got.append(pdu)
                if len(got) == 4:  # what an answer ESME_RINVBNDSTS to another request does
                    asyncio.get_running_loop().call_soon(client._binds[0].rebind)
                elif len(got) > 4:
                    yes(peer, pdu)
            else:
                yes(peer, pdu)

        smsc.answer = everything
        result = await client.submit_buffer(buffer(12))
        reached = {pdu.short_message for pdu in got}
        assert [at for at, error in enumerate(result.error) if error == LOST and f"m{at}".encode() not in reached] == []

    with_client(yes, work, window=4, backoff=Backoff(base=0.1))


@pytest.mark.parametrize("how", ["times out", "is cancelled"])
def test_a_submit_that_waits_behind_a_buffer_goes_on_when_that(how: str) -> None:
    def answer(peer, pdu):
        if pdu.short_message == b"single":
            yes(peer, pdu)

    async def work(client, smsc):
        whole = asyncio.ensure_future(client.submit_buffer(buffer(4)))
        await asyncio.sleep(0.1)
        single = asyncio.ensure_future(client.submit(submit("single")))
        await asyncio.sleep(0.1)
        if how == "is cancelled":
            whole.cancel()
        await single

    with_client(answer, work, window=4)


def test_a_second_buffer_goes_on_when_the_first_is_cancelled_and_the_window_holds() -> None:
    waiting, most = [], 0

    def answer(peer, pdu):
        nonlocal most
        if pdu.short_message[:1] == b"b":
            yes(peer, pdu)
        else:
            waiting.append(pdu)
        most = max(most, len(waiting))

    async def work(client, smsc):
        first = asyncio.ensure_future(client.submit_buffer(buffer(9, "a")))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(client.submit_buffer(buffer(4, "b")))
        await asyncio.sleep(0.1)
        first.cancel()
        assert (await second).accepted == 4

    with_client(answer, work, window=4)
    assert most == 4


def test_drain_ends_when_a_buffer_is_cancelled() -> None:
    async def work(client, smsc):
        whole = asyncio.ensure_future(client.submit_buffer(buffer(4), timeout=30))
        await asyncio.sleep(0.1)
        drained = asyncio.ensure_future(client.drain())
        await asyncio.sleep(0.1)
        whole.cancel()
        await drained

    with_client(silent, work, window=4)


@pytest.mark.parametrize("resting", [False, True])
def test_a_buffer_begins_as_soon_as_other_requests_have_left_the_window(resting: bool) -> None:
    singles = []

    def answer(peer, pdu):
        if pdu.short_message != b"single":
            yes(peer, pdu)
        elif resting and not singles:
            singles.append(pdu)
            peer.send(pdu.reply(0x14))
        else:
            asyncio.get_running_loop().call_later(1.0, yes, peer, pdu)

    async def work(client, smsc):
        single = asyncio.ensure_future(client.submit(submit("single")))
        await asyncio.sleep(0.1)
        whole = asyncio.ensure_future(client.submit_buffer(buffer(3)))
        if resting:
            await whole
            assert not single.done()
        await single
        async with asyncio.timeout(1.0):
            await whole

    with_client(answer, work, window=1, adaptive=False, retry=Retry(base=20, jitter=0))


def test_a_close_lets_a_buffer_send_no_more() -> None:
    got = []

    def answer(peer, pdu):
        got.append(pdu)
        asyncio.get_running_loop().call_later(1.0, yes, peer, pdu)

    async def work(client, smsc):
        whole = asyncio.ensure_future(client.submit_buffer(buffer(50)))
        await asyncio.sleep(0.1)
        await client.close()
        result = await whole
        assert len(got) == 2 and result.accepted == 2 and len(result) == 50

    with_client(answer, work, window=2)


def test_no_message_goes_out_twice_when_a_link_breaks_while_others_are_submitted() -> None:
    got = Counter()

    def answer(peer, pdu):
        got[pdu.short_message] += 1
        if pdu.short_message == b"h50":
            peer.send(b"\0\0\0\5" + bytes(12))
        else:
            yes(peer, pdu)

    async def work(client, smsc):
        tasks = []
        for number in range(300):
            tasks.append(asyncio.ensure_future(client.submit(submit(f"h{number}"))))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)

    with_client(answer, work, window=1000, backoff=Backoff(base=0.1))
    assert len(got) == 300 and max(got.values()) == 1


def test_an_observer_and_the_metrics_see_every_response_of_a_buffer() -> None:
    class Watch:
        seen, written = [], []

        def received(self, link, pdu):
            self.seen.append(pdu.command)

        def sent(self, link, octets):
            self.written.append(decode(octets).command)

    async def work(client, smsc):
        await client.submit_buffer(buffer(5))
        assert Watch.seen.count("submit_sm_resp") == Watch.written.count("submit_sm") == 5
        assert client.metrics.count("answered", "submit_sm", 0) == 5

    with_client(yes, work, observer=Watch())


def test_a_peer_that_reads_again_and_again_adds_no_timer() -> None:
    async def work(client, smsc):
        whole = asyncio.ensure_future(client.submit_buffer(buffer(500)))
        await asyncio.sleep(0.5)
        run, link = client._links[0].machine.bulk, client._links[0]
        looks = 0
        fill = run._fill

        def count() -> None:
            nonlocal looks
            looks += 1
            fill()

        run._fill = count
        await asyncio.sleep(2)
        before, looks = looks, 0
        for _ in range(20):
            link.resume_writing()
        looks = 0
        await asyncio.sleep(2)
        assert looks <= before * 2
        whole.cancel()

    with_client(yes, work, rate=10)
