"""Number Context over SMPP is read from what it is written to, columns are stated once, and packages leave out what they lack."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from number_contexts import DATA, EXAMPLES, NAMES, contexts, listed, printed, texts

from smpp_core import DeliverSm, EncodeError, MessageState, Pdu, Profile, SubmitSm, decode
from smswire.http.errors import DocumentError
from smswire.http.lookup import COLUMNS, FULL, STATES, NumberContext, Package, format_texts, from_pdu, parse_texts, to_pdu
from smswire.simulator.clock import Clock
from smswire.simulator.context import ContextWriter, Found
from smswire.simulator.fate import Fate
from smswire.simulator.scenario import Context, Network
from smswire.simulator.store import Submission

DATES: dict[str, Any] = {"submit_date": "1007291049", "done_date": "1007291049"}
# Tags as table 14 prints them, beside its words; and the two that it lacks.
TABLE_14 = {
    "Original network name": 5138, "Original network prefix": 5131, "Original country": 5154, "Original country code": 5155,
    "Original country prefix": 5156, "Ported network name": 5139, "Ported country prefix": 5186, "Ported network prefix": 5182,
    "Ported network country name": 5183, "Is number ported": 5153, "Roaming network name": 5140, "Roaming network prefix": 5145,
    "Roaming country name": 5141, "Roaming country code": 5143, "Roaming country prefix": 5152, "MCCMNC": 5142, "Price per message": 5144,
    "Serving HLR": 5129, "Is number correct": 5157, "IMSI": 0x1403, "Serving MSC": 0x1406,
}
VIPNET = Network(
    name="VipNet", prefixes=("38591",), mccmnc="21910", country="Croatia", country_code="HR", country_prefix="385", network_prefix="91",
)
TMOBILE = Network(
    name="T-Mobile D", prefixes=("49",), mccmnc="26201", country="Germany", country_code="DE", country_prefix="49", network_prefix="171",
)


def wired(pdu: Pdu) -> Pdu:
    return decode(bytes(pdu.with_sequence(1)))


# -- columns ----------------------------------------------------------------------------------------------------------------------


def test_v51_every_column_is_an_attribute_once_and_in_order() -> None:
    assert tuple(column.field for column in COLUMNS) == NumberContext.__struct_fields__
    assert [column.place for column in COLUMNS] == [*range(22), None, None, None, None]
    assert [column.name for column in COLUMNS[22:]] == ["is_roaming", "pnp", "pcp", ""]


def test_the_names_are_those_of_the_printed_xml_in_its_order_and_json_has_no_others() -> None:
    xml = re.findall(r"^<(\w+)>.*</", printed("lookup-answer-2.7-c.xml").decode(), re.M)
    assert [column.name for column in COLUMNS[:22]] == xml
    json = re.findall(r'"(\w+)":', printed("lookup-answer-2.7-b.json").decode())
    assert [column.name for column in COLUMNS if column.name in json] == json


def test_the_tags_are_those_of_table_14_and_of_imsi_and_msc() -> None:
    words = {"Original country name": "Original country"}
    assert {words.get(column.words, column.words): column.tag for column in COLUMNS if column.tag} == TABLE_14
    assert [column.field for column in COLUMNS if not column.tag] == ["destination", "id", "stat", "err", "is_roaming"]


def test_every_file_of_examples_is_listed_and_every_listed_one_is_there() -> None:
    assert {example["file"] for example in EXAMPLES} == {file.name for file in DATA.glob("lookup-*")}
    assert all(example["rows"] for example in EXAMPLES)


def test_the_manual_lists_the_columns() -> None:
    page = (DATA.parents[2] / "docs" / "http-number-context.md").read_text()
    listed = re.findall(r"^\| (\d*) \| (?:`(\w+)`)? ?\| `(\w+)` \| [^|]+ \| (?:`0x(\w{4})`)? ?\|$", page, re.M)
    assert listed == [
        ("" if row.place is None else str(row.place + 1), row.name, row.field, f"{row.tag:04X}" if row.tag else "") for row in COLUMNS
    ]


# -- values -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [
    ("true", True), ("1", True), (">true", True), (">>false", False), ("False", False), ("0", False),
])
def test_v50_a_flag_is_read_in_every_spelling(text: str, value: bool) -> None:
    assert parse_texts({"stat": "DELIVRD", "is_number_ported": text}, str).is_number_ported is value


@pytest.mark.parametrize(("field", "text"), [
    ("is_number_ported", "yes"), ("is_number_correct", "2"), ("err", "-1"), ("err", "0x1"), ("err", "1" * 10), ("err", "²"),
    ("price_per_message", "-100"), ("price_per_message", "1e3"), ("price_per_message", "9" * 13), ("price_per_message", "NaN"),
])
def test_a_value_that_is_none_is_told_with_its_place(field: str, text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_texts({"stat": "DELIVRD", field: text}, lambda column: f"here/{column.name}")
    assert (caught.value.status, caught.value.path) == (-23, f"here/{next(column.name for column in COLUMNS if column.field == field)}")


def test_a_blank_text_is_not_known_and_breaks_leave_ids() -> None:
    texts = {"stat": " DELIVRD ", "imsi": " \n", "err": "", "id": "13a5 4ca0\n-bed", "original_network_name": " Vip Net "}
    context = parse_texts(texts, str)
    assert context == NumberContext(stat="DELIVRD", id="13a54ca0-bed", original_network_name="Vip Net")


@pytest.mark.parametrize(("price", "written"), [
    ("1", "100"), ("1.00", "100"), ("0.005", "1"), ("0.0049999", "0"), ("0.015", "2"), ("0.025", "3"), ("0", "0"), ("-0", "0"),
    ("12.344999999999999999999999999999999999999", "1234"),
])
def test_v52_a_price_is_written_in_hundredths_rounded_half_up(price: str, written: str) -> None:
    context = NumberContext(stat="DELIVRD", price_per_message=Decimal(price))
    assert {column.name: text for column, text in format_texts(context)}["ppm"] == written
    assert wired(to_pdu(context_with_id(context), **DATES)).price_per_message == int(written)


def context_with_id(context: NumberContext) -> NumberContext:
    return NumberContext(**{name: getattr(context, name) for name in context.__struct_fields__} | {"id": "1"})


def test_v52_the_client_gets_a_decimal() -> None:
    assert parse_texts({"stat": "DELIVRD", "price_per_message": "250"}, str).price_per_message == Decimal("2.50")


@pytest.mark.parametrize("wrong", [
    {"price_per_message": Decimal("NaN")}, {"price_per_message": Decimal("Infinity")}, {"price_per_message": Decimal("-0.01")},
    {"price_per_message": Decimal("1e10")}, {"err": -1}, {"err": 10**9}, {"stat": " "},
])
def test_what_cannot_be_written_is_a_document_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(DocumentError) as caught:
        list(format_texts(NumberContext(**{"stat": "DELIVRD"} | wrong)))
    assert caught.value.status == -23


def test_v48_the_words_of_stat_are_states() -> None:
    assert [(word, NumberContext(stat=word).state.name) for word in STATES] == [
        ("DELIVRD", "DELIVERED"), ("UNDELIV", "UNDELIVERABLE"), ("REJECTD", "REJECTED"), ("UNKNOWN", "UNKNOWN"),
    ]
    assert NumberContext(stat="ELSE").state is MessageState.UNKNOWN
    assert NumberContext(stat="DELIVRD").found and not NumberContext(stat="UNDELIV").found


# -- packages ---------------------------------------------------------------------------------------------------------------------


@given(contexts(lambda column: True), st.sets(st.sampled_from([column.field for column in COLUMNS])))
def test_v51_a_package_keeps_its_columns_and_four_more_and_nothing_else(context: NumberContext, names: set[str]) -> None:
    package = Package.parse(names)
    got = package.of(context)
    for column in COLUMNS:
        kept = column.field in names | {"destination", "id", "stat", "err"}
        assert getattr(got, column.field) == (getattr(context, column.field) if kept else None)
    assert package.of(got) == got
    assert [column.field for column, _ in format_texts(context, package)] == [c.field for c in COLUMNS if package.has(c) and c.name]


def test_a_package_is_read_from_names_of_both_kinds() -> None:
    assert Package.parse(" Full ") is FULL
    assert Package.parse("imsi, OCN original_network_name").fields == {"imsi", "original_country", "original_network_name"}
    with pytest.raises(DocumentError, match="no column 'hrl'"):
        Package.parse(["imsi", "hrl"])


# -- SMPP -------------------------------------------------------------------------------------------------------------------------

SMPP = contexts(lambda column: column.field != "is_roaming", text=NAMES, most=Decimal("42949672.95"))


@given(SMPP)
def test_v53_what_is_written_over_smpp_is_read(context: NumberContext) -> None:
    pdu = wired(to_pdu(context, **DATES))
    assert from_pdu(pdu) == context
    assert pdu.findings == ()
    assert (pdu.esm_class, pdu.source_addr, pdu.destination_addr) == (4, context.destination, "0000000000")


@given(SMPP)
def test_the_profile_of_the_pdu_makes_no_difference(context: NumberContext) -> None:
    octets = bytes(to_pdu(context, **DATES).with_sequence(1))
    assert from_pdu(decode(octets, profile=Profile.standard())) == context


@given(SMPP, st.sets(st.sampled_from([column.field for column in COLUMNS])))
def test_v51_over_smpp_a_package_leaves_out_text_and_tlv(context: NumberContext, names: set[str]) -> None:
    package = Package.parse(names)
    pdu = wired(to_pdu(context, package=package, **DATES))
    assert from_pdu(pdu) == package.of(context)
    hidden = {column.tag for column in COLUMNS if column.tag and not package.has(column)}
    assert not hidden & {tlv.tag for tlv in pdu.tlvs}


def test_v53_the_printed_receipt_of_a_number_that_was_found() -> None:
    context = from_pdu(listed(printed("lookup-receipt-3.2-a.txt").decode()))
    assert context == NumberContext(
        destination="38591xxxxxxx", id="40072910491427628", stat="DELIVRD", imsi="219101100935850", msc="38591016", err=0,
        serving_hlr="38591xxxxxxx", original_network_name="VipNet", ported_network_name="VipNet", roaming_network_name="VipNet",
        roaming_country_code="HR", mccmnc="21910", roaming_country_name="Croatia", price_per_message=Decimal("0.01"),
        original_country="Croatia", original_country_code="HR", original_country_prefix="385", is_number_ported=True,
        roaming_network_prefix="91", roaming_country_prefix="385", is_number_correct=True,
    )
    again = to_pdu(context, **DATES)
    shown = listed(printed("lookup-receipt-3.2-a.txt").decode())
    assert again.short_message == shown.short_message.replace(b"\n", b" ")
    assert [(tlv.tag, tlv.raw) for tlv in again.tlvs] == [(tlv.tag, tlv.raw.replace(b" \0", b"\0")) for tlv in shown.tlvs]


def test_v53_the_printed_receipt_of_a_lookup_that_failed() -> None:
    shown = listed(printed("lookup-receipt-3.2-b.txt").decode())
    context = from_pdu(shown)
    assert context == NumberContext(
        destination="385915369423", id="40072910491419819", stat="UNDELIV", err=1, original_network_name="VipNet",
        price_per_message=Decimal("0.01"), original_country="Croatia", original_country_code="HR", original_country_prefix="385",
        is_number_ported=False, is_number_correct=True,
    )
    again = to_pdu(context, **DATES)
    assert again.short_message == shown.short_message.replace(b"\n", b" ")
    assert [(tlv.tag, tlv.raw) for tlv in again.tlvs] == [(tlv.tag, tlv.raw.replace(b" \0", b"\0")) for tlv in shown.tlvs]


def test_the_text_alone_is_enough_and_a_tlv_counts_before_it() -> None:
    text = b"id:7 sub:001 dlvr:001 submit date:1007291049 done date:1007291049 stat:DELIVRD err:027 IMSI:219 MSC:38591 ORN:Vip Net MCCMNC:"
    bare = DeliverSm(source_addr="385911234567", esm_class=4, short_message=text)
    assert from_pdu(bare) == NumberContext(
        destination="385911234567", id="7", stat="DELIVRD", err=27, imsi="219", msc="38591", original_network_name="Vip Net",
    )
    tlvs = [(0x1403, b"999"), (0x1412, b"\0"), (0x1421, b""), (0x1425, b"\1")]
    more = DeliverSm(source_addr="1", esm_class=4, short_message=text, tlvs=tlvs)
    assert (from_pdu(more).imsi, from_pdu(more).original_network_name) == ("999", "Vip Net")
    assert (from_pdu(more).is_number_ported, from_pdu(more).is_number_correct) == (None, True)


def test_the_error_comes_from_the_tlv_if_the_text_has_none() -> None:
    pdu = DeliverSm(source_addr="1", esm_class=4, short_message=b"id:7 stat:UNDELIV IMSI: MSC:", tlvs=[("network_error_code", b"\3\4\x81")])
    assert from_pdu(pdu).err == 1153


@pytest.mark.parametrize("found", [
    Found(MessageState.DELIVERED, 0, VIPNET, VIPNET, VIPNET, "219101100935850", "38591016", "38591234567"),
    Found(MessageState.DELIVERED, 0, VIPNET, TMOBILE, TMOBILE, "262011009358501", "49171016", "49171017"),
    Found(MessageState.UNDELIVERABLE, 27, VIPNET), Found(MessageState.REJECTED, 1153, None),
], ids=["found", "ported", "absent", "unrouted"])
def test_v53_what_the_simulated_smsc_writes_is_read_and_written_to_the_octet(found: Found) -> None:
    customer: Any = SimpleNamespace(name="test")
    fate = Fate(0, found.state, 0, 0.0)
    asked = SubmitSm(destination_addr="385911234567")
    one = Submission(1, "40072910491427628", customer, asked, "385911234567", VIPNET, fate, 1, 0.0, 0.0, 9.0, 0.0, lookup=True)
    pdu = ContextWriter(Context(), Clock(lambda: 0.0, datetime(2010, 7, 29, 10, 49, tzinfo=UTC))).write(one, found, 0.0)
    assert bytes(to_pdu(from_pdu(pdu), **DATES)) == bytes(pdu)


@pytest.mark.parametrize(("word", "stat"), [
    (b"REJECTED", "REJECTD"), (b"DELIVERY UNKNOWN", "UNKNOWN"), (b"EXPIRED", "UNKNOWN"), (b"QQQ", "UNKNOWN"),
])
def test_v48_other_words_of_a_receipt_become_one_of_the_four(word: bytes, stat: str) -> None:
    assert from_pdu(DeliverSm(source_addr="1", esm_class=4, short_message=b"id:7 stat:" + word + b" err:000")).stat == stat


@pytest.mark.parametrize("pdu", [
    SubmitSm(destination_addr="1", short_message=b"id:7 stat:DELIVRD"), DeliverSm(source_addr="1", short_message=b"hello"),
    DeliverSm(source_addr="1", esm_class=0x20, short_message=b"id:7 stat:ENROUTE"),
])
def test_what_reports_no_lookup_is_a_document_error(pdu: Pdu) -> None:
    with pytest.raises(DocumentError):
        from_pdu(pdu)


def test_names_that_need_it_go_into_the_payload() -> None:
    context = NumberContext(
        destination="385911234567", id="7", stat="DELIVRD", original_network_name="N" * 90, ported_network_name="P" * 90,
    )
    pdu = wired(to_pdu(context, **DATES))
    assert (pdu.short_message, len(pdu.message_payload) > 254) == (b"", True)
    assert from_pdu(pdu) == context


@pytest.mark.parametrize("wrong", [
    {"original_network_name": "Київстар"}, {"original_network_name": "a MSC:1"}, {"err": 65536}, {"original_country": "x" * 300},
    {"price_per_message": Decimal(2**32)},
])
def test_what_smpp_cannot_hold_is_an_encode_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(EncodeError):
        to_pdu(NumberContext(destination="1", id="7", stat="DELIVRD", **wrong), **DATES)


@given(st.binary(max_size=250), st.lists(st.tuples(st.integers(0x1400, 0x1460), st.binary(max_size=12)), max_size=6))
def test_any_receipt_gives_a_context(text: bytes, tlvs: list[tuple[int | str, int | str | bytes]]) -> None:
    assert from_pdu(DeliverSm(source_addr="1", esm_class=4, short_message=text, tlvs=tlvs)).stat in STATES


@given(st.fixed_dictionaries({}, optional={column.field: texts() for column in COLUMNS}))
def test_any_texts_give_a_context_or_a_document_error(values: dict[str, str]) -> None:
    try:
        context = parse_texts(values, str)
    except DocumentError:
        return
    assert context.stat == values["stat"]
