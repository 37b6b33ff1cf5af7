"""A server lets peers bind, has a plain function or a coroutine answer them, sends them messages, and ends without losing an answer."""

import asyncio
import contextvars
import logging
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import clock
import pytest
from rawesme import RawEsme, bind_pdu, submit, tidied

import smpp_core as smpp
from smpp_core import CommandStatus, Pdu
from smswire.session.account import Account, authenticator
from smswire.session.events import Pending
from smswire.session.guard import Guard
from smswire.session.link import Link
from smswire.session.server import Server
from smswire.session.tls import server_context

try:
    import uvloop
except ImportError:
    LOOPS = ["asyncio"]
else:
    LOOPS = ["asyncio", "uvloop"]

ACCOUNTS = {"test": "secret", "other": "word"}
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test on each kind of loop."""

    def on_loop(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if request.param == "uvloop" else None) as runner:
            runner.run(tidied(work))

    return on_loop


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of "localhost" that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the command, is not installed")
    place = tmp_path_factory.mktemp("tls")
    made, key = place / "cert.pem", place / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )
    return made, key


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server and of a client that trusts it."""
    client = ssl.create_default_context(cafile=str(certificate[0]))
    return server_context(*certificate), client


def nothing(session: object, pdu: object) -> None:
    """A handler that says yes to everything."""


def serving(handler: Any = nothing, **more: Any) -> Server:
    return Server(handler, port=0, **{"authenticate": ACCOUNTS, **more})


# -- handlers -----------------------------------------------------------------------------------------------------------------------


