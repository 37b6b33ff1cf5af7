"""`smswire send` against a simulated SMSC in another process: states, exit codes, secrets, Ctrl-C."""

import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from simulated import simulated

from smswire.cli.main import main


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with simulated("--scenario", "realistic", "--seed", "1") as address:
        yield address


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "smswire", "send", *arguments]


def send(address: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    url = ("--smpp", f"smpp://test:test@{address}", "--from", "Infobip")
    return subprocess.run(command(*url, *arguments), capture_output=True, text=True, timeout=60, **options)


def test_a_message_is_sent_and_named(address: str) -> None:
    done = send(address, "--to", "385911111111", "Hello", "there")
    assert done.returncode == 0, done.stderr
    to, state, message_id = done.stdout.split()
    assert (to, state) == ("385911111111", "SENT") and message_id


def test_with_wait_the_receipt_decides(address: str) -> None:
    done = send(address, "--to", "385911111111", "--to", "+385911111112", "--wait", "--format", "json", "Hello")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["to"] for record in found} == {"385911111111", "385911111112"}
    assert done.returncode == (0 if all(record["state"] == "DELIVERED" for record in found) else 1)
    assert all(record["state"] in ("DELIVERED", "UNDELIVERED", "EXPIRED", "REJECTED", "UNKNOWN") for record in found)


def test_a_long_text_is_one_message_of_several_parts(address: str) -> None:
    done = send(address, "--to", "385911111111", "--format", "json", "длинный " * 30)
    record = json.loads(done.stdout)
    assert (record["segments"], record["encoding"], len(record["message_ids"])) == (4, "ucs2", 4)


def test_a_refusal_is_named_and_exits_1(address: str) -> None:
    done = send(address, "--to", "34612345678", "Hello")  # a network that the scenario does not cover
    assert done.returncode == 1
    assert done.stdout == "34612345678  REJECTED  NETWORK_NOT_COVERED (0x22): Network not covered\n"


