"""Layer 6 of 9: what a session machine has to tell after octets or time have come."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from smpp_core import Pdu, ProtocolError, SmppError

__all__ = [
    "Answered", "Bound", "Closed", "Event", "Faulted", "Nacked", "Notified", "Orphan", "Pending", "Refused", "Requested", "TimedOut",
    "Unanswered", "Unbound",
]


class Pending(msgspec.Struct, gc=False):
    """A request of ours that waits for its response.

    sequence: its number. pdu: as sent. token: what the caller gave to find it by. sent_at, deadline: seconds of the machine's clock.
    response_id: command_id that answers it, 0 for a command without response. order: how many requests were registered before it.
    """

    sequence: int
    pdu: Pdu
    token: Any
    sent_at: float
    deadline: float
    response_id: int
    order: int


class Requested(msgspec.Struct, gc=False):
    """A request of the peer that wants our answer: give it with `Machine.reply`."""

    pdu: Pdu


class Notified(msgspec.Struct, gc=False):
    """A PDU that wants no answer: outbind or alert_notification."""

    pdu: Pdu


class Answered(msgspec.Struct, gc=False):
    """The response to a request of ours; latency in seconds."""

    pending: Pending
    response: Pdu
    latency: float


class TimedOut(msgspec.Struct, gc=False):
    """No response came before the request's deadline. Whatever comes later is an Orphan."""

    pending: Pending


class Bound(msgspec.Struct, gc=False):
    """The session is bound; state: BOUND_TX, BOUND_RX or BOUND_TRX."""

    state: str


class Orphan(msgspec.Struct, gc=False):
    """A response that nobody waits for. late: its request timed out before."""

    pdu: Pdu
    late: bool = False


class Nacked(msgspec.Struct, gc=False):
    """A generic_nack that names none of our requests: the peer could not read something."""

    pdu: Pdu


class Faulted(msgspec.Struct, gc=False):
    """The peer broke the protocol. answer: the command_status that was sent back, None if nothing was."""

    error: ProtocolError
    answer: int | None = None


class Refused(msgspec.Struct, gc=False):
    """A request of the peer that was answered at once with status: too many wait for our answers."""

    pdu: Pdu
    status: int


class Unanswered(msgspec.Struct, gc=False):
    """A request that came after our unbind: it was left unanswered, so that the peer sends it again in another session."""

    pdu: Pdu


class Unbound(msgspec.Struct, gc=False):
    """The unbind handshake is over. by_peer: the peer asked for it."""

    by_peer: bool


class Closed(msgspec.Struct, gc=False):
    """The session is over. reason: in words. error: what ended it, None if both sides agreed. lost: requests without response."""

    reason: str
    error: SmppError | None
    lost: list[Pending]


Event = Union[  # noqa: UP007 - a name for annotations
    Requested, Notified, Answered, TimedOut, Bound, Orphan, Nacked, Faulted, Refused, Unanswered, Unbound, Closed
]
