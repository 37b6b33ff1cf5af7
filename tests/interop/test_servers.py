"""Our Client against server peers: binds, hundreds of messages with a full window, receipts, throttling, unbind from both sides."""

import asyncio
import ssl
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import plan
import pytest
from exchange import HANGUP, PASSWORD, SOURCE, SYSTEM_ID, WRONG
from programs import LIBSMPP34, LIMIT, NET_SMPP, NODE, TWISTED, Peer, Program, command_or_skip
from smsc import Tape
from waiting import Waiting

import smpp_core as smpp
from smpp_core import CancelSm, CommandFailed, DataSm, EnquireLink, Pdu, QuerySm, SubmitSm
from smswire.session.backoff import Backoff
from smswire.session.client import Client
from smswire.session.inbound import Delivery
from smswire.session.many import SubmitResult
from smswire.session.send import Sent
from smswire.session.supervisor import Down, Up
from smswire.session.tls import client_context

pytestmark = pytest.mark.peer

MANY = 500  # by submit_many
SINGLE = 100  # by submit, at once
WINDOW = 50
THROTTLE = 200  # every 200th submit_sm is answered ESME_RTHROTTLED
# Texts that `send` cuts: (destination, text, how its segments are told).
LONG = (
    ("385930000001", plan.LONG, "udh8"), ("385930000002", plan.LONG, "udh16"), ("385930000003", plan.LONG, "sar"),
    ("385930000004", "Ж и 😀. " * 30, "udh8"),
)
THROTTLED = 0x58


class Can(NamedTuple):
    """What a peer shows and writes. campaign: it shows the vendor's TLV 0x1456. findings: codes of what is odd in its PDUs."""

    campaign: bool = True
    findings: tuple[str, ...] = ()


PEERS = {NODE: Can(), TWISTED: Can(campaign=False), NET_SMPP: Can(), LIBSMPP34: Can()}


class Message(NamedTuple):
    """One of the many: what is sent, and its text where an alphabet makes it one."""

    pdu: SubmitSm
    text: str | None


def message(number: int) -> Message:
    """The number-th message; kinds take turns."""
    fields: dict[str, Any] = {
        "source_addr": SOURCE, "source_addr_ton": 5, "destination_addr": f"38597{number:07}", "dest_addr_ton": 1, "dest_addr_npi": 1,
        "registered_delivery": 1,
    }
    text: str | None = f"Message {number} for {{5 €}} ~^"
    kind = number % 6
    if kind == 0:
        text = f"Здраво {number} 😀"
        fields |= {"data_coding": 8, "short_message": text.encode("utf-16-be")}
    elif kind == 1:
        text = None
        fields |= {"data_coding": 4, "short_message": bytes((number + at) & 0xFF for at in range(40))}
    elif kind == 2:
        fields |= {"short_message": plan.gsm(text or ""), "tlvs": [(0x1456, f"campaign {number}\0".encode())]}
    elif kind == 3:
        fields |= {"short_message": plan.gsm(text or ""), "tlvs": [("user_message_reference", number)]}
    else:
        fields |= {"short_message": plan.gsm(text or "")}
    return Message(SubmitSm(**fields), text)


class Ours(Waiting):
    """What our side saw."""

    def __init__(self) -> None:
        super().__init__()
        self.refusal = 0
        self.tape = Tape()
        self.deliveries: list[Delivery] = []
        self.results: list[SubmitResult] = []
        self.singles: list[Pdu] = []
        self.answers: dict[str, Pdu] = {}
        self.alive = 0
        self.news: list[Up | Down] = []
        self.sent: list[Sent] = []

    def delivered(self, delivery: Delivery) -> None:
        """A handler for plain function's sake: returning None acknowledges."""
        self.deliveries.append(delivery)
        self.look()

    def event(self, news: Any) -> None:
        """Links that come and go."""
        if isinstance(news, Up | Down):
            self.news.append(news)
            self.look()


async def converse(port: int, ours: Ours, tls: ssl.SSLContext | None) -> None:
    scheme = "smpps" if tls is not None else "smpp"

    def client(bind: str, password: str = PASSWORD, **options: Any) -> Client:
        made = Client(f"{scheme}://{SYSTEM_ID}:{password}@127.0.0.1:{port}/?bind={bind}", tls=tls, observer=ours.tape, **options)
        made.on_inbound(ours.delivered)
        made.on_event(ours.event)
        return made

    with pytest.raises(CommandFailed) as refused:
        async with client("transceiver", WRONG):
            pass
    ours.refusal = refused.value.status
    for kind in ("transmitter", "receiver"):
        async with client(kind) as one:
            if kind == "receiver":
                await ours.until(lambda: len(ours.deliveries) == len(plan.INBOUND))
            ours.alive += not (await one.request(EnquireLink())).command_status
    async with client("transceiver", window=WINDOW, backoff=Backoff(base=0.01)) as one:
        await transceive(one, ours)


