"""Composing: what the PDUs carry reads back as the text (I7) however it is split, and every wish of a message stands in its PDUs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core import udh
from smpp_core.spec.alphabets import LANGUAGES
from smswire.message.address import Address
from smswire.message.compose import Composition, References, compose
from smswire.message.message import Message, join

VENDOR, STANDARD = smpp.Profile.vendor(), smpp.Profile.standard()
TO = Address("385951111111", 1, 1)
NATIONAL = tuple(number for number in LANGUAGES if number)
PIECES = ["Hello ", "[", "€", "\r\n", "ž", "z\u030c", "कि", "\U0001f468\u200d\U0001f469", "\U0001f600", "ş", "á", "a"]
runs = st.tuples(st.sampled_from(PIECES), st.integers(1, 120)).map(lambda run: run[0] * run[1])
odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.just("\ufeff")
texts = st.lists(runs | odd | st.sampled_from(PIECES), max_size=12).map("".join).filter(lambda text: text[:1] not in ("\ufeff", "\ufffe"))
profiles = st.sampled_from([
    VENDOR, STANDARD, STANDARD.with_options(default_alphabet="latin1"), VENDOR.with_options(default_alphabet="ascii"),
])
wishes = st.fixed_dictionaries(
    {"concatenation": st.sampled_from(["udh8", "udh16", "sar", "payload"])},
    optional={
        "flash": st.booleans(), "ports": st.tuples(st.integers(0, 65535), st.integers(0, 65535)), "reference": st.integers(0, 255),
        "udh": st.sampled_from([b"", bytes.fromhex("0370017f"), bytes.fromhex("0a22080b918361002143f5")]),
    },
)


def message(text=None, **wishes):
    return Message(to=TO, text=text, **wishes)


def octets_of(pdu):
    return pdu.short_message or pdu.message_payload or b""


@given(texts, wishes, profiles, st.lists(st.sampled_from(NATIONAL), max_size=2), st.booleans())
def test_the_pdus_read_back_as_the_text(text, wish, profile, national, latin1):
    made = compose(message(text, **wish), profile=profile, national=tuple(national), latin1=latin1)
    pdus = made.pdus()
    read = [smpp.decode_text(smpp.decode(bytes(pdu.with_sequence(1)), profile=profile)) for pdu in pdus]
    assert "".join(one.text or "" for one in read) == join(made.parts) == text
    assert all(one.flash == wish.get("flash", False) for one in read)
    assert len(pdus) == len(made.parts) and [part.number for part in made.parts] == list(range(1, len(pdus) + 1))
    for pdu, part, one in zip(pdus, made.parts, read, strict=True):
        assert pdu.data_coding == made.data_coding and octets_of(pdu) == part.octets
        assert bool(pdu.esm_class & 0x40) == bool(part.header) == (one.udh is not None)
        assert (one.udh.octets if one.udh else b"") == part.octets[:part.header]
        assert not [found for found in smpp.explain(pdu) if found.severity == "error"]
        if wish["concatenation"] != "payload":
            bits = {"gsm7": 7, "ucs2": 16}.get(made.encoding, 8)
            assert part.header * 8 + part.units * bits <= 1120 and part.units <= made.capacity


@given(texts, wishes, st.lists(st.sampled_from(NATIONAL), max_size=2))
def test_every_part_names_itself_its_tables_its_ports_and_the_elements_of_its_own_header(text, wish, national):
    made = compose(message(text, **wish), national=tuple(national))
    total, kind = len(made.parts), wish["concatenation"]
    assert (made.reference is None) == (total == 1) and made.reference in (None, wish.get("reference", made.reference))
    for number, pdu in enumerate(made.pdus(), 1):
        header = smpp.decode_text(pdu).udh
        elements = () if header is None else header.elements
        named = [found.value for found in elements if found.id in (0, 8)]
        tlvs = {tlv.name: tlv.value for tlv in pdu.tlvs}
        if total > 1 and kind in ("udh8", "udh16"):
            assert named == [udh.Concat(made.reference, total, number, 8 if kind == "udh8" else 16)]
        else:
            assert named == []
        sar = (made.reference, total, number) if total > 1 and kind == "sar" else (None, None, None)
        assert (pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum) == sar
        assert ("message_payload" in tlvs) == (kind == "payload") and (kind != "payload" or pdu.sm_length == 0)
        ports = wish.get("ports")
        if kind in ("udh8", "udh16"):
            assert (header.ports if header else None) == (None if ports is None else udh.Ports(*ports, 16))
            assert pdu.destination_port is None and pdu.source_port is None
        else:
            assert (None if ports is None else (pdu.destination_port, pdu.source_port)) == ports
            assert header is None or header.ports is None
        own = wish.get("udh", b"")[1:]
        assert own in (header.octets if header else b"")
        assert (header.single, header.locking) == (made.split.alphabet.single, made.split.alphabet.locking) if header else True


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("udh8", ["050003070301", "050003070302", "050003070303"]), ("udh16", ["06080400070301", "06080400070302", "06080400070303"]),
        ("sar", [(7, 3, 1), (7, 3, 2), (7, 3, 3)]),
    ],
)
def test_three_parts(kind, names):
    made = compose(message("x" * 330, concatenation=kind, reference=7))
    if kind == "sar":
        assert [(pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum) for pdu in made.pdus()] == names
        assert [len(pdu.short_message) for pdu in made.pdus()] == [160, 160, 10] and {pdu.esm_class for pdu in made.pdus()} == {0}
    else:
        assert [part.octets[:part.header].hex() for part in made.parts] == names


@given(st.binary(max_size=700), wishes, st.sampled_from([None, 0, 8, 4, 245]))
def test_octets_are_sent_as_they_are_and_split_where_that_is_asked_for(octets, wish, coding):
    made = compose(message(binary=octets, data_coding=coding, split=True, **wish))
    pdus = made.pdus()
    read = [smpp.decode_text(pdu) for pdu in pdus]
    assert b"".join(one.octets for one in read) == octets and b"".join(part.octets[part.header:] for part in made.parts) == octets
    expected = {None: 4, 245: 245}.get(coding, coding)
    if wish.get("flash") and expected < 16:
        expected = 244
    assert made.encoding == "binary" and {pdu.data_coding for pdu in pdus} == {expected} and made.split is None
    if wish["concatenation"] != "payload":
        assert max(len(octets_of(pdu)) for pdu in pdus) <= 140
        assert all(len(one.octets) % 2 == 0 for one in read[:-1])
        assert made.segments == len(pdus)
    assert 0 <= made.units_left <= made.capacity and made.reason == "octets are sent as they are"
    assert made.forced_by == () and made.proposal is None


def test_the_vendor_s_limits_of_octets():
    assert len(compose(message(binary=b"x" * 140)).pdus()) == 1  # V24
    for wish in ({}, {"split": False}, {"udh": bytes.fromhex("0370017f"), "binary": b"x" * 137}):
        with pytest.raises(smpp.EncodeError, match=r"binary has 1\d\d octets, one segment holds 1\d\d; split=True cuts it"):
            compose(message(**{"binary": b"x" * 141} | wish))
    made = compose(message(binary=b"x" * 268, split=True, reference=7))
    assert [part.octets[:6].hex() for part in made.parts] == ["050003070201", "050003070202"]
    assert [part.units for part in made.parts] == [134, 134]
    made = compose(message(binary=b"x" * 200, split=True, concatenation="udh16"))
    assert [part.units for part in made.parts] == [132, 68]  # an even number of the 133 that there is room for


def test_a_plain_message_is_the_pdu_that_one_would_write_by_hand():
    made = compose(Message.make("+385951111111", "Hello", sender="Infobip", receipt="final"))
    assert made.pdus() == [
        smpp.SubmitSm(
            source_addr_ton=5, source_addr_npi=0, source_addr="Infobip", dest_addr_ton=1, dest_addr_npi=1, destination_addr="385951111111",
            registered_delivery=1, short_message=b"Hello",
        )
    ]
    assert (made.encoding, made.segments, made.units_left, made.reference) == ("gsm7", 1, 155, None)
    assert made.reason == "every character is in the GSM 7-bit alphabet" and made.forced_by == () and made.proposal is None
    assert compose(message()).parts == compose(message("")).parts and compose(message("")).pdus()[0].sm_length == 0


@pytest.mark.parametrize(
    ("text", "wish", "profile", "coding"),
    [
        ("a", {"flash": True}, VENDOR, 240), ("ж", {"flash": True}, VENDOR, 24),
        ("a", {"flash": True, "data_coding": 1}, VENDOR, 240), ("a", {"flash": True, "data_coding": 8}, VENDOR, 24),
        ("a", {"flash": True, "data_coding": 3}, VENDOR, 240), ("á", {"flash": True, "data_coding": 3}, VENDOR, 24),
        ("a", {"flash": True}, STANDARD, 0x10), ("ж", {"flash": True}, STANDARD, 0x18), ("a", {"data_coding": 3}, VENDOR, 3),
        ("á" * 140, {"encoding": "latin1"}, STANDARD, 3), ("a", {"encoding": "ucs2"}, VENDOR, 8),
    ],
)
def test_data_coding(text, wish, profile, coding):
    [pdu] = compose(message(text, **wish), profile=profile).pdus()
    assert pdu.data_coding == coding and pdu.profile is profile
    assert smpp.decode_text(pdu).text == text and smpp.decode_text(pdu).flash == wish.get("flash", False)


def test_times_are_relative_for_a_span_and_absolute_for_a_moment():
    [pdu] = compose(message("x", validity=timedelta(hours=48), schedule=datetime(2026, 1, 31, 10, 0, tzinfo=UTC))).pdus()
    assert (pdu.validity_period, pdu.schedule_delivery_time) == ("000002000000000R", "260131100000000+")
    for wish, sentence in (
        ({"validity": datetime(2026, 1, 1)}, "validity: 2026-01-01 00:00:00 has no time zone"),
        ({"schedule": timedelta(days=100)}, "schedule: a span of 100 days"),
    ):
        with pytest.raises(smpp.EncodeError, match=sentence) as caught:
            compose(message("x", **wish)).pdus()
        assert caught.value.field in wish


@pytest.mark.parametrize(("receipt", "octet"), [("none", 0), ("final", 1), ("failure", 2), ("success", 3), ("intermediate", 0x11)])
def test_receipts_are_asked_for_in_every_part(receipt, octet):
    assert {pdu.registered_delivery for pdu in compose(message("x" * 500, receipt=receipt)).pdus()} == {octet}


def test_the_rest_stands_in_every_part():
    made = compose(message(
        "x" * 200, service_type="CMT", priority=1, protocol_id=0x41, campaign_id="spring", user_message_reference=42,
        tlvs=(("source_subaddress", b"\xa0\1"), (0x1501, b"\7")),
    ))
    for pdu in made.pdus():
        assert (pdu.service_type, pdu.priority_flag, pdu.protocol_id, pdu.source_addr, pdu.source_addr_ton) == ("CMT", 1, 0x41, "", 0)
        assert (pdu.campaign_id, pdu.user_message_reference, pdu.source_subaddress) == ("spring", 42, b"\xa0\1")
        assert [tlv.tag for tlv in pdu.tlvs] == [0x0204, 0x1456, 0x0202, 0x1501] and pdu.sequence_number == 0
    [pdu] = compose(message("x", campaign_id="c" * 64), profile=STANDARD).pdus()
    assert pdu.tlvs[0].raw == b"c" * 64 + b"\0"


def test_references_come_from_the_message_the_allocator_or_chance():
    long = "x" * 200
    assert compose(message(long, reference=7), reference=References(1)).reference == 7
    give = References(0xFFFF)
    assert [compose(message(long), reference=give).reference for _ in range(3)] == [0xFF, 0, 1]
    give = References(0xFFFE)
    kinds = ("udh16", "sar", "udh8")
    assert [compose(message(long, concatenation=kind), reference=give).reference for kind in kinds] == [0xFFFE, 0xFFFF, 0]
    assert compose(message("short"), reference=give).reference is None and give(16) == 1
    assert len({compose(message(long, concatenation="udh16")).reference for _ in range(20)}) > 10
    assert len({References()(16) for _ in range(20)}) > 10
    for kind, number, bits in (("udh8", 256, 8), ("udh16", 65536, 16), ("sar", -1, 16)):
        with pytest.raises(smpp.EncodeError, match=f"reference {number} does not fit in {bits} bits"):
            compose(message(long, concatenation=kind, reference=number))


def test_a_message_may_forbid_being_split():
    assert len(compose(message("x" * 160, split=False)).pdus()) == 1
    for kind in ("udh8", "sar", "payload"):
        with pytest.raises(smpp.EncodeError, match="the text takes 2 segments and may not be split"):
            compose(message("x" * 161, split=False, concatenation=kind))
        with pytest.raises(smpp.EncodeError, match="binary has 141 octets, one segment holds 140"):
            compose(message(binary=b"x" * 141, split=False, concatenation=kind))


def test_a_payload_says_how_many_segments_the_peer_will_make():
    made = compose(message("x" * 400, concatenation="payload"))
    assert (len(made.parts), made.segments, made.capacity, made.units_left) == (1, 3, 153, 59)
    made = compose(message(binary=b"x" * 400, concatenation="payload"))
    assert (len(made.parts), made.segments, made.capacity, made.units_left) == (1, 3, 134, 2)
    assert len(compose(message(binary=b"x" * 65535, concatenation="payload")).pdus()[0].message_payload) == 65535
    with pytest.raises(smpp.EncodeError, match="binary has 65536 octets, message_payload holds 65535"):
        compose(message(binary=b"x" * 65536, concatenation="payload"))


@pytest.mark.parametrize(
    ("wish", "sentence", "field"),
    [
        ({"text": "x", "binary": b"y"}, "a message has text or octets, not both", "binary"),
        ({"text": "x", "encoding": "binary"}, "encoding is binary; give the octets as binary", "encoding"),
        ({"binary": b"x", "encoding": "ucs2"}, "encoding is 'ucs2', which is for texts; data_coding labels octets", "encoding"),
        ({"text": "x", "encoding": "utf8"}, "encoding is 'utf8', not auto, gsm7, latin1 or ucs2 for a text", "encoding"),
        ({"text": "x", "concatenation": "UDH"}, "concatenation is 'UDH', not udh8, udh16, sar or payload", "concatenation"),
        ({"binary": b"x" * 200, "split": True, "concatenation": "UDH"},
         "concatenation is 'UDH', not udh8, udh16, sar or payload", "concatenation"),
        ({"text": "x", "udh": b"\5\0"}, "udh says 5 octets, 1 follow", "udh"),
        ({"text": "x", "udh": b"\0\0"}, "udh says 0 octets, 1 follow", "udh"),
        ({"text": "x", "udh": bytes((150,)) + bytes(150)}, "the user data header has 151 octets, a short message holds 140", "udh"),
        ({"text": "x", "udh": bytes.fromhex("03240101")}, "udh names national tables; allow their languages instead", "udh"),
        ({"text": "x", "udh": bytes.fromhex("0605040b8423f0"), "ports": (1, 2)}, "ports are given, and udh has some", "ports"),
        ({"text": "x" * 161, "udh": bytes.fromhex("0500030102 01")},
         "udh says that this is one part of a message, and it is too long for one", "udh"),
        ({"binary": b"x" * 141, "split": True, "udh": bytes.fromhex("050003010201")},
         "udh says that this is one part of a message, and it is too long for one", "udh"),
        ({"binary": b"x" * 20, "split": True, "udh": bytes((134,)) + b"\x70\x84" + bytes(132)},
         "the user data header leaves no room for octets", "udh"),
        ({"binary": b"x" * 134 * 256, "split": True}, "binary takes 256 segments, the limit is 255", "binary"),
        ({"text": "x", "ports": (65536, 1)}, "ports 65536 and 1 of 16 bits cannot be written", "udh"),
        ({"text": "x", "receipt": "all"}, "receipt is 'all', not one of none, final, failure, success, intermediate", "receipt"),
        ({"text": "x", "campaign_id": "c" * 65}, "campaign_id has 65 characters, the limit is 64", "campaign_id"),
        ({"text": "x", "campaign_id": "ž"}, "campaign_id has '\\u017e', which Latin-1 lacks", "campaign_id"),
        ({"text": "x", "campaign_id": "a\0"}, "campaign_id has a NUL", "campaign_id"),
        ({"text": "x", "tlvs": (("campaign_id", "a"),), "campaign_id": "b"},
         "tlvs has 'campaign_id', which the message itself writes", "tlvs"),
        ({"text": "x", "tlvs": ((0x0424, b"a"),)}, "tlvs has 1060, which the message itself writes", "tlvs"),
    ],
)
def test_what_cannot_be_composed_is_refused_in_a_sentence(wish, sentence, field):
    with pytest.raises(smpp.EncodeError) as caught:
        compose(message(**wish)).pdus()
    assert str(caught.value) == sentence and caught.value.field == field


def test_a_field_that_does_not_fit_is_named_by_the_core():
    with pytest.raises(smpp.EncodeError, match="service_type has 6 characters") as caught:
        compose(message("x", service_type="TOOBIG")).pdus()
    assert caught.value.field == "service_type"
    with pytest.raises(smpp.EncodeError, match="user_message_reference"):
        compose(message("x", user_message_reference=65536)).pdus()


def test_a_composition_is_a_value():
    made = compose(message("ž" * 100, reference=1))
    assert isinstance(made, Composition) and made == compose(message("ž" * 100, reference=1))
    assert (made.encoding, made.segments, made.units_left) == ("ucs2", 2, 34)
    assert len(made.forced_by) == 100 and made.proposal.text == "z" * 100 and made.proposal.saved == 1


@pytest.mark.parametrize("octets", [b"", b"abc"])
def test_a_header_of_no_element_is_one_beside_octets(octets):
    [pdu] = compose(Message(to=TO, binary=octets, udh=b"\0")).pdus()
    assert (pdu.short_message, pdu.esm_class) == (b"\0" + octets, 0x40)


@pytest.mark.parametrize("bits", [0, 1, 2, 3, 0x80, 0x83])
def test_mode_and_reply_path_stand_in_every_part_beside_what_says_that_there_is_a_header(bits):
    assert [pdu.esm_class for pdu in compose(message("a" * 161, esm_class=bits)).pdus()] == [0x40 | bits] * 2
    assert [pdu.esm_class for pdu in compose(message("a", esm_class=bits)).pdus()] == [bits]


@pytest.mark.parametrize("bits", [0x04, 0x40, 0x100, -1])
def test_other_bits_of_esm_class_are_refused(bits):
    with pytest.raises(smpp.EncodeError, match="its bits 0x83 only"):
        compose(message("a", esm_class=bits)).pdus()
