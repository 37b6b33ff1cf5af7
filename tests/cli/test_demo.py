"""`smswire demo` shows PDUs and what every capture holds, and fails if one cannot be read."""

import re
import shutil
from pathlib import Path

from click.testing import CliRunner

from smswire.cli.demo import NUMBER_CONTEXT
from smswire.cli.main import smswire

CAPTURES = Path(__file__).parents[1] / "data" / "captures"


def demo(*arguments: str):
    return CliRunner().invoke(smswire, ["demo", *arguments])


def test_it_shows_a_broken_pdu_a_receipt_a_number_context_and_each_capture():
    done = demo("--captures", str(CAPTURES))
    assert done.exit_code == 0
    assert re.search(r"^A PDU that breaks the protocol .*?\n {8}error ", done.stdout, re.S | re.M)
    assert "receipt                        DELIVERED" in done.stdout
    assert re.search(r"0x1403 imsi +\"219101100935850\"", done.stdout) and re.search(r"MCCMNC +\"21910\"", done.stdout)
    for path in CAPTURES.glob("*.pcap*"):
        assert path.name in done.stdout
    assert re.search(r"as JSON +│ +[\d,]{5,}", done.stdout)


def test_the_number_context_is_one_sound_pdu():
    assert int(NUMBER_CONTEXT[:8], 16) == len(NUMBER_CONTEXT) // 2


def test_a_capture_that_cannot_be_read_fails_it(tmp_path):
    shutil.copy(CAPTURES / "kannel.pcap", tmp_path)
    (tmp_path / "bad.pcap").write_bytes(b"this is no capture")
    done = demo("--captures", str(tmp_path))
    assert done.exit_code == 1 and "bad.pcap" in done.stdout and "kannel.pcap" in done.stdout


def test_without_captures_it_says_so(tmp_path):
    done = demo("--captures", str(tmp_path))
    assert done.exit_code == 2 and "there are no captures in" in done.stderr
