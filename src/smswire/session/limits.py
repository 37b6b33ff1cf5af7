"""Layer 6 of 9: time-outs and caps of one session; each default is a row of the design's table of hostile peers."""

from __future__ import annotations

import msgspec

__all__ = ["CLIENT", "SERVER", "Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Time-outs in seconds and caps of one session. A time-out of 0 means never.

    bind_timeout: from connecting to a bind request (server). pdu_timeout: from a PDU's first octet to its last. tls_timeout: for the
    handshake. enquire_link: silence after which the peer is asked; enquire_timeout: how long it may stay silent then.
    response_timeout: for the answer to a request. unbind_timeout: for the unbind handshake, and for answers owed when the peer unbinds.
    max_length: octets of a PDU. faults_per_minute: broken PDUs that end the session. inbound, inbound_octets: requests of the peer that
    may wait for our answers; more are refused. unbound_octets: what is held behind a bind that is not answered yet. unsent: octets
    that may wait for a slow reader before we stop reading; stuck_timeout: how long it may stay so.
    """

    bind_timeout: float = 10.0
    pdu_timeout: float = 10.0
    tls_timeout: float = 5.0
    enquire_link: float = 30.0
    enquire_timeout: float = 30.0
    response_timeout: float = 30.0
    unbind_timeout: float = 5.0
    max_length: int = 65_536
    faults_per_minute: int = 10
    inbound: int = 1_000
    inbound_octets: int = 1_048_576
    unbound_octets: int = 65_536
    unsent: int = 262_144
    stuck_timeout: float = 30.0


# With the octets that wait to be written and the objects around each PDU, a bound connection stays under 1 MiB.
SERVER = Limits(inbound_octets=524_288)
# A client reads what its provider sends: a full message_payload and the rest of the PDU.
CLIENT = Limits(max_length=70_000)
