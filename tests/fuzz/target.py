"""One fuzzing process: frames, streams, texts and captures, made from a seed, through everything that reads octets.

    python tests/fuzz/target.py SEED COUNT SECONDS

Started by run.py on a sanitized build; runs on any build. Prints one line of counts; exits 1 with the octets in hex at the first exception
outside SmppError, or when memory keeps growing.
"""

import io
import pickle
import random
import resource
import struct
import sys
import time
import traceback

import smpp_core as smpp
from smpp_core import capture
from smpp_core.spec.commands import COMMANDS
from smpp_core.spec.tlvs import TLVS
from smpp_core.spec.vendor import TLVS as VENDOR

EDGES = (0, 1, 0x7F, 0x80, 0xFF)
HEADERS = [struct.pack(">HH", tag, size) for tag in (*TLVS, *VENDOR) for size in (0, 1, 2, 3, 4, 9, 65535)]
IDS = [command_id.to_bytes(4, "big") for command_id in COMMANDS]
RECEIPT = b"id:0123 sub:001 dlvrd:001 submit date:2601311000 done date:2601311001 stat:DELIVRD err:000 text:hi"


def seeds() -> list[bytes]:
    """One sound frame of each command, with fields and TLVs of every kind."""
    frames = []
    for row in COMMANDS.values():
        fields: dict[str, object] = {}
        for field in row.fields:
            if field.counts:
                continue
            if field.kind == "cstring":
                fields[field.name] = "" if field.form else "38591"[: field.max - 1]
            elif field.kind == "octets":
                fields[field.name] = RECEIPT
            elif field.kind == "dests":
                fields[field.name] = [smpp.SmeAddress(1, 1, "385911"), smpp.DistributionList("list")]
            elif field.kind == "unsuccess":
                fields[field.name] = [smpp.UnsuccessSme(1, 1, "385911", 11)]
            elif field.name == "esm_class":
                fields[field.name] = 4
        tlvs = [(tag, bytes(n)) for tag, n in ((0x001E, 5), (0x0427, 1), (0x0423, 3), (0x0424, 40), (0x1403, 15), (0x1418, 4))]
        frames.append(bytes(getattr(smpp, row.class_name)(sequence_number=1, **fields)))
        frames.append(bytes(getattr(smpp, row.class_name)(sequence_number=1, tlvs=tlvs, **fields)))
    return frames


