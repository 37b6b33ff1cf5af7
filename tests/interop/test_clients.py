"""Client peers against our Server: the whole script, and every PDU that both sides saw compared."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import plan
import pytest
from exchange import HANGUP, RECEIPT, UNKNOWN, Message
from programs import AIOSMPPLIB, LIBSMPP34, LIMIT, NAZ, NET_SMPP, NODE, SMPPLIB, TWISTED, Peer, Program, command_or_skip
from smsc import Smsc

from smpp_core import Pdu
from smswire.session.tls import server_context

pytestmark = pytest.mark.peer

ALL_BINDS = ("transmitter", "receiver", "transceiver")
CAMPAIGN, REFERENCE = 0x1456, 0x0204


class Can(NamedTuple):
    """What a peer can do; docs/interop.md has the same table. tags: TLVs that it can write. nacks_binary: see test_clients there."""

    binds: tuple[str, ...] = ALL_BINDS
    query: bool = True
    cancel: bool = True
    data: bool = True
    tags: tuple[int, ...] = (CAMPAIGN, REFERENCE)
    nacks_binary: bool = False


PEERS = {
    SMPPLIB: Can(cancel=False, tags=(REFERENCE,)),
    AIOSMPPLIB: Can(query=False, cancel=False, data=False, tags=(REFERENCE,), nacks_binary=True),
    NAZ: Can(binds=("transceiver", "transceiver"), query=False, cancel=False, data=False, tags=(REFERENCE,)),
    TWISTED: Can(),
    NODE: Can(),
    NET_SMPP: Can(),
    LIBSMPP34: Can(),
}
# aiosmpplib ends each of its sessions by waiting for its own tasks.
SLOW = (AIOSMPPLIB,)
WITH_TLS = (SMPPLIB, NODE)


async def run(command: list[str], folder: Path, certificate: tuple[str, str] | None) -> tuple[Smsc, Program]:
    tls, ca = (server_context(*certificate), certificate[0]) if certificate else (None, "")
    async with asyncio.timeout(LIMIT), Smsc(plan.INBOUND, tls) as smsc:
        async with Program.of(command, "client", plan.for_clients(smsc.port, ca), folder) as program:
            assert await program.end() == 0, program.errors
    return smsc, program


def user_data(pdu: Pdu) -> tuple[tuple[int, int, int] | None, bytes]:
    """(reference, total, number) of a segment, by UDH or TLVs, and the octets behind."""
    octets = pdu.short_message
    if pdu.esm_class & 0x40:
        assert octets[:3] == b"\5\0\3"
        return (octets[3], octets[4], octets[5]), octets[6:]
    if pdu.sar_total_segments is not None:
        return (pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum), octets
    return None, octets


def submitted_as_planned(smsc: Smsc, can: Can) -> None:
    """Each message of the plan came once, octet for octet; the long one in segments that make it up."""
    came = {pdu.destination_addr: pdu for pdu in smsc.ids.values()}
    counts = Counter(pdu.destination_addr for pdu in smsc.ids.values())
    assert counts == Counter(message.destination for message in plan.MESSAGES) + Counter([HANGUP])
    for message in plan.MESSAGES:
        if not message.key.startswith("long"):
            pdu = came[message.destination]
            assert (pdu.short_message, pdu.data_coding, pdu.source_addr) == (message.octets, message.data_coding, message.source)
            tlv(pdu, message, can)
    segments = sorted(user_data(pdu) for pdu in smsc.ids.values() if pdu.destination_addr == "38593000000")
    assert b"".join(octets for _, octets in segments) == plan.gsm(plan.LONG)
    total = len(segments)
    assert [place[1:] for place, _ in segments if place] == [(total, number) for number in range(1, total + 1)]
    assert len({place[0] for place, _ in segments if place}) == 1


def tlv(pdu: Pdu, message: Message, can: Can) -> None:
    values = {one.tag: one.raw for one in pdu.tlvs}
    expected = {message.tag: message.value} if message.tag in can.tags else {}
    assert values == expected, message.key


def responses_as_sent(smsc: Smsc, program: Program) -> None:
    """The message_id that the peer has for a message is the one that we gave it."""
    destinations = {message.key: message.destination for message in plan.MESSAGES} | {"hangup": HANGUP, "long": "38593000000"}
    told = program.told("submitted")
    assert len(told) == len(smsc.tape.written("submit_sm_resp")) == len(smsc.ids)
    assert {report["status"] for report in told} == {0}
    assert {report["message_id"] for report in told} == set(smsc.ids)
    for report in told:
        assert smsc.ids[report["message_id"]].destination_addr == destinations[report["key"]]


def matches(report: dict[str, Any], pdu: Pdu, text: str | None) -> bool:
    """Whether a peer's view of a deliver_sm is what we sent."""
    if "raw" in report:
        return bool(report["raw"] == bytes(pdu).hex() and report.get("text") in (None, text))
    if "octets" in report and report["octets"] != pdu.short_message.hex():
        return False
    if "text" in report and report["text"] != text:
        return False
    fields = ((report["source"], pdu.source_addr), (report["destination"], pdu.destination_addr), (report["esm_class"], pdu.esm_class))
    return all(theirs == ours for theirs, ours in fields) and report.get("receipted") in (None, pdu.receipted_message_id)


