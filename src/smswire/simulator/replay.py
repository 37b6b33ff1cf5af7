"""Layer 8 of 9: plays a captured session again, as the server or as the client that it was: a player without socket, and both ends."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final, Literal, cast

from msgspec import Struct

from smpp_core import CommandStatus, FrameError, Framer, Pdu, decode
from smpp_core.spec.commands import BY_NAME

from ..session.tls import client_context
from ..session.url import Endpoint, parse_url
from .script import Script, Step

__all__ = ["Divergence", "Player", "ReplayServer", "Report", "Side", "play_client"]

Side = Literal["server", "client"]
Reason = Literal["different", "unexpected", "order", "early", "missing", "unsent", "stream", "connection"]

_ENQUIRE: Final = BY_NAME["enquire_link"].id
_UNBIND: Final = BY_NAME["unbind"].id
_BINDS: Final = frozenset(BY_NAME[f"bind_{kind}"].id for kind in ("transceiver", "transmitter", "receiver"))
_SYSTEM_ERROR: Final = int(CommandStatus.ESME_RSYSERR)
# What a live session has its own values of.
_OWN_FIELDS: Final = frozenset(("command_length", "sequence_number", "password", "message_id"))
_TICK: Final = 1e-6
DIVERGENCES: Final = 1_000  # that are kept; further ones are only counted


class Divergence(Struct, frozen=True):
    """Where the live session is another one than the captured. kind: "different": the PDU of this step, but other `fields`; "unexpected":
    a PDU that the capture has not (again); "order": a step was passed over, since what it waits for has not come; "early": sent although
    what came before it then has not come now; "missing": never came; "unsent": never due; "stream": octets that are no PDUs;
    "connection": one more than the capture has.

    step: index of the script's, -1 for none. command: its name. at: seconds from the session's beginning.
    """

    kind: Reason
    step: int
    command: str
    at: float
    fields: tuple[str, ...] = ()


class Report(Struct):
    """What came of a replay: PDUs sent and received, divergences (the first 1,000; `diverged` counts all), sessions played."""

    sessions: int = 0
    sent: int = 0
    received: int = 0
    diverged: int = 0
    divergences: list[Divergence] = []

    @property
    def ok(self) -> bool:
        """True if all was as captured."""
        return not self.diverged


class Player:
    """One side of a captured session, without a socket: octets and the time in, octets out.

    side: whose part is played. now: seconds of any clock. speed: 2 plays twice as fast, 0 without any pause. patience: seconds that a step
    waits for what came before it in the capture, beyond the captured time. login: system_id and password for a client's bind.

    A response goes when its request (the n-th of its command) has come, after the captured delay, with the live sequence number; a request
    goes when all that came before it has come. What is sent keeps the captured order, but nothing waits for ever. Live enquire_links are
    answered at once, captured ones of the other side are not waited for. A client's later requests name messages by the live ids.
    """

    def __init__(
        self, script: Script, side: Side, *, now: float, report: Report, speed: float = 1.0, patience: float = 5.0,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.script = script
        self.report = report
        self.closed = False  # the peer's octets cannot be read any more, or a client has waited in vain
        self._client = side == "client"
        self._speed = speed
        self._patience = patience
        self._login = login
        self._began = self._progress = now
        self._framer = Framer(70_000)
        self._done: dict[int, float] = {}  # step -> when
        self._live: dict[int, Pdu] = {}  # requests of the peer
        self._expected: dict[int, deque[int]] = {}  # command_id -> the peer's that have not come: requests, stray responses
        self._todo: deque[int] = deque()
        self._sequences: dict[int, int] = {}  # sequence_number -> our request that waits for its response
        self._ids: dict[str, str] = {}
        self._now_out: list[bytes] = []
        self._order: list[int] = []  # the peer's steps that requests of ours wait for
        self._came = 0  # of those, how many have come without a gap
        self._latest = -1  # the last step that was played
        for at, step in enumerate(script.steps):
            if self._is_pulse(step):
                continue
            if step.client is self._client:
                self._todo.append(at)
            elif step.pdu is not None:
                self._order.append(at)
                if step.is_request or step.answers < 0:
                    self._expected.setdefault(step.pdu.command_id, deque()).append(at)

    def _is_pulse(self, step: Step) -> bool:
        """The peer's enquire_links and our answers to them, whose times are the live peer's own."""
        if step.pdu is None:
            return False
        asks = step.pdu.command_id == _ENQUIRE and step.client is not self._client
        return asks or step.pdu.command_id == _ENQUIRE | 0x80000000 and step.client is self._client

    @property
    def complete(self) -> bool:
        """True when every step was played."""
        return not self._todo and self._next_open() == len(self.script.steps)

    # -- in ---------------------------------------------------------------------------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> None:
        """Take octets of the peer; `take` has what they bring about."""
        try:
            frames = self._framer.feed(octets)
        except FrameError:
            frames = []
        for frame in frames:
            self.report.received += 1
            pdu = decode(frame, strict=False)
            if pdu.is_response:
                self._response(pdu, now)
            else:
                self._request(pdu, now)
            self._progress = now
        if self._framer.error is not None and not self.closed:
            self.closed = True
            self._diverge("stream", -1, "", now)

    def _request(self, pdu: Pdu, now: float) -> None:
        expected = self._expected.get(pdu.command_id)
        if pdu.command_id == _ENQUIRE:
            self._now_out.append(bytes(pdu.reply()))
        elif expected:
            at = expected.popleft()
            self._live[at] = pdu
            self._play(at, now)
            self._compare(at, pdu, now)
        else:
            self._diverge("unexpected", -1, pdu.command, now)
            if pdu.row is None or pdu.row.response:
                self._now_out.append(bytes(pdu.reply(0 if pdu.command_id == _UNBIND else _SYSTEM_ERROR)))

    def _response(self, pdu: Pdu, now: float) -> None:
        at = self._sequences.pop(pdu.sequence_number, None)
        if at is None:
            stray = self._expected.get(pdu.command_id)
            if stray:
                self._play(stray.popleft(), now)
            else:
                self._diverge("unexpected", -1, pdu.command, now)
            return
        answer = self.script.steps[at].answered
        if answer < 0:  # the capture ends before it
            return
        self._play(answer, now)
        self._compare(answer, pdu, now)
        captured = getattr(self.script.steps[answer].pdu, "message_id", None)
        live = getattr(pdu, "message_id", None)
        if captured and live:
            self._ids[captured] = live

    def _play(self, at: int, now: float) -> None:
        self._done[at] = now
        self._latest = max(self._latest, at)

    def _compare(self, at: int, live: Pdu, now: float) -> None:
        captured = self.script.steps[at].pdu
        assert captured is not None
        if captured.command_id != live.command_id:
            self._diverge("different", at, captured.command, now, ("command_id",))
            return
        if bytes(captured)[16:] == bytes(live)[16:] and captured.command_status == live.command_status:
            return
        before, after = captured.fields(), live.fields()
        fields = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name) and name not in _OWN_FIELDS]
        if captured.command_status != live.command_status and "command_status" not in fields:
            fields.append("command_status")
        if [tlv.raw for tlv in captured.tlvs] != [tlv.raw for tlv in live.tlvs] and "tlvs" not in fields:
            fields.append("tlvs")
        if fields:
            self._diverge("different", at, captured.command, now, tuple(sorted(fields)))

    # -- out --------------------------------------------------------------------------------------------------------------------------

    def take(self, now: float) -> list[bytes]:
        """The octets to send now, one item a PDU."""
        out, self._now_out = self._now_out, []
        self.report.sent += len(out)
        while self._todo:
            at = self._todo[0]
            due = self._due(at)
            if due <= now + _TICK:
                self._todo.popleft()
            elif due == inf and now + _TICK >= self._gives_up(at):
                other = self._instead(at, now)
                if other < 0:
                    break
                self._todo.remove(other)
                at = other
            else:
                break
            out.append(self._octets(at))
            self._progress = now
            self._play(at, now)
            self.report.sent += 1
        if self._client and not out and not self.closed and now + _TICK >= (self.deadline() or inf):
            self.closed = True
        return out

    def deadline(self) -> float | None:
        """When `take` is due again, None for not before something comes."""
        if self._todo:
            at = self._todo[0]
            due = self._due(at)
            if due == inf:
                due = self._gives_up(at)
                if self._instead(at, due, look=True) < 0:
                    due = inf
            if due < inf:
                return due
        return self._ends() if self._client else None  # a server waits for as long as its client stays

    def _ends(self) -> float:
        """When a client has waited long enough for a server that sends nothing: beyond the longest silence that may be meant."""
        at = self._next_open()
        return self._gives_up(at if at < len(self.script.steps) else at - 1)

    def _next_open(self) -> int:
        """The peer's first step that has not come; the number of steps if there is none."""
        order = self._order
        while self._came < len(order) and order[self._came] in self._done:
            self._came += 1
        return order[self._came] if self._came < len(order) else len(self.script.steps)

    def _pause(self, at: int, since: int) -> float:
        seconds = max(0.0, self.script.steps[at].at - self.script.steps[since].at)
        return seconds / self._speed if self._speed else 0.0

    def _due(self, at: int) -> float:
        """When a step of ours may go; infinite if what it waits for has not come."""
        step = self.script.steps[at]
        if step.answers >= 0:
            came = self._done.get(step.answers)
            return inf if came is None else came + self._pause(at, step.answers)
        if self._next_open() < at:
            return inf
        place = bisect_left(self._order, at)
        last = self._order[place - 1] if place else -1
        before = max((one for one in (last, at - 1) if one in self._done), default=-1)
        return self._began + (step.at / self._speed if self._speed else 0.0) if before < 0 else self._done[before] + self._pause(at, before)

    def _gives_up(self, at: int) -> float:
        """When a step that waits is passed over, or goes all the same."""
        return self._progress + self._patience + (self._pause(at, self._latest) if self._latest >= 0 else 0.0)

    def _instead(self, at: int, now: float, look: bool = False) -> int:
        """What goes in place of a step that waits in vain: a later one that is due, or itself if it is a request; -1 for nothing."""
        for other in self._todo:
            if other != at and self._due(other) <= now + _TICK:
                if not look:
                    self._diverge("order", at, self._command(at), now)
                return other
        if self.script.steps[at].answers >= 0:
            return next((other for other in self._todo if self._is_free(other, at, now, look)), -1)
        if not look:
            self._diverge("early", at, self._command(at), now)
        return at

    def _is_free(self, other: int, at: int, now: float, look: bool) -> bool:
        """A request behind a response that nobody asks for: it goes, early."""
        if self.script.steps[other].answers >= 0:
            return False
        if not look:
            self._diverge("early", other, self._command(other), now)
        return True

    def _octets(self, at: int) -> bytes:
        step = self.script.steps[at]
        octets = step.octets
        if step.pdu is None:
            return octets
        if step.answers >= 0:
            return octets[:12] + bytes(self._live[step.answers])[12:16] + octets[16:]
        if step.is_request:
            pdu: Any = step.pdu
            if self._login is not None and pdu.command_id in _BINDS:
                octets = bytes(pdu.replace(system_id=self._login[0], password=self._login[1]))
            live = self._ids.get(getattr(pdu, "message_id", None) or "")
            if live is not None:
                octets = bytes(pdu.replace(message_id=live))
            self._sequences[pdu.sequence_number] = at
        return octets

    # -- the end ----------------------------------------------------------------------------------------------------------------------

    def finish(self, now: float) -> None:
        """The connection is over: say what was not played."""
        for at in self._order:
            if at not in self._done:
                self._diverge("missing", at, self._command(at), now)
        for at in self._todo:
            self._diverge("unsent", at, self._command(at), now)
        self._todo.clear()

    def _command(self, at: int) -> str:
        pdu = self.script.steps[at].pdu
        return pdu.command if pdu is not None else ""

    def _diverge(self, kind: Reason, step: int, command: str, now: float, fields: tuple[str, ...] = ()) -> None:
        _note(self.report, Divergence(kind, step, command, now - self._began, fields))


