"""The faults of a scenario: how they are written, which PDUs they choose, and what the octets on the wire are then."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from clock import run
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import (
    BindTransceiver,
    CommandFailed,
    CommandStatus,
    DeliverSm,
    EnquireLink,
    Framer,
    Pdu,
    SessionClosed,
    SubmitSm,
    decode,
)
from smpp_core.spec.commands import BY_NAME
from smswire.session.backoff import Backoff
from smswire.session.client import Client
from smswire.simulator.faults import KINDS, Fault, Trigger
from smswire.simulator.faulty_link import Faults, FaultyLink
from smswire.simulator.quirks import QUIRKS
from smswire.simulator.scenario import Scenario, ScenarioError, load, shipped
from smswire.simulator.smsc import Simulator

SUBMIT, RESPONSE, DELIVER = BY_NAME["submit_sm"].id, BY_NAME["submit_sm_resp"].id, BY_NAME["deliver_sm"].id
ACCOUNT = 'delay = { kind = "constant", seconds = 0.2 }\n[[account]]\nname = "test"\npassword = "test"\n'
HELLO = SubmitSm(source_addr="Shop", source_addr_ton=5, destination_addr="385911234567", short_message=b"Hello", registered_delivery=1)


class Raw(asyncio.Protocol):
    """A client by hand: what it reads, with the moment, one item for each read."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.reads: list[tuple[float, bytes]] = []
        self.error: BaseException | None = None
        self.began = self.loop.time()
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self.writer: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.writer = transport

    def data_received(self, data: bytes) -> None:
        self.reads.append((self.loop.time() - self.began, data))

    def eof_received(self) -> bool:
        self.ended.set_result(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        if not self.ended.done():
            self.ended.set_result(None)

    def send(self, *pdus: Pdu) -> None:
        self.writer.write(b"".join(map(bytes, pdus)))

    async def bind(self) -> None:
        self.send(BindTransceiver(system_id="test", password="test", sequence_number=1))
        await asyncio.sleep(0.01)
        self.forget()

    def forget(self) -> None:
        self.reads.clear()
        self.began = self.loop.time()

    @property
    def octets(self) -> bytes:
        return b"".join(data for _, data in self.reads)

    @property
    def pdus(self) -> list[Any]:
        return [decode(frame, strict=False) for frame in Framer().feed(self.octets)]


def scene(
    faults: list[Fault], play: Callable[[Raw, Simulator, Faults], Coroutine[Any, Any, None]], bind: bool = True, scenario: str = ACCOUNT
) -> Raw:
    """Run a client by hand against a simulator with faults."""

    async def main() -> Raw:
        made = Faults(faults, 7)
        async with Simulator(scenario, link=made.link) as smsc:
            _, raw = await asyncio.get_running_loop().create_connection(Raw, "127.0.0.1", smsc.port)
            if bind:
                await raw.bind()
            try:
                await play(raw, smsc, made)
            finally:
                raw.writer.close()
        return raw

    raw: Raw = run(main())
    return raw


def submits(n: int, receipts: bool = False) -> list[Pdu]:
    return [HELLO.replace(registered_delivery=int(receipts)).with_sequence(100 + i) for i in range(n)]


def after(*pdus: Pdu, wait: float = 0.05) -> Callable[[Raw, Simulator, Faults], Coroutine[Any, Any, None]]:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*pdus)
        await asyncio.sleep(wait)

    return play


