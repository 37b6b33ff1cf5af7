"""Layer 7 of 9: a URL for reports as far as it can be judged without resolving a name (decision V35, the guard's first half)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from .policy import Policy

__all__ = ["MOST_CHARACTERS", "url_problem"]

# What access logs and proxies still take.
MOST_CHARACTERS: Final = 2_048

_URL: Final = re.compile(r"(https?)://([^/?#]*)(?:[/?#].*)?", re.IGNORECASE)
# No percent sign: neither an encoded host nor an address with a zone is of use to anybody else than an attacker.
_AUTHORITY: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{0,5}))?", re.ASCII)
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
# How a resolver tells an address from a name: the last label is a number, in whatever base (WHATWG URL, "ends in a number").
_NUMBER: Final = re.compile(r"\d+|0[xX][0-9A-Fa-f]*", re.ASCII)
_UNICAST: Final = IPv6Network("2000::/3")
# Global by the registry, or to some readers of it, but nothing of a client's is there: protocol assignments (RFC 6890), relays of 6to4
# (RFC 7526), and the address at which a cloud's hosts serve their guests.
_NOT_FOR_CLIENTS: Final = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
_LOOPBACK: Final = IPv4Address("127.0.0.1")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def url_problem(url: str, policy: Policy) -> str:
    """Say why reports cannot go to a URL, "" if they may. No name is resolved; the answer is safe to log.

    http and https; no blanks, control characters or user information; a host of ASCII; a port of policy.allow_ports; a literal address
    is public, in plain notation, or inside policy.allow_private, where any port goes. `localhost` counts as 127.0.0.1.
    """
    if len(url) > MOST_CHARACTERS:
        return f"is longer than {MOST_CHARACTERS:,} characters"
    if not url.isprintable() or " " in url:
        return "has a blank or a control character"
    found = _URL.fullmatch(url)
    if not found:
        return "is no URL of http or https"
    if "@" in found[2]:
        return "has user information"
    parts = _AUTHORITY.fullmatch(found[2])
    if not parts:
        return "has no host, or one of other characters than letters, digits, . _ -"
    port = int(parts[3]) if parts[3] else _DEFAULT_PORTS[found[1].lower()]
    host = parts[1] or parts[2]
    try:
        address = _address(host, is_ipv6=parts[1] is not None)
    except ValueError:
        return "names its host by an address in no plain notation"
    if address is not None and any(address in network for network in policy.allow_private):
        return "" if 0 < port < 65_536 else "has no port that exists"
    if port not in policy.allow_ports:
        return "has a port that is not allowed"
    if address is None:
        labels = host.removesuffix(".").split(".")
        return "" if len(host) < 254 and all(map(_LABEL.fullmatch, labels)) else "has a host that is no name"
    return "" if _is_public(address) else "names an address that is not public"


def _address(host: str, is_ipv6: bool) -> IPv4Address | IPv6Address | None:
    """The address that a host is, None for a name. Raises ValueError for notations that readers take differently."""
    if is_ipv6:
        literal = IPv6Address(host)
        return literal.ipv4_mapped or literal
    host = host.removesuffix(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    return IPv4Address(host)  # four decimal numbers without leading zeros, else ValueError


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_FOR_CLIENTS)
    if address not in _UNICAST or not address.is_global:
        return False
    # Tunnels lead to the address that is written inside.
    inner = [address.sixtofour] if address.sixtofour else list(address.teredo or ())
    return all(one is None or _is_public(one) for one in inner)
