"""Layer 6 of 9: session states, and what each side may send in them: all of it read off the rows of the commands' table."""

from __future__ import annotations

from typing import Literal

from smpp_core.spec.commands import BY_NAME, COMMANDS

__all__ = [
    "BOUND", "BOUND_RX", "BOUND_TRX", "BOUND_TX", "CLOSED", "OPEN", "OUTBOUND", "ROLES", "STATES", "UNBINDING", "Role", "allowed",
    "following", "other",
]

Role = Literal["esme", "smsc"]

OPEN, OUTBOUND, BOUND_TX, BOUND_RX, BOUND_TRX = "OPEN", "OUTBOUND", "BOUND_TX", "BOUND_RX", "BOUND_TRX"
UNBINDING, CLOSED = "UNBINDING", "CLOSED"  # after an unbind of ours; after its answer, or the connection's end

STATES = (OPEN, OUTBOUND, BOUND_TX, BOUND_RX, BOUND_TRX, UNBINDING, CLOSED)
BOUND = frozenset((BOUND_TX, BOUND_RX, BOUND_TRX))
ROLES: tuple[Role, Role] = ("esme", "smsc")

_UNBIND_RESP = BY_NAME["unbind_resp"].id
# SMPP 3.4 2.2: what a command does to the state once it has been accepted, that is, its response says ESME_ROK or it has none.
_FOLLOWING = {
    "bind_transmitter_resp": BOUND_TX, "bind_receiver_resp": BOUND_RX, "bind_transceiver_resp": BOUND_TRX,
    "outbind": OUTBOUND, "unbind": UNBINDING, "unbind_resp": CLOSED,
}


def other(role: Role) -> Role:
    """The role of the peer."""
    return "smsc" if role == "esme" else "esme"


def _rows(role: Role, state: str) -> frozenset[int]:
    if state == CLOSED:
        return frozenset()
    if state == UNBINDING:  # who has said unbind may answer the other's unbind, and nothing else
        return frozenset((_UNBIND_RESP,))
    return frozenset(id for id, row in COMMANDS.items() if row.sender in (role, "both") and state in row.states)


_ALLOWED = {(role, state): _rows(role, state) for role in ROLES for state in STATES}


def allowed(role: Role, state: str) -> frozenset[int]:
    """The command_ids that a side may send in a state. SMPP 3.4 2.3 table 2-1."""
    return _ALLOWED[role, state]


def following(state: str, command: str, command_status: int = 0) -> str:
    """The state after a command of that name has been sent; a response that refuses changes nothing. SMPP 3.4 2.2."""
    after = _FOLLOWING.get(command)
    return state if after is None or command_status else after