# -- how they are written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('kind = "splt"', "fault[0].kind: 'splt' is no kind of fault; did you mean 'split'?"),
        ('kind = "split"\noctt = 3', "fault[0].octt: there is no such key; did you mean 'octet'?"),
        ('kind = "split"\nstatus = 3', "fault[0].status: a fault of kind 'split' has no such key"),
        ('kind = "split"\nof = "x"', "fault[0].of: 'x' is none of pdu, write"),
        ('kind = "split"\noctet = 0', "fault[0].octet: expected `int` >= 1"),
        ('kind = "split"\ndirection = "in"', "fault[0].direction: a fault of kind 'split' is only 'out'"),
        ('kind = "quirk"', "fault[0].name: is missing"),
        ('kind = "quirk"\nname = "Q61"', "fault[0].name: 'Q61' is no quirk; did you mean 'Q6'?"),
        ('kind = "quirk"\nname = "Q31"', "fault[0].name: no server sends 'Q31': submit_sm is a client's request"),
        ('kind = "late"\ncommands = ["submit_sm_rsp"]',
         "fault[0].commands[0]: 'submit_sm_rsp' is no command; did you mean 'submit_sm_resp'?"),
        ('kind = "nack"\nstatus = "ESME_RTHROTTLD"',
         "fault[0].status: 'ESME_RTHROTTLD' is no command_status; did you mean 'ESME_RTHROTTLED'?"),
        ('kind = "garbage"\noctets = "XY"', "fault[0].octets: 'XY' is not hexadecimal"),
        ('kind = "throttled"\nseconds = 5\nperiod = 2', "fault[0].period: is shorter than seconds"),
        ('kind = "throttled"\nperiod = 0.5', "fault[0].period: is shorter than seconds"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(f"[[fault]]\n{text}\n")
    assert problem in str(caught.value)
    assert caught.value.key == problem.partition(":")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written_with_all_of_its_keys(kind: str) -> None:
    values = {"octet": 5, "pdus": 3, "seconds": 0.5, "period": 2.0, "length": 9, "octets": "00FF", "status": "ESME_RSYSERR", "of": "pdu",
              "name": "Q16"}
    keys = {key: values[key] for key in KINDS[kind].options}
    for direction in KINDS[kind].directions:
        fault = Fault(kind=kind, direction=direction, **keys)  # type: ignore[arg-type]
        assert fault.side == direction
        assert {key: fault.option(key) for key in keys} == keys
        fault.chosen()


def test_the_shipped_scenario_has_faults() -> None:
    assert "faults" in shipped()
    assert load("faults").faults


# -- which PDUs they choose


@given(
    spared=st.integers(0, 5), every=st.integers(1, 5), count=st.none() | st.integers(1, 5),
    commands=st.lists(st.sampled_from((SUBMIT, RESPONSE, DELIVER)), max_size=60),
)
def test_spared_every_and_count_choose_by_arithmetic(spared: int, every: int, count: int | None, commands: list[int]) -> None:
    trigger = Trigger(Fault(kind="late", commands=("submit_sm_resp", "deliver_sm"), after=spared, every=every, count=count), 1)
    fired = [trigger.fires(command, 0.0) for command in commands]
    places = [at for at, command in enumerate(commands) if command != SUBMIT]
    chosen = places[spared + every - 1 :: every][:count]
    assert [at for at, one in enumerate(fired) if one] == chosen
    assert trigger.fired == len(chosen)


def test_chance_is_the_seeds() -> None:
    def fired(seed: int) -> list[bool]:
        trigger = Trigger(Fault(kind="late", probability=0.3), seed)
        return [trigger.fires(RESPONSE, 0.0) for _ in range(1000)]

    assert fired(1) == fired(1) != fired(2)
    assert 250 < sum(fired(1)) < 350


def test_two_faults_of_one_simulator_have_chances_of_their_own() -> None:
    fault = Fault(kind="missing", probability=0.5)
    one, other = Faults([fault, fault], 3).outgoing
    assert [one.fires(RESPONSE, 0.0) for _ in range(100)] != [other.fires(RESPONSE, 0.0) for _ in range(100)]


def test_waves_begin_with_the_first_pdu() -> None:
    trigger = Trigger(Fault(kind="throttled", seconds=2.0, period=10.0), 1)
    moments = [0.0, 1.9, 2.0, 9.9, 10.0, 11.9, 12.0, 25.0]
    assert [trigger.fires(SUBMIT, 50.0 + moment) for moment in moments] == [True, True, False, False, True, True, False, False]


# -- octets


@pytest.mark.parametrize("octet", range(1, 24))
def test_split_cuts_every_pdu_behind_the_octet(octet: int) -> None:
    raw = scene([Fault(kind="split", octet=octet, seconds=0.5, commands=("submit_sm_resp",))], after(*submits(2), wait=3.0))
    assert [len(pdu) for pdu in raw.pdus] == [24, 24]
    assert [len(data) for _, data in raw.reads] == [octet, 24 - octet] * 2
    assert [round(at, 1) for at, _ in raw.reads] == [0.0, 0.5, 1.0, 1.5]


def test_split_of_a_write_cuts_once() -> None:
    raw = scene([Fault(kind="split", octet=30, seconds=0.5, of="write", commands=("submit_sm_resp",))], after(*submits(3), wait=3.0))
    assert [len(data) for _, data in raw.reads] == [30, 42]


def test_trickle_sends_one_octet_at_a_time() -> None:
    raw = scene([Fault(kind="trickle", seconds=0.1, commands=("submit_sm_resp",), count=1)], after(*submits(2), wait=5.0))
    assert [len(data) for _, data in raw.reads[:24]] == [1] * 24
    assert 2.3 <= raw.reads[23][0] < 2.5
    assert [pdu.sequence_number for pdu in raw.pdus] == [100, 101], "what follows waits behind it"


def test_trickle_without_a_pause_leaves_a_turn_of_the_loop_to_each_octet() -> None:
    raw = scene([Fault(kind="trickle", commands=("submit_sm_resp",))], after(*submits(1)))
    assert [len(data) for _, data in raw.reads] == [1] * 24


def test_coalesce_holds_pdus_until_there_are_enough_or_time_is_over() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        for pdu in submits(5):
            raw.send(pdu)
            await asyncio.sleep(0.1)
        await asyncio.sleep(2.0)

    raw = scene([Fault(kind="coalesce", pdus=3, seconds=1.0, commands=("submit_sm_resp",))], play)
    assert [(round(at, 1), len(data)) for at, data in raw.reads] == [(0.2, 72), (1.3, 48)]


def test_delay_is_a_slow_line_that_keeps_the_order() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        await asyncio.sleep(0.1)
        raw.send(EnquireLink(sequence_number=7))
        await asyncio.sleep(2.0)

    raw = scene([Fault(kind="delay", seconds=0.5, commands=("submit_sm_resp",))], play)
    assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp", "enquire_link_resp"]
    assert all(at >= 0.5 for at, _ in raw.reads)


def test_a_slow_line_pushes_back() -> None:
    """A client that goes on sending into a line of 10 s is not read any more before its answers fill the memory."""

    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        (session,) = smsc.server.sessions
        transport = session.link.transport
        assert transport is not None
        for _ in range(100):
            raw.send(*submits(50))
            await asyncio.sleep(0.001)
        assert 1_000_000 < transport.get_write_buffer_size() < 2_000_000
        assert faults.fired["delay"] < 2_000
        transport.abort()

    slow = [Fault(kind="garbage", octets="00" * 1000), Fault(kind="delay", seconds=1000.0, commands=("submit_sm_resp",))]
    scene(slow, play)


# -- responses


def test_a_late_response_is_overtaken() -> None:
    raw = scene([Fault(kind="late", seconds=31.0, count=1)], after(*submits(3), wait=40.0))
    assert [pdu.sequence_number for pdu in raw.pdus if pdu.command == "submit_sm_resp"] == [101, 102, 100]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "duplicate"}, [("submit_sm_resp", 0, 100), ("submit_sm_resp", 0, 100)]),
        ({"kind": "missing"}, []),
        ({"kind": "wrong_sequence"}, [("submit_sm_resp", 0, 100 ^ 0x40000000)]),
        ({"kind": "wrong_command"}, [("data_sm_resp", 0, 100)]),
        ({"kind": "nack"}, [("generic_nack", 8, 100)]),
        ({"kind": "nack", "status": 0x1234}, [("generic_nack", 0x1234, 100)]),
        ({"kind": "nack_zero"}, [("generic_nack", 2, 0)]),
        ({"kind": "throttled"}, [("submit_sm_resp", 0x58, 100)]),
        ({"kind": "queue_full"}, [("submit_sm_resp", 0x14, 100)]),
        ({"kind": "missing", "direction": "in"}, []),
    ],
)
def test_what_becomes_of_a_response(fault: dict[str, Any], expected: list[tuple[str, int, int]]) -> None:
    read: list[int] = []

    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        await asyncio.sleep(0.05)
        read.append(smsc.statistics.messages)

    raw = scene([Fault(**fault)], play)
    assert [(pdu.command, pdu.command_status, pdu.sequence_number) for pdu in raw.pdus] == expected
    assert read == [0 if Fault(**fault).side == "in" else 1]


