"""URLs and endpoints: whatever is formatted is parsed again, what cannot be bound is refused at once, and a password is never shown."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.session.url import Endpoint, format_url, parse_url

printable = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"])
names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{1,5})?", fullmatch=True)
addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str) | st.just("fe80::1%eth0")
hosts = st.tuples(names | addresses, st.integers(1, 65535))
positive = st.none() | st.floats(0.001, 1e6)
endpoints = st.builds(
    Endpoint,
    hosts=st.lists(hosts, min_size=1, max_size=4).map(tuple), tls=st.booleans(), system_id=st.text(printable, max_size=15),
    password=st.text(printable, max_size=8), bind=st.sampled_from(["transceiver", "transmitter", "receiver"]),
    system_type=st.text(printable, max_size=12), interface_version=st.integers(0, 255), addr_ton=st.integers(0, 255),
    addr_npi=st.integers(0, 255), address_range=st.text(printable, max_size=40), window=st.none() | st.integers(1, 100_000),
    rate=positive, timeout=positive, bind_timeout=positive, enquire_link=st.none() | st.floats(0, 1e6),
)


@given(endpoints)
def test_parse_gives_back_what_format_wrote(endpoint: Endpoint) -> None:
    assert parse_url(format_url(endpoint, with_password=True)) == endpoint
    assert parse_url(format_url(endpoint), endpoint.password) == endpoint


@given(endpoints)
def test_the_bind_pdu_carries_the_fields(endpoint: Endpoint) -> None:
    pdu: Any = endpoint.bind_pdu()
    assert pdu.command == f"bind_{endpoint.bind}" and pdu.sequence_number == 0
    for name in ("system_id", "password", "system_type", "interface_version", "addr_ton", "addr_npi", "address_range"):
        assert getattr(pdu, name) == getattr(endpoint, name)


@given(st.text(max_size=60))
def test_any_text_is_an_endpoint_or_an_encode_error(text: str) -> None:
    for url in (text, "smpp://" + text, "smpps://u:p@" + text, "smpp://h/?" + text):
        try:
            assert parse_url(url).hosts
        except EncodeError:
            pass


def test_the_parts_of_a_url() -> None:
    endpoint = parse_url("smpps://me:p%40ss@h1,[2001:db8::1]:3550,10.0.0.1:2775/?bind=trx&system_type=R:route&addr_ton=1&addr_npi=1"
                         "&address_range=%5E385.*$&interface_version=5.0&window=500&rate=99.5&timeout=20&bind_timeout=5&enquire_link=0")
    assert endpoint == Endpoint(
        hosts=(("h1", 2776), ("2001:db8::1", 3550), ("10.0.0.1", 2775)), tls=True, system_id="me", password="p@ss", system_type="R:route",
        addr_ton=1, addr_npi=1, address_range="^385.*$", interface_version=0x50, window=500, rate=99.5, timeout=20.0, bind_timeout=5.0,
        enquire_link=0.0,
    )
    assert parse_url("smpp://h").hosts == (("h", 2775),)
    assert parse_url("SMPP://h/").system_id == ""


@pytest.mark.parametrize(("word", "bind"), [
    ("transceiver", "transceiver"), ("trx", "transceiver"), ("TX", "transmitter"), ("transmitter", "transmitter"), ("rx", "receiver"),
    ("receiver", "receiver"),
])
def test_binds_have_short_names(word: str, bind: str) -> None:
    assert parse_url(f"smpp://h/?bind={word}").bind == bind


@pytest.mark.parametrize(("word", "version"), [("3.3", 0x33), ("3.4", 0x34), ("5.0", 0x50), ("0x34", 0x34), ("0x00", 0)])
def test_versions_are_written_as_people_say_them(word: str, version: int) -> None:
    assert parse_url(f"smpp://h/?interface_version={word}").interface_version == version


def test_a_password_may_be_empty_missing_or_given_apart() -> None:
    assert parse_url("smpp://u:@h").password == parse_url("smpp://u@h").password == ""
    assert parse_url("smpp://u@h", "apart").password == "apart"
    assert parse_url("smpp://u:inside@h", "apart").password == "apart"
    assert parse_url("smpp://u:inside@h", "").password == ""


def test_a_plus_is_a_plus_and_a_raw_at_before_the_last_one_is_the_passwords() -> None:
    endpoint = parse_url("smpp://a+b:p@s+@h/?address_range=1+")
    assert (endpoint.system_id, endpoint.password, endpoint.address_range) == ("a+b", "p@s+", "1+")


SECRET = "s3cr3t"


@pytest.mark.parametrize("url", [
    "smpp://u:{}/x@h", "smpp://u:{}?x@h", "smpp://u:{}#x@h", "smpp://u:{}@", "smpp://u:{}", "smpp://u:{}%zz@h", "smpp://u:{}%FF@h",
    "smpp://u:{}long@h", "smpp://u:{}%00@h", "smpp://u:{}%E2%82%AC@h", "smpp://u:{}@h:0", "smpp://u:{}@h:x", "smpp://u:{}@h/?bnd=tx",
    "smpp://u:{}@h/path", "smpp://u:{}@@[::1", "smpp://h/?password={}", "smpp://h/?user=u:{}@", "u:{}@h", "http://u:{}@h", "smpp://u:{}@h,,",
    "smpp://u:{}@h/?window=0", "smpp://u:x@{}/y@h", "smpp://u:a?{}=1@h", "smpp://u:a:{}", "smpp://[{}]", "smpp://u:{}@h/?system_id={}",
])
def test_no_error_shows_what_may_be_a_password(url: str) -> None:
    if url.endswith("system_id={}"):  # an option of that name is unknown, and its value is not shown
        url = url.replace("{}", SECRET)
    with pytest.raises(EncodeError) as caught:
        parse_url(url.replace("{}", SECRET))
    shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value.__cause__) + caught.value.field
    assert SECRET not in shown
    assert caught.value.__suppress_context__


def test_neither_repr_nor_str_shows_the_password() -> None:
    endpoint = parse_url(f"smpp://u:{SECRET}@h/?bind=rx")
    for shown in (repr(endpoint), str(endpoint), f"{endpoint}", f"{[endpoint]}", format_url(endpoint), str(list(endpoint.__rich_repr__()))):
        assert SECRET not in shown
    assert str(endpoint) == "smpp://u:***@h:2775/?bind=receiver"
    assert "password='***'" in repr(endpoint)
    assert format_url(endpoint) == "smpp://u@h:2775/?bind=receiver"
    assert "password" not in repr(parse_url("smpp://u@h"))


def test_endpoints_can_be_copied_and_sent_to_another_process() -> None:
    endpoint = parse_url("smpp://u:p@h1,h2/?rate=5")
    assert pickle.loads(pickle.dumps(endpoint)) == copy.copy(endpoint) == endpoint
    assert hash(endpoint) == hash(copy.copy(endpoint))
    assert msgspec.structs.replace(endpoint, password="q").password == "q"


@pytest.mark.parametrize(("url", "field", "problem"), [
    ("h:2775", "url", "begins with smpp://"),
    ("http://h", "url", "begins with smpp://"),
    ("smpp://", "host", "a host is missing"),
    ("smpp://u@", "host", "a host is missing"),
    ("smpp://h1,,h2", "host", "a host is missing"),
    ("smpp://a b", "host", "characters that no host name has"),
    ("smpp://h:0", "host", "port 0 of h is not from 1 to 65535"),
    ("smpp://h:65536", "host", "port 65536 of h"),
    ("smpp://h:", "host", "not a number"),
    ("smpp://::1", "host", "brackets"),
    ("smpp://[::1", "host", "brackets"),
    ("smpp://[::1]x", "host", "brackets"),
    ("smpp://[h]", "host", "brackets in a URL are for IPv6"),
    ("smpp://[::g]", "host", "no IPv6 address"),
    ("smpp://h/path", "url", "has no path"),
    ("smpp://h/?x#y", "url", "#"),
    ("smpp://h/?bnd=tx", "bnd", "unknown option 'bnd' in the URL; did you mean 'bind'?"),
    ("smpp://h/?sytem_type=x", "sytem_type", "did you mean 'system_type'?"),
    ("smpp://h/?bind=transciever", "bind", "did you mean 'transceiver'?"),
    ("smpp://h/?bind", "bind", "has no value"),
    ("smpp://h/?bind=tx&bind=rx", "bind", "stands twice"),
    ("smpp://h/?password=x", "password", "does not stand in the query"),
    ("smpp://h/?window=x", "window", "whole number"),
    ("smpp://h/?window=0", "window", "from 1 to 100000"),
    ("smpp://h/?rate=0", "rate", "above 0"),
    ("smpp://h/?rate=inf", "rate", "above 0"),
    ("smpp://h/?rate=nan", "rate", "above 0"),
    ("smpp://h/?timeout=x", "timeout", "must be a number"),
    ("smpp://h/?enquire_link=-1", "enquire_link", "0 or more"),
    ("smpp://h/?addr_ton=256", "addr_ton", "from 0 to 255"),
    ("smpp://h/?interface_version=34", "interface_version", "none of 3.3, 3.4, 5.0"),
    ("smpp://h/?system_type=%zz", "system_type", "%25"),
    ("smpp://h/?system_type=%FF", "system_type", "UTF-8"),
    ("smpp://" + "u" * 16 + "@h", "system_id", "16 characters, the limit is 15"),
    ("smpp://u:" + "p" * 9 + "@h", "password", "9 characters, the limit is 8"),
    ("smpp://h/?system_type=" + "t" * 13, "system_type", "13 characters, the limit is 12"),
    ("smpp://h/?address_range=" + "1" * 41, "address_range", "41 characters, the limit is 40"),
    ("smpp://u%0Av@h", "system_id", "control character"),
    ("smpp://u%E2%82%AC@h", "system_id", "outside Latin-1"),
])
def test_each_fault_is_a_sentence_with_the_field(url: str, field: str, problem: str) -> None:
    with pytest.raises(EncodeError) as caught:
        parse_url(url)
    assert problem in str(caught.value) and caught.value.field == field


@pytest.mark.parametrize("arguments", [{"hosts": ()}, {"hosts": (("h", 1),), "bind": "trx"}, {"hosts": (("a@b", 1),)}])
def test_an_endpoint_made_by_hand_is_checked_too(arguments: dict[str, Any]) -> None:
    with pytest.raises(EncodeError):
        Endpoint(**arguments)


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64 + ".net", "x." + "b" * 64])
def test_a_host_that_can_never_be_looked_up_is_refused(host: str) -> None:
    for make in (lambda: parse_url(f"smpp://u:p@good,{host}:2775"), lambda: Endpoint(hosts=((host, 2775),))):
        with pytest.raises(EncodeError, match="label"):
            make()
    assert parse_url("smpp://u:p@bücher.example.").hosts == (("bücher.example.", 2775),)
