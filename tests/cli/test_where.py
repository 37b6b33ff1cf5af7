"""The --where language keeps the laws of logic, a comparison with a missing field is false, and a bad expression is pointed at."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smswire.cli.fields import field_named, field_names
from smswire.cli.item import PlainGap, PlainPdu
from smswire.cli.where import MAX_EXPRESSION, WhereError, parse

SUBMIT = smpp.SubmitSm(
    source_addr="Infobip",
    source_addr_ton=5,
    destination_addr="385951111111",
    short_message=b"Hello code 1234",
    registered_delivery=1,
    sequence_number=7,
    tlvs=[(0x1456, b"spring\0"), (0x1456, b"summer\0"), (0x0204, b"\x00\x11"), (0x1501, b"\xab\xcd")],
)
RECEIPT = smpp.DeliverSm(
    source_addr="385951111111",
    destination_addr="Infobip",
    esm_class=4,
    sequence_number=8,
    short_message=b"id:77 sub:001 dlvrd:001 submit date:2601311000 done date:2601311001 stat:DELIVRD err:021 text:Hello",
    tlvs=[(0x0427, b"\x02")],
)
PART = smpp.DeliverSm(
    source_addr="1", destination_addr="2", esm_class=0x40, sequence_number=9, short_message=bytes.fromhex("0a0804123402012401016869")
)
UNICODE = smpp.SubmitSm(destination_addr="2", data_coding=8, short_message="Šifra 12".encode("utf-16-be"), sequence_number=10)
BROKEN = smpp.decode(
    bytes.fromhex("0000002C000000050000000000000001000101310001013200040000000000000000 00001E00413738393000".replace(" ", "")),
    strict=False,
)
THROTTLED = smpp.SubmitSmResp(command_status=0x58, sequence_number=7)
MULTI = smpp.SubmitMulti(
    dest_addresses=[smpp.SmeAddress(1, 1, "385951111111"), smpp.DistributionList("friends")], short_message=b"x", sequence_number=11
)
UNKNOWN = smpp.decode(bytes.fromhex("00000010000007770000000000000001"), strict=False)


def captured(pdu, **more):
    place = {"stream": 3, "frame": 17, "time_ns": 1769853600_123456789, "src": "127.0.0.1:40000", "dst": "127.0.0.1:2775"} | more
    return type("Captured", (PlainPdu,), place)(62, pdu)


GAP = PlainGap(5, bytes(16), "not-a-pdu", 16, "no")
ITEMS = [PlainPdu(0, pdu) for pdu in (SUBMIT, RECEIPT, PART, UNICODE, BROKEN, THROTTLED, MULTI, UNKNOWN)] + [
    captured(SUBMIT),
    captured(RECEIPT, stream=4),
    GAP,
]


def holds(expression: str, found) -> bool:
    return bool(parse(expression)(PlainPdu(0, found) if isinstance(found, smpp.Pdu) else found))


@pytest.mark.parametrize(
    ("expression", "pdu"),
    [
        ("command == submit_sm", SUBMIT),
        ("command == 4", SUBMIT),
        ("command == 0x00000004", SUBMIT),
        ("command == unknown", UNKNOWN),
        ("command_id == 0x777", UNKNOWN),
        ('command ~ "_resp$"', THROTTLED),
        ("command in (submit_sm, deliver_sm)", RECEIPT),
        ('command == submit_sm and destination_addr ~ "38595"', SUBMIT),
        ("destination_addr == 385951111111", SUBMIT),
        ("source_addr_ton == alphanumeric", SUBMIT),
        ("source_addr_ton == 5", SUBMIT),
        ("source_addr_ton >= 0x05", SUBMIT),
        ("status == ESME_RTHROTTLED", THROTTLED),
        ("status == 0x58", THROTTLED),
        ("status ~ THROTTLED", THROTTLED),
        ("command_status != 0", THROTTLED),
        ("sequence_number == 7", SUBMIT),
        ("length > 16 and length < 1000", SUBMIT),
        ('text ~ "code [0-9]{4}"', SUBMIT),
        ('text ~ "(?i)HELLO"', SUBMIT),
        ('text == "Hello code 1234"', SUBMIT),
        ("text == 'Šifra 12'", UNICODE),
        ("alphabet == ucs2 and data_coding == ucs2", UNICODE),
        ("short_message ~ ^48656c6c6f", SUBMIT),
        ("short_message == 0a0804123402012401016869", PART),
        ("short_message == '0a 08 04 12 34 02 01 24 01 01 68 69'", PART),
        ("campaign_id == spring", SUBMIT),
        ("campaign_id == summer", SUBMIT),
        ("campaign_id != spring", SUBMIT),
        ("not campaign_id == autumn", SUBMIT),
        ("user_message_reference == 17", SUBMIT),
        ("tlv.0x1501 == abcd", SUBMIT),
        ("tlv == campaign_id", SUBMIT),
        ("message_state == DELIVERED", RECEIPT),
        ("receipt", RECEIPT),
        ("not receipt", SUBMIT),
        ("receipt.state == DELIVERED", RECEIPT),
        ("receipt.state == 2", RECEIPT),
        ("receipt.state ~ ^DELIV", RECEIPT),
        ("receipt.id == 77 and receipt.err == 021 and receipt.err_int == 21", RECEIPT),
        ("udh", PART),
        ("udh == concat_16bit and udh.id == 0x24", PART),
        ("udh.part == 1 and udh.total == 2 and udh.reference == 0x1234", PART),
        ("finding == tlv-overrun", BROKEN),
        ("finding.field == receipted_message_id", BROKEN),
        ("severity == error", BROKEN),
        ("severity >= warning", BROKEN),
        ("not severity >= note", UNICODE),
        ("dest_addresses ~ ^38595 and dest_addresses == friends", MULTI),
        ("gap == not-a-pdu and octets == 16", GAP),
        ("stream == 3 and frame > 16 and src == 127.0.0.1:40000", captured(SUBMIT)),
        ("time >= 2026-01-31T10:00:00 and time < 2026-01-31T10:00:00.2", captured(SUBMIT)),
        ("time == 2026-01-31T10:00:00.123456789Z", captured(SUBMIT)),
        ("time >= 1769853600 and time < 1769853601", captured(SUBMIT)),
        ("time ~ T10:", captured(SUBMIT)),
        ("offset == 62", captured(SUBMIT)),
        ("NOT (command == submit_sm OR receipt) AND udh", PART),
        ("!receipt && (udh || text == nothing)", PART),
        ('text ~ "\\d{4}$"', SUBMIT),
        (r'text ~ "\bcode\b"', SUBMIT),
    ],
)
def test_an_expression_finds_what_it_says(expression, pdu):
    assert holds(expression, pdu) is True


@pytest.mark.parametrize(
    ("expression", "pdu"),
    [
        ("command == submit_sm", RECEIPT),
        ("text ~ zzz", SUBMIT),
        ("text !~ code", SUBMIT),
        ("command in (deliver_sm, data_sm)", SUBMIT),
        ("status != 0", SUBMIT),
        ("campaign_id == autumn", SUBMIT),
        ("severity == error", SUBMIT),
        ("receipt.state == REJECTED", RECEIPT),
        ("stream == 3", captured(SUBMIT, stream=4)),
    ],
)
def test_an_expression_leaves_out_what_it_does_not_say(expression, pdu):
    assert holds(expression, pdu) is False


COMPARABLE = [name for name in field_names() if name != "receipt"]


def a_value(field) -> str:
    for written in ("1", "submit_sm", "tlv-overrun", "not-a-pdu", "2026-01-31", "00"):
        try:
            field.read(written, False)
        except ValueError:
            continue
        return written
    raise AssertionError


@pytest.mark.parametrize("name", COMPARABLE)
def test_a_comparison_with_a_missing_field_is_false(name):
    value = a_value(field_named(name))
    for item in ITEMS:
        if not parse(name)(item):
            for test in (
                f"== {value}",
                f"!= {value}",
                f"< {value}",
                f"<= {value}",
                f"> {value}",
                f">= {value}",
                "~ .",
                "!~ .",
                f"in ({value})",
            ):
                assert not parse(f"{name} {test}")(item), (name, test, item.pdu)


@pytest.mark.parametrize("name", [name for name in COMPARABLE if not field_named(name).many])
def test_a_present_field_is_equal_or_different_and_in_order(name):
    value = a_value(field_named(name))
    for item in ITEMS:
        if parse(name)(item):
            outcomes = [bool(parse(f"{name} {sign} {value}")(item)) for sign in ("<", "==", ">")]
            assert sum(outcomes) == 1, name
            assert parse(f"{name} != {value}")(item) != outcomes[1]
            assert parse(f"{name} ~ '5'")(item) != parse(f"{name} !~ '5'")(item)


simple = st.sampled_from(
    [
        "command == submit_sm",
        "command ~ resp",
        "receipt",
        "udh",
        "text ~ code",
        "text != 'x'",
        "status != 0",
        "severity == error",
        "campaign_id == spring",
        "stream == 3",
        "gap",
        "message_state < 3",
        "sequence_number in (7, 8, 9)",
        "destination_addr !~ '^385'",
        "finding == tlv-repeated",
    ]
)
expressions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "&&", "||"]), inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=6,
)


@given(expressions, expressions)
def test_de_morgan_holds(a, b):
    left, right = parse(f"not (({a}) and ({b}))"), parse(f"not ({a}) or not ({b})")
    other_left, other_right = parse(f"not (({a}) or ({b}))"), parse(f"not ({a}) and not ({b})")
    for item in ITEMS:
        assert bool(left(item)) == bool(right(item))
        assert bool(other_left(item)) == bool(other_right(item))


@given(expressions, expressions, expressions)
def test_and_binds_closer_than_or_and_not_closest(a, b, c):
    left, right = parse(f"({a}) or ({b}) and ({c})"), parse(f"({a}) or (({b}) and ({c}))")
    negated, double = parse(f"not ({a}) and ({b})"), parse(f"(not not ({a})) and ({b})")
    for item in ITEMS:
        assert bool(left(item)) == bool(right(item))
        assert not (negated(item) and double(item))


@given(st.text(max_size=80))
def test_any_expression_is_parsed_or_pointed_at(expression):
    try:
        predicate = parse(expression)
    except WhereError as error:
        assert 0 <= error.position <= len(expression)
        assert error.pointed().startswith(str(error)) and error.pointed().endswith("^")
    else:
        for item in ITEMS:
            predicate(item)


@given(
    st.lists(
        st.sampled_from(
            ["command", "==", "submit_sm", "and", "or", "not", "(", ")", "text", "~", "'a'", "in", ",", "!", "receipt", "7", "<"]
        ),
        max_size=12,
    )
)
def test_any_row_of_words_is_parsed_or_pointed_at(words):
    try:
        predicate = parse(" ".join(words))
    except WhereError as error:
        assert error.pointed().endswith("^")
    else:
        for item in ITEMS:
            assert predicate(item) in (True, False)


@pytest.mark.parametrize(
    ("expression", "message", "column"),
    [
        ("", "the expression is empty", 0),
        ("command == submit", "'submit' is no command, did you mean submit_sm?", 11),
        ("comand == submit_sm", "there is no field 'comand', did you mean 'command'?", 0),
        ("command = submit_sm", "write == to compare", 8),
        ("text ~ '['", "not a regular expression", 7),
        ("text ~ '(a+)+b'", "a repetition inside a repetition", 7),
        ("text ~ '(?:(a|b*)*)'", "a repetition inside a repetition", 7),
        ("sequence_number == seven", "'seven' is no number", 19),
        ("data_coding == ucs3", "did you mean ucs2?", 15),
        ("short_message == xyz", "'xyz' is no hex", 17),
        ("time > 2026-02-30", "no time of the calendar", 7),
        ("(receipt", "this parenthesis is not closed", 0),
        ("receipt)", "this parenthesis closes nothing", 7),
        ("text == 'abc", "the string has no closing quote", 8),
        ("receipt receipt", "expected 'and', 'or' or the end", 8),
        ("receipt == 1", "receipt has no value of its own", 11),
        ("command in submit_sm", "expected '('", 11),
        ("command in (submit_sm", "expected ',' or ')'", 21),
        ("command ==", "expected a value, found the end", 10),
        ("and", "there is no field 'and'", 0),
        ("text ~ " + "a" * 501, "the limit is 500", 7),
    ],
)
def test_a_bad_expression_is_explained_and_pointed_at(expression, message, column):
    with pytest.raises(WhereError, match=re.escape(message)) as caught:
        parse(expression)
    assert caught.value.position == column
    assert caught.value.pointed().splitlines()[-1] == " " * (column + 2) + "^"


def test_expressions_without_end_are_refused():
    with pytest.raises(WhereError, match="the limit is 4000"):
        parse("receipt or " * MAX_EXPRESSION)
    with pytest.raises(WhereError, match="more than 50 parentheses"):
        parse("(" * 60 + "receipt" + ")" * 60)
    with pytest.raises(WhereError, match="more than 50 parentheses"):
        parse("not " * 60 + "receipt")


def test_many_alternatives_side_by_side_are_fine():
    assert holds(" or ".join(["udh"] * 300 + ["receipt"]), RECEIPT)


def test_the_profile_names_tlvs_and_statuses():
    standard = smpp.Profile.standard()
    with pytest.raises(WhereError, match="there is no field 'campaign_id'"):
        parse("campaign_id == spring", standard)
    own = standard.with_tlvs((0x1501, "colour", "octets"))
    assert parse("colour == abcd", own)(PlainPdu(0, SUBMIT.with_profile(own)))
    assert parse("status == NETWORK_NOT_COVERED")(PlainPdu(0, smpp.SubmitSmResp(command_status=0x22)))
    with pytest.raises(WhereError):
        parse("status == NETWORK_NOT_COVERED", standard)