def test_a_receipt_comes_before_its_response() -> None:
    raw = scene([Fault(kind="receipt_first")], after(*submits(2, receipts=True), wait=1.0))
    assert [pdu.command for pdu in raw.pdus] == ["deliver_sm", "submit_sm_resp"] * 2
    assert [pdu.receipted_message_id for pdu in raw.pdus[::2]] == [pdu.message_id for pdu in raw.pdus[1::2]]


def test_a_response_whose_receipt_never_comes_is_not_kept_for_ever() -> None:
    raw = scene([Fault(kind="receipt_first", seconds=3.0)], after(*submits(1), wait=5.0))
    assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp"]
    assert round(raw.reads[0][0], 1) == 3.0


def test_ids_differ_in_their_base() -> None:
    raw = scene([Fault(kind="id_base")], after(*submits(1, receipts=True), wait=1.0))
    response, receipt = raw.pdus
    assert (response.message_id, receipt.receipted_message_id) == ("F4241", "1000001")


# -- broken PDUs


@pytest.mark.parametrize(
    ("fault", "octets"),
    [
        ({"kind": "truncated"}, "00000010 80000004 00000000 00000064"),
        ({"kind": "truncated", "octet": 19}, "00000013 80000004 00000000 00000064 313030"),
        ({"kind": "unfinished"}, "00000018 80000004 0000"),
        ({"kind": "garbage", "octets": "0102"}, "0102 00000018 80000004 00000000 00000064 3130303030303100"),
        ({"kind": "bad_length"}, "00000008 80000004 00000000 00000064 3130303030303100"),
        ({"kind": "bad_length", "length": 0xFFFFFFFF}, "FFFFFFFF 80000004 00000000 00000064 3130303030303100"),
        ({"kind": "foreign", "commands": ("submit_sm_resp",)}, b"HTTP/1.1 400 Bad Request\r\n\r\n".hex()),
        ({"kind": "quirk", "name": "Q4"}, "00000014 80000004 00000000 00000064 41424344"),
    ],
)
def test_the_octets_of_a_broken_pdu(fault: dict[str, Any], octets: str) -> None:
    assert scene([Fault(**fault)], after(*submits(1))).octets == bytes.fromhex(octets)


