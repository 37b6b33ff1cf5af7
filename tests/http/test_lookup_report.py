"""Reports are read from what is posted, and from what the document prints: a variable a row, two rows on a line, nothing escaped; any
octets give them or a typed error."""

import time
from decimal import Decimal
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from number_contexts import contexts, printed, texts

from smswire.http.errors import DocumentError
from smswire.http.lookup import COLUMNS, NumberContext, Package
from smswire.http.lookup_report import CONTENT_TYPE, MOST_BODY, MOST_READ, dump_lookup_reports, load_lookup_reports
from smswire.http.lookup_sync import dump_json

NAMED = contexts(lambda column: column.name)
MANY = st.lists(NAMED, max_size=4).map(tuple)
ODD = texts(st.one_of(st.sampled_from('{}[]"\\&=+%,\r\n\0 dlr'), st.characters(exclude_categories=("Cs",))))


@given(MANY)
def test_v49_what_is_written_is_read(reports: tuple[NumberContext, ...]) -> None:
    octets = dump_lookup_reports(reports)
    assert load_lookup_reports(octets, CONTENT_TYPE) == load_lookup_reports(octets) == reports


@given(st.lists(contexts(lambda column: column.name, text=ODD), min_size=1, max_size=3).map(tuple))
def test_whatever_characters_names_have_every_way_to_post_them_is_read(reports: tuple[NumberContext, ...]) -> None:
    rows = [dump_json(report) for report in reports]
    escaped = [f"dlr={quote(row, safe='')}" for row in rows]
    for body in (
        dump_lookup_reports(reports).decode(), "&".join(escaped), "\n\n".join(escaped), "dlr=" + "\n\ndlr=".join(rows) + "\n",
        "\n".join(rows), "dlr=" + " ".join(rows), "dlr=" + "".join(rows), "\ufeff" + "\r\n".join(rows), f"DLR=[{','.join(rows)}]",
        "x=1&dlr=&" + "&".join(escaped), " dlr = " + "\n".join(rows),
    ):
        assert load_lookup_reports(body.encode()) == reports, body
    multipart = f'--x\r\nContent-Disposition: form-data; name="dlr"\r\n\r\n{chr(10).join(rows)}\r\n--x--\r\n'
    assert load_lookup_reports(multipart.encode(), "multipart/form-data; boundary=x") == reports


@given(MANY, st.sets(st.sampled_from([column.field for column in COLUMNS])))
def test_v51_a_package_leaves_columns_out(reports: tuple[NumberContext, ...], names: set[str]) -> None:
    package = Package.parse(names)
    assert load_lookup_reports(dump_lookup_reports(reports, package)) == tuple(map(package.of, reports))


# -- the document -----------------------------------------------------------------------------------------------------------------

FAILED = NumberContext(
    destination="38598111111111", id="13a54ca0ece-fc84-bed", stat="UNDELIV", err=1153, mccmnc="21901", price_per_message=Decimal(1),
    original_network_prefix="98", original_country_prefix="385", is_number_ported=False, is_roaming=False,
)
FOUND = NumberContext(
    destination="385997046253", id="13a54cf9484-fc84-1237", stat="DELIVRD", imsi="219019900073678", msc="3859804", err=0, mccmnc="21901",
    price_per_message=Decimal(1), original_network_prefix="99", original_country_prefix="385", is_number_ported=False,
    roaming_network_prefix="98", roaming_country_prefix="385", is_roaming=False, ported_network_prefix="97", ported_country_prefix="385",
)


def test_v49_the_printed_reports_are_read_and_written_as_one_escaped_variable() -> None:
    octets = printed("lookup-report-2.6-a.txt")
    assert load_lookup_reports(octets, CONTENT_TYPE) == (FAILED, FOUND)
    package = Package.parse("IMSI MSC mccmnc ppm onp ocp is_ported rnp rcp is_roaming pnp pcp")
    written = dump_lookup_reports((FAILED, FOUND), package)
    rows = octets.decode().replace("dlr=", "").split()
    assert parse_qs(written.decode(), strict_parsing=True) == {"dlr": ["\n".join(rows)]}
    assert not set(written) & set(b'{}" \n')


def test_ids_with_line_ends_and_blanks_are_read() -> None:
    broken = printed("lookup-report-2.6-a.txt").replace(b"ece-fc84", b"ece-\nfc84").replace(b"484-fc84", b"484 -fc84")
    assert load_lookup_reports(broken) == (FAILED, FOUND)


def test_a_single_object_and_an_empty_variable_are_read() -> None:
    assert load_lookup_reports(b'{"stat":"DELIVRD","err":0,"x":{"y":"}"}}') == (NumberContext(stat="DELIVRD", err=0),)
    assert load_lookup_reports(b"dlr=") == load_lookup_reports(b"dlr=%0A&dlr=") == ()


