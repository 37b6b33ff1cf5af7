"""Layer 4, captures: pcap and pcapng to PDUs; the whole command beside tshark."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import million
import pytest
from measure import smswire_command
from read_capture import read_two_fields

from smpp_core import capture

PDUS = 5_000
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="there is no tshark")


@pytest.fixture(scope="module", params=["pcap", "pcapng"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of 5,000 PDUs."""
    found = tmp_path_factory.mktemp("captures") / f"sessions.{request.param}"
    with open(found, "wb") as out:
        million.write_capture(out, PDUS, pcapng=request.param == "pcapng", lifetime=1000)
    return found


@pytest.mark.benchmark(group="capture of 5,000 PDUs, in Python")
def test_every_pdu_of_a_capture(benchmark: Any, path: Path) -> None:
    assert benchmark(lambda: sum(1 for _ in capture.read(path))) == PDUS


@pytest.mark.benchmark(group="capture of 5,000 PDUs, in Python")
def test_two_fields_of_every_pdu(benchmark: Any, path: Path) -> None:
    assert benchmark(read_two_fields, path) == PDUS


@pytest.mark.benchmark(group="capture of 5,000 PDUs, whole commands")
def test_decode_to_json(benchmark: Any, path: Path) -> None:
    command = [*smswire_command(), "decode", "--format", "json", str(path)]
    done = benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "check": True}, rounds=3)
    assert done.stdout.count(b"\n") == PDUS


@needs_tshark
@pytest.mark.peer
@pytest.mark.parametrize("arguments", [("-T", "fields", "-e", "smpp.sequence_number", "-e", "smpp.destination_addr"), ("-T", "json")])
@pytest.mark.benchmark(group="capture of 5,000 PDUs, whole commands")
def test_tshark(benchmark: Any, path: Path, arguments: tuple[str, ...]) -> None:
    command = ["tshark", "-n", "-r", str(path), *arguments]
    benchmark.pedantic(subprocess.run, (command,), {"capture_output": True, "check": True}, rounds=1)


@needs_tshark
@pytest.mark.peer
def test_tshark_finds_the_same_pdus_in_the_generated_capture(path: Path) -> None:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "smpp.sequence_number"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = sorted(int(number, 0) for number in shown.replace("\n", ",").split(",") if number)
    ours = sorted(item.pdu.sequence_number for item in capture.read(path))
    assert len(ours) == PDUS and theirs == ours