class Later:
    """Can be awaited and is neither coroutine nor Future."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.answer


async def at_once(answer: Any) -> Any:
    return answer


async def later(answer: Any) -> Any:
    await asyncio.sleep(0)
    return answer


def as_future(answer: Any) -> Awaitable[Any]:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, answer)
    return future


WAYS: list[Callable[[Any], Any]] = [lambda answer: answer, at_once, later, as_future, Later]
WAY_NAMES = ["plain", "coroutine at once", "coroutine later", "future", "awaitable"]


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_whatever_a_handler_gives_becomes_the_answer(way: Callable[[Any], Any], run: Run) -> None:
    async def main() -> None:
        answers = {b"none": None, b"zero": 0, b"number": 0x4A1, b"status": CommandStatus.ESME_RINVDSTADR}

        def handler(session: Any, pdu: Any) -> Any:
            text = pdu.short_message
            return way(pdu.reply(message_id="mine") if text == b"pdu" else answers[text])

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            for text in (b"none", b"zero"):
                response = await esme.ask(submit(text))
                assert (response.command_status, response.message_id.isdecimal()) == (0, True)
            assert (await esme.ask(submit(b"number"))).command_status == 0x4A1
            assert (await esme.ask(submit(b"status"))).command_status == 0x0B
            assert (await esme.ask(submit(b"pdu"))).message_id == "mine"
            assert not server.driver.tasks

    run(main())


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_what_a_handler_may_not_give_is_answered_with_a_system_error_and_the_session_goes_on(
    way: Callable[[Any], Any], caplog: pytest.LogCaptureFixture, run: Run,
) -> None:
    async def main() -> None:
        wrong = ["text", 2**32, -1, 1.5, smpp.EnquireLinkResp(), smpp.DeliverSmResp(), submit()]

        def handler(session: Any, pdu: Any) -> Any:
            return way(wrong.pop() if wrong else None)

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            for _ in range(len(wrong)):
                assert (await esme.ask(submit())).command_status == CommandStatus.ESME_RSYSERR
            assert (await esme.ask(submit())).command_status == 0

    run(main())
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 7


async def raise_at_once(error: BaseException) -> None:
    raise error


async def raise_later(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


def raise_plainly(error: BaseException) -> None:
    raise error


def raise_in_future(error: Exception) -> Awaitable[None]:
    future = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


@pytest.mark.parametrize("failing", [raise_plainly, raise_at_once, raise_later, raise_in_future])
def test_a_failing_handler_is_answered_with_a_system_error_and_logged_without_the_text(
    failing: Callable[[Any], Any], caplog: pytest.LogCaptureFixture, run: Run,
) -> None:
    def handler(session: Any, pdu: Any) -> Any:
        return failing(ValueError(f"cannot store {pdu.short_message!r} of {session.bind.password}")) if pdu.short_message else None

    async def main() -> None:
        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            assert (await esme.ask(submit(b"private words"))).command_status == CommandStatus.ESME_RSYSERR
            assert (await esme.ask(submit(b""))).command_status == 0

    with caplog.at_level(logging.DEBUG, "smswire"):
        run(main())
    assert "ValueError" in caplog.text and ("test_server.py" in caplog.text or failing is raise_in_future)
    assert "private" not in caplog.text and "secret" not in caplog.text


def test_a_cancelled_handler_is_answered_with_a_system_error(run: Run) -> None:
    def handler(session: Any, pdu: Any) -> Any:
        if pdu.short_message == b"plain":
            raise asyncio.CancelledError
        if pdu.short_message == b"future":
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            return future
        return raise_later(asyncio.CancelledError()) if pdu.short_message == b"later" else raise_at_once(asyncio.CancelledError())

    async def main() -> None:
        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            for text in (b"plain", b"future", b"later", b"at once"):
                assert (await esme.ask(submit(text))).command_status == CommandStatus.ESME_RSYSERR

    run(main())


def test_a_coroutine_that_never_waits_gets_no_task_and_no_turn_of_the_loop() -> None:
    async def main() -> None:
        seen = []

        async def handler(session: Any, pdu: Any) -> None:
            seen.append((asyncio.current_task(), len(asyncio.all_tasks())))

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            await esme.ask(submit())
            before = asyncio.all_tasks()
            for _ in range(5):
                await esme.ask(submit())
            assert asyncio.all_tasks() == before
            assert len({task for task, _ in seen}) == 1 and seen[0][0] is not None
            assert not server.driver.tasks

    asyncio.run(tidied(main()))


def test_a_coroutine_has_one_task_and_one_context_from_its_first_step_to_its_last(run: Run) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="untouched")

    async def main() -> None:
        seen = []

        async def handler(session: Any, pdu: Any) -> None:
            seen.append(variable.get())
            token = variable.set(pdu.short_message.decode())
            task = asyncio.current_task()
            async with asyncio.timeout(5):
                if pdu.short_message == b"wait":
                    await asyncio.sleep(0)
                    await asyncio.gather(later(1), later(2))
            assert task is asyncio.current_task()
            assert variable.get() == pdu.short_message.decode()
            if pdu.short_message == b"wait":
                variable.reset(token)

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            for text in (b"at once", b"wait", b"at once", b"wait"):
                assert (await esme.ask(submit(text))).command_status == 0
            assert seen == ["untouched"] * 4

    run(main())


def test_a_timeout_inside_a_handler_strikes() -> None:
    async def main() -> None:
        async def handler(session: Any, pdu: Any) -> Any:
            try:
                async with asyncio.timeout(2):
                    await asyncio.get_running_loop().create_future()
            except TimeoutError:
                return CommandStatus.ESME_RSUBMITFAIL

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            assert (await esme.ask(submit())).command_status == CommandStatus.ESME_RSUBMITFAIL

    clock.run(tidied(main()))


def test_answers_leave_in_the_order_in_which_they_are_ready(run: Run) -> None:
    async def main() -> None:
        gates = [asyncio.Event() for _ in range(4)]

        def handler(session: Any, pdu: Any) -> Any:
            return opened(gates[pdu.short_message[0]]) if pdu.short_message else None

        async def opened(gate: asyncio.Event) -> None:
            await gate.wait()

        async with serving(handler) as server, await RawEsme.bound(server.port) as esme:
            numbers = [esme.send(submit(bytes((which,)))) for which in range(4)]
            last = await esme.ask(submit(b""))  # overtakes all of them
            assert last.command_status == 0
            for which in (2, 0, 3, 1):
                gates[which].set()
                assert (await esme.read()).sequence_number == numbers[which]

    run(main())


def test_every_message_gets_an_id_of_its_own_in_digits(run: Run) -> None:
    async def main() -> None:
        requests = [
            submit(), smpp.SubmitMulti(dest_addresses=[smpp.SmeAddress(1, 1, "385951111111")], short_message=b"x"),
            smpp.DataSm(destination_addr="385951111111", tlvs=[("message_payload", b"x")]), submit(), submit(),
        ]
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            ids = [(await esme.ask(pdu)).message_id for pdu in requests]
            assert len(set(ids)) == 5 and all(id.isdecimal() and len(id) <= 20 for id in ids)
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            assert (await esme.ask(submit())).message_id not in ids

    run(main())


def test_commands_that_take_no_message_are_answered_without_a_new_id(run: Run) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            found = await esme.ask(smpp.QuerySm(message_id="77"))
            assert (found.command_status, found.message_id, found.message_state) == (0, "77", smpp.MessageState.UNKNOWN)
            assert bytes(await esme.ask(smpp.CancelSm(message_id="77")))[4:12].hex() == "8000000800000000"
            assert bytes(await esme.ask(smpp.ReplaceSm(message_id="77")))[4:12].hex() == "8000000700000000"

    run(main())


def test_a_session_says_who_the_peer_is(run: Run) -> None:
    async def main() -> None:
        seen: list[Any] = []

        def handler(session: Any, pdu: Any) -> None:
            session.data = "mine"
            seen.append((
                session.system_id, session.system_type, session.bind_kind, session.account, session.peername[0], session.state,
                session.bound, session.can_submit, session.can_receive, session.bind.command, repr(session), session.close_reason,
            ))

        async with serving(handler) as server:
            async with await RawEsme.connect(server.port) as esme:
                await esme.bind(kind="transmitter", system_type="HLR")
                await esme.ask(submit())
                (session,) = server.sessions
                where = f"127.0.0.1:{esme.writer.get_extra_info('sockname')[1]}"
                await esme.ask(smpp.Unbind())
                await session.wait_closed()
            assert seen == [(
                "test", "HLR", "transmitter", Account(name="test"), "127.0.0.1", "BOUND_TX", True, True, False, "bind_transmitter",
                f"<Session 'test' transmitter {where} BOUND_TX>", None,
            )]
            assert (session.data, session.bound, session.close_reason) == ("mine", False, "unbound by the peer")

    run(main())


@pytest.mark.parametrize("late", [False, True])
def test_what_a_handler_still_owes_when_the_connection_falls_is_done_and_its_answer_dropped(
    late: bool, caplog: pytest.LogCaptureFixture, run: Run,
) -> None:
    async def main() -> None:
        gate, begun, done = asyncio.Event(), asyncio.Event(), []

        async def handler(session: Any, pdu: Any) -> None:
            begun.set()
            await gate.wait()
            done.append(pdu.short_message)

        async with serving(handler) as server:
            esme = await RawEsme.bound(server.port)
            esme.send(submit())
            await begun.wait()
            (session,) = server.sessions
            if late:  # the peer unbinds properly, and the answer is not there in time
                session.close("enough")
            else:
                esme.writer.transport.abort()
            await session.wait_closed()
            assert done == [] and len(server.driver.tasks) == 1
            gate.set()
            await asyncio.gather(*server.driver.tasks)
            assert done == [b"hello"] and session.owed == 0
            await esme.close()

    with caplog.at_level(logging.WARNING):
        run(main())
    assert caplog.records == []


# -- binds ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["transceiver", "receiver", "transmitter"])
@pytest.mark.parametrize("version", [0x34, 0x50])
def test_a_good_bind_is_answered_with_our_name_and_version(kind: str, version: int, run: Run) -> None:
    """V58: 5.0 is answered as 3.4."""

    async def main() -> None:
        async with serving(system_id="smsc7") as server, await RawEsme.connect(server.port) as esme:
            response = await esme.bind(kind=kind, interface_version=version)
            assert (response.command_status, response.system_id, response.sc_interface_version) == (0, "smsc7", 0x34)
            assert response.command == f"bind_{kind}_resp"
            (session,) = server.sessions
            assert session.bind_kind == kind

    run(main())


@pytest.mark.parametrize(("bind", "status"), [
    (bind_pdu("test", "wrong"), CommandStatus.ESME_RINVPASWD),
    (bind_pdu("test", ""), CommandStatus.ESME_RINVPASWD),
    (bind_pdu("nobody", "secret"), CommandStatus.ESME_RINVPASWD),
    (bind_pdu("", ""), CommandStatus.ESME_RINVPASWD),
    (bind_pdu("TEST", "secret"), CommandStatus.ESME_RINVPASWD),
    (bind_pdu("empty", ""), CommandStatus.ESME_RINVPASWD),
    (bind_pdu(interface_version=0x33), CommandStatus.ESME_RBINDFAIL),
    (bind_pdu(interface_version=0), CommandStatus.ESME_RBINDFAIL),
], ids=str)
def test_a_bad_bind_is_answered_and_the_connection_closed(bind: Pdu, status: int, run: Run) -> None:
    """V58: under 3.4 is ESME_RBINDFAIL."""

    async def main() -> None:
        accounts = ACCOUNTS | {"empty": Account(name="empty")}
        async with serving(authenticate=accounts) as server, await RawEsme.connect(server.port) as esme:
            response = await esme.ask(bind)
            assert (response.command_status, response.command) == (status, "bind_transceiver_resp")
            assert await esme.ended() == []
            assert not server.sessions

    run(main())


VERDICTS: list[tuple[Any, int]] = [
    (Account(name="a"), 0), (CommandStatus.ESME_RINVSYSTYP, 0x53), (0x4A1, 0x4A1), (0, 8), (None, 8), ("yes", 8), (True, 1), (2**32, 8),
]


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
@pytest.mark.parametrize(("verdict", "status"), VERDICTS, ids=str)
def test_a_bind_is_judged_by_the_callback(way: Callable[[Any], Any], verdict: Any, status: int, run: Run) -> None:
    async def main() -> None:
        asked = []

        def authenticate(session: Any, bind: Any) -> Any:
            asked.append((session.system_id, session.system_type, bind.password))
            return way(verdict)

        async with serving(authenticate=authenticate) as server, await RawEsme.connect(server.port) as esme:
            assert (await esme.bind(system_type="R:7")).command_status == status
            assert asked == [("test", "R:7", "secret")]

    run(main())


@pytest.mark.parametrize("failing", [raise_plainly, raise_at_once, raise_later, raise_in_future])
def test_a_callback_that_fails_lets_nobody_in(failing: Callable[[Any], Any], caplog: pytest.LogCaptureFixture, run: Run) -> None:
    async def main() -> None:
        def authenticate(session: Any, bind: Any) -> Any:
            return failing(ValueError(f"no database for {bind.password}"))

        async with serving(authenticate=authenticate) as server, await RawEsme.connect(server.port) as esme:
            assert (await esme.bind()).command_status == CommandStatus.ESME_RSYSERR
            assert await esme.ended() == []

    with caplog.at_level(logging.DEBUG, "smswire"):
        run(main())
    assert "ValueError" in caplog.text and "secret" not in caplog.text


def test_an_account_has_four_sessions_of_all_kinds_together(run: Run) -> None:
    """V60, P7: the fifth is answered ESME_RALYBND."""

    async def main() -> None:
        async with serving() as server:
            kinds = ["transmitter", "receiver", "transceiver", "transceiver"]
            esmes = [await RawEsme.bound(server.port, kind=kind) for kind in kinds]
            for kind in ("transmitter", "receiver", "transceiver"):
                async with await RawEsme.connect(server.port) as fifth:
                    assert (await fifth.bind(kind=kind)).command_status == CommandStatus.ESME_RALYBND
                    assert await fifth.ended() == []
            other = await RawEsme.bound(server.port, "other", "word")
            assert len(server.sessions) == 5
            await esmes[1].ask(smpp.Unbind())
            esmes.append(await RawEsme.bound(server.port))
            esmes[2].writer.transport.abort()
            gone = next(session for session in server.sessions if session.peername == esmes[2].writer.get_extra_info("sockname"))
            await gone.wait_closed()
            esmes.append(await RawEsme.bound(server.port))
            async with await RawEsme.connect(server.port) as fifth:
                assert (await fifth.bind()).command_status == CommandStatus.ESME_RALYBND
            for esme in (*esmes, other):
                await esme.close()

    run(main())


def test_four_is_the_limit_also_where_twelve_slow_binds_end_at_once(run: Run) -> None:
    async def main() -> None:
        gate, asked = asyncio.Event(), asyncio.Event()
        waiting = 0

        async def authenticate(session: Any, bind: Any) -> Account:
            nonlocal waiting
            waiting += 1
            if waiting == 12:
                asked.set()
            await gate.wait()
            return Account(name="test", max_sessions=4)

        async with serving(authenticate=authenticate) as server:
            esmes = [await RawEsme.connect(server.port) for _ in range(12)]
            binds = [asyncio.create_task(esme.bind()) for esme in esmes]
            await asked.wait()
            gate.set()
            statuses = sorted(response.command_status for response in await asyncio.gather(*binds))
            assert statuses == [0] * 4 + [CommandStatus.ESME_RALYBND] * 8
            for esme in esmes:
                await esme.close()

    run(main())


def test_a_peer_that_left_before_its_bind_was_judged_takes_no_place(run: Run) -> None:
    async def main() -> None:
        gate, asked = asyncio.Event(), asyncio.Event()

        async def authenticate(session: Any, bind: Any) -> Account:
            if not gate.is_set():
                asked.set()
                await gate.wait()
            return Account(name="test", max_sessions=1)

        async with serving(authenticate=authenticate) as server:
            first = await RawEsme.connect(server.port)
            first.send(bind_pdu())
            await asked.wait()
            (session,) = server.connections
            first.writer.transport.abort()
            await session.wait_closed()
            gate.set()
            await asyncio.gather(*server.driver.tasks)
            async with await RawEsme.bound(server.port):
                assert len(server.sessions) == 1
            await first.close()

    run(main())


def test_the_account_sets_window_profile_and_deliveries(run: Run) -> None:
    async def main() -> None:
        profile = smpp.Profile.standard()
        account = Account(name="x", window=2, delivery_window=3, profile=profile, max_sessions=1)
        gate = asyncio.Event()
        profiles = []

        async def handler(session: Any, pdu: Any) -> None:
            profiles.append(pdu.profile)
            await gate.wait()

        async with serving(handler, authenticate=lambda session, bind: account) as server, await RawEsme.bound(server.port) as esme:
            for _ in range(3):
                last = esme.send(submit())
            third = await esme.read()
            assert (third.sequence_number, third.command_status) == (last, CommandStatus.ESME_RTHROTTLED)
            assert profiles == [profile] * 2
            (session,) = server.sessions
            for _ in range(3):
                session.request_nowait(smpp.DeliverSm())
            with pytest.raises(smpp.WindowFull):
                session.request_nowait(smpp.DeliverSm())
            gate.set()

    run(main())


def test_an_account_is_shown_without_its_password() -> None:
    account = Account(name="x", password="secret", rate=5)
    assert "secret" not in repr(account) and "secret" not in str(account)


def test_the_table_is_read_at_each_bind(run: Run) -> None:
    async def main() -> None:
        accounts: dict[str, str | Account] = {}
        async with serving(authenticate=accounts) as server:
            async with await RawEsme.connect(server.port) as esme:
                assert (await esme.bind()).command_status == CommandStatus.ESME_RINVPASWD
            accounts["test"] = Account(name="of test", password="secret")
            async with await RawEsme.bound(server.port):
                (session,) = server.sessions
                assert session.account is accounts["test"]

    run(main())


def test_an_unknown_name_costs_the_comparison_of_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr("smswire.session.account.same_secret", lambda given, right: compared.append((given, right)))
    check = authenticator(ACCOUNTS)
    for name in ("test", "nobody"):
        assert check(None, bind_pdu(name, "guess")) == CommandStatus.ESME_RINVPASWD  # type: ignore[arg-type]
    assert compared == [("guess", "secret"), ("guess", "")]


def test_guessers_wait_and_who_knows_the_password_does_not() -> None:
    """Section 5: five failures a minute and name, then wrong passwords alone wait 1 to 8 s."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def timed(password: str) -> tuple[int, int]:
            began = loop.time()
            async with await RawEsme.connect(server.port) as esme:
                status = (await esme.bind(password=password)).command_status
            return status, round(loop.time() - began)

        async with serving(limits=None) as server:
            wrong = [await timed("guess") for _ in range(9)]
            assert [seconds for _, seconds in wrong] == [0, 0, 0, 0, 0, 1, 2, 4, 8]
            assert {status for status, _ in wrong} == {CommandStatus.ESME_RINVPASWD}
            assert await timed("secret") == (0, 0)
            slow = asyncio.create_task(timed("guess"))
            assert await timed("secret") == (0, 0)
            assert await slow == (CommandStatus.ESME_RINVPASWD, 8)

    clock.run(tidied(main()))


