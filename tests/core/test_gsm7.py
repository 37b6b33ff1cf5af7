"""GSM 7-bit text: what an alphabet holds comes back from every pair of tables, any octets give a text, packing loses no septet."""

from __future__ import annotations

import hashlib
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp_core import gsm7
from smpp_core.errors import EncodeError
from smpp_core.spec.alphabets import ESCAPE, LANGUAGES, LOCKING, SINGLE

SCRIPTS = {
    4: "BENGALI", 5: "GUJARATI", 6: "DEVANAGARI", 7: "KANNADA", 8: "MALAYALAM", 9: "ORIYA", 10: "GURMUKHI", 11: "TAMIL", 12: "TELUGU",
    13: "ARABIC",
}
PAIRS = [(locking, single) for locking in LOCKING for single in SINGLE]

pairs = st.sampled_from(PAIRS)
octets = st.binary(max_size=1200)
septets = st.binary(max_size=600).map(lambda data: bytes(octet & 0x7F for octet in data))
fills = st.integers(0, 6)


def alphabet(locking: int, single: int) -> str:
    return "".join(sorted(set(LOCKING[locking] + SINGLE[single]) - {"\0"}))


@st.composite
def texts(draw: st.DrawFn, held: bool = True) -> tuple[str, int, int]:
    locking, single = draw(pairs)
    chars = st.sampled_from(alphabet(locking, single))
    if not held:
        chars |= st.characters()
    return draw(st.text(chars, max_size=700)), locking, single


# ---- the oracles: the sentences of TS 23.038 in plain Python


def read(data: bytes, locking: int, single: int, replace: bool = False) -> str:
    base = LOCKING.get(locking, LOCKING[0])
    shift = SINGLE.get(single, SINGLE[0])

    def basic(octet: int) -> str:
        if octet > 0x7F:
            return "\ufffd" if replace else chr(octet)
        return base[octet] if base[octet] != "\0" else "\ufffd"

    text = ""
    rest = list(data)
    while rest:
        octet = rest.pop(0)
        if octet != ESCAPE:
            text += basic(octet)
        elif not rest or rest[0] == ESCAPE:
            text += "\u00a0"
            rest = rest[1:]
        else:
            octet = rest.pop(0)
            text += shift[octet] if octet < 0x80 and shift[octet] != "\0" else basic(octet)
    return text


def write(text: str, locking: int, single: int) -> bytes:
    data = b""
    for char in text:
        if char in LOCKING[locking] and char != "\0":
            data += bytes([LOCKING[locking].index(char)])
        elif char in SINGLE[single] and char != "\0":
            data += bytes([ESCAPE, SINGLE[single].index(char)])
        else:
            data += b"?"
    return data


def bits(data: bytes, width: int) -> str:
    return "".join(f"{octet:0{width}b}"[::-1] for octet in data)


# ---- tables


def test_tables_are_those_that_were_compared_with_their_sources() -> None:
    content = repr((sorted(LANGUAGES.items()), sorted(LOCKING.items()), sorted(SINGLE.items())))
    assert hashlib.sha256(content.encode()).hexdigest() == "1b3735a9d500ddbc54bd6e9ef32ca655fb7317a04b6c9aaa4d1814f34a6bdf7b"


def test_tables_have_128_cells_no_escape_and_every_language() -> None:
    assert sorted(LANGUAGES) == sorted(SINGLE) == list(range(14))
    assert sorted(LOCKING) == [0, 1, *range(3, 14)]
    for table in (*LOCKING.values(), *SINGLE.values()):
        assert len(table) == 128 and table[ESCAPE] == "\0"
    for table in LOCKING.values():
        assert (table[0x0A], table[0x0D], table[0x20], table[0x3F]) == ("\n", "\r", " ", "?")
        assert table[0x30:0x3A] == "0123456789" and table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
        assert len(set(table) - {"\0"}) == 128 - table.count("\0")


@pytest.mark.parametrize("language", SCRIPTS)
def test_national_letters_belong_to_the_script_of_their_table(language: int) -> None:
    for char in (LOCKING[language] + SINGLE[language]).replace("\u0964", "").replace("\u0965", ""):
        if ord(char) > 0x2FF and char != "\u20ac":
            assert SCRIPTS[language] in unicodedata.name(char), f"{ord(char):04X}"


@pytest.mark.parametrize("language", SCRIPTS)
def test_single_shift_tables_hold_the_script_s_digits_in_order(language: int) -> None:
    digits = [char for char in SINGLE[language] if char.isdigit()]
    assert [unicodedata.digit(char) for char in digits] == list(range(10))
    first = SINGLE[language].index(digits[0])
    assert "".join(digits) == SINGLE[language][first:first + 11].replace("\0", "")[:10]


@pytest.mark.parametrize("language", SINGLE)
def test_single_shift_tables_hold_the_default_extension(language: int) -> None:
    for at, char in enumerate(SINGLE[0]):
        assert char in ("\0", SINGLE[language][at])


