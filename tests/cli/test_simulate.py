"""`smswire simulate`: says where it listens before anything else, serves, ends cleanly on a signal or after a time, and sums up."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import ssl
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from inbox_esme import InboxEsme

from smpp_core import BindTransceiver
from smswire.cli.main import main
from smswire.simulator.scenario import shipped

COMMAND = [sys.executable, "-P", "-m", "smswire", "simulate"]
QUICK = 'name = "quick"\ndelay = { kind = "constant", seconds = 0.05 }\n'


@contextmanager
def running(*arguments: str, stderr: int = subprocess.PIPE) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """The command in a process, with the scheme and port of its first line."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"(smpps?) (?:127\.0\.0\.1|\[::1\]):(\d+)\n", line)
        assert found, line
        yield process, found[1], int(found[2])
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_on_a_signal_with_a_summary(number: signal.Signals, tmp_path) -> None:
    async def client(port: int) -> InboxEsme:
        esme = await InboxEsme.bound(port, "demo", "se:cret")
        for _ in range(3):
            assert (await esme.submit()).command_status == 0
        await esme.arrived(3)
        process.send_signal(number)
        while not esme.others:
            await asyncio.sleep(0.01)
        await esme.close()
        return esme

    scenario = tmp_path / "quick.toml"
    scenario.write_text(QUICK)
    options = ("--listen", "127.0.0.1:0", "--account", "demo:se:cret", "--scenario", str(scenario), "--format", "json")
    with running(*options) as (process, scheme, port):
        assert scheme == "smpp"
        esme = asyncio.run(client(port))
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
    assert [pdu.command for pdu in esme.others] == ["unbind"]
    summary = json.loads(out)["summary"]
    assert (summary["sessions"], summary["messages"], summary["states"], summary["refused"]) == (1, 3, {"DELIVERED": 3}, {})
    assert (summary["receipts_sent"], summary["receipts_acknowledged"], summary["receipts_owed"]) == (3, 3, 0)
    assert err == "sessions: 1\nmessages: 3 (DELIVERED 3)\nreceipts: 3 sent, 3 acknowledged\n"


def test_a_second_signal_does_not_wait_for_peers_that_do_not_answer() -> None:
    async def client(port: int, process: subprocess.Popen[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes(BindTransceiver(system_id="test", password="test", sequence_number=1)))
        assert (await reader.readexactly(16))[4:12] == bytes.fromhex("8000000900000000")
        process.terminate()
        while b"\0\0\0\x06" not in await reader.read(4096):  # unbind, which is left unanswered
            pass
        process.terminate()
        await asyncio.to_thread(process.wait, 3)
        writer.close()

    with running("--listen", "127.0.0.1:0") as (process, _, port):
        asyncio.run(client(port, process))
        assert process.returncode == 0


def test_it_ends_by_itself_after_its_duration() -> None:
    done = subprocess.run([*COMMAND, "--listen", "127.0.0.1:0", "--duration", "0.2"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    assert re.fullmatch(r"smpp 127\.0\.0\.1:\d+\n", done.stdout)
    assert done.stderr == "sessions: 0\nmessages: 0\nreceipts: 0 sent, 0 acknowledged\n"


def test_on_a_terminal_a_line_says_what_goes_on() -> None:
    master, slave = pty.openpty()
    try:
        with running("--listen", "127.0.0.1:0", "--duration", "1.2", stderr=slave) as (process, _, _):
            process.wait(timeout=20)
            shown = os.read(master, 65536).decode()
    finally:
        os.close(master)
        os.close(slave)
    assert "0 sessions, 0 messages (0/s), 0 receipts acknowledged, 0 owed" in shown.replace("\r\n", "")
    assert shown.endswith("receipts: 0 sent, 0 acknowledged\r\n")


def test_on_a_narrow_terminal_the_line_does_not_wrap() -> None:
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
        with running("--listen", "127.0.0.1:0", "--duration", "0.8", stderr=slave) as (process, _, _):
            process.wait(timeout=20)
            shown = os.read(master, 65536).decode()
    finally:
        os.close(master)
        os.close(slave)
    assert "\r\x1b[K0 sessions, 0 messages (0/s),\r" in shown


def test_with_a_certificate_it_speaks_tls(tmp_path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )

    async def client(port: int) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        esme = InboxEsme(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost"), 0)
        assert (await esme.bind("test", "test")).command_status == 0
        await esme.close()

    options = ("--listen", "127.0.0.1:0", "--tls-certificate", str(certificate), "--tls-key", str(key))
    with running(*options) as (process, scheme, port):
        assert scheme == "smpps"
        asyncio.run(client(port))
        process.terminate()
        process.communicate(timeout=20)
        assert process.returncode == 0


def test_it_lists_the_scenarios_that_ship(capsys) -> None:
    assert main(["simulate", "--list-scenarios"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(shipped())
    assert main(["simulate", "--list-scenarios", "--format", "json"]) == 0
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == list(shipped())


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--listen", "nowhere"], "'nowhere' is no HOST:PORT"),
    (["--listen", "127.0.0.1:70000"], "'127.0.0.1:70000' is no HOST:PORT"),
    (["--account", "demo"], "NAME:PASSWORD"),
    (["--scenario", "reallistic"], "did you mean 'realistic'?"),
    (["--scenario", "{bad}"], "bad.toml: account[0].max_session: there is no such key; did you mean 'max_sessions'?"),
    (["--scenario", "{empty}"], "empty.toml: the scenario has no accounts; give one with --account NAME:PASSWORD"),
    (["--tls-key", "{bad}"], "--tls-key"),
    (["--tls-certificate", "{bad}"], "cannot be read as a certificate and a key in PEM form"),
    (["--tls-certificate", "none.pem"], "--tls-certificate: none.pem cannot be opened: No such file or directory"),
    (["--duration", "nan"], "nan is no number to work with"),
    (["--seed", "x"], "--seed"),
])
def test_wrong_usage_is_one_sentence_and_exit_code_2(arguments, sentence, capsys, tmp_path) -> None:
    (tmp_path / "bad.toml").write_text('[[account]]\nname = "x"\nmax_session = 3\n')
    (tmp_path / "empty.toml").write_text("# nothing\n")
    places = {"bad": str(tmp_path / "bad.toml"), "empty": str(tmp_path / "empty.toml")}
    assert main(["simulate", *[argument.format(**places) for argument in arguments]]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with running("--listen", "127.0.0.1:0") as (_, _, port):
        done = subprocess.run([*COMMAND, "--listen", f"127.0.0.1:{port}"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--listen: 127.0.0.1:{port}: " in done.stderr and "in use" in done.stderr.lower()
    assert done.stderr.count("\n") == 1
