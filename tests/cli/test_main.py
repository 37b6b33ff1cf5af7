"""The command line as a whole: help with examples for every command, the version, exit codes, and one sentence for what goes wrong."""

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import smswire as package
from smswire.cli import main as module
from smswire.cli.main import COMMANDS, main, smswire


def test_without_a_command_it_prints_help():
    done = CliRunner().invoke(smswire, [])
    assert done.exit_code == 0 and done.stdout.startswith("Usage: smswire")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_an_example(name):
    done = CliRunner().invoke(smswire, [name, "--help"])
    assert done.exit_code == 0
    assert f"smswire {name}" in done.stdout.partition("Example")[2]
    assert name in CliRunner().invoke(smswire, ["--help"]).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_bears_its_name_and_explains_its_options(name):
    command = smswire.get_command(click.Context(smswire), name)
    assert command is not None and command.name == name and command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_list_of_commands_imports_none():
    code = (
        "import sys; from smswire.cli.main import main; main(['--help'])\n"
        "raise SystemExit(str([name for name in sys.modules if name.startswith(('smpp', 'rich'))]))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_the_version_is_the_package_s():
    done = CliRunner().invoke(smswire, ["--version"])
    assert done.stdout == f"smswire {package.__version__}\n"


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys; before = set(sys.modules); import smswire; raise SystemExit(str(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "['smswire']"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope"], "smswire: No such command 'nope'; see smswire --help"),
        (["--nope"], "smswire: No such option"),
        (["decode", "--strict=1"], "smswire decode: Option '--strict' does not take a value; see smswire decode --help"),
    ],
)
def test_wrong_usage_is_one_sentence(capsys, arguments, sentence):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(sentence) and err.count("\n") == 1


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, ""),
        (PermissionError(13, "Permission denied", "x.pcap"), 2, "smswire broken: x.pcap: Permission denied"),
        (OSError(28, "No space left on device"), 2, "smswire broken: No space left on device"),
        (MemoryError(), 2, "smswire broken: out of memory"),
        (click.ClickException("no"), 1, "smswire broken: no"),
        (ZeroDivisionError("division by zero"), 2, "smswire broken: a fault of smswire itself, ZeroDivisionError: division by zero"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_inside_a_command_is_one_sentence(monkeypatch, capsys, fault, code, sentence):
    @click.command()
    def broken():
        raise fault

    monkeypatch.setitem(COMMANDS, "broken", ("broken", ""))
    monkeypatch.setitem(sys.modules, "smswire.cli.broken", type(module)("smswire.cli.broken"))
    monkeypatch.setattr(sys.modules["smswire.cli.broken"], "broken", broken, raising=False)
    assert main(["broken"]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(sentence) and err.count("\n") == (1 if sentence else 0)


def test_python_m_is_the_command():
    done = subprocess.run([sys.executable, "-P", "-m", "smswire", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"smswire {package.__version__}\n")


def test_standard_error_that_is_closed_changes_nothing_but_the_sentence():
    done = subprocess.run(f"{sys.executable} -P -m smswire decode zz 2>&-", shell=True, capture_output=True)
    assert done.returncode == 2 and done.stdout == b""


@pytest.mark.parametrize(
    ("closed", "sentence"),
    [("<&-", b"smswire decode: standard input is closed\n"), (">&-", b"smswire decode: standard output is closed\n")],
)
def test_a_closed_input_or_output_is_one_sentence(closed, sentence):
    argument = "-" if closed == "<&-" else "00000010000000150000000000000001"
    done = subprocess.run(f"{sys.executable} -P -m smswire decode {argument} {closed}", shell=True, capture_output=True)
    assert (done.returncode, done.stderr) == (2, sentence)


def test_a_full_disk_is_one_sentence():
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "smswire", "decode", "00000010000000150000000000000001"], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2 and done.stderr == b"smswire decode: No space left on device\n"
