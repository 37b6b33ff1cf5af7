"""Layer 8 of 9: a link of the simulator on which the faults of a scenario happen: each PDU, in or out, may become one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from smpp_core import CommandStatus, GenericNack, decode, parse_receipt
from smpp_core.spec.commands import BY_NAME, COMMANDS

from ..message.ids import IdMatcher
from ..session.link import Link, Observer, Owner
from ..session.machine import Machine
from .chance import mix
from .faults import Fault, Trigger
from .quirks import QUIRKS
from .wire import Wire

__all__ = ["Faults", "FaultyLink"]

_RESPONSE: Final = 0x80000000
_HEADER: Final = 16
_BIND_RESPS: Final = frozenset(BY_NAME[f"bind_{kind}_resp"].id for kind in ("transceiver", "transmitter", "receiver"))
_CARRIERS: Final = frozenset(BY_NAME[name].id for name in ("deliver_sm", "data_sm"))
_FIRST_INSERTED: Final = 0x7E000000  # sequence numbers of inserted requests: sessions count from 1, and do not come so far
_NO_REQUEST: Final = 0x40000000  # is set, or taken away, in a response's sequence number that shall be wrong
_PARKED: Final = 10_000  # responses that wait for their receipts, at most
_REFUSALS: Final = {"throttled": int(CommandStatus.ESME_RTHROTTLED), "queue_full": int(CommandStatus.ESME_RMSGQFUL)}
_ENDS: Final = frozenset(("reset", "close", "half_close", "silent", "bind_unanswered"))  # with the PDU that brings them unread


class Faults:
    """The faults of one simulator, for all of its connections. faults: of its scenario. seed: of their chance.

    fired: how often each kind has happened. `link` makes the links: it is what a Server and a Simulator take as their link class.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 1) -> None:
        self._seed = seed
        self._made = 0
        self.incoming: list[Trigger] = []
        self.outgoing: list[Trigger] = []
        self.fired: Counter[str] = Counter()
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> Trigger:
        """Have one more from now on. Its `fired` says how often it happened."""
        trigger = Trigger(fault, mix(self._seed, self._made))
        self._made += 1
        (self.incoming if fault.side == "in" else self.outgoing).append(trigger)
        return trigger

    def clear(self) -> None:
        """Have none from now on. What was begun goes on: a silent connection stays silent."""
        self.incoming.clear()
        self.outgoing.clear()

    def link(
        self, machine: Machine, owner: Owner, loop: asyncio.AbstractEventLoop, observer: Observer | None = None, metrics: Any = None
    ) -> FaultyLink:
        """A new connection's link."""
        return FaultyLink(machine, owner, loop, observer, metrics, faults=self)


class _Out(Struct):
    """What becomes of a PDU that goes out. pieces: octets, each a write where pause is not None; then: what follows."""

    pieces: list[bytes]
    pause: float | None = None
    delay: float = 0.0
    hold: tuple[int, float] | None = None
    then: list[Callable[[], None]] = field(default_factory=list)


