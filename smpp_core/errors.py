"""Layer 0 of 9: the one tree of errors; those about a peer's octets know the answer to send."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .spec.findings import FINDINGS, Finding
from .spec.statuses import BY_NAME

__all__ = [
    "CaptureError", "CommandFailed", "DecodeError", "EncodeError", "FrameError", "ProfileError", "ProtocolError", "RequestTimeout",
    "SessionClosed", "SmppError", "UnexpectedPdu", "WindowFull",
]


def _no_generic_nack(command_status: int, sequence_number: int) -> Any:
    raise RuntimeError("smpp_core.pdu builds the reply; import it first")


# Set by smpp_core.pdu, which stands above this module: function(command_status, sequence_number) -> Pdu.
_make_generic_nack: Callable[[int, int], Any] = _no_generic_nack


def _restore(kind: type[SmppError], args: tuple[Any, ...], state: dict[str, Any]) -> SmppError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class SmppError(Exception):
    """Whatever this package raises about SMPP. Every error can be pickled and copied with all that it carries."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


class EncodeError(SmppError, ValueError):
    """The caller's value cannot be written: too long, out of range, of a wrong type or name.

    field: the field or TLV at fault, "" for none. row: its index among many (a template's columns), None for one.
    """

    def __init__(self, message: str, field: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.row = row


class ProfileError(SmppError, ValueError):
    """A profile cannot be made. key: path of the key at fault, as `tlv[1].kind`; path: the file, each "" for none."""

    def __init__(self, message: str, key: str = "", path: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.path = path


class ProtocolError(SmppError):
    """The peer broke the protocol. command_status and sequence_number are those of the answer that `reply` builds."""

    command_status: int
    sequence_number: int

    def reply(self) -> Any:
        """Build the Pdu that answers: a generic_nack (SMPP 3.4 §4.3), unless a subclass knows a better one."""
        return _make_generic_nack(self.command_status, self.sequence_number)


class FrameError(ProtocolError):
    """The stream cannot be cut into PDUs any more; the connection is lost.

    command_length: what stands there, None if fewer than four octets were seen. offset: of the frame in the stream. octets: the first
    octets there, at most 16. protocol: the other protocol that they spell ("HTTP", "TLS"), "". hint: what may have happened, "".
    """

    def __init__(
        self, message: str, *, command_length: int | None = None, offset: int = 0, octets: bytes = b"", protocol: str = "", hint: str = "",
        sequence_number: int = 0, command_status: int = BY_NAME["ESME_RINVCMDLEN"].value,
    ) -> None:
        super().__init__(message)
        self.command_length = command_length
        self.offset = offset
        self.octets = bytes(octets[:16])
        self.protocol = protocol
        self.hint = hint
        self.sequence_number = sequence_number
        self.command_status = command_status


def _status_of(pdu: Any, finding: Finding) -> int:
    """The command_status that answers a finding: its row's, else that of the field at fault."""
    command = pdu.row
    name = FINDINGS[finding.code].status
    if finding.code == "trailing-octets" and command is not None and command.tlvs:
        name = "ESME_RINVOPTPARSTREAM"  # where TLVs may stand, the rest is a broken TLV
    if not name and command is not None:
        name = next((field.status for field in command.fields if field.name == finding.field), "")
    return BY_NAME[name or "ESME_RSYSERR"].value


def _answer(pdu: Any, command_status: int, sequence_number: int) -> Any:
    command = pdu.row
    if command is not None and command.response:
        return pdu.reply(command_status)
    return _make_generic_nack(command_status, sequence_number)


class DecodeError(ProtocolError):
    """One PDU cannot be read; its frame is consumed and the next one can be.

    pdu: what was salvaged, the Pdu that lenient decoding gives. finding: the deviation; code, field, offset (from the PDU's start) are its.
    """

    def __init__(self, pdu: Any, finding: Finding) -> None:
        super().__init__(f"{pdu.command}, sequence_number {pdu.sequence_number}: {finding}")
        self.pdu = pdu
        self.finding = finding
        self.code = finding.code
        self.field = finding.field
        self.offset = finding.offset
        self.sequence_number: int = pdu.sequence_number
        self.command_status = _status_of(pdu, finding)

    def reply(self) -> Any:
        """Build the Pdu that answers: the request's own response, or a generic_nack where there is none."""
        return _answer(self.pdu, self.command_status, self.sequence_number)


class UnexpectedPdu(ProtocolError):
    """A good PDU that its session state does not allow. state: the state's name, as in the commands' table."""

    def __init__(self, pdu: Any, state: str) -> None:
        super().__init__(f"{pdu.command}, sequence_number {pdu.sequence_number}, is not allowed in state {state}")
        self.pdu = pdu
        self.state = state
        self.sequence_number: int = pdu.sequence_number
        self.command_status = BY_NAME["ESME_RINVBNDSTS"].value

    def reply(self) -> Any:
        """Build the Pdu that answers: the request's own response, or a generic_nack where there is none."""
        return _answer(self.pdu, self.command_status, self.sequence_number)


class CommandFailed(SmppError):
    """The peer answered with a command_status other than 0. response: its Pdu; status: the number."""

    def __init__(self, response: Any) -> None:
        row = response.status
        super().__init__(f"{response.command}, sequence_number {response.sequence_number}: {row.name} (0x{row.value:08X}), {row.meaning}")
        self.response = response
        self.status: int = response.command_status


class RequestTimeout(SmppError):
    """No response came in time. written: the request may have reached the peer, so sending it again may double the message."""

    def __init__(self, message: str = "no response in time", written: bool = False) -> None:
        super().__init__(message)
        self.written = written


class SessionClosed(SmppError):
    """The session ended, or ended before the response came. written: as in RequestTimeout."""

    def __init__(self, message: str = "the session is closed", written: bool = False) -> None:
        super().__init__(message)
        self.written = written


class WindowFull(SmppError):
    """As many requests as the window holds wait for their responses."""


class CaptureError(SmppError):
    """A capture cannot be read. path: the file, "" for a pipe; offset: octets from its start."""

    def __init__(self, message: str, path: str | os.PathLike[str] = "", offset: int = 0) -> None:
        super().__init__(message)
        self.path = os.fspath(path)
        self.offset = offset
