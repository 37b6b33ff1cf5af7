"""Layer 5 of 9: message ids as responses write them against ids as receipts write them: hexadecimal, decimal, case, leading zeros."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

__all__ = ["Form", "IdMatcher", "Radix"]

Radix: TypeAlias = Literal["same", "hex-decimal", "decimal-hex"]
Form: TypeAlias = Literal["equal", "case", "zeros", "prefix", "hex-decimal", "decimal-hex"]

_RADIXES: tuple[Radix, ...] = ("same", "hex-decimal", "decimal-hex")
_HEX = frozenset("0123456789abcdef")
_MOST_DIGITS = 40     # a UUID of 128 bits has 32 hexadecimal digits and up to 39 decimal ones
_LEARNED_FROM = 5     # receipts that only one radix explains, before the others are ruled out
_OUTWEIGHS = 20       # as many proofs of one radix for each of another
_UNLEARNED_FROM = 10  # receipts in a row that only another radix explains: the peer has changed its ways

K = TypeVar("K")


class _Sight(NamedTuple, Generic[K]):
    """What an id could mean. doubtful: it may well be one of those that were sent, but which is open."""

    key: K | None
    doubtful: bool


class IdMatcher(Generic[K]):
    """Finds what a receipt's id belongs to, although a peer writes ids in receipts otherwise than in responses. One for each peer.

    Forms: "equal"; the same word in another "case", with other leading "zeros", with or without the "prefix" 0x; "hex-decimal" (the
    response hexadecimal, the receipt the same number in decimal) and "decimal-hex". The first four are one radix, "same".
    An id that several radixes could explain, each by another message, is matched only once the peer's radix is known: after 5 receipts
    that no other radix explains, if hardly any spoke for another. From then on no other radix counts, so that a number that is somebody
    else's joins nothing; 10 such in a row mean that the peer has changed, and it is learned anew. Within a radix an id that was sent
    exactly so wins; of several that differ in case, zeros or prefix none does. forms: how often each form matched; doubtful: how often a
    receipt's id had more than one meaning.

    limit: ids kept; the oldest goes first. An id costs one dict entry, two where it has capitals, leading zeros or 0x. Lookups take the
    time of a few dict lookups, whatever is kept. Not thread-safe.
    """

    def __init__(self, limit: int = 200_000) -> None:
        if limit < 1:
            raise ValueError("an IdMatcher keeps one id at least")
        self.limit = limit
        self.forms: dict[Form, int] = dict.fromkeys(("equal", "case", "zeros", "prefix", "hex-decimal", "decimal-hex"), 0)
        self.doubtful = 0
        self.evicted = 0
        self._keys: dict[str, K] = {}
        self._folded: dict[str, tuple[str, ...]] = {}  # folded -> ids that are written otherwise
        self._proofs: dict[Radix, int] = dict.fromkeys(_RADIXES, 0)
        self._radix: Radix | None = None
        self._against = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    @property
    def radix(self) -> Radix | None:
        """How the peer writes numbers in receipts, None while that is not known."""
        return self._radix

    def get(self, id: str) -> K | None:
        """What was sent under exactly this id."""
        return self._keys.get(id)

    def sent(self, id: str, key: K) -> tuple[str, K] | None:
        """Keep the id of a response.

        Returns what had to go for it, as (id, key): what the peer had given the same id before, or the oldest over the limit; None if
        nothing had to.
        """
        keys = self._keys
        before = keys.pop(id, None)
        keys[id] = key
        if before is not None:
            return None if before is key or before == key else (id, before)
        folded = fold(id)
        if folded != id:
            self._folded[folded] = (*self._folded.get(folded, ()), id)
        if len(keys) <= self.limit:
            return None
        oldest = next(iter(keys))
        gone = oldest, keys[oldest]
        self.forget(oldest)
        self.evicted += 1
        return gone

    def forget(self, id: str) -> None:
        """Keep the id no longer."""
        if self._keys.pop(id, None) is None:
            return
        folded = fold(id)
        if folded != id:
            others = tuple(other for other in self._folded[folded] if other != id)
            if others:
                self._folded[folded] = others
            else:
                del self._folded[folded]

    def find(self, id: str, *, unanswered: bool = False) -> K | None:
        """What a receipt's id belongs to; None if nothing that was sent fits, or too much does.

        unanswered: whether requests still wait for their ids. While the peer's radix is not known, the id may be one of those, so what
        more than one radix could mean stays open.
        """
        return self.look(id, unanswered=unanswered).key

    def look(self, id: str, *, unanswered: bool = False, learn: bool = True) -> _Sight[K]:
        """The same, and whether the id is doubtful: it may be found later, when more is known or sent.

        learn: False for a receipt that was doubtful before, so that what it says about the radix counts once.
        """
        if self._radix == "same":  # the common case
            key = self._keys.get(id)
            if key is not None:
                self.forms["equal"] += 1
                self._against = 0
                return _Sight(key, False)
        words = _words(id)
        found: dict[Radix, str] = {}
        for radix, word in words.items():
            if self._radix is None or radix == self._radix:
                name, several = self._pick(id, word, radix)
                if several:
                    return self._doubt()
                if name is not None:
                    found[radix] = name
        if not found:
            return self._doubt() if self._radix is not None and self._speaks_against(id, words, learn) else _Sight(None, False)
        radix, name = next(iter(found.items()))
        key = self._keys[name]
        if any(self._keys[other] != key for other in found.values()):
            return self._doubt()
        if len(found) == 1 and len(words) > 1:  # no other radix explains it, and another could have
            if learn:
                self._prove(radix)
            if unanswered and self._radix != radix:
                return self._doubt()
        self.forms[_form(id, name, radix)] += 1
        return _Sight(key, False)

    def _doubt(self) -> _Sight[K]:
        self.doubtful += 1
        return _Sight(None, True)

    def _pick(self, said: str, word: str, radix: Radix) -> tuple[str | None, bool]:
        """The one id that was sent and reads `word` when folded, or None; and whether there are several."""
        if radix == "same" and said in self._keys:
            return said, False
        names = self._folded.get(word, ())
        if word in self._keys and word not in names:
            names = (word, *names)
        if radix == "decimal-hex":
            names = tuple(name for name in names if name[:2] not in ("0x", "0X"))  # a number with 0x is no decimal one
        return (names[0], False) if len(names) == 1 else (None, len(names) > 1)

    def _speaks_against(self, said: str, words: dict[Radix, str], learn: bool) -> bool:
        """Whether another radix explains an id that the peer's does not: a stranger's number, or the peer has changed."""
        if all(radix == self._radix or self._pick(said, word, radix)[0] is None for radix, word in words.items()):
            return False
        self._against += learn
        if self._against >= _UNLEARNED_FROM:
            self._against = 0
            self._radix = None
            self._proofs = dict.fromkeys(_RADIXES, 0)
        return True

    def _prove(self, radix: Radix) -> None:
        """A receipt that only this radix explains."""
        if radix == self._radix:
            self._against = 0
            return
        proofs = self._proofs
        for other in _RADIXES:
            proofs[other] = proofs[other] + 1 if other == radix else proofs[other] // 2
        against = sum(proofs.values()) - proofs[radix]
        if proofs[radix] >= _LEARNED_FROM and against * _OUTWEIGHS <= proofs[radix]:
            self._radix = radix


def fold(id: str) -> str:
    """An id in lower case, without 0x and without leading zeros."""
    folded = id.lower()
    if folded[:2] == "0x":
        folded = folded[2:]
    return folded.lstrip("0") or "0" if folded else id


def _words(said: str) -> dict[Radix, str]:
    """What the id of a response would be when folded, for each radix that the id could be in."""
    folded = fold(said)
    words: dict[Radix, str] = {"same": folded}
    if not folded or len(folded) > _MOST_DIGITS or not _HEX.issuperset(folded):
        return words
    if folded.isdigit() and said[:2] not in ("0x", "0X"):
        words["hex-decimal"] = format(int(folded), "x")
    words["decimal-hex"] = str(int(folded, 16))
    return words


def _form(said: str, name: str, radix: Radix) -> Form:
    if said == name:
        return "equal"
    if radix != "same":
        return radix
    if said.lower() == name.lower():
        return "case"
    return "prefix" if (said[:2] in ("0x", "0X")) != (name[:2] in ("0x", "0X")) else "zeros"


def meanings(id: str) -> tuple[str, ...]:
    """What a receipt's id could stand for as a folded id of a response, and the other way round: folded, in hexadecimal, in decimal."""
    return tuple(dict.fromkeys(_words(id).values()))