def test_receivers_come_from_a_file_or_standard_input(address: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("385911111111\n\n 385911111112 \n")
    assert len(send(address, "--to-file", str(numbers), "Hello").stdout.splitlines()) == 2
    assert len(send(address, "--to-file", "-", "Hello", input="385911111111\n").stdout.splitlines()) == 1


def test_the_password_comes_from_a_file_or_the_environment(address: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("test\nnothing of this\n")
    arguments = ("--smpp", f"smpp://test:wrong@{address}", "--from", "Infobip", "--to", "385911111111", "x")
    for extra, environment in ((("--password-file", str(secret)), {}), ((), {"SMSWIRE_PASSWORD": "test"})):
        done = subprocess.run(command(*extra, *arguments), capture_output=True, text=True, timeout=60, env=os.environ | environment)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (["--to", "12", "x"], "to has 2 digits, not 5 to 15"),
    (["x"], "give a receiver with --to or --to-file"),
    (["--to", "385911111111"], "Missing argument 'TEXT...'"),
    (["--to", "385911111111", "--validity", "3x", "x"], "'3x' is no span of time as 90s, 30m, 48h, 3d or 1h30m"),
    (["--to", "385911111111", "--encoding", "gsm7", "日本"], "at index 0 is not in GSM 7-bit"),
    (["--to", "385911111111", "--from", "much too long a name", "x"], "sender"),
    (["--to", "385911111111", "x" * 50_000], "255"),
])
def test_a_wrong_argument_is_one_sentence_and_nothing_is_sent(address: str, arguments: list[str], words: str) -> None:
    done = send(address, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_server_that_is_not_there_or_says_no_is_named() -> None:
    done = send("127.0.0.1:1", "--to", "385911111111", "x")
    assert done.returncode == 2 and "127.0.0.1:1" in done.stderr and "Traceback" not in done.stderr


def test_no_password_is_ever_printed(address: str) -> None:
    arguments = command("--smpp", f"smpp://test:Secret_7@{address}", "--from", "Infobip", "--to", "385911111111", "x")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "ESME_RINVPASWD" in done.stderr and "Secret_7" not in done.stdout + done.stderr


def test_ctrl_c_unbinds_and_says_what_had_no_end() -> None:
    with simulated("--scenario", "slow") as address:
        process = subprocess.Popen(
            command("--smpp", f"smpp://test:test@{address}", "--from", "Infobip", "--to", "385911111111", "--wait", "x"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.5)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert stderr == "interrupted: 1 of 1 messages have no end yet, 0 requests were in flight\n"


def test_sigterm_unbinds_too_and_the_ids_of_accepted_messages_are_not_lost() -> None:
    with simulated("--scenario", "slow") as address:
        arguments = command("--smpp", f"smpp://test:test@{address}", "--from", "Infobip", "--to", "385911111111", "--wait", "x")
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.5)
            process.terminate()
            stdout, stderr = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130 and stderr.startswith("interrupted: 1 of 1 messages")
    to, state, message_id, reason = stdout.split()
    assert (to, state, reason) == ("385911111111", "SUBMITTED", "interrupted") and message_id


@pytest.mark.parametrize(("content", "words"), [
    (b"385911111111\n\n12\n", "line 3 of {}: to has 2 digits, not 5 to 15"),
    (b"\xef\xbb\xbf385911111111\n\xff\n", "--to-file: {} is no text in UTF-8: octet 0xFF at 16"),
    (b"\n \n", "--to-file: {} has no receivers"),
])
def test_a_file_of_receivers_that_is_wrong_is_named_with_its_line(content: bytes, words: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_bytes(content)
    done = send("127.0.0.1:1", "--to-file", str(numbers), "x")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"smswire send: {words.format(numbers)}\n")


@pytest.mark.parametrize(("arguments", "words"), [
    (["--password-file", "{binary}"], "--password-file: the first line of {binary} is no text in UTF-8"),
    (["--smpp", "smpp://me@h?bind=receiver"], "--smpp: a receiver cannot send"),
    (["--smpp", "smpp://me@h?bind=transmitter", "--wait"], "--smpp: a transmitter gets no receipts, for which --wait waits"),
    (["--smpp", "smpps://me@h", "--insecure", "--cafile", "{binary}"], "--insecure verifies nothing, so that --cafile is of no use"),
    (["--validity", "0s"], "'0s' is not above 0 and below 100 days"),
    (["--schedule", "9" * 30 + "d"], "is not above 0 and below 100 days"),
    (["--validity", "٣s"], "is no span of time"),
    (["--timeout", "nan"], "nan is no number to work with"),
    (["--to", "12"], "--to: to has 2 digits"),
    (["--from", "much too long a name"], "--from: alphanumeric sender has 20 characters"),
])
def test_options_that_cannot_work_are_refused_before_anything_is_sent(arguments: list[str], words: str, tmp_path: Path, capsys) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\n")
    given = [argument.format(binary=binary) for argument in arguments]
    assert main(["send", "--smpp", "smpp://me@127.0.0.1:1", "--from", "Infobip", "--to", "385911111111", *given, "x"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words.format(binary=binary) in err and err.count("\n") == 1, err


def test_octets_of_an_argument_that_are_no_utf_8_are_named(address: str) -> None:
    done = send(address, "--to", "385911111111", b"a\xff")
    assert (done.returncode, done.stderr) == (2, "smswire send: the text has the octet 0xFF at index 1, which is no UTF-8\n")


def test_a_reader_that_leaves_is_no_fault_and_a_closed_output_is_one(address: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("".join(f"3859111{number:05}\n" for number in range(2_000)))
    arguments = ["--smpp", f"smpp://test:test@{address}", "--from", "Infobip"]
    program = shlex.join(command(*arguments))
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {program} --to-file {numbers} x | head -1"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "SENT" in done.stdout
    done = subprocess.run(["bash", "-c", f"{program} --to 385911111111 x >&-"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "smswire send: standard output is closed\n")


def on_a_terminal(command: list[str], stdout: int | None) -> str:
    """Run the command with a terminal of 40 columns as standard error, and as standard output, too, unless that is given. What it shows."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    shown = b""
    with subprocess.Popen(command, stdout=slave if stdout is None else stdout, stderr=slave) as process:
        os.close(slave)
        with suppress(OSError):  # how the end of a terminal reads
            while found := os.read(master, 65536):
                shown += found
    os.close(master)
    assert process.returncode == 0
    return shown.decode()


def test_with_a_bar_on_standard_error_the_data_still_goes_to_standard_output(address: str, tmp_path: Path) -> None:
    arguments = command("--smpp", f"smpp://test:test@{address}", "--from", "Infobip", "--to", "385911111111", "--format", "json", "x")
    with open(tmp_path / "out", "wb") as file:
        assert "sending" in on_a_terminal(arguments, file.fileno())
    assert json.loads((tmp_path / "out").read_text())["state"] == "SENT"
    shown = on_a_terminal(arguments, None)
    found = re.search(r"\r\x1b\[2K(\{.*\})\r\n", shown)
    assert found and json.loads(found[1])["state"] == "SENT"  # a line is not cut at the terminal's width