def test_an_account_over_its_rate_is_throttled_over_all_its_sessions_together() -> None:
    async def main() -> None:
        account = Account(name="x", rate=5)
        async with serving(authenticate=lambda session, bind: account) as server:
            one, two = await RawEsme.bound(server.port), await RawEsme.bound(server.port)
            statuses = [(await (one, two)[i % 2].ask(submit())).command_status for i in range(8)]
            assert statuses == [0] * 5 + [CommandStatus.ESME_RTHROTTLED] * 3
            await asyncio.sleep(1)
            many = smpp.SubmitMulti(dest_addresses=[smpp.SmeAddress(1, 1, str(385951111111 + i)) for i in range(5)])
            assert (await one.ask(many)).command_status == 0
            assert (await two.ask(submit())).command_status == CommandStatus.ESME_RTHROTTLED
            assert (await two.ask(smpp.QuerySm(message_id="1"))).command_status == 0  # no message
            for esme in (one, two):
                await esme.close()

    clock.run(tidied(main()))


# -- to the peer -----------------------------------------------------------------------------------------------------------------------


def test_deliver_sm_and_data_sm_are_sent_and_their_answers_given(run: Run) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port, kind="receiver") as esme:
            (session,) = server.sessions
            assert (session.can_receive, session.can_submit) == (True, False)
            for pdu, status in ((smpp.DeliverSm(short_message=b"hi"), 0), (smpp.DataSm(tlvs=[("message_payload", b"hi")]), 0x64)):
                asked = asyncio.create_task(session.request(pdu))
                got = await esme.read()
                assert got.command_id == pdu.command_id
                esme.write(bytes(got.reply(status)))
                assert (await asked).command_status == status
            pending = session.request_nowait(smpp.AlertNotification(source_addr="1"))
            assert (pending.response_id, (await esme.read()).command) == (0, "alert_notification")

    run(main())


