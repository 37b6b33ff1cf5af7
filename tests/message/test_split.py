"""Splitting: the pieces join to the text (I7), none is over its octets, nothing that belongs together is cut, no other way is shorter."""

import subprocess
import sys
import time

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.alphabets import LANGUAGES, LOCKING, SINGLE
from smswire.message.alphabet import Alphabet, alphabets_for
from smswire.message.split import MOST_SEGMENTS, cut, header_length, split

VENDOR, STANDARD = smpp.Profile.vendor(), smpp.Profile.standard()
NATIONAL = tuple(number for number in LANGUAGES if number)
FAMILY, FLAG, KEYCAP = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1ed\U0001f1f7", "1\ufe0f\u20e3"
PIECES = [
    "Hello ", "[", "€", "\r\n", "\r", "ž", "z\u030c", "कि", "क्षि", FAMILY, FLAG, KEYCAP, "\u0600", "각", "\U0001f600", "中文", "ş", "`",
    "á", "a",
]
# Runs make texts of several segments; what stands in between lets a cut fall anywhere.
runs = st.tuples(st.sampled_from(PIECES), st.integers(1, 90)).map(lambda run: run[0] * run[1])
odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.sampled_from(["z" + "\u030c" * 90, "\ufeff", "\ufeff" * 80])
texts = st.lists(runs | odd | st.sampled_from(PIECES), max_size=12).map("".join).filter(lambda text: text[:1] != "\ufffe")
concatenations = st.sampled_from(["udh8", "udh16", "sar", "payload"])
options = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from([
            VENDOR, STANDARD, STANDARD.with_options(default_alphabet="latin1"), VENDOR.with_options(default_alphabet="gsm7-packed"),
        ]),
        "national": st.lists(st.sampled_from(NATIONAL), max_size=2).map(tuple), "latin1": st.booleans(), "flash": st.booleans(),
        "concatenation": concatenations, "carried": st.sampled_from([0, 6, 30]),
    },
)
NAMING = {"udh8": 5, "udh16": 6, "sar": 0, "payload": 5}


def boundaries(text):
    return {0, *(found.end() for found in regex.finditer(r"\X", text))}


@given(texts, options)
def test_pieces_join_to_the_text_and_none_is_over_its_octets(text, chosen):
    made = split(text, **chosen)
    assert "".join(made.texts) == text and len(made.texts) == len(made.units)
    concatenation = chosen.get("concatenation", "udh8")
    several = made.segments > 1
    header = header_length(chosen.get("carried", 0) + len(made.alphabet.elements) + (NAMING[concatenation] if several else 0))
    assert made.capacity == made.alphabet.capacity(header)
    assert made.segments == len(made.texts) or concatenation == "payload"
    for piece, units in zip(made.texts, made.units, strict=True):
        assert made.alphabet.units(piece) == units
        if concatenation != "payload":
            assert units <= made.capacity
            bits = {"gsm7": 7, "ucs2": 16}.get(made.encoding, 8)
            assert header * 8 + units * bits <= 1120
    assert 0 <= made.units_left <= made.capacity


@given(texts, st.sampled_from(alphabets_for(VENDOR, "auto", NATIONAL, True)), st.integers(8, 160))
@example("\r\n" * 90, alphabets_for(VENDOR)[0], 153)
@example("ж\r\n" * 90, alphabets_for(VENDOR)[1], 66)
@example("a" + "\u0600" + "b" * 100, alphabets_for(VENDOR)[1], 8)
@example("कि" * 90, alphabets_for(VENDOR)[1], 67)
@example("ж" * 67 + "\ufeff" + "ж" * 80, alphabets_for(VENDOR)[1], 67)
@example("z" + "\u030c" * 66 + "\ufeff", alphabets_for(VENDOR)[1], 67)
def test_a_cut_is_between_clusters_unless_one_is_longer_than_a_segment_and_as_late_as_it_can_be(text, alphabet, capacity):
    text = "".join(char for char in text if alphabet.units(char) is not None)
    pieces, at, ends = cut(text, alphabet, capacity), 0, boundaries(text)
    assert "".join(pieces) == text
    for piece in pieces[:-1]:
        assert piece and alphabet.units(piece) <= capacity
        fits = [end for end in sorted(ends) if at < end <= at + len(piece) + 200 and alphabet.units(text[at:end]) <= capacity]
        good = [end for end in fits if text[end] not in "\ufeff\ufffe"] if fits and fits[-1] < len(text) else fits
        end = at + len(piece)
        if good:
            assert end == good[-1]
        else:  # nothing but a long cluster, or marks
            assert alphabet.units(text[at:end + 1]) > capacity or text[end + 1] in "\ufeff\ufffe"
        at = end


