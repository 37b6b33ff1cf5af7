"""Captured sessions played again: against each other, against our client and our server, and what is said where they differ."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from clock import run
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import BindTransceiver, CaptureError, EnquireLink, Framer, Pdu, QuerySm, QuerySmResp, SubmitSm, SubmitSmResp, Unbind, decode
from smswire.session.client import Client
from smswire.session.limits import Limits
from smswire.simulator.replay import Divergence, Player, ReplayServer, Report, play_client
from smswire.simulator.script import Script, Step, scripts
from smswire.simulator.smsc import Simulator

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
LOSSLESS = ("all_kinds.pcap", "nano.pcap", "smpplib.pcap")
LONG = ("coalesced.pcap", "net_smpp.pcap", "vlan.pcap", "ipv6.pcapng", "kannel.pcap", "mixed.pcapng", "node_smpp.pcap", "sll.pcap",
        "twisted_server.pcap")


def script(*steps: tuple[str, Pdu, float]) -> Script:
    """A session by hand: (side, pdu, at) each; responses are paired by their numbers."""
    made: list[Step] = []
    for side, pdu, at in steps:
        step = Step(side == "client", bytes(pdu), pdu, at)
        if pdu.is_response:
            step.answers = next(
                i for i, one in enumerate(made)
                if one.pdu is not None and one.client is not step.client and not one.pdu.is_response
                and one.pdu.sequence_number == pdu.sequence_number and one.answered < 0
            )
            made[step.answers].answered = len(made)
        made.append(step)
    return Script("c", "s", made)


BIND = BindTransceiver(system_id="test", password="test", sequence_number=1)
SUBMIT = SubmitSm(source_addr="Shop", destination_addr="385911234567", short_message=b"Hello", sequence_number=2)
QUERY = QuerySm(message_id="A1", source_addr="Shop", sequence_number=3)
SESSION = script(
    ("client", BIND, 0.0), ("server", BIND.reply(system_id="S"), 0.1),
    ("client", SUBMIT, 1.0), ("server", SUBMIT.reply(message_id="A1"), 1.5),
    ("client", EnquireLink(sequence_number=9), 1.6), ("server", EnquireLink(sequence_number=9).reply(), 1.6),
    ("client", QUERY, 2.0), ("server", QuerySmResp(message_id="A1", final_date="", message_state=2, error_code=0, sequence_number=3), 2.1),
    ("server", Unbind(sequence_number=1), 3.0), ("client", Unbind(sequence_number=1).reply(), 3.1),
)


async def pair(sessions: list[Script], speed: float) -> tuple[Report, Report]:
    async with ReplayServer(sessions, speed=speed) as server:
        client = await play_client(sessions, f"smpp://127.0.0.1:{server.port}", speed=speed)
        await asyncio.wait_for(server.played.wait(), 100)
    return server.report, client


def kinds(report: Report) -> list[tuple[str, str]]:
    return [(one.kind, one.command) for one in report.divergences]


# -- captures


@pytest.mark.parametrize("name", [*LOSSLESS, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)])
def test_both_sides_of_a_capture_played_against_each_other_differ_nowhere(name: str) -> None:
    sessions = scripts(CAPTURES / name)
    server, client = run(pair(sessions, 1.0))
    assert server.divergences == client.divergences == []
    assert server.ok
    assert client.ok
    assert server.sessions == client.sessions == len(sessions)
    played = sum(step.pdu is not None for one in sessions for step in one.steps)
    assert client.sent + client.received == played
    assert (server.sent, server.received) == (client.received, client.sent)


@pytest.mark.parametrize("name", ["errors.pcap", "midstream.pcap", "lossy.pcap", "snaplen.pcap"])
def test_a_capture_with_holes_is_played_to_its_end(name: str) -> None:
    sessions = scripts(CAPTURES / name)
    server, client = run(pair(sessions, 0.0))
    assert server.sessions == client.sessions == len(sessions)
    assert sum(one.missing for one in sessions) > 0


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        scripts(b"not a capture at all, but some octets")
    with pytest.raises(CaptureError, match="nothing"):
        scripts(tmp_path / "nothing.pcap")


def test_sides_and_pairs_of_a_capture() -> None:
    (one, outbound) = scripts(CAPTURES / "all_kinds.pcap")
    assert outbound.steps[0].pdu is not None
    assert (outbound.steps[0].pdu.command, outbound.steps[0].client) == ("outbind", False)
    for made in (one, outbound):
        for at, step in enumerate(made.steps):
            if step.answers >= 0:
                request = made.steps[step.answers]
                assert request.answered == at
                assert request.client is not step.client
                assert request.pdu is not None
                assert step.pdu is not None
                assert request.pdu.sequence_number == step.pdu.sequence_number


# -- the player


class Driver:
    """Drives a player by hand; time goes in steps."""

    def __init__(self, made: Script, side: Any, **options: Any) -> None:
        self.report = Report()
        self.now = 0.0
        self.player = Player(made, side, now=0.0, report=self.report, **options)

    def give(self, *pdus: Pdu) -> list[Any]:
        self.player.receive(b"".join(map(bytes, pdus)), self.now)
        return self.take()

    def take(self) -> list[Any]:
        return [decode(frame) for frame in Framer().feed(b"".join(self.player.take(self.now)))]

    def wait(self, seconds: float) -> list[Any]:
        self.now += seconds
        return self.take()


def test_a_server_answers_as_captured_with_the_live_numbers() -> None:
    one = Driver(SESSION, "server")
    assert one.give(BIND.with_sequence(77)) == []
    (answer,) = one.wait(0.1)
    assert (answer.command, answer.sequence_number, answer.system_id) == ("bind_transceiver_resp", 77, "S")
    one.now = 5.0
    assert one.give(SUBMIT.with_sequence(78)) == []
    assert one.player.deadline() == 5.5
    (answer,) = one.wait(0.5)
    assert (answer.message_id, answer.sequence_number) == ("A1", 78)
    (pulse,) = one.give(EnquireLink(sequence_number=79))
    assert (pulse.command, pulse.sequence_number) == ("enquire_link_resp", 79)
    one.give(QUERY)
    assert [pdu.command for pdu in one.wait(1.0)] == ["query_sm_resp"]
    assert not one.player.complete
    assert [pdu.command for pdu in one.wait(1.0)] == ["unbind"]
    one.give(Unbind(sequence_number=1).reply())
    assert one.player.complete
    one.player.finish(one.now)
    assert one.report.ok


@pytest.mark.parametrize(("speed", "due"), [(1.0, 0.5), (2.0, 0.25), (0.0, 0.0)])
def test_speed_scales_the_pauses(speed: float, due: float) -> None:
    one = Driver(SESSION, "server", speed=speed)
    one.give(BIND)
    one.wait(10.0)
    if due:
        assert one.give(SUBMIT) == []
        assert one.player.deadline() == pytest.approx(10.0 + due)
    else:
        assert [pdu.command for pdu in one.give(SUBMIT)] == ["submit_sm_resp"]


def test_a_client_begins_logs_in_and_names_messages_by_the_live_ids() -> None:
    one = Driver(SESSION, "client", login=("me", "mine"), speed=0.0)
    (bind,) = one.take()
    assert (bind.system_id, bind.password) == ("me", "mine")
    (submit,) = one.give(bind.reply(system_id="other"))
    sent = one.give(submit.reply(message_id="live-7"))
    assert [pdu.command for pdu in sent] == ["enquire_link"]
    (query,) = one.give(sent[0].reply())
    assert (query.command, query.message_id) == ("query_sm", "live-7")
    assert [(kind.kind, kind.fields) for kind in one.report.divergences] == [("different", ("system_id",))]


def test_other_fields_are_said() -> None:
    one = Driver(SESSION, "server")
    one.give(BIND.replace(system_id="who", password="x"))
    one.give(SUBMIT.replace(short_message=b"Other", destination_addr="1").with_sequence(5))
    assert one.report.divergences == [
        Divergence("different", 0, "bind_transceiver", 0.0, ("system_id",)),
        Divergence("different", 2, "submit_sm", 0.0, ("destination_addr", "short_message")),
    ]


def test_a_request_too_many_is_answered_and_said() -> None:
    one = Driver(SESSION, "server", speed=0.0)
    one.give(BIND, SUBMIT)
    (answer,) = one.give(SUBMIT.with_sequence(50))
    assert (answer.command, answer.command_status, answer.sequence_number) == ("submit_sm_resp", 8, 50)
    (answer,) = one.give(Unbind(sequence_number=51))
    assert (answer.command, answer.command_status) == ("unbind_resp", 0)
    assert kinds(one.report) == [("unexpected", "submit_sm"), ("unexpected", "unbind")]


def test_a_step_that_waits_in_vain_is_passed_over_after_its_patience() -> None:
    """The captured server answers 3 before 2; the live client sends 3 only when 2 is answered: nothing may wait for ever."""
    second = SUBMIT.with_sequence(3)
    made = script(
        ("client", BIND, 0.0), ("server", BIND.reply(), 0.0), ("client", SUBMIT, 0.0), ("client", second, 0.0),
        ("server", second.reply(message_id="B"), 0.0), ("server", SUBMIT.reply(message_id="A"), 0.0),
    )
    one = Driver(made, "server", patience=2.0)
    one.give(BIND)
    assert one.give(SUBMIT) == []
    assert one.player.deadline() == 2.0
    (answer,) = one.wait(2.0)
    assert answer.message_id == "A"
    (answer,) = one.give(second)
    assert answer.message_id == "B"
    assert kinds(one.report) == [("order", "submit_sm_resp")]


def test_a_request_goes_early_when_what_came_before_it_does_not_come() -> None:
    one = Driver(SESSION, "server", patience=2.0)
    one.give(BIND)
    one.wait(0.1)
    one.give(SUBMIT)
    one.wait(0.5)  # the query never comes, so its answer never goes
    deadline = one.player.deadline()
    assert deadline is not None
    assert [pdu.command for pdu in one.wait(deadline - one.now)] == ["unbind"]
    assert kinds(one.report) == [("early", "unbind")]
    one.player.finish(one.now)
    assert kinds(one.report)[1:] == [("missing", "query_sm"), ("missing", "unbind_resp"), ("unsent", "query_sm_resp")]


def test_a_client_whose_server_is_silent_ends_by_itself() -> None:
    one = Driver(SESSION, "client", patience=2.0)
    assert len(one.take()) == 1
    while not one.player.closed:
        deadline = one.player.deadline()
        assert deadline is not None
        assert deadline < 30.0
        one.wait(max(0.01, deadline - one.now))


def test_octets_that_are_no_pdus_end_the_play() -> None:
    one = Driver(SESSION, "server")
    one.player.receive(b"GET / HTTP/1.1\r\n\r\n", 0.0)
    assert one.player.closed
    assert kinds(one.report) == [("stream", "")]


@given(cuts=st.lists(st.integers(1, 40), max_size=30))
def test_it_matters_not_how_the_octets_are_cut(cuts: list[int]) -> None:
    octets = b"".join(map(bytes, (BIND, SUBMIT, EnquireLink(sequence_number=9), QUERY)))
    one, whole = Driver(SESSION, "server", speed=0.0), Driver(SESSION, "server", speed=0.0)
    sent: list[bytes] = []
    for cut in [*cuts, len(octets)]:
        one.player.receive(octets[:cut], 0.0)
        sent += one.player.take(0.0)
        octets = octets[cut:]
    whole.player.receive(b"".join(map(bytes, (BIND, SUBMIT, EnquireLink(sequence_number=9), QUERY))), 0.0)
    assert sorted(sent) == sorted(whole.player.take(0.0))
    assert one.report.ok


# -- on sockets


def test_our_client_is_served_by_a_replayed_server() -> None:
    async def main() -> None:
        async with ReplayServer([SESSION], speed=0.0) as server:
            async with Client(
                f"smpp://test:test@127.0.0.1:{server.port}", reconnect=False, limits=Limits(enquire_link=0), adaptive=False
            ) as client:
                response = await client.submit(SUBMIT)
                assert isinstance(response, SubmitSmResp)
                assert response.message_id == "A1"
                assert (await client.request(QUERY)).message_id == "A1"
            await asyncio.wait_for(server.played.wait(), 60)
        assert [one for one in server.report.divergences if one.command != "bind_transceiver"] == []

    run(main())


def test_a_connection_too_many_is_closed_and_said() -> None:
    async def main() -> None:
        async with ReplayServer([SESSION]) as server:
            _, first = await asyncio.open_connection("127.0.0.1", server.port)
            reader, second = await asyncio.open_connection("127.0.0.1", server.port)
            assert await reader.read() == b""
            for writer in (first, second):
                writer.close()
            await asyncio.wait_for(server.played.wait(), 60)
        assert "connection" in [one.kind for one in server.report.divergences]

    run(main())


def test_a_captured_client_is_played_against_the_simulator() -> None:
    async def main() -> None:
        sessions = [one for one in scripts(CAPTURES / "smpplib.pcap") if any(
            step.pdu is not None and step.pdu.command == "submit_sm" for step in one.steps)]
        async with Simulator('[[account]]\nname = "test"\npassword = "test"\nmax_sessions = 20\n') as smsc:
            report = await play_client(sessions, smsc.url())
            assert report.sessions == len(sessions)
            assert smsc.statistics.messages > 0
            assert "stream" not in {one.kind for one in report.divergences}

    run(main())


def test_a_server_that_is_not_there_is_an_error() -> None:
    async def main() -> None:
        async with ReplayServer([]) as server:
            port = server.port
            assert server.played.is_set()
        with pytest.raises(ConnectionRefusedError):
            await play_client([SESSION], f"smpp://127.0.0.1:{port}")

    run(main())
