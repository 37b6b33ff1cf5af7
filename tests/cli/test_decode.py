"""`smswire decode` as people and programs call it: forms of input, exit codes, one sentence for each failure, and no traceback ever."""

import gzip
import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import given
from strategies import ANY_FRAME

import smpp_core as smpp
from smswire.cli.main import main, smswire

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
SUBMIT = bytes(smpp.SubmitSm(source_addr="Infobip", destination_addr="385951111111", short_message=b"Hello", sequence_number=7))
LINK = bytes(smpp.EnquireLink(sequence_number=8))
BROKEN = bytes.fromhex("0000002C00000005000000000000000100010131000101320004000000000000000000001E00413738393000")
COMMAND = [sys.executable, "-P", "-m", "smswire"]


class Done(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


def run(*arguments: str, input: bytes = b"", encoding: str = "utf-8") -> Done:
    """The command in this process, standard input, output and error its own."""
    stdin, stdout, stderr = (io.TextIOWrapper(io.BytesIO(octets), encoding) for octets in (input, b"", b""))
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
            patch.setattr(sys, name, stream)
        code = main(list(arguments))
        stdout.flush()
        stderr.flush()
    return Done(code, stdout.buffer.getvalue(), stderr.buffer.getvalue())


def decode(*arguments: str, input: bytes = b"") -> list[dict]:
    done = run("decode", *arguments, "--format", "json", input=input)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sentence(*arguments: str) -> str:
    done = run("decode", *arguments)
    assert done.returncode == 2 and done.stdout == b"", done
    assert done.stderr.count(b"\n") == 1, done.stderr
    return done.stderr.decode().strip()


# Forms of input.


def test_hex_in_one_argument_and_in_many():
    assert decode(SUBMIT.hex())[0]["hex"] == SUBMIT.hex()
    assert decode(*SUBMIT.hex(" ").split())[0]["hex"] == SUBMIT.hex()
    assert decode("0x" + SUBMIT.hex().upper(), LINK.hex(":"))[1]["hex"] == LINK.hex()


@pytest.mark.parametrize(
    "octets",
    [SUBMIT + LINK, (SUBMIT + LINK).hex().encode(), gzip.compress(SUBMIT + LINK), gzip.compress((SUBMIT + LINK).hex().encode())],
    ids=["octets", "hex", "octets.gz", "hex.gz"],
)
def test_a_file_and_standard_input_are_told_by_their_content(octets, tmp_path):
    path = tmp_path / "input"
    path.write_bytes(octets)
    expected = [(0, SUBMIT.hex()), (len(SUBMIT), LINK.hex())]
    for found in (decode(str(path)), decode("-", input=octets), decode(input=octets)):
        assert [(item["offset"], item["hex"]) for item in found] == expected


@pytest.mark.parametrize("name", ["errors.pcap", "ipv6.pcapng", "all_kinds.pcap"])
def test_a_capture_is_the_same_by_path_by_pipe_and_compressed(name, tmp_path):
    octets = (CAPTURES / name).read_bytes()
    packed = tmp_path / "capture.gz"
    packed.write_bytes(gzip.compress(octets))
    by_path = decode(str(CAPTURES / name))
    assert by_path == decode("-", input=octets) == decode(str(packed)) == decode("-", input=packed.read_bytes())
    assert len(by_path) > 40 and list(by_path[0])[:6] == ["stream", "frame", "time", "src", "dst", "offset"]


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap*")), ids=lambda path: path.name)
def test_each_capture_gives_the_pdus_of_its_expected_file(path):
    expected_path = next(path.parent.glob(f"{path.stem}.expected.jsonl*"))
    opened = gzip.open(expected_path, "rt") if expected_path.suffix == ".gz" else expected_path.open()
    with opened as lines:
        expected = [json.loads(line) for line in lines]
    found = decode(str(path))
    keys = {
        (line["stream"], line["src"], line["frame"], line["sequence_number"], line["command_id"]) for line in found if "gap" not in line
    }
    wanted = [line for line in expected if line.get("command") and line.get("header", True)]
    missed = [line for line in wanted if (line["stream"], line["src"], line["frame"], line["sequence"], line["command_id"]) not in keys]
    assert not missed
    gaps = {(line["stream"], line["src"], line["gap"]) for line in found if "gap" in line}
    for line in expected:
        kind = "not-a-pdu" if "not_a_pdu" in line else "cut-pdu" if "cut_pdu" in line else ""
        # HTTP in a connection of its own is no SMPP, and without --port nobody says that it should be.
        if kind and not line.get("not_a_pdu", "").startswith(("47455420", "504f5354")):
            assert (line["stream"], line["src"], kind) in gaps


def test_with_a_port_all_on_it_is_smpp_or_reported():
    path = str(CAPTURES / "errors.pcap")
    ports = {line["src"].rpartition(":")[2] for line in decode(path, "--port", "2784")} | {"2784"}
    assert "2775" not in ports
    found = decode(path, "--port", "2775", "--where", "gap == not-a-pdu")
    assert {bytes.fromhex(line["hex"])[:4] for line in found} == {b"GET ", b"POST"}


def test_hex_is_forced_where_a_file_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "00").write_bytes(SUBMIT)
    assert decode("00")[0]["command"] == "submit_sm"
    assert decode("--hex", "00")[0]["gap"] == "cut-pdu"
    assert decode("--hex", "-", input=SUBMIT.hex().encode())[0]["command"] == "submit_sm"


