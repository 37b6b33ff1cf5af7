"""A client binds, sends within its window, waits and gives up as it was told, and every request ends in one typed way."""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import clock
import pytest
from rawsmsc import DELIVER, Peer, RawSmsc, but, silent, submit, yes

import smpp_core as smpp
from smpp_core import CommandFailed, CommandStatus, EncodeError, Pdu, RequestTimeout, SessionClosed, WindowFull
from smswire.session.client import Client
from smswire.session.events import Notified, Orphan, Refused
from smswire.session.limits import Limits
from smswire.session.pool import Pool
from smswire.session.retry import Retry
from smswire.session.supervisor import Down, Up
from smswire.session.url import parse_url

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


def client_of(smsc: RawSmsc, options: str = "", **more: Any) -> Client:
    return Client(smsc.url(options), **{"limits": LIMITS, "retry": Retry(random=lambda: 0.0), **more})


def refusing(status: int, times: int = 1 << 30) -> Callable[[Peer, Pdu], None]:
    """Refuse submits with a status, the first times of them."""
    left = [times]

    def answer(peer: Peer, pdu: Pdu) -> None:
        left[0] -= 1
        if left[0] >= 0:
            peer.send(pdu.reply(status))
        else:
            yes(peer, pdu)

    return but("submit_sm", answer)


# -- opening ------------------------------------------------------------------------------------------------------------------------


def test_a_client_binds_sends_and_unbinds(run: Run) -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            async with client_of(smsc, "?bind=transmitter&system_type=HLR") as client:
                assert client.state == "bound"
                response = await client.submit(submit("one"))
                assert response.message_id == "one"
            assert client.state == "closed"
            await smsc.until(lambda: smsc.peers[0].ended)
        bind = smsc.received[0]
        assert [pdu.command for pdu in smsc.received] == ["bind_transmitter", "submit_sm", "unbind"]
        assert (bind.system_id, bind.password, bind.system_type) == ("test", "secret", "HLR")

    run(body())


@pytest.mark.parametrize("status", [CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_RALYBND, CommandStatus.ESME_RBINDFAIL])
def test_a_refused_bind_raises_at_once(status: CommandStatus) -> None:
    async def body() -> None:
        async with RawSmsc(but("bind_transceiver", lambda peer, pdu: peer.send(pdu.reply(status)))) as smsc:
            client = client_of(smsc)
            with pytest.raises(CommandFailed) as caught:
                await client.start()
            assert caught.value.status == status
            assert client.state == "closed"
            await smsc.until(lambda: smsc.peers[0].ended)
            assert len(smsc.peers) == 1

    clock.run(body())


def test_a_bind_answered_by_a_nack_is_refused() -> None:
    async def body() -> None:
        async with RawSmsc(lambda peer, pdu: peer.send(smpp.GenericNack(sequence_number=pdu.sequence_number, command_status=3))) as smsc:
            with pytest.raises(CommandFailed) as caught:
                await client_of(smsc).start()
            assert caught.value.status == 3

    clock.run(body())


def test_hosts_that_do_not_answer_raise_after_one_round_with_all_their_reasons() -> None:
    async def body() -> None:
        async with RawSmsc() as first, RawSmsc() as second:
            ports = first.port, second.port
        with pytest.raises(SessionClosed) as caught:
            await Client(f"smpp://a:b@127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/").start()
        assert str(ports[0]) in str(caught.value) and str(ports[1]) in str(caught.value)
        assert not caught.value.written and isinstance(caught.value.__cause__, OSError)

    clock.run(body())


def test_a_bind_that_is_not_answered_ends_after_its_time() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        async with RawSmsc(silent) as smsc:
            begin = loop.time()
            with pytest.raises(SessionClosed, match="not bound within|no answer"):
                await client_of(smsc, "?bind_timeout=7").start()
            assert 7 <= loop.time() - begin < 15

    clock.run(body())


