"""Layer 5 of 9: the ways in which a text can be written for one peer: alphabet, national tables, data_coding, and what each holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from smpp_core import EncodeError, Profile, encode_text, gsm7
from smpp_core.spec.alphabets import ESCAPE, LANGUAGES, LOCKING, SINGLE
from smpp_core.spec.data_codings import GSM_GROUP_TABLE

__all__ = ["OCTETS", "Alphabet", "alphabets_for", "alphabets_of_number", "binary_number", "languages"]

# Octets of user data in one short message, header included (3GPP TS 23.040 9.2.3.16).
OCTETS: Final = 140

# ISO 639-1 codes of the languages that have tables; Assamese shares Bengali's.
_CODES: Final = {
    "tr": 1, "es": 2, "pt": 3, "bn": 4, "as": 4, "gu": 5, "hi": 6, "kn": 7, "ml": 8, "or": 9, "pa": 10, "ta": 11, "te": 12, "ur": 13,
}
_NAMES: Final = {name.lower(): number for number, name in LANGUAGES.items() if number} | {"bengali": 4, "assamese": 4}

# Written where a profile has no row: class 0 of the coding groups of 3GPP TS 23.038 4.
_FLASH: Final = {"gsm7": (0x10, 0xF0), "ucs2": (0x18,), "binary": (0xF4, 0x14)}


class Alphabet(Struct, frozen=True):
    """One way to write text.

    encoding: what a handset gets: "gsm7", "latin1", "ucs2", "ascii" or a Python codec. wire: how the octets are written: the same, or
    "gsm7-packed", or for "gsm7" what the peer turns into it ("latin1", "ascii"). locking, single: national language identifiers, 0 for
    the default tables. A unit is a septet, a UTF-16 unit or an octet.
    """

    encoding: str
    data_coding: int
    wire: str
    locking: int = 0
    single: int = 0

    @property
    def unit(self) -> str:
        """The name of a unit."""
        return {"gsm7": "septet", "ucs2": "UTF-16 unit"}.get(self.encoding, "octet")

    @property
    def title(self) -> str:
        """The alphabet's name for people."""
        if self.encoding != "gsm7":
            return {"latin1": "Latin-1", "ucs2": "UCS-2", "ascii": "ASCII"}.get(self.encoding, self.encoding)
        if not self.locking and not self.single:
            return "GSM 7-bit"
        if self.locking == self.single:
            return f"GSM 7-bit with the {LANGUAGES[self.locking]} locking and single shift tables"
        tables = [f"{LANGUAGES[number]} {kind} shift" for number, kind in ((self.locking, "locking"), (self.single, "single")) if number]
        return f"GSM 7-bit with the {' and '.join(tables)} table{'s' if len(tables) > 1 else ''}"

    @property
    def elements(self) -> bytes:
        """The information elements that name the national tables (3GPP TS 23.040 9.2.3.24.15, .16); they stand in every part."""
        locking = bytes((0x25, 1, self.locking)) if self.locking else b""
        return locking + bytes((0x24, 1, self.single)) if self.single else locking

    def capacity(self, header: int) -> int:
        """Units that one segment holds beside a user data header of that many octets, its length octet included."""
        room = OCTETS - header
        if self.encoding == "gsm7":
            return room * 8 // 7
        return room // 2 if self.encoding == "ucs2" else room

    def units(self, text: str) -> int | None:
        """Units that text takes, None if the alphabet does not hold all of it."""
        if self.encoding == "gsm7":
            if self.wire in ("latin1", "ascii") and not text.isascii() and (self.wire == "ascii" or max(text) > "\xff"):
                return None
            return gsm7.count(text, locking=self.locking, single=self.single)
        if self.encoding == "ucs2":
            try:
                return len(text.encode("utf-16-be")) // 2
            except UnicodeEncodeError:
                return None
        try:
            return len(text.encode(self.wire))
        except UnicodeEncodeError:
            return None

    def lacking(self, text: str) -> list[tuple[int, str]]:
        """(index, character) of every character that the alphabet does not hold."""
        if self.encoding == "gsm7" and self.wire not in ("latin1", "ascii"):
            return gsm7.unencodable(text, locking=self.locking, single=self.single)
        if self.units(text) is not None:
            return []
        found = {char for char in set(text) if self.units(char) is None}
        return [(index, char) for index, char in enumerate(text) if char in found]

    def doubled(self, text: str) -> list[tuple[int, str]]:
        """(index, character) of every character that takes two units: of the extension table, or outside the BMP."""
        found = {char for char in set(text) if self.units(char) == 2} if self.encoding in ("gsm7", "ucs2") else set()
        return [(index, char) for index, char in enumerate(text) if char in found] if found else []

    def fit(self, text: str, start: int, room: int) -> int:
        """The index up to which text, from start on, fits into room units; no escape or surrogate pair is cut. Text that it holds."""
        chunk = text[start:start + room]
        if self.encoding == "gsm7":
            septets = gsm7.encode(chunk, locking=self.locking, single=self.single)[:room]
            return start + len(septets) - septets.count(ESCAPE)  # an escape that lost its septet counts for nothing
        if self.encoding == "ucs2":
            octets = chunk.encode("utf-16-be")[:2 * room]
            if len(octets) >= 2 and 0xD8 <= octets[-2] <= 0xDB:
                octets = octets[:-2]
            return start + len(octets.decode("utf-16-be"))
        ends = range(start + 1, start + len(chunk) + 1)
        return start + bisect_right(ends, room, key=lambda end: len(text[start:end].encode(self.wire)))

    def encode(self, text: str, header: int = 0) -> bytes:
        """The octets of text that stand behind a user data header of that many octets. Raises EncodeError for what it does not hold."""
        if self.wire == "gsm7":
            return gsm7.encode(text, locking=self.locking, single=self.single)
        if self.wire == "gsm7-packed":
            return gsm7.pack(gsm7.encode(text, locking=self.locking, single=self.single), (7 - 8 * header % 7) % 7)
        return encode_text(text, self.wire)


