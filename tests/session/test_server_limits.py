"""Each limit of a server, at its default: what is slow, silent, broken or too much is answered or closed; memory stays under its cap."""

import asyncio
import errno
import gc
import logging
import os
import shutil
import socket
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import clock
import pytest
from rawesme import RawEsme, bind_pdu, submit, tidied

import smpp_core as smpp
from smpp_core import CommandStatus
from smswire.session.account import Account
from smswire.session.limits import SERVER
from smswire.session.listen import Listener
from smswire.session.server import Server
from smswire.session.tls import server_context

KIB = 1_024


def nothing(session: object, pdu: object) -> None:
    """A handler that says yes to everything."""


def serving(handler: Any = nothing, **more: Any) -> Server:
    return Server(handler, port=0, **{"authenticate": {"test": "secret"}, **more})


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(tidied(test))


def jumping(test: Coroutine[Any, Any, None]) -> None:
    clock.run(tidied(test))


async def seconds(work: Awaitable[object]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await work
    return loop.time() - began


def payload(octets: int) -> smpp.Pdu:
    return submit(b"", tlvs=[("message_payload", bytes(octets))])


def test_the_defaults_are_those_of_the_table() -> None:
    """gateway.md section 5."""
    assert (SERVER.bind_timeout, SERVER.pdu_timeout, SERVER.tls_timeout) == (10, 10, 5)
    assert (SERVER.enquire_link, SERVER.enquire_timeout, SERVER.response_timeout) == (30, 30, 30)
    assert (SERVER.max_length, SERVER.unsent, SERVER.stuck_timeout, SERVER.faults_per_minute) == (64 * KIB, 256 * KIB, 30, 10)


# -- time ------------------------------------------------------------------------------------------------------------------------


def test_who_has_not_bound_ten_seconds_after_connecting_is_closed() -> None:
    async def main() -> None:
        async with serving() as server:
            async with await RawEsme.connect(server.port) as silent:
                assert 9.9 < await seconds(silent.ended()) < 10.5
            async with await RawEsme.connect(server.port) as chatting:
                for _ in range(8):
                    await chatting.ask(smpp.EnquireLink())
                    await asyncio.sleep(1)
                assert 1.5 < await seconds(chatting.ended()) < 2.5

    jumping(main())


def test_a_callback_that_takes_longer_than_ten_seconds_lets_nobody_in() -> None:
    async def main() -> None:
        async def authenticate(session: Any, bind: Any) -> Account:
            await asyncio.sleep(11)
            return Account(name="test")

        async with serving(authenticate=authenticate) as server, await RawEsme.connect(server.port) as esme:
            esme.send(bind_pdu())
            assert 9.9 < await seconds(esme.ended()) < 10.5
            await asyncio.sleep(2)
            assert not server.sessions and server._roster.count("test") == 0

    jumping(main())


@pytest.mark.parametrize("bound", [False, True])
def test_a_pdu_must_be_whole_ten_seconds_after_it_began(bound: bool) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            if bound:
                await esme.bind()
                await asyncio.sleep(5)
            octets = bytes(payload(500).with_sequence(7))

            async def trickle() -> None:
                for at in range(len(octets)):
                    esme.write(octets[at : at + 1])
                    await asyncio.sleep(1)

            trickling = asyncio.create_task(trickle())
            assert 9.5 < await seconds(esme.ended()) < 11
            trickling.cancel()

    jumping(main())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, the command, is not installed")
def test_a_tls_handshake_must_be_over_in_five_seconds(tmp_path: Path) -> None:
    async def main() -> None:
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], capture_output=True)
        assert done.returncode == 0, done.stderr
        async with serving(tls=server_context(tmp_path / "cert.pem", tmp_path / "key.pem")) as server:
            async with await RawEsme.connect(server.port) as silent:
                assert 4.9 < await seconds(silent.ended()) < 5.5
            async with await RawEsme.connect(server.port) as trickling:
                trickling.write(bytes.fromhex("1603010200010001fc0303"))
                assert 4.9 < await seconds(trickling.ended()) < 5.5
            async with await RawEsme.connect(server.port) as plain:
                plain.send(bind_pdu())
                assert await seconds(plain.reader.read()) < 1
            assert not server.connections

    jumping(main())