def test_a_peer_that_speaks_another_protocol_is_named() -> None:
    async def body() -> None:
        async with RawSmsc(lambda peer, pdu: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as smsc:
            with pytest.raises(SessionClosed, match="HTTP"):
                await client_of(smsc).start()

    clock.run(body())


def test_a_delivery_in_the_same_read_as_the_bind_response_is_not_lost(run: Run) -> None:
    async def body() -> None:
        def both(peer: Peer, pdu: Pdu) -> None:
            peer.send(pdu.reply(system_id="S"), DELIVER)

        got: list[bytes | None] = []
        async with RawSmsc(but("bind_transceiver", both)) as smsc:
            client = client_of(smsc)
            client.on_inbound(lambda delivery: got.append(delivery.pdu.short_message))
            async with client:
                await smsc.until(lambda: smsc.peers[0].of("deliver_sm_resp"))
        assert got == [b"hello"]

    run(body())


def test_a_client_is_opened_once_and_says_so_when_it_is_not_open() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            with pytest.raises(SessionClosed, match="not open yet"):
                await client.submit(submit())
            async with client:
                pass
            with pytest.raises(SessionClosed, match="closed"):
                client.submit_nowait(submit())
            with pytest.raises(SessionClosed, match="once"):
                await client.start()
            await client.close()

    clock.run(body())


def test_what_is_wrong_with_the_arguments_is_said_before_connecting() -> None:
    with pytest.raises(EncodeError):
        Client("http://host/")
    with pytest.raises(EncodeError, match="window"):
        Client("smpp://host", window=0)
    with pytest.raises(EncodeError, match="tls"):
        Client("smpp://host", tls=object())  # type: ignore[arg-type]
    client = Client("smpp://host/?window=7&timeout=3&enquire_link=9&bind_timeout=4", password="x")
    assert (client.window, client.limits.response_timeout, client.limits.enquire_link, client.limits.bind_timeout) == (7, 3, 9, 4)
    assert client.endpoint.password == "x"
    assert Client(parse_url("smpp://host"), password="y", window=3).endpoint.password == "y"


# -- sending ------------------------------------------------------------------------------------------------------------------------


def test_the_window_limits_and_the_rest_waits_in_order(run: Run) -> None:
    async def body() -> None:
        held: list[Pdu] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc, client_of(smsc, window=3) as client:
            tasks = [asyncio.create_task(client.submit(submit(str(number)))) for number in range(10)]
            await smsc.until(lambda: len(held) == 3)
            assert (len(client.in_flight), client.waiting) == (3, 7)
            answered = 0
            while answered < 10:
                await smsc.until(lambda: len(held) > answered)  # noqa: B023
                assert len(held) - answered <= 3
                yes(smsc.peers[0], held[answered])
                answered += 1
            assert [(await task).message_id for task in tasks] == [str(number) for number in range(10)]
            assert [pdu.short_message for pdu in held] == [str(number).encode() for number in range(10)]

    run(body())


def test_a_refusal_is_an_error_with_the_response() -> None:
    async def body() -> None:
        async with RawSmsc(refusing(0x0B)) as smsc, client_of(smsc) as client:
            with pytest.raises(CommandFailed) as caught:
                await client.submit(submit())
            assert caught.value.response.command_status == 0x0B
            future = client.submit_nowait(submit())
            with pytest.raises(CommandFailed):
                await future
            assert (await client.request(submit())).command_status == 0x0B

    clock.run(body())


def test_a_throttled_submit_is_sent_again_and_a_request_is_not() -> None:
    async def body() -> None:
        news: list[object] = []
        async with RawSmsc(refusing(0x58, 2)) as smsc, client_of(smsc, adaptive=False) as client:
            client.on_event(news.append)
            assert (await client.submit(submit("x"))).message_id == "x"
            assert len(smsc.peers[0].of("submit_sm")) == 3
            smsc.answer = refusing(0x58)
            assert (await client.request(submit())).command_status == 0x58
            assert len(smsc.peers[0].of("submit_sm")) == 4
        assert [type(item).__name__ for item in news] == ["Throttled"] * 3 + ["Unbound"]

    clock.run(body())


def test_a_submit_gives_up_after_its_attempts() -> None:
    async def body() -> None:
        async with RawSmsc(refusing(0x58)) as smsc, client_of(smsc, retry=Retry(3, 1.0), adaptive=False) as client:
            with pytest.raises(CommandFailed):
                await client.submit(submit())
            assert len(smsc.peers[0].of("submit_sm")) == 3

    clock.run(body())


def test_no_response_is_a_time_out_that_says_it_was_written() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, "?timeout=4", window=1) as client:
            begin = loop.time()
            with pytest.raises(RequestTimeout) as caught:
                await client.submit(submit())
            assert caught.value.written and 4 <= loop.time() - begin < 5
            with pytest.raises(RequestTimeout) as caught:
                await client.request(submit(), timeout=2)
            assert caught.value.written and loop.time() - begin < 7.5
            assert client.in_flight == []

    clock.run(body())