def languages(names: Iterable[str | int]) -> tuple[int, ...]:
    """National language identifiers of 3GPP TS 23.038 from numbers (1-13), codes of two letters ("tr") or English names.

    Raises EncodeError with the field "national" for another.
    """
    found = []
    for name in names:
        word = str(name).strip().lower()
        number = _CODES.get(word) or _NAMES.get(word) or (int(word) if word.isascii() and word.isdigit() and len(word) < 3 else 0)
        if number not in LANGUAGES or not number:
            known = ", ".join(code for code in _CODES if code != "as")
            raise EncodeError(f"{str(name)!a} is no language with GSM tables; there are {known}", field="national")
        found.append(number)
    return tuple(dict.fromkeys(found))


@lru_cache(256)
def alphabets_for(
    profile: Profile, encoding: str = "auto", national: tuple[int, ...] = (), latin1: bool = False, flash: bool = False,
) -> tuple[Alphabet, ...]:
    """The alphabets that may be tried, the one to prefer of equals first.

    profile: whose data codings are written. encoding: "auto", or the only one. national: languages whose tables are allowed. latin1: it
    is allowed; it also is where the peer's default alphabet is Latin-1, and never with flash, which has no number for it.
    Raises EncodeError if the profile has no number for the encoding, or encoding is none.
    """
    if encoding not in ("auto", "gsm7", "latin1", "ucs2"):
        raise EncodeError(f"encoding is {encoding!r}, not auto, gsm7, latin1 or ucs2 for a text", field="encoding")
    found: list[Alphabet] = []
    if encoding in ("auto", "gsm7"):
        base = _gsm7(profile, flash)
        if base is not None:
            found += _with_tables(base, national)
    if encoding in ("auto", "ucs2"):
        number = _number(profile, "ucs2", flash)
        if number is not None:
            found.append(Alphabet("ucs2", number, "ucs2"))
    # Behind UCS-2: it is taken only where it saves a segment.
    if not flash and (encoding == "latin1" or encoding == "auto" and (latin1 or profile.default_alphabet == "latin1")):
        number = _number(profile, "latin1", False)
        if number is not None:
            found.append(Alphabet("latin1", number, "latin1"))
    if not found:
        what = "flash messages" if flash else "it"
        raise EncodeError(f"the profile {profile.name!r} has no data_coding for {encoding}; {what} cannot be written", field="encoding")
    return tuple(found)