def text_of(pdu: Pdu) -> str | None:
    if pdu.esm_class & 0x3C:
        return str(RECEIPT.format(id=pdu.receipted_message_id))
    return next(message.text for message in plan.INBOUND if message.octets == pdu.short_message)


def delivered_as_sent(smsc: Smsc, program: Program, can: Can) -> None:
    """Each deliver_sm that we sent was read by the peer as it was, in the same order, and answered."""
    sent = smsc.tape.written("deliver_sm")
    receivers = [kind for kind in can.binds if kind != "transmitter"]
    assert len(sent) == len(plan.MESSAGES) + len(receivers) * len(plan.INBOUND)
    told = program.told("delivered")
    assert len(told) == len(sent)
    for report, pdu in zip(told, sent):
        assert matches(report, pdu, text_of(pdu)), f"{report} is not {pdu.fields()}"
    assert Counter(bytes(pdu)[16:] for pdu, _ in smsc.answers) == Counter(bytes(pdu)[16:] for pdu in sent)
    for pdu, answer in smsc.answers:
        refused = can.nacks_binary and pdu.data_coding == 4
        assert (answer.command, answer.command_status) == ("generic_nack" if refused else "deliver_sm_resp", 0)


def links_kept(smsc: Smsc, program: Program, can: Can) -> None:
    """enquire_link was answered both ways; the unknown command got its generic_nack."""
    tape = smsc.tape
    assert len(tape.read("enquire_link")) == len(tape.written("enquire_link_resp")) == len(program.told("alive"))
    assert len(program.told("alive")) >= len(can.binds)
    assert len(tape.written("enquire_link")) == len(tape.read("enquire_link_resp")) == len(program.told("enquired")) == 1
    nacks = [(pdu.sequence_number, pdu.command_status) for pdu in tape.written("generic_nack")]
    assert nacks == [(int.from_bytes(UNKNOWN[12:16]), 3)]
    assert [(report["sequence"], report["status"]) for report in program.told("nacked")] == nacks


def asked(smsc: Smsc, program: Program, can: Can) -> None:
    """query_sm, cancel_sm and data_sm were answered, and the peer read the answers."""
    first = program.told("submitted")[0]["message_id"]
    queried = [(report["status"], report["message_id"], report["state"]) for report in program.told("queried")]
    assert queried == ([(0, first, 2)] if can.query else [])
    assert [report["status"] for report in program.told("cancelled")] == ([0] if can.cancel else [])
    data = [pdu.message_id for pdu in smsc.tape.written("data_sm_resp")]
    assert [(report["status"], report["message_id"]) for report in program.told("data")] == [(0, message_id) for message_id in data]
    assert [pdu.message_payload for pdu in smsc.tape.read("data_sm")] == ([b"data_sm"] if can.data else [])