def test_a_silent_peer_is_asked_after_thirty_seconds_and_closed_after_thirty_more() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            for _ in range(2):
                began = loop.time()
                asked = await esme.read()
                assert asked.command == "enquire_link" and 29.9 < loop.time() - began < 30.5
                esme.write(bytes(asked.reply()))
            began = loop.time()
            assert [pdu.command for pdu in await esme.ended()] == ["enquire_link"]
            assert 59.9 < loop.time() - began < 61

    jumping(main())


# -- what is broken --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 15, 65_537, 0x00A00000, 0xFFFFFFFF])
@pytest.mark.parametrize("bound", [False, True])
def test_an_impossible_command_length_is_answered_and_the_connection_closed(length: int, bound: bool) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            if bound:
                await esme.bind()
            esme.write(struct.pack(">4I", length, 4, 0, 77))
            (nack,) = await esme.ended()
            assert (nack.command, nack.command_status) == ("generic_nack", CommandStatus.ESME_RINVCMDLEN)

    run(main())


def test_the_longest_pdu_is_read() -> None:
    async def main() -> None:
        lengths = []
        async with serving(lambda session, pdu: lengths.append(len(pdu))) as server, await RawEsme.bound(server.port) as esme:
            room = 64 * KIB - len(payload(0))
            assert (await esme.ask(payload(room))).command_status == 0
            assert lengths == [64 * KIB]

    run(main())


def broken() -> smpp.Pdu:
    octets = bytearray(bytes(submit()))
    octets[-len(b"hello") - 1] = 200  # sm_length over what there is
    return smpp.decode(bytes(octets), strict=False)


def test_the_tenth_broken_pdu_of_a_minute_closes() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            for i in range(10):
                assert (await esme.ask(broken())).command_status == CommandStatus.ESME_RINVMSGLEN
                if i < 9:
                    assert (await esme.ask(submit())).command_status == 0
            assert await esme.ended() == []

    run(main())


def test_broken_pdus_at_a_slower_pace_are_each_answered() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            for _ in range(25):
                assert (await esme.ask(broken())).command_status == CommandStatus.ESME_RINVMSGLEN
                await asyncio.sleep(7)
            assert (await esme.ask(submit())).command_status == 0

    jumping(main())


# -- how much --------------------------------------------------------------------------------------------------------------------


