"""However hex is written, the same octets are read; and what a file is, is told by its first octets."""

import gzip
import shutil
import string
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.cli.octets import NotHex, kind, read_hex, text_of

SUBMIT = bytes.fromhex("0000003500000004000000000000000700050049 6e666f6269700001013338353935310000000000000001000000064865 6c6c6f21")


def characters(octets: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in octets)


def rows(octets: bytes, width: int) -> list[tuple[int, bytes]]:
    return [(at, octets[at : at + width]) for at in range(0, len(octets), width)]


def groups(octets: bytes, size: int) -> str:
    return " ".join(octets[at : at + size].hex() for at in range(0, len(octets), size))


def bare(octets: bytes) -> str:
    return octets.hex()


def upper(octets: bytes) -> str:
    return octets.hex().upper()


def spaced(octets: bytes) -> str:
    return octets.hex(" ")


def words(octets: bytes) -> str:
    return groups(octets, 4)


def halves(octets: bytes) -> str:
    return groups(octets, 2)


def wrapped(octets: bytes) -> str:
    return "\n".join(row.hex() for _, row in rows(octets, 10))


def wrapped_inside_octets(octets: bytes) -> str:
    digits = octets.hex()
    return "\n".join(digits[at : at + 13] for at in range(0, len(digits), 13))


def windows(octets: bytes) -> str:
    return "\r\n".join(row.hex(" ") for _, row in rows(octets, 16)) + "\r\n"


def colons(octets: bytes) -> str:
    return octets.hex(":")


def dashes(octets: bytes) -> str:
    return octets.hex("-")


def commas(octets: bytes) -> str:
    return ", ".join(f"{octet:02X}" for octet in octets)


def prefixed_whole(octets: bytes) -> str:
    return "0x" + octets.hex()


def prefixed_each(octets: bytes) -> str:
    return " ".join(f"0x{octet:02x}" for octet in octets)


def c_array(octets: bytes) -> str:
    lines = ",\n".join("    " + ", ".join(f"0x{octet:02x}" for octet in row) for _, row in rows(octets, 8))
    return f"/* packet 12 */\nstatic const unsigned char pkt12[{len(octets)}] = {{\n{lines}\n}};\n"


def c_array_short(octets: bytes) -> str:
    return "uint8_t pdu[] = {" + ",".join(f"0x{octet:x}" for octet in octets) + "};"


def wireshark_c(octets: bytes) -> str:
    lines = "\n".join(
        ", ".join(f"0x{octet:02x}" for octet in row) + f", /* {characters(row).replace('*/', '..')} */" for _, row in rows(octets, 8)
    )
    return f"static const unsigned char packet_bytes[] = {{\n{lines}\n}};"


def escapes(octets: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in octets)


def escapes_in_lines(octets: bytes) -> str:
    return "\n".join('"' + "".join(f"\\x{octet:02x}" for octet in row) + '"' for _, row in rows(octets, 16))


def python_repr(octets: bytes) -> str:
    return f"DEBUG got {octets!r} from peer"


def angle_brackets(octets: bytes) -> str:
    return f"<{groups(octets, 4)}>"


def node_buffer(octets: bytes) -> str:
    return f"<Buffer {octets.hex(' ')}>"


def python_call(octets: bytes) -> str:
    return f"pdu = bytes.fromhex('{octets.hex()}')"


def log_line(octets: bytes) -> str:
    return f"2026-01-31 10:00:00.123 [22] DEBUG smpp.session: sent PDU ({len(octets)} octets): {octets.hex()}"


def log_line_spaced(octets: bytes) -> str:
    return f"Jan 31 10:00:00 host app[4711]: >> {octets.hex(' ')} << queue=00"


def xxd(octets: bytes) -> str:
    return "\n".join(f"{at:08x}: {groups(row, 2):<39}  {characters(row)}" for at, row in rows(octets, 16))


def xxd_of_one(octets: bytes) -> str:
    return "\n".join(f"{at:08x}: {groups(row, 1):<47}  {characters(row)}" for at, row in rows(octets, 16))


def hexdump_c(octets: bytes) -> str:
    lines = [f"{at:08x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  |{characters(row)}|" for at, row in rows(octets, 16)]
    return "\n".join([*lines, f"{len(octets):08x}"])


def wireshark(octets: bytes) -> str:
    return "\n".join(f"{at:04x}   {row.hex(' '):<47}   {characters(row)}" for at, row in rows(octets, 16))


def wireshark_without_characters(octets: bytes) -> str:
    return "\n".join(f"{at:04x}   {row.hex(' ')}" for at, row in rows(octets, 16))