def came_and_went(smsc: Smsc, program: Program, can: Can) -> None:
    """A wrong password was refused; each session ended with an unbind, the last one with ours."""
    assert [report["status"] for report in program.told("refused")] == [0x0E]
    assert tuple(smsc.bound) == can.binds
    assert len(program.told("bound")) == len(can.binds)
    assert smsc.hung_up == len(program.told("unbound")) == 1
    assert [report["by"] for report in program.told("closed")] == ["peer"] * (len(can.binds) - 1) + ["server"]
    assert smsc.ended == ["unbound by the peer"] * (len(can.binds) - 1) + ["unbound"]
    assert len(smsc.tape.read("unbind")) == len(smsc.tape.written("unbind_resp")) == len(can.binds) - 1
    assert len(smsc.tape.written("unbind")) == len(smsc.tape.read("unbind_resp")) == 1


@pytest.mark.parametrize("peer", [pytest.param(peer, id=peer.name, marks=[pytest.mark.slow] * (peer in SLOW)) for peer in PEERS])
def test_a_client_of_others_gets_through_the_whole_script_with_our_server(peer: Peer, built: Path, tmp_path: Path, run_on: Any) -> None:
    smsc, program = run_on(run(command_or_skip(peer, built), tmp_path, None))
    check(smsc, program, PEERS[peer])


@pytest.mark.slow
@pytest.mark.parametrize("peer", [pytest.param(peer, id=peer.name) for peer in WITH_TLS])
def test_a_client_of_others_gets_through_the_whole_script_over_tls(
    peer: Peer, built: Path, tmp_path: Path, run_on: Any, certificate: tuple[str, str]
) -> None:
    smsc, program = run_on(run(command_or_skip(peer, built), tmp_path, certificate))
    check(smsc, program, PEERS[peer])


async def call(command: list[str], folder: Path) -> tuple[Smsc, Program, str | None]:
    async with asyncio.timeout(LIMIT), Smsc(plan.INBOUND) as smsc:
        async with Program.of(command, "outbind", plan.for_clients(smsc.port), folder) as program:
            session = await smsc.server.outbind("127.0.0.1", (await program.report("listening"))["port"], "smswire", "known")
            kind = session.bind_kind
            await program.report("closed")
    return smsc, program, kind


def test_a_client_of_others_that_our_server_calls_binds_and_takes_what_is_delivered(built: Path, tmp_path: Path, run_on: Any) -> None:
    smsc, program, kind = run_on(call(command_or_skip(TWISTED, built), tmp_path))
    assert (kind, smsc.bound, smsc.ended) == ("receiver", ["receiver"], ["unbound by the peer"])
    assert [(report["system_id"], report["password"]) for report in program.told("outbind")] == [("smswire", "known")]
    sent = smsc.tape.written("deliver_sm")
    assert all(matches(report, pdu, text_of(pdu)) for report, pdu in zip(program.told("delivered"), sent, strict=True))
    assert len(sent) == len(plan.INBOUND)
    assert [answer.command_status for _, answer in smsc.answers] == [0] * len(plan.INBOUND)


def check(smsc: Smsc, program: Program, can: Can) -> None:
    """All that is compared."""
    came_and_went(smsc, program, can)
    submitted_as_planned(smsc, can)
    responses_as_sent(smsc, program)
    delivered_as_sent(smsc, program, can)
    links_kept(smsc, program, can)
    asked(smsc, program, can)
    # Strictly read, there is nothing to complain of in what the peer sent, but the command that nobody knows.
    assert smsc.tape.findings == ["unknown-command"]