@pytest.mark.parametrize(("text", "locking", "single", "octets"), [
    ("@£$¥èéùìòÇ\nØø\rÅå", 0, 0, "000102030405060708090a0b0c0d0e0f"),
    ("Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ", 0, 0, "101112131415161718191a1c1d1e1f"),
    ("^{}\\[~]|€\f", 0, 0, "1b141b281b291b2f1b3c1b3d1b3e1b401b651b0a"),
    ("¤¡ÄÖÑÜ§¿äöñüà", 0, 0, "24405b5c5d5e5f607b7c7d7e7f"),
    ("ŞşĞğİıç€", 1, 1, "1c1d0b0c40076004"),
    ("ŞşĞğİıç€", 0, 1, "1b531b731b471b671b491b691b631b65"),
    ("áéíóúÁÍÓÚçñ", 0, 2, "1b61051b691b6f1b751b411b491b4f1b551b097d"),
    ("ãõâêÃÕ~`^∞", 3, 3, "7b7c1d045b5c607d1615"),
    ("ãõâêÁΣ", 0, 3, "1b7b1b7c1b7f1b051b0e18"),
    ("नमस्ते", 6, 6, "2f424c5f2759"),
    ("ಕನ್ನಡ", 7, 7, "152f5f2f24"),
    ("தமிழ் ௮", 11, 11, "274251485f201b24"),
    ("తెలుగు €౬", 12, 12, "275846531753201b651b22"),
    ("اردو۔", 13, 13, "00251a531b3f"),
])
def test_known_texts_have_known_septets(text: str, locking: int, single: int, octets: str) -> None:
    assert gsm7.encode(text, locking=locking, single=single).hex() == octets
    assert gsm7.decode(bytes.fromhex(octets), locking=locking, single=single) == text


# ---- I7 and totality


@pytest.mark.parametrize(("locking", "single"), PAIRS)
def test_every_character_of_every_pair_of_tables_comes_back(locking: int, single: int) -> None:
    for char in alphabet(locking, single):
        assert gsm7.decode(gsm7.encode(char, locking=locking, single=single), locking=locking, single=single) == char
    text = alphabet(locking, single)
    assert gsm7.decode(gsm7.encode(text, locking=locking, single=single), locking=locking, single=single) == text


@given(texts())
def test_a_text_that_the_alphabet_holds_comes_back(case: tuple[str, int, int]) -> None:
    text, locking, single = case
    data = gsm7.encode(text, locking=locking, single=single)
    assert data == write(text, locking, single)
    assert gsm7.decode(data, locking=locking, single=single) == text
    assert gsm7.count(text, locking=locking, single=single) == len(data)
    assert gsm7.unencodable(text, locking=locking, single=single) == []


@given(octets, st.integers(-3, 20), st.integers(-3, 20), st.booleans())
@example(b"\x1b", 0, 0, False)
@example(b"\x1b\x1b", 0, 0, False)
@example(b"\x1b\x1b\x1b", 0, 0, False)
@example(b"\x1b\x80\xff", 0, 0, True)
@example(b"\x1b\x65" * 256 + b"x", 0, 0, False)
@example(b"\x1b\x65" * 600 + b"\x1b", 6, 6, False)
@example(b"\x05" * 512, 0, 0, False)
@example(b"\x05" * 513, 0, 0, False)
@example(b"\x10" * 5000, 0, 0, False)
def test_any_octets_are_read_as_ts_23_038_says(data: bytes, locking: int, single: int, replace: bool) -> None:
    text = gsm7.decode(data, locking=locking, single=single, errors="replace" if replace else "latin1")
    wanted = read(data, locking, single, replace)
    assert text == wanted
    # A str that is wider than its characters, or not marked as ASCII, would be equal and still break its users.
    assert hash(text) == hash(wanted) and text.isascii() == wanted.isascii()
    # The interpreter's own strings of one character may hold their UTF-8 besides.
    assert len(text) < 2 or sys.getsizeof(text) == sys.getsizeof("".join(list(wanted)))


@given(texts(held=False))
def test_characters_outside_the_alphabet_are_named_listed_and_replaced(case: tuple[str, int, int]) -> None:
    text, locking, single = case
    held = alphabet(locking, single)
    missing = [(at, char) for at, char in enumerate(text) if char not in held]
    assert gsm7.unencodable(text, locking=locking, single=single) == missing
    replaced = gsm7.encode(text, locking=locking, single=single, errors="replace")
    assert replaced == write(text, locking, single)
    if missing:
        at, char = missing[0]
        assert gsm7.count(text, locking=locking, single=single) is None
        with pytest.raises(EncodeError) as caught:
            gsm7.encode(text, locking=locking, single=single)
        assert repr(char) in str(caught.value) and f"U+{ord(char):04X}" in str(caught.value) and f"index {at} " in str(caught.value)
    else:
        assert gsm7.count(text, locking=locking, single=single) == len(replaced)


@pytest.mark.parametrize("char", ["ç", "\u00a0", "\u22ff", "\u2300", "\uffff", "\ud800", "\U0001f600", "\0", "\x1b"])
def test_no_lookup_goes_beyond_the_tables(char: str) -> None:
    assert gsm7.unencodable(f"a{char}b") == [(1, char)]
    with pytest.raises(EncodeError, match="index 1 "):
        gsm7.encode(f"a{char}b")


