"""What an alphabet writes reads back by its data_coding for every profile; it counts what it writes; what fits is the most that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.alphabets import LANGUAGES, LOCKING, SINGLE
from smswire.message.alphabet import OCTETS, Alphabet, alphabets_for, alphabets_of_number, binary_number, languages

VENDOR, STANDARD = smpp.Profile.vendor(), smpp.Profile.standard()
PROFILES = [base.with_options(default_alphabet=name) for base in (VENDOR, STANDARD) for name in ("gsm7", "latin1", "ascii", "gsm7-packed")]
NATIONAL = tuple(number for number in LANGUAGES if number)
EVERY = sorted({
    one for profile in PROFILES for flash in (False, True) for one in alphabets_for(profile, "auto", NATIONAL, True, flash)
}, key=str)
LETTERS = sorted({*"".join(LOCKING.values()), *"".join(SINGLE.values())} - {"\0"}) + [*"žÿ中\U0001f600"]
texts = st.text(st.sampled_from(LETTERS) | st.sampled_from("abc @[€\r\n") | st.characters(exclude_categories=["Cs"]), max_size=30)
profiles = st.sampled_from(PROFILES)


def held(alphabet: Alphabet, text: str) -> str:
    """What of text the alphabet holds."""
    return "".join(char for char in text if alphabet.units(char) is not None)


def pdu_of(alphabet: Alphabet, text: str, profile: smpp.Profile, more: bytes = b"") -> smpp.SubmitSm:
    elements = more + alphabet.elements
    header = bytes((len(elements),)) + elements if elements else b""
    return smpp.SubmitSm(
        data_coding=alphabet.data_coding, esm_class=0x40 if header else 0, profile=profile,
        short_message=(header + alphabet.encode(text, len(header)))[:254],
    )


@given(profiles, st.booleans(), st.data(), texts, st.binary(max_size=9))
def test_what_is_written_reads_back_by_its_data_coding(profile, flash, data, text, more):
    alphabet = data.draw(st.sampled_from(alphabets_for(profile, "auto", NATIONAL, True, flash)))
    text = held(alphabet, text).lstrip("\ufeff\ufffe")
    if alphabet.wire == "gsm7-packed":
        text = text.rstrip("@")  # in SMPP it cannot be told from padding where it fills the last octet
    pdu = pdu_of(alphabet, text, profile, b"\x70" + bytes((len(more),)) + more if more else b"")
    read = smpp.decode_text(pdu)
    assert (read.text or "") == text and read.flash == flash
    assert not [found for found in read.findings if found.severity == "error"]


@given(st.sampled_from(EVERY), texts)
def test_units_are_those_that_are_written_and_none_without_a_character(alphabet, text):
    units = alphabet.units(text)
    lacking = alphabet.lacking(text)
    assert (units is None) == bool(lacking)
    assert [char for _, char in lacking] == [char for char in text if alphabet.units(char) is None]
    assert all(text[index] == char for index, char in lacking)
    if units is not None:
        assert units == sum(alphabet.units(char) for char in text)
        assert [char for _, char in alphabet.doubled(text)] == [char for char in text if alphabet.units(char) == 2]
        octets = alphabet.encode(text)
        expected = {"gsm7-packed": -(-7 * units // 8), "ucs2": 2 * units}.get(alphabet.wire, units)
        assert len(octets) == expected or (alphabet.encoding == "gsm7" and alphabet.wire in ("latin1", "ascii") and len(octets) <= units)
    else:
        with pytest.raises(smpp.EncodeError):
            alphabet.encode(text)


@given(st.sampled_from([*EVERY, Alphabet("shift_jis", 5, "shift_jis"), Alphabet("iso2022_jp", 10, "iso2022_jp")]), texts, st.data())
def test_what_fits_is_the_most_that_fits(alphabet, text, data):
    text = held(alphabet, text + "日本")
    start = data.draw(st.integers(0, len(text)))
    room = data.draw(st.integers(8, 40))
    end = alphabet.fit(text, start, room)
    assert start <= end <= len(text) and alphabet.units(text[start:end]) <= room
    assert end == len(text) or alphabet.units(text[start:end + 1]) > room


@given(st.sampled_from(EVERY), st.integers(0, 100))
def test_a_full_segment_is_140_octets_on_the_air(alphabet, header):
    capacity = alphabet.capacity(header)
    bits = {"gsm7": 7, "ucs2": 16}.get(alphabet.encoding, 8)
    start = -(-8 * header // bits) * bits if bits == 7 else 8 * header  # septets begin on a septet boundary
    assert start + capacity * bits <= 8 * OCTETS < start + (capacity + 1) * bits


@pytest.mark.parametrize(
    ("encoding", "of_0", "of_6", "of_7"), [("gsm7", 160, 153, 152), ("ucs2", 70, 67, 66), ("latin1", 140, 134, 133)],
)
def test_capacities_are_the_known_ones(encoding, of_0, of_6, of_7):
    alphabet = Alphabet(encoding, 0, encoding)
    assert [alphabet.capacity(header) for header in (0, 6, 7)] == [of_0, of_6, of_7]


def numbers(profile, **options):
    return [(one.encoding, one.data_coding, one.wire) for one in alphabets_for(profile, **options)]


def test_the_numbers_are_the_profile_s():
    assert numbers(VENDOR) == numbers(STANDARD) == [("gsm7", 0, "gsm7"), ("ucs2", 8, "ucs2")]
    assert numbers(VENDOR, latin1=True)[2:] == numbers(STANDARD, latin1=True)[2:] == [("latin1", 3, "latin1")]
    assert numbers(VENDOR, flash=True, latin1=True) == [("gsm7", 240, "gsm7"), ("ucs2", 24, "ucs2")]  # V29
    assert numbers(STANDARD, flash=True) == [("gsm7", 0x10, "gsm7"), ("ucs2", 0x18, "ucs2")]
    by_default = [profile.with_options(default_alphabet="latin1") for profile in (VENDOR, STANDARD)]
    assert numbers(by_default[0]) == [("gsm7", 1, "gsm7"), ("ucs2", 8, "ucs2"), ("latin1", 0, "latin1")]
    assert numbers(by_default[1]) == [("gsm7", 0, "latin1"), ("ucs2", 8, "ucs2"), ("latin1", 0, "latin1")]
    packed = VENDOR.with_options(default_alphabet="gsm7-packed")
    assert numbers(packed)[0] == ("gsm7", 0, "gsm7-packed") and numbers(packed, flash=True)[0] == ("gsm7", 240, "gsm7")
    own = STANDARD.with_options(data_codings=[(0x10, "OURS", "ucs2"), (8, "OTHER", "binary"), (0x18, "TOO", "binary"), (99, "UNI", "ucs2")])
    assert numbers(own, flash=True) == [("gsm7", 0xF0, "gsm7"), ("ucs2", 0x10, "ucs2")]
    assert numbers(own, encoding="ucs2") == [("ucs2", 99, "ucs2")]


@pytest.mark.parametrize(
    ("number", "options", "expected"),
    [
        (0, {}, [("gsm7", 0)]), (1, {}, [("gsm7", 1)]), (3, {}, [("latin1", 3)]), (8, {}, [("ucs2", 8)]), (0x11, {}, [("gsm7", 0x11)]),
        (0xE0, {}, [("ucs2", 0xE0)]), (6, {}, [("iso8859_5", 6)]),
        (0, {"flash": True}, [("gsm7", 240)]), (1, {"flash": True}, [("gsm7", 240)]), (8, {"flash": True}, [("ucs2", 24)]),  # V29
        (3, {"flash": True}, [("gsm7", 240), ("ucs2", 24)]), (24, {"flash": True}, [("ucs2", 24)]), (240, {"flash": True}, [("gsm7", 240)]),
        (4, {"encoding": "ucs2"}, [("ucs2", 4)]), (8, {"encoding": "gsm7"}, [("gsm7", 8)]),
    ],
)
def test_a_number_of_the_caller_s_is_kept_and_means_what_the_profile_says(number, options, expected):
    assert [(one.encoding, one.data_coding) for one in alphabets_of_number(VENDOR, number, **options)] == expected


def test_a_default_alphabet_that_the_peer_turns_into_gsm_holds_as_much_as_gsm():
    profile = STANDARD.with_options(default_alphabet="latin1")
    for number, kind in ((0, "latin1"), (1, "ascii")):
        gsm, wide = alphabets_of_number(profile, number)
        assert (gsm.encoding, gsm.wire, wide.encoding, gsm.capacity(0), wide.capacity(0)) == ("gsm7", kind, kind, 160, 140)
        assert gsm.units("[]") == 4 and gsm.encode("[]") == b"[]" and gsm.units("€") is None and wide.units("`") == 1


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (4, "data_coding 4 means octets in the profile 'vendor'; say which encoding the text has"),
        (0x80, "data_coding 128 means no known alphabet in the profile 'vendor'; say which encoding the text has"),
        (0x20, "data_coding 32 means no known alphabet in the profile 'vendor'; say which encoding the text has"),
        (256, "data_coding 256 is no octet"),
        (-1, "data_coding -1 is no octet"),
    ],
)
def test_a_number_that_means_no_text_is_refused(number, sentence):
    with pytest.raises(smpp.EncodeError) as caught:
        alphabets_of_number(VENDOR, number)
    assert str(caught.value) == sentence and caught.value.field == "data_coding"


def test_octets_get_the_number_of_binary():
    assert binary_number(VENDOR) == binary_number(STANDARD) == 4
    assert binary_number(VENDOR, flash=True) == 244 and binary_number(VENDOR, 4, True) == 244  # V29
    assert [binary_number(VENDOR, number, True) for number in (24, 240, 245)] == [24, 240, 245]
    assert binary_number(VENDOR, 0) == 0
    assert binary_number(STANDARD.with_options(data_codings=[(4, "OURS", "ucs2")])) == 2
    with pytest.raises(smpp.EncodeError, match="data_coding 256 is no octet"):
        binary_number(VENDOR, 256)
    none = STANDARD.with_options(data_codings=[(2, "A", "ucs2"), (4, "B", "ucs2")])
    with pytest.raises(smpp.EncodeError, match="has no data_coding for octets"):
        binary_number(none)


def test_an_encoding_that_has_no_number_or_no_name_is_refused():
    without = STANDARD.with_options(data_codings=[(3, "A", "ucs2")])
    with pytest.raises(smpp.EncodeError, match="has no data_coding for latin1"):
        alphabets_for(without, "latin1")
    with pytest.raises(smpp.EncodeError, match="encoding is 'utf8', not auto, gsm7, latin1 or ucs2 for a text"):
        alphabets_for(VENDOR, "utf8")


@pytest.mark.parametrize("names", [("tr",), ("Turkish",), (1,), ("1",), (" TR ", "turkish")])
def test_a_language_is_named_by_number_code_or_name(names):
    assert languages(names) == (1,)


def test_every_language_has_a_code_and_order_is_kept():
    codes = ("tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur")
    assert languages(codes) == NATIONAL
    assert languages(("ur", "as", "bengali", "Bengali and Assamese")) == (13, 4)


@pytest.mark.parametrize("name", ["", "xx", 0, 14, "0", "English", "GSM 7-bit default", "²", "-1"])
def test_another_language_is_refused(name):
    with pytest.raises(smpp.EncodeError, match="is no language with GSM tables; there are tr, es") as caught:
        languages((name,))
    assert caught.value.field == "national"


def test_titles_name_the_tables():
    assert Alphabet("gsm7", 0, "gsm7").title == "GSM 7-bit"
    assert Alphabet("gsm7", 0, "gsm7", 0, 2).title == "GSM 7-bit with the Spanish single shift table"
    assert Alphabet("gsm7", 0, "gsm7", 1, 1).title == "GSM 7-bit with the Turkish locking and single shift tables"
    assert Alphabet("gsm7", 0, "gsm7", 1, 2).title == "GSM 7-bit with the Turkish locking shift and Spanish single shift tables"
    assert Alphabet("iso8859_5", 6, "iso8859_5").title == "iso8859_5"
