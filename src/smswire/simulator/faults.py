"""Layer 8 of 9: faults on the wire: the table of kinds, as a scenario writes them, and which PDUs each one chooses."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from smpp_core.spec.commands import BY_NAME
from smpp_core.spec.statuses import CommandStatus

from .complaint import problem_of
from .quirks import NOT_SENT, QUIRKS

__all__ = ["KINDS", "Direction", "Fault", "Kind", "Trigger"]

Direction = Literal["in", "out"]

_SUBMITS: Final = ("submit_sm", "submit_multi", "data_sm")
_BINDS: Final = ("bind_transceiver", "bind_transmitter", "bind_receiver")
_OUT: Final[tuple[Direction, ...]] = ("out",)
_IN: Final[tuple[Direction, ...]] = ("in",)
_EITHER: Final[tuple[Direction, ...]] = ("in", "out")
_HTTP: Final = "485454502F312E31203430302042616420526571756573740D0A0D0A"  # "HTTP/1.1 400 Bad Request" and an empty line


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of fault. what: happens to the chosen PDU. directions: of PDUs that it can choose, the first one by default: "in" are the
    client's, "out" the simulator's. requests: what is chosen by default: these, or "out" their responses; none for every PDU.
    options: keys of the fault that the kind has, with their defaults.
    """

    what: str
    directions: tuple[Direction, ...] = _OUT
    requests: tuple[str, ...] = ()
    options: dict[str, Any] = {}


KINDS: Final[dict[str, Kind]] = {
    # Octets: nothing is wrong with the PDUs, only with the way that they come.
    "split": Kind(
        what="cut behind `octet`; the rest goes `seconds` later. `of = \"write\"`: not each PDU but each write, of several PDUs, is cut",
        options={"octet": 4, "seconds": 0.0, "of": "pdu"},
    ),
    "trickle": Kind(what="one octet at a time, `seconds` between them", options={"seconds": 0.0}),
    "coalesce": Kind(
        what="held until `pdus` are there or `seconds` have passed, then written as one", options={"pdus": 10, "seconds": 0.5},
    ),
    "delay": Kind(what="`seconds` later, and all that follows with it: a slow line", options={"seconds": 0.2}),
    # Responses.
    "late": Kind(what="`seconds` later, past the client's time-out; others overtake it", requests=_SUBMITS, options={"seconds": 31.0}),
    "duplicate": Kind(what="sent twice", requests=_SUBMITS),
    "missing": Kind(what="never sent; \"in\": never read, so that nothing comes of it", directions=("out", "in"), requests=_SUBMITS),
    "receipt_first": Kind(
        what="kept until the message's receipt has been sent, `seconds` at most", requests=("submit_sm",), options={"seconds": 20.0},
    ),
    "wrong_sequence": Kind(what="with the sequence number of no request", requests=_SUBMITS),
    "wrong_command": Kind(what="with the command_id of another response", requests=_SUBMITS),
    "nack": Kind(what="generic_nack instead", requests=_SUBMITS, options={"status": "ESME_RSYSERR"}),
    "nack_zero": Kind(what="generic_nack with sequence number 0 instead", requests=_SUBMITS, options={"status": "ESME_RINVCMDLEN"}),
    "throttled": Kind(
        what="answered ESME_RTHROTTLED and not read; with `period`: for `seconds` of each `period`", directions=_IN, requests=_SUBMITS,
        options={"seconds": 1.0, "period": None},
    ),
    "queue_full": Kind(
        what="answered ESME_RMSGQFUL and not read; with `period`: for `seconds` of each `period`", directions=_IN, requests=_SUBMITS,
        options={"seconds": 1.0, "period": None},
    ),
    "id_base": Kind(
        what="its message_id, a decimal number, in hexadecimal; receipts keep it in decimal", requests=("submit_sm", "data_sm"),
    ),
    # PDUs that are none.
    "truncated": Kind(what="its body is cut short behind `octet`, and command_length says so", requests=_SUBMITS, options={"octet": 16}),
    "unfinished": Kind(what="ends behind `octet` while command_length promises more", requests=_SUBMITS, options={"octet": 10}),
    "garbage": Kind(what="`octets` (hexadecimal) before it", requests=_SUBMITS, options={"octets": "DEADBEEFDEADBEEF"}),
    "bad_length": Kind(what="with command_length `length`", requests=_SUBMITS, options={"length": 8}),
    "foreign": Kind(
        what="`octets` (hexadecimal) of another protocol instead, HTTP by default", requests=_BINDS, options={"octets": _HTTP},
    ),
    "quirk": Kind(
        what="with the quirk of that `name`: instead of the response where the row is one, else its PDUs before it",
        requests=("submit_sm",), options={"name": ""},
    ),
    # Connections. "in": in place of an answer; "out": behind the PDU.
    "half_close": Kind(what="no octets follow, but the client is still read", directions=_EITHER, requests=("submit_sm",)),
    "reset": Kind(what="the connection is reset (RST)", directions=_EITHER, requests=("submit_sm",)),
    "close": Kind(what="the connection is closed without unbind", directions=_EITHER, requests=("submit_sm",)),
    "silent": Kind(
        what="read, but nothing is answered any more, enquire_link neither; with `seconds`: for so long", directions=_EITHER,
        requests=("submit_sm",), options={"seconds": None},
    ),
    "unread": Kind(
        what="answered, but nothing behind it is read; with `seconds`: for so long", directions=_EITHER, requests=("submit_sm",),
        options={"seconds": None},
    ),
    "unbind": Kind(what="answered, then the simulator unbinds", directions=_EITHER, requests=("submit_sm",)),
    # Binds.
    "bind_refused": Kind(what="answered with `status`, and the connection closed", directions=_IN, requests=_BINDS,
                         options={"status": "ESME_RBINDFAIL"}),
    "bind_late": Kind(what="handled `seconds` later", directions=_IN, requests=_BINDS, options={"seconds": 11.0}),
    "bind_unanswered": Kind(what="never answered, like everything behind it", directions=_IN, requests=_BINDS),
}