def tcpdump(octets: bytes) -> str:
    lines = [f"\t0x{at:04x}:  {groups(row, 2):<39}  {characters(row)}" for at, row in rows(octets, 16)]
    return "\n".join(["10:00:00.123456 IP 127.0.0.1.40000 > 127.0.0.1.2775: Flags [P.], seq 1:63, ack 1, win 512, length 62", *lines])


def od(octets: bytes) -> str:
    lines = [f"{at:06x} {row.hex(' '):<47}  >{characters(row)}<" for at, row in rows(octets, 16)]
    return "\n".join([*lines, f"{len(octets):06x}"])


def dump_behind_log_prefix(octets: bytes) -> str:
    return "\n".join(f"2026-01-31 10:00:00 DEBUG {at:04x}: {row.hex(' '):<47}  {characters(row)}" for at, row in rows(octets, 16))


def kannel(octets: bytes) -> str:
    head = "2026-01-31 10:00:00 [4711] [6] DEBUG: "
    lines = [
        f"{head}   data: {row[:8].hex(' ')}   {row[8:].hex(' ')}".ljust(len(head) + 60) + f"   {characters(row)}"
        for _, row in rows(octets, 16)
    ]
    return "\n".join([f"{head}Octet string at 0x55d0c8a0:", f"{head}  len:  {len(octets)}", *lines, f"{head}Octet string dump ends."])


ANY = [
    bare,
    upper,
    spaced,
    words,
    halves,
    wrapped,
    wrapped_inside_octets,
    windows,
    colons,
    dashes,
    commas,
    prefixed_whole,
    prefixed_each,
    c_array,
    c_array_short,
    wireshark_c,
    escapes,
    escapes_in_lines,
    angle_brackets,
    xxd,
    xxd_of_one,
    hexdump_c,
    wireshark,
    wireshark_without_characters,
    tcpdump,
    od,
]
ONE_PDU = [*ANY, python_repr, node_buffer, python_call, log_line, log_line_spaced, dump_behind_log_prefix, kannel]


def pdus() -> st.SearchStrategy[bytes]:
    """Octets that begin like a PDU; letters often, so that the column of characters looks like hex."""
    hexish = st.text(alphabet="abcdef0123456789 .|<>:", max_size=60).map(str.encode)
    body = st.one_of(st.binary(max_size=120), hexish)
    header = st.tuples(st.sampled_from([4, 5, 0x80000004, 0x15, 0x103]), st.integers(1, 0x7FFFFFFF))
    return st.builds(
        lambda head, rest: (16 + len(rest)).to_bytes(4, "big") + head[0].to_bytes(4, "big") + bytes(4) + head[1].to_bytes(4, "big") + rest,
        header,
        body,
    )


@pytest.mark.parametrize("write", ONE_PDU, ids=lambda write: write.__name__)
@given(octets=pdus())
def test_a_pdu_in_any_form_is_the_same_octets(write, octets):
    assert read_hex(write(octets)).octets == octets


@pytest.mark.parametrize("write", ANY, ids=lambda write: write.__name__)
@given(octets=st.lists(pdus(), min_size=2, max_size=4).map(b"".join))
def test_several_pdus_in_any_form_are_the_same_octets(write, octets):
    assert read_hex(write(octets)).octets == octets


@pytest.mark.parametrize("write", [log_line, log_line_spaced, kannel, xxd, hexdump_c, wireshark, bare], ids=lambda write: write.__name__)
@given(several=st.lists(pdus(), min_size=2, max_size=4))
def test_records_one_behind_the_other_are_joined_and_their_starts_told(write, several):
    found = read_hex("\n".join(write(octets) for octets in several))
    assert found.octets == b"".join(several)
    at = 0
    for octets in several:
        assert at in found.starts
        at += len(octets)


@pytest.mark.parametrize(
    "write", [xxd, xxd_of_one, hexdump_c, wireshark, od, tcpdump, dump_behind_log_prefix, kannel], ids=lambda write: write.__name__
)
@pytest.mark.parametrize(
    "body", [b"ab cd ef 12 34 56", b"ab.cd.ef", b"a", b"12", b"12 ", b"  12", b"|ab|", b"0000: ab", b"abcdef0123456789"]
)
def test_characters_that_look_like_hex_are_not_read_as_hex(write, body):
    for padding in range(16):
        octets = (16 + padding + len(body)).to_bytes(4, "big") + bytes.fromhex("00000004 00000000 00000007") + bytes(padding) + body
        assert read_hex(write(octets)).octets == octets


@pytest.mark.parametrize(
    "write",
    [bare, upper, spaced, colons, commas, prefixed_each, escapes, c_array, xxd, hexdump_c, tcpdump],
    ids=lambda write: write.__name__,
)
@given(octets=st.binary(min_size=1, max_size=200))
def test_octets_that_are_no_pdu_are_read_too(write, octets):
    assert read_hex(write(octets)).octets == octets


