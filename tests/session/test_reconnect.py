"""A fallen link is bound again, at the host that the rules say, after the back-off; what was in flight is told, what was not is sent."""

import asyncio
from typing import Any

import clock
import pytest
from rawsmsc import Peer, RawSmsc, but, silent, submit, yes

import smpp_core as smpp
from smpp_core import CommandFailed, CommandStatus, Pdu, RequestTimeout, SessionClosed
from smswire.session import client as client_module
from smswire.session.backoff import Backoff
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.session.retry import Retry
from smswire.session.supervisor import Down, Up

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)


def client_of(*smscs: RawSmsc, **more: Any) -> Client:
    hosts = ",".join(f"127.0.0.1:{smsc._port}" for smsc in smscs)
    backoff = Backoff(1.0, 8.0, random=lambda: 0.0, already_bound=30.0, steady=10.0)
    return Client(f"smpp://test:secret@{hosts}/", **{"limits": LIMITS, "backoff": backoff, **more})


def binds(smsc: RawSmsc) -> int:
    return len([pdu for pdu in smsc.received if pdu.command.startswith("bind")])


@pytest.mark.parametrize("how", ["reset", "close", "eof", "unbind", "garbage"])
def test_however_a_link_falls_it_is_bound_again(how: str) -> None:
    def fall(peer: Peer) -> None:
        if how == "reset":
            peer.reset()
        elif how == "close":
            peer.transport.close()
        elif how == "eof":
            peer.transport.write_eof()
        elif how == "unbind":
            peer.send(smpp.Unbind())
        else:
            peer.send(b"\0\0\0\1garbage")

    async def body() -> None:
        news: list[Any] = []
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            client.on_event(lambda item: news.append(item) if isinstance(item, Up | Down) else None)
            async with client:
                for count in (2, 3):
                    fall(smsc.peers[-1])
                    await smsc.until(lambda: binds(smsc) == count)  # noqa: B023
                    assert (await client.submit(submit("after"))).message_id == "after"
        assert [type(item) for item in news] == [Up, Down, Up, Down, Up]
        assert all(item.reason and item.again is not None for item in news if isinstance(item, Down))

    clock.run(body())


def test_what_was_written_when_the_link_fell_is_told_and_never_sent_again() -> None:
    async def body() -> None:
        downs: list[Down] = []
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=3) as client:
            client.on_event(lambda item: downs.append(item) if isinstance(item, Down) else None)
            tasks = [asyncio.create_task(client.submit(submit(str(number)))) for number in range(5)]
            await smsc.until(lambda: len(smsc.peers[0].of("submit_sm")) == 3)
            smsc.answer = yes
            smsc.peers[0].reset()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [SessionClosed] * 3 + [smpp.SubmitSmResp] * 2
            assert all(outcome.written for outcome in outcomes[:3])  # type: ignore[union-attr]
            assert [pdu.short_message for pdu in smsc.peers[1].of("submit_sm")] == [b"3", b"4"]
            assert [pdu.short_message for pdu in client.lost] == [b"0", b"1", b"2"]
            assert [pdu.short_message for pdu in downs[0].lost] == [b"0", b"1", b"2"]

    clock.run(body())


def test_the_list_of_what_was_lost_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LOST", 5)

    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc) as client:
            for round_ in range(1, 5):
                if round_ == 4:
                    assert [pdu.short_message for pdu in client.lost] == [b"21", b"22", b"30", b"31", b"32"]
                    monkeypatch.setattr(client_module, "LOST_OCTETS", 100)
                tasks = [asyncio.create_task(client.submit(submit(f"{round_}{number}"))) for number in range(3)]
                await smsc.until(lambda: len(smsc.peers[-1].of("submit_sm")) == 3)
                smsc.peers[-1].reset()
                await asyncio.gather(*tasks, return_exceptions=True)
                await smsc.until(lambda: len(smsc.peers) == round_ + 1 and smsc.peers[-1].received)  # noqa: B023
            assert [pdu.short_message for pdu in client.lost] == [b"42"] and client._lost_octets == len(client.lost[0]) <= 100

    clock.run(body())


def test_a_submit_waits_for_the_reconnect_up_to_its_time() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        smsc = RawSmsc()
        await smsc.start()
        async with client_of(smsc) as client:
            await smsc.stop()
            begin = loop.time()
            with pytest.raises(RequestTimeout, match="no link") as caught:
                await client.submit(submit(), timeout=5)
            assert not caught.value.written and 5 <= loop.time() - begin < 5.5
            assert client.state == "down"
            waiting = asyncio.create_task(client.submit(submit("later"), timeout=500))
            with pytest.raises(SessionClosed):
                client.submit_nowait(submit())
            with pytest.raises(SessionClosed):
                await client.request(smpp.EnquireLink())
            await asyncio.sleep(100)
            await smsc.start()
            assert (await waiting).message_id == "later"
        await smsc.stop()

    clock.run(body())


