"""Layer 7 of 9: the errors of the HTTP API: what a document says wrongly, what a service refuses, what an access point does."""

from __future__ import annotations

from typing import Any, Final

from smpp_core import SmppError

from .status import status

__all__ = [
    "AccessPointError", "ApiError", "BadAnswer", "CommunicationFailed", "ConnectFailed", "DocumentError", "DuplicateMessageId",
    "GeneralFailure", "InvalidAppid", "InvalidDestination", "InvalidPushUrl", "InvalidSendDateTime", "InvalidUserOrPassword",
    "MissingDestination", "MissingPassword", "MissingUsername", "NetworkNotCovered", "NoAnswer", "NotEnoughCredits", "ProcessingFailed",
    "RequestRefused", "SendFailed", "SenderNotAllowed", "SyntaxRefused", "refusal",
]


class ApiError(SmppError):
    """Whatever layer 7 raises. No text of these errors holds a password, a user name or a message.

    request: of a client's send that ended by it, the SendRequest with the message ids that were used, without credentials.
    """

    request: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Their arguments are not those of BaseException, which would make them anew of args: a pool of processes would break by that.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ApiError], args: tuple[Any, ...], attributes: dict[str, Any]) -> ApiError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class DocumentError(ApiError, ValueError):
    """A document cannot be read.

    status: what answers it, -22 (cannot be read) or -23 (readable but impossible). path: where in the document, as
    `SMS/message[2]/recipients/gsm[7]`, `$.messages[1].datacoding` or `line 3, column 9`; "" for the whole. reason: a sentence that is safe
    to log.
    """

    def __init__(self, reason: str, *, path: str = "", status: int = -22) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path
        self.status = status


class RequestRefused(ApiError):
    """The service answered with a status below 0, or with FAILED. status: the number, None for FAILED. answer: what was read, if anything.

    The subclasses are one for each status of the document.
    """

    def __init__(self, status_value: int | None, answer: Any = None, detail: str = "") -> None:
        row = None if status_value is None else status(status_value)
        words = "FAILED" if row is None else f"{row.name} ({row.value}), {row.meaning}"
        super().__init__(f"{words}: {detail}" if detail else words)
        self.status = status_value
        self.answer = answer


class SendFailed(RequestRefused):
    """-1."""


class NotEnoughCredits(RequestRefused):
    """-2."""


class NetworkNotCovered(RequestRefused):
    """-3."""


class InvalidUserOrPassword(RequestRefused):
    """-5."""


class MissingDestination(RequestRefused):
    """-6."""


class MissingUsername(RequestRefused):
    """-10."""


class MissingPassword(RequestRefused):
    """-11."""


class InvalidDestination(RequestRefused):
    """-13."""


class SyntaxRefused(RequestRefused):
    """-22."""


class ProcessingFailed(RequestRefused):
    """-23."""


class CommunicationFailed(RequestRefused):
    """-26."""


class InvalidSendDateTime(RequestRefused):
    """-27."""


class InvalidPushUrl(RequestRefused):
    """-28."""


class InvalidAppid(RequestRefused):
    """-30."""


class DuplicateMessageId(RequestRefused):
    """-33: an earlier message with this id counts."""


class SenderNotAllowed(RequestRefused):
    """-34."""


class GeneralFailure(RequestRefused):
    """-99."""


_KINDS: Final[dict[int, type[RequestRefused]]] = {
    -1: SendFailed, -2: NotEnoughCredits, -3: NetworkNotCovered, -5: InvalidUserOrPassword, -6: MissingDestination, -10: MissingUsername,
    -11: MissingPassword, -13: InvalidDestination, -22: SyntaxRefused, -23: ProcessingFailed, -26: CommunicationFailed,
    -27: InvalidSendDateTime, -28: InvalidPushUrl, -30: InvalidAppid, -33: DuplicateMessageId, -34: SenderNotAllowed, -99: GeneralFailure,
}


def refusal(status_value: int | None, answer: Any = None, detail: str = "") -> RequestRefused:
    """The error of a status: its class, or RequestRefused itself for one that the document does not have."""
    kind = RequestRefused if status_value is None else _KINDS.get(status_value, RequestRefused)
    return kind(status_value, answer, detail)


class AccessPointError(ApiError):
    """An access point did not answer as it should. written: the request may have reached it, so that sending again may double it."""

    def __init__(self, message: str, *, written: bool) -> None:
        super().__init__(message)
        self.written = written


class ConnectFailed(AccessPointError):
    """No connection came about; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, written=False)


class NoAnswer(AccessPointError):
    """The connection broke, or time ran out, before the whole answer was there."""

    def __init__(self, message: str, *, written: bool = True) -> None:
        super().__init__(message, written=written)


class BadAnswer(AccessPointError):
    """An answer that is none of the API's. http_status: of HTTP; content_type: as it stood; octets: the first ones, at most 200."""

    def __init__(self, message: str, *, http_status: int, content_type: str = "", octets: bytes = b"") -> None:
        super().__init__(message, written=True)
        self.http_status = http_status
        self.content_type = content_type
        self.octets = bytes(octets[:200])
