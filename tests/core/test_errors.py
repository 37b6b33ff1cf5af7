"""Errors form one tree, carry what is needed to answer, and survive pickling and copying."""

import copy
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from smpp_core import errors
from smpp_core.errors import (
    CaptureError,
    CommandFailed,
    DecodeError,
    EncodeError,
    FrameError,
    ProfileError,
    ProtocolError,
    RequestTimeout,
    SessionClosed,
    SmppError,
    UnexpectedPdu,
    WindowFull,
)
from smpp_core.profile import Profile
from smpp_core.spec.commands import BY_NAME, COMMANDS
from smpp_core.spec.findings import FINDINGS, Finding
from smpp_core.spec.rows import Command
from smpp_core.spec.statuses import BY_NAME as STATUS
from smpp_core.spec.statuses import STATUSES


class Answer(NamedTuple):
    kind: str
    command_status: int
    sequence_number: int


class FakePdu(NamedTuple):
    """As much of a Pdu as errors look at."""

    row: Command | None
    sequence_number: int = 7
    command_status: int = 0

    @property
    def command(self) -> str:
        return self.row.name if self.row else "unknown"

    @property
    def status(self) -> Any:
        return Profile.vendor().status(self.command_status)

    def reply(self, command_status: int = 0) -> Answer:
        assert self.row is not None
        return Answer(self.row.response, command_status, self.sequence_number)


@pytest.fixture(autouse=True)
def nacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_make_generic_nack", lambda status, sequence: Answer("generic_nack", status, sequence))


def fault(code: str, field: str = "", offset: int = 16) -> Finding:
    row = FINDINGS[code]
    return Finding(row.severity, code, field, offset, row.section, "it is odd")


EVERY: list[SmppError] = [
    SmppError("x"), EncodeError("too long", "source_addr", 3), ProfileError("no such key", "tlv[0].kin", "a.toml"), ProtocolError("x"),
    FrameError("not SMPP", command_length=9, offset=5, octets=b"HTTP", protocol="HTTP", hint="h", sequence_number=4, command_status=3),
    DecodeError(FakePdu(BY_NAME["deliver_sm"]), fault("truncated", "source_addr")), UnexpectedPdu(FakePdu(BY_NAME["submit_sm"]), "OPEN"),
    CommandFailed(FakePdu(BY_NAME["submit_sm_resp"], 9, 0x58)), RequestTimeout("late", True), SessionClosed("gone", True),
    WindowFull("full"),
    CaptureError("cut", "a.pcap", 24),
]


def test_every_error_of_the_module_is_tried_here() -> None:
    assert {type(error).__name__ for error in EVERY} == set(errors.__all__)


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"],
)
def test_an_error_survives_pickling_and_copying_with_all_it_carries(error: SmppError, again: Any) -> None:
    error.add_note("seen by a test")
    twin = again(error)
    assert twin is not error and type(twin) is type(error)
    assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize(("kind", "parents"), [
    (EncodeError, (SmppError, ValueError)), (ProfileError, (SmppError, ValueError)), (ProtocolError, (SmppError,)),
    (FrameError, (ProtocolError,)),
    (DecodeError, (ProtocolError,)), (UnexpectedPdu, (ProtocolError,)), (CommandFailed, (SmppError,)), (RequestTimeout, (SmppError,)),
    (SessionClosed, (SmppError,)), (WindowFull, (SmppError,)), (CaptureError, (SmppError,)),
])
def test_the_tree(kind: type, parents: tuple[type, ...]) -> None:
    assert all(issubclass(kind, parent) for parent in parents)
    assert not issubclass(kind, ProtocolError) or not issubclass(kind, ValueError)


def test_a_frame_error_is_answered_by_a_generic_nack_of_invalid_command_length() -> None:
    error = FrameError("command_length is 8", command_length=8)
    assert error.reply() == Answer("generic_nack", 2, 0)
    assert (error.offset, error.octets, error.protocol, error.hint) == (0, b"", "", "")


def test_a_frame_error_keeps_sixteen_octets_at_the_most() -> None:
    assert FrameError("x", octets=bytes(range(40))).octets == bytes(range(16))