def test_no_room_is_a_time_out_that_says_it_was_not_written() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=1) as client:
            first = asyncio.create_task(client.submit(submit("first")))
            await smsc.until(lambda: smsc.peers[0].of("submit_sm"))
            with pytest.raises(RequestTimeout) as caught:
                await client.submit(submit("second"), timeout=2)
            assert not caught.value.written
            with pytest.raises(RequestTimeout):
                await first
            assert [pdu.short_message for pdu in smsc.peers[0].of("submit_sm")] == [b"first"]

    clock.run(body())


def test_submit_nowait_raises_when_the_window_is_full() -> None:
    async def body() -> None:
        held: list[Pdu] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc, client_of(smsc, window=2) as client:
            futures = [client.submit_nowait(submit(str(number))) for number in range(2)]
            with pytest.raises(WindowFull):
                client.submit_nowait(submit())
            await smsc.until(lambda: len(held) == 2)
            for pdu in held:
                yes(smsc.peers[0], pdu)
            assert [(await future).message_id for future in futures] == ["0", "1"]

    clock.run(body())


def test_a_late_response_is_an_event_and_disturbs_nobody() -> None:
    async def body() -> None:
        held: list[Pdu] = []
        news: list[object] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc, client_of(smsc) as client:
            client.on_event(news.append)
            with pytest.raises(RequestTimeout):
                await client.submit(submit(), timeout=1)
            yes(smsc.peers[0], held[0])
            smsc.answer = yes
            await client.submit(submit())
        late = [item for item in news if isinstance(item, Orphan)]
        assert len(late) == 1 and late[0].late

    clock.run(body())


def test_any_command_can_be_asked_and_the_clients_own_not() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            for pdu in (smpp.QuerySm(message_id="1"), smpp.CancelSm(), smpp.ReplaceSm(), smpp.DataSm(), smpp.EnquireLink()):
                assert (await client.request(pdu)).command == f"{pdu.command}_resp"
            for pdu in (smpp.Unbind(), smpp.BindReceiver(), smpp.DeliverSm(), smpp.SubmitSmResp()):
                with pytest.raises(EncodeError):
                    await client.request(pdu)
        async with RawSmsc() as smsc, client_of(smsc, "?bind=receiver") as client:
            with pytest.raises(EncodeError, match="receiver"):
                await client.submit(submit())
            assert (await client.submit(smpp.DataSm())).command_status == 0

    clock.run(body())


# -- cancelling ---------------------------------------------------------------------------------------------------------------------


def test_whoever_is_cancelled_takes_no_place_from_the_others(run: Run) -> None:
    """Random cancels, before the sending and in flight: all others are answered, the window stays whole."""

    async def body() -> None:
        draw = random.Random(7)
        held: list[Pdu] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc, client_of(smsc, window=4) as client:
            tasks = [asyncio.create_task(client.submit(submit(str(number)))) for number in range(200)]
            alive = set(tasks)
            answered = 0
            while alive:
                await asyncio.sleep(0)
                for task in draw.sample(sorted(alive, key=tasks.index), min(3, len(alive))):
                    task.cancel()
                    alive.discard(task)
                if not alive:
                    break
                await smsc.until(lambda: len(held) > answered)  # noqa: B023
                assert len(client.in_flight) <= 4
                yes(smsc.peers[0], held[answered])
                answered += 1
                alive = {task for task in alive if not task.done()}
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(outcome, Pdu | asyncio.CancelledError) for outcome in outcomes)
            smsc.answer = yes
            while answered < len(held):
                yes(smsc.peers[0], held[answered])
                answered += 1
            assert (await client.submit(submit("last"))).message_id == "last"
            assert await client.drain() == []

    run(body())


def test_what_was_cancelled_before_it_was_sent_is_not_sent() -> None:
    async def body() -> None:
        held: list[Pdu] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc, client_of(smsc, window=1) as client:
            for ask in (client.submit, client.request):
                held.clear()
                tasks = [asyncio.create_task(ask(submit(str(number)))) for number in range(3)]
                await smsc.until(lambda: held)
                tasks[1].cancel()
                await asyncio.wait(tasks[1:2])
                assert client.waiting == 1
                yes(smsc.peers[0], held[0])
                await smsc.until(lambda: len(held) == 2)
                yes(smsc.peers[0], held[1])
                assert (await tasks[2]).command_status == 0
                assert [pdu.short_message for pdu in held] == [b"0", b"2"]

    clock.run(body())


def ours() -> Counter[str]:
    """Objects of the session's classes that are alive."""
    gc.collect()
    return Counter(type(item).__name__ for item in gc.get_objects() if str(type(item).__module__).startswith("smswire.session"))