class Token:
    """Is told how a request ended."""

    def __init__(self) -> None:
        self.told: list[tuple[Pending, Any]] = []

    def settled(self, pending: Pending, outcome: Any) -> None:
        self.told.append((pending, outcome))


def test_a_token_is_told_the_answer_once_and_stands_in_the_pending_again(run: Run) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            token = Token()
            pending = session.request_nowait(smpp.DeliverSm(), token)
            got = await esme.read()
            esme.write(bytes(got.reply()))
            await esme.ask(smpp.EnquireLink())
            ((told, answer),) = token.told
            assert told is pending and told.token is token and answer.command == "deliver_sm_resp"

    run(main())


def test_requests_wait_for_room_in_the_window_first_come_first_served(run: Run) -> None:
    async def main() -> None:
        async with serving(delivery_window=2) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            asked = [asyncio.create_task(session.request(smpp.DeliverSm(short_message=b"%d" % i))) for i in range(6)]
            await asyncio.sleep(0)
            asked[3].cancel()  # while it waits: the others keep their places
            seen = []
            for _ in range(5):
                got = await esme.read()
                assert session.link.in_flight <= 2
                seen.append(got.short_message)
                esme.write(bytes(got.reply()))
            assert seen == [b"0", b"1", b"2", b"4", b"5"]
            done = await asyncio.gather(*asked, return_exceptions=True)
            assert [isinstance(one, Pdu) for one in done] == [True, True, True, False, True, True]
            with pytest.raises(smpp.EncodeError):
                await session.request(submit())
            asyncio.get_running_loop().call_soon(esme.write, b"")

    run(main())


