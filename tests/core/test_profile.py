"""A profile is frozen, equal profiles are one object, and its TOML form says everything about it."""

import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref
import zoneinfo
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core.errors import ProfileError, SmppError
from smpp_core.profile import DEFAULT_ALPHABETS, Profile
from smpp_core.spec import data_codings, statuses, tlvs, vendor
from smpp_core.spec.findings import FINDINGS
from smpp_core.spec.rows import DataCoding, Status, Tlv
from smpp_core.spec.values import VALUES

WORDS = st.text("abcdefghij_0123456789", min_size=1, max_size=8).map(lambda word: "x" + word)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FULL_TEXTS = TEXTS.filter(bool)


@st.composite
def tlv_rows(draw: st.DrawFn) -> Tlv:
    kind, longest = draw(st.sampled_from([("integer", 8), ("cstring", 65535), ("string", 300), ("octets", 65535), ("flag", 1)]))
    least, most = sorted(draw(st.tuples(st.integers(0, longest), st.integers(0, longest))))
    tag = draw(st.integers(0x2000, 0x3FFF))
    return Tlv(tag, f"tlv_{tag:x}", kind, least, most, draw(FULL_TEXTS), draw(st.sampled_from(["", *VALUES])), draw(TEXTS))


RETRIES = st.sampled_from(["never", "later", "rebind", "unknown"])
ALPHABETS = st.sampled_from(["gsm7", "binary", "ucs2", "cp1251", "utf_16"])
STATUS_ROWS = st.builds(Status, st.integers(0, 0xFFFFFFFF), FULL_TEXTS, TEXTS, RETRIES, FULL_TEXTS)
CODING_ROWS = st.builds(DataCoding, st.integers(1, 255), FULL_TEXTS, ALPHABETS, TEXTS, FULL_TEXTS)
OPTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional={
    "name": FULL_TEXTS, "lenient": st.lists(st.sampled_from(sorted(FINDINGS)), max_size=3),
    "default_alphabet": st.sampled_from(DEFAULT_ALPHABETS),
    "receipts_unflagged": st.booleans(), "receipt_zone": st.sampled_from([None, "UTC", "+02:00", "-03:30"]),
    "receipt_keys": st.lists(WORDS, max_size=3), "statuses": st.lists(STATUS_ROWS, max_size=3),
    "data_codings": st.lists(CODING_ROWS, max_size=3),
})
BASES = st.sampled_from(["vendor", "standard"]).map(Profile.named)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    return draw(BASES).with_tlvs(*draw(st.lists(tlv_rows(), max_size=3))).with_options(**draw(OPTIONS))


@given(profiles())
def test_what_to_toml_writes_from_toml_reads_as_the_same_object(profile: Profile) -> None:
    assert Profile.from_toml(profile.to_toml()) is profile


@given(profiles())
def test_pickles_and_copies_are_the_same_object(profile: Profile) -> None:
    assert pickle.loads(pickle.dumps(profile)) is profile
    assert copy.copy(profile) is profile
    assert copy.deepcopy([profile])[0] is profile
    assert {profile: 1}[profile] == 1


@given(BASES, st.lists(tlv_rows(), max_size=3, unique_by=lambda row: row.tag), OPTIONS)
def test_the_same_content_made_in_another_order_is_the_same_object(base: Profile, rows: list[Tlv], options: dict[str, Any]) -> None:
    one = base.with_tlvs(*rows).with_options(**options)
    other = base.with_options(**options)
    for row in reversed(rows):
        other = other.with_tlvs(row)
    assert one is other


@given(BASES, st.lists(tlv_rows(), max_size=3), OPTIONS)
def test_rows_and_options_are_what_the_profile_says(base: Profile, rows: list[Tlv], options: dict[str, Any]) -> None:
    profile = base.with_tlvs(*rows).with_options(**options)
    assert profile.tlvs == base.tlvs | {row.tag: row for row in rows}
    assert all(profile.tlv_names[row.name] is profile.tlvs[row.tag] for row in profile.tlvs.values())
    assert profile.statuses == base.statuses | {row.value: row for row in options.get("statuses", ())}
    assert profile.name == options.get("name", base.name)
    assert profile.lenient == frozenset(options.get("lenient", ()))
    assert profile.receipt_keys == frozenset(options.get("receipt_keys", ()))
    assert profile.receipts_unflagged is options.get("receipts_unflagged", False)
    assert profile.receipt_zone == options.get("receipt_zone")
    assert profile.default_alphabet == profile.data_codings[0].alphabet == options.get("default_alphabet", "gsm7")