def held() -> int:
    """Octets that Python holds now."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def most_held(esme: RawEsme, octets: bytes, over: Callable[[], bool]) -> int:
    """How much more is held, at the worst turn of the loop, while octets arrive at a server that may close the connection."""
    tracemalloc.start()
    try:
        before, most = held(), 0
        descriptor = esme.writer.get_extra_info("socket").fileno()
        view = memoryview(octets)
        while view and not over():
            try:
                view = view[os.write(descriptor, view[:65_536]) :]
            except BlockingIOError:
                pass
            except OSError:
                break
            await asyncio.sleep(0)
            most = max(most, tracemalloc.get_traced_memory()[0] - before)
        for _ in range(20):
            await asyncio.sleep(0)
        return max(most, held() - before)
    finally:
        tracemalloc.stop()


def test_a_header_that_promises_four_gigabytes_allocates_less_than_64_kib() -> None:
    async def main() -> None:
        async with serving() as server:
            for bound in (False, True):
                esme = await (RawEsme.bound(server.port) if bound else RawEsme.connect(server.port))
                while len(server.connections) < 1:
                    await asyncio.sleep(0)
                (session,) = server.connections
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
                tracemalloc.reset_peak()
                session.link.data_received(struct.pack(">4I", 0xFFFFFFF0, 4, 0, 1))
                peak = tracemalloc.get_traced_memory()[1] - before
                tracemalloc.stop()
                assert peak < 64 * KIB
                (nack,) = await esme.ended()
                assert nack.command_status == CommandStatus.ESME_RINVCMDLEN
                await session.wait_closed()

    run(main())


def test_an_unbound_peer_makes_us_hold_less_than_256_kib() -> None:
    async def main() -> None:
        async def never(session: Any, bind: Any) -> Any:
            await asyncio.get_running_loop().create_future()

        async with serving(authenticate=never) as server:
            bind = bytes(bind_pdu().with_sequence(1))
            behind = bytes(submit().with_sequence(2)) * 20_000
            unfinished = struct.pack(">4I", 64 * KIB, 9, 0, 1) + bytes(64 * KIB - 17)
            enquiries = bytes(smpp.EnquireLink(sequence_number=1)) * 50_000
            for octets in (bind + behind, bind + unfinished, unfinished, bind * 20_000, enquiries):
                esme = await RawEsme.connect(server.port)
                esme.reader._transport.pause_reading()
                while not server.connections:
                    await asyncio.sleep(0)
                (session,) = server.connections
                assert await most_held(esme, octets, lambda: not server.connections) < 256 * KIB
                esme.writer.transport.abort()
                await session.wait_closed()

    run(main())


def test_an_unbound_peer_may_leave_a_quarter_of_that_unread() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            await esme.ask(smpp.EnquireLink())
            (session,) = server.connections
            assert session.link.transport.get_write_buffer_limits()[1] == 64 * KIB
            await esme.bind()
            assert session.link.transport.get_write_buffer_limits()[1] == 256 * KIB

    run(main())


@pytest.mark.parametrize("octets", [30, 1_000, 60_000])
def test_a_bound_peer_whose_requests_wait_makes_us_hold_no_more_than_their_cap(octets: int) -> None:
    """Over 1,000 requests, or the limits' inbound_octets, the rest is answered ESME_RTHROTTLED."""

    async def main() -> None:
        waiting = []

        def handler(session: Any, pdu: Any) -> Any:
            waiting.append(asyncio.get_running_loop().create_future())
            return waiting[-1]

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            machine = session.link.machine
            request = bytes(payload(octets).with_sequence(1))
            count = 3 * min(1_000, SERVER.inbound_octets // len(request))
            tracemalloc.start()
            before = held()
            refused = 0

            async def read() -> None:
                nonlocal refused
                while True:
                    assert (await esme.read()).command_status == CommandStatus.ESME_RTHROTTLED
                    refused += 1

            reading = asyncio.create_task(read())
            for sent in range(count):
                esme.write(request)
                while len(waiting) + refused <= sent:
                    await asyncio.sleep(0)
            # 700 octets for each request: its Pdu, the Future, and what ties them.
            assert held() - before < SERVER.inbound_octets + 64 * KIB + 700 * len(waiting)
            tracemalloc.stop()
            assert len(waiting) <= 1_000 and machine.unsettled_octets <= SERVER.inbound_octets + 64 * KIB
            assert refused >= count // 2
            reading.cancel()
            esme.writer.transport.abort()
            await session.wait_closed()
            for future in waiting:
                future.set_result(None)

    run(main())


def test_who_does_not_read_is_no_longer_read_and_dropped_after_thirty_seconds() -> None:
    async def main() -> None:
        served = 0

        def handler(session: Any, pdu: Any) -> Any:
            nonlocal served
            served += 1
            return pdu.reply(message_id="x" * 60, tlvs=[("additional_status_info_text", "y" * 200)])

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            transport = session.link.transport
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
            esme.reader._transport.pause_reading()
            flood = b"".join(bytes(submit().with_sequence(i)) for i in range(1, 900))
            loop = asyncio.get_running_loop()
            while session.link.writable:
                esme.write(flood)
                await asyncio.sleep(0)
            began, before = loop.time(), served
            assert transport.get_write_buffer_size() < 256 * KIB + 300 * 900 * 5
            esme.write(flood)
            await asyncio.sleep(5)
            assert served == before and not transport.is_reading()
            await session.wait_closed()
            assert 29 < loop.time() - began < 36
            assert session.close_reason == "the peer has read nothing for 30 s"

    jumping(main())


def test_who_reads_again_gets_every_answer() -> None:
    async def main() -> None:
        async with serving(lambda session, pdu: pdu.reply(message_id="x" * 60), window=100_000) as server:
            async with await RawEsme.bound(server.port) as esme:
                (session,) = server.sessions
                session.link.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
                esme.reader._transport.pause_reading()
                sent = 0
                while session.link.writable:
                    esme.write(b"".join(bytes(submit().with_sequence(sent + i)) for i in range(1, 501)))
                    sent += 500
                    await asyncio.sleep(0)
                assert not session.link.transport.is_reading()
                esme.reader._transport.resume_reading()
                assert [(await esme.read()).sequence_number for _ in range(sent)] == list(range(1, sent + 1))
                assert session.bound

    run(main())


def test_the_window_of_a_session_is_a_thousand_requests_or_what_the_server_says() -> None:
    async def main(window: int | None, size: int) -> None:
        gate = asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            await gate.wait()

        async with serving(handler, window=window) as server, await RawEsme.bound(server.port) as esme:
            for _ in range(size):
                esme.send(submit())
            refused = await esme.ask(submit())
            assert refused.command_status == CommandStatus.ESME_RTHROTTLED
            gate.set()
            assert {(await esme.read()).command_status for _ in range(size)} == {0}
            assert (await esme.ask(submit())).command_status == 0

    run(main(None, 1_000))
    run(main(7, 7))


@pytest.mark.parametrize("cap", [{"max_owed": 4}, {"max_owed_octets": 4 * len(submit())}])
def test_over_what_all_sessions_together_may_wait_for_everybody_is_throttled(cap: dict[str, int]) -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            await gate.wait()

        async with serving(handler, **cap) as server:
            one, two = await RawEsme.bound(server.port), await RawEsme.bound(server.port)
            for esme in (one, two, one, two):
                esme.send(submit())
                await esme.ask(smpp.EnquireLink())
            for esme in (one, two):
                assert (await esme.ask(submit())).command_status == CommandStatus.ESME_RTHROTTLED
            gate.set()
            for esme in (one, two, one, two):
                assert (await esme.read()).command_status == 0
            assert (await one.ask(submit())).command_status == 0

    jumping(main())


def test_connections_over_the_cap_learn_why_and_many_more_are_closed_at_once() -> None:
    async def main() -> None:
        async with serving(max_connections=3) as server:
            kept = [await RawEsme.bound(server.port) for _ in range(3)]
            async with await RawEsme.connect(server.port) as fourth:
                assert (await fourth.bind()).command_status == CommandStatus.ESME_RTHROTTLED
                assert await fourth.ended() == []
            told = [await RawEsme.connect(server.port) for _ in range(64)]
            async with await RawEsme.connect(server.port) as late:
                assert await late.ended() == []
            assert (await told[-1].bind()).command_status == CommandStatus.ESME_RTHROTTLED
            for esme in told:
                esme.writer.transport.abort()
            await kept[0].ask(smpp.Unbind())
            while len(server.connections) > 2:
                await asyncio.sleep(0)
            async with await RawEsme.bound(server.port):
                assert len(server.sessions) == 3

    jumping(main())


def test_without_descriptors_accepting_pauses_a_second_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Poor(socket.socket):
        failures = 3

        def accept(self) -> Any:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return super().accept()

    async def main() -> None:
        async with serving() as server:
            sock = Poor()
            sock.setblocking(False)
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            listener = Listener([sock], server._make, server._admits, SERVER)
            async with await RawEsme.connect(sock.getsockname()[1]) as esme:
                assert 2.5 < await seconds(esme.bind()) < 3.5
            await listener.close()

    with caplog.at_level(logging.ERROR):
        jumping(main())
    assert len(caplog.records) == 3


# -- many ------------------------------------------------------------------------------------------------------------------------

IDLE = """
import socket, sys
sys.path.append(sys.argv[2])
from rawesme import bind_pdu
octets = bytes(bind_pdu().with_sequence(1))
socks = []
for _ in range(int(sys.argv[3])):
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    sock.sendall(octets)
    socks.append(sock)
for sock in socks:
    assert sock.recv(16)[8:12] == bytes(4)
print("bound", flush=True)
sys.stdin.read()
"""


SERVING = """
import asyncio, sys
from smswire.session.account import Account
from smswire.session.server import Server

async def main():
    account = Account(name="test", max_sessions=10**6)
    async with Server(lambda session, pdu: None, port=0, authenticate=lambda session, bind: account) as server:
        print(server.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        with open("/proc/self/status") as file:
            print(len(server.sessions), next(line for line in file if line.startswith("VmRSS")).split()[1], flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_five_thousand_idle_sessions_take_less_than_300_mb() -> None:
    resource = pytest.importorskip("resource")
    count = 5_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        pytest.skip(f"a process may open only {hard} files here")

    def more_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 100), hard))

    tests = str(Path(__file__).parents[1])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "preexec_fn": more_files}
    with subprocess.Popen([sys.executable, "-c", SERVING], **pipes) as server:  # type: ignore[call-overload]
        port = server.stdout.readline().strip()
        with subprocess.Popen([sys.executable, "-c", IDLE, port, tests, str(count)], **pipes) as peers:  # type: ignore[call-overload]
            assert peers.stdout.readline() == "bound\n"
            server.stdin.write("\n")
            server.stdin.flush()
            sessions, kibibytes = map(int, server.stdout.readline().split())
            assert sessions == count
            assert kibibytes * KIB < 300_000_000
            print(f"{sessions} sessions, {kibibytes} KiB")
            peers.stdin.close()
        server.stdin.close()

