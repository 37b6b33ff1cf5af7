"""Writes a capture of any length: SMPP sessions as pcap or pcapng, packet by packet, in constant memory.

    python bench/million.py /tmp/million.pcap --pdus 1000000

Several sessions at a time over Ethernet, IPv4 and TCP with timestamps; each is bound, lives for some thousand PDUs, is unbound, closed and
followed by another. Half of the peers write one PDU a segment, half put many into one and cut them where the segment ends (1,448 octets).
Requests are answered, message_ids are unique, receipts name the id of a message sent before. Packets stand in order and none is lost;
IP checksums are right, TCP checksums are zero as on an interface that fills them in later.
"""

import argparse
import random
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

import corpus
from corpus import pdu, tlv

MSS = 1448
START_NS = 1_769_853_600_000_000_000  # 2026-01-31T10:00:00Z
SYN, ACK, PSH, FIN = 0x02, 0x10, 0x08, 0x01
POOL = 4096                           # different bodies of a kind: enough that no cache holds them
_HEADERS = struct.Struct(">12sH" "BBHHHBBH4s4s" "HHIIBBHHH" "BBBBII")   # Ethernet, IPv4, TCP, timestamps option
_ID = b"0123456789abcdef"             # stands in a pooled receipt where the message_id comes


class PcapFile:
    """A pcap file with microseconds, Ethernet."""

    def __init__(self, out: BinaryIO) -> None:
        self.write = out.write
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def packet(self, time_ns: int, octets: bytes) -> None:
        """Append one packet."""
        self.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9 // 1000, len(octets), len(octets)) + octets)


class PcapngFile:
    """A pcapng file of one section and one Ethernet interface with nanoseconds."""

    def __init__(self, out: BinaryIO) -> None:
        self.write = out.write
        out.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
        out.write(struct.pack("<IIHHIHHBxxxHHI", 1, 32, 1, 0, 262144, 9, 1, 9, 0, 0, 32))

    def packet(self, time_ns: int, octets: bytes) -> None:
        """Append one packet as an enhanced packet block."""
        length, pad = len(octets), -len(octets) % 4
        total = 32 + length + pad
        self.write(b"".join((
            struct.pack("<IIIIIII", 6, total, 0, time_ns >> 32, time_ns & 0xFFFFFFFF, length, length), octets, bytes(pad),
            struct.pack("<I", total))))


class Side:
    """One direction of a TCP connection: addresses, next sequence number, the constant half of its IP checksum."""

    def __init__(self, source: tuple[bytes, int], destination: tuple[bytes, int], sequence: int) -> None:
        self.source, self.destination, self.next = source, destination, sequence
        self.macs = b"\x02\0" + destination[0] + b"\x02\0" + source[0]
        self.words = 0x4500 + 0x4000 + 0x4006 + sum(struct.unpack(">4H", source[0] + destination[0]))
        self.packets = 0

    def packet(self, flags: int, acknowledged: int, clock: int, data: bytes = b"") -> bytes:
        """The next packet of this direction."""
        self.packets = ident = self.packets + 1 & 0xFFFF
        length = 52 + len(data)
        check = self.words + length + ident
        check = (check & 0xFFFF) + (check >> 16)
        check = ~((check & 0xFFFF) + (check >> 16)) & 0xFFFF
        head = _HEADERS.pack(
            self.macs, 0x0800, 0x45, 0, length, ident, 0x4000, 0x40, 6, check, self.source[0], self.destination[0],
            self.source[1], self.destination[1], self.next, acknowledged, 0x80, flags, 502, 0, 0,
            1, 1, 8, 10, clock & 0xFFFFFFFF, clock - 1 & 0xFFFFFFFF)
        self.next = self.next + len(data) + (1 if flags & (SYN | FIN) else 0) & 0xFFFFFFFF
        return head + data


