"""Layer 7 of 9: the statuses of the HTTP API, as rows (vendor 2.3), and those that only its clients have seen."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import Struct

__all__ = ["STATUSES", "HttpStatus", "status"]


class HttpStatus(Struct, frozen=True):
    """One status. value: 0 or below. scope: what it is about: "request", "message" or "recipient". retry: "never", "later" (the same
    request may pass after a pause) or "done" (an earlier one counts). emitted: False for those that only the real service is known to send.
    """

    value: int
    name: str
    meaning: str
    scope: str
    retry: str = "never"
    emitted: bool = True


_ROWS = (
    HttpStatus(0, "ALL_RECIPIENTS_PROCESSED", "accepted", "recipient"),
    HttpStatus(-1, "SEND_ERROR", "the message cannot be built", "message"),
    HttpStatus(-2, "NOT_ENOUGH_CREDITS", "the account's credits do not cover the recipient", "recipient"),
    HttpStatus(-3, "NETWORK_NOTCOVERED", "no route of the account covers the number", "recipient"),
    HttpStatus(-5, "INVALID_USER_OR_PASS", "the user name or the password is wrong", "request"),
    HttpStatus(-6, "MISSING_DESTINATION_ADDRESS", "there is no recipient", "message"),
    HttpStatus(-10, "MISSING_USERNAME", "there is no user name", "request"),
    HttpStatus(-11, "MISSING_PASSWORD", "there is no password", "request"),
    HttpStatus(-13, "INVALID_DESTINATION_ADDRESS", "the number is no international one", "recipient"),
    HttpStatus(-22, "SYNTAX_ERROR", "the document cannot be read", "request"),
    HttpStatus(-23, "ERROR_PROCESSING", "the message can be read but asks for what cannot be", "message"),
    HttpStatus(-26, "COMMUNICATION_ERROR", "the service takes no messages at the moment", "request", "later"),
    HttpStatus(-27, "INVALID_SENDDATETIME", "sendDateTime is no span of days, hours, minutes, seconds", "message"),
    HttpStatus(-28, "INVALID_DELIVERY_REPORT_PUSH_URL", "the URL for reports cannot be used", "message"),
    HttpStatus(-30, "INVALID_CLIENT_APPID", "appid has characters or a length that it cannot have", "message"),
    HttpStatus(-33, "DUPLICATE_MESSAGEID", "the message id was used before: the earlier message counts", "recipient", "done"),
    HttpStatus(-34, "SENDER_NOT_ALLOWED", "the sender is missing, too long or refused", "message"),
    HttpStatus(-99, "GENERAL_ERROR", "the service failed", "request", "later"),
    # Public clients of the real service know these; their meanings are those clients' words (decision V17).
    HttpStatus(-4, "SOCKET_EXCEPTION", "the service lost its connection", "request", "later", emitted=False),
    HttpStatus(-7, "MISSING_SMSTEXT", "there is no text", "message", emitted=False),
    HttpStatus(-8, "MISSING_SENDERNAME", "there is no sender", "message", emitted=False),
    HttpStatus(-9, "DESTINATION_INVALID_FORMAT", "the number has a wrong form", "recipient", emitted=False),
    HttpStatus(-12, "MISSING_DESTINATION", "there is no destination", "request", emitted=False),
    HttpStatus(-40, "TRAFFIC_LIMIT", "the account sends too fast", "request", "later", emitted=False),
)

STATUSES: Final = MappingProxyType({row.value: row for row in _ROWS})


def status(value: int) -> HttpStatus:
    """The row of a status; one named UNKNOWN for a value that has none."""
    return STATUSES.get(value) or HttpStatus(value, "UNKNOWN", "a status that the document does not have", "request", emitted=False)