def _note(report: Report, divergence: Divergence) -> None:
    report.diverged += 1
    if len(report.divergences) < DIVERGENCES:
        report.divergences.append(divergence)


class _Playing(asyncio.Protocol):
    """One connection that is played on. made: makes the player when it is open; over: done when it is gone. linger: seconds after the last
    step until it is closed.
    """

    def __init__(self, made: Callable[[], Player], linger: float) -> None:
        self._made = made
        self._linger = linger
        self._loop = asyncio.get_running_loop()
        self._player: Player
        self._transport: asyncio.Transport
        self._handle: asyncio.TimerHandle | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)
        self._player = self._made()
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """The peer has sent something."""
        self._player.receive(data, self._loop.time())
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._handle is not None:
            self._handle.cancel()
        self._player.finish(self._loop.time())
        if not self.over.done():
            self.over.set_result(None)

    def _go_on(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        now = self._loop.time()
        out = self._player.take(now)
        if out:
            self._transport.write(b"".join(out))
        if self._player.closed:
            self._transport.close()
        elif self._player.complete:
            self._handle = self._loop.call_later(self._linger, self._transport.close)
        else:
            when = self._player.deadline()
            if when is not None:
                self._handle = self._loop.call_later(max(0.0, when - now), self._go_on)

    def end(self) -> None:
        """Close it."""
        self._transport.close()


class ReplayServer:
    """Plays the servers of a capture's sessions, for `async with`: the n-th connection gets the n-th session.

    sessions: from `scripts`. host, port: 0 picks a free one. speed, patience: those of Player. report: what came of it, complete after the
    end; `played` is done when every session has ended. Raises OSError if the port cannot be opened.
    """

    def __init__(
        self, sessions: Sequence[Script], host: str = "127.0.0.1", port: int = 0, *, speed: float = 1.0, patience: float = 5.0
    ) -> None:
        self.report = Report()
        self.host = host
        self._sessions = sessions
        self._port = port
        self._speed = speed
        self._patience = patience
        self._server: asyncio.Server | None = None
        self._connections: list[_Playing] = []
        self._next = 0
        self.played: asyncio.Event

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None and self._server.sockets else self._port

    async def __aenter__(self) -> ReplayServer:
        self.played = asyncio.Event()
        if not self._sessions:
            self.played.set()
        self._server = await asyncio.get_running_loop().create_server(self._make, self.host, self._port)
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.end()
        if self._connections:
            await asyncio.wait([connection.over for connection in self._connections], timeout=5.0)
        await self._server.wait_closed()

    def _make(self) -> asyncio.Protocol:
        at, self._next = self._next, self._next + 1
        if at >= len(self._sessions):
            _note(self.report, Divergence("connection", -1, "", 0.0))
            return _Refused()
        playing = _Playing(lambda: self._player(self._sessions[at]), self._patience)
        playing.over.add_done_callback(self._ended)
        self._connections.append(playing)
        self.report.sessions += 1
        return playing

    def _player(self, script: Script) -> Player:
        now = asyncio.get_running_loop().time()
        return Player(script, "server", now=now, report=self.report, speed=self._speed, patience=self._patience)

    def _ended(self, _: object) -> None:
        if self._next >= len(self._sessions) and all(connection.over.done() for connection in self._connections):
            self.played.set()


class _Refused(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


async def play_client(
    sessions: Sequence[Script], url: str | Endpoint, *, speed: float = 1.0, patience: float = 5.0, timeout: float = 10.0,
    report: Report | None = None,
) -> Report:
    """Play the clients of a capture's sessions against a server, each on a connection of its own, begun as the captured ones were.

    url: of the server; a system_id in it goes into the binds, with its password. speed, patience: those of Player. timeout: seconds for
    connecting. report: to go on with. Returns what came of it. Raises OSError, for a time-out TimeoutError, if no connection is made.
    """
    endpoint = parse_url(url) if isinstance(url, str) else url
    report = report if report is not None else Report()
    try:
        async with asyncio.TaskGroup() as group:
            for script in sessions:
                group.create_task(_play_one(script, endpoint, report, speed, patience, timeout))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return report


async def _play_one(script: Script, endpoint: Endpoint, report: Report, speed: float, patience: float, timeout: float) -> None:
    loop = asyncio.get_running_loop()
    if speed:
        await asyncio.sleep(script.began / speed)
    login = (endpoint.system_id, endpoint.password) if endpoint.system_id else None

    def player() -> Player:
        return Player(script, "client", now=loop.time(), report=report, speed=speed, patience=patience, login=login)

    host, port = endpoint.hosts[0]
    async with asyncio.timeout(timeout):
        _, playing = await loop.create_connection(
            lambda: _Playing(player, 0.0), host, port, ssl=client_context() if endpoint.tls else None,
        )
    report.sessions += 1
    try:
        await playing.over
    finally:
        playing.end()
