"""`smswire demo` sends through a simulated SMSC over real sockets and accounts for every message."""

import re
import signal
import subprocess
import sys

import pytest


def demo(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "smswire", "demo", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_every_message_is_accounted_for_by_a_response_and_a_receipt() -> None:
    process = demo("--messages", "1500", "--binds", "2")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    figures = {name.strip(): value for name, value in re.findall(r"│ (.+?) +│ +([\d,.]+)(?: ms)? │", stdout)}
    number = {name: int(value.replace(",", "")) for name, value in figures.items() if "." not in value}
    assert number["messages"] == 1500 and number["segments"] > 1500
    refused = number["refused NETWORK_NOT_COVERED"]
    assert number["accepted"] + refused == number["segments"]
    states = ("delivered", "expired", "rejected", "undeliverable", "unknown", "deleted")
    assert sum(number.get(state, 0) for state in states) == number["accepted"]
    assert {"response p50", "response p99", "receipt p50", "receipt p99", "segments a second"} <= figures.keys()
    assert "every message is accounted for" in stdout


def test_ctrl_c_ends_it_with_130_and_a_table() -> None:
    process = demo("--messages", "1000000")
    assert process.stderr is not None and "an SMSC on" in process.stderr.readline()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130 and "in flight" in stdout
