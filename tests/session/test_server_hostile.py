"""Whatever a peer sends, and however it stops, the server answers or closes, its other sessions go on, and nothing is left behind."""

import asyncio
import contextlib
import logging
import random
import socket
import struct
from collections.abc import Coroutine
from typing import Any

import clock
import pytest
import strategies as ours
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rawesme import RawEsme, bind_pdu, submit, tidied

import smpp_core as smpp
from smpp_core import CommandStatus
from smswire.session.account import Account
from smswire.session.server import Server

ACCOUNTS = {"test": Account(name="test", password="secret", max_sessions=100)}


def nothing(session: object, pdu: object) -> None:
    """A handler that says yes to everything."""


def serving(handler: Any = nothing, **more: Any) -> Server:
    return Server(handler, port=0, **{"authenticate": ACCOUNTS, **more})


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(tidied(test))


def numbered(*pdus: smpp.Pdu) -> bytes:
    """PDUs with the numbers 1, 2, … in one piece."""
    return b"".join(bytes(pdu.with_sequence(number)) for number, pdu in enumerate(pdus, 1))


async def forgotten(server: Server) -> None:
    """Wait until every connection is gone; check that nothing else stayed."""
    while server.connections:
        await asyncio.sleep(0)
    assert not server.sessions and server._roster._counts == {} and server._owed == server._asked == 0


FOREIGN = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    "TLS": bytes.fromhex("16030102000100 01fc0303") + bytes(500),
    "SSH": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "zeros": bytes(1_000),
    "ones": b"\xff" * 1_000,
}


