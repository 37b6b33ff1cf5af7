"""Layer 7 of 9: what an account lets its requests do: senders, texts that are too long or hold too much, URLs for reports."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from smswire.message.address import Address

__all__ = ["ALLOW_PORTS", "Network", "OnOverlong", "Policy"]

OnOverlong: TypeAlias = Literal["split", "truncate", "reject"]
Network: TypeAlias = IPv4Network | IPv6Network
ALLOW_PORTS = frozenset((80, 443, 8080, 8443))


class Policy(Struct, frozen=True, kw_only=True):
    """The settings of an account that decide what becomes of a request to send (decisions V19, V23, V27, V35, V68).

    default_sender: of messages that name none; "" refuses those. refused_senders: case and a leading "+" do not matter. on_overlong: of a
    text over one segment without longSMS. auto_unicode: a text that its datacoding cannot hold is sent in UCS-2, else refused. latin1:
    a text that needs more than GSM 7-bit may be sent in Latin-1 where that saves a segment, or where auto_unicode is off. allow_ports: of
    URLs for reports. allow_private: networks, as "127.0.0.0/8", that those may name by address though they are not public, on any port.
    Raises EncodeError (a ValueError) for a default_sender that is none, and ValueError for an unknown on_overlong or no network.
    """

    default_sender: str = ""
    refused_senders: Collection[str] = frozenset()
    on_overlong: OnOverlong = "split"
    auto_unicode: bool = True
    latin1: bool = False
    allow_ports: Collection[int] = ALLOW_PORTS
    allow_private: Collection[str | Network] = ()

    def __post_init__(self) -> None:
        if self.default_sender:
            Address.sender(self.default_sender)
        if self.on_overlong not in ("split", "truncate", "reject"):
            raise ValueError(f"on_overlong is {self.on_overlong!r}, not split, truncate or reject")
        for name in ("refused_senders", "allow_private"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{name} is a text, not a list of texts")
        fields = {
            "refused_senders": frozenset(map(_folded, self.refused_senders)), "allow_ports": frozenset(self.allow_ports),
            "allow_private": tuple(ip_network(one) for one in self.allow_private),
        }
        for name, value in fields.items():
            msgspec.structs.force_setattr(self, name, value)

    def refuses(self, sender: str) -> bool:
        """True if the sender is one of refused_senders."""
        return _folded(sender) in self.refused_senders


def _folded(sender: str) -> str:
    return sender.strip().removeprefix("+").casefold()