def test_the_waits_between_attempts_grow_to_the_cap_and_begin_anew_after_a_steady_session() -> None:
    async def body() -> None:
        smsc = RawSmsc()
        await smsc.start()
        waits: list[float | None] = []
        async with client_of(smsc) as client:
            client.on_event(lambda item: waits.append(item.again) if isinstance(item, Down) else None)
            await asyncio.sleep(20)
            await smsc.stop()
            await asyncio.sleep(40)
            assert waits[:6] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
            await smsc.start()
            await smsc.until(lambda: binds(smsc) == 2)
            await asyncio.sleep(20)
            waits.clear()
            smsc.peers[-1].reset()
            await smsc.until(lambda: binds(smsc) == 3)
            assert waits == [1.0]
        await smsc.stop()

    clock.run(body())


def test_a_peer_that_still_holds_the_old_session_is_given_time() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        times: list[float] = []

        def refuse(peer: Peer, pdu: Pdu) -> None:
            times.append(loop.time())
            peer.send(pdu.reply(CommandStatus.ESME_RALYBND if len(times) < 3 else 0))

        async with RawSmsc() as smsc, client_of(smsc):
            smsc.answer = but("bind_transceiver", refuse)
            smsc.peers[0].reset()
            await smsc.until(lambda: len(times) == 3)
        assert 30 < times[1] - times[0] < 40 and 30 < times[2] - times[1] < 40

    clock.run(body())


def test_a_password_that_has_become_wrong_is_tried_seldom() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        times: list[float] = []

        def refuse(peer: Peer, pdu: Pdu) -> None:
            times.append(loop.time())
            peer.send(pdu.reply(CommandStatus.ESME_RINVPASWD if len(times) < 3 else 0))

        async with RawSmsc() as smsc, client_of(smsc) as client:
            smsc.answer = but("bind_transceiver", refuse)
            smsc.peers[0].reset()
            await smsc.until(lambda: len(times) == 3)
            await client.submit(submit())
        assert all(later - earlier >= 8 for earlier, later in zip(times, times[1:]))

    clock.run(body())


# -- hosts --------------------------------------------------------------------------------------------------------------------------


def test_the_first_host_that_answers_is_taken() -> None:
    async def body() -> None:
        async with RawSmsc() as dead:
            pass
        async with RawSmsc() as second, RawSmsc() as third, client_of(dead, second, third):
            assert (binds(second), binds(third)) == (1, 0)

    clock.run(body())


def test_a_refusal_that_may_pass_goes_to_the_next_host_and_a_wrong_password_does_not() -> None:
    async def body(status: int) -> tuple[int, int]:
        first = RawSmsc(but("bind_transceiver", lambda peer, pdu: peer.send(pdu.reply(status))))
        async with first, RawSmsc() as second:
            client = client_of(first, second)
            try:
                await client.start()
            except CommandFailed:
                pass
            await client.close()
            return binds(first), binds(second)

    assert clock.run(body(CommandStatus.ESME_RBINDFAIL)) == (1, 1)
    assert clock.run(body(CommandStatus.ESME_RINVPASWD)) == (1, 0)


def test_after_a_steady_session_the_primary_is_tried_first_and_after_a_short_one_the_next() -> None:
    async def body() -> None:
        first, second = RawSmsc(), RawSmsc()
        await first.start()
        await second.start()
        async with client_of(first, second) as client:
            assert (binds(first), binds(second)) == (1, 0)
            first.peers[-1].reset()  # at once: the next host
            await second.until(lambda: binds(second) == 1)
            await client.submit(submit())
            await asyncio.sleep(15)
            second.peers[-1].reset()  # steady: the primary
            await first.until(lambda: binds(first) == 2)
            await client.submit(submit())
            await asyncio.sleep(15)
            await first.stop()  # steady, but the primary is gone: the next host
            await second.until(lambda: binds(second) == 2)
            await client.submit(submit())
            await first.start()
            await asyncio.sleep(100)
            assert binds(first) == 2  # a bind that works is not moved
            second.peers[-1].reset()
            await first.until(lambda: binds(first) == 3)
        await first.stop()
        await second.stop()

    clock.run(body())


def test_a_silent_peer_is_found_out_and_replaced() -> None:
    async def body() -> None:
        limits = Limits(enquire_link=10, enquire_timeout=5, unbind_timeout=1)
        async with RawSmsc() as smsc, client_of(smsc, limits=limits) as client:
            await asyncio.sleep(25)
            assert len(smsc.peers[0].of("enquire_link")) == 2
            smsc.answer = but("enquire_link", silent)
            await smsc.until(lambda: binds(smsc) == 2)
            smsc.answer = yes
            await client.submit(submit())

    clock.run(body())


# -- without reconnect ----------------------------------------------------------------------------------------------------------------


def test_without_reconnect_a_fallen_link_ends_what_waits_and_what_comes() -> None:
    async def body() -> None:
        downs: list[Down] = []
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=1, reconnect=False) as client:
            client.on_event(lambda item: downs.append(item) if isinstance(item, Down) else None)
            tasks = [asyncio.create_task(client.submit(submit())) for _ in range(2)]
            await smsc.until(lambda: smsc.peers[0].of("submit_sm"))
            smsc.peers[0].reset()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert [outcome.written for outcome in outcomes] == [True, False]  # type: ignore[union-attr]
            with pytest.raises(SessionClosed, match="fallen"):
                await client.submit(submit())
            assert downs[0].again is None and client.state == "down" and binds(smsc) == 1

    clock.run(body())