def test_who_has_waited_for_room_gets_it_though_others_ask_in_the_same_turn(run: Run) -> None:
    async def main() -> None:
        async with serving(delivery_window=1) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            freed = asyncio.get_running_loop().create_future()
            session.request_nowait(smpp.DeliverSm(short_message=b"0"), freed)
            late: list[asyncio.Task[Pdu]] = []

            def crowd(_: object) -> None:
                """Runs right after the answer, before the one that waits has had its turn."""
                late.append(asyncio.create_task(session.request(smpp.DeliverSm(short_message=b"2"))))
                session.request_nowait(smpp.DeliverSm(short_message=b"x"))

            freed.add_done_callback(crowd)
            waits = asyncio.create_task(session.request(smpp.DeliverSm(short_message=b"1")))
            seen = []
            for _ in range(4):
                got = await esme.read()
                seen.append(got.short_message)
                esme.write(bytes(got.reply()))
            assert seen == [b"0", b"x", b"1", b"2"]
            assert (await waits).command_status == (await late[0]).command_status == 0
            assert session._granted == 0 and not session._waiting

    run(main())


def test_who_waits_for_room_that_others_took_is_told_of_the_end(run: Run) -> None:
    async def main() -> None:
        async with serving(delivery_window=1) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            session.link.request(smpp.DeliverSm())  # past the session, which does not hear of its answer
            waits = asyncio.create_task(session.request(smpp.DeliverSm()))
            await esme.read()
            esme.writer.transport.abort()
            with pytest.raises(smpp.SessionClosed):
                await waits

    run(main())


def test_a_request_that_cannot_be_sent_gives_its_room_to_the_next(run: Run) -> None:
    async def main() -> None:
        async with serving(delivery_window=1) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            first = asyncio.create_task(session.request(smpp.DeliverSm()))
            await asyncio.sleep(0)
            wrong = asyncio.create_task(session.request(submit()))
            second = asyncio.create_task(session.request(smpp.DeliverSm()))
            for asked in (first, second):
                esme.write(bytes((await esme.read()).reply()))
                assert (await asked).command_status == 0
            with pytest.raises(smpp.EncodeError):
                await wrong

    run(main())


def test_time_runs_out_for_answers_and_for_room() -> None:
    async def main() -> None:
        async with serving(delivery_window=1) as server, await RawEsme.bound(server.port):
            (session,) = server.sessions
            sent, waits = await asyncio.gather(
                session.request(smpp.DeliverSm(), timeout=3), session.request(smpp.DeliverSm(), timeout=2), return_exceptions=True)
            assert isinstance(sent, smpp.RequestTimeout) and sent.written
            assert isinstance(waits, smpp.RequestTimeout) and not waits.written
            began = asyncio.get_running_loop().time()
            with pytest.raises(smpp.RequestTimeout):
                await session.request(smpp.DeliverSm())
            assert 29 < asyncio.get_running_loop().time() - began < 32

    clock.run(tidied(main()))


def test_when_the_session_ends_what_waits_is_told_whether_it_was_written(run: Run) -> None:
    async def main() -> None:
        async with serving(delivery_window=1) as server, await RawEsme.bound(server.port) as esme:
            (session,) = server.sessions
            asked = [asyncio.create_task(session.request(smpp.DeliverSm())) for _ in range(2)]
            await esme.read()
            esme.writer.transport.abort()
            sent, waits = await asyncio.gather(*asked, return_exceptions=True)
            assert isinstance(sent, smpp.SessionClosed) and sent.written
            assert isinstance(waits, smpp.SessionClosed) and not waits.written
            with pytest.raises(smpp.SessionClosed):
                await session.request(smpp.DeliverSm())

    run(main())