_OPTIONS: Final = ("octet", "pdus", "seconds", "period", "length", "octets", "status", "of", "name")


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault: what happens (kind, a row of KINDS), to which PDUs.

    commands: their names, by default the kind's; `["*"]` for every PDU. direction: "in" (from the client) or "out". Of those, in this
    order: after: so many are spared first; every: only each so-many-th is chosen; probability: of those, drawn from the seed, the same at
    each run; count: at most so often. They count for the whole simulator, not for each connection. The other keys belong to the kinds
    that name them.
    """

    kind: str
    commands: tuple[str, ...] = ()
    direction: Literal["", "in", "out"] = ""
    after: Annotated[int, Meta(ge=0)] = 0
    every: Annotated[int, Meta(ge=1)] = 1
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    count: Annotated[int, Meta(ge=1)] | None = None
    octet: Annotated[int, Meta(ge=1, le=70_000)] | None = None
    pdus: Annotated[int, Meta(ge=2, le=10_000)] | None = None
    seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    period: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    length: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None = None
    octets: Annotated[str, Meta(max_length=131_072)] | None = None
    status: Annotated[int, Meta(ge=1, le=0xFFFFFFFF)] | str | None = None
    of: Literal["pdu", "write"] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(problem_of(".kind", f"{self.kind!r} is no kind of fault", self.kind, KINDS))
        for key in _OPTIONS:
            if getattr(self, key) is not None and key not in kind.options:
                raise ValueError(f".{key}: a fault of kind {self.kind!r} has no such key")
        if self.direction and self.direction not in kind.directions:
            raise ValueError(f".direction: a fault of kind {self.kind!r} is only {' or '.join(kind.directions)!r}")
        for i, command in enumerate(self.commands):
            if command not in BY_NAME and command != "*":
                raise ValueError(problem_of(f".commands[{i}]", f"{command!r} is no command", command, BY_NAME))
        self._check_values()

    def _check_values(self) -> None:
        if isinstance(self.status, str) and self.status not in CommandStatus.__members__:
            raise ValueError(problem_of(".status", f"{self.status!r} is no command_status", self.status, CommandStatus.__members__))
        if self.octets is not None:
            try:
                bytes.fromhex(self.octets)
            except ValueError:
                raise ValueError(f".octets: {self.octets!r} is not hexadecimal") from None
        if self.kind == "quirk" and self.name not in QUIRKS:
            if self.name in NOT_SENT:
                raise ValueError(f".name: no server sends {self.name!r}: {NOT_SENT[self.name]}")
            raise ValueError(problem_of(".name", f"{self.name!r} is no quirk", self.name, QUIRKS) if self.name else ".name: is missing")
        if self.period is not None and self.period < self.option("seconds"):
            raise ValueError(".period: is shorter than seconds")

    def option(self, key: str) -> Any:
        """What a key of the kind says, or the kind's default."""
        value = getattr(self, key)
        return KINDS[self.kind].options[key] if value is None else value

    @property
    def status_code(self) -> int:
        """The command_status as a number."""
        status = self.option("status")
        return int(CommandStatus[status]) if isinstance(status, str) else int(status)

    @property
    def side(self) -> Direction:
        """Whose PDUs it chooses: of the client ("in") or of the simulator ("out")."""
        return self.direction or KINDS[self.kind].directions[0]

    def chosen(self) -> frozenset[int]:
        """The command_ids that it chooses from; empty for all."""
        if "*" in self.commands:
            return frozenset()
        names = self.commands
        if not names and self.kind == "quirk" and QUIRKS[self.name or ""].instead:
            place = QUIRKS[self.name or ""].instead
            names = tuple(f"{bind}_resp" for bind in _BINDS) if place.startswith("bind") else (place,)
        elif not names:
            names = tuple(name if self.side == "in" else f"{name}_resp" for name in KINDS[self.kind].requests)
        return frozenset(BY_NAME[name].id for name in names)


class Trigger:
    """Says of each PDU in turn whether a fault happens to it. seed: of its chance."""

    __slots__ = ("_began", "_chosen", "_random", "_seen", "fault", "fired")

    def __init__(self, fault: Fault, seed: int) -> None:
        self.fault = fault
        self.fired = 0  # how often it happened
        self._seen = 0
        self._began: float | None = None
        self._chosen = fault.chosen()
        self._random = Random(seed)

    def fires(self, command_id: int, now: float) -> bool:
        """Whether it happens to this PDU. now: seconds of any clock."""
        fault = self.fault
        if self._chosen and command_id not in self._chosen:
            return False
        self._seen += 1
        at = self._seen - fault.after
        if at <= 0 or at % fault.every:
            return False
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        if fault.period is not None:
            if self._began is None:
                self._began = now
            if (now - self._began) % fault.period >= fault.option("seconds"):
                return False
        if fault.count is not None and self.fired >= fault.count:
            return False
        self.fired += 1
        return True