@pytest.mark.parametrize("octets", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("bound", [False, True])
def test_another_protocol_closes_the_connection_and_only_that(octets: bytes, bound: bool) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as good:
            async with await RawEsme.connect(server.port) as esme:
                if bound:
                    await esme.bind()
                esme.write(octets)
                assert {pdu.command for pdu in await esme.ended()} <= {"generic_nack"}
            assert (await good.ask(submit())).command_status == 0
            await good.ask(smpp.Unbind())
            await forgotten(server)

    run(main())


@given(st.lists(st.one_of(
    st.binary(max_size=80), ours.mutated(), ours.VALID, ours.VALID.map(lambda frame: frame[: len(frame) // 2]),
), max_size=8), st.booleans(), st.lists(st.integers(1, 400), max_size=6))
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
def test_random_pdus_in_random_pieces_do_no_harm(frames: list[bytes], bound: bool, cuts: list[int]) -> None:
    async def main() -> None:
        async with serving(lambda session, pdu: session.data) as server, await RawEsme.bound(server.port) as good:
            async with await RawEsme.connect(server.port) as esme:
                if bound:
                    await esme.bind()
                octets = b"".join(frames)
                for cut in cuts:
                    esme.write(octets[:cut])
                    octets = octets[cut:]
                    await asyncio.sleep(0)
                esme.write(octets)
                with contextlib.suppress(OSError):  # the server may have dropped it already
                    esme.writer.write_eof()
                for pdu in await esme.ended():
                    assert pdu.is_response or pdu.command in ("unbind", "enquire_link")
            assert (await good.ask(submit())).command_status == 0
            await good.ask(smpp.Unbind())
            await forgotten(server)

    run(main())


def test_a_bind_and_a_message_octet_by_octet_are_served() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            for octet in numbered(bind_pdu(), submit()):
                esme.write(bytes((octet,)))
                await asyncio.sleep(0)
            assert [(await esme.read()).command for _ in range(2)] == ["bind_transceiver_resp", "submit_sm_resp"]

    run(main())


@pytest.mark.parametrize("slow", [False, True])
def test_messages_behind_a_bind_in_the_same_segment_are_served(slow: bool) -> None:
    async def main() -> None:
        async def authenticate(session: Any, bind: Any) -> Account:
            await asyncio.sleep(0.01)
            return ACCOUNTS["test"]

        more = {"authenticate": authenticate} if slow else {}
        async with serving(**more) as server, await RawEsme.connect(server.port) as esme:
            esme.write(numbered(bind_pdu(), *[submit()] * 50, smpp.EnquireLink()))
            assert [((await esme.read()).command_status) for _ in range(52)] == [0] * 52

    run(main())


def test_messages_behind_a_bind_that_fails_are_not_served() -> None:
    async def main() -> None:
        served = []
        async with serving(lambda session, pdu: served.append(pdu)) as server, await RawEsme.connect(server.port) as esme:
            esme.write(numbered(bind_pdu(password="wrong"), *[submit()] * 50))
            first, *rest = await esme.ended()
            assert first.command_status == CommandStatus.ESME_RINVPASWD
            assert {pdu.command_status for pdu in rest} <= {CommandStatus.ESME_RINVBNDSTS} and served == []

    run(main())


def test_a_thousand_binds_in_one_segment_are_one_try() -> None:
    async def main() -> None:
        tries = []

        def authenticate(session: Any, bind: Any) -> int:
            tries.append(bind.password)
            return CommandStatus.ESME_RINVPASWD

        async with serving(authenticate=authenticate) as server, await RawEsme.connect(server.port) as esme:
            esme.write(numbered(*[bind_pdu(password="wrong")] * 1_000))
            answers = await esme.ended()
            assert tries == ["wrong"] and answers[0].command_status == CommandStatus.ESME_RINVPASWD
            assert len(answers) == 1

    run(main())


def test_a_thousand_binds_behind_a_good_one_are_refused_as_already_bound() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            esme.write(numbered(*[bind_pdu()] * 1_000))
            statuses = [(await esme.read()).command_status for _ in range(1_000)]
            assert statuses == [0] + [CommandStatus.ESME_RALYBND] * 999
            assert len(server.sessions) == 1

    run(main())


def test_thousands_of_unknown_commands_are_each_refused_and_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            for first in range(0, 5_000, 500):
                esme.write(b"".join(struct.pack(">4I", 16, 0x01234567, 0, first + i) for i in range(500)))
                for i in range(500):
                    nack = await esme.read()
                    assert (nack.command, nack.command_status, nack.sequence_number) == (
                        "generic_nack", CommandStatus.ESME_RINVCMDID, first + i)
            assert (await esme.ask(submit())).command_status == 0

    with caplog.at_level(logging.INFO):
        run(main())
    assert len(caplog.records) < 20


@pytest.mark.parametrize(
    "pdu", [submit(), smpp.QuerySm(message_id="1"), smpp.DeliverSm(), smpp.Unbind(), smpp.DataSm()], ids=lambda pdu: pdu.command)
def test_what_may_not_come_before_the_bind_is_refused_and_the_bind_still_served(pdu: smpp.Pdu) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.connect(server.port) as esme:
            assert (await esme.ask(pdu)).command_status == CommandStatus.ESME_RINVBNDSTS
            assert (await esme.bind()).command_status == 0

    run(main())


@pytest.mark.parametrize(("kind", "pdu"), [
    ("receiver", submit()), ("receiver", smpp.CancelSm(message_id="1")), ("transceiver", smpp.DeliverSm()),
    ("transmitter", smpp.DeliverSm()),
], ids=str)
def test_what_a_bind_of_this_kind_may_not_send_never_reaches_the_handler(kind: str, pdu: smpp.Pdu) -> None:
    async def main() -> None:
        served = []
        async with serving(lambda session, pdu: served.append(pdu)) as server, await RawEsme.bound(server.port, kind=kind) as esme:
            assert (await esme.ask(pdu)).command_status == CommandStatus.ESME_RINVBNDSTS
            assert served == []

    run(main())


def test_answers_that_nobody_asked_for_are_ignored() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            esme.write(numbered(smpp.DeliverSmResp(), smpp.GenericNack(), smpp.EnquireLinkResp(), smpp.SubmitSmResp(message_id="x")) * 20)
            assert (await esme.ask(submit())).command_status == 0

    run(main())


def test_a_number_used_twice_is_answered_twice() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            await gate.wait()

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            esme.write(bytes(submit().with_sequence(9)) * 2 + bytes(submit().with_sequence(0)))
            await esme.ask(smpp.EnquireLink())
            gate.set()
            assert [(await esme.read()).sequence_number for _ in range(3)] == [9, 9, 0]

    run(main())


def test_a_half_closed_connection_is_closed_and_what_was_answered_still_arrives() -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            esme.write(numbered(*[submit()] * 300))
            esme.writer.write_eof()
            assert [pdu.command_status for pdu in await esme.ended()] == [0] * 300
            await forgotten(server)

    run(main())


@pytest.mark.parametrize("when", ["connected", "in a bind", "bound", "in a pdu", "owed", "asked"])
def test_a_reset_at_any_moment_leaves_nothing_behind(when: str) -> None:
    async def main() -> None:
        gate, owed = asyncio.Event(), asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            owed.set()
            await gate.wait()

        async with serving(handler) as server, await RawEsme.bound(server.port) as good:
            async with await RawEsme.connect(server.port) as esme:
                if when == "in a bind":
                    esme.write(numbered(bind_pdu())[:20])
                elif when != "connected":
                    await esme.bind()
                if when == "in a pdu":
                    esme.write(numbered(submit())[:20])
                elif when == "owed":
                    esme.send(submit())
                    await owed.wait()
                elif when == "asked":
                    for session in server.sessions:
                        session.request_nowait(smpp.DeliverSm())
                    await esme.read()
                    await good.read()
                while len(server.connections) < 2:
                    await asyncio.sleep(0)
                linger = struct.pack("ii", 1, 0)
                esme.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                esme.writer.transport.abort()
            while len(server.connections) > 1:
                await asyncio.sleep(0)
            gate.set()
            assert (await good.ask(submit())).command_status == 0
            await good.ask(smpp.Unbind())
            await forgotten(server)

    run(main())


def test_who_unbinds_while_answers_are_owed_gets_them_first() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            await gate.wait()

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            esme.write(numbered(submit(), smpp.Unbind()))
            while not server._owed:
                await asyncio.sleep(0)
            gate.set()
            assert [pdu.command for pdu in await esme.ended()] == ["submit_sm_resp", "unbind_resp"]
            await forgotten(server)

    run(main())


def test_a_peer_that_neither_reads_nor_unbinds_does_not_hold_up_the_end() -> None:
    async def main() -> None:
        server = serving(lambda session, pdu: pdu.reply(message_id="x" * 60))
        await server.start()
        esme = await RawEsme.bound(server.port)
        (session,) = server.sessions
        session.link.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        esme.reader._transport.pause_reading()
        while session.link.writable:
            esme.write(numbered(*[submit()] * 500))
            await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await server.close()
        assert asyncio.get_running_loop().time() - began < 20
        assert not server.connections

    clock.run(tidied(main()))


def test_fifty_peers_of_all_sorts_at_once() -> None:
    async def main() -> None:
        dice = random.Random(7)

        async def handler(session: Any, pdu: Any) -> None:
            await asyncio.sleep(dice.random() / 100)

        async def honest() -> None:
            async with await RawEsme.bound(server.port) as esme:
                numbers = {esme.send(submit()) for _ in range(100)}
                for _ in range(100):
                    response = await esme.read()
                    assert response.command_status == 0
                    numbers.remove(response.sequence_number)
                await esme.ask(smpp.Unbind())

        async def hostile() -> None:
            async with await RawEsme.connect(server.port) as esme:
                if dice.random() < 0.5:
                    await esme.bind()
                esme.write(dice.choice([*FOREIGN.values(), numbered(submit())[:30], numbered(*[submit()] * 30), b""]))
                if dice.random() < 0.5:
                    esme.writer.transport.abort()

        async with serving(handler) as server:
            await asyncio.gather(*[honest() for _ in range(10)], *[hostile() for _ in range(40)])
            while server._owed:
                await asyncio.sleep(0)
            await forgotten(server)
            assert not server.driver.tasks

    run(main())