@pytest.mark.parametrize(("kind", "pdu"), [
    ("transmitter", smpp.DeliverSm()), ("transceiver", submit()), ("receiver", smpp.DeliverSmResp()),
    ("receiver", smpp.AlertNotification(source_addr="1")), ("receiver", smpp.BindReceiver()),
], ids=str)
def test_what_an_smsc_may_not_send_or_wait_for_is_our_callers_error(kind: str, pdu: Pdu, run: Run) -> None:
    async def main() -> None:
        async with serving() as server, await RawEsme.bound(server.port, kind=kind):
            (session,) = server.sessions
            with pytest.raises(smpp.EncodeError):
                await session.request(pdu)
            assert session.bound

    run(main())


def test_a_session_can_be_unbound_and_closed_by_the_server(run: Run) -> None:
    async def main() -> None:
        async with serving() as server:
            async with await RawEsme.bound(server.port) as esme:
                (session,) = server.sessions
                ending = asyncio.create_task(session.unbind())
                request = await esme.read()
                assert request.command == "unbind"
                esme.write(bytes(request.reply()))
                await ending
                assert await esme.ended() == [] and not server.connections
                await session.unbind()  # is over already
            async with await RawEsme.bound(server.port) as esme:
                (session,) = server.sessions
                session.close("time to go")
                assert await esme.ended() == []
                assert session.close_reason == "time to go"
            async with await RawEsme.connect(server.port) as esme:
                while not server.connections:
                    await asyncio.sleep(0)
                (session,) = server.connections
                await session.unbind()  # never bound: there is nothing to unbind
                assert await esme.ended() == []

    run(main())