@given(texts, options)
def test_no_other_encoding_takes_fewer_segments(text, chosen):
    made = split(text, **chosen)
    for alphabet in made.tried:
        units = alphabet.units(text)
        if units is None:
            continue
        elements = chosen.get("carried", 0) + len(alphabet.elements)
        least = 1
        if units > alphabet.capacity(header_length(elements)):
            least = -(-units // alphabet.capacity(header_length(elements + NAMING[chosen.get("concatenation", "udh8")])))
        if made.segments > least and chosen.get("concatenation") != "payload":
            capacity = alphabet.capacity(header_length(elements + NAMING[chosen.get("concatenation", "udh8")]))
            least = len(cut(text, alphabet, capacity))
        assert made.segments <= least
        if alphabet.encoding != "latin1" and made.encoding == "latin1":
            assert made.segments < least  # it is taken only where it saves one


@given(texts, options)
def test_what_is_said_of_a_split_is_true_of_its_text(text, chosen):
    made = split(text, **chosen)
    assert made.reason and "\n" not in made.reason and not made.reason.endswith(".")
    for index, char in (*made.forced_by, *made.doubled):
        assert text[index] == char
    assert all(made.alphabet.units(char) == 2 for _, char in made.doubled)
    gsm = [one for one in made.tried if one.encoding == "gsm7"]
    if made.encoding == "gsm7":
        assert made.forced_by == ()
    else:
        assert all(any(one.units(char) is None for one in gsm) for _, char in made.forced_by)
        assert made.forced_by or any(one.units(text) is not None for one in gsm)
    found = made.proposal
    if found is not None:
        again = split(found.text, **chosen)
        assert (again.encoding, again.segments) == ("gsm7", found.segments) and found.saved == made.segments - found.segments


@pytest.mark.parametrize(
    ("char", "concatenation", "single", "each"),
    [
        ("a", "udh8", 160, 153), ("a", "udh16", 160, 152), ("a", "sar", 160, 160), ("[", "udh8", 80, 76), ("[", "udh16", 80, 76),
        ("ж", "udh8", 70, 67), ("ж", "udh16", 70, 66), ("ж", "sar", 70, 70), ("\U0001f600", "udh8", 35, 33), ("\U0001f600", "sar", 35, 35),
    ],
)
def test_segments_hold_the_known_numbers_of_characters(char, concatenation, single, each):
    assert split(char * single, concatenation=concatenation).segments == 1
    made = split(char * (2 * each), concatenation=concatenation)
    assert [len(piece) for piece in made.texts] == [each, each]
    assert split(char * (single + 1), concatenation=concatenation).segments == 2
    assert split(char * (2 * each + 1), concatenation=concatenation).segments == 3


def test_latin_1_holds_140_and_134_and_is_taken_only_where_it_saves_a_segment():
    assert split("á" * 140, latin1=True).encoding == "latin1"
    assert [len(piece) for piece in split("á" * 268, latin1=True).texts] == [134, 134]
    assert split("á" * 70, latin1=True).encoding == "ucs2"
    assert split("á" * 140).encoding == "ucs2"
    assert split("[" * 81, latin1=True).encoding == "latin1" and split("[" * 80, latin1=True).encoding == "gsm7"
    assert split("á" * 140, latin1=True, flash=True).encoding == "ucs2"
    assert split("á" * 140, profile=STANDARD.with_options(default_alphabet="latin1")).data_coding == 0


def test_national_tables_are_used_only_where_they_are_allowed_and_cost_octets_of_every_part():
    turkish = "ığış" * 40
    assert (split(turkish).encoding, split(turkish).segments) == ("ucs2", 3)
    made = split(turkish, national=(1,))
    assert (made.alphabet.locking, made.alphabet.single, made.segments, made.capacity) == (1, 0, 2, 149)
    # 160 - ceil(8 * 4 / 7) units behind a header of four octets
    assert split("ş" * 155, national=(1,)).segments == 1 and split("ş" * 156, national=(1,)).segments == 2
    both = split("çıŞ", national=(1, 2), encoding="gsm7")
    assert (both.alphabet.locking, both.alphabet.single) == (0, 1)
    mixed = split("ş" * 100 + "á" * 10, national=(1, 2))
    assert (mixed.alphabet.locking, mixed.alphabet.single, mixed.capacity) == (1, 2, 152)
    assert split("plain", national=NATIONAL).alphabet.elements == b""


def test_a_table_may_save_a_segment_even_where_the_default_one_holds_the_text():
    text = "\\^|~€" * 20
    assert split(text).segments == 2
    made = split(text, national=(3,))
    assert (made.segments, made.alphabet.locking, made.units) == (1, 3, (100,))


def test_up_to_255_segments():
    assert split("a" * 153 * 255).segments == MOST_SEGMENTS == 255
    for text, title in (("a" * (153 * 255 + 1), "GSM 7-bit"), ("ж" * (67 * 255 + 1), "UCS-2")):
        for concatenation in ("udh8", "payload"):
            with pytest.raises(smpp.EncodeError, match=f"the text takes 256 segments in {title}, the limit is 255") as caught:
                split(text, concatenation=concatenation)
            assert caught.value.field == "text"
    # 16 units of 17 are used where clusters of two units do not divide a segment
    with pytest.raises(smpp.EncodeError, match="the text takes 259 segments in UCS-2, the limit is 255"):
        split("\U0001f600" * (33 * 258 + 1))


def test_a_text_of_a_mebibyte_is_refused_at_once():
    began = time.perf_counter()
    for text, segments in (("a" * 2**20, 6854), ("ж" * 2**20, 15651), ("ş" * 2**20, 7038)):
        with pytest.raises(smpp.EncodeError, match=f"the text takes {segments} segments"):
            split(text, national=NATIONAL if "ş" in text else ())
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("text", "chosen", "sentence", "field"),
    [
        ("a\ud83d", {}, "U+D83D at index 1 is half of a surrogate pair, which no encoding holds", "text"),
        ("žene", {"encoding": "gsm7"}, "'\\u017e' (U+017E) at index 0 is not in GSM 7-bit", "text"),
        ("şж", {"encoding": "gsm7", "national": (1,)},
         "'\\u0436' (U+0436) at index 1 is not in GSM 7-bit with the Turkish single shift table", "text"),
        ("5€", {"encoding": "latin1"}, "'\\u20ac' (U+20AC) at index 1 is not in Latin-1", "text"),
        ("5€", {"data_coding": 3}, "'\\u20ac' (U+20AC) at index 1 is not in Latin-1", "text"),
        ("\ufffea", {}, "the text begins with U+FFFE, which makes a receiver read all octets the other way round", "text"),
        ("a", {"concatenation": "udh"}, "concatenation is 'udh', not udh8, udh16, sar or payload", "concatenation"),
        ("a" * 200, {"carried": 130}, "the user data header leaves no room for a text", "udh"),
        ("a" * 161, {"carried": 139}, "the user data header leaves no room for a text", "udh"),
    ],
)
def test_what_cannot_be_split_is_refused_in_a_sentence(text, chosen, sentence, field):
    with pytest.raises(smpp.EncodeError) as caught:
        split(text, **chosen)
    assert str(caught.value) == sentence and caught.value.field == field


