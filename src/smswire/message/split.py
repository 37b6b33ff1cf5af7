"""Layer 5 of 9: a text to segments, in the smallest encoding that holds it, with the reasons; nothing that belongs together is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from smpp_core import EncodeError, Profile

from .alphabet import Alphabet, alphabets_for, alphabets_of_number

if TYPE_CHECKING:
    from .transliterate import Proposal

__all__ = ["MOST_SEGMENTS", "Split", "cut", "header_length", "split"]

# A part's number and the number of parts are one octet each (3GPP TS 23.040 9.2.3.24.1, SMPP 3.4 5.3.2.23).
MOST_SEGMENTS: Final = 255

# Octets of the information element that names a part, by concatenation. A peer that gets a payload splits it with the first.
_ELEMENT: Final = {"udh8": 5, "udh16": 6, "sar": 0, "payload": 5}
_VENDOR: Final = Profile.vendor()
# At the start of a segment a receiver takes either for a byte order mark.
_MARKS: Final = "\ufeff\ufffe"
# The largest value of message_payload.
_MOST_PAYLOAD: Final = 0xFFFF


def header_length(elements: int) -> int:
    """Octets of a user data header with that many octets of elements: none without elements, else one more for its length."""
    return elements + 1 if elements else 0


class Split(Struct, frozen=True):
    """A text, how it is written, and its segments.

    alphabet: what was chosen. texts, units: of each segment, in order; of a payload, which the peer splits, there is one. capacity: units
    that a segment holds. segments: how many there are, or will be. tried: the alphabets in question; asked: "" if the choice was free,
    else what decided it ("encoding", "data_coding"). carried, concatenation: as given to `split`.
    """

    text: str
    alphabet: Alphabet
    texts: tuple[str, ...]
    units: tuple[int, ...]
    capacity: int
    segments: int
    tried: tuple[Alphabet, ...]
    asked: str = ""
    carried: int = 0
    concatenation: str = "udh8"

    @property
    def encoding(self) -> str:
        """What a handset gets: "gsm7", "latin1", "ucs2", or another codec that data_coding asked for."""
        return self.alphabet.encoding

    @property
    def data_coding(self) -> int:
        """The number that tells the peer the alphabet."""
        return self.alphabet.data_coding

    @property
    def units_left(self) -> int:
        """Units that the last segment has room for, before another one is needed; of a payload those of its last segment, about."""
        if self.concatenation == "payload" and self.segments > 1:
            return -self.units[0] % self.capacity
        return self.capacity - self.units[-1]

    @property
    def forced_by(self) -> tuple[tuple[int, str], ...]:
        """(index, character) of those that no allowed GSM 7-bit table holds: they force a wider encoding. Empty for GSM 7-bit."""
        if self.encoding == "gsm7":
            return ()
        tables = [one for one in self.tried if one.encoding == "gsm7"] or [Alphabet("gsm7", 0, "gsm7")]
        lacking = min((one.lacking(self.text) for one in tables), key=len)
        return tuple(lacking or Alphabet("gsm7", 0, "gsm7").lacking(self.text))

    @property
    def doubled(self) -> tuple[tuple[int, str], ...]:
        """(index, character) of those that take two units."""
        return tuple(self.alphabet.doubled(self.text))

    @property
    def reason(self) -> str:
        """Why this encoding, in a sentence without its full stop."""
        return _reason(self)

    @property
    def proposal(self) -> Proposal | None:
        """Another spelling that the GSM 7-bit alphabet holds, None if there is no sensible one or none is needed. It is never applied."""
        first = self.tried[0] if self.tried[0].encoding == "gsm7" else Alphabet("gsm7", 0, "gsm7")
        if self.alphabet.encoding == "gsm7" and not self.alphabet.elements:
            return None
        from .transliterate import propose

        found = propose(self.text)
        units = None if found is None else first.units(found.text)
        if found is None or units is None:
            return None
        count = _count(first, units, self.carried, self.concatenation)
        if self.concatenation != "payload" and 1 < count <= MOST_SEGMENTS:
            count = len(cut(found.text, first, first.capacity(_header(first, self.carried, self.concatenation, count))))
        found.segments = count
        found.saved = self.segments - count
        return found


def split(
    text: str, *, profile: Profile | None = None, encoding: str = "auto", data_coding: int | None = None, national: tuple[int, ...] = (),
    latin1: bool = False, flash: bool = False, concatenation: str = "udh8", carried: int = 0,
) -> Split:
    """Choose the encoding with the fewest segments and cut text into them.

    profile: what the peer means by data_coding, the vendor's if None. encoding, data_coding, flash, concatenation: as in Message.
    national: identifiers of languages whose tables may be used (see `languages`). latin1: Latin-1 may be used, if that saves a segment.
    carried: octets of the information elements that every part carries besides those that name the part and the tables.
    Of equal numbers of segments, GSM 7-bit wins, then its national tables, then UCS-2. No segment cuts an escape pair, a surrogate
    pair or a grapheme cluster, unless a cluster alone is longer than a segment; none begins with U+FEFF if that can be helped.
    Raises EncodeError (field "text") for characters that the encodings asked for do not hold, lone surrogates, and over 255 segments.
    """
    if concatenation not in _ELEMENT:
        raise EncodeError(f"concatenation is {concatenation!r}, not udh8, udh16, sar or payload", field="concatenation")
    if profile is None:
        profile = _VENDOR
    asked = ""
    if data_coding is not None:
        asked = "data_coding"
        tried = alphabets_of_number(profile, data_coding, encoding, flash)
    else:
        if encoding != "auto":
            asked = "encoding"
        tried = alphabets_for(profile, encoding, national, latin1, flash)
    first = tried[0]
    units = first.units(text)
    if units is not None:
        elements = first.elements
        capacity = first.capacity(header_length(carried + len(elements)) if carried or elements else 0)
        if units <= capacity and first.encoding == "gsm7":  # nothing is smaller
            return Split(text, first, (text,), (units,), capacity, 1, tried, asked, carried, concatenation)
    return _smallest(text, tried, asked, carried, concatenation)


def _header(alphabet: Alphabet, carried: int, concatenation: str, segments: int) -> int:
    return header_length(carried + len(alphabet.elements) + (_ELEMENT[concatenation] if segments > 1 else 0))


def _count(alphabet: Alphabet, units: int, carried: int, concatenation: str) -> int:
    """Segments of that many units, or a few less: what must not be cut may need more. Raises EncodeError if the header leaves no room."""
    if units <= alphabet.capacity(_header(alphabet, carried, concatenation, 1)):
        return 1
    capacity = alphabet.capacity(_header(alphabet, carried, concatenation, 2))
    if capacity < 8:  # a character of any codec has at most that many octets
        raise EncodeError("the user data header leaves no room for a text", field="udh")
    return -(-units // capacity)


def _smallest(text: str, tried: tuple[Alphabet, ...], asked: str, carried: int, concatenation: str) -> Split:
    counted = []
    for order, alphabet in enumerate(tried):
        units = alphabet.units(text)
        if units is not None:
            counted.append((_count(alphabet, units, carried, concatenation), order, alphabet, units))
    if not counted:
        raise _not_held(text, tried)
    counted.sort(key=lambda row: row[:2])
    best: tuple[int, int, Split] | None = None
    for count, order, alphabet, units in counted:
        if best is not None and count > best[0]:
            break  # its count can only grow
        if count > MOST_SEGMENTS:
            break
        header = _header(alphabet, carried, concatenation, count)
        capacity = alphabet.capacity(header)
        if count == 1 or concatenation == "payload":
            if concatenation == "payload" and len(alphabet.encode(text)) + header > _MOST_PAYLOAD:
                raise EncodeError(f"the text takes more than the {_MOST_PAYLOAD} octets of message_payload", field="text")
            made = Split(text, alphabet, (text,), (units,), capacity, count, tried, asked, carried, concatenation)
        else:
            texts = cut(text, alphabet, capacity)
            count = len(texts)
            sizes = tuple(alphabet.units(part) or 0 for part in texts)
            made = Split(text, alphabet, tuple(texts), sizes, capacity, count, tried, asked, carried, concatenation)
        if best is None or (count, order) < best[:2]:
            best = count, order, made
    count = counted[0][0] if best is None else best[0]
    if best is None or count > MOST_SEGMENTS:
        alphabet = counted[0][2] if best is None else best[2].alphabet
        raise EncodeError(f"the text takes {count} segments in {alphabet.title}, the limit is {MOST_SEGMENTS}", field="text")
    if best[2].encoding == "ucs2" and text[:1] == "\ufffe":
        raise EncodeError("the text begins with U+FFFE, which makes a receiver read all octets the other way round", field="text")
    return best[2]


def _not_held(text: str, tried: tuple[Alphabet, ...]) -> EncodeError:
    for index, char in enumerate(text):
        if "\ud800" <= char <= "\udfff":
            return EncodeError(f"U+{ord(char):04X} at index {index} is half of a surrogate pair, which no encoding holds", field="text")
    nearest = min(tried, key=lambda one: len(one.lacking(text)))
    index, char = nearest.lacking(text)[0]
    return EncodeError(f"{char!a} (U+{ord(char):04X}) at index {index} is not in {nearest.title}", field="text")


# -- cutting ----------------------------------------------------------------------------------------------------------------


def cut(text: str, alphabet: Alphabet, capacity: int) -> list[str]:
    """Cut text, which the alphabet holds, into pieces of at most capacity units (8 at least); see `split` for where it is not cut."""
    pieces = []
    start, length = 0, len(text)
    boundaries: set[int] | None = None
    while start < length:
        end = alphabet.fit(text, start, capacity)
        if end < length:
            longest = end
            for at in range(longest, start, -1):
                if text[at] in _MARKS:
                    continue
                boundary = _is_plain(text[at - 1], text[at])
                if not boundary:
                    if boundaries is None:
                        boundaries = _boundaries(text)
                    boundary = at in boundaries
                if boundary:
                    end = at
                    break
            else:  # nothing but one cluster, or marks
                end = next((at for at in range(longest, start, -1) if text[at] not in _MARKS), longest)
        pieces.append(text[start:end])
        start = end
    return pieces


def _is_plain(before: str, after: str) -> bool:
    """True if a grapheme cluster certainly ends between two characters: both stand alone in the rules of Unicode (UAX 29)."""
    return _stands_alone(before) and _stands_alone(after) and not (before == "\r" and after == "\n")


def _stands_alone(char: str) -> bool:
    # Latin, Greek, Cyrillic, kana and the unified ideographs, without their combining marks.
    return (
        char < "\u0300" or "\u0370" <= char <= "\u0482" or "\u048a" <= char <= "\u0590" or "\u3041" <= char <= "\u3096"
        or "\u4e00" <= char <= "\u9fff"
    )


def _boundaries(text: str) -> set[int]:
    import regex  # type: ignore[import-untyped]  # few splits ask

    return {found.end() for found in regex.finditer(r"\X", text)}


# -- words ------------------------------------------------------------------------------------------------------------------


def _reason(made: Split) -> str:
    chosen = made.alphabet
    if not made.text:
        return "the text is empty"
    if made.asked == "encoding":
        return f"{chosen.title} was asked for"
    if made.asked:
        return f"data_coding was given; the text is written in {chosen.title}"
    if chosen.encoding == "gsm7" and not chosen.elements:
        through = f"; the octets are {chosen.wire}, which the peer turns into it" if chosen.wire in ("latin1", "ascii") else ""
        return f"every character is in the GSM 7-bit alphabet{through}"
    rivals = []
    for other in made.tried:
        units = None if other == chosen or other.elements and chosen.elements else other.units(made.text)
        if units is not None:
            rivals.append((_count(other, units, made.carried, made.concatenation), other))
    forced = made.forced_by
    if chosen.encoding == "ucs2":
        held = [other for _, other in rivals if other.encoding == "gsm7"]
        if held:
            return f"UCS-2 takes {_segments(made.segments)}, fewer than {held[0].title}"
        first = {char: index for index, char in reversed(forced)}
        kinds = sorted(first, key=lambda char: first[char])
        shown = ", ".join(f"U+{ord(char):04X} at index {first[char]}" for char in kinds[:3])
        more = f" and {len(kinds) - 3} other{'s' if len(kinds) > 4 else ''}" if len(kinds) > 3 else ""
        be = "characters are" if len(forced) > 1 else "character is"
        return f"{len(forced)} {be} not in the GSM 7-bit alphabet: {shown}{more}"
    if not rivals:
        return f"{chosen.title} holds every character"
    count, other = min(rivals, key=lambda row: row[0])
    if count == made.segments:
        return f"{chosen.title} takes fewer octets than {other.title}"
    return f"{chosen.title} takes {_segments(made.segments)}, {other.title} would take {count}"


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"