class FaultyLink(Link):
    """A link with faults. faults: those of its simulator; the rest is Link's."""

    __slots__ = ("_asleep", "_buffer", "_cuttable", "_deaf", "_faults", "_inserted", "_mute", "_numbers", "_parked", "_parked_ids", "_wire")

    def __init__(
        self, machine: Machine, owner: Owner, loop: asyncio.AbstractEventLoop, observer: Observer | None = None, metrics: Any = None, *,
        faults: Faults,
    ) -> None:
        super().__init__(machine, owner, loop, observer, metrics)
        self._faults = faults
        self._wire: Wire
        self._buffer = bytearray()
        self._cuttable = True  # what comes in can be cut into PDUs
        self._deaf = self._mute = False  # nothing that comes in is cut any more; nothing goes out
        self._asleep = False  # what comes in is cut, and dropped
        self._inserted: set[int] = set()
        self._numbers = count(_FIRST_INSERTED)
        self._parked: dict[str, bytes] = {}  # message_id -> the response that waits for the receipt
        self._parked_ids: IdMatcher[str] = IdMatcher(_PARKED)

    # -- in -----------------------------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop has a transport: a Wire goes before it."""
        self._wire = Wire(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(self._wire)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._deaf = True
        self._wire.forget()
        self._parked.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The loop has read octets: what no fault happens to is handled as ever."""
        if self._deaf:
            return
        if not self._cuttable:
            super().data_received(data)
            return
        buffer = self._buffer
        buffer += data
        plain = bytearray()
        at = 0
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if not _HEADER <= length <= self.machine.limits.max_length:
                self._cuttable = False  # the machine says what is wrong with it
                break
            if len(buffer) - at < length:
                break
            frame = bytes(buffer[at : at + length])
            at += length
            if self._asleep:
                continue
            trigger = self._trigger(frame)
            if trigger is None:
                if int.from_bytes(frame[12:16], "big") not in self._inserted or not frame[4] & 0x80:
                    plain += frame
                continue
            if plain:
                super().data_received(bytes(plain))
                plain.clear()
            self._happens(trigger.fault, frame)
            if self._is_deaf():
                buffer.clear()
                return
        del buffer[:at]
        if not self._cuttable:
            plain += buffer
            buffer.clear()
        if plain:
            super().data_received(bytes(plain))

    def _is_deaf(self) -> bool:
        return self._deaf

    def _trigger(self, frame: bytes) -> Trigger | None:
        command_id = int.from_bytes(frame[4:8], "big")
        for trigger in self._faults.incoming:
            if trigger.fires(command_id, self.now()):
                self._faults.fired[trigger.fault.kind] += 1
                return trigger
        return None

    def _happens(self, fault: Fault, frame: bytes) -> None:
        """A fault to a PDU that came in."""
        kind = fault.kind
        if kind in _ENDS:
            self._connection(fault)
        elif kind in _REFUSALS:
            self._answer(frame, _REFUSALS[kind])
        elif kind == "bind_refused":
            self._answer(frame, fault.status_code)
            self._deaf = True
            self.close("fault: the bind is refused")
        elif kind == "bind_late":
            self._never_give_up()
            self.loop.call_later(fault.option("seconds"), self._read_late, frame)
        elif kind != "missing":  # unread, unbind
            super().data_received(frame)
            self._connection(fault)

    def _read_late(self, frame: bytes) -> None:
        if not self._deaf:
            super().data_received(frame)

    def _answer(self, frame: bytes, status: int) -> None:
        """Answer a request that the machine never sees."""
        self.write_frames([bytes(decode(frame, strict=False, profile=self.machine.profile).reply(status))])

    # -- out ------------------------------------------------------------------------------------------------------------------------------

    def write_frames(self, frames: list[bytes]) -> None:
        """Write PDUs, or what faults make of them."""
        if self._mute or self.transport is None:
            return
        plain: list[bytes] = []
        cut: Fault | None = None
        for frame in frames:
            command_id = int.from_bytes(frame[4:8], "big")
            out = _Out([frame])
            for trigger in self._faults.outgoing:
                if not trigger.fires(command_id, self.now()):
                    continue
                fault = trigger.fault
                self._faults.fired[fault.kind] += 1
                if fault.of == "write":
                    cut = fault
                else:
                    _CHANGES[fault.kind](self, fault, out, frame)
            if out.hold is not None or out.pause is not None or out.delay or out.then:
                self._write(plain, cut)
                plain, cut = [], None
                self._leave(out)
            else:
                plain += out.pieces
            if self._parked and command_id in _CARRIERS:
                plain += self._released(frame)
            if self._is_mute():
                return
        self._write(plain, cut)

    def _is_mute(self) -> bool:
        return self._mute

    def _write(self, pieces: list[bytes], cut: Fault | None) -> None:
        if not pieces:
            return
        octets = b"".join(pieces)
        if cut is None:
            self._wire.put([octets])
        else:
            at = cut.option("octet")
            self._wire.put([piece for piece in (octets[:at], octets[at:]) if piece], cut.option("seconds"))

    def _leave(self, out: _Out) -> None:
        if out.hold is not None:
            for piece in out.pieces:
                self._wire.hold(piece, *out.hold)
        elif out.pieces:
            self._wire.put(out.pieces if out.pause is not None else [b"".join(out.pieces)], out.pause, out.delay)
        for action in out.then:
            self._wire.then(action)

    def _write_later(self, pieces: list[bytes]) -> None:
        if not self._mute:
            self._wire.put(pieces)

    def _released(self, frame: bytes) -> list[bytes]:
        """The response that waited for the receipt in this PDU."""
        found = parse_receipt(decode(frame, strict=False, profile=self.machine.profile))
        if found is None or found.intermediate or found.id is None:
            return []
        key = self._parked_ids.find(found.id)
        response = self._parked.pop(key, None) if key is not None else None
        return [response] if response is not None else []

    def _release(self, message_id: str) -> None:
        response = self._parked.pop(message_id, None)
        if response is not None:
            self._write_later([response])

    # -- to the connection ----------------------------------------------------------------------------------------------------------------

    def _connection(self, fault: Fault) -> None:
        kind = fault.kind
        if kind == "unread":
            self._wire.stop_reading(fault.option("seconds"))
        elif kind == "unbind":
            self.loop.call_soon(self.unbind)
        else:
            self._mute = self._asleep = True
            if kind == "close":
                self._deaf = True
                self.loop.call_soon(self.close, "fault: closed without unbind")
            elif kind == "reset":
                self._deaf = True
                self._wire.reset()
            elif kind == "half_close":
                self._never_give_up()
                self._wire.then(self._wire.end_writing)
            else:  # silent, bind_unanswered
                self._never_give_up()
                seconds = fault.option("seconds") if kind == "silent" else None
                if seconds is not None:
                    self.loop.call_later(seconds, self._wake_up)

    def _wake_up(self) -> None:
        self._asleep = self._mute = False

    def _never_give_up(self) -> None:
        """A machine that hears nothing shall not be the one that ends the session."""
        self.machine.limits = replace(self.machine.limits, enquire_link=0.0, bind_timeout=0.0, pdu_timeout=0.0)


# -- what becomes of a PDU that goes out: each changes the pieces, or says when they go ---------------------------------------------------


def _split(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    at = fault.option("octet")
    out.pieces = [part for piece in out.pieces for part in (piece[:at], piece[at:]) if part]
    out.pause = fault.option("seconds")


def _trickle(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = [bytes((octet,)) for octet in b"".join(out.pieces)]
    out.pause = fault.option("seconds")


def _coalesce(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.hold = fault.option("pdus"), fault.option("seconds")


def _delay(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.delay += fault.option("seconds")


def _late(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    if out.pieces:
        link.loop.call_later(fault.option("seconds"), link._write_later, out.pieces)
    out.pieces = []


def _duplicate(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = out.pieces * 2


def _missing(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = []


def _receipt_first(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    message_id = _message_id(frame)
    if message_id and out.pieces and len(link._parked) < _PARKED:
        link._parked[message_id] = b"".join(out.pieces)
        link._parked_ids.sent(message_id, message_id)
        link.loop.call_later(fault.option("seconds"), link._release, message_id)
        out.pieces = []


def _message_id(frame: bytes) -> str:
    pdu = decode(frame, strict=False)
    return "" if pdu.command_status else getattr(pdu, "message_id", None) or ""


def _wrong_sequence(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    wrong = int.from_bytes(frame[12:16], "big") ^ _NO_REQUEST
    out.pieces = [frame[:12] + wrong.to_bytes(4, "big") + frame[16:]]


def _wrong_command(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    other = "data_sm_resp" if frame[4:8] == BY_NAME["submit_sm_resp"].id.to_bytes(4, "big") else "submit_sm_resp"
    out.pieces = [frame[:4] + BY_NAME[other].id.to_bytes(4, "big") + frame[8:]]


def _nack(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    sequence = 0 if fault.kind == "nack_zero" else int.from_bytes(frame[12:16], "big")
    out.pieces = [bytes(GenericNack(command_status=fault.status_code, sequence_number=sequence))]


def _id_base(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    pdu: Any = decode(frame, strict=False)
    message_id = getattr(pdu, "message_id", None) or ""
    if message_id.isascii() and message_id.isdigit():
        out.pieces = [bytes(pdu.replace(message_id=f"{int(message_id):X}"))]


def _truncated(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    cut = frame[: max(_HEADER, fault.option("octet"))]
    out.pieces = [len(cut).to_bytes(4, "big") + cut[4:]]


def _unfinished(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = [frame[: fault.option("octet")]]


def _garbage(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = [bytes.fromhex(fault.option("octets")), *out.pieces]


def _bad_length(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = [fault.option("length").to_bytes(4, "big") + frame[4:]]


def _foreign(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.pieces = [bytes.fromhex(fault.option("octets"))]


def _quirk(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    quirk = QUIRKS[fault.option("name")]
    pdus = [pdu if quirk.keep else _numbered(link, pdu) for pdu in quirk.pdus]
    if quirk.instead:
        head = frame[4:8] if int.from_bytes(frame[4:8], "big") in _BIND_RESPS else pdus[0][4:8]
        out.pieces = [pdus[0][:4] + head + pdus[0][8:12] + frame[12:16] + pdus[0][16:], *pdus[1:]]
    else:
        out.pieces = [*pdus, *out.pieces]
    if quirk.single:
        _trickle(link, Fault(kind="trickle"), out, frame)


def _numbered(link: FaultyLink, octets: bytes) -> bytes:
    """A request with a number that the session does not use; its answer is swallowed."""
    command_id = int.from_bytes(octets[4:8], "big")
    if command_id & _RESPONSE:
        return octets
    sequence = next(link._numbers)
    if COMMANDS[command_id].response:
        link._inserted.add(sequence)
    return octets[:12] + sequence.to_bytes(4, "big") + octets[16:]


def _ends(link: FaultyLink, fault: Fault, out: _Out, frame: bytes) -> None:
    out.then.append(lambda: link._connection(fault))


_CHANGES: Final[dict[str, Callable[[FaultyLink, Fault, _Out, bytes], None]]] = {
    "split": _split, "trickle": _trickle, "coalesce": _coalesce, "delay": _delay, "late": _late, "duplicate": _duplicate,
    "missing": _missing, "receipt_first": _receipt_first, "wrong_sequence": _wrong_sequence, "wrong_command": _wrong_command,
    "nack": _nack, "nack_zero": _nack, "id_base": _id_base, "truncated": _truncated, "unfinished": _unfinished, "garbage": _garbage,
    "bad_length": _bad_length, "foreign": _foreign, "quirk": _quirk, "half_close": _ends, "reset": _ends, "close": _ends,
    "silent": _ends, "unread": _ends, "unbind": _ends,
}
