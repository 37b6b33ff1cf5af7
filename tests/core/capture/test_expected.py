"""Captures of other people's software: every line of the expected files is found, nothing else is, and every gap is told about."""

import gzip
import json
from pathlib import Path

import pytest

from smpp_core.capture import CapturedPdu, Gap, read

CAPTURES = Path(__file__).parents[2] / "data" / "captures"
# What the captures' README names; 2775 alone where nothing stands here.
PORTS = {
    "net_smpp": [2776], "kannel": [2777], "all_kinds": [2775, 2790], "mixed": [2775, 2776], "errors": range(2775, 2796),
    "midstream": [2775, 2776], "lossy": [2775, 2776],
}
FILES = sorted(path for path in CAPTURES.iterdir() if path.suffix in (".pcap", ".pcapng"))
DAMAGED = {"midstream", "lossy", "snaplen"}
of_all = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
with_ports = pytest.mark.parametrize("by_port", [True, False], ids=["ports", "recognised"])


def expected_lines(path):
    plain = CAPTURES / f"{path.stem}.expected.jsonl"
    if plain.exists():
        return [json.loads(line) for line in plain.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in gzip.decompress(plain.with_suffix(".jsonl.gz").read_bytes()).splitlines()]


def ports_of(path, by_port):
    return PORTS.get(path.stem, [2775]) if by_port else None


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


def in_order(items):
    return sorted(items, key=lambda item: (item.stream, item.frame, item.offset))


def line_of(item):
    """What an item says, in the words of the expected files."""
    pdu = item.pdu
    line = {
        "stream": item.stream, "frame": item.frame, "time_ns": item.time_ns, "src": item.src, "dst": item.dst, "command_id": pdu.command_id,
        "command": pdu.command, "status": pdu.command_status, "sequence": pdu.sequence_number, "length": pdu.command_length,
    }
    if item.missing:
        line["missing"] = [list(span) for span in item.missing]
    if item.after_garbage:
        line["after_garbage"] = True
    return line


def fields_of(line, pdu):
    """The fields of a line, as the PDU has them."""
    found = {name: getattr(pdu, name) for name in ("source_addr", "destination_addr", "data_coding", "esm_class") if name in line}
    if "short_message" in line:
        found["short_message"] = pdu.short_message.hex()
    if "tlvs" in line:
        found["tlvs"] = [[tlv.tag, tlv.raw.hex()] for tlv in pdu.tlvs]
    for name in ("system_id", "interface_version", "message_id"):
        if name in line:
            found[name] = getattr(pdu, name)
    return found


def test_all_captures_are_here():
    assert len(FILES) == 17


@of_all
@with_ports
def test_the_pdus_are_those_that_the_expected_file_lists(path, by_port):
    items = in_order(item for item in read(path, ports=ports_of(path, by_port)) if isinstance(item, CapturedPdu))
    lines = [line for line in expected_lines(path) if "command" in line and line.get("header", True)]
    wanted = [
        {key: line[key] for key in ("stream", "frame", "src", "dst", "command_id", "command", "status", "sequence", "length")}
        | {"time_ns": nanoseconds(line["time"])} | {key: line[key] for key in ("missing", "after_garbage") if key in line}
        for line in lines
    ]
    assert [line_of(item) for item in items] == wanted
    for item, line in zip(items, lines, strict=True):
        assert item.complete == line.get("complete", True)
        if item.complete and "malformed" not in line:
            assert fields_of(line, item.pdu).items() <= line.items()


@of_all
def test_no_pdu_is_found_that_was_not_sent(path):
    """Damaged captures were made from these: a PDU with octets missing is one of theirs, and so is each octet of it."""
    if path.stem not in DAMAGED:
        assert all(item.complete for item in read(path) if isinstance(item, CapturedPdu))
        return
    whole = CAPTURES / {"snaplen": "node_smpp.pcap"}.get(path.stem, "mixed.pcapng")
    sent = {}
    for item in read(whole):
        if isinstance(item, CapturedPdu):
            sent.setdefault((item.src, item.dst, item.octets[:16]), []).append(item.octets)
    for item in read(path):
        if isinstance(item, CapturedPdu):
            candidates = sent[item.src, item.dst, item.octets[:16]]
            lost = {at for start, end in item.missing for at in range(start, end)}
            blanked = [bytes(0 if at in lost else octet for at, octet in enumerate(octets)) for octets in candidates]
            assert item.octets in blanked


@of_all
def test_octets_that_are_no_pdu_and_pdus_cut_by_the_end_are_told_about(path):
    gaps = [item for item in read(path, ports=ports_of(path, True)) if isinstance(item, Gap)]
    found = [
        (gap.stream, gap.frame, gap.src, gap.time_ns, gap.kind, gap.octets.hex(), gap.length)
        for gap in in_order(gaps) if gap.kind in ("not-a-pdu", "cut-pdu")
    ]
    wanted = [
        (line["stream"], line["frame"], line["src"], nanoseconds(line["time"]), "not-a-pdu" if "not_a_pdu" in line else "cut-pdu",
         line.get("not_a_pdu", line.get("cut_pdu")), line["octets"])
        for line in expected_lines(path) if "octets" in line
    ]
    if path.stem in DAMAGED:
        # There, a PDU of which fewer than 16 octets came is cut, too.
        assert {gap.kind for gap in gaps} <= {"missing", "partial-pdu", "cut-pdu"}
    else:
        assert found == wanted
        assert all(gap.reason for gap in gaps)


@of_all
@with_ports
def test_every_octet_of_a_stream_is_in_one_pdu_or_gap(path, by_port):
    ends = {}
    for item in sorted(read(path, ports=ports_of(path, by_port)), key=lambda item: (item.stream, item.direction, item.offset)):
        key = item.stream, item.direction
        assert item.offset == ends.get(key, 0)
        ends[key] = item.offset + item.length


@of_all
def test_a_stream_comes_in_order_of_frame_but_for_pdus_cut_by_the_end(path):
    latest = {}
    for item in read(path, ports=ports_of(path, True)):
        if item.frame < latest.get(item.stream, 0):
            assert getattr(item, "kind", "") == "cut-pdu" or item.missing
        latest[item.stream] = max(item.frame, latest.get(item.stream, 0))


@pytest.mark.parametrize("stem", ["lossy", "midstream", "snaplen"])
def test_what_a_damaged_capture_lost_is_told_about(stem):
    """Lines whose header is gone have no PDU; their octets lie in gaps."""
    path = CAPTURES / f"{stem}.pcap"
    items = list(read(path, ports=ports_of(path, True)))
    for line in expected_lines(path):
        if not line.get("header", True):
            gaps = [item for item in items if isinstance(item, Gap) and (item.stream, item.src) == (line["stream"], line["src"])]
            assert any(gap.frame >= line["frame"] or gap.absent for gap in gaps)


def test_http_is_named_and_only_told_about_with_its_port():
    gaps = [item for item in read(CAPTURES / "errors.pcap", ports=[2775]) if isinstance(item, Gap)]
    assert [gap.reason for gap in gaps] == ["73 octets of HTTP, not of SMPP", "82 octets of HTTP, not of SMPP"]
    assert [item.kind for item in read(CAPTURES / "errors.pcap") if isinstance(item, Gap)] == ["not-a-pdu", "not-a-pdu", "cut-pdu"]


def test_byte_order_and_resolution_of_a_file_change_nothing():
    little, big = (list(read(CAPTURES / name)) for name in ("coalesced.pcap", "bigendian.pcap"))
    assert [(item.frame, item.time_ns, item.octets) for item in little] == [(item.frame, item.time_ns, item.octets) for item in big]