async def transceive(client: Client, ours: Ours) -> None:
    pdus = [message(number).pdu for number in range(MANY + SINGLE)]
    ours.results = [result async for result in client.submit_many(pdus[:MANY])]
    ours.singles = await asyncio.gather(*(client.submit(pdu) for pdu in pdus[MANY:]))
    for to, text, concatenation in LONG:
        ours.sent.append(await client.send(to, text, sender=SOURCE, concatenation=concatenation))
    for sent in ours.sent:
        assert await sent.outcome(LIMIT) == "DELIVERED"
    total = MANY + SINGLE + sum(sent.parts for sent in ours.sent) + 2 * len(plan.INBOUND)
    await ours.until(lambda: len(ours.deliveries) >= total)
    ours.alive += not (await client.request(EnquireLink())).command_status
    message_id = ours.results[0].message_id
    where = {"source_addr": SOURCE, "source_addr_ton": 5}
    ours.answers["query_sm"] = await client.request(QuerySm(message_id=message_id, **where))
    ours.answers["cancel_sm"] = await client.request(CancelSm(message_id=message_id, destination_addr="38597", **where))
    ours.answers["data_sm"] = await client.request(DataSm(destination_addr="38597", tlvs=[("message_payload", b"data_sm")], **where))
    await client.submit(SubmitSm(destination_addr=HANGUP, short_message=b"hang up"))
    await ours.until(lambda: isinstance(ours.news[-1], Up) and any(isinstance(news, Down) for news in ours.news))
    # The same inbound messages come to the new session.
    await ours.until(lambda: len(ours.deliveries) >= total + len(plan.INBOUND))


async def run(command: list[str], folder: Path, certificate: tuple[str, str] | None) -> tuple[Ours, Program]:
    ours = Ours()
    tls = client_context(cafile=certificate[0]) if certificate else None
    script = plan.for_servers(THROTTLE, *(certificate or ()))
    async with asyncio.timeout(LIMIT), Program.of(command, "server", script, folder) as program:
        await converse((await program.report("listening"))["port"], ours, tls)
        await program.report("closed", 5)
        await program.report("acknowledged", len(ours.deliveries))
    return ours, program


def seen_as_sent(ours: Ours, program: Program, can: Can) -> None:
    """Each message was accepted once; the peer saw it as we wrote it, and we have the message_id that the peer gave it."""
    ids = {report["destination"]: report["message_id"] for report in program.told("submit")}
    long = [report for report in program.told("submit") if report["destination"] in {to for to, _, _ in LONG}]
    assert Counter(report["destination"] for report in program.told("submit") if report not in long) == Counter(
        [message(number).pdu.destination_addr for number in range(MANY + SINGLE)] + [HANGUP]
    )
    shown = {report["destination"]: report for report in program.told("submit")}
    for number in range(MANY + SINGLE):
        pdu, text = message(number)
        report = shown[pdu.destination_addr]
        assert (report["source"], report["esm_class"], report["data_coding"]) == (SOURCE, 0, pdu.data_coding)
        assert report.get("octets", pdu.short_message.hex()) == pdu.short_message.hex()
        assert report.get("text", text) == text
        assert report.get("reference") == pdu.user_message_reference
        campaign = next((tlv.raw.hex() for tlv in pdu.tlvs if tlv.tag == 0x1456), None)
        assert report.get("campaign") == (campaign if can.campaign else None)
    assert sorted(result.index for result in ours.results) == list(range(MANY))
    for result in ours.results:
        assert result.error is None and result.message_id == ids[message(result.index).pdu.destination_addr]
    for number, response in enumerate(ours.singles, MANY):
        assert response.message_id == ids[message(number).pdu.destination_addr]


def cut_and_joined(ours: Ours, program: Program) -> None:
    """The segments of each long text came to the peer under the ids that `send` gave, and make up the text."""
    by_id = {report["message_id"]: report for report in program.told("submit")}
    for (to, text, concatenation), sent in zip(LONG, ours.sent):
        reports = [by_id[message_id or ""] for message_id in sent.message_ids]
        assert len(reports) == sent.parts > 1 and {report["destination"] for report in reports} == {to}
        assert {report["esm_class"] for report in reports} == {0 if concatenation == "sar" else 0x40}
        assert "".join(segment(report) for report in reports) == text