@given(st.text() | st.binary().map(lambda octets: octets.decode("latin-1")))
def test_whatever_the_text_from_toml_gives_a_profile_or_a_profile_error(text: str) -> None:
    try:
        Profile.from_toml(f"{text}\n")
    except ProfileError:
        pass


KEYS = "name base default_alphabet receipts_unflagged receipt_zone receipt_keys lenient tlv status data_coding".split()
CELLS = ["1", "-1", "1.5", "true", '"x"', '""', "[]", "[1]", '["x"]', "[[]]", "{}", "{ tag = 1 }", "[{ tag = 1 }]", "1979-05-27"]


@given(st.sampled_from(KEYS), st.sampled_from(CELLS))
def test_whatever_the_value_of_a_key_from_toml_gives_a_profile_or_names_the_key(key: str, value: str) -> None:
    try:
        Profile.from_toml(f"{key} = {value}\n")
    except ProfileError as error:
        assert error.key.startswith(key)
        assert str(error).startswith(error.key)


# --- the two that come along


def test_the_standard_profile_is_the_standard_tables() -> None:
    profile = Profile.standard()
    assert (profile.tlvs, profile.statuses, profile.data_codings) == (tlvs.TLVS, statuses.STATUSES, data_codings.DATA_CODINGS)
    assert profile.tlv_names == tlvs.BY_NAME


def test_the_vendor_profile_adds_to_the_standard_and_overrides_it() -> None:
    profile = Profile.vendor()
    assert profile.tlvs == tlvs.TLVS | vendor.TLVS
    assert profile.status(0x22).name == "NETWORK_NOT_COVERED"
    assert profile.status(0x0A) == vendor.STATUSES[0x0A]
    assert profile.status(0x58) == statuses.STATUSES[0x58]
    assert profile.data_codings[1].alphabet == "gsm7" and Profile.standard().data_codings[1].alphabet == "ascii"
    assert profile.tlv_names["imsi"].tag == 0x1403


def test_both_are_held_for_good() -> None:
    assert Profile.vendor() is Profile.vendor() is Profile.named("vendor")
    assert Profile.standard() is Profile.named("standard")
    assert (repr(Profile.vendor()), repr(Profile.standard())) == ("Profile.vendor()", "Profile.standard()")


def test_another_name_is_refused_with_a_near_miss() -> None:
    with pytest.raises(ProfileError, match=r"no profile is named 'vender'; did you mean 'vendor'\?"):
        Profile.named("vender")


@pytest.mark.parametrize(("value", "name", "meaning"), [
    (0xABC, "0x00000ABC", "reserved status"), (0x400, "0x00000400", "vendor-specific status"),
    (0xFFFFFFFF, "0xFFFFFFFF", "reserved status"),
])
def test_status_is_total(value: int, name: str, meaning: str) -> None:
    row = Profile.standard().status(value)
    assert (row.value, row.name, row.meaning, row.retry) == (value, name, meaning, "unknown")


# --- frozen, weak, one per content


def test_a_profile_cannot_be_changed_or_made_by_hand() -> None:
    profile = Profile.vendor()
    with pytest.raises(AttributeError, match="immutable"):
        profile.name = "x"
    with pytest.raises(AttributeError, match="immutable"):
        del profile.tlvs
    with pytest.raises(AttributeError):
        profile.other = 1
    with pytest.raises(TypeError, match=r"Profile\.vendor"):
        Profile()


def test_deriving_leaves_the_former_profile_as_it_was() -> None:
    before = dict(Profile.vendor().tlvs)
    Profile.vendor().with_tlvs((0x1403, "other", "integer", 2, 2))
    assert Profile.vendor().tlvs == before


