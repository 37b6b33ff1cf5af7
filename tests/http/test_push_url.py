"""V35, the static half: what can be seen without resolving a name."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.policy import Policy
from smswire.http.push_url import url_problem

PUBLIC = Policy()
PRIVATE = Policy(allow_private=["127.0.0.0/8", "10.1.0.0/16", "fd00::/8"])


@pytest.mark.parametrize("url", [
    "http://example.com", "https://example.com/a?b=c&d=%20#e", "HTTP://EXAMPLE.COM:8080/", "https://example.com:8443",
    "http://example.com:80",
    "http://example.com.:443/", "http://example.com:/", "http://8.8.8.8/", "http://[2606:4700::1111]:8080/", "http://a_b.example-1.org/č",
    "http://xn--mnchen-3ya.example/", "http://example.com?x=http://127.0.0.1/", "http://1.2.3.4.example.com/", "http://[::ffff:8.8.8.8]/",
    "http://example.com/@", "http://0x7f.example/",
])
def test_v35_urls_that_reports_may_go_to(url: str) -> None:
    assert url_problem(url, PUBLIC) == ""


@pytest.mark.parametrize("url", [
    "", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "javascript:alert(1)", "//example.com",
    "http:example.com",
    "http:/example.com", "http://", "http:///path", "http://:80/", "http://?x", "http://#x", "https://user@example.com/",
    "http://user:pass@example.com/", "http://example.com@127.0.0.1/", "http://@example.com/", "http://good\\@127.0.0.1/",
    "http://127.0.0.1\\.example.com/", "http://exa mple.com/", "http://example.com/a b", "http://example.com/\r\nHost: x",
    "http://example.com/\n",
    "\thttp://example.com/", "http://example.com/\0", "http://example.com/\x7f", "http://example.com/\u2028", "http://example.com/\ud800",
    "http://example.com:22/", "http://example.com:0/", "http://example.com:65536/", "http://example.com:99999999/",
    "http://example.com:-80/",
    "http://example.com:8a/", "http://example.com:８０/", "http://example.com:80:80/", "http://münchen.example/", "http://１２７.0.0.1/",
    "http://127。0。0。1/", "http://%31%32%37.0.0.1/", "http://.example.com/", "http://example..com/", "http://-a.com/", "http://a-.com/",
    "http://" + "a" * 64 + ".com/", "http://" + "a." * 127 + "com/", "http://example.com/" + "x" * 2_048, "http://[::1", "http://::1/",
    "http://[example.com]/", "http://[::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[v1.a]/", "http://[]/",
])
def test_v35_urls_that_are_none_or_hide_something(url: str) -> None:
    assert url_problem(url, PUBLIC)
    assert url_problem(url, PRIVATE)


@pytest.mark.parametrize("host", [
    "192.0.0.192", "192.88.99.1", "168.63.129.16", "[::ffff:168.63.129.16]", "[2002:a83f:8110::]",
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "192.0.0.1", "127.0.0.1.", "localhost",
    "LOCALHOST",
    "localhost.", "a.localhost", "[::1]", "[::]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[2001:db8::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2001:0:7f00:1::]", "[100::1]", "[4000::1]",
])
def test_v35_literal_addresses_that_are_not_public(host: str) -> None:
    assert url_problem(f"http://{host}/", PUBLIC)


@pytest.mark.parametrize("host", [
    "2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.0x1", "127.000.000.001",
    "0",
    "1.2.3.4.5", "256.1.1.1", "127.0.0.256", "example.1", "example.0x", "134744072", "010.8.8.8", "8.8.2056", "127.0.0.1..",
])
def test_v35_other_notations_of_addresses_are_refused_even_of_allowed_ones(host: str) -> None:
    assert url_problem(f"http://{host}/", PUBLIC)
    assert url_problem(f"http://{host}/", PRIVATE)


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:9000/push", "http://10.1.2.3:1/", "http://[::ffff:127.0.0.1]:65535/", "https://[fd00::1]:22/",
    "http://localhost:9000/",
    "http://127.0.0.1/", "http://example.com/",
])
def test_v35_allowed_networks_may_be_named_by_address_on_any_port(url: str) -> None:
    assert url_problem(url, PRIVATE) == ""


@pytest.mark.parametrize("url", [
    "http://10.2.0.1/", "http://10.2.0.1:9000/", "http://example.com:9000/", "http://8.8.8.8:9000/", "http://127.0.0.1:0/",
    "http://[::1]:9000/",
    "http://127.0.0.1:65536/",
])
def test_v35_what_is_not_in_an_allowed_network_is_held_as_ever(url: str) -> None:
    assert url_problem(url, PRIVATE)


@pytest.mark.parametrize(("url", "reason"), [
    ("http://a@b.com/", "has user information"), ("http://a b.com/", "has a blank or a control character"),
    ("http://b.com:22/", "has a port that is not allowed"), ("http://10.0.0.1/", "names an address that is not public"),
    ("http://127.1/", "names its host by an address in no plain notation"), ("ftp://b.com/", "is no URL of http or https"),
])
def test_v35_the_reason_says_what_to_change(url: str, reason: str) -> None:
    assert url_problem(url, PUBLIC) == reason


@given(st.integers(0, 2**32 - 1), st.sampled_from((80, 443, 8080, 8443, 22)))
def test_v35_an_address_passes_exactly_if_it_is_public_and_the_port_is_allowed(number: int, port: int) -> None:
    address = ipaddress.IPv4Address(number)
    reserved = any(address in ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
    expected = address.is_global and not address.is_multicast and not reserved and port != 22
    assert (url_problem(f"http://{address}:{port}/", PUBLIC) == "") is expected
    assert (url_problem(f"http://[::ffff:{address}]:{port}/", PUBLIC) == "") is expected


@given(st.text() | st.text().map("http://".__add__) | st.binary(max_size=16).map(lambda octets: f"http://[{octets.hex(':', 2)}]/"))
def test_v35_any_text_is_judged_and_no_reason_shows_it(url: str) -> None:
    problem = url_problem(url, PRIVATE)
    assert problem.isascii() and problem.isprintable() and len(problem) < 100