def segment(report: dict[str, Any]) -> str:
    """Text of a segment, from what a peer shows."""
    if "text" in report:
        return str(report["text"])
    octets = bytes.fromhex(report["octets"])
    octets = octets[octets[0] + 1 :] if report["esm_class"] & 0x40 else octets
    return octets.decode("utf-16-be") if report["data_coding"] == 8 else str(smpp.gsm7.decode(octets))


def throttled_and_sent_again(ours: Ours, program: Program) -> None:
    """What the peer refused with ESME_RTHROTTLED was sent again, and nothing else was."""
    refused = [pdu for pdu in ours.tape.read("submit_sm_resp") if pdu.command_status == THROTTLED]
    accepted = [pdu for pdu in ours.tape.read("submit_sm_resp") if not pdu.command_status]
    written = ours.tape.written("submit_sm")
    assert len(refused) == len(program.told("throttled")) == len(written) // THROTTLE > 0
    assert len(accepted) == len(program.told("submit")) == len(written) - len(refused)


def delivered_as_sent(ours: Ours, program: Program) -> None:
    """One receipt came for each message, and the inbound messages in each session that receives; each was acknowledged once."""
    receipts = [delivery.receipt for delivery in ours.deliveries if delivery.receipt is not None]
    asked = {report["message_id"] for report in program.told("submit") if report["destination"] != HANGUP}
    assert Counter(receipt.id for receipt in receipts) == Counter(asked)
    assert {receipt.state for receipt in receipts} == {smpp.MessageState.DELIVERED}
    messages = [delivery.message for delivery in ours.deliveries if delivery.receipt is None]
    expected = [(one.source, one.text or None, None if one.text else one.octets) for one in plan.INBOUND]
    assert Counter((one.sender.value, one.text, one.binary) for one in messages if one is not None) == Counter(expected * 3)
    assert all(delivery.status == 0 for delivery in ours.deliveries)
    assert [report["status"] for report in program.told("acknowledged")] == [0] * len(ours.deliveries)
    assert len(ours.tape.read("deliver_sm")) == len(ours.tape.written("deliver_sm_resp")) == len(ours.deliveries)


def came_and_went(ours: Ours, program: Program) -> None:
    """Binds of each kind, a refusal, enquire_link both ways, unbind by either side, and a new session after the peer's."""
    assert ours.refusal == 0x0E
    assert len(program.told("refused")) == 1
    states = ["BOUND_TX", "BOUND_RX", "BOUND_TRX", "down", "BOUND_TRX"]
    assert [news.state if isinstance(news, Up) else "down" for news in ours.news] == states
    assert len(program.told("bound")) == 4
    assert ours.alive == len(program.told("enquired")) == len(ours.tape.written("enquire_link")) == 3
    assert len(ours.tape.read("enquire_link")) == len(program.told("alive")) == 1
    assert Counter(report.get("by", "peer") for report in program.told("unbound")) == {"peer": 3, "us": 1}
    assert len(program.told("closed")) == 5


def answered(ours: Ours) -> None:
    """query_sm, cancel_sm and data_sm got their own responses."""
    answers = ours.answers
    assert {name: (pdu.command, pdu.command_status) for name, pdu in answers.items()} == {name: (f"{name}_resp", 0) for name in answers}
    assert (answers["query_sm"].message_id, answers["query_sm"].message_state) == (ours.results[0].message_id, 2)
    assert answers["data_sm"].message_id


@pytest.mark.parametrize("peer", [pytest.param(peer, id=peer.name) for peer in PEERS])
def test_our_client_gets_through_the_whole_script_with_a_server_of_others(peer: Peer, built: Path, tmp_path: Path, run_on: Any) -> None:
    ours, program = run_on(run(command_or_skip(peer, built), tmp_path, None))
    check(ours, program, PEERS[peer])


@pytest.mark.slow
def test_our_client_gets_through_the_whole_script_with_a_server_of_others_over_tls(
    built: Path, tmp_path: Path, run_on: Any, certificate: tuple[str, str]
) -> None:
    ours, program = run_on(run(command_or_skip(NODE, built), tmp_path, certificate))
    check(ours, program, PEERS[NODE])


def check(ours: Ours, program: Program, can: Can) -> None:
    """All that is compared."""
    came_and_went(ours, program)
    seen_as_sent(ours, program, can)
    cut_and_joined(ours, program)
    throttled_and_sent_again(ours, program)
    delivered_as_sent(ours, program)
    answered(ours)
    assert set(ours.tape.findings) == set(can.findings)
