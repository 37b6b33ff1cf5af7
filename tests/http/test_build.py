"""What a request asks for is what goes into the PDUs, octet by octet; and the parameters of the PDU around it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from http_messages import messages
from hypothesis import given

from smpp_core import decode_text
from smpp_core.spec.vendor import DATA_CODINGS
from smswire.http.build import addressed, build, prepare, sender_of
from smswire.http.errors import DocumentError
from smswire.http.policy import Policy
from smswire.http.request import Recipient, SendMessage
from smswire.http.text import write_text
from smswire.message.compose import compose
from smswire.message.message import Message
from smswire.message.push import decode_push, push_pdu, service_indication
from smswire.message.received import Received

TO = Recipient("38595111111", "id-1")
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def pdus(policy: Policy | None = None, *, now: datetime | None = None, **fields: Any) -> list[Any]:
    """The PDUs of one message of a request; their parts have the reference 7."""
    message = SendMessage(**({"sender": "Infobip"} | fields))
    return compose(build(message, TO, policy, now=now), reference=lambda bits: 7).pdus()


def refusal(policy: Policy | None = None, **fields: Any) -> tuple[int, str]:
    with pytest.raises(DocumentError) as caught:
        prepare(SendMessage(**({"sender": "Infobip"} | fields)), policy)
    return caught.value.status, caught.value.path


# -- properties


@given(messages())
def test_the_pdus_carry_the_text_or_the_octets_that_were_asked_for(message: SendMessage) -> None:
    found = compose(build(message, message.recipients[0])).pdus()
    received = Received.of(found)
    if message.type == "bookmark":
        assert received.binary is not None
        url, title = decode_push(received.binary) or ("", "")
        assert url.endswith(message.wapurl) and title == (message.text or url)
    elif message.binary is not None and len(message.binary) <= 140:
        assert [pdu.short_message for pdu in found] == [message.binary]
        assert found[0].esm_class == (message.esmclass or 0)
    elif message.binary is not None:
        assert received.text == message.binary.decode("utf-16-be").removeprefix("\ufeff")
    else:
        assert received.text == message.text
        assert received.flash == (message.flash or message.type == "nSMS" or message.datacoding in (24, 240))


@given(messages())
def test_the_pdus_go_where_the_request_says_from_whom_it_says(message: SendMessage) -> None:
    first = compose(build(message, message.recipients[0])).pdus()[0]
    digits = message.sender.removeprefix("+")
    numeric = digits.isdigit()
    assert first.source_addr == (digits if numeric else message.sender)
    assert first.source_addr_ton == (message.src_ton if message.src_ton is not None else 1 if numeric else 5)
    assert first.source_addr_npi == (message.src_npi if message.src_npi is not None else 1 if numeric else 0)
    assert first.destination_addr == message.recipients[0].gsm
    assert first.dest_addr_ton == (1 if message.dest_ton is None else message.dest_ton)
    assert first.dest_addr_npi == (1 if message.dest_npi is None else message.dest_npi)
    assert first.campaign_id == (message.campaign_id or None)
    assert first.registered_delivery == 1


@given(messages())
def test_a_message_prepared_once_is_built_for_each_recipient(message: SendMessage) -> None:
    prepared = prepare(message)
    for gsm in ("38595111111", "41793026727"):
        assert addressed(prepared, message, Recipient(gsm)) == build(message, Recipient(gsm))


# -- one example of each kind, octet by octet


def test_v29_flash_in_gsm_octet_by_octet() -> None:
    (pdu,) = pdus(text="Hello", flash=True)
    assert bytes(pdu)[16:] == (
        b"\0" + b"\x05\x00Infobip\0" + b"\x01\x0138595111111\0" + b"\0\0\0" + b"\0" + b"000002000000000R\0" + b"\x01\0" + b"\xf0\0"
        + b"\x05Hello"
    )


def test_v29_flash_in_unicode_octet_by_octet() -> None:
    (pdu,) = pdus(text="č", flash=True)
    assert (pdu.esm_class, pdu.data_coding, pdu.short_message) == (0, 24, b"\x01\x0d")


def test_v30_a_long_text_is_two_segments_with_headers_octet_by_octet() -> None:
    text = "LongSMSTest" * 15
    first, second = pdus(text=text, type="LongSMS".replace("L", "l"))
    assert (first.esm_class, first.data_coding, second.esm_class, second.data_coding) == (0x40, 0, 0x40, 0)
    assert first.short_message == bytes.fromhex("050003070201") + text[:153].encode()
    assert second.short_message == bytes.fromhex("050003070202") + text[153:].encode()


def test_v30_a_bookmark_is_a_push_to_the_browser_octet_by_octet() -> None:
    (pdu,) = pdus(type="bookmark", wapurl="www.infobiiip.com/something.jpg", text="Look")
    assert (pdu.esm_class, pdu.data_coding) == (0x40, 245)
    assert pdu.short_message == bytes.fromhex("06 05 04 0B84 23F0") + bytes.fromhex(
        "01 06 04 03AE81EA  02 05 6A 00 45 C6 0D 03"
    ) + b"infobiiip\0" + b"\x85\x03something.jpg\0" + b"\x01\x03Look\0\x01\x01"
    assert pdu.destination_port is None


def test_v25_the_documents_binary_with_a_header_octet_by_octet() -> None:
    (pdu,) = pdus(binary=bytes.fromhex("06050400010241424344"), esmclass=64)
    assert (pdu.esm_class, pdu.data_coding) == (64, 0)
    assert pdu.short_message == bytes.fromhex("06050400010241424344")


def test_v28_the_documents_unicode_octets_keep_their_mark_on_the_wire() -> None:
    octets = bytes.fromhex("FEFF01610111010D0107")
    (pdu,) = pdus(binary=octets, datacoding=8)
    assert (pdu.esm_class, pdu.data_coding, pdu.short_message) == (0, 8, octets)
    assert decode_text(pdu).text == "šđčć"


# -- decisions


def test_v19_the_default_sender_stands_in_for_an_absent_one() -> None:
    policy = Policy(default_sender="Default")
    assert sender_of(SendMessage(), policy).value == "Default"
    assert sender_of(SendMessage(sender="Own"), policy).value == "Own"
    assert refusal(sender="", text="x") == (-34, "sender")


@pytest.mark.parametrize(("sender", "expected"), [
    ("12345678901234", ("12345678901234", 1, 1)), ("+12345678901234", ("12345678901234", 1, 1)), ("ABCDEFGHIJK", ("ABCDEFGHIJK", 5, 0)),
])
def test_v19_v20_a_sender_and_its_default_type_of_number(sender: str, expected: tuple[str, int, int]) -> None:
    found = sender_of(SendMessage(sender=sender), Policy())
    assert (found.value, found.ton, found.npi) == expected


@pytest.mark.parametrize(("fields", "expected"), [
    ({"src_ton": 2}, (2, 1, 1, 1)), ({"src_npi": 9}, (1, 9, 1, 1)), ({"dest_ton": 0}, (1, 1, 0, 1)), ({"dest_npi": 0}, (1, 1, 1, 0)),
    ({"src_ton": 0, "src_npi": 0, "dest_ton": 2, "dest_npi": 8}, (0, 0, 2, 8)),
])
def test_v20_one_number_given_alone_keeps_the_others_default(fields: dict[str, int], expected: tuple[int, ...]) -> None:
    (pdu,) = pdus(sender="12345", text="x", **fields)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.dest_addr_ton, pdu.dest_addr_npi) == expected


ONE_SEGMENT = [("a" * 160, 0), ("[" * 80, 0), ("č" * 70, 8), ("😀" * 35, 8)]


@pytest.mark.parametrize(("text", "coding"), ONE_SEGMENT)
@pytest.mark.parametrize("on_overlong", ["split", "truncate", "reject"])
def test_v23_one_segment_is_never_cut(text: str, coding: int, on_overlong: str) -> None:
    (pdu,) = pdus(Policy(on_overlong=on_overlong), text=text)
    assert (decode_text(pdu).text, pdu.data_coding) == (text, coding)


@pytest.mark.parametrize(("text", "coding"), [*ONE_SEGMENT, ("é" * 140, 3)])
def test_v23_a_text_over_one_segment_is_split_cut_or_refused(text: str, coding: int) -> None:
    number = coding or None
    longer = text + text[-1]
    assert len(pdus(Policy(), text=longer, datacoding=number)) == 2
    (pdu,) = pdus(Policy(on_overlong="truncate"), text=longer, datacoding=number)
    assert decode_text(pdu).text == text
    assert refusal(Policy(on_overlong="reject"), text=longer, datacoding=number) == (-23, "text")
    assert len(pdus(Policy(on_overlong="reject"), text=longer, datacoding=number, type="longSMS")) == 2
    assert len(pdus(Policy(on_overlong="truncate"), text=longer, datacoding=number, type="longSMS")) == 2


@pytest.mark.parametrize(("text", "left"), [
    ("a" * 159 + "[", "a" * 159), ("č" * 69 + "😀", "č" * 69), ("č" * 69 + "e\u0301", "č" * 69),
    ("č" * 67 + "\U0001f1ed\U0001f1f7", "č" * 67),
    ("č" * 66 + "\U0001f469\u200d\U0001f467", "č" * 66), ("a" * 159 + "\r\n", "a" * 159),
])
def test_v23_truncating_keeps_together_what_belongs_together(text: str, left: str) -> None:
    (pdu,) = pdus(Policy(on_overlong="truncate"), text=text)
    assert decode_text(pdu).text == left


def test_v23_truncating_a_text_of_a_whole_body_is_quick() -> None:
    (pdu,) = pdus(Policy(on_overlong="truncate"), text="č" * 2_000_000)
    assert decode_text(pdu).text == "č" * 70
    assert refusal(text="č" * 2_000_000) == (-23, "text")


@pytest.mark.parametrize(("fields", "expected"), [
    ({"text": "x", "binary": b"x"}, (-23, "binary")), ({}, (-23, "text")), ({"text": " "}, (-23, "text")), ({"binary": b""}, (-23, "text")),
    ({"wapurl": "www.example.com"}, (-23, "text")), ({"binary": bytes(141)}, (-23, "binary")),
    ({"binary": bytes(141), "type": "longSMS"}, (-23, "binary")), ({"binary": bytes(142), "datacoding": 8}, (-23, "binary")),
    ({"binary": bytes(141), "datacoding": 8, "type": "longSMS"}, (-23, "binary")),
    ({"binary": b"\xd8\0" * 71, "datacoding": 8, "type": "longSMS"}, (-23, "binary")),
    ({"binary": b"\x05" * 142, "datacoding": 8, "type": "longSMS", "esmclass": 64}, (-23, "binary")),
])
def test_v24_impossible_octets(fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(**fields) == expected


@pytest.mark.parametrize("number", [None, 0, 1, 2, 3, 4, 8, 24, 99, 240, 245, 255])
def test_v24_datacoding_only_labels_octets(number: int | None) -> None:
    octets = bytes(range(116, 256))
    (pdu,) = pdus(binary=octets, datacoding=number)
    assert (pdu.short_message, pdu.data_coding, pdu.esm_class) == (octets, number or 0, 0)


@pytest.mark.parametrize("number", [8, 24])
@pytest.mark.parametrize("mark", [b"", b"\xfe\xff", b"\xff\xfe"])
def test_v24_v28_long_unicode_octets_are_decoded_and_split(number: int, mark: bytes) -> None:
    text = "čšž😀" * 30
    octets = mark + text.encode("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be")
    found = pdus(binary=octets, datacoding=number, type="longSMS")
    assert {(pdu.esm_class, pdu.data_coding) for pdu in found} == {(0x40, number)}
    assert Received.of(found).text == text


@pytest.mark.parametrize(("fields", "expected"), [
    ({"text": "x", "esmclass": 0x40}, (-23, "esmclass")), ({"text": "x", "esmclass": 0x04}, (-23, "esmclass")),
    ({"text": "x", "esmclass": 0x08}, (-23, "esmclass")), ({"binary": b"x", "esmclass": 0x20}, (-23, "esmclass")),
    ({"binary": b"x", "esmclass": 0x50}, (-23, "esmclass")), ({"binary": b"\x05\x00\x03", "esmclass": 64}, (-23, "binary")),
    ({"binary": b"\x01", "esmclass": 64}, (-23, "binary")), ({"binary": b"\x03\x00\x01", "esmclass": 64}, (-23, "binary")),
    ({"type": "bookmark", "wapurl": "a.com", "esmclass": 4}, (-23, "esmclass")),
])
def test_v25_what_esmclass_may_not_say(fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(**fields) == expected


@pytest.mark.parametrize("octets", [b"\0", b"\0abc", b"\x01\xff", b"\x02\x05\x04abc", b"\x05\0\x03\x07\x02\x01part"])
def test_v25_a_header_is_kept_octet_for_octet_even_an_empty_one(octets: bytes) -> None:
    (pdu,) = pdus(binary=octets, esmclass=0x43)
    assert (pdu.short_message, pdu.esm_class) == (octets, 0x43)


@pytest.mark.parametrize("bits", [1, 2, 3, 0x80, 0x83])
def test_v25_mode_and_reply_path_are_written(bits: int) -> None:
    assert [pdu.esm_class for pdu in pdus(text="a" * 200, esmclass=bits)] == [0x40 | bits] * 2
    assert [pdu.esm_class for pdu in pdus(text="a", esmclass=bits)] == [bits]


@pytest.mark.parametrize(("number", "text", "octets"), [
    (None, "a€", b"a\x1be"), (0, "@", b"\0"), (1, "Ä", b"["), (3, "Ä", b"\xc4"), (8, "ab", b"\0a\0b"), (24, "a", b"\0a"), (240, "@", b"\0"),
])
def test_v26_v68_the_alphabet_that_datacoding_means(number: int | None, text: str, octets: bytes) -> None:
    (pdu,) = pdus(text=text, datacoding=number)
    assert (pdu.short_message, pdu.data_coding) == (octets, number or 0)


@pytest.mark.parametrize("number", sorted({2, 4, 5, 16, 241, 244, 245, 255}))
def test_v26_other_datacodings_are_no_alphabet_for_a_text(number: int) -> None:
    assert refusal(text="x", datacoding=number) == (-23, "datacoding")


def test_v26_every_row_of_table_16_is_an_alphabet_or_octets() -> None:
    for number, row in DATA_CODINGS.items():
        if row.alphabet == "binary":
            assert refusal(text="x", datacoding=number) == (-23, "datacoding")
        else:
            assert [pdu.data_coding for pdu in pdus(text="x", datacoding=number)] == [number]


@pytest.mark.parametrize(("number", "flash", "text", "expected"), [
    (None, False, "č", 8), (0, False, "č", 8), (1, False, "č", 8), (3, False, "€", 8), (240, False, "č", 24), (None, True, "č", 24),
    (1, True, "č", 24), (240, True, "č", 24), (3, True, "€ č", 24),
])
def test_v27_a_text_that_its_coding_cannot_hold(number: int | None, flash: bool, text: str, expected: int) -> None:
    (pdu,) = pdus(text=text, datacoding=number, flash=flash)
    assert (pdu.data_coding, pdu.short_message) == (expected, text.encode("utf-16-be"))
    assert refusal(Policy(auto_unicode=False), text=text, datacoding=number, flash=flash) == (-23, "text")


@pytest.mark.parametrize("text", ["\ud800", "abc\udfff", "\ufffeabc"])
@pytest.mark.parametrize("number", [None, 8])
def test_v27_no_coding_holds_half_a_pair_and_the_reason_does_not_show_it(text: str, number: int | None) -> None:
    with pytest.raises(DocumentError) as caught:
        prepare(SendMessage(sender="a", text=text, datacoding=number))
    assert caught.value.reason.isascii()


@pytest.mark.parametrize(("number", "text", "expected"), [
    (None, "a", 240), (0, "a", 240), (1, "a", 240), (8, "a", 24), (240, "a", 240), (24, "a", 24), (3, "Ä", 240), (3, "ê", 24),
    (3, "€", 240),
])
def test_v29_the_flash_form_of_each_coding_of_a_text(number: int | None, text: str, expected: int) -> None:
    for policy in (Policy(), Policy(auto_unicode=False)):
        (pdu,) = pdus(policy, text=text, datacoding=number, flash=True)
        assert pdu.data_coding == expected and decode_text(pdu).text == text and decode_text(pdu).flash


@pytest.mark.parametrize(("number", "expected"), [
    (None, 240), (0, 240), (1, 240), (4, 244), (8, 24), (24, 24), (240, 240), (244, 244), (245, 245), (16, 16),
])
def test_v29_the_flash_form_of_each_coding_of_octets(number: int | None, expected: int) -> None:
    (pdu,) = pdus(binary=b"\0a", datacoding=number, flash=True)
    assert (pdu.data_coding, pdu.short_message) == (expected, b"\0a")


@pytest.mark.parametrize("number", [2, 3, 9, 241, 246])
def test_v29_octets_that_have_no_flash_form(number: int) -> None:
    assert refusal(binary=b"a", datacoding=number, flash=True) == (-23, "flash")


@pytest.mark.parametrize("text", ["a" * 160, "č" * 70])
def test_v30_a_notification_is_flash_of_one_segment(text: str) -> None:
    (pdu,) = pdus(text=text, type="nSMS")
    assert decode_text(pdu).flash and pdu.esm_class == 0
    assert refusal(text=text + text[0], type="nSMS") == (-23, "text")
    for on_overlong in ("truncate", "split"):
        assert refusal(Policy(on_overlong=on_overlong), text=text + text[0], type="nSMS") == (-23, "text")


def test_v30_a_notification_of_octets_is_no_part_of_another_message() -> None:
    assert [pdu.data_coding for pdu in pdus(binary=b"\x01", datacoding=4, type="nSMS")] == [244]
    assert refusal(binary=bytes.fromhex("050003010201"), esmclass=64, type="nSMS") == (-23, "binary")


@pytest.mark.parametrize(("fields", "expected"), [
    ({}, (-1, "wapurl")), ({"wapurl": " "}, (-1, "wapurl")), ({"text": "x"}, (-1, "wapurl")), ({"binary": b"x"}, (-1, "wapurl")),
    ({"wapurl": "a.com", "binary": b"x"}, (-23, "binary")), ({"wapurl": "a\r\n.com"}, (-23, "wapurl")),
    ({"wapurl": "a.com", "text": "a\0b"}, (-23, "text")), ({"wapurl": "a.com/" + "x" * 40_000}, (-23, "wapurl")),
    ({"wapurl": "\ud800"}, (-23, "wapurl")),
])
def test_v30_what_a_bookmark_needs(fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(type="bookmark", **fields) == expected


@pytest.mark.parametrize(("url", "written"), [
    ("www.example.com", "http://www.example.com"), ("https://example.com", "https://example.com"), (" a.com ", "http://a.com"),
])
def test_v30_a_bookmark_without_scheme_or_title(url: str, written: str) -> None:
    (pdu,) = pdus(type="bookmark", wapurl=url, datacoding=8, esmclass=0x40, flash=True)
    assert pdu.data_coding == 245
    assert decode_text(pdu).octets == push_pdu(service_indication(written, written))


def test_v30_a_long_bookmark_is_several_segments() -> None:
    found = pdus(type="bookmark", wapurl="example.com/" + "x" * 300)
    assert len(found) == 6 and {pdu.data_coding for pdu in found} == {245}
    assert Received.of(found).ports == (2948, 9200)


def test_v30_the_url_of_no_bookmark_is_ignored() -> None:
    assert [pdu.short_message for pdu in pdus(text="x", wapurl="www.example.com")] == [b"x"]


@pytest.mark.parametrize(("due", "life", "schedule", "validity"), [
    (None, None, "", "000002000000000R"), (None, timedelta(hours=1, minutes=30), "", "000000013000000R"),
    (timedelta(days=4, hours=3, minutes=2, seconds=1), None, "000004030201000R", "000006030201000R"),
    (timedelta(days=1), timedelta(minutes=5), "000001000000000R", "000001000500000R"),
    (timedelta(0), timedelta(hours=99), "", "000002000000000R"),
])
def test_v31_v32_validity_counts_from_when_the_message_is_due(
    due: timedelta | None, life: timedelta | None, schedule: str, validity: str,
) -> None:
    (pdu,) = pdus(text="x", send_date_time=due, validity_period=life)
    assert (pdu.schedule_delivery_time, pdu.validity_period) == (schedule, validity)


def test_v31_with_the_present_time_a_year_can_be_said() -> None:
    assert refusal(text="x", send_date_time=timedelta(days=98)) == (-27, "sendDateTime")
    (pdu,) = pdus(text="x", send_date_time=timedelta(days=365), now=NOW)
    assert (pdu.schedule_delivery_time, pdu.validity_period) == ("271125040000000+", "271127040000000+")
    (pdu,) = pdus(text="x", now=NOW)
    assert (pdu.schedule_delivery_time, pdu.validity_period) == ("", "261127040000000+")


@pytest.mark.parametrize(("fields", "expected"), [
    ({"send_date_time": timedelta(days=365, seconds=1)}, (-27, "sendDateTime")), ({"send_date_time": timedelta(-1)}, (-27, "sendDateTime")),
    ({"validity_period": timedelta(0)}, (-23, "ValidityPeriod")), ({"datacoding": 256}, (-23, "datacoding")),
    ({"esmclass": -1}, (-23, "esmclass")), ({"src_ton": 7}, (-23, "srcton")), ({"dest_npi": 2}, (-23, "destnpi")),
    ({"type": "mms"}, (-23, "type")),
])
def test_v16_numbers_out_of_range_in_a_message_that_a_program_made(fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(text="x", **fields) == expected


def test_v37_the_campaign_is_a_tlv_of_every_part() -> None:
    found = pdus(text="a" * 200, campaign_id="x" * 64)
    assert [[(tlv.tag, tlv.raw) for tlv in pdu.tlvs] for pdu in found] == [[(0x1456, b"x" * 64 + b"\0")]] * 2
    assert [pdu.tlvs for pdu in pdus(text="a")] == [()]


@pytest.mark.parametrize("name", ["x" * 65, "a\0", "č", "a\nb"])
def test_v37_what_a_campaign_cannot_be(name: str) -> None:
    assert refusal(text="x", campaign_id=name) == (-23, "CampaignId")


def test_v68_latin1_is_written_where_it_saves_a_segment() -> None:
    policy = Policy(latin1=True)
    assert [pdu.data_coding for pdu in pdus(policy, text="ê" * 70)] == [8]
    assert [(pdu.data_coding, pdu.short_message) for pdu in pdus(policy, text="ê" * 71)] == [(3, b"\xea" * 71)]
    assert [pdu.data_coding for pdu in pdus(policy, text="a" * 71)] == [0]
    assert [pdu.data_coding for pdu in pdus(policy, text="ê" * 71, flash=True)] == [24] * 2
    assert [pdu.data_coding for pdu in pdus(Policy(latin1=True, auto_unicode=False), text="ê")] == [3]


def test_segments_are_counted_for_who_pays_them() -> None:
    assert [write_text(SendMessage(text=text), Policy()).segments for text in ("a", "a" * 161, "č" * 135)] == [1, 2, 3]
    assert write_text(SendMessage(text="a" * 161), Policy(on_overlong="truncate")).segments == 1


def test_no_reason_shows_the_text_or_the_sender() -> None:
    for fields in ({"text": "secretč" * 99, "datacoding": 3}, {"text": "x", "sender": "secretsecret"}, {"text": "secret\ud800"}):
        with pytest.raises(DocumentError) as caught:
            prepare(SendMessage(**({"sender": "a"} | fields)), Policy(auto_unicode=False))
        assert "secret" not in str(caught.value) and "č" not in str(caught.value)


def test_a_message_is_a_message() -> None:
    assert isinstance(build(SendMessage(sender="a", text="x"), TO), Message)
