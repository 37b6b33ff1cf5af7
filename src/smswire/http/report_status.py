"""Layer 7 of 9: the status words of reports (vendor table 8), and what becomes of SMPP states, refusals and our own ends (decision V45)."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from msgspec import Struct

from smpp_core import MessageState

__all__ = [
    "CANCELLED", "EXPIRED", "STATUS_WORDS", "End", "Outcome", "StatusWord", "state_of", "status_of_end", "status_of_refusal",
    "status_of_state", "status_word",
]

# GSM error codes that V45 names; the rows are in gsm_error.
CANCELLED: Final = 4100
EXPIRED: Final = 4101
_INVALID_FORMAT: Final = 4096


class StatusWord(Struct, frozen=True):
    """One word. state: what it means over SMPP, where no GSM error code says more. uncharged: who says that such a message costs nothing:
    "document", "ours" (decision V36: it never left us), or "" where it is charged.
    """

    word: str
    meaning: str
    state: MessageState
    uncharged: str = ""


_S = MessageState
_ROWS = (
    StatusWord("NOT_SENT", "the message was queued but could not be submitted to the network", _S.UNDELIVERABLE, "ours"),
    StatusWord("SENT", "the message went over a route that has no delivery reports", _S.ACCEPTED),
    StatusWord("NOT_DELIVERED", "the message could not be delivered", _S.UNDELIVERABLE),
    StatusWord("DELIVERED", "the message was delivered to the recipient", _S.DELIVERED),
    StatusWord("NOT_ALLOWED", "the account may not send to this network", _S.REJECTED, "document"),
    StatusWord("INVALID_DESTINATION_ADDRESS", "the recipient's number is invalid", _S.REJECTED),
    StatusWord("INVALID_SOURCE_ADDRESS", "the sender is invalid or not allowed", _S.REJECTED),
    StatusWord("ROUTE_NOT_AVAILABLE", "the routing asked for is not available to the account", _S.REJECTED),
    StatusWord("NOT_ENOUGH_CREDITS", "the account has no credits to send the message", _S.REJECTED),
    StatusWord("REJECTED", "the message was rejected", _S.REJECTED),
    # The print has this word in the column of the attributes.
    StatusWord("INVALID_MESSAGE_FORMAT", "the message has an invalid format", _S.REJECTED),
)

STATUS_WORDS: Final = MappingProxyType({row.word: row for row in _ROWS})


def status_word(word: str) -> StatusWord:
    """The row of a word, in any case; one whose meaning says so for a word that the document does not have."""
    return STATUS_WORDS.get(word.strip().upper()) or StatusWord(word, "a status that the document does not have", MessageState.UNKNOWN)


class Outcome(NamedTuple):
    """What a report says. word: of STATUS_WORDS; gsm_error: a code of vendor 4.1, 0 for none; uncharged: the credits go back (V36)."""

    word: str
    gsm_error: int = 0
    uncharged: bool = False


class End(StrEnum):
    """How a message ends without an answer from upstream."""

    EXPIRED_BEFORE_SUBMIT = "its validity was over before it was submitted"
    EXPIRED_AFTER_SUBMIT = "its validity was over after it was submitted"
    CANCELLED = "it was cancelled before it was submitted"
    NO_REPORT_ROUTE = "it was submitted to a route that has no reports"
    NO_REPORT = "no report came in time"
    NO_CONNECTOR = "its route has no connector"


_ENDS: Final = MappingProxyType({
    End.EXPIRED_BEFORE_SUBMIT: Outcome("NOT_SENT", EXPIRED, True),
    End.EXPIRED_AFTER_SUBMIT: Outcome("NOT_DELIVERED", EXPIRED),
    End.CANCELLED: Outcome("NOT_DELIVERED", CANCELLED, True),
    End.NO_REPORT_ROUTE: Outcome("SENT"),
    End.NO_REPORT: Outcome("NOT_DELIVERED"),
    End.NO_CONNECTOR: Outcome("ROUTE_NOT_AVAILABLE", 0, True),
})

_FINAL: Final = MappingProxyType({
    _S.DELIVERED: "DELIVERED", _S.EXPIRED: "NOT_DELIVERED", _S.DELETED: "NOT_DELIVERED", _S.UNDELIVERABLE: "NOT_DELIVERED",
    _S.UNKNOWN: "NOT_DELIVERED", _S.SKIPPED: "NOT_DELIVERED", _S.REJECTED: "REJECTED",
})
# A code that the state itself gives: always, or where the receipt has none.
_FIXED_CODE: Final = MappingProxyType({_S.DELIVERED: 0, _S.EXPIRED: EXPIRED})
_DEFAULT_CODE: Final = MappingProxyType({_S.DELETED: CANCELLED})
_CODE_STATE: Final = MappingProxyType({CANCELLED: _S.DELETED, EXPIRED: _S.EXPIRED})

# command_status of a refused submit_sm. The vendor's own are apart: a standard peer means something else by 0xFF.
_FORMAT: Final = Outcome("INVALID_MESSAGE_FORMAT", _INVALID_FORMAT)
_REFUSALS: Final = MappingProxyType({
    0x0A: Outcome("INVALID_SOURCE_ADDRESS"), 0x0B: Outcome("INVALID_DESTINATION_ADDRESS"),
    0x01: _FORMAT, 0x02: _FORMAT, 0x43: _FORMAT, 0xC2: _FORMAT, 0x104: _FORMAT,
})
_VENDOR_REFUSALS: Final = MappingProxyType({0x22: Outcome("NOT_ALLOWED", 0, True), 0xFF: Outcome("NOT_ENOUGH_CREDITS")})


def status_of_state(state: MessageState, err: int | None = None) -> Outcome | None:
    """What a receipt becomes (V45). state, err: as the receipt has them, err None where it is no number. None for states that are not
    final: SCHEDULED, ENROUTE, ACCEPTED.
    """
    word = _FINAL.get(state)
    if word is None:
        return None
    code = max(err or 0, 0) or _DEFAULT_CODE.get(state, 0)
    return Outcome(word, _FIXED_CODE.get(state, code))


def status_of_refusal(command_status: int, *, vendor: bool = True) -> Outcome:
    """What a submit refused for good becomes (V45). vendor: the peer means by 0x22 and 0xFF what vendor 4.3 says."""
    found = _REFUSALS.get(command_status) or (_VENDOR_REFUSALS.get(command_status) if vendor else None)
    return found or Outcome("REJECTED")


def status_of_end(end: End) -> Outcome:
    """What a message becomes that ends here (V45, V36)."""
    return _ENDS[end]


def state_of(word: str, gsm_error: int = 0) -> MessageState:
    """The state that a report of an HTTP upstream means: the way back. UNKNOWN for a word that the document does not have."""
    row = status_word(word)
    return _CODE_STATE.get(gsm_error, row.state) if row.state is MessageState.UNDELIVERABLE else row.state
