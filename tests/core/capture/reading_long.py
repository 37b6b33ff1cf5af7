"""A capture of any length that is never whole in memory; stands alone, for a process of its own."""

import struct

HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
BODY = b"\0\1\1Lantern\0\1\x01385912345678\0" + bytes(9) + b"\2hi"


class Endless:
    """A file object of `packets` packets: sessions of a thousand submit_sm each, from ever new ports."""

    def __init__(self, packets: int) -> None:
        self.left = packets
        self.count = 0

    def read(self, size: int) -> bytes:
        """The next hundred packets."""
        out = [HEAD] if self.count == 0 else []
        for _ in range(min(100, self.left)):
            session, number = divmod(self.count, 1000)
            pdu = struct.pack(">IIII", 16 + len(BODY), 4, 0, number + 1) + BODY
            tcp = struct.pack(">HHIIBBHHH", 1024 + session, 2775, number * len(pdu), 1, 0x50, 0x18, 65535, 0, 0) + pdu
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 1, 2) + tcp
            out.append(struct.pack("<IIII", self.count, 0, len(ip), len(ip)) + ip)
            self.count += 1
            self.left -= 1
        return b"".join(out)
