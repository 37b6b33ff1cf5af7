"""The answer about one number is read from what is written, in three forms, and from what the document prints; any octets give it or a
typed error."""

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from number_contexts import contexts, printed, texts

from smswire.http.errors import DocumentError, RequestRefused
from smswire.http.lookup import COLUMNS, NumberContext, Package
from smswire.http.lookup_sync import MOST_ANSWER, dump_lookup, load_lookup

PRINTED_PACKAGE = Package.parse("IMSI MSC mccmnc ppm onp ocp is_ported rnp rcp is_roaming pnp pcp")
NAMED = contexts(lambda column: column.name)
PLACED = contexts(lambda column: column.place is not None)
# Line ends, quotes, commas and controls: what CSV and JSON have to quote.
ODD = texts(st.one_of(st.sampled_from("\r\n\",;\t\\\x00\x1b"), st.characters(exclude_categories=("Cs",))))


@given(NAMED, st.sampled_from(["json", "xml"]))
def test_what_is_written_is_read(context: NumberContext, form: str) -> None:
    assert load_lookup(dump_lookup(context, form)) == context


@given(PLACED)
def test_what_is_written_between_commas_is_read(context: NumberContext) -> None:
    assert load_lookup(dump_lookup(context)) == context


@given(contexts(lambda column: column.place is not None, text=ODD), st.sampled_from(["comma", "json"]))
def test_whatever_characters_names_have_they_come_back(context: NumberContext, form: str) -> None:
    assert load_lookup(dump_lookup(context, form), "text/plain; charset=UTF-8") == context


@given(NAMED, st.sampled_from(["json", "xml", "comma"]), st.sets(st.sampled_from([column.field for column in COLUMNS])))
def test_v51_a_package_leaves_columns_out(context: NumberContext, form: str, names: set[str]) -> None:
    package = Package.parse(names)
    octets = dump_lookup(context, form, package)
    expected = package.of(context)
    if form == "comma":
        assert octets.decode().count(",") >= 21
        expected = Package.parse([column.field for column in COLUMNS if column.place is not None]).of(expected)
    assert load_lookup(octets) == expected
    if form == "json":
        assert list(json.loads(octets)) == [column.name for column in COLUMNS if column.name and package.has(column)]


# -- the document -----------------------------------------------------------------------------------------------------------------

FOUND = NumberContext(
    destination="385997046253", id="13a54e79b51-fc84-1724", stat="DELIVRD", imsi="219019900211811", msc="3859804", err=0, mccmnc="21901",
    price_per_message=Decimal(1), original_network_prefix="99", original_country_prefix="385", is_number_ported=False,
    roaming_network_prefix="98", roaming_country_prefix="385", is_roaming=False, ported_network_prefix="97", ported_country_prefix="385",
)


def test_v50_the_printed_json_is_read_and_written_to_the_octet() -> None:
    octets = printed("lookup-answer-2.7-b.json")
    assert load_lookup(octets, "application/json") == FOUND
    assert dump_lookup(FOUND, "json", PRINTED_PACKAGE) == octets


def test_v50_the_printed_xml_is_read_and_written_without_its_misprint() -> None:
    octets = printed("lookup-answer-2.7-c.xml")
    context = load_lookup(octets, "application/xml")
    assert context == NumberContext(
        destination="38598xxxxxxx", id="12a1d3981ac-1-1e", stat="DELIVRD", imsi="219011000020098", msc="38598040004", err=0,
        serving_hlr="3859812007", original_network_name="T-Mobile HR", ported_network_name="T-Mobile HR",
        roaming_network_name="T-Mobile HR", roaming_country_code="HR", mccmnc="21901", roaming_country_name="Croatia",
        price_per_message=Decimal(1),
        original_network_prefix="98", original_country="Croatia", original_country_code="HR", original_country_prefix="385",
        is_number_ported=False, roaming_network_prefix="98", roaming_country_prefix="385", is_number_correct=True,
    )
    package = Package.parse([column.field for column in COLUMNS if column.place is not None])
    assert dump_lookup(context, "xml", package) == octets.replace(b">>", b">")


