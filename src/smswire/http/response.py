"""Layer 7 of 9: the answer to a request to send: one result a recipient, in the order of the request (vendor 2.2.1.3, 2.2.2.3)."""

from __future__ import annotations

from msgspec import Struct

from .errors import RequestRefused, refusal
from .status import HttpStatus, status

__all__ = ["SendResponse", "SendResult"]


class SendResult(Struct, frozen=True, gc=False):
    """What became of one recipient. status: 0 or below (see `row`); message_id: "" where none was given; destination: as sent, or "".
    already_accepted: set by clients: an earlier attempt of the same call was accepted, the service said -33 to this one.
    """

    status: int
    message_id: str = ""
    destination: str = ""
    already_accepted: bool = False

    @property
    def row(self) -> HttpStatus:
        """Name and meaning of the status."""
        return status(self.status)

    @property
    def accepted(self) -> bool:
        """True for 0."""
        return self.status == 0

    @property
    def error(self) -> RequestRefused | None:
        """The typed error of a status below 0, None if the message was accepted."""
        return None if self.status == 0 else refusal(self.status, self)


class SendResponse(Struct, frozen=True):
    """The answer: results in the order of the recipients; a request that fails as a whole has one, without a message id."""

    results: tuple[SendResult, ...]
