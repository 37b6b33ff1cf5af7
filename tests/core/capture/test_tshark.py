"""tshark sees the same PDUs in the same frames and streams, whatever carries them."""

import random
import shutil
import subprocess

import pytest

from smpp_core.capture import CapturedPdu, read

from .reading import BIND, BIND_RESP
from .traffic import message, pdu
from .writer import ACK, ETHERNET, LOOP, NULL, RAW, RST, SLL, SLL2, SYN, Conversation, fragments, on, pcap, pcapng

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def of_tshark(path):
    """(frame, stream, [(command_id, sequence_number)]) of every frame with SMPP."""
    fields = ["frame.number", "tcp.stream", "smpp.command_id", "smpp.sequence_number"]
    asked = [part for field in fields for part in ("-e", field)]
    done = subprocess.run(["tshark", "-r", str(path), "-Y", "smpp", "-T", "fields", *asked], capture_output=True, text=True, check=True)
    found = []
    for line in done.stdout.splitlines():
        frame, stream, ids, sequences = line.split("\t")
        pairs = [(int(one, 16), int(sequence, 0)) for one, sequence in zip(ids.split(","), sequences.split(","), strict=True)]
        found.append((int(frame), int(stream), pairs))
    return found


def of_us(path):
    found = {}
    for item in read(path, ports=[2775]):
        assert isinstance(item, CapturedPdu) and item.complete
        found.setdefault((item.frame, item.stream), []).append((item.pdu.command_id, item.pdu.sequence_number))
    return [(*key, pairs) for key, pairs in sorted(found.items())]


def session(index, ends, requests=4):
    """A session of its own ports; some PDUs in two segments, some two in one."""
    draw = random.Random(index)
    isn = (draw.randrange(1 << 32), draw.randrange(1 << 32))
    conversation = Conversation(client=(ends[0], 40000 + index), server=(ends[1], 2775), isn=isn)
    conversation.open().send(0, BIND).send(1, BIND_RESP)
    for number in range(2, 2 + requests):
        octets = message(number, b"x" * draw.randrange(200))
        cut = draw.randrange(17, len(octets))
        conversation.send(0, octets[:cut]).send(0, octets[cut:])
        conversation.send(1, pdu(0x80000004, number, b"id\0") + pdu(0x15, number)).send(0, pdu(0x80000015, number))
    return conversation


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("link", [ETHERNET, SLL, SLL2, NULL, LOOP, RAW])
@pytest.mark.parametrize("ends", [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "::2")], ids=["ipv4", "ipv6"])
def test_tshark_sees_the_same_behind_every_link(make, link, ends, tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(make(on(link, session(1, ends).close().packets), link=link))
    assert of_us(path) == of_tshark(path) != []


def test_tshark_sees_the_same_through_tags_and_fragments(tmp_path):
    ips = []
    for ip in session(1, ("10.0.0.1", "10.0.0.2")).packets:
        ips += fragments("10.0.0.1" if ip[15] == 1 else "10.0.0.2", "10.0.0.2" if ip[15] == 1 else "10.0.0.1", ip[20:], 48, len(ips))
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(on(ETHERNET, ips, tags=(7, 8))))
    assert of_us(path) == of_tshark(path) != []


def test_tshark_numbers_the_streams_alike(tmp_path):
    """Connections side by side, ports used again after FIN, after RST and without either, foreign ones in between."""
    ends = ("10.0.0.1", "10.0.0.2")
    queues = []
    for index in range(6):
        first = session(index, ends, 1)
        if index % 3 == 0:
            first.close()
        elif index % 3 == 1:
            first.segment(0, RST)
        first.segment(1, ACK)
        second = session(index, ends, 1)
        second.isn = (index + 1, index + 2)
        second.packets.clear()
        second.sent = [0, 0]
        second.open().send(0, BIND).send(1, BIND_RESP).close()
        web = Conversation(client=(ends[0], 50000 + index), server=(ends[1], 80)).open().send(0, b"GET / HTTP/1.1\r\n\r\n")
        web.segment(0, SYN, sequence=web.isn[0] + index % 2, acknowledged=0)
        queues += [first.packets + second.packets, web.packets]
    draw = random.Random(5)
    ips = []
    while queues:
        queue = draw.choice(queues)
        ips.append(queue.pop(0))
        queues = [queue for queue in queues if queue]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(on(ETHERNET, ips)))
    assert of_us(path) == of_tshark(path)
    done = subprocess.run(["tshark", "-r", str(path), "-T", "fields", "-e", "tcp.stream"], capture_output=True, text=True, check=True)
    reader = read(path)
    list(reader)
    assert reader.streams == 1 + max(map(int, done.stdout.split()))
