"""The simulated SMSC over real sockets: whoever may binds, every message gets the end its scenario says, and nobody's receipt is lost."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clock import run
from inbox_esme import InboxEsme, submission

from smpp_core import (
    BroadcastSm,
    CancelSm,
    CommandStatus,
    DataSm,
    DistributionList,
    MessageState,
    Pdu,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SmppTime,
    SubmitMulti,
    UnsuccessSme,
    decode,
    decode_text,
    parse_receipt,
)
from smswire.message.reassemble import Reassembler
from smswire.simulator.scenario import shipped
from smswire.simulator.smsc import Simulator

QUICK = 'delay = { kind = "constant", seconds = 1.0 }\n'
TEST = '[[account]]\nname = "test"\npassword = "secret"\n'
NETWORK = '[[network]]\nname = "VipNet"\nprefixes = ["38591"]\n'
LATER = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)

Script = Callable[[Simulator], Awaitable[Any]]


def play(scenario: str, script: Script, **options: Any) -> Any:
    """Run a script against a simulator on the jumping clock."""

    async def main() -> Any:
        async with Simulator(scenario, **options) as smsc:
            return await script(smsc)

    return run(main())


def status(pdu: Pdu) -> str:
    return CommandStatus(pdu.command_status).name if pdu.command_status in CommandStatus._value2member_map_ else hex(pdu.command_status)


def now() -> float:
    return asyncio.get_running_loop().time()


# -- binds --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bind", "answer"), [
    ({}, "ESME_ROK"),
    ({"password": "wrong"}, "ESME_RINVPASWD"),
    ({"name": "nobody"}, "ESME_RINVSYSID"),
    ({"system_type": "hlr"}, "ESME_ROK"),
    ({"system_type": "NSMS"}, "ESME_ROK"),
    ({"system_type": "r:HQ"}, "ESME_ROK"),
    ({"system_type": "R:no"}, "ESME_RINVSYSTYP"),
    ({"system_type": "VMA"}, "ESME_ROK"),
    ({"system_type": "CMT"}, "ESME_RINVSYSTYP"),
    ({"interface_version": 0x33}, "ESME_RBINDFAIL"),
])
def test_a_bind_is_judged_by_name_password_and_system_type(bind: dict[str, Any], answer: str) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.connect(smsc.port)
        assert status(await esme.bind(**bind)) == answer
        assert smsc.statistics.sessions == (answer == "ESME_ROK")
        await esme.close()

    play('system_types = ["vma"]\n' + TEST + '[[route]]\ncode = "hq"\n', script)


def test_the_fifth_session_of_an_account_is_refused() -> None:
    async def script(smsc: Simulator) -> None:
        peers = [await InboxEsme.bound(smsc.port) for _ in range(4)]
        more = await InboxEsme.connect(smsc.port)
        assert status(await more.bind()) == "ESME_RALYBND"
        for peer in (*peers, more):
            await peer.close()

    play(TEST, script)


def test_accounts_come_from_the_scenario_and_from_the_caller() -> None:
    async def script(smsc: Simulator) -> None:
        assert smsc.url() == f"smpp://test:o%2Fther@127.0.0.1:{smsc.port}/"
        assert smsc.url("more") == f"smpp://more:x@127.0.0.1:{smsc.port}/"
        for name, password in (("test", "o/ther"), ("more", "x")):
            await (await InboxEsme.bound(smsc.port, name, password)).close()

    play(TEST, script, accounts={"test": "o/ther", "more": "x"})


# -- submissions --------------------------------------------------------------------------------------------------------------------


def test_a_message_is_accepted_delivered_and_told_about() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        begin = now()
        response = await esme.submit()
        assert (status(response), response.message_id) == ("ESME_ROK", "1000001")
        [delivery] = await esme.arrived(1)
        assert 1.0 <= now() - begin < 1.2
        receipt = parse_receipt(delivery)
        assert receipt is not None
        assert (receipt.id, receipt.state, receipt.err) == ("1000001", MessageState.DELIVERED, "000")
        assert [one.pdu.short_message for one in smsc.delivered] == [b"hello"]
        found = smsc.message("1000001")
        assert found is not None
        assert found.state is MessageState.DELIVERED
        await esme.unbind()
        assert smsc.receipts_owed == 0

    play(QUICK + TEST, script)


@pytest.mark.parametrize(("asked", "states"), [
    (0, []), (1, ["DELIVERED", "UNDELIVERABLE"]), (2, ["UNDELIVERABLE"]), (3, ["DELIVERED"]), (0x10, ["ENROUTE", "ENROUTE"]),
    (0x11, ["DELIVERED", "ENROUTE", "ENROUTE", "UNDELIVERABLE"]),
])
def test_registered_delivery_is_honoured(asked: int, states: list[str]) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        for to in ("385911234567", "385911234599"):
            await esme.submit(to, registered_delivery=asked)
        await asyncio.sleep(5)
        assert sorted(parse_receipt(pdu).state.name for pdu in esme.inbox) == states  # type: ignore[union-attr]
        assert all(parse_receipt(pdu).intermediate == (parse_receipt(pdu).state.name == "ENROUTE") for pdu in esme.inbox)  # type: ignore[union-attr]
        assert smsc.receipts_owed == 0
        assert sum(smsc.statistics.states.values()) == 2
        await esme.close()

    fail = '[[rule]]\nto = "*99"\noutcomes = [{ state = "UNDELIVERABLE", error = 27, intermediate = 1 }]\n'
    play(QUICK + TEST + fail + "[[rule]]\noutcomes = [{ intermediate = 1 }]\n", script)


@pytest.mark.parametrize(("setting", "count"), [("always", 2), ("never", 0), ("asked", 1)])
def test_an_account_may_always_or_never_get_receipts(setting: str, count: int) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        await esme.submit(registered_delivery=0)
        await esme.submit(registered_delivery=1)
        await asyncio.sleep(3)
        assert len(esme.inbox) == count
        await esme.close()

    play(QUICK + TEST + f'receipts = "{setting}"\n', script)


def test_routes_and_networks_without_reports_send_none() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        route = await InboxEsme.bound(smsc.port, system_type="R:dark")
        await esme.submit("49171123456")
        await route.submit()
        await asyncio.sleep(3)
        assert smsc.statistics.states[MessageState.DELIVERED] == 2
        assert esme.inbox + route.inbox == []
        assert smsc.receipts_owed == 0
        for peer in (esme, route):
            await peer.close()

    dark = '[[network]]\nname = "dark"\nprefixes = ["49"]\nreports = false\n[[route]]\ncode = "dark"\nreports = false\n'
    play(QUICK + TEST + NETWORK + dark, script)


@pytest.mark.parametrize(("head", "fields", "answer"), [
    ("", {"to": "49171123456"}, "0x22"),
    ('uncovered = "standard"\n', {"to": "49171123456"}, "ESME_RINVDSTADR"),
    ("", {"to": "012345678"}, "ESME_RINVDSTADR"),
    ("", {"to": "hello"}, "ESME_RINVDSTADR"),
    ("", {"to": ""}, "ESME_RINVDSTADR"),
    ("", {"to": "+385911234567"}, "ESME_ROK"),
    ("", {"source_addr": "FORBIDDEN"}, "ESME_RINVSRCADR"),
    ("", {"to": "385911234520"}, "ESME_RSYSERR"),
    ("", {"schedule_delivery_time": "991331000000000R"}, "ESME_ROK"),
    ("", {"schedule_delivery_time": "269931000000000+"}, "ESME_RINVSCHED"),
    ("", {"validity_period": "269931000000000+"}, "ESME_RINVEXPIRY"),
    ("", {"validity_period": "200101000000000+"}, "ESME_RINVEXPIRY"),
])
def test_submissions_are_refused_with_the_status_that_fits(head: str, fields: dict[str, Any], answer: str) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        response = await esme.submit(**fields)
        assert status(response) == answer
        assert smsc.statistics.refused == ({} if answer == "ESME_ROK" else {response.command_status: 1})
        await esme.close()

    refusing = TEST + 'refused_senders = ["FORBIDDEN"]\n' + NETWORK + '[[rule]]\nto = "*20"\noutcomes = [{ status = "ESME_RSYSERR" }]\n'
    play(head + refusing, script)


@pytest.mark.parametrize(("field", "length", "answer"), [
    ("source_addr", 20, "ESME_RINVSRCADR"), ("service_type", 5, "ESME_RINVSERTYP"),
])
def test_what_no_receipt_could_say_is_refused(field: str, length: int, answer: str) -> None:
    octets = bytes(submission(**{field: "x" * length})).replace(b"x" * length, b"x" * (length + 5))
    pdu = decode(len(octets).to_bytes(4, "big") + octets[4:], strict=False)
    assert getattr(pdu, field) == "x" * (length + 5)

    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        assert status(await esme.request(pdu)) == answer
        await esme.close()

    play(QUICK + TEST, script)


def test_what_is_refused_before_its_fate_leaves_ids_and_fates_of_others_alone() -> None:
    def results(bad: bool) -> list[Any]:
        async def script(smsc: Simulator) -> list[Any]:
            esme = await InboxEsme.bound(smsc.port)
            for i in range(20):
                if bad and i % 3 == 0:
                    await esme.submit("bad")
                await esme.submit(str(385911000000 + i))
            await asyncio.sleep(120)
            found = [(pdu.receipted_message_id, pdu.message_state) for pdu in esme.inbox]
            await esme.close()
            return found

        mixed = '[[rule]]\noutcomes = [{}, { state = "UNDELIVERABLE" }]\n'
        return play(mixed + TEST, script, seed=5)  # type: ignore[no-any-return]

    assert results(bad=True) == results(bad=False)


def test_the_same_seed_gives_the_same_day() -> None:
    def day(seed: int) -> list[tuple[str, bytes]]:
        async def script(smsc: Simulator) -> list[tuple[str, bytes]]:
            esme = await InboxEsme.bound(smsc.port)
            for i in range(40):
                await esme.submit(str(385911000000 + i))
            await asyncio.sleep(120)
            found = sorted((pdu.receipted_message_id, pdu.message_state) for pdu in esme.inbox)
            await esme.close()
            return found

        text = 'start = 2026-01-31T10:00:00Z\n[[rule]]\noutcomes = [{}, { state = "REJECTED" }, { state = "EXPIRED" }]\n'
        return play(text + TEST, script, seed=seed)  # type: ignore[no-any-return]

    assert day(1) == day(1)
    assert day(1) != day(2)


def test_validity_ends_what_takes_too_long_and_handsets_wait_until_they_are_on() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        begin = now()
        for to in ("385910000001", "385910000002"):
            await esme.submit(to, validity_period=SmppTime.format(timedelta(seconds=60)), registered_delivery=0x11)
        await esme.arrived(4)
        assert 60 <= now() - begin < 61
        seen = [(pdu.source_addr, parse_receipt(pdu).state.name, parse_receipt(pdu).err_int) for pdu in esme.inbox]  # type: ignore[union-attr]
        assert sorted(seen) == [
            ("385910000001", "DELIVERED", 0), ("385910000001", "ENROUTE", 27), ("385910000002", "ENROUTE", 27),
            ("385910000002", "EXPIRED", 27),
        ]
        await esme.close()

    off = '[[handset]]\nnumber = "385910000001"\nstate = "off"\non_after = 20.0\n[[handset]]\nnumber = "385910000002"\nstate = "off"\n'
    play(QUICK + TEST + off, script)


def test_scheduled_messages_wait_and_validity_counts_from_then() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, interface_version=0x50)
        begin = now()
        relative = await esme.submit(schedule_delivery_time=SmppTime.format(timedelta(minutes=10)), validity_period="000000000002000R")
        absolute = await esme.submit(schedule_delivery_time=SmppTime.format(LATER + timedelta(hours=1)))
        answer = await esme.request(QuerySm(message_id=relative.message_id, source_addr="Infobip"))
        assert (answer.message_state, answer.final_date) == (MessageState.SCHEDULED, "")
        await esme.arrived(1)
        assert 601 <= now() - begin < 602
        await esme.arrived(2)
        assert 3600.9 <= now() - begin < 3602  # from the start of the clock, a moment before
        assert [pdu.receipted_message_id for pdu in esme.inbox] == [relative.message_id, absolute.message_id]
        assert [pdu.message_state for pdu in esme.inbox] == [MessageState.DELIVERED] * 2
        await esme.close()

    play("start = 2026-01-31T10:00:00Z\n" + QUICK + TEST, script)


@pytest.mark.parametrize(("limiter", "burst", "accepted", "answer"), [
    ("window", "", {20}, "ESME_RTHROTTLED"), ("bucket", "burst = 5.0\n", {5, 6}, "ESME_RTHROTTLED"),
    ("queue", "burst = 15.0\n", {15, 16}, "ESME_RMSGQFUL"),
])
def test_over_its_rate_an_account_is_refused(limiter: str, burst: str, accepted: set[int], answer: str) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        await asyncio.sleep(1.01 - now() % 1)
        counts = Counter([status(pdu) for pdu in await asyncio.gather(*[esme.send(submission()) for _ in range(50)])])
        assert counts["ESME_ROK"] in accepted
        assert counts[answer] == 50 - counts["ESME_ROK"]
        await asyncio.sleep(1)
        assert status(await esme.submit()) == "ESME_ROK"
        await esme.close()

    play(QUICK + TEST + f'tps = 20.0\nlimiter = "{limiter}"\n{burst}', script)


def test_a_full_store_refuses_and_final_messages_make_room() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        answers = [await esme.submit() for _ in range(6)]
        assert [status(pdu) for pdu in answers] == ["ESME_ROK"] * 5 + ["ESME_RMSGQFUL"]
        await esme.arrived(5)
        assert status(await esme.submit()) == "ESME_ROK"
        assert status(await esme.request(QuerySm(message_id=answers[0].message_id))) == "ESME_RQUERYFAIL"
        assert status(await esme.request(QuerySm(message_id=answers[1].message_id))) == "ESME_ROK"
        await esme.close()

    play(QUICK + TEST + "[caps]\nmessages = 5\n", script)


def test_an_account_that_does_not_fetch_its_receipts_is_refused_at_the_cap() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, kind="transmitter")
        for _ in range(5):
            assert status(await esme.submit()) == "ESME_ROK"
        await asyncio.sleep(10)
        assert status(await esme.submit()) == "ESME_RMSGQFUL"
        assert status(await esme.submit(registered_delivery=0)) == "ESME_RMSGQFUL"
        receiver = await InboxEsme.bound(smsc.port, kind="receiver")
        await receiver.arrived(5)
        await asyncio.sleep(1)
        assert status(await esme.submit()) == "ESME_ROK"
        for peer in (esme, receiver):
            await peer.close()

    play(QUICK + TEST + "[caps]\nreceipts = 5\n", script)


# -- receipts over sessions -----------------------------------------------------------------------------------------------------------


def test_receipts_are_dealt_equally_over_sessions_that_can_receive() -> None:
    async def script(smsc: Simulator) -> None:
        peers = [await InboxEsme.bound(smsc.port, kind=kind) for kind in ("transceiver", "receiver", "transmitter", "transceiver")]
        for i in range(90):
            await peers[2].submit(str(385911000000 + i))
        await asyncio.sleep(5)
        assert [len(peer.inbox) for peer in peers] == [30, 30, 0, 30]
        assert smsc.statistics.receipts_acknowledged == 90
        for peer in peers:
            await peer.close()

    play(QUICK + TEST, script)


def test_receipts_wait_for_a_session_and_are_given_up_when_too_old() -> None:
    async def script(smsc: Simulator) -> None:
        sender = await InboxEsme.bound(smsc.port, kind="transmitter")
        await sender.submit()
        await asyncio.sleep(90)
        await sender.submit()
        await asyncio.sleep(20)
        receiver = await InboxEsme.bound(smsc.port, kind="receiver")
        await receiver.arrived(1)
        await asyncio.sleep(5)
        assert [pdu.receipted_message_id for pdu in receiver.inbox] == ["1000002"]
        assert (smsc.statistics.receipts_lost, smsc.receipts_owed) == (1, 0)
        for peer in (sender, receiver):
            await peer.close()

    play(QUICK + TEST + "[receipts]\nkeep = 100.0\n", script)


def test_what_is_not_acknowledged_goes_again_on_another_session() -> None:
    async def script(smsc: Simulator) -> None:
        silent = await InboxEsme.bound(smsc.port, acknowledges=None)
        lively = await InboxEsme.bound(smsc.port)
        for i in range(10):
            await lively.submit(str(385911000000 + i))
        await asyncio.sleep(20)
        assert [len(peer.inbox) for peer in (silent, lively)] == [5, 5]
        await asyncio.sleep(30)
        assert [len(peer.inbox) for peer in (silent, lively)] == [5, 10]
        assert {pdu.receipted_message_id for pdu in lively.inbox} == {str(1_000_001 + i) for i in range(10)}
        assert (smsc.statistics.receipts_resent, smsc.receipts_owed) == (5, 0)
        silent.acknowledges = 0
        for count in (10, 20):  # a session that let receipts time out gets none for a while
            for i in range(10):
                await lively.submit(str(385911000000 + i))
            await asyncio.sleep(5)
            assert (len(silent.inbox) > 5) == (count == 20)
            await asyncio.sleep(30)
        for peer in (silent, lively):
            await peer.close()

    play(QUICK + TEST, script)


def test_a_session_that_falls_leaves_its_receipts_to_the_others() -> None:
    async def script(smsc: Simulator) -> None:
        silent = await InboxEsme.bound(smsc.port, acknowledges=None)
        lively = await InboxEsme.bound(smsc.port)
        for i in range(10):
            await lively.submit(str(385911000000 + i))
        await silent.arrived(5)
        await silent.close()
        await lively.arrived(10)
        await asyncio.sleep(1)
        assert smsc.receipts_owed == 0
        await lively.close()
        await asyncio.sleep(1)
        assert smsc.life.customers["test"].outbox.sessions == []

    play(QUICK + TEST, script)


@pytest.mark.parametrize(("answer", "sent", "refused", "lost"), [
    (CommandStatus.ESME_RX_T_APPN, 3, 0, 1), (CommandStatus.ESME_RX_P_APPN, 1, 1, 0), (None, 3, 0, 1),
])
def test_refused_receipts_go_again_or_not_as_the_client_says(answer: int | None, sent: int, refused: int, lost: int) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, acknowledges=answer)
        await esme.submit()
        await asyncio.sleep(200)
        counts = smsc.statistics
        assert (counts.receipts_sent, counts.receipts_refused, counts.receipts_lost, smsc.receipts_owed) == (sent, refused, lost, 0)
        assert len(esme.inbox) == sent
        await esme.close()

    play(QUICK + TEST + "[receipts]\nattempts = 3\nretry = 5.0\n", script)


def test_what_one_session_cannot_take_now_goes_to_another() -> None:
    async def script(smsc: Simulator) -> None:
        busy = await InboxEsme.bound(smsc.port, acknowledges=CommandStatus.ESME_RX_T_APPN)
        free = await InboxEsme.bound(smsc.port)
        for i in range(4):
            await free.submit(str(385911000000 + i))
        await asyncio.sleep(10)
        assert [len(peer.inbox) for peer in (busy, free)] == [2, 4]
        assert smsc.receipts_owed == 0
        for peer in (busy, free):
            await peer.close()

    play(QUICK + TEST, script)


def test_the_window_of_a_session_is_respected() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, acknowledges=None)
        await asyncio.gather(*[esme.send(submission()) for _ in range(30)])
        await esme.arrived(7)
        await asyncio.sleep(5)
        assert len(esme.inbox) == 7
        for count in range(8, 31):
            esme.answer(esme.inbox[count - 8])
            await esme.arrived(count)
            await asyncio.sleep(0.1)
            assert len(esme.inbox) == count
        await esme.close()

    play(QUICK + TEST + "window = 7\n", script)


# -- other commands -------------------------------------------------------------------------------------------------------------------


def test_query_tells_the_state_of_the_account_s_own_messages_only() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        other = await InboxEsme.bound(smsc.port, "other", "secret")
        name = (await esme.submit("385911234599")).message_id
        query = QuerySm(message_id=name, source_addr_ton=5, source_addr="Infobip")
        answer = await esme.request(query)
        assert (answer.message_state, answer.final_date, answer.error_code) == (MessageState.ENROUTE, "", 0)
        await esme.arrived(1)
        answer = await esme.request(query)
        assert (answer.message_id, answer.message_state, answer.error_code) == (name, MessageState.UNDELIVERABLE, 27)
        assert answer.final_date == SmppTime.format(LATER + timedelta(seconds=1))[:12] + answer.final_date[12:]
        assert status(await other.request(query)) == "ESME_RQUERYFAIL"
        assert status(await esme.request(QuerySm(message_id=name, source_addr="Other"))) == "ESME_RQUERYFAIL"
        assert status(await esme.request(QuerySm(message_id="nothing"))) == "ESME_RQUERYFAIL"
        for peer in (esme, other):
            await peer.close()

    fail = '[[rule]]\nto = "*99"\noutcomes = [{ state = "UNDELIVERABLE", error = 27 }]\n'
    play("start = 2026-01-31T10:00:00Z\n" + QUICK + TEST + TEST.replace('"test"', '"other"') + fail, script)


def test_cancel_ends_a_message_or_all_between_two_addresses() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        other = await InboxEsme.bound(smsc.port, "other", "secret")
        names = [(await esme.submit("385911000001")).message_id for _ in range(3)]
        far = (await esme.submit("385911000002")).message_id
        foreign = (await other.submit("385911000001")).message_id
        cancel = CancelSm(message_id=names[0], source_addr="Infobip")
        assert status(await other.request(cancel)) == "ESME_RCANCELFAIL"
        assert status(await esme.request(cancel)) == "ESME_ROK"
        assert status(await esme.request(cancel)) == "ESME_RCANCELFAIL"
        assert status(await esme.request(CancelSm(source_addr="Infobip", destination_addr="385911000001"))) == "ESME_ROK"
        assert status(await esme.request(CancelSm(source_addr="Infobip", destination_addr="385911000001"))) == "ESME_RCANCELFAIL"
        await asyncio.sleep(5)
        seen = {pdu.receipted_message_id: (parse_receipt(pdu).stat, parse_receipt(pdu).err) for pdu in esme.inbox}  # type: ignore[union-attr]
        assert seen == dict.fromkeys(names, ("DELETED", "4100")) | {far: ("DELIVRD", "000")}
        assert [(pdu.receipted_message_id, pdu.message_state) for pdu in other.inbox] == [(foreign, MessageState.DELIVERED)]
        assert status(await esme.request(CancelSm(message_id=far))) == "ESME_RCANCELFAIL"
        assert smsc.receipts_owed == 0
        for peer in (esme, other):
            await peer.close()

    play(QUICK + TEST + TEST.replace('"test"', '"other"'), script)


def test_replace_gives_a_message_another_text_time_and_wish() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        begin = now()
        name = (await esme.submit(registered_delivery=0)).message_id
        later = SmppTime.format(timedelta(seconds=30))
        replace = ReplaceSm(
            message_id=name, source_addr="Infobip", schedule_delivery_time=later, registered_delivery=1, short_message=b"other text",
        )
        assert status(await esme.request(replace)) == "ESME_ROK"
        await esme.arrived(1)
        assert 31 <= now() - begin < 32
        assert [one.pdu.short_message for one in smsc.delivered] == [b"other text"]
        assert status(await esme.request(replace)) == "ESME_RREPLACEFAIL"
        assert status(await esme.request(replace.replace(message_id="nothing"))) == "ESME_RREPLACEFAIL"
        again = (await esme.submit()).message_id
        bad = ReplaceSm(message_id=again, source_addr="Infobip", validity_period="269931000000000+")
        assert status(await esme.request(bad)) == "ESME_RINVEXPIRY"
        assert status(await esme.request(ReplaceSm(message_id=again, source_addr="Infobip", short_message=b"x"))) == "ESME_ROK"
        await asyncio.sleep(5)
        assert len(esme.inbox) == 1  # the second replacement took the wish for a receipt away
        assert (smsc.receipts_owed, len(smsc.delivered)) == (0, 2)
        await esme.close()

    play(QUICK + TEST, script)


def test_replace_if_present_takes_the_place_of_an_earlier_message() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        await esme.submit(text=b"first")
        await esme.submit(text=b"zeroth", source_addr="Other")
        await esme.submit(text=b"second", replace_if_present_flag=1)
        await esme.submit("385911234560", text=b"third", replace_if_present_flag=1)
        await asyncio.sleep(5)
        assert [one.pdu.short_message for one in smsc.delivered] == [b"zeroth", b"second", b"third"]
        assert (len(esme.inbox), smsc.receipts_owed) == (3, 0)
        await esme.close()

    play(QUICK + TEST, script)


def test_submit_multi_has_one_id_a_receipt_a_destination_and_a_list_of_failures() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        pdu = SubmitMulti(
            source_addr="Infobip", registered_delivery=1, short_message=b"all of you",
            dest_addresses=[SmeAddress(1, 1, "385911000001"), DistributionList("friends"), SmeAddress(1, 1, "49171123456")],
        )
        answer = await esme.request(pdu)
        assert (status(answer), answer.unsuccess_smes) == ("ESME_ROK", (UnsuccessSme(1, 1, "49171123456", 0x22),))
        query = await esme.request(QuerySm(message_id=answer.message_id))
        assert query.message_state == MessageState.ENROUTE
        await esme.arrived(3)
        assert {pdu.receipted_message_id for pdu in esme.inbox} == {answer.message_id}
        assert {pdu.source_addr for pdu in esme.inbox} == {"385911000001", "385911000002", "385911000003"}
        assert status(await esme.request(pdu.replace(dest_addresses=[DistributionList("foes")]))) == "ESME_RINVDLNAME"
        assert status(await esme.request(pdu.replace(dest_addresses=[]))) == "ESME_RINVNUMDESTS"
        none = await esme.request(pdu.replace(dest_addresses=[SmeAddress(1, 1, "49171123456")]))
        assert (status(none), len(none.unsuccess_smes)) == ("ESME_RSUBMITFAIL", 1)
        assert smsc.statistics.refused == {0x22: 2, 0x34: 1, 0x33: 1}
        await esme.close()

    lists = '[[distribution_list]]\nname = "friends"\nmembers = ["385911000002", "385911000003"]\n'
    play(QUICK + TEST + NETWORK + lists, script)


def test_data_sm_is_a_submission_too() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        text = [("message_payload", b"x" * 1000), ("qos_time_to_live", 60)]
        answer = await esme.request(DataSm(source_addr="Infobip", destination_addr="385911234567", registered_delivery=1, tlvs=text))
        assert status(answer) == "ESME_ROK"
        await esme.arrived(1)
        assert esme.inbox[0].receipted_message_id == answer.message_id
        late = await esme.request(DataSm(destination_addr="385910000000", registered_delivery=1, tlvs=text))
        await esme.arrived(2)
        assert (esme.inbox[1].receipted_message_id, esme.inbox[1].message_state) == (late.message_id, MessageState.EXPIRED)
        await esme.close()

    play(QUICK + TEST + '[[handset]]\nnumber = "385910000000"\nstate = "off"\n', script)


def test_the_strict_set_of_pdus_and_unknown_commands() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        assert status(await esme.submit()) == "ESME_ROK"
        for pdu in (QuerySm(message_id="1"), SubmitMulti(), DataSm(destination_addr="385911234567"), BroadcastSm()):
            assert status(await esme.request(pdu)) == "ESME_RINVCMDID"
        await esme.close()

    play("strict_pdu_set = true\n" + QUICK + TEST, script)


# -- HLR, NSMS ------------------------------------------------------------------------------------------------------------------------


def test_number_context_comes_to_hlr_sessions_only_and_receipts_to_the_others() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        hlr = await InboxEsme.bound(smsc.port, system_type="HLR")
        await esme.submit()
        answers = [await hlr.submit(to, b"", registered_delivery=0) for to in ("385911234567", "77012345678", "hello")]
        assert [status(pdu) for pdu in answers] == ["ESME_ROK", "ESME_ROK", "ESME_RINVDSTADR"]
        assert status(await hlr.request(CancelSm(message_id=answers[0].message_id))) == "ESME_RCANCELFAIL"
        await asyncio.sleep(5)
        assert [pdu.esm_class for pdu in esme.inbox + hlr.inbox] == [4, 4, 4]
        assert smsc.receipts_owed == 0
        assert b"IMSI" not in esme.inbox[0].short_message
        found = {pdu.source_addr: (pdu.receipted_message_id, pdu.message_state, pdu.destination_addr) for pdu in hlr.inbox}
        assert found == {
            "385911234567": (answers[0].message_id, MessageState.DELIVERED, "0000000000"),
            "77012345678": (answers[1].message_id, MessageState.REJECTED, "0000000000"),
        }
        for peer in (esme, hlr):
            await peer.close()
        assert smsc.delivered[0].pdu.source_addr == "Infobip"
        assert len(smsc.delivered) == 1

    play(QUICK + TEST + NETWORK, script)


def test_flash_sessions_send_flash_of_one_segment() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, system_type="nsms")
        assert status(await esme.submit(text=b"now!", data_coding=0)) == "ESME_ROK"
        assert status(await esme.submit(text=b"x" * 200)) == "ESME_RINVMSGLEN"
        assert status(await esme.request(SubmitMulti())) == "ESME_RINVCMDID"
        await esme.arrived(1)
        assert [(one.pdu.data_coding, one.pdu.short_message) for one in smsc.delivered] == [(240, b"now!")]
        await esme.close()

    play(QUICK + TEST, script)


# -- inbound --------------------------------------------------------------------------------------------------------------------------


def test_people_write_at_their_rate_and_long_texts_come_in_parts() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        await asyncio.sleep(60)
        assert smsc.statistics.inbound_sent == len(esme.inbox) == 15  # a long one has two parts
        assert {pdu.destination_addr for pdu in esme.inbox} == {"45678"}
        assert all(pdu.source_addr.startswith("38591") and len(pdu.source_addr) == 12 for pdu in esme.inbox)
        joiner = Reassembler()
        texts = [event.message.text for pdu in esme.inbox for event in joiner.add(pdu, now()) if hasattr(event, "message")]
        assert Counter(texts) == {"Što?": 5, "ab" * 100: 5}
        await esme.close()

    long = "ab" * 100
    inbound = f'[[inbound]]\nfrom = "38591???????"\nto = "45678"\nrate = 2.0\ncount = 10\nafter = 3.0\ntext = ["Što?", "{long}"]\n'
    play(TEST + inbound, script)


def test_inbound_messages_wait_up_to_their_cap() -> None:
    async def script(smsc: Simulator) -> None:
        assert [smsc.write("test", "385911234567", "45678", f"message {i}") for i in range(5)] == [1, 1, 1, 0, 0]
        assert smsc.statistics.inbound_dropped == 2
        esme = await InboxEsme.bound(smsc.port, kind="receiver")
        await esme.arrived(3)
        assert smsc.write("test", "385911234567", "45678", "more") == 1
        await esme.arrived(4)
        assert [decode_text(pdu).text for pdu in esme.inbox] == ["message 0", "message 1", "message 2", "more"]
        await esme.close()

    play(TEST + "[caps]\ninbound = 3\n", script)


def test_a_handset_writes_back() -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port)
        await esme.submit(text=b"are you there?", registered_delivery=0)
        [pdu] = await esme.arrived(1)
        assert (pdu.source_addr, pdu.destination_addr, pdu.dest_addr_ton) == ("385911234567", "Infobip", 5)
        assert decode_text(pdu).text == "Yes: are you there?"
        await esme.close()

    play(QUICK + TEST + '[[handset]]\nnumber = "38591*"\nreply = "Yes: {text}"\n', script)


# -- all of it --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in shipped() if name != "faults"])  # its lost answers: test_fault_matrix
def test_each_shipped_scenario_runs_and_accounts_for_every_message(name: str) -> None:
    async def script(smsc: Simulator) -> None:
        esme = await InboxEsme.bound(smsc.port, "test", "test", system_type="HLR" if name == "hlr" else "")
        numbers = [f"{prefix}{i:07d}" for i, prefix in enumerate(itertools.islice(itertools.cycle(("38591", "38598", "4917", "385")), 100))]
        answers = await asyncio.gather(*[esme.send(submission(number)) for number in numbers])
        accepted = [pdu.message_id for pdu in answers if not pdu.command_status]
        assert len(accepted) + sum(smsc.statistics.refused.values()) == 100
        assert len(accepted) >= 40
        await asyncio.sleep({"slow": 700, "failures": 70, "inbound": 10}.get(name, 35))
        assert sum(smsc.statistics.states.values()) == len(accepted) == len(set(accepted))
        assert smsc.receipts_owed == 0
        told = {pdu.receipted_message_id for pdu in esme.inbox if pdu.receipted_message_id}
        if name == "quirks":
            told = {f"{int(word):x}" for word in told}
        assert len(told & set(accepted)) >= len(accepted) - 2 * (name == "failures")
        await esme.close()

    play(name, script)


def test_it_closes_with_work_under_way() -> None:
    async def script(smsc: Simulator) -> Any:
        esme = await InboxEsme.bound(smsc.port, acknowledges=None)
        for _ in range(10):
            await esme.submit()
        await esme.arrived(10)
        await smsc.close(drain=1.0)
        assert [pdu.command for pdu in esme.others] == ["unbind"]
        assert smsc.receipts_owed == 10
        await esme.close()

    play(QUICK + TEST, script)
