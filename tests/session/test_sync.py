"""A program without a loop has all that the client has, from any thread; after a fork and in a handler it is told why not."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rawsmsc import DELIVER, Peer, RawSmsc, but, silent, submit, yes

import smpp_core as smpp
from smpp_core import CommandFailed, Pdu, RequestTimeout, SessionClosed
from smswire.session.limits import Limits
from smswire.session.retry import Retry
from smswire.session.sync import SyncClient

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0)


class Background:
    """A RawSmsc on a loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.smsc = RawSmsc()

    def do(self, call: Callable[[], Any]) -> Any:
        """Call in the loop's thread."""

        async def there() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(10)

    def until(self, condition: Callable[[], object]) -> None:
        asyncio.run_coroutine_threadsafe(self.smsc.until(condition), self.loop).result(10)


@pytest.fixture
def server() -> Iterator[Background]:
    background = Background()
    background.thread.start()
    asyncio.run_coroutine_threadsafe(background.smsc.start(), background.loop).result(10)
    yield background
    asyncio.run_coroutine_threadsafe(background.smsc.stop(), background.loop).result(10)
    background.loop.call_soon_threadsafe(background.loop.stop)
    background.thread.join()
    background.loop.close()


def client_of(server: Background, **more: Any) -> SyncClient:
    return SyncClient(server.smsc.url(), **{"limits": LIMITS, "retry": Retry(1), **more})


def test_it_binds_sends_and_unbinds_and_its_thread_ends(server: Background) -> None:
    threads = threading.active_count()
    with client_of(server) as client:
        assert client.state == "bound"
        assert client.submit(submit("one")).message_id == "one"
        assert client.request(smpp.EnquireLink()).command == "enquire_link_resp"
        assert client.in_flight == [] and client.drain() == [] and client.quarantine == []
        assert client.metrics.count("answered", "submit_sm") == 1
    assert client.state == "closed" and threading.active_count() == threads
    assert server.smsc.received[-1].command == "unbind"
    client.close()
    with pytest.raises(SessionClosed, match="not open"):
        client.submit(submit())


def test_failures_are_those_of_the_client(server: Background) -> None:
    server.smsc.answer = but("submit_sm", lambda peer, pdu: peer.send(pdu.reply(0x0B)) if pdu.short_message else None)
    with client_of(server) as client:
        with pytest.raises(CommandFailed):
            client.submit(submit())
        with pytest.raises(RequestTimeout):
            client.submit(submit(""), timeout=0.05)
    server.smsc.answer = but("bind_transceiver", lambda peer, pdu: peer.send(pdu.reply(14)))
    threads = threading.active_count()
    with pytest.raises(CommandFailed):
        client_of(server).start()
    assert threading.active_count() == threads


def test_many_threads_share_it(server: Background) -> None:
    with client_of(server, window=5) as client:
        got: list[str | None] = []

        def work(number: int) -> None:
            for index in range(20):
                got.append(client.submit(submit(f"{number}.{index}")).message_id)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(got) == sorted(f"{number}.{index}" for number in range(8) for index in range(20))  # type: ignore[type-var]


@pytest.mark.parametrize("options", [{}, {"binds": 3}], ids=["client", "pool"])
def test_submit_many_gives_one_result_for_each(server: Background, options: dict[str, Any]) -> None:
    with client_of(server, window=10, **options) as client:
        results = list(client.submit_many(submit(str(number)) for number in range(1_000)))
        assert sorted(result.index for result in results) == list(range(1_000))
        assert all(result.message_id == str(result.index) for result in results)
        assert list(client.submit_many([])) == []
        assert [type(result.error).__name__ for result in client.submit_many([smpp.DeliverSm()])] == ["EncodeError"]
        buffer = client.submit_buffer(bytes(submit("a")) + bytes(submit("b")))
        assert list(buffer.message_ids) == ["a", "b"]


def test_submit_many_takes_its_input_in_the_callers_thread_and_not_far_ahead(server: Background) -> None:
    taken = 0
    threads = set()

    def counted() -> Iterator[Pdu]:
        nonlocal taken
        for _ in range(300):
            taken += 1
            threads.add(threading.current_thread())
            yield submit()
        raise KeyError("input")

    with client_of(server, window=10) as client:
        got = 0
        with pytest.raises(KeyError):
            for _ in client.submit_many(counted()):
                got += 1
                assert taken - got <= 20
        assert got == 300 and threads == {threading.current_thread()}


