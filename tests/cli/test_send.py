"""`smswire send` against a simulated SMSC in another process: states, exit codes, secrets, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated import simulated


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