@given(st.text(max_size=300))
def test_any_text_gives_octets_or_one_sentence(text):
    try:
        found = read_hex(text)
    except NotHex as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert found.starts[0] == 0 and list(found.starts) == sorted(found.starts)
        assert all(start < max(1, len(found.octets)) for start in found.starts)


@given(st.text(alphabet="0123456789abcdefx:,| .\\\n*{}", max_size=300))
def test_text_near_to_hex_gives_octets_or_one_sentence(text):
    try:
        read_hex(text)
    except NotHex as error:
        assert str(error)


def test_an_odd_digit_is_said():
    with pytest.raises(NotHex, match=r"odd number of digits \(33\)"):
        read_hex("0" * 33)


def test_the_first_foreign_letter_is_said():
    with pytest.raises(NotHex, match="'z' at position 5 is no hex digit"):
        read_hex("0000zz")


@pytest.mark.parametrize("text", ["", "  \n", "hello world", "DEBUG session started 2026-01-31 10:00:00"])
def test_text_without_hex_is_refused(text):
    with pytest.raises(NotHex):
        read_hex(text)


def test_squeezed_lines_of_hexdump_are_filled_in():
    octets = SUBMIT[:16] + bytes(96) + b"end"
    text = (
        f"00000000  {SUBMIT[:8].hex(' ')}  {SUBMIT[8:16].hex(' ')}  |{characters(SUBMIT[:16])}|\n"
        "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n"
        "00000070  65 6e 64                                          |end|\n00000073\n"
    )
    assert read_hex(text).octets == octets


def test_a_forged_offset_behind_squeezed_lines_does_not_fill_the_memory():
    with pytest.raises(NotHex, match="octets ahead"):
        read_hex("00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\nfffffff0  65 6e 64  |end|\n")


def test_log_lines_without_hex_and_digests_beside_the_pdu_are_left_out():
    text = (
        "2026-01-31 10:00:00 INFO bind of 550e8400-e29b-41d4-a716-446655440000 from aa:bb:cc:dd:ee:ff\n"
        f"2026-01-31 10:00:01 DEBUG md5=d41d8cd98f00b204e9800998ecf8427e out {SUBMIT.hex()}\n"
        "2026-01-31 10:00:02 INFO done in 12:00:01\n"
    )
    assert read_hex(text).octets == SUBMIT


@pytest.mark.skipif(shutil.which("xxd") is None, reason="xxd is not installed")
def test_the_real_xxd_is_read():
    assert read_hex(subprocess.run(["xxd"], input=SUBMIT * 3, capture_output=True).stdout.decode()).octets == SUBMIT * 3


@pytest.mark.skipif(shutil.which("hexdump") is None, reason="hexdump is not installed")
@pytest.mark.parametrize("octets", [SUBMIT * 3, SUBMIT + bytes(100) + SUBMIT], ids=["plain", "squeezed"])
def test_the_real_hexdump_is_read(octets):
    assert read_hex(subprocess.run(["hexdump", "-C"], input=octets, capture_output=True).stdout.decode()).octets == octets


@pytest.mark.skipif(shutil.which("od") is None, reason="od is not installed")
def test_the_real_od_is_read():
    assert (
        read_hex(subprocess.run(["od", "-A", "x", "-t", "x1z"], input=SUBMIT * 3, capture_output=True).stdout.decode()).octets == SUBMIT * 3
    )


def test_a_million_digits_are_read_at_once():
    octets = SUBMIT * 20_000
    assert read_hex(octets.hex()).octets == octets
    assert read_hex("\n".join(row.hex(" ") for _, row in rows(octets, 32))).octets == octets


def test_kind_is_told_by_content():
    assert kind(b"") == "empty"
    assert kind(bytes.fromhex("d4c3b2a1020004000000000000000000")) == "capture"
    assert kind(bytes.fromhex("0a0d0d0a")) == "capture"
    assert kind(gzip.compress(b"x")) == "gzip"
    assert kind(SUBMIT) == "octets"
    assert kind(SUBMIT.hex().encode()) == "hex"
    assert kind(f"Grüße {SUBMIT.hex()}".encode()) == "hex"
    assert kind("\ufeff0000".encode("utf-16")) == "hex"
    assert kind(b"\x7fELF\x02\x01\x01" + bytes(9)) == "octets"
    assert kind(bytes(range(256))) == "octets"


def test_text_files_of_windows_are_read():
    for encoding in ("utf-8-sig", "utf-16"):
        assert read_hex(text_of(SUBMIT.hex().encode(encoding))).octets == SUBMIT


def test_the_digits_of_these_tests_are_hex():
    assert set(SUBMIT.hex()) <= set(string.hexdigits)
