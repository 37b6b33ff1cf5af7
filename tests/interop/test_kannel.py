"""Kannel as a client of our Server: its bearerbox binds in each way, its smsbox sends what comes by HTTP and takes what we deliver."""

import asyncio
import signal
import socket
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import plan
import pytest
from exchange import HANGUP, PASSWORD, SOURCE, SYSTEM_ID, WRONG
from programs import HERE, LIMIT, Program, kannel_or_skip
from smsc import Smsc
from waiting import Waiting

# It binds, binds again and ends in whole seconds.
pytestmark = [pytest.mark.peer, pytest.mark.slow]

WINDOW = 10
SHORT = [one for one in plan.MESSAGES if one.key.startswith("gsm-")]
UCS2 = next(one for one in plan.MESSAGES if one.key == "ucs2")
LONG_TO, TLV_TO, OTHER_TO = "385930000000", "385940000000", "385950000000"
SEGMENTS = 3
TLV_TEXT, CAMPAIGN, OTHER_TEXT = "With a TLV", "spring", "by the other bind"
RECEIPTS = len(SHORT) + 3  # the UCS-2, the long one, the one with a TLV
ACCEPTED = "0: Accepted for delivery"


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Web(Waiting):
    """Takes the requests that Kannel's smsbox makes: receipts and inbound messages. `got`: (path, query), in order."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, dict[str, str]]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        await self._server.wait_closed()
        if error is not None:
            error.add_note(f"what Kannel asked for: {Counter(path for path, _ in self.got)}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        url = urlsplit(head.split()[1].decode())
        query = parse_qs(url.query, keep_blank_values=True, encoding="latin-1")
        self.got.append((url.path, {name: values[0] for name, values in query.items()}))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        self.look()

    def queries(self, path: str) -> list[dict[str, str]]:
        """What came to a path."""
        return [query for where, query in self.got if where == path]


async def sendsms(port: int, **query: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    words = urlencode({"username": "interop", "password": "interop", "from": SOURCE, **query})
    writer.write(f"GET /cgi-bin/sendsms?{words} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2].decode()


async def said(program: Program, words: str) -> bool:
    """Wait until a program has written words to its log; False if it ends before. Nothing tells us, so it is looked at again and again."""
    while words not in program.errors:
        if program.process.returncode is not None:
            return False
        await asyncio.sleep(0.05)
    return True


async def run(boxes: tuple[str, str], folder: Path) -> tuple[Smsc, Web]:
    admin, smsbox, sendsms_port = free_ports(3)
    async with asyncio.timeout(LIMIT), Web() as web, Smsc([]) as smsc:
        settings = {
            "admin": admin, "smsbox": smsbox, "sendsms": sendsms_port, "port": smsc.port, "http": web.port, "folder": folder,
            "window": WINDOW, "system_id": SYSTEM_ID, "password": PASSWORD, "wrong": WRONG,
        }
        path = folder / "kannel.conf"
        path.write_text((HERE / "peer_kannel.conf").read_text("utf-8").partition("\n")[2].format(**settings), "utf-8")
        async with Program([boxes[0], str(path)], folder, "bearerbox") as bearerbox:
            await smsc.until(lambda: len(smsc.bound) == 3)
            assert await said(bearerbox, "Start-up done")
            async with AsyncExitStack() as stack:
                # It gives up at once if the bearerbox does not listen yet. To try the port ourselves would make us a box of Kannel's.
                while not await said(await stack.enter_async_context(Program([boxes[1], str(path)], folder, "smsbox")), "Connected to"):
                    await asyncio.sleep(0.1)
                await converse(smsc, web, sendsms_port)
                bearerbox.process.send_signal(signal.SIGTERM)
                # It goes on for ten seconds after its last session; there is nothing to wait for in them.
                await smsc.until(lambda: len(smsc.ended) == 4)
    return smsc, web


async def converse(smsc: Smsc, web: Web, port: int) -> None:
    receipt = f"http://127.0.0.1:{web.port}/receipt?message={{}}&state=%d&id=%F"
    gate = asyncio.Semaphore(WINDOW)

    async def send(to: str, text: str, **more: str) -> None:
        asked = {"dlr-mask": "3", "dlr-url": receipt.format(to), "charset": "UTF-8", "smsc": "both"}
        async with gate:
            assert await sendsms(port, to=to, text=text, **(asked | more)) == ACCEPTED

    await asyncio.gather(*(send(one.destination, one.text) for one in SHORT))
    await send(UCS2.destination, UCS2.text, coding="2")
    await send(LONG_TO, plan.LONG)
    await send(TLV_TO, TLV_TEXT, **{"meta-data": f"?smpp?campaign={CAMPAIGN}"})
    assert await sendsms(port, to=OTHER_TO, text=OTHER_TEXT, smsc="transmitter") == ACCEPTED
    # Not before there is a smsbox: what came then may stay in the bearerbox.
    for session in smsc.server.sessions:
        if session.can_receive:
            smsc.send(session, plan.INBOUND)
    await web.until(lambda: len(web.queries("/receipt")) == RECEIPTS and len(web.queries("/inbound")) == 2 * len(plan.INBOUND))
    await smsc.tape.until(lambda: len(smsc.tape.read("enquire_link")) >= 3)
    assert await sendsms(port, to=HANGUP, text="hang up", smsc="both") == ACCEPTED
    await smsc.until(lambda: smsc.hung_up == 1 and len(smsc.bound) == 4)
    smsc.send(next(session for session in smsc.server.sessions if session.bind_kind == "transceiver"), plan.INBOUND)
    await web.until(lambda: len(web.queries("/inbound")) == 3 * len(plan.INBOUND))
    await smsc.until(lambda: len(smsc.answers) == RECEIPTS + 3 * len(plan.INBOUND))


def submitted_as_asked(smsc: Smsc) -> None:
    """Each text came once, by the bind that was named, in the alphabet that holds it."""
    came = {pdu.destination_addr: pdu for pdu in smsc.ids.values()}
    counts = Counter(pdu.destination_addr for pdu in smsc.ids.values())
    singles = [*(one.destination for one in SHORT), UCS2.destination, TLV_TO, OTHER_TO, HANGUP]
    assert counts == Counter(singles) + Counter({LONG_TO: SEGMENTS})
    for one in (*SHORT, UCS2):
        pdu = came[one.destination]
        assert (pdu.short_message, pdu.data_coding, pdu.source_addr) == (one.octets, one.data_coding, SOURCE)
    assert came[OTHER_TO].short_message == plan.gsm(OTHER_TEXT)
    assert [(tlv.tag, tlv.raw) for tlv in came[TLV_TO].tlvs] == [(0x1456, f"{CAMPAIGN}\0".encode())]
    segments = [pdu for pdu in smsc.ids.values() if pdu.destination_addr == LONG_TO]
    heads = sorted((pdu.short_message[:6], pdu.short_message[6:]) for pdu in segments)
    reference = heads[0][0][3]
    assert [head for head, _ in heads] == [bytes((5, 0, 3, reference, SEGMENTS, number)) for number in range(1, SEGMENTS + 1)]
    assert b"".join(octets for _, octets in heads) == plan.gsm(plan.LONG)
    # It asks for the receipt of a long message's first segment only.
    assert [pdu.registered_delivery & 1 for pdu in segments] == [1, 0, 0]


def receipts_as_sent(smsc: Smsc, web: Web) -> None:
    """Each receipt reached its message, by the message_id that we gave."""
    told = web.queries("/receipt")
    assert {query["state"] for query in told} == {"1"}
    assert Counter(query["message"] for query in told) == Counter([*(one.destination for one in SHORT), UCS2.destination, LONG_TO, TLV_TO])
    assert all(smsc.ids[query["id"]].destination_addr == query["message"] for query in told)
    assert len({query["id"] for query in told}) == RECEIPTS


def inbound_as_sent(smsc: Smsc, web: Web) -> None:
    """What we delivered to each bind that receives came out of the smsbox: text as UTF-8, UCS-2 and binary as they are."""
    assert Counter(query["smsc"] for query in web.queries("/inbound")) == {"both": 2 * len(plan.INBOUND), "receiver": len(plan.INBOUND)}
    got = Counter((query["from"], query["to"], query["octets"].encode("latin-1")) for query in web.queries("/inbound"))
    sent = [(f"+{one.source}", one.destination, one.octets if one.data_coding else one.text.encode()) for one in plan.INBOUND]
    assert got == Counter(sent * 3)
    assert {(answer.command, answer.command_status) for _, answer in smsc.answers} == {("deliver_sm_resp", 0)}


def came_and_went(smsc: Smsc) -> None:
    """Three binds, one refused, one unbound by us that came again; enquire_link both ways; the rest unbound by Kannel."""
    tape = smsc.tape
    assert Counter(smsc.bound) == {"transceiver": 2, "transmitter": 1, "receiver": 1}
    assert sorted(pdu.command_status for pdu in tape.written("bind_transceiver_resp")) == [0, 0, 0x0E]
    assert smsc.ended == ["unbound", *["unbound by the peer"] * 3]
    assert len(tape.read("unbind")) == len(tape.written("unbind_resp")) == 3
    assert len(tape.written("unbind")) == len(tape.read("unbind_resp")) == 1
    assert len(tape.read("enquire_link")) == len(tape.written("enquire_link_resp"))
    assert len(tape.written("enquire_link")) == len(tape.read("enquire_link_resp")) == 1
    assert tape.findings == []


def test_kannel_gets_through_the_script_with_our_server(tmp_path: Path, run_on: Any) -> None:
    smsc, web = run_on(run(kannel_or_skip(), tmp_path))
    came_and_went(smsc)
    submitted_as_asked(smsc)
    receipts_as_sent(smsc, web)
    inbound_as_sent(smsc, web)