def test_a_plus_is_a_blank_only_where_the_body_is_escaped() -> None:
    row = b'{"stat":"DELIVRD","orn":"a+b%41"}'
    assert load_lookup_reports(b"dlr=" + row)[0].original_network_name == "a+b%41"
    assert load_lookup_reports(b"dlr=" + row.replace(b"{", b"%7B"))[0].original_network_name == "a bA"


def test_another_charset_of_the_type_counts() -> None:
    row = b'{"stat":"DELIVRD","orn":"\xc4"}'
    for body in (b"dlr=" + row, b"dlr=" + quote(row).encode()):
        assert load_lookup_reports(body, f"{CONTENT_TYPE}; charset=iso-8859-1")[0].original_network_name == "Ä"
        with pytest.raises(DocumentError, match="not utf-8"):
            load_lookup_reports(body, CONTENT_TYPE)


def test_100_reports_are_written_and_no_more_and_500_are_read() -> None:
    assert len(load_lookup_reports(dump_lookup_reports([FOUND] * 100))) == 100
    with pytest.raises(DocumentError, match="100") as caught:
        dump_lookup_reports([FOUND] * 101)
    assert caught.value.status == -23
    rows = dump_json(FOUND).encode() + b"\n"
    assert len(load_lookup_reports(rows * MOST_READ)) == MOST_READ
    with pytest.raises(DocumentError, match="over 500"):
        load_lookup_reports(rows * (MOST_READ + 1))


@pytest.mark.parametrize(("octets", "status", "path"), [
    (b"", -22, ""), (b"xyz={}", -22, ""), (b"dlr=x", -22, "dlr[1]"), (b'dlr={"stat":"DELIVRD"}{', -22, "dlr[2]"),
    (b"dlr={}", -22, "dlr[1].stat"),
    (b'{"stat":"DELIVRD"}\n{"stat":"DELIVRD","err":"x"}', -23, "dlr[2].err"), (b'{"stat":"DELIVRD","stat":"UNDELIV"}', -22, "dlr[1]"),
    (b'{"stat":["DELIVRD"]}', -22, "dlr[1].stat"), (b'{"a":{"b":{"c":1}},"stat":"DELIVRD"}', -22, "dlr[1]"),
    (b'{"stat":"' + b"x" * 70_000 + b'"}', -22, "dlr[1]"), (b'dlr={"stat":"DELIVRD"', -22, "dlr[1]"), (b" " * (MOST_BODY + 1), -22, ""),
])
def test_what_holds_no_reports_is_told_with_its_place(octets: bytes, status: int, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_lookup_reports(octets)
    assert (caught.value.status, caught.value.path) == (status, path)


WHOLE = [dump_lookup_reports([FOUND, FAILED]), printed("lookup-report-2.6-a.txt")]


@given(st.one_of(
    st.binary(max_size=200), st.text('dlr={}[]"\\: ,a\n', max_size=40).map(str.encode),
    st.tuples(st.sampled_from(WHOLE), st.integers(0, 1200), st.binary(max_size=3), st.integers(0, 4)).map(
        lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + made[3] :],
    ),
), st.sampled_from(["", CONTENT_TYPE, "a/b; charset=utf-16", "multipart/form-data; boundary=x", "a/b;charset=\udc80"]))
def test_any_octets_give_reports_or_a_document_error(octets: bytes, content_type: str) -> None:
    try:
        reports = load_lookup_reports(octets, content_type)
    except DocumentError:
        return
    assert all(report.stat for report in reports)


@pytest.mark.parametrize("begun", [b"", b"dlr=", b'dlr={"stat":"A",', b'dlr={"a":"'])
def test_the_largest_body_takes_less_than_50_ms(begun: bytes) -> None:
    for part in (
        b"{", b'"', b" ", b"dlr=", b"dlr={", b'"":"",', b"{}", b'{"stat":"A"}', b"%7B", b"%", b"&", b"dlr=&", b"[", b'\\"', b"\n", b"\0",
        b'{"stat":"A",' + b'"":"",' * 150 + b'"a":1}', b'{"stat":"' + b"\n" * 1_000 + b'A"}',
    ):
        octets = (begun + part * (MOST_BODY // len(part)))[:MOST_BODY]

        def taken(octets: bytes = octets) -> float:
            start = time.process_time()
            try:
                load_lookup_reports(octets)
            except DocumentError:
                pass
            return time.process_time() - start

        assert min(taken() for _ in range(3)) < 0.05, part[:20]