class Session:
    """One SMPP session between an ESME (client) and an SMSC (server)."""

    def __init__(self, number: int, writer: "Writer") -> None:
        self.writer, self.random = writer, writer.random
        esme = (bytes((10, 0, number % 7, 1 + number % 200)), 32768 + number % 28000)
        smsc = (bytes((10, 9, 0, 1 + number % 3)), 2775)
        self.client = Side(esme, smsc, self.random.getrandbits(32))
        self.server = Side(smsc, esme, self.random.getrandbits(32))
        self.coalesces = number % 2 == 0
        self.sequence, self.server_sequence, self.pdus = 1, 1, 0
        self.unreported: list[int] = []       # message numbers that no receipt has named yet
        self._packet(self.client, SYN)
        self._packet(self.server, SYN | ACK)
        self._packet(self.client, ACK)
        self._exchange(writer.traffic.bind(1), pdu(corpus.BIND_TRANSCEIVER_RESP, 1, b"HARBOUR\0" + tlv(0x0210, b"\x34")))

    def _packet(self, side: Side, flags: int, data: bytes = b"") -> None:
        other = self.server if side is self.client else self.client
        self.writer.packet(side.packet(flags, other.next if flags & ACK else 0, self.writer.now // 10**6, data))

    def _send(self, side: Side, frames: list[bytes]) -> None:
        self.pdus += len(frames)
        chunks = frames
        if self.coalesces:
            joined = b"".join(frames)
            chunks = [joined[at:at + MSS] for at in range(0, len(joined), MSS)]
        other = self.server if side is self.client else self.client
        for number, chunk in enumerate(chunks):
            self._packet(side, PSH | ACK, chunk)
            if number % 2:
                self._packet(other, ACK)

    def _exchange(self, request: bytes, response: bytes) -> None:
        self._send(self.client, [request])
        self._send(self.server, [response])

    def turn(self, most: int) -> None:
        """Some submits, their responses, receipts of earlier messages, their responses: at most `most` PDUs (4 or more)."""
        writer, sequence = self.writer, self.sequence
        count = min(self.random.randrange(1, 24), most // 4)
        self._send(self.client, [writer.submit(sequence + number) for number in range(count)])
        answers = []
        for number in range(count):
            if writer.messages % 50 == 49:
                answers.append(pdu(corpus.SUBMIT_SM_RESP, sequence + number, b"\0", 0x58))
            else:
                answers.append(pdu(corpus.SUBMIT_SM_RESP, sequence + number, b"%016x\0" % writer.messages))
                if writer.messages % 5 < 2:
                    self.unreported.append(writer.messages)
            writer.messages += 1
        reported, self.unreported = self.unreported[:count], self.unreported[count:]
        first = self.server_sequence
        answers += [writer.receipt(first + number, message) for number, message in enumerate(reported)]
        self._send(self.server, answers)
        self._send(self.client, [pdu(corpus.DELIVER_SM_RESP, first + number, b"\0") for number in range(len(reported))])
        self.sequence += count
        self.server_sequence += len(reported)

    def ping(self) -> None:
        """An enquire_link and its answer."""
        self._exchange(pdu(corpus.ENQUIRE_LINK, self.sequence), pdu(corpus.ENQUIRE_LINK_RESP, self.sequence))
        self.sequence += 1

    def close(self) -> None:
        """unbind, its answer, and the end of the connection."""
        self._exchange(pdu(corpus.UNBIND, self.sequence), pdu(corpus.UNBIND_RESP, self.sequence))
        self._packet(self.client, FIN | ACK)
        self._packet(self.server, FIN | ACK)
        self._packet(self.client, ACK)


class Writer:
    """The capture being written: its clock, its pools of PDUs, its running numbers."""

    def __init__(self, file: PcapFile | PcapngFile, seed: int) -> None:
        self.file, self.random, self.now = file, random.Random(seed), START_NS
        self.traffic = corpus.Traffic(seed)
        self.messages, self.packets = 0, 0
        self._submits = [self.traffic.submit(1).octets for _ in range(POOL)]
        self._receipts = [self._with_gaps() for _ in range(POOL)]

    def _with_gaps(self) -> tuple[bytes, bytes, bytes, bytes]:
        parts, _, state = self.traffic.receipt_parts()
        parts[0] = "id:" + _ID.decode()
        frame = self.traffic.receipt_of(parts, _ID.decode(), state, 1)
        before, between, behind = frame.split(_ID)
        return frame[:12], before[16:], between, behind

    def submit(self, sequence_number: int) -> bytes:
        """A submit_sm of the pool."""
        frame = self._submits[self.random.randrange(POOL)]
        return frame[:12] + sequence_number.to_bytes(4, "big") + frame[16:]

    def receipt(self, sequence_number: int, message: int) -> bytes:
        """A receipt of the pool for a message."""
        head, before, between, behind = self._receipts[self.random.randrange(POOL)]
        message_id = b"%016x" % message
        return b"".join((head, sequence_number.to_bytes(4, "big"), before, message_id, between, message_id, behind))

    def packet(self, octets: bytes) -> None:
        """Append a packet some microseconds after the last."""
        self.now += self.random.randrange(1000, 40_000)
        self.packets += 1
        self.file.packet(self.now, octets)


def write_capture(
    out: BinaryIO, pdus: int, *, pcapng: bool = False, connections: int = 12, lifetime: int = 20_000, seed: int = 7,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a capture of exactly `pdus` PDUs (8 or more) and return its packets.

    connections: sessions open at a time. lifetime: PDUs after which a session is closed and another opened.
    """
    writer = Writer((PcapngFile if pcapng else PcapFile)(out), seed)
    connections = max(1, min(connections, pdus // 100))
    sessions = [Session(number, writer) for number in range(connections)]
    opened, left = connections, pdus - 4 * connections
    turns = 0
    while left >= 4:
        place = writer.random.randrange(connections)
        session = sessions[place]
        before = session.pdus
        if session.pdus > lifetime and left > 8:
            session.close()
            left -= 4                             # the bind and unbind of the next one
            sessions[place] = Session(opened, writer)
            opened += 1
            continue
        if turns % 97 == 96:
            session.ping()
        else:
            session.turn(left)
        left -= session.pdus - before
        turns += 1
        if progress and turns % 1000 == 0:
            progress(pdus - left)
    if left % 2:
        sessions[0]._send(sessions[0].client, [pdu(corpus.ENQUIRE_LINK, sessions[0].sequence)])
        sessions[0].sequence += 1
    for _ in range(left // 2):
        sessions[0].ping()
    for session in sessions:
        session.close()
    return writer.packets


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write a capture of SMPP sessions.")
    parser.add_argument("out", help="file to write, - for standard output")
    parser.add_argument("--pdus", type=int, default=1_000_000)
    parser.add_argument("--pcapng", action="store_true", help="pcapng with nanoseconds; pcap with microseconds without it")
    parser.add_argument("--connections", type=int, default=12, help="sessions open at a time")
    parser.add_argument("--lifetime", type=int, default=20_000, help="PDUs of a session")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    if given.pdus < 8:
        parser.error("--pdus must be 8 or more")
    shown = sys.stderr.isatty()
    with sys.stdout.buffer if given.out == "-" else open(given.out, "wb", buffering=1 << 20) as out:
        packets = write_capture(
            out, given.pdus, pcapng=given.pcapng, connections=given.connections, lifetime=given.lifetime, seed=given.seed,
            progress=(lambda done: print(f"\r{done:,} PDUs", end="", file=sys.stderr)) if shown else None)
    print(f"{given.pdus:,} PDUs in {packets:,} packets", file=sys.stderr)


if __name__ == "__main__":
    main()
