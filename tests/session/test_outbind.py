"""An SMSC that calls is bound if it is welcome, delivers, and goes; who is not, or says nothing, is dropped."""

import asyncio
from typing import Any

import clock
import pytest
from rawsmsc import DELIVER

import smpp_core as smpp
from smpp_core import EncodeError, SessionClosed
from smswire.session.limits import Limits
from smswire.session.outbind import OutbindClient
from smswire.session.server import Server
from smswire.session.supervisor import Down, Up

LIMITS = Limits(enquire_link=0, unbind_timeout=1.0, bind_timeout=5.0)


def client_of(kind: str = "receiver", **more: Any) -> OutbindClient:
    options = {"accept": lambda pdu: (pdu.system_id, pdu.password) == ("smsc", "open"), "limits": LIMITS, **more}
    return OutbindClient(f"smpp://me:secret@unused/?bind={kind}", port=0, **options)


def server_of(**more: Any) -> Server:
    return Server(lambda session, pdu: None, port=0, authenticate={"me": "secret"}, **more)


def test_a_welcome_smsc_is_bound_delivers_and_may_call_again() -> None:
    async def body() -> None:
        news: list[Any] = []
        down = asyncio.Event()
        async with server_of() as server:
            client = client_of()
            client.on_event(lambda item: news.append(item) if isinstance(item, Up | Down) else None)
            client.on_event(lambda item: down.set() if isinstance(item, Down) else None)
            async with client:
                deliveries = client.inbound()
                for count in (1, 2):
                    session = await server.outbind("127.0.0.1", client.port, system_id="smsc", password="open")
                    assert session.bind_kind == "receiver"
                    delivered = asyncio.create_task(session.request(DELIVER))
                    assert await (await anext(deliveries)).ack()
                    assert (await delivered).command_status == 0 and client.state == "bound"
                    with pytest.raises(EncodeError):
                        await client.submit(smpp.SubmitSm())
                    if count == 1:
                        await session.unbind()
                        await down.wait()
                        assert client.state == "down"
                assert len(asyncio.all_tasks()) < 6
            assert not server.sessions
        assert [type(item) for item in news] == [Up, Down, Up, Down]
        assert news[0].host == "127.0.0.1" and news[1].again is None

    clock.run(body())


def test_a_transceiver_may_submit_over_the_call() -> None:
    async def body() -> None:
        async with server_of() as server, client_of("transceiver") as client:
            waiting = asyncio.create_task(client.submit(smpp.SubmitSm(), timeout=10))
            await server.outbind("127.0.0.1", client.port, system_id="smsc", password="open")
            assert (await waiting).command_status == 0
            assert len([result async for result in client.submit_many([smpp.SubmitSm()] * 200)]) == 200

    clock.run(body())


def test_who_is_not_welcome_or_says_nothing_is_dropped() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        async with server_of() as server, client_of() as client:
            with pytest.raises(SessionClosed):
                await server.outbind("127.0.0.1", client.port, system_id="smsc", password="guess")
            begin = loop.time()
            reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
            assert await reader.read() == b"" and 4.9 < loop.time() - begin < 6
            writer.close()
            calls = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(20)]
            await asyncio.sleep(0.1)
            assert len(client._binds) == 16
            for _, writer in calls:
                writer.close()

    clock.run(body())


def test_a_port_that_is_taken_raises_and_leaves_nothing() -> None:
    async def body() -> None:
        async with server_of() as server:
            client = OutbindClient("smpp://me:secret@unused", port=server.port, accept=lambda pdu: True)
            with pytest.raises(OSError):
                await client.start()
            assert client.state == "closed"

    asyncio.run(body())
