"""Writes captures for the tests: pcap and pcapng in every byte order, link headers, IP with fragments, TCP conversations."""

import ipaddress
import struct
from typing import NamedTuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, NULL, RAW, LOOP, SLL, SLL2, IPV4, IPV6 = 1, 0, 101, 108, 113, 276, 228, 229


class Packet(NamedTuple):
    """One packet: time in ns, its octets from the link header on, and how many of them the capture keeps."""

    time_ns: int
    octets: bytes
    kept: int | None = None

    @property
    def data(self) -> bytes:
        return self.octets if self.kept is None else self.octets[: self.kept]


def pcap(packets, *, big=False, nano=False, link=ETHERNET, kuznetsov=False):
    """A pcap file. kuznetsov: the modified format with 24 octets in front of each packet."""
    order = ">" if big else "<"
    nano = nano and not kuznetsov
    magic = 0xA1B2CD34 if kuznetsov else 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, 10**9)
        out.append(struct.pack(order + "IIII", seconds, rest if nano else rest // 1000, len(packet.data), len(packet.octets)))
        if kuznetsov:
            out.append(struct.pack(order + "IHBB", 2, 0x0800, 0, 0))
        out.append(packet.data)
    return b"".join(out)


def block(kind, body, order="<"):
    """One pcapng block."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(code, value, order="<"):
    """One option of a pcapng block."""
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order="<"):
    """A section header block."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link=ETHERNET, order="<", options=b"", snaplen=0):
    """An interface description block."""
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options + (option(0, b"", order) if options else b""), order)


def enhanced(packet, number=0, order="<", units=1000):
    """An enhanced packet block; units: ns of a time unit."""
    time = packet.time_ns // units
    head = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(packet.data), len(packet.octets))
    return block(6, head + packet.data, order)


def pcapng(packets, *, big=False, link=ETHERNET, nano=True):
    """A pcapng file of one section and interface."""
    order = ">" if big else "<"
    options = option(9, b"\x09", order) if nano else b""
    blocks = [section(order), interface(link, order, options), block(5, bytes(16), order)]
    blocks += [enhanced(packet, 0, order, 1 if nano else 1000) for packet in packets]
    return b"".join(blocks)


def linked(ip, link, *, tags=(), padded=True):
    """An IP packet behind the header of a link type. tags: VLAN tags in front, outermost first."""
    six = ip[0] >> 4 == 6
    ether = struct.pack(">H", 0x86DD if six else 0x0800)
    if link == ETHERNET:
        types = [b"\x88\xa8"] * (len(tags) - 1) + [b"\x81\x00"] * bool(tags)
        frame = bytes(range(12)) + b"".join(kind + struct.pack(">H", tag) for kind, tag in zip(types, tags, strict=True)) + ether + ip
        return frame + b"\x55" * (60 - len(frame)) if padded else frame
    if link == SLL:
        return struct.pack(">HHH8s", 0, 1, 6, bytes(8)) + ether + ip
    if link == SLL2:
        return ether + struct.pack(">HIHBB8s", 0, 1, 1, 0, 6, bytes(8)) + ip
    if link == NULL:
        return struct.pack("<I", 30 if six else 2) + ip
    if link == LOOP:
        return struct.pack(">I", 30 if six else 2) + ip
    return ip


def ip_packet(source, destination, payload, *, identification=0, fragment=0, more=False, extensions=(), protocol=6, total=None):
    """An IPv4 or IPv6 packet. fragment: offset in octets; extensions: IPv6 extension headers as (number, octets)."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        total = 20 + len(payload) if total is None else total
        return struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, identification, fragment // 8 | more << 13, 64, protocol, 0,
                           source.packed, destination.packed) + payload
    chain = list(extensions)
    if fragment or more:
        chain.append((44, struct.pack(">xxHI", fragment | more, identification)))
    following, body = protocol, payload
    for number, octets in reversed(chain):
        body = bytes([following]) + octets[1:] + body
        following = number
    total = len(body) if total is None else total
    return struct.pack(">IHBB16s16s", 6 << 28, total, following, 64, source.packed, destination.packed) + body


def tcp_segment(source_port, destination_port, sequence, acknowledged, flags, payload=b"", options=b""):
    """A TCP segment."""
    return struct.pack(">HHIIBBHHH", source_port, destination_port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF,
                       (20 + len(options)) // 4 << 4, flags, 65535, 0, 0) + options + payload


def fragments(source, destination, payload, size, identification):
    """The IP packets of a payload that travels in fragments of `size` octets, a multiple of 8."""
    return [
        ip_packet(source, destination, payload[at:at + size], identification=identification, fragment=at, more=at + size < len(payload))
        for at in range(0, len(payload), size)
    ]


class Conversation:
    """One TCP connection seen from outside: what each side sends becomes IP packets in `packets`.

    isn: initial sequence numbers of both sides.
    """

    def __init__(self, client=("10.0.0.1", 40000), server=("10.0.0.2", 2775), isn=(1000, 5000)):
        self.ends = (client, server)
        self.isn = isn
        self.sent = [0, 0]
        self.packets: list[bytes] = []

    def segment(self, side, flags, payload=b"", at=None, sequence=None, acknowledged=None):
        """Append a packet of `side`; at: offset of the payload in its stream, by default behind what was sent."""
        (address, port), (peer, peer_port) = self.ends[side], self.ends[1 - side]
        if at is None:
            at = self.sent[side]
        if sequence is None:
            sequence = self.isn[side] + 1 + at
        if acknowledged is None:
            acknowledged = self.isn[1 - side] + 1 + self.sent[1 - side]
        self.sent[side] = max(self.sent[side], at + len(payload))
        self.packets.append(ip_packet(address, peer, tcp_segment(port, peer_port, sequence, acknowledged, flags, payload)))

    def open(self):
        """The three packets of the handshake."""
        self.segment(0, SYN, sequence=self.isn[0], acknowledged=0)
        self.segment(1, SYN | ACK, sequence=self.isn[1])
        self.segment(0, ACK)
        return self

    def send(self, side, payload, at=None):
        """One data segment."""
        self.segment(side, PSH | ACK, payload, at)
        return self

    def close(self):
        """FIN from both sides."""
        self.segment(0, FIN | ACK)
        self.segment(1, FIN | ACK, acknowledged=self.isn[0] + 2 + self.sent[0])
        self.segment(0, ACK, sequence=self.isn[0] + 2 + self.sent[0], acknowledged=self.isn[1] + 2 + self.sent[1])
        return self


def on(link, ips, start=1_700_000_000_000_000_000, step=1_000_001, tags=()):
    """Packets of a link type, one every `step` ns."""
    return [Packet(start + i * step, linked(ip, link, tags=tags)) for i, ip in enumerate(ips)]
