"""Layer 8 of 9: a captured session as steps that can be played again: who sent what, when, and which response answers which request."""

from __future__ import annotations

import os
from typing import BinaryIO, Final

from msgspec import Struct

from smpp_core import Pdu
from smpp_core.capture import CapturedPdu, Gap, read
from smpp_core.spec.commands import BY_NAME

__all__ = ["Script", "Step", "scripts"]

_RESPONSE: Final = 0x80000000
_NACK: Final = BY_NAME["generic_nack"].id
_BINDS: Final = frozenset(BY_NAME[f"bind_{kind}"].id for kind in ("transceiver", "transmitter", "receiver"))
# What tells the sides apart where no bind was captured.
_OF_CLIENTS: Final = _BINDS | {BY_NAME["submit_sm"].id, BY_NAME["submit_multi"].id, BY_NAME["query_sm"].id}
_OF_SERVERS: Final = frozenset(BY_NAME[name].id for name in ("deliver_sm", "alert_notification", "outbind"))


class Step(Struct, gc=False):
    """One PDU of a capture. client: it is the client's. pdu: None for octets that are no PDU. at: seconds from the session's first.

    answers: the step that it responds to; answered: the step that responds to it; -1 for none.
    """

    client: bool
    octets: bytes
    pdu: Pdu | None
    at: float
    answers: int = -1
    answered: int = -1

    @property
    def is_request(self) -> bool:
        """True for a PDU that is no response, also for one that is never answered."""
        return self.pdu is not None and not self.pdu.is_response


class Script(Struct):
    """One session of a capture. client, server: addresses as "host:port". began: seconds since the first session of the capture began.

    missing: gaps of the capture, whose octets cannot be played.
    """

    client: str
    server: str
    steps: list[Step]
    began: float = 0.0
    missing: int = 0


def scripts(source: str | os.PathLike[str] | BinaryIO | bytes) -> list[Script]:
    """The sessions of a capture (pcap or pcapng, compressed or not), in the order in which they began.

    Raises CaptureError if the source is no capture or cannot be read. All of it is held in memory.
    """
    found: dict[int, list[CapturedPdu | Gap]] = {}
    with read(source) as reader:
        for item in reader:
            found.setdefault(item.stream, []).append(item)
    made = [_script(items) for items in found.values() if any(isinstance(item, CapturedPdu) for item in items)]
    first = min((began for _, began in made), default=0)
    for script, began in made:
        script.began = (began - first) / 1e9
    return [script for script, _ in sorted(made, key=lambda pair: pair[1])]


def _script(items: list[CapturedPdu | Gap]) -> tuple[Script, int]:
    client = _client_of(items)
    began = items[0].time_ns
    script = Script("", "", [])
    open_requests: dict[tuple[bool, int, int], list[int]] = {}
    for item in items:
        ours = item.direction == client
        script.client, script.server = (item.src, item.dst) if ours else (item.dst, item.src)
        at = (item.time_ns - began) / 1e9
        if isinstance(item, Gap):
            if item.kind == "not-a-pdu" and item.octets:
                script.steps.append(Step(ours, item.octets, None, at))
            else:
                script.missing += 1
            continue
        if not item.complete:
            script.missing += 1
            continue
        step = Step(ours, item.octets, item.pdu, at)
        _pair(script.steps, step, open_requests)
        script.steps.append(step)
    return script, began


def _client_of(items: list[CapturedPdu | Gap]) -> int:
    """The direction of what the client sends."""
    for wanted, flipped in ((_BINDS, False), (_OF_CLIENTS, False), (_OF_SERVERS, True)):
        for item in items:
            if isinstance(item, CapturedPdu) and item.pdu.command_id & ~_RESPONSE in wanted:
                return item.direction ^ (item.pdu.is_response is not flipped)
    return items[0].direction


def _pair(steps: list[Step], step: Step, open_requests: dict[tuple[bool, int, int], list[int]]) -> None:
    """Find what a response answers; remember a request."""
    pdu = step.pdu
    assert pdu is not None
    if not pdu.is_response:
        open_requests.setdefault((step.client, pdu.command_id, pdu.sequence_number), []).append(len(steps))
        return
    if pdu.command_id == _NACK:
        keys = [key for key in open_requests if key[0] != step.client and key[2] == pdu.sequence_number and open_requests[key]]
    else:
        keys = [(not step.client, pdu.command_id & ~_RESPONSE, pdu.sequence_number)]
    for key in keys[:1]:
        waiting = open_requests.get(key)
        if waiting:
            step.answers = waiting.pop(0)
            steps[step.answers].answered = len(steps)
