"""`smswire demo` sends through a simulated SMSC over real sockets and accounts for every message."""

import re
import signal
import socket
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
    assert stdout.endswith("\nevery message is accounted for\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_130_and_a_table_and_ends_its_smsc(number: signal.Signals) -> None:
    process = demo("--messages", "1000000")
    assert process.stderr is not None
    port = re.search(r"an SMSC on 127\.0\.0\.1:(\d+)", process.stderr.readline())
    assert port
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130 and "in flight" in stdout
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port[1])))