def test_a_profile_that_nobody_holds_is_freed() -> None:
    profile = Profile.vendor().with_options(name="short-lived")
    gone = weakref.ref(profile)
    del profile
    gc.collect()
    assert gone() is None


def test_threads_that_make_the_same_profile_get_one_object() -> None:
    made: list[Profile] = []
    start = threading.Barrier(4)

    def make() -> None:
        start.wait()
        made.extend(Profile.vendor().with_options(name=f"thread {i}") for i in range(50))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(profile) for profile in made}) == 50


def test_a_pickle_is_small_and_another_process_reads_it() -> None:
    assert len(pickle.dumps(Profile.vendor())) < 200
    profile = Profile.vendor().with_tlvs((0x1500, "cost", "integer", 4, 4)).with_options(lenient=["trailing-octets"])
    code = f"import pickle; p = pickle.loads({pickle.dumps(profile)!r}); n = p.tlv_names; print(n['cost'].tag, *p.lenient, n['imsi'].tag)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5376", "trailing-octets", "5123"]


def test_repr_names_what_differs() -> None:
    profile = Profile.vendor().with_tlvs((0x1500, "cost")).with_options(name="peer", default_alphabet="latin1", lenient=["trailing-octets"])
    assert repr(profile) == "<Profile 'peer': vendor, 1 TLV, 1 data coding, default_alphabet latin1, lenient trailing-octets>"


# --- with_tlvs, with_options


@pytest.mark.parametrize(("row", "expected"), [
    ((0x1500, "cost"), Tlv(0x1500, "cost", "octets", 0, 65535, "vendor (profile)")),
    ((0x1500, "cost", "integer"), Tlv(0x1500, "cost", "integer", 1, 8, "vendor (profile)")),
    ((0x1500, "cost", "cstring"), Tlv(0x1500, "cost", "cstring", 1, 65535, "vendor (profile)")),
    ((0x1500, "cost", "flag"), Tlv(0x1500, "cost", "flag", 0, 1, "vendor (profile)")),
    ((0x1500, "cost", "integer", 2, 4, "vendor 7", "ton", "Costs."), Tlv(0x1500, "cost", "integer", 2, 4, "vendor 7", "ton", "Costs.")),
])
def test_a_short_row_gets_the_widest_lengths(row: tuple[Any, ...], expected: Tlv) -> None:
    assert Profile.standard().with_tlvs(row).tlvs[0x1500] == expected


def test_a_tag_of_another_provider_replaces_the_row_and_frees_its_name() -> None:
    profile = Profile.vendor().with_tlvs((0x1403, "delivery_status", "integer", 2, 2), (0x1404, "imsi", "string"))
    assert profile.tlvs[0x1403].name == "delivery_status"
    assert profile.tlv_names["imsi"].tag == 0x1404


def test_a_standard_tag_may_take_its_second_name() -> None:
    profile = Profile.standard().with_tlvs((0x020B, "dest_port", "integer", 2, 2))
    assert "destination_port" not in profile.tlv_names
    assert profile.tlv_names["dest_port"].tag == 0x020B