def test_the_callback_hears_of_each_bound_session_twice_and_may_fail(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        heard = []

        def on_session(session: Any, what: str) -> None:
            heard.append((session.system_id, what, session.bound))
            raise ValueError

        async with serving(on_session=on_session) as server:
            async with await RawEsme.bound(server.port) as esme, await RawEsme.connect(server.port) as refused:
                assert (await refused.bind(password="wrong")).command_status
                (session,) = server.sessions
                await esme.ask(submit())
            await session.wait_closed()
            assert heard == [("test", "bound", True), ("test", "closed", False)]

    run(main())


def test_messages_can_be_sent_from_the_callback_and_from_the_handler(run: Run) -> None:
    async def main() -> None:
        def on_session(session: Any, what: str) -> None:
            if what == "bound":
                session.request_nowait(smpp.DeliverSm(short_message=b"welcome"))

        def handler(session: Any, pdu: Any) -> None:
            session.request_nowait(smpp.DeliverSm(short_message=b"echo"))

        async with serving(handler, on_session=on_session) as server, await RawEsme.bound(server.port) as esme:
            assert (await esme.read()).short_message == b"welcome"
            esme.send(submit())
            assert sorted([(await esme.read()).command, (await esme.read()).command]) == ["deliver_sm", "submit_sm_resp"]

    run(main())


# -- outbind ------------------------------------------------------------------------------------------------------------------------------


def test_outbind_asks_an_esme_to_bind_and_gives_its_session(run: Run) -> None:
    async def main() -> None:
        arrived: asyncio.Queue[RawEsme] = asyncio.Queue()
        listening = await asyncio.start_server(lambda reader, writer: arrived.put_nowait(RawEsme(reader, writer)), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with serving() as server:
            for good in (True, False):
                asking = asyncio.create_task(server.outbind("127.0.0.1", port, "smsc", "ours"))
                async with await arrived.get() as esme:
                    outbind = await esme.read()
                    assert (outbind.command, outbind.system_id, outbind.password) == ("outbind", "smsc", "ours")
                    assert bool((await esme.bind(password="secret" if good else "no", kind="receiver")).command_status) is not good
                    if not good:
                        with pytest.raises(smpp.SessionClosed, match="refused"):
                            await asking
                        continue
                    session = await asking
                    assert session in server.sessions and session.peername[1] == port and session.can_receive
                    asked = asyncio.create_task(session.request(smpp.DeliverSm()))
                    esme.write(bytes((await esme.read()).reply()))
                    assert (await asked).command_status == 0
            listening.close()
            await listening.wait_closed()
            with pytest.raises(OSError):
                await server.outbind("127.0.0.1", port, "smsc")
        with pytest.raises(smpp.SessionClosed):
            await server.outbind("127.0.0.1", port, "smsc")

    run(main())


def test_an_esme_that_does_not_bind_after_an_outbind_is_given_up() -> None:
    async def main() -> None:
        held = []
        listening = await asyncio.start_server(lambda *streams: held.append(streams), "127.0.0.1", 0)
        async with serving() as server:
            began = asyncio.get_running_loop().time()
            with pytest.raises(smpp.SessionClosed, match="no bind within 10 s"):
                await server.outbind("127.0.0.1", listening.sockets[0].getsockname()[1], "smsc")
            assert 9 < asyncio.get_running_loop().time() - began < 11
            assert not server._dialled
        for _, writer in held:
            writer.close()
        listening.close()

    clock.run(tidied(main()))


# -- ports, TLS, PROXY ---------------------------------------------------------------------------------------------------------------------


def test_port_0_picks_a_free_port_and_a_taken_one_is_an_os_error(run: Run) -> None:
    async def main() -> None:
        async with serving() as server:
            assert server.port > 0 and server.tls_port is None
            assert server.addresses == [("127.0.0.1", server.port)] and len(server.sockets) == 1
            with pytest.raises(OSError):
                await Server(nothing, port=server.port, authenticate=ACCOUNTS).start()
            with pytest.raises(RuntimeError):
                await server.start()
            port = server.port
        async with Server(nothing, port=port, authenticate=ACCOUNTS), await RawEsme.bound(port):
            pass

    run(main())


def test_several_hosts_share_one_port(run: Run) -> None:
    async def main() -> None:
        async with Server(nothing, ["127.0.0.1", "127.0.0.2"], 0, authenticate=ACCOUNTS) as server:
            assert server.addresses == [("127.0.0.1", server.port), ("127.0.0.2", server.port)]
            async with await RawEsme.bound(server.port, host="127.0.0.2"):
                pass

    run(main())


def test_a_server_that_was_never_started_can_be_closed() -> None:
    asyncio.run(Server(nothing, authenticate=ACCOUNTS).close())


def test_what_cannot_work_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(smpp.EncodeError, match="tls"):
        Server(nothing, authenticate=ACCOUNTS, tls_port=0)
    with pytest.raises(smpp.EncodeError, match="system_id"):
        Server(nothing, authenticate=ACCOUNTS, system_id="a name that is too long")
    with pytest.raises(ValueError, match="nowhere"):
        Server(nothing, authenticate=ACCOUNTS, proxy_from=["nowhere"])


def test_a_port_speaks_tls_or_a_second_one_does(tls: tuple[ssl.SSLContext, ssl.SSLContext], run: Run) -> None:
    async def main() -> None:
        ours, theirs = tls
        async with serving(tls=ours) as server, await RawEsme.bound(server.port, tls=theirs) as esme:
            (session,) = server.sessions
            assert session.link.ssl_object.version() in ("TLSv1.2", "TLSv1.3")
            assert (await esme.ask(submit())).command_status == 0
        one = Account(name="test", max_sessions=1)
        async with serving(tls=ours, tls_port=0, authenticate=lambda session, bind: one) as server:
            assert server.tls_port not in (None, 0, server.port) and len(server.addresses) == 2
            assert server.tls_port is not None
            async with await RawEsme.bound(server.port), await RawEsme.connect(server.tls_port, tls=theirs) as second:
                assert (await second.bind()).command_status == CommandStatus.ESME_RALYBND  # one count for both ports

    run(main())


HEADER = b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 2775\r\n"
BINARY = b"\r\n\r\n\0\r\nQUIT\n" + bytes.fromhex(
    "2121 0028 20010db8000000000000000000000009 20010db8000000000000000000000001 1267 0ad7 04000101")


@pytest.mark.parametrize(("header", "client"), [
    (HEADER, ("203.0.113.9", 4711)), (BINARY, ("2001:db8::9", 4711)), (b"PROXY UNKNOWN\r\n", None),
    (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", None),
], ids=["version 1", "version 2", "unknown", "local"])
@pytest.mark.parametrize("with_tls", [False, True])
def test_behind_a_balancer_the_client_is_the_one_of_the_header(
    header: bytes, client: tuple[str, int] | None, with_tls: bool, tls: tuple[ssl.SSLContext, ssl.SSLContext], run: Run,
) -> None:
    async def main() -> None:
        more = {"tls": tls[0]} if with_tls else {}
        async with serving(proxy_from=["127.0.0.0/8"], **more) as server:
            # The octets behind the header come in the same segment.
            async with await RawEsme.connect(server.port, first=header, tls=tls[1] if with_tls else None) as esme:
                assert (await esme.bind()).command_status == 0
                (session,) = server.sessions
                assert session.peername == (client or esme.writer.get_extra_info("sockname"))
            await session.wait_closed()
            cut = len(header) // 2
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for piece in (header[:cut], header[cut:] + (b"" if with_tls else bytes(bind_pdu().with_sequence(1)))):
                writer.write(piece)
                await asyncio.sleep(0.01)
            if with_tls:
                await writer.start_tls(tls[1], server_hostname="localhost")
                writer.write(bytes(bind_pdu().with_sequence(1)))
            assert (await RawEsme(reader, writer).read()).command_status == 0
            writer.close()

    run(main())


@pytest.mark.parametrize("first", [bytes(bind_pdu().with_sequence(1)), b"PROXY TCP4 1.2.3.4 nonsense 1 2\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_balancer_without_a_good_header_is_closed_with_a_line_in_the_log(
    first: bytes, caplog: pytest.LogCaptureFixture, run: Run,
) -> None:
    async def main() -> None:
        async with serving(proxy_from=["127.0.0.1"]) as server, await RawEsme.connect(server.port, first=first) as esme:
            assert await esme.ended() == []

    run(main())
    (record,) = caplog.records
    assert "PROXY header" in record.getMessage() and "127.0.0.1" in record.getMessage()


def test_a_balancer_that_hangs_up_or_is_silent_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(proxy_from=["127.0.0.1"]) as server:
            async with await RawEsme.connect(server.port, first=b"PROXY") as esme:
                esme.writer.write_eof()
                assert await esme.ended() == []
            began = asyncio.get_running_loop().time()
            async with await RawEsme.connect(server.port, first=b"PROXY") as esme:
                assert await esme.ended() == []
            assert 9 < asyncio.get_running_loop().time() - began < 11

    clock.run(tidied(main()))
    assert [text for text in caplog.text.splitlines() if "closed within its PROXY header" in text or "no PROXY header in time" in text]


def test_the_time_for_the_header_counts_for_the_bind() -> None:
    async def main() -> None:
        async with serving(proxy_from=["127.0.0.1"]) as server:
            began = asyncio.get_running_loop().time()
            async with await RawEsme.connect(server.port) as esme:
                await asyncio.sleep(6)
                esme.write(HEADER)
                assert await esme.ended() == []
            assert 9 < asyncio.get_running_loop().time() - began < 11

    clock.run(tidied(main()))


def test_who_is_no_balancer_of_ours_may_not_say_who_the_client_is(run: Run) -> None:
    async def main() -> None:
        async with serving(proxy_from=["192.0.2.0/24"]) as server:
            async with await RawEsme.connect(server.port, first=HEADER) as esme:
                await esme.ended()
                assert not server.sessions
            async with await RawEsme.bound(server.port):
                (session,) = server.sessions
                assert session.peername[0] == "127.0.0.1"

    run(main())


# -- the end ----------------------------------------------------------------------------------------------------------------------------


def test_closing_answers_what_is_owed_then_unbinds_every_session(run: Run) -> None:
    async def main() -> None:
        gate, begun = asyncio.Event(), asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            begun.set()
            await gate.wait()

        server = serving(handler)
        await server.start()
        esmes = [await RawEsme.bound(server.port) for _ in range(3)]
        unbound = await RawEsme.connect(server.port)
        number = esmes[0].send(submit())
        await begun.wait()
        closing = [asyncio.create_task(server.close()) for _ in range(2)]
        assert await unbound.ended() == []
        assert (await esmes[0].ask(submit())).command_status == CommandStatus.ESME_RTHROTTLED  # nothing new is begun
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", server.port)
        gate.set()
        answer = await esmes[0].read()
        assert (answer.sequence_number, answer.command_status) == (number, 0)
        for esme in esmes:
            request = await esme.read()
            assert request.command == "unbind"
            esme.write(bytes(request.reply()))
            assert await esme.ended() == []
        await asyncio.gather(*closing)
        assert not server.connections and not server.sessions and not server.driver.tasks
        for esme in (*esmes, unbound):
            await esme.close()

    run(main())


def test_closing_waits_for_peers_and_handlers_no_longer_than_it_may() -> None:
    async def main() -> None:
        cancelled = []

        async def handler(session: Any, pdu: Any) -> None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled.append(pdu.short_message)
                raise

        loop = asyncio.get_running_loop()
        async with serving(handler) as server:
            silent = await RawEsme.bound(server.port)
            silent.send(submit())
            (session,) = server.sessions
            session.request_nowait(smpp.DeliverSm())
            await silent.read()
            began = loop.time()
            await server.close(drain=3)
            assert 7.9 < loop.time() - began < 9  # 3 s of drain, 5 s for the unbind
            assert cancelled == [b"hello"] and not server.connections
            assert [pdu.command for pdu in await silent.ended()] == ["unbind"]
            await silent.close()

    clock.run(tidied(main()))


def test_a_handler_that_never_rests_is_cancelled_too(run: Run) -> None:
    async def main() -> None:
        cancelled = asyncio.Event()

        async def handler(session: Any, pdu: Any) -> None:
            try:
                for _ in range(100_000):
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with serving(handler) as server:
            esme = await RawEsme.bound(server.port)
            esme.send(submit())
            while not server._owed:
                await asyncio.sleep(0)
            esme.writer.transport.abort()
            await server.close(drain=0)
            assert cancelled.is_set() and not server._owed

    run(main())


def test_a_close_that_is_cancelled_drops_everything_at_once(run: Run) -> None:
    async def main() -> None:
        server = serving()
        await server.start()
        esme = await RawEsme.bound(server.port)
        closing = asyncio.create_task(server.close())
        assert (await esme.read()).command == "unbind"
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert not server.connections
        await esme.ended()
        await esme.close()

    run(main())


def test_nothing_is_left_behind_by_many_connections(run: Run) -> None:
    async def main() -> None:
        async def handler(session: Any, pdu: Any) -> None:
            await asyncio.sleep(0)

        async with serving(handler, guard=Guard(allowed=1_000)) as server:
            before = len(asyncio.all_tasks())
            for i in range(60):
                async with await RawEsme.connect(server.port) as esme:
                    if i % 3:
                        await esme.bind(password="secret" if i % 2 else "wrong", name=f"x{i}" if i % 5 == 0 else "test")
            while server.connections:
                await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) <= before + 1
            assert not server.sessions and server._roster._counts == {} and not server._dialled and server._owed == 0

    run(main())


# -- those who look on -----------------------------------------------------------------------------------------------------------------


class Counter:
    """Takes the place of Metrics and of an observer."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self.octets_in = self.octets_out = self.pdus_in = self.pdus_out = 0

    def received(self, *what: Any) -> None:
        self.seen.append(("request", *what) if isinstance(what[0], str) else ("in", what[1].command))

    def sent(self, link: Link, octets: bytes) -> None:
        self.seen.append(("out", smpp.decode(octets).command))


def test_metrics_and_observers_see_what_is_answered(run: Run) -> None:
    async def main() -> None:
        counter = Counter()

        def handler(session: Any, pdu: Any) -> int:
            return 0 if pdu.short_message else 0x45

        async with serving(handler, metrics=counter, observer=counter) as server, await RawEsme.bound(server.port) as esme:
            await esme.ask(submit())
            await esme.ask(submit(b""))
            assert [what for what in counter.seen if what[0] == "request"] == [("request", "submit_sm", 0), ("request", "submit_sm", 0x45)]
            assert [what for what in counter.seen if what[0] != "request"] == [
                ("in", "bind_transceiver"), ("out", "bind_transceiver_resp"), *[("in", "submit_sm"), ("out", "submit_sm_resp")] * 2]

    run(main())


def test_a_link_class_of_ones_own_writes_the_answers(run: Run) -> None:
    async def main() -> None:
        class Doubling(Link):
            def write_frames(self, frames: list[bytes]) -> None:
                super().write_frames(frames * 2)

        async with serving(link=Doubling) as server, await RawEsme.connect(server.port) as esme:
            assert await esme.bind() == await esme.read()

    run(main())


@pytest.mark.parametrize("options", [
    {"port": 99_999}, {"port": -1}, {"window": 0}, {"delivery_window": 0}, {"max_connections": 0}, {"authenticate": 5},
    {"proxy_from": ["zz"]},
])
def test_an_option_that_makes_no_sense_is_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(smpp.EncodeError):
        Server(lambda session, pdu: None, **{"authenticate": {"test": "test"}} | options)