def test_leaving_submit_many_early_sends_nothing_more(server: Background) -> None:
    server.smsc.answer = but("submit_sm", lambda peer, pdu: yes(peer, pdu) if pdu.short_message == b"0" else None)
    with client_of(server, window=4) as client:
        for result in client.submit_many(submit(str(number)) for number in range(100)):
            assert result.index == 0
            break
        assert len(client.in_flight) <= 4
        client.close(0)
    assert len(client.lost) <= 4


def test_a_close_ends_whoever_waits(server: Background) -> None:
    server.smsc.answer = but("submit_sm", silent)
    client = client_of(server, window=2)
    client.start()
    errors: list[Any] = []

    def one() -> None:
        try:
            client.submit(submit())
        except SessionClosed as error:
            errors.append(error)

    def many() -> None:
        errors.extend(result.error for result in client.submit_many(submit() for _ in range(5)))

    def read() -> None:
        errors.extend(client.inbound())

    threads = [threading.Thread(target=work) for work in (one, many, read)]
    for thread in threads:
        thread.start()
    server.until(lambda: len(server.smsc.peers[0].of("submit_sm")) == 2)
    client.close(0)
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert len(errors) == 6 and all(isinstance(error, SessionClosed) for error in errors)


def test_deliveries_are_iterated_acknowledged_and_rejected(server: Background) -> None:
    with client_of(server) as client:
        server.do(lambda: server.smsc.peers[0].send(*[DELIVER] * 4))
        deliveries = client.inbound(timeout=0.05)
        assert next(deliveries).reject(0x65)
        second = next(deliveries)
        assert second.ack() and second.settled and second.pdu.short_message == b"hello" and second.receipt is None
        assert second.message.text == "hello"
        assert len(list(deliveries)) == 2
        server.until(lambda: len(server.smsc.peers[0].of("deliver_sm_resp")) == 4)
    assert [pdu.command_status for pdu in server.smsc.peers[0].of("deliver_sm_resp")] == [0x65, 0, 0, 0]


def test_a_handler_is_run_and_may_not_wait_for_its_own_loop(server: Background) -> None:
    seen: list[Any] = []

    def handler(delivery: Any) -> None:
        seen.append(delivery.pdu.short_message)
        try:
            client.submit(submit())
        except RuntimeError as error:
            seen.append(error)

    client = client_of(server)
    client.on_inbound(handler)
    client.on_event(seen.append)
    with client:
        server.do(lambda: server.smsc.peers[0].send(DELIVER))
        server.until(lambda: server.smsc.peers[0].of("deliver_sm_resp"))
        client.on_inbound(None)
    assert [type(item).__name__ for item in seen][:3] == ["Up", "bytes", "RuntimeError"]


def test_a_text_is_sent_and_followed_to_its_receipt(server: Background) -> None:
    def receipted(peer: Peer, pdu: Pdu) -> None:
        yes(peer, pdu)
        receipt = smpp.format_receipt("hi", "DELIVRD", dlvrd=1, submit_date="2601010000", done_date="2601010000")
        peer.send(smpp.DeliverSm(esm_class=4, short_message=receipt))

    server.smsc.answer = but("submit_sm", receipted)
    with client_of(server) as client:
        sent = client.send("385951111111", "hi", sender="Infobip")
        assert sent.outcome(10) == "DELIVERED" and sent.message_ids == ("hi",)


def test_after_a_fork_it_says_so(server: Background) -> None:
    with client_of(server) as client:
        client.submit(submit())
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                client.submit(submit())
            except SessionClosed as error:
                os.write(write, str(error).encode())
            finally:
                os._exit(0)
        os.close(write)
        assert b"fork" in os.read(read, 1_000)
        os.close(read)
        os.waitpid(child, 0)
        assert client.submit(submit("still")).message_id == "still"


def test_an_interrupt_ends_the_wait_and_the_block_unbinds(server: Background) -> None:
    server.smsc.answer = but("submit_sm", silent)
    with pytest.raises(KeyboardInterrupt):
        with client_of(server) as client:
            main = threading.main_thread().ident or 0

            def interrupt() -> None:
                server.until(lambda: server.smsc.peers[0].of("submit_sm"))
                signal.pthread_kill(main, signal.SIGINT)

            threading.Thread(target=interrupt).start()
            client.submit(submit("flying"))
    assert server.smsc.received[-1].command == "unbind"
    assert [pdu.short_message for pdu in client.lost] == [b"flying"]