def test_faults_follow_each_other_on_one_pdu() -> None:
    faults = [Fault(kind="duplicate"), Fault(kind="split", octet=4, commands=("submit_sm_resp",))]
    raw = scene(faults, after(*submits(1)))
    assert [len(data) for _, data in raw.reads] == [4, 20, 4, 20]


# -- connections


def test_a_reset_is_one() -> None:
    raw = scene([Fault(kind="reset")], after(*submits(1)))
    assert isinstance(raw.error, ConnectionResetError)
    assert raw.octets == b""


def test_a_close_comes_without_unbind() -> None:
    raw = scene([Fault(kind="close", direction="out")], after(*submits(2)))
    assert raw.ended.done()
    assert raw.error is None
    assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp"] * len(raw.pdus)
    assert raw.pdus


def test_half_close_still_reads() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        await raw.ended
        (connection,) = smsc.server.connections
        raw.send(*submits(3))
        await asyncio.sleep(100.0)
        assert smsc.server.connections == {connection}, "it stays until the client goes"

    assert scene([Fault(kind="half_close")], play).octets == b""


@pytest.mark.parametrize("seconds", [None, 50.0])
def test_a_silent_peer_reads_and_answers_nothing(seconds: float | None) -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1), EnquireLink(sequence_number=5))
        await asyncio.sleep(20.0)
        assert raw.octets == b""
        half = bytes(EnquireLink(sequence_number=6))
        raw.writer.write(half[:7])
        await asyncio.sleep(20.0)
        raw.writer.write(half[7:])
        await asyncio.sleep(15.0)
        raw.send(EnquireLink(sequence_number=7))
        await asyncio.sleep(1.0)
        assert [pdu.sequence_number for pdu in raw.pdus] == ([] if seconds is None else [7])
        await asyncio.sleep(400.0 if seconds is None else 0.0)
        assert not raw.ended.done(), "it does not go by itself"

    scene([Fault(kind="silent", seconds=seconds, count=1)], play)


def test_a_peer_that_does_not_read_fills_the_line() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        await asyncio.sleep(0.01)
        assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp"]
        raw.send(EnquireLink(sequence_number=5))
        await asyncio.sleep(5.0)
        assert len(raw.pdus) == 1
        await asyncio.sleep(6.0)
        assert raw.pdus[-1].command == "enquire_link_resp"

    scene([Fault(kind="unread", seconds=10.0)], play)


def test_the_server_unbinds_in_the_middle() -> None:
    raw = scene([Fault(kind="unbind", after=1)], after(*submits(3)))
    assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp"] * 3 + ["unbind"]


# -- binds


def test_a_refused_bind_is_answered_and_the_connection_closed() -> None:
    bind = BindTransceiver(system_id="test", password="test", sequence_number=1)
    raw = scene([Fault(kind="bind_refused", status="ESME_RALYBND")], after(bind), bind=False)
    assert [(pdu.command, pdu.command_status) for pdu in raw.pdus] == [("bind_transceiver_resp", 5)]
    assert raw.ended.done()