def test_v50_the_comma_form_always_has_22_columns() -> None:
    assert dump_lookup(FOUND) == (
        b"385997046253,13a54e79b51-fc84-1724,DELIVRD,219019900211811,3859804,0,,,,,,21901,,100,99,,,385,false,98,385,"
    )
    assert dump_lookup(NumberContext(stat="UNKNOWN")) == b",,UNKNOWN" + b"," * 19
    named = NumberContext(destination="1", stat="DELIVRD", original_network_name='Vip, "Net"')
    assert dump_lookup(named) == b'1,,DELIVRD,,,,,"Vip, ""Net""",,,,,,,,,,,,,,'


@pytest.mark.parametrize("octets", [b"FAILED", b"FAILED\n", b" FAILED\r\n", b"\xef\xbb\xbfFAILED", b"failed"])
@pytest.mark.parametrize("content_type", ["", "application/json", "application/xml"])
def test_v47_failed_is_bare_in_every_form(octets: bytes, content_type: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        load_lookup(octets, content_type)
    assert caught.value.status is None


# -- what other servers may write -------------------------------------------------------------------------------------------------


def test_json_is_read_with_numbers_booleans_null_and_unknown_names() -> None:
    octets = (
        b'\xef\xbb\xbf {"destination":385997046253,"stat":"DELIVRD","err":0,"ppm":100,"is_ported":true,"num_ok":1,"IMSI":null,'
        b'"error":{"description":"x","more":[{}]},"imsi":"1"} \n'
    )
    assert load_lookup(octets) == NumberContext(
        destination="385997046253", stat="DELIVRD", err=0, price_per_message=Decimal(1), is_number_ported=True, is_number_correct=True,
    )


def test_line_ends_inside_of_json_strings_are_no_part_of_them() -> None:
    assert load_lookup(b'{"stat":"DELI\nVRD","id":"13a5\r\n4c-1 2"}') == NumberContext(stat="DELIVRD", id="13a54c-12")


def test_xml_is_read_in_any_case_the_first_of_a_name_counts_and_other_charsets_too() -> None:
    octets = '<HLR><STAT>DELIVRD</STAT><imsi/><IMSI>1</IMSI><Imsi>2</Imsi><x><orn>no</orn></x><orn>Ä</orn></HLR>'
    expected = NumberContext(stat="DELIVRD", imsi="1", original_network_name="Ä")
    assert load_lookup(octets.encode()) == expected
    assert load_lookup(octets.encode("latin-1"), "application/xml; charset=ISO-8859-1") == expected
    assert load_lookup(octets.encode("utf-16")) == expected
    assert load_lookup(b'<hlr xmlns="urn:x"><stat>DELIVRD</stat></hlr>').found


def test_columns_between_commas_are_read_in_other_charsets_and_with_a_line_end() -> None:
    named = NumberContext(destination="1", stat="DELIVRD", original_network_name="Ä")
    octets = dump_lookup(named).decode().encode("latin-1") + b"\r\n"
    assert load_lookup(octets, "text/plain; charset=iso-8859-1") == named
    with pytest.raises(DocumentError, match="not utf-8"):
        load_lookup(octets)
    with pytest.raises(DocumentError, match="charset"):
        load_lookup(octets, "text/plain; charset=utf-7")


@pytest.mark.parametrize(("octets", "status", "path"), [
    (b"", -22, ""), (b"<html/>", -22, ""), (b"<hlr>", -22, "line 1, column 6"), (b"1,2,DELIVRD", -22, ""), (b"," * 22, -22, ""),
    (b'"1' + b"," * 21, -22, ""), (b'"1"x,2,UNDELIV' + b"," * 19, -22, ""),
    (b"1,2,UNDELIV" + b"," * 19 + b"\n1", -22, ""), (b"," * 21, -22, "column 3"),
    (b"1,2,UNDELIV,,,x" + b"," * 16, -23, "column 6"), (b"{}", -22, "$.stat"), (b'{"stat":"DELIVRD"', -22, "$"),
    (b'{"stat":"DELIVRD","err":[0]}', -22, "$.err"), (b'{"stat":"DELIVRD","err":{}}', -22, "$.err"),
    (b'{"stat":"DELIVRD","is_ported":"x"}', -23, "$.is_ported"), (b'{"stat":"DELIVRD","stat":"DELIVRD"}', -22, "$"),
    (b'{"stat":"DELIVRD","err":' + b"9" * 5000 + b"}", -22, "$.err"), (b'{"stat":"\\ud800"}', -22, "$"), (b"-5", -22, ""),
    (b"<hlr><stat>DELIVRD</stat><ppm>x</ppm></hlr>", -23, "hlr/ppm"), (b"<hlr/>", -22, "hlr/stat"),
    (b'<!DOCTYPE hlr [<!ENTITY a "b">]><hlr><stat>&a;</stat></hlr>', -22, "line 1"), (b" " * (MOST_ANSWER + 1), -22, ""),
])
def test_what_is_no_answer_is_told_with_its_place(octets: bytes, status: int, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_lookup(octets)
    assert (caught.value.status, caught.value.path) == (status, path)


def test_a_name_as_value_is_no_name_twice() -> None:
    assert load_lookup(b'{"stat":"DELIVRD","orn":"stat","pon":"\\"stat\\":1"}').original_network_name == "stat"


@pytest.mark.parametrize("form", ["json", "xml", "comma"])
def test_half_a_surrogate_pair_is_not_written(form: str) -> None:
    with pytest.raises(DocumentError) as caught:
        dump_lookup(NumberContext(stat="DELIVRD", original_network_name="\ud800"), form)
    assert caught.value.status == -23


def test_xml_refuses_controls_and_there_is_no_fourth_form() -> None:
    with pytest.raises(DocumentError, match=r"U\+0000"):
        dump_lookup(NumberContext(stat="DELIVRD", original_network_name="a\0b"), "xml")
    with pytest.raises(ValueError, match="yaml"):
        dump_lookup(NumberContext(stat="DELIVRD"), "yaml")


WHOLE = [dump_lookup(FOUND, form) for form in ("json", "xml", "comma")]


@given(st.one_of(
    st.binary(max_size=300),
    st.tuples(st.sampled_from(WHOLE), st.integers(0, 700), st.binary(max_size=3), st.integers(0, 4)).map(
        lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + made[3] :],
    ),
), st.sampled_from(["", "text/plain; charset=utf-16", "application/xml; charset=x", "a;charset=\udc80"]))
def test_any_octets_give_a_context_or_a_typed_error(octets: bytes, content_type: str) -> None:
    try:
        context = load_lookup(octets, content_type)
    except (DocumentError, RequestRefused):
        return
    assert context.stat


@pytest.mark.parametrize("octets", [
    b'{"a":' * 12_000, b"[" * 60_000, b"{" + b'"":"",' * 10_000 + b'"stat":"A"}', b"<hlr>" + b"<a/>" * 15_000 + b"</hlr>", b"<a>" * 20_000,
    b'"' * 65_000, b"," * 65_000, b"\0" * 65_000, b"<a " + b'b="' * 20_000, b"{" * 2_097_152, b'{"stat":"' + b"\n" * 60_000 + b'"}',
])
def test_hostile_octets_take_less_than_50_ms(octets: bytes) -> None:
    def taken() -> float:
        begun = time.process_time()
        try:
            load_lookup(octets)
        except DocumentError:
            pass
        return time.process_time() - begun

    assert min(taken() for _ in range(3)) < 0.05
