"""A message that came in keeps its text and its octets, and gives each template what V56 decides."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DeliverSm, Profile, encode_text, udh
from smswire.http.errors import DocumentError
from smswire.http.inbound import NAMES, InboundMessage, message_of, values_of
from smswire.message.received import Received

# What values can carry as they are: no leading "+", no date finer than seconds, content in one form.
dates = st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(lambda when: when.replace(microsecond=0))
addresses = st.text(max_size=15).filter(lambda text: text[:1] != "+")
messages = st.builds(
    InboundMessage, sender=addresses, receiver=addresses, text=st.none() | st.text(), binary=st.none() | st.binary(), received=dates,
    message_id=st.text(max_size=20).map(str.strip), datacoding=st.integers(0, 255), esmclass=st.integers(0, 255),
)


def delivered(octets: bytes, coding: int = 0, header: bytes = b"", **fields: object) -> DeliverSm:
    return DeliverSm(
        source_addr="+38598123123", destination_addr="60606", data_coding=coding, esm_class=0x40 if header else 0,
        short_message=header + octets, **fields,
    )


def parts(*octets: bytes, codings: tuple[int, ...] = (), more: tuple[udh.Element, ...] = ()) -> InboundMessage:
    headers = [udh.encode([udh.concat(reference=7, total=len(octets), part=place + 1), *more]) for place in range(len(octets))]
    codings = codings or (0,) * len(octets)
    return InboundMessage.of(Received.of(map(delivered, octets, codings, headers)), "17")


def test_a_message_of_layer_5_has_its_text_and_its_octets_and_a_sender_without_plus() -> None:
    when = datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert InboundMessage.of(Received.of([delivered(b"10 \x1be")]), "17", when) == InboundMessage(
        sender="38598123123", receiver="60606", text="10 €", binary=b"10 \x1be", received=when, message_id="17",
    )


def test_octets_that_are_no_text_have_their_header_and_the_bit_that_says_so() -> None:
    header = udh.encode([udh.ports(2948, 9200)])
    message = InboundMessage.of(Received.of([delivered(b"\x01\x02", 245, header)]))
    assert (message.text, message.binary, message.esmclass, message.datacoding) == (None, header + b"\x01\x02", 0x40, 245)


def test_v56_segments_are_joined_and_the_header_of_concatenation_is_gone() -> None:
    message = parts(b"10 \x1b", b"e for lunch")
    assert (message.text, message.binary, message.esmclass) == ("10 € for lunch", b"10 \x1be for lunch", 0)


def test_segments_of_ucs2_have_one_coding_whatever_marks_they_begin_with() -> None:
    message = parts(b"\xfe\xff\x04\x16\xd8\x3d", b"\xde\x00", codings=(8, 8))
    assert (message.text, message.binary, message.datacoding) == ("Ж😀", "Ж😀".encode("utf-16-be"), 8)


def test_segments_of_two_codings_that_the_first_cannot_hold_are_told_in_ucs2() -> None:
    message = parts(b"a", b"\x04\x16", codings=(0, 8))
    assert (message.text, message.binary, message.datacoding) == ("aЖ", "aЖ".encode("utf-16-be"), 8)
    assert parts(b"\0a", b"b", codings=(8, 0)).binary == b"\0a\0b"
    assert parts(b"a", b"\0b", codings=(0, 8)).binary == b"ab"


def test_packed_segments_are_told_as_one_packed_text() -> None:
    profile = Profile.from_toml('name = "packed"\ndefault_alphabet = "gsm7-packed"\n')
    one = encode_text("abcdefgh", "gsm7-packed")
    pdus = [DeliverSm(short_message=one), DeliverSm(short_message=one)]
    assert InboundMessage.of(Received.of(pdus, profile), profile=profile).binary == encode_text("abcdefgh" * 2, "gsm7-packed")


def test_a_national_table_stays_with_the_octets() -> None:
    message = parts(b"\x1bg", b"\x1bi", more=(udh.single_shift(1), udh.locking_shift(1)))  # Turkish: its escapes are letters
    assert message.text == "ğı"
    assert message.esmclass == 0x40
    assert InboundMessage(binary=message.binary, esmclass=0x40).as_text() == "ğı"


def test_the_octets_of_a_message_tell_its_text_again() -> None:
    for octets, coding in ((b"a@\x1be", 0), (b"a\xe9", 3), ("Ж😀".encode("utf-16-be"), 8), (b"\xfe\xff\0a", 24), (b"a", 240)):
        message = InboundMessage.of(Received.of([delivered(octets, coding)]))
        assert InboundMessage(binary=message.binary, datacoding=coding).as_text() == message.text
    assert InboundMessage(binary=b"a", datacoding=4).as_text() is None
    assert InboundMessage(text="", datacoding=4).as_text() == ""


def test_text_without_octets_is_written_in_the_coding_that_it_names() -> None:
    assert InboundMessage(text="a€").as_octets() == b"a\x1be"
    assert InboundMessage(text="é\ud800", datacoding=8).as_octets() == b"\0\xe9\xd8\0"
    assert InboundMessage(text="aЖ").as_octets() == b"a?"
    assert InboundMessage(text="Ж", datacoding=4).as_octets() == "Ж".encode()


def test_a_message_is_never_without_content_and_never_has_an_empty_one_beside_another() -> None:
    assert InboundMessage() == InboundMessage(text="", binary=b"") == InboundMessage(text="", binary=None)
    assert InboundMessage(text="", binary=b"a").text is None
    assert InboundMessage(text=" ", binary=b"").binary is None


# V56: (message, with both, with text, with bin)
CONTENTS = [
    ("datacoding 0 is text", InboundMessage(text="ABC", binary=b"ABC"), ("ABC", ""), "ABC", "414243"),
    ("another one is octets", InboundMessage(text="Ж", binary=b"\x04\x16", datacoding=8), ("", "0416"), "Ж", "0416"),
    ("datacoding 0 that is no text", InboundMessage(binary=b"\xab\x80", datacoding=4), ("", "AB80"), "«\x80", "AB80"),
    ("compressed with 0x20", InboundMessage(binary=b"\xff", datacoding=0x20), ("", "FF"), "ÿ", "FF"),
    ("only the text is known", InboundMessage(text="Ж", datacoding=8), ("", "0416"), "Ж", "0416"),
    ("only the octets are known", InboundMessage(binary=b"\0@", datacoding=8), ("", "0040"), "@", "0040"),
    ("the octets of a text with datacoding 0", InboundMessage(binary=b"\x1be"), ("", "1B65"), "€", "1B65"),
    ("nothing", InboundMessage(), ("", ""), "", ""),
]


@pytest.mark.parametrize(("message", "both", "text", "octets"), [case[1:] for case in CONTENTS], ids=[case[0] for case in CONTENTS])
def test_v56_text_or_octets(message: InboundMessage, both: tuple[str, str], text: str, octets: str) -> None:
    assert message.content(("text", "bin")) == both
    assert message.content(("text",)) == (text, "")
    assert message.content(("bin", "sender")) == ("", octets)
    assert message.content(("sender",)) == ("", "")


def test_v42_v55_values_are_texts_in_the_order_of_the_document() -> None:
    message = InboundMessage(
        sender="+385", receiver="+386", text="Hi", received=datetime(2014, 8, 2, 14, 5, 9, tzinfo=UTC), message_id="17", esmclass=4,
    )
    assert values_of(message, utc_offset=timedelta(hours=2)) == {
        "sender": "385", "receiver": "386", "text": "Hi", "bin": "", "datetime": "2014/8/2 16:05:09", "messageid": "17", "datacoding": "0",
        "esmclass": "4",
    }
    assert list(values_of(message)) == list(NAMES)
    assert values_of(message, ("esmclass", "datetime")) == {"datetime": "2014/8/2 14:05:09", "esmclass": "4"}


@given(messages)
def test_values_make_the_message_again(message: InboundMessage) -> None:
    again = message_of(values_of(message))
    text, octets = message.content(("text", "bin"))
    assert again == InboundMessage(
        sender=message.sender, receiver=message.receiver, text=text, binary=bytes.fromhex(octets), received=message.received,
        message_id=message.message_id, datacoding=message.datacoding, esmclass=message.esmclass,
    )


@given(messages)
def test_a_message_always_has_text_or_octets_to_give(message: InboundMessage) -> None:
    assert message.as_octets() or message.text == "" or message.datacoding  # an unknown coding may make nothing of a text
    assert message.content(("text",))[0] or not message.binary or message.as_text() == ""


@pytest.mark.parametrize(("text", "offset", "when"), [
    ("2010/8/2 14:55:10", None, datetime(2010, 8, 2, 14, 55, 10)),
    ("2010/08/02 4:5:1", timedelta(hours=2), datetime(2010, 8, 2, 4, 5, 1, tzinfo=timezone(timedelta(hours=2)))),
    ("2010-08-02T14:55:10", None, datetime(2010, 8, 2, 14, 55, 10)),
    ("2010-08-02 14:55:10", timedelta(0), datetime(2010, 8, 2, 14, 55, 10, tzinfo=UTC)),
    ("2010-08-02T14:55:10+00:00", timedelta(hours=2), datetime(2010, 8, 2, 14, 55, 10, tzinfo=UTC)),
    ("yesterday", None, None), ("2010/13/2 14:55:10", None, None), ("9" * 5000, None, None), ("", None, None),
])
def test_a_date_is_read_in_both_forms_and_a_message_is_not_lost_by_another_one(
    text: str, offset: timedelta | None, when: datetime | None,
) -> None:
    assert message_of({"datetime": text, "text": "Hi"}, offset) == InboundMessage(text="Hi", received=when)


@pytest.mark.parametrize(("name", "value"), [
    ("bin", "4"), ("bin", "0x41"), ("bin", "\ud800"), ("datacoding", "256"), ("datacoding", "-1"), ("datacoding", "9" * 5000),
    ("esmclass", "1.0"), ("esmclass", "٣"),
])
def test_an_impossible_value_is_refused_by_its_name_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(DocumentError) as caught:
        message_of({"text": "Hi", name: value}, path_of=lambda name: f"here/{name}")
    assert (caught.value.status, caught.value.path) == (-23, f"here/{name}")
    assert value not in caught.value.reason