def test_a_late_bind_is_late_and_works() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(BindTransceiver(system_id="test", password="test", sequence_number=1))
        await asyncio.sleep(20.0)
        raw.send(*submits(1))
        await asyncio.sleep(0.05)

    raw = scene([Fault(kind="bind_late", seconds=15.0)], play, bind=False)
    assert [pdu.command for pdu in raw.pdus] == ["bind_transceiver_resp", "submit_sm_resp"]
    assert round(raw.reads[0][0]) == 15


def test_an_unanswered_bind_stays_so() -> None:
    bind = BindTransceiver(system_id="test", password="test", sequence_number=1)
    raw = scene([Fault(kind="bind_unanswered")], after(bind, wait=100.0), bind=False)
    assert raw.octets == b""
    assert raw.error is None


# -- the link


def test_input_is_read_as_ever_however_it_is_cut() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        for octet in b"".join(map(bytes, submits(2))):
            raw.writer.write(bytes((octet,)))
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)

    raw = scene([Fault(kind="throttled", after=1)], play)
    assert [(pdu.command_status, pdu.sequence_number) for pdu in raw.pdus] == [(0, 100), (0x58, 101)]


def test_octets_that_cannot_be_cut_are_the_machines() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        raw.writer.write(b"GET / HTTP/1.1\r\n\r\n" + bytes(20))
        await asyncio.sleep(0.1)

    raw = scene([], play)
    assert [pdu.command for pdu in raw.pdus] == ["submit_sm_resp"]
    assert raw.ended.done()


def test_answers_to_inserted_requests_are_swallowed() -> None:
    async def play(raw: Raw, smsc: Simulator, faults: Faults) -> None:
        raw.send(*submits(1))
        await asyncio.sleep(0.05)
        inserted = raw.pdus[0]
        assert isinstance(inserted, DeliverSm)
        raw.send(inserted.reply())
        raw.send(EnquireLink(sequence_number=9))
        await asyncio.sleep(0.05)
        assert raw.pdus[-1].sequence_number == 9

    scene([Fault(kind="quirk", name="Q16")], play)


def test_a_scenario_brings_its_faults_by_itself() -> None:
    async def main() -> None:
        async with Simulator(ACCOUNT + '[[fault]]\nkind = "nack"\nstatus = "ESME_RSUBMITFAIL"\n') as smsc, Client(smsc.url()) as client:
            with pytest.raises(CommandFailed) as caught:
                await client.submit(HELLO)
            assert caught.value.status == CommandStatus.ESME_RSUBMITFAIL

    run(main())


def test_a_scenario_without_faults_costs_nothing() -> None:
    async def main() -> None:
        async with Simulator(Scenario(), accounts={"test": "test"}) as smsc, Client(smsc.url()):
            (session,) = smsc.server.sessions
            assert not isinstance(session.link, FaultyLink)

    run(main())


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server and a client that trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize("kind", ["reset", "half_close", "close", "unbind"])
def test_over_tls_the_same_happens(contexts: tuple[ssl.SSLContext, ssl.SSLContext], kind: str) -> None:
    server, trusting = contexts

    async def main() -> None:
        faults = Faults([Fault(kind="trickle", count=5), Fault(kind=kind, count=1, after=3, direction="in")])
        async with Simulator(ACCOUNT, link=faults.link, tls=server) as smsc:
            async with Client(smsc.url(), tls=trusting, backoff=Backoff(jitter=0.0)) as client:
                for _ in range(3):
                    await client.submit(HELLO)
                if kind == "unbind":
                    await client.submit(HELLO)
                    await asyncio.sleep(0.1)
                else:
                    with pytest.raises(SessionClosed):
                        await client.submit(HELLO)
                await client.submit(HELLO)
            assert faults.fired[kind] == 1

    run(main())


# -- the manual

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_manual_tells_of_every_kind_as_the_table_does(kind: str) -> None:
    row = KINDS[kind]
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` | ")]
    _, _, what, keys, directions, _, _ = line.split("|")
    assert what.strip() == row.what
    assert re.findall("`([a-z]+)`", keys) == list(row.options)
    assert directions.strip() == ", ".join(row.directions)


def test_the_manual_has_an_example_of_every_kind_and_no_other_kinds() -> None:
    examples = [load(block).faults for block in re.findall(r"^```toml\n(.*?)^```$", PAGE, re.S | re.M)]
    assert {fault.kind for faults in examples for fault in faults} == set(KINDS)
    assert len(re.findall(r"^\| `[a-z_]+` \|", PAGE, re.M)) == len(KINDS)


def test_the_manual_names_every_quirk() -> None:
    assert re.findall(r"^\| `(Q\d+b?)` \| (.*?) \|", PAGE, re.M) == [(name, quirk.what) for name, quirk in QUIRKS.items()]