class Dice:
    """Small random numbers from a block of random octets: a call to `random` for each would be most of the work."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.block = b""
        self.at = 0

    def roll(self, sides: int) -> int:
        """A number from 0 to sides - 1; sides up to 65,536."""
        if self.at + 2 > len(self.block):
            self.block, self.at = self.rng.randbytes(1 << 16), 0
        number = self.block[self.at] << 8 | self.block[self.at + 1]
        self.at += 2
        return number % sides


def mutate(dice: Dice, frame: bytes, others: list[bytes]) -> bytes:
    """A few faults: octets changed, cut out, put in, repeated; lengths and tags that lie; two frames joined."""
    roll = dice.roll
    data = bytearray(frame)
    for _ in range(1 + roll(3)):
        kind = roll(10)
        at = roll(len(data) + 1)
        if kind < 3 and at < len(data):
            data[at] = EDGES[roll(len(EDGES))] if kind else roll(256)
        elif kind == 3:
            del data[at : at + 1 + roll(8)]
        elif kind == 4:
            data[at:at] = dice.block[roll(4000) :][: 1 + roll(8)]
        elif kind == 5:
            data += HEADERS[roll(len(HEADERS))] + dice.block[: roll(6)]
        elif kind == 6:
            data = data[:at]
        elif kind == 7 and len(data) >= 8:
            data[4:8] = IDS[roll(len(IDS))]
        elif kind == 8:
            other = others[roll(len(others))]
            data[at:] = other[roll(len(other)) :]
        else:
            data[at:at] = data[at : at + 1 + roll(20)]
    if len(data) >= 4 and roll(5):
        data[0:4] = len(data).to_bytes(4, "big")
    return bytes(data)


def read_frame(octets: bytes, turn: int) -> None:
    """Everything that reads one frame; what is slow, or reads the same again, only in some turns."""
    try:
        pdu = smpp.decode(octets, strict=False)
    except smpp.FrameError as error:
        assert len(octets) < 16
        error.reply()
        return
    assert bytes(pdu) == octets
    pdu.findings
    pdu.fields()
    for tlv in pdu.tlvs:
        tlv.value, tlv.name
    if turn % 3 == 0:
        smpp.explain(pdu)
    if turn % 4 == 0:
        try:
            smpp.decode(octets)
        except smpp.DecodeError as error:
            error.reply()
    if turn % 16 == 0:
        str(pdu), repr(pdu), pdu.tail, pdu.receipted_message_id, pdu.imsi
        assert pickle.loads(pickle.dumps(pdu)) == pdu
        assert pdu.with_sequence(7).sequence_number == 7
        for tlv in pdu.tlvs:
            repr(tlv), tlv.raw
        try:
            pdu.replace(short_message=b"new", message_payload=b"x")
        except (smpp.EncodeError, TypeError):
            pass


def read_stream(rng: random.Random, octets: bytes) -> None:
    """The framer, cut anywhere, with and without a way on."""
    framer = smpp.Framer(max_length=rng.choice((16, 100, 70_000)))
    at = 0
    while at < len(octets):
        step = rng.randrange(1, 200)
        try:
            framer.feed(octets[at : at + step])
        except smpp.FrameError:
            if not framer.resync():
                return
        at += step


def read_text(rng: random.Random, octets: bytes) -> None:
    """Alphabets and packing of any octets with any tables."""
    text = smpp.gsm7.decode(octets, locking=rng.randrange(14), single=rng.randrange(14))
    smpp.gsm7.encode(text, errors="replace")
    fill = rng.randrange(7)
    smpp.gsm7.unpack(smpp.gsm7.pack(bytes(octet & 0x7F for octet in octets), fill), fill_bits=fill)
    smpp.gsm7.unpack(octets, fill_bits=fill)
    smpp.parse_receipt(octets, flagged=bool(fill & 1))


def capture_of(rng: random.Random, frames: list[bytes]) -> bytes:
    """A small pcap of one connection, then damaged."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    sequence = rng.randrange(1 << 32)
    for frame in frames:
        tcp = struct.pack(">HHIIBBHHH", 40000, 2775, sequence & 0xFFFFFFFF, 1, 0x50, 0x18, 1000, 0, 0) + frame
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + tcp
        packet = bytes(12) + b"\x08\0" + ip
        out.append(struct.pack("<IIII", 1, 2, len(packet), len(packet)) + packet)
        sequence += len(frame) + rng.choice((0, 0, 0, 5, -5))
    data = bytearray(b"".join(out))
    for _ in range(rng.randrange(4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.2 else data)


def read_capture(octets: bytes) -> None:
    """The capture reader on damaged files."""
    try:
        for _ in capture.read(io.BytesIO(octets)):
            pass
        for _ in capture.read(octets, ports=[2775]):
            pass
    except smpp.SmppError:
        pass


def _memory() -> int:
    """Peak memory of this process in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    """Run until COUNT inputs or SECONDS are over."""
    seed, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    rng = random.Random(seed)
    dice = Dice(rng)
    pool = seeds()
    ends = time.monotonic() + seconds if seconds else float("inf")
    done = captures = 0
    base = 0
    octets = b""
    try:
        while done < count and time.monotonic() < ends:
            for _ in range(1000):
                octets = mutate(dice, pool[dice.roll(len(pool))], pool) if dice.roll(32) else rng.randbytes(dice.roll(80))
                read_frame(octets, done)
                done += 1
            read_stream(rng, b"".join(mutate(dice, rng.choice(pool), pool) for _ in range(8)))
            for _ in range(8):
                octets = mutate(dice, rng.choice(pool), pool)
                read_text(rng, octets)
            octets = capture_of(rng, [mutate(dice, rng.choice(pool), pool) for _ in range(6)])
            read_capture(octets)
            captures += 1
            # What is allocated once (tables, free lists, the sanitizer's quarantine of 256 MiB) is there after so many inputs.
            if done == 500_000:
                base = _memory()
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print(f"seed {seed}, input {done}: {octets.hex()}")
        return 1
    grown = _memory() - base if base else 0
    print(f"seed {seed}: {done} frames, {captures} captures, peak {_memory() // 1024} MiB, grown {grown // 1024} MiB since input 500,000")
    return 1 if grown > 64 * 1024 else 0


if __name__ == "__main__":
    sys.exit(main())
