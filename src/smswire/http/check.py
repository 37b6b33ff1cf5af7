"""Layer 7 of 9: a request to send held against the document and the account: a fault for the request, a message, a recipient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from smswire.message.message import Message

from .build import addressed, hold_ranges, prepare, sender_of
from .errors import DocumentError
from .policy import Policy
from .push_url import url_problem
from .request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from .response import SendResponse, SendResult

__all__ = [
    "Checked", "check_credentials", "check_message", "check_recipients", "check_request", "checked", "mark_duplicates", "refused",
    "results_of",
]

_POLICY: Final = Policy()
_NUMBER: Final = re.compile(r"[1-9]\d{4,14}", re.ASCII)
_APPID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_MOST_ID: Final = 64
_MOST_SHOWN: Final = 200  # of a number or an id that is none anyway


class Checked(Struct, kw_only=True):
    """One message after all checks.

    path: where it stands, as `messages[0]`. message: as it came. recipients: of it, with the ends of their ids trimmed. fault: of the whole
    message. faults: one for each recipient, None where it is accepted; a gateway writes its own (-2, -3) in. prepared: the Message, not
    yet addressed, None with a fault.
    """

    path: str
    message: SendMessage
    recipients: Sequence[Recipient]
    faults: list[Fault | None]
    fault: Fault | None = None
    prepared: Message | None = None

    def accepted(self) -> Iterator[tuple[int, Recipient]]:
        """Index and recipient of those without a fault, in order."""
        return ((at, one) for at, (one, fault) in enumerate(zip(self.recipients, self.faults)) if fault is None)

    def built(self) -> Iterator[Message]:
        """The Message of each accepted recipient, in order."""
        if self.prepared is not None:
            for _, recipient in self.accepted():
                yield addressed(self.prepared, self.message, recipient)


def check_credentials(request: SendRequest) -> Fault | None:
    """-10 for no user name, before -11 for no password (V13). What a server asks before it looks at the account (-5)."""
    if not request.username.strip():
        return Fault(-10, "username", "there is no user name")
    if not request.password.strip():
        return Fault(-11, "password", "there is no password")
    return None


def check_request(request: SendRequest) -> Fault | None:
    """The fault of a request as a whole, in this order: -10, -11, -6 for no message at all, -22 for over MOST_RECIPIENTS recipients.

    A message without recipients is that message's own fault (V14).
    """
    fault = check_credentials(request)
    if fault is not None:
        return fault
    if not request.messages:
        return Fault(-6, "messages", "there is no message")
    count = sum(len(message.recipients) for message in request.messages)
    if count > MOST_RECIPIENTS:
        return Fault(-22, "messages", f"there are {count:,} recipients, the limit is {MOST_RECIPIENTS:,}")
    return None


def check_message(
    message: SendMessage, policy: Policy | None = None, path: str = "messages[0]", *, now: datetime | None = None,
) -> Fault | None:
    """The fault of a message as a whole, None if it can be sent to those of its recipients that have none.

    path: where the message stands. now: as in `build.prepare`. The order (V14, V16): -6 no recipient; what could not be read (its own
    status); numbers out of range; -34 sender; -30 appid; -28 URL for reports; then what it asks for (-23; -1 bookmark without URL; -27).
    """
    return _examined(message, policy or _POLICY, path, now)[0]


def check_recipients(
    message: SendMessage, path: str = "messages[0]", seen: set[str] | None = None,
) -> list[Fault | None]:
    """The fault of each recipient: -13 for the number (V18), then -23 for its id, then -33 for an id of seen (V21).

    seen: ids that were given before in the request, an id without fault is added; None leaves duplicates to `mark_duplicates`.
    """
    faults: list[Fault | None] = []
    is_number = _NUMBER.fullmatch
    for at, recipient in enumerate(message.recipients):
        fault = None
        name = recipient.message_id.strip()
        if is_number(recipient.gsm) is None:
            fault = Fault(-13, f"{path}.recipients[{at}].gsm", "is no international number of 5 to 15 digits")
        elif name:
            if len(name) > _MOST_ID or "," in name or not name.isprintable():
                reason = f"is not 1 to {_MOST_ID} printable characters without a comma"
                fault = Fault(-23, f"{path}.recipients[{at}].messageId", reason)
            elif seen is not None:
                if name in seen:
                    fault = _duplicate(path, at)
                else:
                    seen.add(name)
        faults.append(fault)
    return faults


def checked(
    request: SendRequest, policy: Policy | None = None, *, now: datetime | None = None, duplicates: bool = True,
) -> list[Checked]:
    """Check every message and recipient of a request that `check_request` let pass, and prepare its messages.

    now: as in `build.prepare`. duplicates: False if faults of the caller's own stand before -33; it then calls `mark_duplicates`, since a
    recipient that is refused uses up no id. Costs a few ms for MOST_RECIPIENTS recipients. Never raises.
    """
    policy = policy or _POLICY
    found = []
    for at, message in enumerate(request.messages):
        path = f"messages[{at}]"
        fault, prepared = _examined(message, policy, path, now)
        recipients: Sequence[Recipient] = message.recipients
        if any(one.message_id != one.message_id.strip() for one in recipients):
            recipients = [Recipient(one.gsm, one.message_id.strip()) for one in recipients]
        faults: list[Fault | None] = check_recipients(message, path) if fault is None else [fault for _ in recipients]
        found.append(Checked(path=path, message=message, recipients=recipients, fault=fault, faults=faults, prepared=prepared))
    if duplicates:
        mark_duplicates(found)
    return found


def mark_duplicates(messages: Iterable[Checked]) -> None:
    """Write -33 for each recipient without a fault whose id an earlier one without a fault has (V15, V21)."""
    seen: set[str] = set()
    for one in messages:
        for at, recipient in enumerate(one.recipients):
            name = recipient.message_id
            if not name or one.faults[at] is not None:
                continue
            if name in seen:
                one.faults[at] = _duplicate(one.path, at)
            else:
                seen.add(name)


def refused(fault: Fault | int, request: SendRequest | None = None) -> SendResponse:
    """The answer to a request that fails as a whole: one result without an id (V13).

    fault: it, or its status. request: if it has one recipient, that is the destination.
    """
    recipients = [one for message in request.messages for one in message.recipients[:2]] if request is not None else []
    destination = recipients[0].gsm if len(recipients) == 1 else ""
    return SendResponse((SendResult(fault if isinstance(fault, int) else fault.status, "", _printable(destination)),))


def results_of(messages: Iterable[Checked], ids: Iterable[str] | None = None) -> SendResponse:
    """The answer: one result for each recipient in the order of the request, one with -6 for a message (or a request) that has none.

    ids: the service's id for each accepted recipient, in order; it shows where the client gave none. None: there are none to show.
    Numbers and ids are as they came, with "?" for what no document can hold. Raises ValueError for fewer ids than accepted recipients.
    """
    given = None if ids is None else iter(ids)
    results = []
    for one in messages:
        if not one.recipients:
            results.append(SendResult(-6))
        for recipient, fault in zip(one.recipients, one.faults):
            name = recipient.message_id
            if fault is None and given is not None:
                own = next(given, None)
                if own is None:
                    raise ValueError("there are fewer ids than accepted recipients")
                name = name or own
            results.append(SendResult(0 if fault is None else fault.status, _printable(name), _printable(recipient.gsm)))
    return SendResponse(tuple(results) or (SendResult(-6),))


def _examined(message: SendMessage, policy: Policy, path: str, now: datetime | None) -> tuple[Fault | None, Message | None]:
    if not message.recipients:
        return Fault(-6, f"{path}.recipients", "there is no recipient"), None
    if message.fault is not None:
        return message.fault, None
    try:
        hold_ranges(message)
        sender_of(message, policy)
        if message.appid and not _APPID.fullmatch(message.appid):
            raise DocumentError("is not 1 to 64 of letters, digits, . _ -", path="appid", status=-30)
        problem = url_problem(message.push_url, policy) if message.push_url else ""
        if problem:
            raise DocumentError(problem, path="pushurl", status=-28)
        return None, prepare(message, policy, now=now)
    except DocumentError as error:
        return Fault(error.status, f"{path}.{error.path}", error.reason), None


def _duplicate(path: str, at: int) -> Fault:
    return Fault(-33, f"{path}.recipients[{at}].messageId", "was used before in the request")


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text[:_MOST_SHOWN])