@lru_cache(256)
def alphabets_of_number(profile: Profile, number: int, encoding: str = "auto", flash: bool = False) -> tuple[Alphabet, ...]:
    """The alphabets that a data_coding given by the caller allows.

    number: 0-255. encoding: "auto" for what the profile means by the number, else the number only labels that encoding. flash: a number
    under 16 has no message class, so the flash number of its alphabet is written for it, for Latin-1 that of GSM 7-bit or UCS-2.
    Raises EncodeError if the number means octets or nothing, or is none.
    """
    meaning = _meaning(profile, number)
    if encoding != "auto":
        packed = encoding == "gsm7" and meaning == "gsm7-packed"
        one = alphabets_for(profile, encoding)[0]
        return (Alphabet(encoding, number, "gsm7-packed" if packed else "gsm7" if encoding == "gsm7" else one.wire),)
    if meaning in ("binary", "unknown"):
        raise EncodeError(
            f"data_coding {number} means {'octets' if meaning == 'binary' else 'no known alphabet'} in the profile {profile.name!r}; "
            "say which encoding the text has", field="data_coding",
        )
    if flash and number < 16:
        twins = {"ucs2": ("ucs2",), "latin1": ("gsm7", "ucs2")}.get(meaning, ("gsm7",))
        return tuple(alphabets_for(profile, twin, flash=True)[0] for twin in twins)
    if meaning in ("gsm7", "gsm7-packed"):
        return (Alphabet("gsm7", number, meaning),)
    if meaning == "ascii" or number == 0:
        return Alphabet("gsm7", number, meaning), Alphabet(meaning, number, meaning)
    return (Alphabet(meaning, number, meaning),)


def binary_number(profile: Profile, number: int | None = None, flash: bool = False) -> int:
    """The data_coding of octets. number: the caller's, None for the profile's; flash: as in `alphabets_of_number`."""
    if number is not None:
        _meaning(profile, number)
        if not flash or number >= 16:
            return number
    if not flash and _meaning(profile, 4) == "binary":
        return 4  # of the two in SMPP's table the one that peers know
    found = _number(profile, "binary", flash)
    if found is None:
        raise EncodeError(f"the profile {profile.name!r} has no data_coding for {'flash ' if flash else ''}octets", field="data_coding")
    return found


def _meaning(profile: Profile, number: int) -> str:
    if not 0 <= number <= 255:
        raise EncodeError(f"data_coding {number} is no octet", field="data_coding")
    row = profile.data_codings.get(number)
    if row is not None:
        return row.alphabet
    group = GSM_GROUP_TABLE[number]
    return "unknown" if group.compressed or group.alphabet == "reserved" else group.alphabet


def _number(profile: Profile, alphabet: str, flash: bool) -> int | None:
    """The lowest number that the profile has for an alphabet, with class 0 or without it; for flash also one of the coding groups."""
    rows = profile.data_codings
    for number in sorted(rows):
        has_class = GSM_GROUP_TABLE[number].message_class is not None
        if rows[number].alphabet == alphabet and (has_class and GSM_GROUP_TABLE[number].flash if flash else not has_class):
            return number
    return next((number for number in _FLASH[alphabet] if number not in rows), None) if flash else None


def _gsm7(profile: Profile, flash: bool) -> Alphabet | None:
    default = profile.default_alphabet
    if flash:
        number = _number(profile, "gsm7", True)
        return None if number is None else Alphabet("gsm7", number, "gsm7")
    if default in ("gsm7", "gsm7-packed"):
        return Alphabet("gsm7", 0, default)
    number = _number(profile, "gsm7", False)
    # Without a number for septets the peer is left to turn its own default alphabet into them.
    return Alphabet("gsm7", 0, default) if number is None else Alphabet("gsm7", number, "gsm7")


def _with_tables(base: Alphabet, national: tuple[int, ...]) -> list[Alphabet]:
    if base.wire not in ("gsm7", "gsm7-packed"):
        return [base]
    tables = [
        (locking, single) for locking in (0, *national) if locking in LOCKING for single in (0, *national) if single in SINGLE
    ]
    tables.sort(key=lambda pair: (bool(pair[0]) + bool(pair[1]), bool(pair[0])))
    return [Alphabet("gsm7", base.data_coding, base.wire, locking, single) for locking, single in tables]
