"""`smswire simulate --replay`: a captured session played by both commands, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
COMMAND = [sys.executable, "-m", "smswire", "simulate"]


def replayed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)


def play_against_a_server(capture: str, login: str = "") -> tuple["subprocess.CompletedProcess[str]", int, str, str, list[str]]:
    """The client's end, and the server's exit code, first line, summary, and lines on standard error."""
    server = subprocess.Popen(
        [*COMMAND, "--replay", str(CAPTURES / capture), "--listen", "127.0.0.1:0", "--speed", "0", "--format", "json", "--duration", "20"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert server.stdout is not None
    first = server.stdout.readline()
    client = replayed("--replay", str(CAPTURES / capture), "--as", "client", "--smpp", f"smpp://{login}{first.split()[1]}", "--speed", "0")
    summary, told = server.communicate(timeout=30)
    return client, server.returncode, first, summary, told.splitlines()


def test_two_commands_play_a_capture_without_a_difference() -> None:
    client, code, first, summary, _ = play_against_a_server("nano.pcap")
    assert first.startswith("smpp 127.0.0.1:")
    assert client.returncode == 0
    assert client.stderr.splitlines() == ["sessions: 1", "PDUs: 56 sent, 56 received", "differences: 0"]
    assert code == 0
    assert json.loads(summary)["summary"] == {"sessions": 1, "sent": 56, "received": 56, "diverged": 0, "divergences": []}


def test_differences_are_listed_and_make_the_exit_code_1() -> None:
    client, code, _, summary, told = play_against_a_server("nano.pcap", "other:secret@")
    assert (client.returncode, code) == (0, 1), "the client was answered as ever"
    (difference,) = json.loads(summary)["summary"]["divergences"]
    del difference["at"]
    assert difference == {"kind": "different", "step": 0, "command": "bind_transceiver", "fields": ["system_id"]}
    assert told[2] == "differences: 1"
    assert told[3].endswith(" s  different at step 0: bind_transceiver (system_id)")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--as", "client"), "are for --replay"),
        (("--smpp", "smpp://a"), "are for --replay"),
        (("--replay", str(CAPTURES / "nano.pcap"), "--as", "client"), "needs the server's URL"),
        (("--replay", str(CAPTURES / "nano.pcap"), "--smpp", "smpp://a"), "is for --as client"),
        (("--replay", str(CAPTURES / "nano.pcap"), "--as", "client", "--smpp", "http://a"), "--smpp: "),
        (("--replay", __file__), "capture"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_sentence(arguments: tuple[str, ...], problem: str) -> None:
    done = replayed(*arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1