@pytest.mark.parametrize(("row", "key"), [
    ((0x10000, "cost"), "tlv[0].tag"), ((-1, "cost"), "tlv[0].tag"), (("1", "cost"), "tlv[0].tag"), ((True, "cost"), "tlv[0].tag"),
    ((1, "Cost"), "tlv[0].name"), ((1, ""), "tlv[0].name"), ((1, 2), "tlv[0].name"), ((1, "short_message"), "tlv[0].name"),
    ((1, "reply"), "tlv[0].name"),
    ((1, "cost", "int"), "tlv[0].kind"), ((1, "cost", "integer", 1, 9), "tlv[0].max"), ((1, "cost", "integer", 3, 2), "tlv[0].min"),
    ((1, "cost", "octets", 0, 70000), "tlv[0].max"), ((1, "cost", "integer", 1, 1, ""), "tlv[0].section"),
    ((1, "cost", "integer", 1, 1, "x", "tonn"), "tlv[0].values"), ((1,), "tlv[0]"), (7, "tlv[0]"), ((0x1500, "imsi"), "tlv"),
    ((0x1500, "dest_port"), "tlv"),
])
def test_a_bad_tlv_is_refused_by_its_key(row: Any, key: str) -> None:
    with pytest.raises(ProfileError) as caught:
        Profile.vendor().with_tlvs(row)
    assert caught.value.key == key
    assert isinstance(caught.value, SmppError) and isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("options", "key", "words"), [
    ({"lenient": ["trailing-octet"]}, "lenient[0]", "did you mean 'trailing-octets'?"),
    ({"lenient": "trailing-octets"}, "lenient", "is no list"),
    ({"default_alphabet": "latin"}, "default_alphabet", "did you mean 'latin1'?"),
    ({"default_alphabet": 7}, "default_alphabet", "is no text"),
    ({"receipts_unflagged": 1}, "receipts_unflagged", "is no true or false"), ({"receipt_zone": ""}, "receipt_zone", "is empty"),
    ({"receipt_keys": ["a b"]}, "receipt_keys[0]", "is no word"), ({"receipt_keys": ["ключ"]}, "receipt_keys", "is no key"),
    ({"receipt_keys": ["x" * 256]}, "receipt_keys", "is no key"), ({"name": ""}, "name", "is no name"),
    ({"statuses": [(1, "X", "", "soon")]}, "status[0].retry", "is none of"),
    ({"statuses": [(1 << 32, "X")]}, "status[0].value", "is not in"),
    ({"data_codings": [(9, "X", "latin2x")]}, "data_coding[0].alphabet", "is none of"),
    ({"data_codings": [(9, "X", "hex")]}, "data_coding[0].alphabet", ""),
    ({"data_codings": [(0, "X", "ucs2")]}, "data_coding[0].alphabet", "is none of"),
    ({"data_codings": [(256, "X", "ucs2")]}, "data_coding[0].value", ""),
    ({"default_alphabet": "ascii", "data_codings": [(0, "X", "latin1")]}, "default_alphabet", "data_coding 0 is given as well"),
])
def test_a_bad_option_is_refused_by_its_key(options: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        Profile.vendor().with_options(**options)
    assert caught.value.key == key
    assert words in str(caught.value)


@pytest.mark.parametrize("zone", ["Europe/Zagrep", "+25:00", "+0200"])
def test_a_zone_is_checked_where_the_machine_knows_zones(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", lambda: {"Europe/Zagreb"})
    assert Profile.vendor().with_options(receipt_zone="Europe/Zagreb").receipt_zone == "Europe/Zagreb"
    with pytest.raises(ProfileError, match="is no time zone") as caught:
        Profile.vendor().with_options(receipt_zone=zone)
    assert caught.value.key == "receipt_zone"
    monkeypatch.setattr(zoneinfo, "available_timezones", lambda: set())
    assert Profile.vendor().with_options(receipt_zone=zone).receipt_zone == zone


def test_default_alphabet_and_data_coding_0_are_one_thing() -> None:
    by_option = Profile.vendor().with_options(default_alphabet="latin1")
    assert by_option.data_codings[0].alphabet == "latin1"
    assert Profile.vendor().with_options(data_codings=[(0, "DEFAULT", "ascii")]).default_alphabet == "ascii"
    assert Profile.vendor().with_options(default_alphabet="gsm7") is Profile.vendor()


def test_options_that_are_not_given_stay_and_a_zone_can_be_removed() -> None:
    profile = Profile.vendor().with_options(receipt_zone="+02:00", lenient=["trailing-octets"])
    assert profile.with_options(receipts_unflagged=True).lenient == {"trailing-octets"}
    assert profile.with_options().receipt_zone == "+02:00"
    assert profile.with_options(receipt_zone=None).receipt_zone is None
    assert profile.with_options(lenient=[]).lenient == frozenset()


# --- TOML

EXAMPLE = """
name = "peer"
base = "standard"
default_alphabet = "gsm7-packed"
receipts_unflagged = true
receipt_zone = "UTC"
receipt_keys = ["price"]
lenient = ["trailing-octets", "tlv-overrun"]

[[tlv]]
tag = 0x1403
name = "delivery_status"
kind = "integer"
max = 2

[[status]]
value = 0x4A1
name = "CHANNEL_DISABLED"
retry = "later"

[[data_coding]]
value = 1
name = "LATIN2"
alphabet = "iso8859_2"
"""


def test_the_example_reads_as_it_says() -> None:
    profile = Profile.from_toml(EXAMPLE)
    assert (profile.name, profile.default_alphabet) == ("peer", "gsm7-packed")
    assert (profile.receipts_unflagged, profile.receipt_zone) == (True, "UTC")
    assert profile.tlvs[0x1403] == Tlv(0x1403, "delivery_status", "integer", 1, 2, "vendor (profile)")
    assert profile.status(0x4A1) == Status(0x4A1, "CHANNEL_DISABLED", "", "later", "vendor (profile)")
    assert profile.data_codings[1].alphabet == "iso8859_2"
    assert profile.lenient == {"trailing-octets", "tlv-overrun"} and profile.receipt_keys == {"price"}


def test_a_file_is_read_by_path_and_gives_its_name(tmp_path: Path) -> None:
    path = tmp_path / "carrier.toml"
    path.write_text('lenient = ["trailing-octets"]\n', encoding="utf-8")
    expected = Profile.vendor().with_options(name="carrier", lenient=["trailing-octets"])
    assert Profile.from_toml(path) is Profile.from_toml(str(path)) is expected


def test_an_equals_sign_in_the_path_of_a_file_does_not_make_it_text(tmp_path: Path) -> None:
    path = tmp_path / "a=b.toml"
    path.write_text("", encoding="utf-8")
    assert Profile.from_toml(str(path)).name == "a=b"


@pytest.mark.parametrize(("text", "message"), [
    ("nam = 1\n", "nam: there is no such key; did you mean 'name'?"),
    ("base = \"vendro\"\n", "base: 'vendro' is none of standard, vendor; did you mean 'vendor'?"),
    ("[[tlv]]\ntag = 1\nname = \"x\"\nkinds = \"octets\"\n", "tlv[0].kinds: there is no such key; did you mean 'kind'?"),
    ("[[tlv]]\ntag = 1\n", "tlv[0].name: is missing"),
    ("[[tlv]]\ntag = 5376\nname = \"a\"\n[[tlv]]\ntag = 5377\nname = \"b\"\nkind = \"cstrin\"\n",
     "tlv[1].kind: 'cstrin' is none of integer, cstring, string, octets, flag; did you mean 'cstring'?"),
    ("[tlv]\ntag = 1\n", "tlv: is no list of tables; write [[tlv]]"),
    ("[[data_coding]]\nvalue = 9\nname = \"x\"\n", "data_coding[0].alphabet: is missing"),
    ("name = \"x\"\nlenient = [\"two-text\"]\n", "lenient[0]: there is no finding 'two-text'; did you mean 'two-texts'?"),
])
def test_a_fault_names_the_key_and_a_near_miss(text: str, message: str) -> None:
    with pytest.raises(ProfileError) as caught:
        Profile.from_toml(text)
    assert str(caught.value) == message
    assert message.startswith(f"{caught.value.key}: ")


def test_a_syntax_error_names_line_and_column() -> None:
    with pytest.raises(ProfileError, match="line 2, column 8"):
        Profile.from_toml('name = "x"\nbase = \n')


def test_a_fault_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    for octets, message in (
        (b"nam = 1\n", "nam: there is no such key; did you mean 'name'?"), (b"name = \xff\n", "octet 7 is no UTF-8"),
        (b"name =\n", "line 1, column 7"),
    ):
        path.write_bytes(octets)
        with pytest.raises(ProfileError) as caught:
            Profile.from_toml(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)
        assert caught.value.path == str(path)


def test_a_missing_file_and_a_directory_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ProfileError) as caught:
            Profile.from_toml(path)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
