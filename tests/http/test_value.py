"""Values of parameters: what is written is read again, each is read as its row of decisions says, and any text is a value or a fault."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from send_requests import messages

from smswire.http.errors import DocumentError
from smswire.http.parameter import MESSAGE
from smswire.http.request import Fault, Recipient, SendMessage
from smswire.http.value import LONGEST_VALIDITY, TYPES, ValueReader, format_fields, read_message

FIELDS = [row.field for row in MESSAGE]
SPELLED = st.text("0123456789dhms:-+. \tDHMSxabcdefABCDEF٣²", max_size=12)


def read(**raw: str) -> SendMessage:
    return read_message(raw, [], "at {}".format)


def value(field: str, text: str) -> Any:
    """The value that a text is read as; a fault instead if it has one."""
    message = read(**{field: text})
    return message.fault or getattr(message, field)


@given(messages)
def test_what_is_written_is_read_again(message: SendMessage) -> None:
    assert read_message(dict(format_fields(message)), message.recipients, str) == message


@given(st.dictionaries(st.sampled_from(FIELDS), SPELLED | st.text(max_size=20)))
def test_any_texts_are_a_message_whose_fault_is_safe_to_log(raw: dict[str, str]) -> None:
    message = read_message(raw, [Recipient("1")], "at {}".format)
    assert message.recipients == [Recipient("1")]
    if message.fault:
        field = message.fault.path.removeprefix("at ")
        assert message.fault.status == (-27 if field == "send_date_time" else -23)
        assert getattr(message, field) == getattr(SendMessage(), field)
        assert message.fault.reason.isprintable()
        assert len(raw[field]) < 4 or raw[field] not in message.fault.reason
    assert read_message(dict(format_fields(message)), message.recipients, str, message.fault) == message


@given(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["", " ", "\t\r\n", "\xa0", "\u3000"])))
def test_v3_blank_texts_are_absent(raw: dict[str, str]) -> None:
    assert read_message(raw, [], str) == SendMessage()


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "text"])
def test_blanks_around_a_value_are_ignored_but_those_of_a_text_are_not(field: str) -> None:
    right = {"binary": "41", "type": "nSMS", "send_date_time": "1s", "validity_period": "1:00"}.get(field, "1")
    assert value(field, f" \t{right}\r\n") == value(field, right)
    assert value("text", " a ") == " a "


@pytest.mark.parametrize("text, expected", [("0", False), ("1", True), ("true", True), ("FALSE", False), ("True", True)])
@pytest.mark.parametrize("field", ["flash", "nopush"])
def test_v2_flags(field: str, text: str, expected: bool) -> None:
    assert value(field, text) is expected


@pytest.mark.parametrize("text", ["2", "yes", "-1", "01", "t", "１"])
@pytest.mark.parametrize("field", ["flash", "nopush"])
def test_v16_what_is_no_flag(field: str, text: str) -> None:
    assert value(field, text) == Fault(-23, f"at {field}", "is not 0 or 1")


@pytest.mark.parametrize("text, expected", [
    ("longSMS", "longSMS"), ("LongSMS", "longSMS"), ("longsms", "longSMS"), ("nSMS", "nSMS"), ("NSMS", "nSMS"), ("Bookmark", "bookmark"),
])
def test_v30_type_is_read_in_any_case(text: str, expected: str) -> None:
    assert value("type", text) == expected


@pytest.mark.parametrize("text", ["sms", "long SMS", "boo\u212amark", "longſms"])
def test_v16_an_unknown_type(text: str) -> None:
    assert value("type", text) == Fault(-23, "at type", f"is none of {', '.join(TYPES)}")


@pytest.mark.parametrize("text, expected", [
    ("410A0D4243", b"A\n\rBC"), ("410a0d4243", b"A\n\rBC"), ("41 0A\n0D\t4243", b"A\n\rBC"), ("00", b"\0"),
])
def test_binary_is_hexadecimal_with_or_without_blanks_between_octets(text: str, expected: bytes) -> None:
    assert value("binary", text) == expected


@pytest.mark.parametrize("text", ["4", "4 1", "0x41", "41:42", "4g", "４１", "41\xa042", "-1"])
def test_v16_bad_hex(text: str) -> None:
    assert value("binary", text) == Fault(-23, "at binary", "is not hexadecimal, two digits an octet")


@pytest.mark.parametrize("field", ["datacoding", "esmclass"])
def test_v16_octets_are_0_to_255(field: str) -> None:
    assert [value(field, text) for text in ("0", "8", "255", "008")] == [0, 8, 255, 8]
    for text in ("256", "-1", "+1", "1.0", "8 8", "0x8", "٣", "８", "²", "1e1", "9" * 5000, "1" * 10, "1_0"):
        assert value(field, text) == Fault(-23, f"at {field}", "is not a number from 0 to 255")


def test_v16_ton_and_npi_are_rows_of_tables_2_and_3() -> None:
    for field in ("src_ton", "dest_ton"):
        assert [text for text in range(300) if value(field, str(text)) == text] == [0, 1, 2, 3, 4, 5, 6]
    for field in ("src_npi", "dest_npi"):
        assert [text for text in range(300) if value(field, str(text)) == text] == [0, 1, 3, 4, 6, 8, 9, 10, 14, 18]
    assert value("src_ton", "7").status == value("dest_npi", "2").status == value("src_ton", "9" * 5000).status == -23


@given(*(st.none() | st.integers(0, 9999) for _ in "dhms"))
def test_v31_a_span_is_days_hours_minutes_seconds_each_left_out_or_not(
    days: int | None, hours: int | None, minutes: int | None, seconds: int | None,
) -> None:
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number is not None)
    total = timedelta(days=days or 0, hours=hours or 0, minutes=minutes or 0, seconds=seconds or 0)
    if not text:
        assert value("send_date_time", text) is None
    elif total > timedelta(days=365):
        assert value("send_date_time", text) == Fault(-27, "at send_date_time", "is over 365 days")
    else:
        assert value("send_date_time", text) == value("send_date_time", text.upper()) == total


@pytest.mark.parametrize("text", [
    "4", "d", "1m1h", "1d 2h", "1d1d", "-1d", "+1d", "1.5h", "1w", "٣d", "1d2h3m4s5", "2012-05-22", "9" * 5000 + "d", "1" * 10 + "s", "1ſ",
])
def test_v31_what_is_no_span(text: str) -> None:
    assert value("send_date_time", text) == Fault(-27, "at send_date_time", "is not days, hours, minutes and seconds as 4d3h2m1s")


def test_v31_the_document_s_spans_and_the_longest() -> None:
    assert value("send_date_time", "4d3h2m1s") == timedelta(days=4, hours=3, minutes=2, seconds=1)
    assert value("send_date_time", "0d0h10m") == timedelta(minutes=10)
    assert value("send_date_time", "365d") == timedelta(days=365)
    assert value("send_date_time", "365d1s").status == -27


@given(st.integers(0, 999), st.integers(0, 99), st.integers(1, 3))
def test_v32_a_validity_is_hours_and_minutes_up_to_48_h(hours: int, minutes: int, width: int) -> None:
    found = value("validity_period", f"{hours:0{width}}:{minutes:02}")
    if minutes > 59:
        assert found == Fault(-23, "at validity_period", "is not hours and minutes as 24:00")
    elif hours == minutes == 0:
        assert found == Fault(-23, "at validity_period", "is no time at all")
    else:
        assert found == min(timedelta(hours=hours, minutes=minutes), LONGEST_VALIDITY)


@pytest.mark.parametrize(
    "text", ["24", "24:0", "24:000", "1000:00", ":30", "24:00:00", "-1:00", "٣:00", "1:0٣", "24.00", "9" * 5000 + ":00"]
)
def test_v32_what_is_no_validity(text: str) -> None:
    assert value("validity_period", text).status == -23


@pytest.mark.parametrize("text", ["nopush", "NoPush", "NOPUSH"])
def test_v35_nopush_as_url_is_absent(text: str) -> None:
    assert value("push_url", text) == ""


def test_the_first_fault_is_kept_and_the_other_values_are_read() -> None:
    message = read(datacoding="x", esmclass="y", sender="me")
    assert message.fault == Fault(-23, "at datacoding", "is not a number from 0 to 255") and message.sender == "me"
    earlier = Fault(-23, "encoding", "is unknown")
    assert read_message({"datacoding": "x"}, [], str, earlier).fault == earlier


def test_parts_of_a_second_are_left_out_and_a_validity_is_rounded_up() -> None:
    message = SendMessage(send_date_time=timedelta(seconds=1.9), validity_period=timedelta(seconds=61))
    assert list(format_fields(message)) == [("send_date_time", "1s"), ("validity_period", "00:02")]
    assert dict(format_fields(SendMessage(validity_period=timedelta(days=1000)))) == {"validity_period": "48:00"}
    assert dict(format_fields(SendMessage(send_date_time=timedelta()))) == {"send_date_time": "0s"}


@pytest.mark.parametrize("field, span, status", [
    ("send_date_time", timedelta(microseconds=-1), -27), ("validity_period", timedelta(), -23),
    ("validity_period", timedelta(days=-1), -23),
])
def test_a_span_that_no_text_says_is_refused_by_the_writer(field: str, span: timedelta, status: int) -> None:
    fields: dict[str, Any] = {field: span}
    with pytest.raises(DocumentError) as caught:
        list(format_fields(SendMessage(**fields)))
    assert (caught.value.status, caught.value.path) == (status, field)


def test_a_value_that_comes_again_is_read_alike() -> None:
    reader = ValueReader()
    for raw in ({"datacoding": "8", "flash": " ", "text": "a"}, {"datacoding": "x"}, {"datacoding": "8"}, {"datacoding": "x"}):
        assert reader.message(raw, [], "at {}".format) == read_message(raw, [], "at {}".format)


def test_a_document_has_a_limit_of_different_values_but_none_of_equal_ones() -> None:
    reader = ValueReader()
    for number in range(20_000):
        reader.message({"send_date_time": f"{number}x", "text": f"{number}"}, [], str)
    reader.message({"send_date_time": "1x", "text": "another"}, [], str)
    with pytest.raises(DocumentError, match="20,000 different values"):
        reader.message({"datacoding": "1"}, [], str)