@pytest.mark.parametrize(
    ("text", "chosen", "reason"),
    [
        ("", {}, "the text is empty"),
        ("[a]", {}, "every character is in the GSM 7-bit alphabet"),
        ("ž", {}, "1 character is not in the GSM 7-bit alphabet: U+017E at index 0"),
        ("žžаžбв", {},
         "6 characters are not in the GSM 7-bit alphabet: U+017E at index 0, U+0430 at index 2, U+0431 at index 4 and 1 other"),
        ("ş" * 80, {"national": (1,)}, "GSM 7-bit with the Turkish locking shift table takes 1 segment, UCS-2 would take 2"),
        ("ş", {"national": (1,)}, "GSM 7-bit with the Turkish single shift table takes fewer octets than UCS-2"),
        ("á" * 71, {"latin1": True}, "Latin-1 takes 1 segment, UCS-2 would take 2"),
        ("[" * 81, {"latin1": True}, "Latin-1 takes 1 segment, GSM 7-bit would take 2"),
        ("a", {"encoding": "ucs2"}, "UCS-2 was asked for"),
        ("a", {"data_coding": 8}, "data_coding was given; the text is written in UCS-2"),
        ("á" * 70, {"national": (2,)}, "GSM 7-bit with the Spanish single shift table takes fewer octets than UCS-2"),
        ("á" * 70 + "ş", {"national": (2,)}, "1 character is not in the GSM 7-bit alphabet: U+015F at index 70"),
        ("a", {"profile": STANDARD.with_options(default_alphabet="latin1")},
         "every character is in the GSM 7-bit alphabet; the octets are latin1, which the peer turns into it"),
    ],
)
def test_the_reason_says_why(text, chosen, reason):
    assert split(text, **chosen).reason == reason


