"""Receipt texts: every row of the corpus, a slow reader written from the grammar as oracle, and whatever the octets are, nothing raised."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from smpp_core import DataSm, DeliverSm, EncodeError, MessageState, Pdu, Profile, ProfileError, SubmitSm, decode
from smpp_core.receipt import Receipt, format_receipt, parse_receipt
from smpp_core.spec.receipts import CONTEXT_KEYS, DATE_WIDTHS, FORMS, KEYS, STATE_WORDS

CORPUS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "receipts.jsonl").read_text().splitlines()]
UNFLAGGED = Profile.vendor().with_options(receipts_unflagged=True)
FIELDS = ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text")
ATTRIBUTES = (
    *FIELDS, "submit_time", "done_time", "state", "err_int", "extra", "findings", "text_id", "tlv_id", "text_state", "tlv_state",
    "network_error_code", "intermediate",
)
CANONICAL = "id:7 sub:001 dlvrd:001 submit date:2301151000 done date:2301151002 stat:DELIVRD err:000 text:hello"

# ---- the oracle: receipts.md, rule by rule, in plain Python

SPACE = " \t\r\n"
WORDS = {
    "DELIVERED": "DELIVRD DELIVERED", "EXPIRED": "EXPIRED", "DELETED": "DELETED", "UNDELIVERABLE": "UNDELIV UNDELIVERABLE FAILED",
    "ACCEPTED": "ACCEPTD ACCEPTED ACKED", "REJECTED": "REJECTD REJECTED", "UNKNOWN": "UNKNOWN DELIVERY_UNKNOWN",
    "ENROUTE": "ENROUTE BUFFRED BUFFERD BUFFERED", "SCHEDULED": "SCHEDLD SCHEDULED", "SKIPPED": "SKIPPED",
}
STATES = {word.replace("_", " "): state for state, words in WORDS.items() for word in words.split()}
ALIASES = {
    "id": "id", "sub": "sub", "dlvrd": "dlvrd", "dlvr": "dlvrd", "stat": "stat", "err": "err", "text": "text", "submit date": "submit_date",
    "submitdate": "submit_date", "submit_date": "submit_date", "done date": "done_date", "donedate": "done_date", "done_date": "done_date",
}
KNOWN = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in key) for key in ALIASES)
FIRST = re.compile(rf"(?<!\w)({KNOWN}):")
LATER = re.compile(rf"(?<=[{SPACE}])(?:({KNOWN})|(\w+)):")


def upper(text: str) -> str:
    return "".join(c.upper() if c.isascii() else c for c in text)


def distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, last = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y)))
    return row[-1]


def oracle_state(word: str | None) -> tuple[str | None, bool]:
    if not word:
        return None, False
    if upper(word) in STATES:
        return STATES[upper(word)], False
    lengths = range(len(word) - 1, len(word) + 2) if len(word) >= 5 else ()
    near = {state for known, state in STATES.items() if len(known) in lengths and distance(upper(word), known) == 1}
    return (near.pop(), True) if len(near) == 1 else (None, False)


def oracle_time(date: str | None) -> datetime | None:
    if date is None or not re.fullmatch(r"[0-9]{10}|[0-9]{12}|[0-9]{14}", date):
        return None
    digits = date if len(date) == 14 else "20" + date
    parts = [int(digits[:4]), *(int(digits[i:i + 2]) for i in range(4, len(digits), 2))]
    try:
        return datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return None


def oracle(text: str) -> dict[str, Any]:
    text = text.rstrip("\0")
    found: dict[str, Any] = dict.fromkeys(FIELDS)
    extra: dict[str, str] = {}
    first = FIRST.search(text)
    keys = [] if first is None else [first, *(m for m in LATER.finditer(text, first.end()) if m[1] or m[2][0].isalpha())]
    for key, following in zip(keys, [*keys[1:], None], strict=False):
        field = ALIASES.get(upper(key[1] or "").lower())
        if field == "text":
            found["text"] = text[key.end():]
            break
        value = text[key.end():following.start() if following else len(text)].strip(SPACE)
        if field is None:
            if key[2].lower() not in {name.lower() for name in extra}:
                extra[key[2]] = value
        elif found[field] is None:
            found[field] = re.split(f"[{SPACE}]", value)[0] if field in ("id", "sub", "dlvrd", "err") else value
    err = found["err"]
    state, repaired = oracle_state(found["stat"])
    return found | {
        "submit_time": oracle_time(found["submit_date"]), "done_time": oracle_time(found["done_date"]), "state": state,
        "err_int": int(err) if err and re.fullmatch("[0-9]+", err) else None, "extra": extra,
        "codes": (["receipt-unkeyed"] if text and not keys else []) + (["state-repaired"] if repaired else []),
    }


def oracle_is_receipt(said: dict[str, Any]) -> bool:
    third = any(said[field] is not None for field in ("sub", "dlvrd", "submit_date", "done_date", "err"))
    return bool(said["id"]) and third and upper(said["stat"] or "") in STATES


def said_by(receipt: Receipt) -> dict[str, Any]:
    said = {name: getattr(receipt, name) for name in (*FIELDS, "submit_time", "done_time", "err_int", "extra")}
    return said | {"state": None if receipt.state is None else receipt.state.name, "codes": [f.code for f in receipt.findings]}


def deliver(text: bytes | str = b"", esm_class: int = 4, profile: Profile | None = None, **fields: Any) -> Pdu:
    octets = text.encode("latin-1") if isinstance(text, str) else text
    tlvs = list(fields.pop("tlvs", ()))
    if len(octets) > 254:
        tlvs.append(("message_payload", octets))
        octets = b""
    built = DeliverSm(source_addr="38591", destination_addr="1", esm_class=esm_class, short_message=octets, tlvs=tlvs, **fields)
    return decode(bytes(built), profile=profile)


def receipt_of(source: Pdu, **options: Any) -> Receipt:
    receipt = parse_receipt(source, **options)
    assert receipt is not None
    return receipt


def flagged(text: str | bytes) -> Receipt:
    return parse_receipt(text, flagged=True)


# ---- strategies

latin = st.characters(max_codepoint=0xFF)
spaces = st.sampled_from([" ", " ", " ", "  ", "\n", "\r\n", "\t", " \t "])
CASES: list[Callable[[str], str]] = [str, str, str.upper, str.title, str.lower]
words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), min_size=1, max_size=12)
known_keys = st.builds(lambda key, case: case(key) + ":", st.sampled_from(sorted(ALIASES)), st.sampled_from(CASES))
odd_keys = st.sampled_from([
    "IMSI:", "imsi:", "ORN:", "p_nnc:", "x9:", "Größe:", "9x:", "_x:", "a-b:", "date:", "submit  date:", "submit\tdate:", "paid:",
    "resubmit date:", "ids:", "id :", "é:", "²x:", "text :", "http:",
])
near_words = st.sampled_from(sorted(STATES)).flatmap(lambda word: st.builds(
    lambda at, kind, letter: word[:at] + ("" if kind == 0 else letter) + word[at + (kind < 2):],
    st.integers(0, len(word)), st.integers(0, 2), st.sampled_from("AEIDRLX ,1")))
dates = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda d: f"{d:%m%d%H%M}").flatmap(
        lambda d: st.sampled_from(["23" + d, "23" + d + "59", "2023" + d + "07", "2023" + d, "0000" + d + "00", "23" + d + "60"])),
    st.sampled_from(["", "0000000000", "000000000000", "201506201641", "230229000000", "240229000000", "2301010000+", "23-01-01 00:00"]))
values = st.one_of(
    st.sampled_from(sorted(STATES)), near_words, dates, st.text(latin, max_size=6),
    st.sampled_from(["7", "001", "0000", "21b", "RT:0148", "ns:12", ":", "", "a\0", "\0", "²"]))
pieces = st.one_of(known_keys, odd_keys, values, values, spaces, spaces, st.text(latin, max_size=3))
tangles = st.lists(pieces, max_size=30).map("".join)
FITTING = {"id": words, "stat": st.one_of(st.sampled_from(sorted(STATES)), near_words), "submit_date": dates, "done_date": dates}


@st.composite
def near_receipts(draw: st.DrawFn) -> str:
    """Some keys with values that mostly fit, between white space; then sometimes a prefix, an odd key, a glued or a strange piece."""
    parts = [draw(st.sampled_from(["", "", "", "SMSAlert^", "x", "é", "a b ", "(", "_"]))]
    for name in draw(st.lists(st.sampled_from(["id", "stat", "stat", *sorted(ALIASES)]), max_size=9)):
        key = draw(st.sampled_from(CASES))(name) + ":" if draw(st.integers(0, 9)) else draw(odd_keys)
        fitting = FITTING.get(ALIASES[name], values) if draw(st.integers(0, 9)) else values
        parts += [key, draw(fitting), draw(spaces) if draw(st.integers(0, 9)) else draw(pieces)]
    return "".join(parts) + draw(st.sampled_from(["", "", "\0", "\0\0", " ", "\r\n\0"]))


texts = st.one_of(near_receipts(), near_receipts(), near_receipts(), tangles)


# ---- the corpus

@pytest.mark.parametrize(("row", "mode"), [
    pytest.param(row, mode, id=f"{row['id']}-{mode}") for row in CORPUS for mode in ("default", "unflagged")
    if row.get("applies", mode) == mode])
def test_every_row_of_the_corpus_is_read_as_its_line_says(row: dict[str, Any], mode: str) -> None:
    octets = bytes.fromhex(row["text_hex"])
    receipt = parse_receipt(deliver(octets, row["esm_class"], UNFLAGGED if mode == "unflagged" else Profile.vendor()))
    assert (receipt is not None) == row["is_receipt"]
    if receipt is None:
        return
    said = said_by(receipt)
    assert [said.pop("codes")] == [oracle(row["text"])["codes"]]
    said["stat_raw"] = said.pop("stat")
    for name in ("submit_time", "done_time"):
        said[name] = said[name] and said[name].isoformat()
    assert said == row["expected"]
    assert said_by(flagged(octets)) == said_by(receipt) and flagged(octets) == flagged(row["text"])


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row["id"])
def test_the_oracle_reads_the_corpus_too(row: dict[str, Any]) -> None:
    said = oracle(row["text"])
    if row["expected"] is not None:
        said["stat_raw"] = said["stat"]
        names = ("id", "stat_raw", "state", "err_int", "extra", "text")
        assert [said[name] for name in names] == [row["expected"][name] for name in names]
    elif row["esm_class"] in (0, 64, 128) and "applies" not in row:
        assert not oracle_is_receipt(said)


# ---- properties

@given(texts)
@example("id:1 id:2 ID: 3 imsi:1 IMSI:2 Imsi:3 text:id:4 text:5")
@example("sub:dlvrd:1 stat:\tDELIVERY UNKNOWN submit date:")
@example("id")
def test_reads_what_the_oracle_reads(text: str) -> None:
    assert said_by(flagged(text)) == oracle(text)
    assert said_by(flagged(text.encode("latin-1"))) == oracle(text)


@given(texts)
def test_takes_unflagged_what_the_oracle_takes(text: str) -> None:
    taken = parse_receipt(text.encode("latin-1"), flagged=False)
    assert (taken is not None) == oracle_is_receipt(oracle(text))
    assert taken is None or taken == flagged(text)
    pdu = deliver(text[:250], 0x80, UNFLAGGED)
    assert (parse_receipt(pdu) is not None) == oracle_is_receipt(oracle(text[:250]))
    assert parse_receipt(pdu, profile=Profile.vendor()) is None


@given(st.one_of(st.binary(max_size=300), tangles.map(lambda t: t.encode("latin-1"))), st.integers(0, 255), st.lists(
    st.tuples(st.sampled_from([0x1E, 0x423, 0x424, 0x427, 0x1403]), st.binary(max_size=20)), max_size=5))
def test_nothing_is_raised_whatever_the_octets_are(octets: bytes, esm_class: int, tlvs: list[tuple[int, bytes]]) -> None:
    for receipt in (
        flagged(octets), parse_receipt(octets, flagged=False), parse_receipt(deliver(octets, esm_class, UNFLAGGED, tlvs=tlvs)),
        parse_receipt(decode(bytes(DataSm(esm_class=esm_class, tlvs=[*tlvs, (0x424, octets)])))),
    ):
        if receipt is not None:
            assert all(hasattr(receipt, name) for name in ATTRIBUTES)
            assert pickle.loads(pickle.dumps(receipt)) == receipt
            assert hash(pickle.loads(pickle.dumps(receipt))) == hash(receipt) and repr(receipt)


@given(st.binary(min_size=16, max_size=120), st.sampled_from([5, 0x103]))
def test_a_broken_pdu_is_read_as_far_as_it_reaches(octets: bytes, command_id: int) -> None:
    receipt = parse_receipt(decode(octets[:4] + command_id.to_bytes(4, "big") + octets[8:], strict=False, profile=UNFLAGGED))
    assert receipt is None or all(hasattr(receipt, name) for name in ATTRIBUTES)


@given(st.text(max_size=40), st.integers(0, len(CANONICAL)))
def test_a_text_beyond_latin_1_keeps_its_characters(text: str, at: int) -> None:
    mixed = CANONICAL[:at] + text + CANONICAL[at:]
    receipt = flagged(mixed)
    said = oracle(mixed)
    assert [getattr(receipt, name) for name in (*FIELDS, "extra", "err_int")] == [said[name] for name in (*FIELDS, "extra", "err_int")]
    assert (receipt.submit_time, receipt.done_time) == (said["submit_time"], said["done_time"])
    assert pickle.loads(pickle.dumps(receipt)) == receipt


PAIRS = {
    "id": "a", "sub": "1", "dlvr": "0", "submit date": "2301151000", "done date": " ", "stat": "DELIVERY UNKNOWN", "err": "",
    "ORN": "T-Mobile D", "x": "",
}


@given(st.permutations(list(PAIRS)), st.lists(spaces, min_size=9, max_size=9), st.sampled_from([str, str.upper]))
def test_keys_in_any_order_give_the_same_fields(order: list[str], between: list[str], case: Any) -> None:
    body = "".join(f"{case(key)}:{PAIRS[key]}{space}" for key, space in zip(order, between, strict=True))
    receipt = flagged("x:1 " + body + "text: end ")
    assert [getattr(receipt, name) for name in FIELDS] == ["a", "1", "0", "2301151000", "", "DELIVERY UNKNOWN", "", " end "]
    # An unknown key counts only behind the first known one.
    first = next(i for i, key in enumerate(order) if key not in ("ORN", "x"))
    assert receipt.extra == {case(key): PAIRS[key] for key in order[first:] if key in ("ORN", "x")}


prose = st.lists(st.one_of(
    st.sampled_from(
        "Order parcel the your is delivered failed rejected unknown expired vote for colis livré entrega err: none sub: dlvrd: 2 id: "
        "stat:shipped stat:ok stat:UNDER stat:delivering stat:DELIVRDx stat:0 stat:, (stat:err) restat:DELIVRD id:55821 id:7, paid:250 "
        "err:0 err:none, done date: Monday submit date: text: text:hi 10:30 http://x.example/?id:7&stat:DELIVRD "
        "\"stat\":\"DELIVRD\" status REJECTED stat=DELIVRD".split(" ")),
    st.text(latin, max_size=8)), max_size=25).map(" ".join)


@given(prose)
def test_an_ordinary_message_is_no_receipt_in_either_mode(text: str) -> None:
    # A quoted receipt cannot be told from one without the flag (form ND): its state word stands directly behind `stat:`.
    assume(not any(re.search(rf"stat:[{SPACE}]*{word}(?=[{SPACE}\0]|$)", text, re.I) for word in STATES))
    assert parse_receipt(text, flagged=False) is None
    assert parse_receipt(deliver(text, 0, UNFLAGGED)) is None
    assert parse_receipt(deliver(text, 0)) is None


@given(st.text(latin, max_size=20), latin)
def test_the_first_key_follows_any_character_that_is_of_no_word(prefix: str, last: str) -> None:
    assume(FIRST.search(prefix + last) is None)
    receipt = flagged(f"{prefix}{last}id:7 stat:DELIVRD")
    assert receipt.id == (None if last.isalnum() or last == "_" else "7")
    assert receipt.stat == "DELIVRD"


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.field)
def test_every_spelling_of_a_key_is_read(row: Any) -> None:
    for spelling in row.spellings:
        read = getattr(flagged(f"{spelling.upper()}: a b"), row.field)
        assert read == (" a b" if row.field == "text" else "a" if row.one_word else "a b")


@pytest.mark.parametrize("row", STATE_WORDS, ids=lambda row: row.word)
def test_every_state_word_is_read_in_any_case(row: Any) -> None:
    for word in (row.word, row.word.lower(), row.word.title()):
        receipt = flagged(f"stat:{word} err:0")
        assert receipt.state is MessageState[row.state] and receipt.findings == ()


@pytest.mark.parametrize(("word", "state"), [
    ("DEIIVRD", "DELIVERED"), ("DELIVERD", "DELIVERED"), ("rejecttd", "REJECTED"), ("ACKE", None), ("ACKEDD", "ACCEPTED"),
    ("shipped", "SKIPPED"), ("DELIVERY UNKNWN", "UNKNOWN"), ("12345", None), ("DND_REJECTED", None), ("DELIV", None),
    ("ELIVRD", "DELIVERED"), ("DELIVR", "DELIVERED"),
])
def test_a_word_one_letter_off_means_its_state_and_is_noted(word: str, state: str | None) -> None:
    receipt = receipt_of(deliver(f"id:7 stat:{word} err:0"))
    assert (receipt.stat, receipt.state and receipt.state.name) == (word, state)
    assert [(f.code, f.field) for f in receipt.findings] == ([("state-repaired", "short_message")] if state else [])
    assert all(bytes(deliver(f"id:7 stat:{word} err:0"))[f.offset:].startswith(word.encode()) for f in receipt.findings)


@pytest.mark.parametrize("width", DATE_WIDTHS, ids=lambda width: str(width.digits))
def test_each_width_of_a_date_is_read(width: Any) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 58 if width.seconds else 0)
    date = format(moment, "%Y%m%d%H%M%S")[4 - width.year:][:width.digits]
    receipt = flagged(f"id:1 submit date:{date} done date:{date}0")
    assert (receipt.submit_time, receipt.done_time) == (moment, None)


@pytest.mark.parametrize(("date", "read"), [
    ("20000229000000", True), ("19000229000000", False), ("21000229000000", False), ("20240229000000", True), ("20230229000000", False),
    ("23" "04310000", False), ("23" "04300000", True), ("23" "00010000", False), ("23" "13010000", False), ("23" "01000000", False),
    ("23" "01012359", True), ("23" "01012400", False), ("23" "01012360", False), ("230101235959", True), ("230101235960", False),
    ("00000101000000", False), ("00010101000000", True), ("9912312359", True), ("201506201641", False), ("0000000000", False),
])
def test_an_impossible_date_is_no_time_and_is_kept(date: str, read: bool) -> None:
    receipt = flagged(f"submit date:{date}")
    assert (receipt.submit_time is not None) == read and receipt.submit_time == oracle_time(date)
    assert receipt.submit_date == date


@pytest.mark.parametrize(("text", "taken"), [
    ("id:7 stat:DELIVRD err:", True), ("id:7 stat:DELIVRD sub:", True), ("id:7 stat:DELIVRD dlvr:1", True),
    ("id:7 stat:DELIVRD done_date:", True),
    ("lead#id:7 stat:delivery unknown submit date:x", True), ("id: stat:DELIVRD err:0", False), ("stat:DELIVRD err:0", False),
    ("id:7 stat:DELIVRD", False), ("id:7 stat:DELIVRD text:err:0", False), ("id:7 stat: err:0", False), ("id:7 err:0", False),
    ("id:7 stat:DELIVERD err:0", False), ("id:7 stat:DELIVRD words err:0", False), ("id: id:7 stat:DELIVRD err:0", False), ("", False),
])
def test_an_unflagged_text_needs_an_id_an_exact_state_and_a_third_key(text: str, taken: bool) -> None:
    assert (parse_receipt(text, flagged=False) is not None) == taken == (parse_receipt(deliver(text, 0, UNFLAGGED)) is not None)


def test_a_number_is_an_int_up_to_what_every_process_can_print() -> None:
    assert flagged("err:" + "9" * 640).err_int == int("9" * 640)
    assert flagged("err:" + "9" * 641).err_int is None
    assert flagged("err:٣").err_int is None and flagged("err:²").err_int is None


# ---- what a PDU adds

@pytest.mark.parametrize("esm_class", range(256))
def test_the_message_type_bits_decide(esm_class: int) -> None:
    receipt = parse_receipt(deliver(CANONICAL, esm_class))
    assert (receipt is not None) == (esm_class & 0x3C in (0x04, 0x20))
    assert receipt is None or (receipt.intermediate, receipt.id) == (esm_class & 0x3C == 0x20, "7")
    assert (parse_receipt(deliver(CANONICAL, esm_class, UNFLAGGED)) is not None) == (esm_class & 0x3C in (0x00, 0x04, 0x20))


def test_only_deliver_sm_and_data_sm_carry_receipts() -> None:
    assert parse_receipt(SubmitSm(esm_class=4, short_message=CANONICAL.encode())) is None
    assert parse_receipt(decode(bytes.fromhex("00000010800000050000000000000001"))) is None
    assert parse_receipt(decode(bytes.fromhex("00000010000F00050000000000000001"), strict=False)) is None
    assert receipt_of(DataSm(esm_class=4, tlvs=[("message_payload", CANONICAL.encode())])).text == "hello"


def test_quirks_24_to_26_and_44_are_read() -> None:
    payload = "0000003E000000050000000000000001000101310001013200040000000000000000000424001769643A3720737461743A44454C49565244206572723A30"
    assert said_by(receipt_of(decode(bytes.fromhex(payload))))["state"] == "DELIVERED"
    for octets, state in (
        ("0000002E00000005000000000000000100010131000101320004000000000000000000001E000237000427000102", MessageState.DELIVERED),
        ("000000270000010300000000000000010001013100010132000400" "00001E000237000427000105", MessageState.UNDELIVERABLE),
    ):
        receipt = receipt_of(decode(bytes.fromhex(octets)))
        assert (receipt.id, receipt.state, receipt.text_id, receipt.text_state, receipt.findings) == ("7", state, None, None, ())
    plain = bytes.fromhex("0000003A00000005000000000000000100010131000101320000000000000000000017") + b"id:7 stat:DELIVRD err:0"
    assert parse_receipt(decode(plain)) is None and receipt_of(decode(plain, profile=UNFLAGGED)).id == "7"


def test_tlv_id_wins_and_text_state_wins_and_disagreement_is_noted() -> None:
    tlvs = [("receipted_message_id", "7F"), ("message_state", 0), ("network_error_code", b"\x03\x00\x01"), ("message_state", 2)]
    pdu = deliver("id:127 stat:UNDELIV err:001", tlvs=tlvs)
    receipt = receipt_of(pdu)
    assert (receipt.id, receipt.text_id, receipt.tlv_id) == ("7F", "127", "7F")
    assert receipt.state is receipt.text_state is MessageState.UNDELIVERABLE and receipt.tlv_state is MessageState.SCHEDULED
    assert receipt.network_error_code == b"\x03\x00\x01"
    assert [(f.code, f.field, f.offset) for f in receipt.findings] == [
        ("receipt-disagrees", "receipted_message_id", pdu.tlvs[0].offset), ("receipt-disagrees", "message_state", pdu.tlvs[1].offset)]
    assert "'127'" in receipt.findings[0].message and "'SCHEDULED'" in receipt.findings[1].message


@pytest.mark.parametrize(("text", "tlv", "state"), [
    ("stat:UNKNOWN", 2, "UNKNOWN"), ("stat:DND", 2, "DELIVERED"), ("", 2, "DELIVERED"), ("stat:", 0, "SCHEDULED"), ("", 77, None),
    ("stat:DELIVRD", 77, "DELIVERED"), ("stat:DELIVRD", None, "DELIVERED"), ("stat:scheduled", 2, "SCHEDULED"), ("stat:DND", None, None),
])
def test_state_is_the_texts_if_its_word_is_known(text: str, tlv: int | None, state: str | None) -> None:
    receipt = receipt_of(deliver(text, tlvs=[] if tlv is None else [("message_state", tlv)]))
    assert (None if receipt.state is None else receipt.state.name) == state


@pytest.mark.parametrize(("octets", "state"), [
    (b"", None), (b"\0\0\0\2", 2), (b"\2\0\0\0", None), (bytes(8) + b"\2", None), (b"\xff", None), (b"\0", 0)])
def test_message_state_is_read_at_the_length_it_has(octets: bytes, state: int | None) -> None:
    assert receipt_of(deliver(tlvs=[(0x427, octets)])).tlv_state == state


@pytest.mark.parametrize(("octets", "found"), [
    (b"789", "789"), (b"789\0", "789"), (b"", "x"), (b"\0", "x"), (b"a b\0\0", "a b\0"), (b"\xe9", "é")])
def test_an_id_tlv_counts_if_it_is_not_empty_with_or_without_nul(octets: bytes, found: str) -> None:
    assert receipt_of(deliver("id:x stat:DELIVRD", tlvs=[(0x1E, octets)])).id == found


def test_short_message_wins_over_the_payload_if_it_is_not_empty() -> None:
    assert receipt_of(deliver("id:1", tlvs=[("message_payload", b"id:2")])).id == "1"
    assert receipt_of(deliver("", tlvs=[("message_payload", b"id:2"), ("message_payload", b"id:3")])).id == "2"


@pytest.mark.parametrize("udh", [b"\x05\x00\x03\xCC\x02\x01", b"\x06\x05\x04\x0B\x84\x23\xF0", b"\x00", b"\x03\x05\x09a", b"\x04id:x", b""])
def test_a_user_data_header_before_the_text_is_passed_over(udh: bytes) -> None:
    for esm_class in (0x44, 0xC4):
        for text in (CANONICAL, CANONICAL.replace("text", "x:" + "y" * 60 + " text")):
            short = deliver(udh + text.encode(), esm_class)
            assert [getattr(receipt_of(short), name) for name in FIELDS] == [getattr(flagged(text), name) for name in FIELDS]
    assert receipt_of(deliver(udh + b"stat:DEIIVRD", 0x44)).findings[0].offset == bytes(short).index(udh + b"id") + len(udh) + 5


def test_udhi_without_a_header_hides_no_key() -> None:
    for text in ("\x05id:7 ", "\x10stat:EXPIRED err:0", "id:7 stat:EXPIRED"):
        assert said_by(receipt_of(deliver(text, 0x44))) == said_by(flagged(text))


def test_a_flagged_text_without_any_key_is_a_receipt_of_nothing() -> None:
    receipt = receipt_of(deliver("ACK/"))
    assert [getattr(receipt, name) for name in FIELDS] == [None] * 8 and receipt.extra == {}
    assert [(f.code, f.offset) for f in receipt.findings] == [("receipt-unkeyed", bytes(deliver("ACK/")).index(b"ACK/"))]
    assert receipt_of(deliver("")).findings == receipt_of(deliver("\0\0")).findings == ()


# ---- what a profile adds: a zone, keys

@pytest.mark.parametrize(("zone", "offset"), [("UTC", 0), ("+05:30", 330), ("-03:00", -180), ("Europe/Zagreb", 60)])
def test_times_are_aware_in_the_zone_that_the_profile_names(zone: str, offset: int) -> None:
    profile = Profile.vendor().with_options(receipt_zone=zone)
    for receipt in (receipt_of(deliver(CANONICAL, profile=profile)), receipt_of(deliver(CANONICAL), profile=profile),
                    parse_receipt(CANONICAL, flagged=True, profile=profile)):
        assert receipt.submit_time == datetime(2023, 1, 15, 10, tzinfo=UTC) - timedelta(minutes=offset)
        assert receipt.done_time is not None and receipt.done_time.utcoffset() == timedelta(minutes=offset)
        again = pickle.loads(pickle.dumps(receipt))
        assert (again, again.done_time) == (receipt, receipt.done_time)
        assert receipt != flagged(CANONICAL)
    assert flagged(CANONICAL).submit_time == datetime(2023, 1, 15, 10)


def test_a_zone_follows_its_summer_time_and_an_hour_that_comes_twice_is_the_first() -> None:
    profile = Profile.vendor().with_options(receipt_zone="Europe/Zagreb")
    receipt = parse_receipt("id:1 submit date:2307011200 done date:2310290230 stat:DELIVRD", flagged=True, profile=profile)
    assert receipt.submit_time == datetime(2023, 7, 1, 10, tzinfo=UTC)
    assert receipt.done_time is not None and receipt.done_time.astimezone(UTC) == datetime(2023, 10, 29, 0, 30, tzinfo=UTC)


def test_a_zone_that_the_machine_does_not_know_is_an_error_of_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: set())
    for zone in ("Nowhere/Atall", "../Nowhere", "+25:00"):
        with pytest.raises(ProfileError) as caught:
            parse_receipt(CANONICAL, flagged=True, profile=Profile.vendor().with_options(receipt_zone=zone))
        assert caught.value.key == "receipt_zone"


KEYED = Profile.vendor().with_options(receipt_keys=["smsc", "Error-Code", "2nd"])


@pytest.mark.parametrize(("text", "without", "with_keys"), [
    ("smsc:A id:7 stat:DELIVRD", ("7", {}), ("7", {"smsc": "A"})),
    ("x:1 SMSC:A id:7", ("7", {}), ("7", {"SMSC": "A"})),
    ("id:7 error-code:5 2nd:x y stat:DELIVRD", ("7", {}), ("7", {"error-code": "5", "2nd": "x y"})),
    ("smsc:A", (None, {}), (None, {"smsc": "A"})),
    ("xsmsc:A id:7 error-codes:1", ("7", {}), ("7", {})),
    ("smsc:A smsc:B id:7", ("7", {}), ("7", {"smsc": "A"})),
    ("id:7 smsc:A text:smsc:B", ("7", {"smsc": "A"}), ("7", {"smsc": "A"})),
])
def test_keys_of_the_profile_may_stand_first_and_hold_hyphens(text: str, without: tuple[Any, Any], with_keys: tuple[Any, Any]) -> None:
    plain, keyed = receipt_of(deliver(text)), receipt_of(deliver(text, profile=KEYED))
    assert (plain.id, plain.extra) == without and (keyed.id, keyed.extra) == with_keys
    assert pickle.loads(pickle.dumps(keyed)) == keyed and pickle.loads(pickle.dumps(keyed)).extra == with_keys[1]
    assert parse_receipt(text, flagged=True, profile=KEYED) == keyed


@given(texts)
def test_keys_that_do_not_occur_change_nothing(text: str) -> None:
    profile = Profile.vendor().with_options(receipt_keys=["never-seen", "nor-this"])
    assert said_by(parse_receipt(text, flagged=True, profile=profile)) == oracle(text)


def test_a_profile_is_a_profile() -> None:
    for source, options in ((CANONICAL, {"flagged": True}), (deliver(CANONICAL), {})):
        with pytest.raises(TypeError):
            parse_receipt(source, profile="vendor", **options)  # type: ignore[call-overload]


# ---- UCS-2

@given(st.one_of(texts, st.text(max_size=30).map(lambda t: "id:7 stat:DEIIVRD text:" + t)), st.sampled_from(["utf-16-be", "utf-16"]),
       st.sampled_from([8, 0x18, 0xE8]), st.booleans(), st.sampled_from([b"", b"", b"\x05\0\x03\xcc\x02\x01"]))
def test_a_text_in_ucs_2_says_what_the_same_text_says(text: str, codec: str, coding: int, odd: bool, udh: bytes) -> None:
    if codec == "utf-16":
        octets = b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass")
    else:
        octets = text.encode(codec, "surrogatepass")
        assume(text[:1] not in ("\ufeff", "\ufffe"))
    plain = flagged(text)
    assume(any(getattr(plain, name) is not None for name in FIELDS))
    pdu = deliver(udh + octets + b"\0" * odd, 0x44 if udh else 4, data_coding=coding, tlvs=[("receipted_message_id", "9")])
    receipt = receipt_of(pdu)
    assert [getattr(receipt, name) for name in FIELDS[1:]] == [getattr(plain, name) for name in FIELDS[1:]]
    assert (receipt.text_id, receipt.id, receipt.extra, receipt.state) == (plain.id, "9", plain.extra, plain.state)
    again = pickle.loads(pickle.dumps(receipt))
    assert again == receipt and again.findings == receipt.findings
    for found in receipt.findings:
        if found.code == "state-repaired":
            assert receipt.stat is not None and bytes(pdu)[found.offset:].startswith(receipt.stat.encode(
                "utf-16-le" if codec == "utf-16" else codec, "surrogatepass"))


def test_plain_octets_under_a_ucs_2_data_coding_are_read_as_they_are() -> None:
    receipt = receipt_of(deliver(CANONICAL, data_coding=8))
    assert said_by(receipt) == said_by(flagged(CANONICAL))
    assert receipt_of(deliver("ACK/", data_coding=8)).findings[0].offset == bytes(deliver("ACK/")).index(b"ACK/")
    wide = CANONICAL.encode("utf-16-be")
    assert receipt_of(deliver(wide, data_coding=8)).id == "7"
    assert receipt_of(deliver(wide, data_coding=0)).id is None
    as_payload = DataSm(esm_class=4, data_coding=8, tlvs=[("message_payload", wide)])
    assert receipt_of(as_payload).text == "hello"
    assert parse_receipt(deliver(wide, 0, UNFLAGGED, data_coding=8)) is not None
    latin1 = Profile.vendor().with_options(data_codings=[(8, "X", "latin1")])
    assert receipt_of(deliver(wide, data_coding=8), profile=latin1).id is None


def test_a_ucs_2_receipt_needs_its_pdu_to_be_unpickled() -> None:
    reduced: Any = receipt_of(deliver(CANONICAL.encode("utf-16-be"), data_coding=8)).__reduce__()
    restore, parts = reduced
    with pytest.raises(ValueError):
        restore("id:7 stat:DELIVRD", 1, 17, *parts[3:])
    with pytest.raises(ValueError):
        restore("id:7 stat:DELIVRD", 0, 17, 0, 0, 5, 0, 0, 17)


# ---- the object

def test_a_receipt_is_immutable_and_equal_by_what_it_says() -> None:
    receipt = receipt_of(deliver(CANONICAL))
    with pytest.raises(AttributeError):
        receipt.id = "8"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Receipt()
    receipt.extra["x"] = "1"
    assert receipt.extra == {}
    assert receipt == flagged(CANONICAL.replace(" sub", "\n\nSUB")) and hash(receipt) == hash(flagged(CANONICAL.encode()))
    assert copy.copy(receipt) is copy.deepcopy(receipt) is receipt
    others = (CANONICAL[:-1], CANONICAL.replace("id:7", "id:8"), CANONICAL.replace("err", "x:1 err"), CANONICAL.replace("sub:001 ", ""))
    assert all(receipt != flagged(other) for other in others) and receipt != "id:7"
    assert receipt != receipt_of(deliver(CANONICAL, tlvs=[("receipted_message_id", "7")]))
    assert receipt != receipt_of(deliver(CANONICAL, 0x20))


def test_a_pickle_with_places_outside_its_octets_is_refused() -> None:
    reduced: Any = receipt_of(deliver(CANONICAL, tlvs=[("message_state", 2)])).__reduce__()
    restore, parts = reduced
    assert restore(*parts) == receipt_of(deliver(CANONICAL, tlvs=[("message_state", 2)]))
    for at, place in ((0, None), (1, -1), (2, 5000), (5, 5000), (6, -4), (8, 5000)):
        with pytest.raises((TypeError, ValueError)):
            restore(*parts[:at], place, *parts[at + 1:])


def test_repr_shows_what_is_said() -> None:
    assert repr(flagged("id:7 stat:SCHEDLD x:1")) == "Receipt(id='7', stat='SCHEDLD', state=SCHEDULED, extra={'x': '1'})"


def test_a_text_needs_the_flag_and_a_pdu_refuses_it() -> None:
    for source, options in ((CANONICAL, {}), (deliver(CANONICAL), {"flagged": True}), (7, {"flagged": True}), (None, {"flagged": False})):
        with pytest.raises(TypeError):
            parse_receipt(source, **options)  # type: ignore[call-overload]
    assert parse_receipt(bytearray(b"id:7"), flagged=True) == parse_receipt(memoryview(b"id:7"), flagged=True) == flagged("id:7")


# ---- writing

@given(st.sampled_from(list(FORMS)), st.fixed_dictionaries({
    "id": words, "stat": st.sampled_from(list(MessageState)), "sub": st.integers(0, 999), "dlvrd": st.integers(0, 999),
    "submit_date": st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), "err": st.none() | st.integers(0, 9999),
    "done_date": st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), "digits": st.sampled_from([10, 12, 14]),
}), st.text(latin, max_size=20))
def test_what_is_written_reads_back(form: Any, fields: dict[str, Any], text: str) -> None:
    assume(not text.endswith("\0") or form != "standard")
    octets = format_receipt(**fields, form=form, text=text if form == "standard" else None)
    receipt = parse_receipt(octets, flagged=False) if fields["err"] is not None else flagged(octets)
    assert receipt is not None and receipt.findings == ()
    assert (receipt.id, receipt.state, receipt.err_int) == (fields["id"], fields["stat"], fields["err"])
    assert (receipt.sub, receipt.dlvrd) == (f"{fields['sub']:03d}", f"{fields['dlvrd']:03d}")
    assert receipt.text == (text if form == "standard" else None)
    finest = {"microsecond": 0} if fields["digits"] > 10 else {"microsecond": 0, "second": 0}
    assert receipt.submit_time == (fields["submit_date"] and fields["submit_date"].replace(**finest))
    assert receipt.done_time == fields["done_date"].replace(**finest)


@given(texts)
def test_what_was_read_is_written_and_read_again_or_refused(text: str) -> None:
    receipt = flagged(text)
    fields = {name: getattr(receipt, name) for name in (*FIELDS, "extra")}
    # An unknown key, a value that its key would not end, or an end that would be cut may not stand where it is written.
    try:
        again = flagged(format_receipt(**fields))
    except EncodeError:
        return
    assert {name: getattr(again, name) for name in fields} == fields


def test_the_three_forms_are_those_of_the_documents() -> None:
    at = datetime(2010, 7, 29, 10, 49, 31)
    common: dict[str, Any] = {"id": "40072910491427628", "submit_date": at, "done_date": at, "dlvrd": 1}
    start = "id:40072910491427628 sub:001 {}:001 submit date:1007291049 done date:1007291049 stat:"
    assert format_receipt(**common, stat=MessageState.DELIVERED) == (start.format("dlvrd") + "DELIVRD err:000 text:").encode()
    assert format_receipt(**common, stat="REJECTED", err=51, form="vendor") == (start.format("dlvr") + "REJECTED err:051").encode()
    full = {"MSC": "38591016", "IMSI": "219101100935850", "HLR": "38591xxxxxxx", "ORN": "VipNet", "MCCMNC": "21910"}
    tail = " err:000 IMSI:219101100935850 MSC:38591016 HLR:38591xxxxxxx ORN:VipNet PON: RON: ROC: MCCMNC:21910"
    found = format_receipt(**common, stat=MessageState.DELIVERED, form="context", extra=full)
    assert found == (start.format("dlvr") + "DELIVRD" + tail).encode()
    failed = format_receipt(**common, stat=MessageState.UNDELIVERABLE, err=1, form="context", extra={"ORN": "VipNet"})
    assert failed == (start.format("dlvr") + "UNDELIV err:001 IMSI: MSC: ORN:VipNet MCCMNC:").encode()
    assert flagged(found).extra == {row.key: full.get(row.key, "") for row in CONTEXT_KEYS}


@pytest.mark.parametrize(("field", "change"), [
    ("id", {"id": "a b"}), ("stat", {"stat": " DELIVRD"}), ("stat", {"stat": "X err:9"}), ("text", {"text": "end\0"}),
    ("", {"text": "€"}), ("text", {"form": "vendor", "text": "x"}), ("sub", {"sub": -1}), ("sub", {"sub": True}), ("err", {"err": "0 0"}),
    ("done_date", {"done_date": datetime(2023, 1, 1, tzinfo=timezone(timedelta(hours=1)))}),
    ("done_date", {"done_date": datetime(1999, 1, 1)}), ("done_date", {"done_date": 2301010000}), ("stat", {"stat": 2}),
    ("extra", {"extra": {"id": "8"}}), ("extra", {"extra": {"a b": "8"}}),
    ("extra", {"extra": {"x": "1", "X": "2"}}), ("extra", {"form": "context", "extra": {"CC": "1"}}), ("form", {"form": "other"}),
    ("digits", {"digits": 8}), ("dlvrd", {"dlvrd": 1.5}), ("extra", {"extra": {"x": "1 y:2"}}), ("id", {"id": 7}),
])
def test_what_cannot_be_read_back_is_refused(field: str, change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"id": "7", "stat": "DELIVRD", "dlvrd": 1, "submit_date": None, "done_date": None}
    assert flagged(format_receipt(**fields)).id == "7"
    with pytest.raises(EncodeError) as refused:
        format_receipt(**fields | change)
    assert refused.value.field == field
