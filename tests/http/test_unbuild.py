"""The way back: what a request can say comes back from its Message and from its PDUs; what none can say is refused with a reason."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from http_messages import messages
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import DataSm, DeliverSm, Profile, SubmitSm, decode
from smswire.http.build import build
from smswire.http.check import check_message, check_recipients
from smswire.http.errors import DocumentError
from smswire.http.policy import Policy
from smswire.http.request import Recipient, SendMessage
from smswire.http.unbuild import of_message, of_pdus
from smswire.message.address import Address
from smswire.message.compose import compose
from smswire.message.message import Message
from smswire.message.push import wap_push
from smswire.message.received import Received

TO = Address("38595111111", 1, 1)
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=timezone(timedelta(hours=1)))
DAY = timedelta(days=1)
LATIN1 = Profile.vendor().with_options(default_alphabet="latin1")


def normal(message: SendMessage) -> SendMessage:
    """The same message with each thing said in one way: as what a Message keeps of it."""
    found = msgspec.structs.replace(message)
    found.sender = message.sender.removeprefix("+")
    numeric = found.sender.isdigit()
    for name, default in (("src_ton", 1 if numeric else 5), ("src_npi", 1 if numeric else 0), ("dest_ton", 1), ("dest_npi", 1)):
        if getattr(found, name) == default:
            setattr(found, name, None)
    found.send_date_time = message.send_date_time or None
    found.validity_period = None if message.validity_period == 2 * DAY else message.validity_period
    found.esmclass = message.esmclass or None
    if message.type == "bookmark":
        found.flash, found.datacoding = False, None
        found.wapurl = message.wapurl if ":" in message.wapurl else f"http://{message.wapurl}"
        found.text = None if message.text == found.wapurl else message.text
    elif message.type == "nSMS":
        found.flash = False
    composition = compose(build(message, message.recipients[0]))
    number = composition.data_coding
    if message.type != "bookmark":
        if message.binary is not None and len(message.binary) > 140:
            found.text, found.binary = message.binary.decode("utf-16-be").removeprefix("\ufeff"), None
        elif message.binary is not None:
            found.datacoding = number or None
            found.flash = message.flash and number != 245
        elif message.text is not None:
            found.datacoding = composition.message.data_coding
            if found.datacoding is None and number not in (0, 240):
                found.datacoding = number
            if composition.segments > 1:
                found.type = "longSMS"
    return found


# -- properties


@given(messages())
def test_what_a_request_says_comes_back_from_its_message(message: SendMessage) -> None:
    made = build(message, message.recipients[0])
    assert of_message(made, message_id=message.recipients[0].message_id) == normal(message)


@given(messages())
def test_a_message_is_built_from_what_was_made_of_it(message: SendMessage) -> None:
    first = compose(build(message, message.recipients[0]), reference=lambda bits: 1).pdus()
    back = of_message(build(message, message.recipients[0]))
    again = compose(build(back, back.recipients[0]), reference=lambda bits: 1).pdus()
    assert again == first
    assert of_message(build(back, back.recipients[0])) == back


@given(messages(), st.booleans())
def test_the_pdus_of_a_request_come_back_as_the_same_pdus(message: SendMessage, absolute: bool) -> None:
    now = NOW if absolute else None
    first = compose(build(message, message.recipients[0], now=now), reference=lambda bits: 1).pdus()
    back = of_pdus(first, now=now)
    again = compose(build(back, back.recipients[0], now=now), reference=lambda bits: 1).pdus()
    assert again == first
    assert check_message(back, Policy(auto_unicode=False)) is None and check_recipients(back) == [None]


@given(
    st.binary(max_size=160), st.integers(0, 255), st.sampled_from((0, 0, 0, 0x40, 0x40, 0x83, 0xC3, 4, 0x7C)),
    st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=20) | st.just("Infobip"),
    st.just("38595111111") | st.text(st.sampled_from("0123456789+ab"), max_size=20),
    st.none() | st.binary(min_size=16, max_size=16) | st.from_regex(rb"[0-9]{15}[R+-]", fullmatch=True), st.booleans(),
)
def test_any_pdu_comes_back_as_the_same_octets_or_text_or_is_refused(
    octets: bytes, number: int, esm_class: int, sender: str, to: str, time: bytes | None, strict: bool,
) -> None:
    pdu = submit(
        short_message=octets, data_coding=number, esm_class=esm_class, source_addr=sender, source_addr_ton=5, destination_addr=to,
        schedule_delivery_time="" if time is None else "000000000000000R",
    )
    if time is not None:
        pdu = decode(bytes(pdu).replace(b"000000000000000R", time.replace(b"\0", b"0")), strict=False)
    try:
        back = of_pdus([pdu], now=NOW, strict=strict)
    except DocumentError as error:
        assert error.status == -23 and error.path and error.reason.isascii() and error.reason.isprintable()
        return
    made = compose(build(back, Recipient(to), Policy(default_sender="Default"))).pdus()
    if esm_class & 0x40 and back.text is not None:  # a header that says no more than how the text is written
        assert Received.of(made).text == Received.of([pdu]).text and not Received.of(made).udh
    else:
        assert [(one.short_message, one.data_coding, one.esm_class) for one in made] == [(octets, number, esm_class)]


# -- addresses


@pytest.mark.parametrize(("sender", "expected"), [
    (None, ("", None, None)), (Address(""), ("", None, None)), (Address("Infobip", 5, 0), ("Infobip", None, None)),
    (Address("12345", 1, 1), ("12345", None, None)), (Address("12345", 2, 1), ("12345", 2, None)), (Address("12345"), ("12345", 0, 0)),
    (Address("+12345", 1, 1), ("12345", None, None)), (Address("12345", 5, 0), ("12345", 5, 0)),
])
def test_v20_a_sender_comes_back_with_the_numbers_that_are_not_its_default(
    sender: Address | None, expected: tuple[str, int | None, int | None],
) -> None:
    back = of_message(Message(to=TO, sender=sender, text="x"))
    assert (back.sender, back.src_ton, back.src_npi) == expected


@pytest.mark.parametrize(("to", "expected"), [
    (Address("38595111111", 1, 1), ("38595111111", None, None)), (Address("+38595111111", 1, 1), ("38595111111", None, None)),
    (Address("38595111111"), ("38595111111", 0, 0)),
])
def test_v20_a_receiver_comes_back(to: Address, expected: tuple[str, int | None, int | None]) -> None:
    back = of_message(Message(to=to, text="x"), message_id="7")
    assert (back.recipients, back.dest_ton, back.dest_npi) == ([Recipient(expected[0], "7")], *expected[1:])


@pytest.mark.parametrize("to", ["", "0038595111111", "095111111", "1234", "1" * 16, "38595x"])
def test_v18_a_receiver_that_is_no_international_number_is_refused(to: str) -> None:
    with pytest.raises(DocumentError) as caught:
        of_message(Message(to=Address(to, 1, 1), text="x"))
    assert (caught.value.status, caught.value.path) == (-23, "to")


# -- times


@pytest.mark.parametrize(("schedule", "validity", "expected"), [
    (None, None, (None, None)), (None, 2 * DAY, (None, None)), (None, 5 * DAY, (None, None)), (DAY, 2 * DAY, (DAY, DAY)),
    (None, timedelta(seconds=90), (None, timedelta(minutes=2))), (DAY, 3 * DAY, (DAY, None)), (timedelta(0), None, (None, None)),
    (None, 2 * DAY - timedelta(seconds=5), (None, None)), (NOW + DAY, NOW + 2 * DAY, (DAY, DAY)), (NOW - DAY, NOW + DAY, (None, DAY)),
    ((NOW + DAY).astimezone(UTC), None, (DAY, None)),
])
def test_v31_v32_times_come_back_as_spans(schedule: Any, validity: Any, expected: tuple[Any, Any]) -> None:
    back = of_message(Message(to=TO, text="x", schedule=schedule, validity=validity), now=NOW)
    assert (back.send_date_time, back.validity_period) == expected


@pytest.mark.parametrize(("schedule", "validity", "path"), [
    (366 * DAY, None, "schedule"), (NOW + 366 * DAY, None, "schedule"), (DAY, DAY, "validity"), (None, NOW, "validity"),
    (None, NOW - DAY, "validity"), (datetime(2026, 12, 1), None, "schedule"),
])
def test_v31_v32_times_that_no_request_says(schedule: Any, validity: Any, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        of_message(Message(to=TO, text="x", schedule=schedule, validity=validity), now=NOW)
    assert (caught.value.status, caught.value.path) == (-23, path)


def test_v31_moments_need_the_present_time() -> None:
    with pytest.raises(DocumentError, match="the present time is needed"):
        of_message(Message(to=TO, text="x", schedule=NOW))
    pdu = SubmitSm(destination_addr="38595111111", short_message=b"x", schedule_delivery_time="261126040000000+")
    with pytest.raises(DocumentError, match="the present time is needed"):
        of_pdus([pdu])
    assert of_pdus([pdu], now=NOW).send_date_time == DAY + timedelta(hours=1)
    monthly = SubmitSm(destination_addr="38595111111", short_message=b"x", schedule_delivery_time="000100000000000R")
    assert of_pdus([monthly], now=NOW).send_date_time == 30 * DAY


# -- content


@pytest.mark.parametrize(("fields", "path"), [
    ({"text": "x", "priority": 1}, "priority"), ({"text": "x", "service_type": "CMT"}, "service_type"),
    ({"text": "x", "tlvs": ((0x1400, b"1"),)}, "tlvs"), ({"text": "x", "protocol_id": 0x41}, "protocol_id"),
    ({}, "text"), ({"text": ""}, "text"), ({"text": " " * 141}, "binary"), ({"binary": b""}, "binary"),
    ({"text": "x", "binary": b"x"}, "binary"),
    ({"binary": bytes(141)}, "binary"), ({"binary": bytes(150), "split": True}, "binary"), ({"text": "a" * 161, "split": False}, "text"),
    ({"text": "a" * 150, "ports": (1, 2)}, "binary"), ({"text": "a" * 300, "udh": b"\x02\x70\0"}, "binary"), ({"text": "\ud800"}, "text"),
    ({"text": "x", "data_coding": 256}, "data_coding"), ({"text": "x", "campaign_id": "č"}, "CampaignId"),
    ({"text": "x", "sender": Address("a" * 12, 5)}, "sender"), ({"text": "x", "sender": Address(" a", 5)}, "sender"),
    ({"text": "x", "sender": Address("1", 9, 1)}, "srcton"), ({"text": "x", "esm_class": 0x04}, "esmclass"),
])
def test_what_no_request_says_is_refused_with_the_attribute(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        of_message(Message(to=TO, **fields))
    assert (caught.value.status, caught.value.path) == (-23, path)


def test_what_a_handset_does_not_see_can_be_dropped() -> None:
    message = Message(to=TO, text="x", priority=1, service_type="CMT", tlvs=((0x1400, b"1"),), user_message_reference=5, receipt="failure")
    assert of_message(message, strict=False) == of_message(Message(to=TO, text="x"))


@pytest.mark.parametrize(("fields", "expected"), [
    ({"text": "x"}, {"text": "x"}), ({"text": " "}, {"binary": b" "}), ({"text": "x", "flash": True}, {"text": "x", "flash": True}),
    ({"text": "č"}, {"text": "č", "datacoding": 8}),
    ({"text": "č", "flash": True}, {"text": "č", "datacoding": 24, "flash": True}),
    ({"text": "x", "encoding": "latin1"}, {"text": "x", "datacoding": 3}),
    ({"text": "x", "encoding": "ucs2"}, {"text": "x", "datacoding": 8}),
    ({"text": "a" * 161}, {"text": "a" * 161, "type": "longSMS"}), ({"text": "x", "split": True}, {"text": "x", "type": "longSMS"}),
    ({"text": "a" * 161, "concatenation": "payload"}, {"text": "a" * 161, "type": "longSMS"}),
    ({"text": "x", "split": False, "flash": True}, {"text": "x", "type": "nSMS"}), ({"text": "x", "split": False}, {"text": "x"}),
    ({"text": "č" * 99, "data_coding": 24, "encoding": "ucs2"}, {"text": "č" * 99, "datacoding": 24, "flash": True, "type": "longSMS"}),
    ({"text": "x", "data_coding": 1, "encoding": "gsm7"}, {"text": "x", "datacoding": 1}),
    ({"text": "x", "data_coding": 8, "encoding": "gsm7"}, {"binary": b"x", "datacoding": 8}),
    ({"text": "x", "data_coding": 246, "encoding": "gsm7"}, {"binary": b"x", "datacoding": 246}),
    ({"text": "x", "udh": b"\x02\x70\0"}, {"binary": b"\x02\x70\0x", "esmclass": 64}),
    ({"text": "x", "ports": (1, 2), "concatenation": "sar"}, {"binary": b"\x06\x05\x04\0\x01\0\x02x", "esmclass": 64}),
    ({"binary": b"x"}, {"binary": b"x", "datacoding": 4}),
    ({"binary": b"x", "flash": True}, {"binary": b"x", "datacoding": 244, "flash": True}),
    ({"text": "x", "esm_class": 0x80}, {"text": "x", "esmclass": 0x80}),
    ({"text": "x", "campaign_id": "c"}, {"text": "x", "campaign_id": "c"}),
    ({"binary": b"\xfe\xff" + b"\0a" * 80, "data_coding": 8, "split": True}, {"text": "a" * 80, "datacoding": 8, "type": "longSMS"}),
])
def test_what_a_message_is_in_a_request(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert of_message(Message(to=TO, **fields)) == SendMessage(recipients=[Recipient(TO.value)], **expected)


@pytest.mark.parametrize("title", [None, "Look", "č" * 200])
def test_v30_a_bookmark_comes_back_as_one_from_its_message_and_from_its_pdus(title: str | None) -> None:
    asked = SendMessage(sender="a", type="bookmark", wapurl="http://example.com/", text=title, recipients=[Recipient(TO.value)])
    made = build(asked, asked.recipients[0])
    assert of_message(made) == of_pdus(compose(made).pdus()) == asked


def test_a_push_that_says_more_goes_as_its_octets_if_it_is_short() -> None:
    made = wap_push(TO, "http://a.com/b", "Hi", action="delete")
    (pdu,) = compose(made).pdus()
    for back in (of_message(made), of_pdus([pdu])):
        assert (back.binary, back.datacoding, back.esmclass) == (pdu.short_message, 245, 64)
    with pytest.raises(DocumentError):
        of_message(wap_push(TO, "http://a.com/b" * 20, "Hi", action="delete"))


# -- PDUs


def submit(**fields: Any) -> SubmitSm:
    return SubmitSm(**({"destination_addr": "38595111111", "dest_addr_ton": 1, "dest_addr_npi": 1} | fields))


@pytest.mark.parametrize(("fields", "expected"), [
    ({"short_message": b"x"}, {"text": "x"}), ({"short_message": b"\0a", "data_coding": 8}, {"text": "a", "datacoding": 8}),
    ({"short_message": b"\xfe\xff\0a", "data_coding": 8}, {"binary": b"\xfe\xff\0a", "datacoding": 8}),
    ({"short_message": b"x", "data_coding": 240}, {"text": "x", "datacoding": 240, "flash": True}),
    ({"short_message": b"x", "data_coding": 5}, {"binary": b"x", "datacoding": 5}),
    ({"short_message": b"x", "data_coding": 242}, {"binary": b"x", "datacoding": 242}),
    ({"short_message": b"x" * 150, "data_coding": 5}, {"text": "x" * 150}),
    ({"short_message": b"\xff", "data_coding": 0}, {"binary": b"\xff"}),
    ({"short_message": b"\1", "data_coding": 4}, {"binary": b"\1", "datacoding": 4}),
    ({"short_message": b"\0ab", "esm_class": 0x40}, {"binary": b"\0ab", "esmclass": 0x40}),
    ({"short_message": b"\0ab", "esm_class": 0x40, "data_coding": 4}, {"binary": b"\0ab", "esmclass": 0x40, "datacoding": 4}),
    ({"short_message": b"\x05\0\3\7\2\1abc", "esm_class": 0x43}, {"binary": b"\x05\0\3\7\2\1abc", "esmclass": 0x43}),
    ({"tlvs": [(0x0424, b"x" * 200)]}, {"text": "x" * 200, "type": "longSMS"}),
    ({"short_message": b"x", "tlvs": [(0x1456, b"camp\0")]}, {"text": "x", "campaign_id": "camp"}),
    ({"short_message": b"x", "profile": LATIN1}, {"text": "x"}),
    ({"short_message": b"\xea", "profile": LATIN1}, {"text": "ê", "datacoding": 8}),
    ({"short_message": b"x", "tlvs": [(0x020B, b"\x0b\x84"), (0x020A, b"\x23\xf0")]},
     {"binary": b"\x06\x05\x04\x0b\x84\x23\xf0x", "esmclass": 64}),
])
def test_what_a_pdu_is_in_a_request(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert of_pdus([submit(**fields)]) == SendMessage(recipients=[Recipient("38595111111")], **expected)


def test_a_text_in_a_national_table_goes_in_unicode_if_its_octets_are_too_many() -> None:
    for count in (137, 150):  # a header of four octets makes 141
        pdus = compose(Message(to=TO, text="ş" * count), national=("tr",)).pdus()
        assert len(pdus) == 1 and pdus[0].esm_class == 0x40
        assert of_pdus(pdus) == SendMessage(text="ş" * count, datacoding=8, type="longSMS", recipients=[Recipient(TO.value)])
    short = compose(Message(to=TO, text="ş" * 80), national=("tr",)).pdus()
    assert of_pdus(short) == SendMessage(binary=short[0].short_message, esmclass=64, recipients=[Recipient(TO.value)])


@pytest.mark.parametrize(("fields", "path"), [
    ({"short_message": b"x", "esm_class": 0x04}, "esm_class"), ({"short_message": b"x", "sm_default_msg_id": 1}, "sm_default_msg_id"),
    ({"short_message": b"x" * 150, "data_coding": 242}, "binary"),
    ({"short_message": b"\x05\0\3\7\2\1a", "esm_class": 64, "profile": LATIN1}, "data_coding"),
    ({"short_message": b"x", "replace_if_present_flag": 1}, "replace_if_present_flag"),
    ({"short_message": b"x", "priority_flag": 1}, "priority"),
    ({"short_message": b"\x09x", "esm_class": 0x40}, "short_message"),
    ({"short_message": b"\x05\0\3\7\2\1" + b"a" * 153, "esm_class": 0x40}, "binary"),
    ({"short_message": b"x", "tlvs": [(0x020E, b"\2"), (0x020C, b"\0\1"), (0x020F, b"\1")]}, "sar_total_segments"),
    ({"short_message": b"x", "validity_period": "999999999999999+"}, "validity_period"),
    ({"short_message": b"x", "tlvs": [(0x1400, b"")]}, "tlvs"),
])
def test_pdus_that_no_request_says(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        of_pdus([submit(**fields)], now=NOW)
    assert (caught.value.status, caught.value.path) == (-23, path)


def test_octets_of_several_segments_are_not_said() -> None:
    for header in (b"\x05\0\3\7\2", b"\x0b\x05\4\1\2\3\4\0\3\7\2"):
        parts = [submit(short_message=header + bytes((part,)) + b"\1" * 120, data_coding=4, esm_class=0x40) for part in (1, 2)]
        with pytest.raises(DocumentError):
            of_pdus(parts)
    texts = [submit(short_message=b"\x0b\x05\4\1\2\3\4\0\3\7\2" + bytes((part,)) + b"text", esm_class=0x40) for part in (1, 2)]
    with pytest.raises(DocumentError) as caught:
        of_pdus(texts)
    assert caught.value.path == "udh"


def test_other_pdus_with_a_text_are_read_and_none_at_all_is_a_mistake() -> None:
    assert of_pdus([DeliverSm(destination_addr="38595111111", short_message=b"x")]).text == "x"
    assert of_pdus([DataSm(destination_addr="38595111111", tlvs=[(0x0424, b"x")])]).text == "x"
    with pytest.raises(ValueError, match="one PDU at least"):
        of_pdus([])
