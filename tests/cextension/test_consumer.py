"""The C surface: a small extension compiles against the .pxd files of the installed package, and reads PDUs as the package does."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import smpp_core as smpp

BUILD = """
from Cython.Build import cythonize
from setuptools import Extension, setup
setup(
    name="consumer",
    script_args=["-q", "build_ext", "--inplace"],
    ext_modules=cythonize([Extension("consumer", ["consumer.pyx"], extra_compile_args=["-O1"])], language_level=3, quiet=True),
)
"""

TO_CROATIA = smpp.SubmitSm(source_addr="me", source_addr_ton=5, destination_addr="385951111111", short_message=b"Hi", sequence_number=1)
TO_GERMANY = smpp.SubmitSm(destination_addr="49170", tlvs=[(0x1456, b"campaign\0")], sequence_number=2)
RECEIPT = smpp.DeliverSm(destination_addr="385", esm_class=4, short_message=b"id:1 stat:DELIVRD", sequence_number=3)
LINK = smpp.EnquireLink(sequence_number=4)
UNKNOWN = bytes.fromhex("00000012000001ff00000000000000051234")


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The extension, compiled in a folder where nothing but the installed package can be found."""
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "consumer.pyx").write_bytes((Path(__file__).parent / "consumer.pyx").read_bytes())
    done = subprocess.run([sys.executable, "-P", "-c", BUILD], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (path for path in folder.iterdir() if path.suffix in (".so", ".pyd"))
    spec = importlib.util.spec_from_file_location("consumer", built)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_buffer_of_pdus_is_surveyed_without_the_gil(consumer: ModuleType) -> None:
    broken = bytearray(bytes(TO_CROATIA))
    broken[-3] = 200  # sm_length
    buffer = b"".join([bytes(TO_CROATIA), bytes(TO_GERMANY), bytes(RECEIPT), bytes(LINK), UNKNOWN, bytes(broken)])
    assert consumer.surveyed(buffer, b"38") == (6, 4, 1)
    assert consumer.surveyed(buffer[:-1], b"38") is None


@pytest.mark.parametrize("pdu", [TO_CROATIA, TO_GERMANY, RECEIPT])
def test_a_field_is_found_where_the_package_finds_it(consumer: ModuleType, pdu: smpp.SubmitSm | smpp.DeliverSm) -> None:
    assert consumer.destination(bytes(pdu)).decode() == pdu.destination_addr


def test_writing_in_c_gives_the_pdu_that_the_package_builds(consumer: ModuleType) -> None:
    assert consumer.renumbered(bytes(TO_CROATIA), 0x7FFFFFFF) == bytes(TO_CROATIA.with_sequence(0x7FFFFFFF))
    assert consumer.in_wire_order(0x1456) == b"\x14\x56"


def test_the_next_header_is_found_in_octets_out_of_step(consumer: ModuleType) -> None:
    octets = b"\0\0junk" + bytes(LINK) + bytes(LINK)
    assert consumer.resynchronised(octets, 0) == (smpp.find_frame(octets), False) == (6, False)
    assert consumer.resynchronised(octets, 6) == (6, True)


def test_commands_are_known_in_c_as_in_the_tables(consumer: ModuleType) -> None:
    from smpp_core.spec.commands import COMMANDS

    every = {*range(0x200), *range(0x80000000, 0x80000200), 0xFFFFFFFF}
    assert {command_id for command_id in every if consumer.known(command_id)} == set(COMMANDS)


def test_the_compiler_refuses_what_the_surface_does_not_have(tmp_path: Path) -> None:
    pytest.importorskip("Cython")
    (tmp_path / "consumer.pyx").write_text("from smpp_core.layout cimport no_such_function\n")
    done = subprocess.run([sys.executable, "-P", "-m", "cython", "-3", "consumer.pyx"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "no_such_function" in done.stderr
