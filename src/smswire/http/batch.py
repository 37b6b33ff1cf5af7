"""Layer 7 of 9: a request of any size as calls that the service takes, and their answers as one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from .errors import ApiError, DocumentError
from .request import MOST_OCTETS, MOST_RECIPIENTS, Recipient, SendMessage, SendRequest
from .response import SendResponse, SendResult

__all__ = ["Batch", "PartlySent", "batches", "identified", "join", "new_id", "settled"]


class Batch(Struct, frozen=True):
    """One call. request: what it sends. octets: its document."""

    request: SendRequest
    octets: bytes

    def __repr__(self) -> str:
        return f"Batch({sum(len(message.recipients) for message in self.request.messages)} recipients, {len(self.octets)} octets)"


class PartlySent(ApiError):
    """Some calls of a send were answered, then one failed as a whole.

    error: what it failed by. response: the results of the calls before, in order. rest: everything that has no result, without
    credentials, to be sent later: its message ids are those that were used, so that `send(rest, repeated=True)` doubles nothing. doubtful:
    how many recipients at its head may have been accepted; 0 if certainly none.
    """

    def __init__(self, error: ApiError, response: SendResponse, rest: SendRequest, doubtful: int = 0) -> None:
        left = sum(len(message.recipients) for message in rest.messages)
        super().__init__(f"{len(response.results)} results came, {left} recipients are left: {error}")
        self.error = error
        self.response = response
        self.rest = rest
        self.doubtful = doubtful


def new_id() -> str:
    """A message id that nobody has: 32 hexadecimal digits, so that it is none of the decimal ones that the service generates (V22)."""
    return uuid.uuid4().hex


def identified(request: SendRequest, generator: Callable[[], str] = new_id) -> SendRequest:
    """A copy whose recipients all have message ids; those that have one keep it."""
    return replace(request, messages=[
        message if all(recipient.message_id for recipient in message.recipients) else replace(message, recipients=[
            recipient if recipient.message_id else Recipient(recipient.gsm, generator()) for recipient in message.recipients
        ]) for message in request.messages
    ])


def batches(
    request: SendRequest, dump: Callable[[SendRequest], bytes], *, most_recipients: int = MOST_RECIPIENTS,
    most_octets: int = MOST_OCTETS, most_messages: int | None = None,
) -> list[Batch]:
    """Divide a request into calls of at most most_recipients recipients, most_octets octets and most_messages messages, in order.

    A message with more recipients becomes several with the same text. All documents are made here, before the first is sent: dump's
    DocumentError comes before anything went out. Raises DocumentError (-22) for one recipient whose message alone is over most_octets.
    """
    found: list[Batch] = []
    for part in _parts(request.messages, most_recipients, most_messages):
        _dump(replace(request, messages=part), dump, most_octets, found)
    return found


def join(responses: Iterable[SendResponse]) -> SendResponse:
    """The answers of calls, in order, as one."""
    return SendResponse(tuple(result for response in responses for result in response.results))


def settled(request: SendRequest, response: SendResponse) -> SendResponse:
    """The answer to a call that an earlier attempt may have made: -33 for a recipient with an id means that the earlier one was accepted.

    Such a result becomes one of status 0 with `already_accepted`. Of two recipients of the request with one id only the first can have
    been accepted, and only its result changes.
    """
    seen: set[str] = set()
    results: list[SendResult] = []
    for result, recipient in zip(response.results, _slots(request)):
        if recipient is not None and recipient.message_id and recipient.message_id not in seen:
            seen.add(recipient.message_id)
            if result.status == -33:
                result = SendResult(0, recipient.message_id, result.destination or recipient.gsm, already_accepted=True)
        results.append(result)
    return SendResponse(tuple(results))


def _slots(request: SendRequest) -> Iterator[Recipient | None]:
    """Whom each result is about; a message without recipients has one, too."""
    for message in request.messages:
        if message.recipients:
            yield from message.recipients
        else:
            yield None


def _parts(messages: list[SendMessage], most: int, most_messages: int | None) -> Iterator[list[SendMessage]]:
    part: list[SendMessage] = []
    room = most
    for message in messages:
        start, end = 0, len(message.recipients)
        while True:
            if part and (room == 0 or len(part) == most_messages):
                yield part
                part, room = [], most
            taken = min(room, end - start)
            part.append(message if taken == end else replace(message, recipients=message.recipients[start : start + taken]))
            start += taken
            room -= taken or 1
            if start >= end:
                break
    if part:
        yield part


def _dump(request: SendRequest, dump: Callable[[SendRequest], bytes], most: int, found: list[Batch]) -> None:
    """Add the call, or those of its halves, if it is too long."""
    octets = dump(request)
    if len(octets) <= most:
        found.append(Batch(request, octets))
        return
    for half in _halves(request.messages, len(octets)):
        _dump(replace(request, messages=half), dump, most, found)


def _halves(messages: list[SendMessage], octets: int) -> tuple[list[SendMessage], list[SendMessage]]:
    if len(messages) > 1:
        middle = len(messages) // 2
        return messages[:middle], messages[middle:]
    [message] = messages
    middle = len(message.recipients) // 2
    if not middle:
        raise DocumentError(f"one message alone has {octets:,} octets, over the limit of a request")
    first, second = message.recipients[:middle], message.recipients[middle:]
    return [replace(message, recipients=first)], [replace(message, recipients=second)]