@pytest.mark.parametrize(("locking", "single", "field"), [(2, 0, "locking"), (14, 0, "locking"), (-1, 0, "locking"), (0, 14, "single")])
def test_writing_with_a_table_that_does_not_exist_is_refused(locking: int, single: int, field: str) -> None:
    for function in (gsm7.encode, gsm7.count, gsm7.unencodable):
        with pytest.raises(EncodeError) as caught:
            function("a", locking=locking, single=single)
        assert caught.value.field == field


def test_other_words_for_errors_are_refused() -> None:
    with pytest.raises(EncodeError):
        gsm7.encode("a", errors="ignore")  # type: ignore[arg-type]
    with pytest.raises(EncodeError):
        gsm7.decode(b"a", errors="strict")  # type: ignore[arg-type]


def test_other_buffers_are_taken_and_numbers_are_not() -> None:
    for kind in (bytearray, memoryview):
        assert gsm7.decode(kind(b"hi")) == "hi"
        assert gsm7.pack(kind(b"hello")) == bytes.fromhex("e8329bfd06")
        assert gsm7.unpack(kind(bytes.fromhex("e8329bfd06"))) == b"hello"
    for function in (gsm7.decode, gsm7.pack, gsm7.unpack):
        with pytest.raises(TypeError):
            function(5)  # type: ignore[arg-type]


# ---- packing


@given(septets, fills)
def test_packing_puts_seven_bits_after_seven_bits(data: bytes, fill: int) -> None:
    packed = gsm7.pack(data, fill)
    wanted = "0" * fill * bool(data) + bits(data, 7)
    assert bits(packed, 8) == wanted + "0" * (-len(wanted) % 8)
    assert gsm7.unpack(packed, len(data), fill) == data


@given(octets, fills)
def test_unpacking_reads_any_octets_to_the_last_whole_septet(data: bytes, fill: int) -> None:
    stream = bits(data, 8)[fill:]
    wanted = bytes(int(stream[at:at + 7][::-1], 2) for at in range(0, len(stream) - 6, 7))
    assert gsm7.unpack(data, fill_bits=fill) == wanted
    for count in {0, len(wanted) // 2, len(wanted)}:
        assert gsm7.unpack(data, count, fill) == wanted[:count]
    with pytest.raises(EncodeError) as caught:
        gsm7.unpack(data, len(wanted) + 1, fill)
    assert caught.value.field == "septets"


@pytest.mark.parametrize(("text", "packed"), [
    ("hello", "e8329bfd06"), ("hellohello", "e8329bfd4697d9ec37"), ("@" * 8, "00" * 7), ("", ""),
])
def test_known_texts_have_known_packed_octets(text: str, packed: str) -> None:
    assert gsm7.pack(gsm7.encode(text)).hex() == packed
    assert gsm7.decode(gsm7.unpack(gsm7.pack(gsm7.encode(text)), len(text))) == text


def test_septets_tell_padding_from_a_commercial_at() -> None:
    seven, eight = gsm7.encode("ABCDEFG"), gsm7.encode("ABCDEFG@")
    assert gsm7.pack(seven) == gsm7.pack(eight)
    assert gsm7.unpack(gsm7.pack(seven), 7) == seven
    assert gsm7.unpack(gsm7.pack(seven)) == eight


@given(septets, fills)
def test_ussd_padding_is_taken_away_again(data: bytes, fill: int) -> None:
    packed = gsm7.pack(data, fill, ussd=True)
    doubled = bool(data) and data[-1] == 0x0D and (fill + 7 * len(data)) % 8 == 0
    assert gsm7.unpack(packed, fill_bits=fill, ussd=True) == data + b"\r" * doubled


def test_ussd_writes_cr_where_seven_bits_are_left_and_doubles_a_cr_at_the_boundary() -> None:
    assert gsm7.pack(b"1234567", ussd=True) == gsm7.pack(b"1234567\r")
    assert gsm7.pack(b"1234567") == gsm7.pack(b"1234567\0")
    assert gsm7.pack(b"1234567\r", ussd=True) == gsm7.pack(b"1234567\r\r")
    assert gsm7.pack(b"123456\r", ussd=True) == gsm7.pack(b"123456\r\r")
    assert gsm7.pack(b"12345\r", ussd=True) == gsm7.pack(b"12345\r")
    assert gsm7.unpack(gsm7.pack(b"1234567\r"), ussd=True) == b"1234567"
    assert gsm7.unpack(gsm7.pack(b"1234567\r")) == b"1234567\r"


@pytest.mark.parametrize("fill", [-1, 7, 100])
def test_fill_bits_beyond_a_septet_are_refused(fill: int) -> None:
    for function in (gsm7.pack, gsm7.unpack):
        with pytest.raises(EncodeError) as caught:
            function(b"abc", fill_bits=fill)
        assert caught.value.field == "fill_bits"


def test_an_octet_that_is_no_septet_is_not_packed() -> None:
    with pytest.raises(EncodeError, match="0x80 at 2"):
        gsm7.pack(b"ab\x80\xff")