def test_ucs2_is_taken_where_tables_would_need_more_segments():
    made = split("á" * 19 + "ğ", national=(1, 2), carried=99)
    assert (made.encoding, made.segments, made.capacity) == ("ucs2", 1, 20)
    assert made.reason == (
        "UCS-2 takes 1 segment, fewer than GSM 7-bit with the Turkish locking shift and Spanish single shift tables"
    )
    assert split("á" * 18 + "ğ", national=(1, 2), carried=99).encoding == "gsm7"


def test_codecs_that_a_number_asks_for_are_cut_between_characters():
    for number, text in ((5, "日本語" * 100), (10, "日本語a" * 50), (6, "Привет" * 40)):
        made = split(text, profile=STANDARD, data_coding=number)
        assert "".join(made.texts) == text and made.segments > 1
        for piece, units in zip(made.texts, made.units, strict=True):
            assert made.alphabet.encode(piece).decode(made.alphabet.wire) == piece and units <= 134


def test_regex_is_imported_only_where_a_cut_needs_it():
    code = (
        "import sys; from smswire.message.split import split\n"
        "for text in ('a' * 500, 'Привет ' * 99, '[\\r\\n' * 99, 'šđčćž' * 99, '中文' * 99, 'plain'): split(text)\n"
        "assert 'regex' not in sys.modules; split('e\\u0301' * 99); assert 'regex' in sys.modules"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_a_cluster_longer_than_a_segment_is_cut_where_the_segment_ends():
    made = split("z" + "\u030c" * 200)
    assert made.units == (67, 67, 67)
    assert split("ab" + "z" + "\u030c" * 70).texts[0] == "ab"


def test_no_segment_begins_with_what_a_receiver_takes_for_a_byte_order_mark():
    assert [len(piece) for piece in split("ж" * 67 + "\ufeff" + "ж" * 10).texts] == [66, 12]
    assert [len(piece) for piece in split("z" + "\u030c" * 66 + "\ufeff" * 5).texts] == [66, 6]
    assert [len(piece) for piece in split("\ufeff" * 80).texts] == [67, 13]  # it cannot be helped


def test_what_must_not_be_cut_is_counted_before_encodings_are_compared():
    text = "a" * 152 + "^" * 77  # 306 septets, but the first escape pair stands across the end of the first segment
    assert split(text).segments == 3
    assert (split(text, national=(3,)).segments, split(text, national=(3,)).alphabet.locking) == (2, 3)


@pytest.mark.parametrize("languages", [(), NATIONAL])
def test_every_character_of_a_table_is_one_unit_or_two(languages):
    for number in languages:
        if number in LOCKING:
            letters = "".join(char for char in LOCKING[number] if char != "\0")
            assert Alphabet("gsm7", 0, "gsm7", number, 0).units(letters) == len(letters)
        letters = "".join(char for char in SINGLE[number] if char != "\0" and char not in LOCKING[0])
        assert Alphabet("gsm7", 0, "gsm7", 0, number).units(letters) == 2 * len(letters)