def test_a_peer_that_says_not_bound_is_bound_anew() -> None:
    async def body() -> None:
        def amnesia(peer: Peer, pdu: Pdu) -> None:
            if peer is peer.smsc.peers[0]:
                peer.send(pdu.reply(CommandStatus.ESME_RINVBNDSTS))
            else:
                yes(peer, pdu)

        async with RawSmsc(but("submit_sm", amnesia)) as smsc, client_of(smsc, retry=Retry(random=lambda: 0.0)) as client:
            assert (await client.submit(submit("x"))).message_id == "x"
            assert smsc.peers[0].received[-1].command == "unbind" and binds(smsc) == 2

    clock.run(body())


def test_a_close_waits_for_what_is_in_flight_on_a_link_that_is_being_unbound() -> None:
    async def body() -> None:
        held: list[Pdu] = []

        def amnesia(peer: Peer, pdu: Pdu) -> None:
            if pdu.short_message == b"x":
                peer.send(pdu.reply(CommandStatus.ESME_RINVBNDSTS))
            else:
                held.append(pdu)

        async with RawSmsc(lambda peer, pdu: {"submit_sm": amnesia, "unbind": silent}.get(pdu.command, yes)(peer, pdu)) as smsc:
            client = client_of(smsc, retry=Retry(random=lambda: 0.0))
            await client.start()
            flying = asyncio.create_task(client.submit(submit("flying")))
            other = asyncio.create_task(client.submit(submit("x")))
            await smsc.until(lambda: smsc.peers[0].of("unbind"))
            closing = asyncio.create_task(client.close())
            with pytest.raises(CommandFailed):
                await other
            yes(smsc.peers[0], held[0])
            assert (await flying).message_id == "flying"
            await closing
            assert len(smsc.peers) == 1 and client.lost == []

    clock.run(body())


@pytest.mark.parametrize("when", ["waits", "connects", "binds"])
def test_a_client_can_be_closed_while_it_reconnects(when: str) -> None:
    async def body() -> None:
        smsc = RawSmsc()
        await smsc.start()
        client = client_of(smsc, limits=Limits(bind_timeout=1000, unbind_timeout=1))
        await client.start()
        if when == "waits":
            await smsc.stop()
            await asyncio.sleep(20)
        else:
            smsc.answer = silent
            smsc.peers[0].reset()
            await smsc.until(lambda: len(smsc.peers) == 2)
            if when == "binds":
                await smsc.until(lambda: binds(smsc) == 2)
        await client.close()
        assert client.state == "closed" and len(asyncio.all_tasks()) == 1
        await smsc.stop()

    clock.run(body())


def test_a_host_whose_name_cannot_be_looked_up_does_not_end_the_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(error: Exception) -> None:
        loop = asyncio.get_running_loop()
        async with RawSmsc() as smsc, client_of(smsc) as client:
            create = loop.create_connection
            failures = [error, error]

            async def failing(*given: Any, **more: Any) -> Any:
                if failures:
                    raise failures.pop()
                return await create(*given, **more)

            monkeypatch.setattr(loop, "create_connection", failing)
            smsc.peers[0].transport.abort()
            await asyncio.sleep(600)
            assert client.state == "bound" and not failures

    clock.run(body(UnicodeError("label empty or too long")))
    clock.run(body(ValueError("unforeseen")))


def test_what_the_system_says_of_a_connection_is_told_and_not_a_time_out_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def unreachable(*given: Any, **more: Any) -> Any:
            raise TimeoutError(110, "Connection timed out")

        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", unreachable)
        with pytest.raises(SessionClosed, match="Connection timed out"):
            await Client("smpp://u:p@192.0.2.1", limits=LIMITS).start()

    clock.run(body())


@pytest.mark.parametrize("how", ["reset", "eof", "unbind"])
def test_down_says_what_ended_the_link_unless_both_sides_agreed(how: str) -> None:
    async def body() -> None:
        downs: list[Down] = []
        async with RawSmsc() as smsc, client_of(smsc) as client:
            client.on_event(lambda item: downs.append(item) if isinstance(item, Down) else None)
            peer = smsc.peers[0]
            {"reset": peer.reset, "eof": peer.transport.write_eof, "unbind": lambda: peer.send(smpp.Unbind())}[how]()
            await smsc.until(lambda: binds(smsc) == 2)
        assert (downs[0].error is None) == (how == "unbind")

    clock.run(body())


@pytest.mark.parametrize("turns", range(1, 12))
def test_a_close_while_the_client_is_opened_ends_that(turns: int) -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            opening = asyncio.create_task(client.start())
            for _ in range(turns):
                await asyncio.sleep(0)
            was_open = opening.done()
            await client.close()
            if not was_open:
                with pytest.raises(SessionClosed, match="closed before it was open"):
                    await opening
            await asyncio.sleep(60)
            assert client.state == "closed" and not client._links and all(peer.ended for peer in smsc.peers)

    clock.run(body())