def test_nothing_is_left_of_a_client_that_was_closed(run: Run) -> None:
    async def body() -> None:
        tasks = asyncio.all_tasks()
        before = ours()
        async with RawSmsc() as smsc:
            for _ in range(3):
                client = client_of(smsc)
                client.on_inbound(lambda delivery: None)
                async with client:
                    await asyncio.gather(*(client.submit(submit()) for _ in range(100)))
            del client
            await smsc.until(lambda: all(peer.ended for peer in smsc.peers))
            assert asyncio.all_tasks() == tasks
        await asyncio.sleep(0)
        assert ours() - before == Counter()

    run(body())


# -- the end ------------------------------------------------------------------------------------------------------------------------


def test_close_waits_for_what_is_in_flight_and_refuses_what_waits() -> None:
    async def body() -> None:
        held: list[Pdu] = []
        async with RawSmsc(but("submit_sm", lambda peer, pdu: held.append(pdu))) as smsc:
            client = client_of(smsc, window=1)
            await client.start()
            flying, waiting = (asyncio.create_task(client.submit(submit(text))) for text in ("flying", "waiting"))
            await smsc.until(lambda: held)
            closing = asyncio.create_task(client.close())
            with pytest.raises(SessionClosed) as caught:
                await waiting
            assert not caught.value.written and client.state == "closing"
            assert not smsc.peers[0].of("unbind")
            yes(smsc.peers[0], held[0])
            assert (await flying).message_id == "flying"
            await closing
            assert smsc.received[-1].command == "unbind"

    clock.run(body())


def test_drain_says_what_is_left() -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc, client_of(smsc, window=1) as client:
            tasks = [asyncio.create_task(client.submit(submit(text))) for text in ("flying", "waiting")]
            await smsc.until(lambda: smsc.peers[0].of("submit_sm"))
            assert [pdu.short_message for pdu in await client.drain(1)] == [b"flying", b"waiting"]
            for task in tasks:
                task.cancel()

    clock.run(body())


def test_a_cancelled_block_unbinds_and_tells_what_was_in_flight(run: Run) -> None:
    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc:
            client = client_of(smsc)

            async def work() -> None:
                async with client:
                    await client.submit(submit("flying"))

            task = asyncio.create_task(work())
            await smsc.until(lambda: smsc.peers and smsc.peers[0].of("submit_sm"))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await smsc.until(lambda: smsc.peers[0].ended)
            assert smsc.received[-1].command == "unbind"
            assert [pdu.short_message for pdu in client.lost] == [b"flying"]

    run(body())


def test_a_close_that_is_cancelled_unbinds_at_once_and_then_drops_the_connection() -> None:
    async def body() -> None:
        async with RawSmsc(lambda peer, pdu: (yes if pdu.command == "bind_transceiver" else silent)(peer, pdu)) as smsc:
            for cancels in (1, 2):
                client = client_of(smsc)
                await client.start()
                flying = asyncio.create_task(client.submit(submit()))
                peer = smsc.peers[-1]
                await smsc.until(lambda: peer.of("submit_sm"))  # noqa: B023
                closing = asyncio.create_task(client.close())
                for _ in range(cancels):
                    await asyncio.sleep(0.01)
                    closing.cancel()
                await asyncio.gather(closing, return_exceptions=True)
                assert client.state == "closed"
                assert isinstance((await asyncio.gather(flying, return_exceptions=True))[0], SessionClosed)
                await smsc.until(lambda: peer.ended)  # noqa: B023
                assert peer.received[-1].command == "unbind"
            assert len(asyncio.all_tasks()) == 1

    clock.run(body())


def test_a_peer_that_does_not_answer_the_unbind_holds_nobody_up() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        async with RawSmsc(but("unbind", silent)) as smsc:
            async with client_of(smsc):
                begin = loop.time()
            assert loop.time() - begin < 2.5
            await smsc.until(lambda: smsc.peers[0].ended)

    clock.run(body())


def test_closing_twice_at_once_is_one_close() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc)
            await client.start()
            await asyncio.gather(client.close(), client.close())
            assert [pdu.command for pdu in smsc.received] == ["bind_transceiver", "unbind"]

    clock.run(body())


# -- events -------------------------------------------------------------------------------------------------------------------------


