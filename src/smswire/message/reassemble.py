"""Layer 5 of 9: parts of messages, in whatever order and over whatever connection they come, to whole messages; bounded, no clock."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from msgspec import Struct

from smpp_core import Pdu, Profile, udh

from .received import Received

__all__ = ["Complete", "Dropped", "Duplicate", "Event", "Expired", "Held", "Reassembler"]

_UDHI = 0x40
_OBJECT = 256  # octets that a held PDU takes beside its own, about


class Complete(Struct, frozen=True):
    """A message is whole. pdus: its parts in order, as in message.pdus."""

    message: Received

    @property
    def pdus(self) -> tuple[Pdu, ...]:
        """The PDUs of the parts, in order."""
        return self.message.pdus


class Held(Struct, frozen=True):
    """A part waits for the others. have: parts that are there now; total: parts of the message."""

    pdu: Pdu
    have: int
    total: int


class Duplicate(Struct, frozen=True):
    """A part that is there already, or whose message was completed a short while ago, came again.

    It changes nothing, unless it turns out that it was of another message with the same reference: then it comes out once more, with that.
    """

    pdu: Pdu


class Expired(Struct, frozen=True):
    """No new part came in time. pdus: the parts that were held, in order of their numbers; missing: numbers of the others."""

    pdus: tuple[Pdu, ...]
    missing: tuple[int, ...]


class Dropped(Struct, frozen=True):
    """Parts were given up before their time.

    reason: "messages" or "octets" (a cap), "replaced" (a part came with another text), "closed".
    """

    pdus: tuple[Pdu, ...]
    missing: tuple[int, ...]
    reason: str


Event: TypeAlias = Complete | Held | Duplicate | Expired | Dropped


class _Key(NamedTuple):
    """What the parts of one message have in common."""

    peer: str
    source: str
    destination: str
    kind: str
    reference: int
    total: int


class _Entry:
    """A message that waits for parts."""

    __slots__ = ("contents", "deadline", "octets", "pdus")

    def __init__(self) -> None:
        self.pdus: dict[int, Pdu] = {}
        self.contents: dict[int, int] = {}
        self.octets = 0
        self.deadline = 0.0

    def put(self, part: int, pdu: Pdu, content: int) -> int:
        """Keep a part that is not there; returns the octets that it takes."""
        size = len(pdu) + _OBJECT
        self.pdus[part], self.contents[part] = pdu, content
        self.octets += size
        return size


class Reassembler:
    """Puts long messages together. Parts belong together by peer, sender, receiver, kind and number of the reference, and total.

    Parts name each other by a user data header (reference of 8 or 16 bits) or by SAR TLVs; one with both goes by the header, and numbers
    that cannot be (total 0, part 0 or beyond the total) are no concatenation, as 3GPP TS 23.040 9.2.3.24.1 says. Another total is another
    message. A part that comes again is a Duplicate, also `timeout` seconds after its message was completed. A part with another text
    under a number that is held begins a new message, for the sender has used the reference again: the newer wins, and what was held is
    Dropped, since a text of two messages was written by nobody. So does a part with another text than the completed message had. If all
    parts before it came again since, as a greeting does that both begin with, those Duplicates are the new message's, too; single ones were
    just repeated. What the new message waits for is no Duplicate.

    max_messages: incomplete messages at once; 1,000 are some minutes of lost parts at a busy gateway. max_octets: of the PDUs held, each
    counted with 256 for its object. timeout: seconds without a new part. Over a cap Duplicates are forgotten first, then the message that
    waited longest goes. Time is what the caller says; every PDU that goes in comes out in an event, a Duplicate perhaps in a second one.
    Not thread-safe.
    """

    def __init__(
        self, *, max_messages: int = 1000, max_octets: int = 4 * 1024 * 1024, timeout: float = 60.0, profile: Profile | None = None,
    ) -> None:
        self.max_messages = max_messages
        self.max_octets = max_octets
        self.timeout = timeout
        self.profile = profile
        self.octets = 0
        self._waiting: dict[_Key, _Entry] = {}  # the one whose deadline is nearest first
        self._done: dict[_Key, tuple[tuple[int, ...], float]] = {}  # what was completed: hashes of the parts, until when it is remembered
        self._again: dict[_Key, _Entry] = {}  # parts of those that came again since, the first of each number; the oldest first

    def __len__(self) -> int:
        """Messages that wait for parts."""
        return len(self._waiting)

    def add(self, pdu: Pdu, now: float, peer: str = "") -> list[Event]:
        """Take one PDU with a text (deliver_sm, data_sm, submit_sm).

        peer: who it came from, the same for all connections of one account. Returns what happened, what timed out before included: at the
        end Complete, Held, Duplicate, or Dropped with this PDU where it does not fit into the caps.
        """
        events: list[Event] = self.tick(now)
        octets, coding = _content(pdu)
        numbers = _concatenation(pdu, octets)
        if numbers is None:
            events.append(Complete(Received.of((pdu,), self.profile)))
            return events
        kind, reference, total, part = numbers
        key = _Key(peer, getattr(pdu, "source_addr", None) or "", getattr(pdu, "destination_addr", None) or "", kind, reference, total)
        content = hash((octets, coding))
        done, entry = self._done.get(key), self._waiting.get(key)
        if entry is not None and entry.contents.get(part) == content:
            events.append(Duplicate(pdu))
            return events
        # While another message waits for this very part, it is that one's.
        if done is not None and done[0][part - 1] == content and (entry is None or part in entry.contents):
            if entry is None:
                self._keep_duplicate(key, part, pdu, content)
            events.append(Duplicate(pdu))
            return events
        if entry is not None:
            del self._waiting[key]  # it comes back behind the others
            if part in entry.contents:
                events.append(self._drop(key, entry, "replaced"))
                entry = None
        if entry is None:
            entry = self._begin(key, part)
        self.octets += entry.put(part, pdu, content)
        if len(entry.pdus) == total:
            self.octets -= entry.octets
            self._remember(key, entry, now)
            events.append(Complete(Received.of([entry.pdus[number] for number in range(1, total + 1)], self.profile)))
            return events
        entry.deadline = now + self.timeout
        self._waiting[key] = entry
        events.append(Held(pdu, len(entry.pdus), total))
        self._forget_duplicates()
        while len(self._waiting) > self.max_messages or self.octets > self.max_octets:
            reason = "messages" if len(self._waiting) > self.max_messages else "octets"
            oldest = next(iter(self._waiting))
            events.append(self._drop(oldest, self._waiting.pop(oldest), reason))
        return events

    def tick(self, now: float) -> list[Event]:
        """Give up what had no new part for `timeout` seconds."""
        events: list[Event] = []
        while self._waiting:
            key, entry = next(iter(self._waiting.items()))
            if entry.deadline > now:
                break
            del self._waiting[key]
            self.octets -= entry.octets
            events.append(Expired(_held(entry), _missing(key, entry)))
        while self._done:
            key, (_, until) = next(iter(self._done.items()))
            if until > now:
                break
            self._forget(key)
        return events

    def deadline(self) -> float | None:
        """When tick has something to give up next; None for never."""
        entry = next(iter(self._waiting.values()), None)
        return None if entry is None else entry.deadline

    def close(self) -> list[Event]:
        """Give up everything that is held."""
        events: list[Event] = [self._drop(key, entry, "closed") for key, entry in self._waiting.items()]
        self._waiting.clear()
        for key in list(self._done):
            self._forget(key)
        return events

    def _drop(self, key: _Key, entry: _Entry, reason: str) -> Dropped:
        self.octets -= entry.octets
        return Dropped(_held(entry), _missing(key, entry), reason)

    def _remember(self, key: _Key, entry: _Entry, now: float) -> None:
        if key in self._done:
            self._forget(key)
        self._done[key] = tuple(entry.contents[number] for number in range(1, key.total + 1)), now + self.timeout
        while len(self._done) > self.max_messages:
            self._forget(next(iter(self._done)))

    def _forget(self, key: _Key) -> None:
        """Know nothing of a completed message any more."""
        del self._done[key]
        again = self._again.pop(key, None)
        if again is not None:
            self.octets -= again.octets

    def _begin(self, key: _Key, part: int) -> _Entry:
        """A message of which this part is there, and those before it if all of them were called Duplicate."""
        entry = _Entry()
        again = self._again.pop(key, None)
        if again is not None:
            self.octets -= again.octets
            if all(number in again.pdus for number in range(1, part)):
                for number in range(1, part):
                    self.octets += entry.put(number, again.pdus[number], again.contents[number])
        return entry

    def _keep_duplicate(self, key: _Key, part: int, pdu: Pdu, content: int) -> None:
        """Keep a part of a completed message that came again, until all have: then it is the whole message that did."""
        again = self._again.setdefault(key, _Entry())
        if part not in again.contents:
            self.octets += again.put(part, pdu, content)
        if len(again.contents) == key.total:
            self.octets -= self._again.pop(key).octets
        self._forget_duplicates()

    def _forget_duplicates(self) -> None:
        while self._again and self.octets > self.max_octets:
            self.octets -= self._again.pop(next(iter(self._again))).octets


def _held(entry: _Entry) -> tuple[Pdu, ...]:
    return tuple(entry.pdus[number] for number in sorted(entry.pdus))


def _missing(key: _Key, entry: _Entry) -> tuple[int, ...]:
    return tuple(number for number in range(1, key.total + 1) if number not in entry.pdus)


def _content(pdu: Pdu) -> tuple[bytes, int]:
    """The user data of a PDU, header included, and its data_coding: what makes a part another one."""
    octets = getattr(pdu, "short_message", None) or getattr(pdu, "message_payload", None) or b""
    return octets, getattr(pdu, "data_coding", None) or 0


def _concatenation(pdu: Pdu, octets: bytes) -> tuple[str, int, int, int] | None:
    """Kind, reference, total and number of a part; None for a message in one PDU."""
    if (getattr(pdu, "esm_class", None) or 0) & _UDHI:
        header = udh.decode(octets)
        found = None if header is None else header.concat
        if found is not None:
            return None if found.total == 1 else (f"udh{found.bits}", found.reference, found.total, found.part)
    reference, total, part = pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum
    if reference is None or total is None or part is None or not 1 <= part <= total <= 255 or total == 1:
        return None
    return "sar", reference, total, part