def test_a_log_is_decoded_record_by_record():
    log = f"10:00:00 in {SUBMIT[:40].hex()}\n10:00:01 noise\n10:00:02 in {LINK.hex()}\n".encode()
    found = decode("-", input=log)
    assert [item["hex"] for item in found] == [SUBMIT[:40].hex(), LINK.hex()]
    assert found[0]["findings"][0]["code"] == "length-mismatch"


def test_a_cut_capture_gives_what_it_holds(tmp_path):
    octets = (CAPTURES / "kannel.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(octets[: len(octets) // 2])
    found = decode(str(path))
    whole = decode(str(CAPTURES / "kannel.pcap"))
    pdus = [line for line in found if "gap" not in line]
    assert 10 < len(pdus) < len(whole) and all(line in whole for line in pdus)


# Output.


@given(ANY_FRAME)
def test_a_frame_of_any_kind_is_decoded(frame):
    assert CliRunner().invoke(smswire, ["decode", "--hex", frame.hex()]).exit_code == 0
    done = CliRunner().invoke(smswire, ["decode", "--hex", frame.hex(), "--format", "json"])
    assert done.exit_code == 0 and done.exception is None
    # Nothing is lost: what the lines hold, joined, is what was given.
    assert "".join(json.loads(line)["hex"] for line in done.stdout.splitlines()).startswith(frame.hex()[:192])


def test_where_chooses():
    path = str(CAPTURES / "all_kinds.pcap")
    found = decode(path, "--where", "command in (query_sm, query_sm_resp)")
    assert {line["command"] for line in found} == {"query_sm", "query_sm_resp"}
    assert decode(path, "--where", "not command == query_sm") == [line for line in decode(path) if line["command"] != "query_sm"]


def test_profiles_name_tlvs(tmp_path):
    frame = bytes(smpp.DeliverSm(tlvs=[(0x1418, b"\0\0\0\x64"), (0x1501, b"\x07")], sequence_number=1)).hex()
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\n[[tlv]]\ntag = 0x1501\nname = "colour"\nkind = "integer"\nmin = 1\nmax = 1\n')
    assert [tlv["name"] for tlv in decode(frame)[0]["tlvs"]] == ["price_per_message", ""]
    assert [tlv["name"] for tlv in decode(frame, "--profile", "standard")[0]["tlvs"]] == ["", ""]
    assert [tlv["name"] for tlv in decode(frame, "--profile", str(own))[0]["tlvs"]] == ["price_per_message", "colour"]


def test_strict_exits_with_1_where_something_is_at_fault():
    assert run("decode", SUBMIT.hex(), "--strict").returncode == 0
    done = run("decode", BROKEN.hex(), SUBMIT.hex(), "--strict")
    assert done.returncode == 1 and done.stdout.count(b"command_length") == 2
    assert done.stderr == b"smswire decode: 1 of the PDUs and gaps shown is at fault\n"
    assert run("decode", BROKEN.hex(), SUBMIT.hex(), "--strict", "--where", "command == submit_sm").returncode == 0
    assert run("decode", SUBMIT.hex() + "ff", "--strict").returncode == 1
    assert run("decode", BROKEN.hex()).returncode == 0


def test_colours_only_where_they_are_wanted():
    assert b"\x1b[" not in run("decode", SUBMIT.hex()).stdout
    assert b"\x1b[" in run("decode", SUBMIT.hex(), "--color", "always").stdout
    assert b"\x1b[" in in_terminal("decode", SUBMIT.hex())
    assert b"\x1b[" not in in_terminal("decode", SUBMIT.hex(), "--color", "never")
    assert b"\x1b[" not in in_terminal("decode", SUBMIT.hex(), env=os.environ | {"NO_COLOR": "1"})


@contextmanager
def start(*arguments: str):
    """A command at work, its three ends in our hands. One that keeps us waiting is killed, so that the test fails."""
    with subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        yield process
        watchdog.cancel()
        watchdog.join()


def in_terminal(*arguments: str, env=None) -> bytes:
    """What a terminal would be sent."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=child, stderr=child, env=(env or os.environ) | {"TERM": "xterm"}
    )
    os.close(child)
    seen = b""
    try:
        while chunk := os.read(parent, 65536):
            seen += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    os.close(parent)
    assert process.wait(60) == 0
    return seen


def test_json_for_a_terminal_holds_no_control_characters():
    evil = bytes(
        smpp.SubmitSm(source_addr="\x9b2J\x7f", data_coding=8, short_message="\u202eabc\x1b[2J".encode("utf-16-be"), sequence_number=1)
    )
    line = in_terminal("decode", evil.hex(), "--format", "json").strip()
    assert line.decode("ascii").isprintable()
    assert json.loads(line)["text"] == "\u202eabc\x1b[2J"


def test_a_terminal_without_utf8_gets_escapes_instead_of_an_error():
    frame = bytes(smpp.SubmitSm(data_coding=8, short_message="Šifra €".encode("utf-16-be"), sequence_number=1)).hex()
    done = run("decode", frame, encoding="latin-1")
    assert done.returncode == 0 and b"\\u0160ifra \\u20ac" in done.stdout


# Failures.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["zz"], "neither a file nor hex: 'z' at position 1"),
        (["000"], "odd number of digits (3)"),
        (["traffic.pcap"], "there is no file traffic.pcap"),
        (["./00"], "there is no file ./00"),
        (["-", "00"], "'-' is a file, and a file is decoded alone"),
        (["--format", "xml", "00"], "'xml' is not one of"),
        (["--fromat", "json", "00"], "No such option"),
        (["--port", "0", "00"], "0 is not in the range 1<=x<=65535"),
        (["--profile", "other", "00"], "neither vendor nor standard nor a file"),
        (["-"], "standard input is empty"),
        ([""], "there is no hex in it"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(arguments, said):
    line = sentence(*arguments)
    assert line.startswith("smswire decode: ") and said in line


def test_a_bad_expression_is_pointed_at():
    done = run("decode", "00", "--where", "comand == submit_sm")
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "smswire decode: --where: there is no field 'comand', did you mean 'command'?",
        "  comand == submit_sm",
        "  ^",
    ]


def test_unreadable_files_are_one_sentence(tmp_path):
    assert sentence(str(tmp_path)).endswith("is a directory")
    (tmp_path / "empty").touch()
    assert sentence(str(tmp_path / "empty")).endswith("empty is empty")
    (tmp_path / "readme").write_text("Nothing to see here.\n")
    assert "holds no capture, no PDU and no hex" in sentence(str(tmp_path / "readme"))
    (tmp_path / "magic").write_bytes(bytes.fromhex("d4c3b2a1") + b"\xff" * 100)
    assert str(tmp_path / "magic") in sentence(str(tmp_path / "magic"))
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b" + b"\xff" * 50)
    assert "bad.gz" in sentence(str(tmp_path / "bad.gz"))
    (tmp_path / "bad.toml").write_text("[[tlv]\n")
    assert "bad.toml" in sentence("00", "--profile", str(tmp_path / "bad.toml"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_sentence(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SUBMIT)
    path.chmod(0)
    assert "Permission denied" in sentence(str(path))


def test_binary_junk_is_shown_as_such_and_said(tmp_path):
    path = tmp_path / "junk"
    path.write_bytes(b"\x7fELF" + bytes(range(256)) * 40)
    done = run("decode", str(path))
    assert done.returncode == 0 and done.stdout.startswith(b"not a PDU at 0: 10244 octets")
    assert done.stderr.decode() == f"smswire decode: no SMPP PDU in {path}\n"
    assert run("decode", str(path), "--strict").returncode == 1


def test_a_capture_without_smpp_is_said(tmp_path):
    path = tmp_path / "none.pcap"
    path.write_bytes((CAPTURES / "errors.pcap").read_bytes()[:24])
    done = run("decode", str(path))
    assert (done.returncode, done.stdout) == (0, b"") and b"no SMPP PDU in" in done.stderr and b"--port" in done.stderr


def test_four_gigabytes_of_claimed_length_and_a_million_tiny_tlvs_are_shown_in_time():
    assert decode("ffffffff000000040000000000000001")[0]["gap"] == "not-a-pdu"
    head = bytes(smpp.DataSm(sequence_number=1))
    body = head[16:] + bytes.fromhex("15010000") * 16_000
    frame = (16 + len(body)).to_bytes(4, "big") + head[4:16] + body
    assert len(decode("-", input=frame)[0]["tlvs"]) == 16_000


# Pipes and signals.


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_leaves_is_no_fault(form):
    with start("decode", str(CAPTURES / "mixed.pcapng"), "--format", form) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_ctrl_c_ends_with_130_after_what_was_decoded():
    with start("decode", "-", "--format", "json") as process:
        process.stdin.write(SUBMIT)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["hex"] == SUBMIT.hex()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""


def test_a_live_capture_is_shown_as_it_comes():
    octets = (CAPTURES / "kannel.pcap").read_bytes()
    with start("decode", "-", "--format", "json") as process:
        process.stdin.write(octets[: len(octets) // 2])
        process.stdin.flush()
        # The pipe stays open: what comes now comes because the command does not sit on it.
        assert json.loads(process.stdout.readline())["command"] == "bind_transceiver"
        process.stdin.close()
        process.stdout.read()
        assert process.wait(60) == 0


def test_output_is_not_kept_back_while_the_input_is_silent():
    with start("decode", "-") as process:
        for frame in (LINK, SUBMIT, LINK):
            process.stdin.write(frame)
            process.stdin.flush()
            lines = []
            while (line := process.stdout.readline()) not in (b"\n", b""):
                lines.append(line)
            assert lines[0].startswith((b"enquire_link", b"submit_sm"))
        process.stdin.close()
        assert process.wait(60) == 0


# What it costs.

_LIST = """
import sys
import threading
from smswire.cli.main import main
code = main(sys.argv[1:])
print(code, *sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_hex_into_a_pipe_imports_neither_asyncio_nor_rich_nor_what_it_does_not_need(form):
    done = subprocess.run([sys.executable, "-P", "-c", _LIST, "decode", SUBMIT.hex(), "--format", form], capture_output=True)
    code, *modules = done.stderr.decode().split()
    assert code == "0" and b"submit_sm" in done.stdout
    loaded = {module for module in modules if module.startswith(("smswire", "smpp_core"))}
    for unwanted in (
        "asyncio",
        "rich",
        "regex",
        "ssl",
        "socket",
        "logging",
        "multiprocessing",
        "concurrent",
        "email",
        "http",
        "lxml",
        "uvloop",
    ):
        assert unwanted not in {module.partition(".")[0] for module in modules}, unwanted
    assert not {
        module for module in loaded if module.startswith(("smpp_core.capture", "smswire.gateway", "smswire.session", "smswire.http"))
    }
    assert {"smswire.cli.demo", "smswire.cli.progress"}.isdisjoint(loaded)
    assert ("msgspec" in modules) == (form == "json")


_PEAK = """
import resource
from smswire.cli.main import main
main(["decode", "-", "--format", "json"])
raise SystemExit(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


def test_memory_does_not_grow_with_a_long_input():
    def peak(count: int) -> int:
        done = subprocess.run([sys.executable, "-P", "-c", _PEAK], input=SUBMIT * count, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return int(done.stderr)

    assert peak(100_000) < peak(1_000) + 8_000  # KiB


def test_a_long_capture_into_a_file_has_a_progress_bar_on_the_terminal(tmp_path):
    parent, child = pty.openpty()
    script = "import sys, smswire.cli.decode as d; d.LONG = 1; from smswire.cli.main import main; sys.exit(main(sys.argv[1:]))"
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", script, "decode", str(CAPTURES / "nano.pcap"), "--format", "json"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=child,
            env=os.environ | {"TERM": "xterm"},
        )
    os.close(child)
    seen = b""
    try:
        while chunk := os.read(parent, 65536):
            seen += chunk
    except OSError:
        pass
    os.close(parent)
    assert process.wait(60) == 0
    assert b"decoding" in seen
    assert [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()] == decode(str(CAPTURES / "nano.pcap"))