def test_listeners_hear_of_links_and_alerts_and_their_failures_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        news: list[Any] = []

        def failing(item: object) -> None:
            raise ValueError("secret text")

        async with RawSmsc() as smsc:
            client = client_of(smsc)
            client.on_event(failing)
            client.on_event(news.append)
            async with client:
                smsc.peers[0].send(smpp.AlertNotification(source_addr="1", esme_addr="2"))
                await client.submit(submit())
        assert [type(item) for item in news] == [Up, Notified, *[type(item) for item in news[2:]]]
        assert (news[0].port, news[0].state, news[0].number) == (smsc._port, "BOUND_TRX", 0)
        assert not any(isinstance(item, Down | Refused) for item in news)

    clock.run(body())
    assert "a listener failed" in caplog.text and "secret" not in caplog.text


def test_an_observer_sees_every_pdu_and_metrics_count_them() -> None:
    seen: list[tuple[str, str]] = []

    class Observer:
        def received(self, link: object, pdu: Pdu) -> None:
            seen.append(("in", pdu.command))

        def sent(self, link: object, octets: bytes) -> None:
            seen.append(("out", smpp.decode(octets).command))

    async def body() -> None:
        async with RawSmsc() as smsc:
            client = client_of(smsc, observer=Observer())
            async with client:
                await client.submit(submit())
            assert client.metrics.count("answered", "submit_sm", 0) == 1

    clock.run(body())
    assert seen == [
        ("out", "bind_transceiver"), ("in", "bind_transceiver_resp"), ("out", "submit_sm"), ("in", "submit_sm_resp"), ("out", "unbind"),
        ("in", "unbind_resp"),
    ]


def test_passwords_and_bodies_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "smswire")

    async def body() -> None:
        async with RawSmsc(but("submit_sm", silent)) as smsc:
            async with client_of(smsc, "?timeout=1") as client:
                with pytest.raises(RequestTimeout):
                    await client.submit(submit("a very private text"))
        with pytest.raises(SessionClosed):
            await Client(f"smpp://test:secret@127.0.0.1:{smsc._port}/").start()

    clock.run(body())
    assert "secret" not in caplog.text and "private" not in caplog.text and "bind 0 is up" in caplog.text


def test_a_request_at_once_on_a_link_that_was_told_to_unbind_is_said_to_have_none() -> None:
    async def body() -> None:
        async with RawSmsc() as smsc, client_of(smsc) as client:
            client._binds[0].rebind()
            with pytest.raises(SessionClosed, match="no link is bound"):
                client.submit_nowait(submit())

    clock.run(body())


def test_after_the_peers_unbind_requests_take_another_link_or_wait_for_the_next() -> None:
    async def body(links: int) -> None:
        async def handler(delivery: Any) -> None:
            await asyncio.sleep(0.5)

        def answer(peer: Peer, pdu: Pdu) -> None:
            if peer is not smsc.peers[0]:  # it has said unbind: it answers nothing
                yes(peer, pdu)

        async with RawSmsc() as smsc, Pool(smsc.url(), links, limits=LIMITS) as client:
            client.on_inbound(handler)
            smsc.answer = but("submit_sm", answer)
            smsc.peers[0].send(DELIVER, smpp.Unbind())
            await asyncio.sleep(0.1)
            async with asyncio.timeout(60):
                await asyncio.gather(*(client.submit(submit()) for _ in range(4)))
            assert smsc.peers[0].of("submit_sm") == []

    clock.run(body(1))
    clock.run(body(2))


def test_drain_waits_for_a_buffer_that_waits_for_a_link() -> None:
    async def body() -> None:
        def answer(peer: Peer, pdu: Pdu) -> None:
            if len(smsc.received) == 4:
                peer.transport.close()
            else:
                yes(peer, pdu)

        async with RawSmsc(but("submit_sm", answer)) as smsc, client_of(smsc, window=1) as client:
            octets = b"".join(bytes(submit(str(number))) for number in range(10))
            task = asyncio.create_task(client.submit_buffer(octets))
            await asyncio.sleep(0)
            async with asyncio.timeout(120):
                await client.drain()
            assert len(smsc.peers) == 2
            await asyncio.sleep(0)
            assert task.done()

    clock.run(body())


def test_a_client_shows_where_it_is_bound_and_never_its_password() -> None:
    text = repr(Client("smpp://me:secret7@localhost:2775/?window=5"))
    assert text == "<Client smpp://me:***@localhost:2775/?window=5 new>"


@pytest.mark.parametrize("options", [{"url": 5}, {"profile": "nope"}, {"limits": 5}, {"retry": 3}, {"window": "x"}])
def test_an_option_of_a_wrong_type_is_refused_by_name(options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(smpp.EncodeError) as refused:
        Client(**{"url": "smpp://me@localhost"} | options)
    assert refused.value.field == name
