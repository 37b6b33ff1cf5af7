"""`smswire load` against a simulated SMSC in another process: its numbers, its exit codes, Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated import simulated

from smswire.cli.main import main

URL = "smpp://test:test@{}"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with simulated("--scenario", "realistic", "--seed", "1") as address:
        yield address


def load(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smswire", "load", "--smpp", URL.format(address), *arguments], capture_output=True, text=True, timeout=60
    )


def test_a_load_counts_what_it_sent_as_one_json_object(address: str) -> None:
    done = load(address, "--messages", "2000", "--binds", "2", "--window", "50", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["messages"] == found["accepted_messages"] == 2000
    assert found["segments"] == found["accepted"] > 2000
    assert found["refused"] == {} and found["timed_out"] == found["lost"] == found["unsent"] == found["in_flight"] == 0
    assert list(found["latency_ms"]) == ["p50", "p90", "p99", "p99.9", "p99.99", "max"]
    assert found["options"] == {"binds": 2, "window": 50, "rate": None, "messages": 2000, "receipts": False}


def test_receipts_are_awaited_and_the_table_says_what_they_say(address: str) -> None:
    done = load(address, "--messages", "20", "--receipts", "--mix", "short")
    assert done.returncode == 0, done.stderr
    assert "delivered" in done.stdout and "receipt p99" in done.stdout and "receipts missing" not in done.stdout


def test_a_rate_is_kept(address: str) -> None:
    found = json.loads(load(address, "--messages", "300", "--rate", "1000", "--mix", "short", "--format", "json").stdout)
    assert 0.28 < found["seconds"] < 3 and found["accepted"] == 300


def test_a_rate_below_the_wanted_one_exits_1(address: str) -> None:
    done = load(address, "--messages", "50", "--mix", "short", "--fail-below", "1e9")
    assert done.returncode == 1 and "are below 1e+09" in done.stderr


def test_results_are_compared_with_earlier_ones(address: str, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(load(address, "--messages", "200", "--format", "json").stdout)
    assert load(address, "--messages", "200", "--compare", str(earlier), "--tolerance", "99.9").returncode == 0
    figures = json.loads(earlier.read_text())
    earlier.write_text(json.dumps(figures | {"accepted_per_second": 1e12}))
    done = load(address, "--messages", "100", "--compare", str(earlier))
    assert done.returncode == 1
    assert "segments a second" in done.stderr and "-100.0 %" in done.stderr and "the runs differ in messages" in done.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (["--smpp", "http://x"], "--smpp: an SMPP URL begins with smpp:// or smpps://"),
    (["--smpp", "smpp://test:wrong@{}"], "ESME_RINVPASWD"),
    (["--smpp", "smpp://test:test@127.0.0.1:1"], "127.0.0.1:1"),
    (["--smpp", "smpp://test:test@{}", "--to", "12"], "to has 2 digits, not 5 to 15"),
    (["--smpp", "smpp://test:test@{}", "--insecure"], "need an smpps:// URL"),
    (["--smpp", "smpp://test:test@{}", "--profile", "nowhere"], "neither vendor nor standard nor a file"),
    (["--smpp", "smpp://test:test@{}", "--compare", __file__], "no results of smswire load"),
])
def test_a_wrong_argument_is_one_sentence_and_exit_code_2(address: str, arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "smswire", "load", *(argument.format(address) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert words in done.stderr and len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr


def test_ctrl_c_unbinds_and_tells_what_was_in_flight(address: str) -> None:
    command = [sys.executable, "-m", "smswire", "load", "--smpp", URL.format(address), "--messages", "10000000", "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
    found = json.loads(stdout)
    assert process.returncode == 130
    assert stderr == (
        f"interrupted: {found['messages']:,} of 10,000,000 messages were handed over, {found['in_flight']:,} segments have no response\n"
    )
    assert found["accepted"] > 0  # the kinds of ten million messages are not drawn before the first is sent
    ends = sum(found[name] for name in ("accepted", "timed_out", "lost", "unsent", "in_flight")) + sum(found["refused"].values())
    assert found["segments"] == ends > 0


@pytest.mark.parametrize(("arguments", "words"), [
    (["--rate", "nan"], "nan is no number to work with"),
    (["--timeout", "inf"], "inf is no number to work with"),
    (["--fail-below", "-1"], "is not in the range x>=0"),
    (["--text", "x", "--mix", "short"], "give --text or --mix, not both"),
    (["--tolerance", "5"], "--tolerance is for --compare"),
    (["--to", "12"], "--to: to has 2 digits, not 5 to 15"),
    (["--receipts", "--smpp", "smpp://me@h?bind=transmitter"], "a transmitter gets no receipts, for which --receipts waits"),
])
def test_what_makes_no_sense_is_refused_before_anything_is_sent(arguments: list[str], words: str, capsys) -> None:
    assert main(["load", "--smpp", "smpp://me@127.0.0.1:1", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.count("\n") == 1, err


@pytest.mark.parametrize("junk", [
    "[]", '{"accepted_per_second": "x"}', '{"accepted_per_second": true}', "", "{}{}", "{" + " " * 1_100_000 + "}",
])
def test_what_is_no_earlier_result_is_refused(junk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "junk"
    path.write_text(junk)
    assert main(["load", "--smpp", "smpp://me@127.0.0.1:1", "--compare", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"smswire load: {path}: no results of smswire load: ")


def test_results_that_lack_parts_are_compared_by_the_rest(address: str, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text('{"accepted_per_second": 0, "latency_ms": 7, "options": null}')
    done = load(address, "--messages", "5", "--compare", str(earlier))
    assert done.returncode == 0 and "+inf %" in done.stderr and "differ" not in done.stderr


def test_a_server_that_has_gone_is_given_up_and_all_is_accounted_for() -> None:
    with simulated() as address:
        command = [sys.executable, "-m", "smswire", "load", "--smpp", URL.format(address), "--messages", "10000000", "--timeout", "0.5"]
        process = subprocess.Popen([*command, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert stderr.endswith(f"given up: no connection to {address} for 0.5 seconds\n")
    found = json.loads(stdout)
    ends = sum(found[name] for name in ("accepted", "timed_out", "lost", "unsent", "in_flight")) + sum(found["refused"].values())
    assert found["segments"] == ends > 0


def test_loads_that_take_each_others_receipts_away_are_told_why(tmp_path: Path) -> None:
    scenario = tmp_path / "quick.toml"
    scenario.write_text('delay = { kind = "constant", seconds = 0.5 }\n')
    with simulated("--scenario", str(scenario)) as address:
        program = "import sys; from smswire.cli import course, main; course._QUIET = 1.0; sys.exit(main.main())"
        command = [sys.executable, "-c", program, "load", "--smpp", URL.format(address), "--messages", "300"]
        command += ["--rate", "300", "--receipts", "--mix", "short"]
        loads = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [load.communicate(timeout=30)[1] for load in loads]
    assert [load.returncode for load in loads] == [1, 1]
    assert said == ["receipts of others came and some are missing: is another program bound to the same account?\n"] * 2


def test_two_files_of_results_are_compared_without_sending(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"accepted_per_second": 100.0, "latency_ms": {"p50": 1.0}, "options": {"rate": None}}))
    new.write_text(json.dumps({"accepted_per_second": 80.0, "latency_ms": {"p50": 1.5}, "options": {"rate": 5}}))
    command = [sys.executable, "-m", "smswire", "load", "--compare", str(old), "--results", str(new)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "-20.0 %" in done.stderr and "+50.0 %" in done.stderr and "the runs differ in rate" in done.stderr
    assert subprocess.run([*command, "--tolerance", "25"], capture_output=True, timeout=60).returncode == 0
    alone = subprocess.run(command[:4] + command[6:], capture_output=True, text=True, timeout=60)
    assert alone.returncode == 2 and "--results is for --compare" in alone.stderr


def test_without_a_url_it_says_which_option_is_missing() -> None:
    done = subprocess.run([sys.executable, "-m", "smswire", "load"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "Missing option '--smpp'" in done.stderr