@pytest.mark.parametrize(("command", "code", "field", "status"), [
    ("submit_sm", "length-mismatch", "command_length", "ESME_RINVCMDLEN"),
    ("submit_sm", "tlv-overrun", "message_payload", "ESME_RINVOPTPARSTREAM"),
    ("submit_sm", "length-overrun", "short_message", "ESME_RINVMSGLEN"),
    ("submit_sm", "trailing-octets", "", "ESME_RINVOPTPARSTREAM"),
    ("query_sm", "trailing-octets", "", "ESME_RINVCMDLEN"),  # no TLV may stand there
    ("submit_sm", "truncated", "source_addr_ton", "ESME_RINVSRCTON"),
    ("submit_sm", "missing-nul", "destination_addr", "ESME_RINVDSTADR"),
    ("submit_sm", "missing-nul", "validity_period", "ESME_RINVEXPIRY"),
    ("submit_multi", "impossible-count", "number_of_dests", "ESME_RINVNUMDESTS"),
    ("submit_multi", "bad-dest-flag", "dest_addresses", "ESME_RINVDESTFLAG"),
    ("bind_transceiver", "missing-nul", "password", "ESME_RINVPASWD"),
    ("submit_sm", "truncated", "no_such_field", "ESME_RSYSERR"),
])
def test_the_status_that_answers_a_finding(command: str, code: str, field: str, status: str) -> None:
    error = DecodeError(FakePdu(BY_NAME[command]), fault(code, field, 20))
    assert STATUSES[error.command_status].name == status
    assert error.reply() == Answer(f"{command}_resp", error.command_status, 7)
    assert (error.code, error.field, error.offset, error.sequence_number) == (code, field, 20, 7)


@pytest.mark.parametrize(
    "row", [None, BY_NAME["submit_sm_resp"], BY_NAME["outbind"], BY_NAME["alert_notification"], BY_NAME["generic_nack"]],
)
def test_what_has_no_response_is_answered_by_a_generic_nack(row: Command | None) -> None:
    error = DecodeError(FakePdu(row, 0xFFFFFFFF), fault("length-mismatch", "command_length", 0))
    assert error.reply() == Answer("generic_nack", 2, 0xFFFFFFFF)


@pytest.mark.parametrize("row", COMMANDS.values(), ids=lambda row: row.name)
def test_every_finding_about_every_field_has_a_status_and_an_answer(row: Command) -> None:
    for code in FINDINGS:
        for field in ("", *(field.name for field in row.fields)):
            error = DecodeError(FakePdu(row), fault(code, field))
            assert error.command_status in STATUSES and error.command_status != 0
            assert error.reply().command_status == error.command_status


def test_the_message_of_a_decode_error_names_pdu_field_offset_and_section() -> None:
    error = DecodeError(FakePdu(BY_NAME["deliver_sm"]), fault("missing-nul", "source_addr", 19))
    assert str(error) == "deliver_sm, sequence_number 7: error missing-nul, source_addr at 19: it is odd (SMPP 3.4 3.1)"


def test_an_unexpected_pdu_is_answered_with_incorrect_bind_status() -> None:
    error = UnexpectedPdu(FakePdu(BY_NAME["submit_sm"]), "BOUND_RX")
    assert error.reply() == Answer("submit_sm_resp", STATUS["ESME_RINVBNDSTS"].value, 7)
    assert str(error) == "submit_sm, sequence_number 7, is not allowed in state BOUND_RX"


def test_a_failed_command_names_its_status_as_the_profile_does() -> None:
    error = CommandFailed(FakePdu(BY_NAME["submit_sm_resp"], 9, 0x22))
    assert error.status == 0x22
    assert str(error) == "submit_sm_resp, sequence_number 9: NETWORK_NOT_COVERED (0x00000022), Network not covered"
    assert "0x00000ABC" in str(CommandFailed(FakePdu(BY_NAME["submit_sm_resp"], 9, 0xABC)))


def test_a_reply_without_the_layer_that_builds_pdus_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_make_generic_nack", errors._no_generic_nack)
    with pytest.raises(RuntimeError, match=r"smpp_core\.pdu"):
        FrameError("x").reply()


def test_a_capture_error_takes_any_kind_of_path() -> None:
    assert CaptureError("cut", Path("a.pcap"), 24).path == "a.pcap"
    assert (CaptureError("cut").path, CaptureError("cut").offset) == ("", 0)
