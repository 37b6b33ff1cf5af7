"""WAP push: the specification's own example, every URL and title back from its octets, and the PDUs that carry them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core import udh
from smswire.message.compose import compose
from smswire.message.push import decode_push, push_pdu, service_indication, wap_push

STARTS = {0x0B: "", 0x0C: "http://", 0x0D: "http://www.", 0x0E: "https://", 0x0F: "https://www."}
VALUES = {0x85: ".com/", 0x86: ".edu/", 0x87: ".net/", 0x88: ".org/"}
ACTIONS = {5: "signal-none", 6: "signal-low", 7: "signal-medium", 8: "signal-high", 9: "delete"}


def read(octets: bytes) -> dict[str, str]:
    """Read a service indication, by WAP-167 8 and WAP-192: attributes by name, and the title."""
    assert octets[:6] == bytes.fromhex("02056a0045c6")
    at, found, name = 6, {}, ""
    while octets[at] != 1:
        token = octets[at]
        at += 1
        if token in STARTS:
            name, found["href"] = "href", STARTS[token]
        elif token in ACTIONS:
            found["action"] = ACTIONS[token]
        elif token in (0x0A, 0x10, 0x11):
            name = {0x0A: "created", 0x10: "si-expires", 0x11: "si-id"}[token]
            found[name] = ""
        elif token in VALUES:
            found[name] += VALUES[token]
        elif token == 3:
            end = octets.index(0, at)
            found[name] += octets[at:end].decode()
            at = end + 1
        else:
            assert token == 0xC3
            found[name] += octets[at + 1:at + 1 + octets[at]].hex()
            at += 1 + octets[at]
    assert octets[at:at + 2] == b"\1\3" and octets[-3:] == b"\0\1\1"
    return found | {"title": octets[at + 2:-3].decode()}


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)


def test_the_example_of_the_specification():
    made = service_indication(
        "http://www.xyz.com/email/123/abc.wml", "You have 4 new emails", created=datetime(1999, 6, 25, 15, 23, 15, tzinfo=UTC),
        expires=datetime(2099, 6, 30, tzinfo=UTC),
    )
    assert made.hex() == (
        "02056a0045c60d0378797a008503656d61696c2f3132332f6162632e776d6c000ac30719990625152315" "10c30420990630"
        "0103596f7520686176652034206e657720656d61696c73000101"
    )


@given(
    st.sampled_from(["http://", "https://", "http://www.", "https://www.", "ftp://", "tel:"]), texts.filter(bool), texts,
    st.sampled_from([*ACTIONS.values(), None]), texts,
)
def test_url_and_title_come_back_from_the_octets(start, rest, title, action, name):
    url = start + rest
    assert read(service_indication(url, title, action=action, id=name)) == (
        {"href": url, "title": title or url} | ({"action": action} if action else {}) | ({"si-id": name} if name else {})
    )


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])))
def test_dates_are_utc_without_the_zeros_at_their_end(when):
    digits = read(service_indication("x", "y", created=when))["created"]
    utc = when.astimezone(UTC)
    assert digits.ljust(14, "0") == utc.strftime("%Y%m%d%H%M%S").zfill(14)
    assert not digits.endswith("00") and len(digits) % 2 == 0


@pytest.mark.parametrize(
    ("url", "href"), [("example.com/a", "http://example.com/a"), ("host:8080/a", "http://host:8080/a"), ("mailto:a@b", "mailto:a@b")],
)
def test_a_url_without_a_scheme_gets_one_and_no_title_means_the_url(url, href):
    assert read(service_indication(url)) == {"href": href, "title": href}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"url": " "}, "the URL of a WAP push is empty"),
        ({"url": "a\0"}, "url has a NUL"),
        ({"url": "a", "title": "\0"}, "title has a NUL"),
        ({"url": "a", "title": "\ud800"}, "title has half of a surrogate pair at index 0"),
        ({"url": "a", "action": "loud"}, "action is 'loud', not one of signal-none, signal-low, signal-medium, signal-high, delete"),
        ({"url": "a", "created": datetime(2026, 1, 1)}, "created has no time zone"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(smpp.EncodeError) as caught:
        service_indication(**arguments)
    assert str(caught.value) == sentence


def test_the_push_pdu_names_the_content_type():
    assert push_pdu(b"doc", 7) == bytes.fromhex("0706 04 03ae81ea") + b"doc"
    with pytest.raises(smpp.EncodeError, match="transaction 256 is no octet"):
        push_pdu(b"", 256)


@pytest.mark.parametrize("profile", [smpp.Profile.vendor(), smpp.Profile.standard()], ids=lambda profile: profile.name)
def test_a_push_is_binary_for_the_push_port(profile):
    [pdu] = compose(wap_push("385951111111", "http://a.com/b", "Hi", sender="Infobip"), profile=profile).pdus()
    text = smpp.decode_text(pdu)
    assert (pdu.data_coding, pdu.esm_class) == (245, 0x40) and text.alphabet == "binary" and text.message_class == 1
    assert text.udh.ports == udh.Ports(2948, 9200, 16) and text.udh.octets.hex() == "0605040b8423f0"
    assert read(text.octets[7:]) == {"href": "http://a.com/b", "title": "Hi"}


def test_a_long_push_is_split_and_each_part_has_the_ports():
    url = "http://example.com/" + "x" * 300
    made = compose(wap_push("385951111111", url, "Hi", reference=9, transaction=3))
    texts = [smpp.decode_text(pdu) for pdu in made.pdus()]
    assert [(text.udh.concat, text.udh.ports.destination) for text in texts] == [(udh.Concat(9, 3, n, 8), 2948) for n in (1, 2, 3)]
    assert max(len(pdu.short_message) for pdu in made.pdus()) == 140
    assert read(b"".join(text.octets for text in texts)[7:]) == {"href": url, "title": "Hi"}


@given(
    st.sampled_from(["", "http://", "https://www.", "tel:"]), st.text(min_size=1, max_size=40), st.text(max_size=40), st.integers(0, 255),
)
def test_a_url_and_a_title_come_back_from_a_push(start, url, title, transaction):
    try:
        document = service_indication(start + url, title)
    except smpp.EncodeError:
        return
    found = decode_push(push_pdu(document, transaction))
    assert found is not None
    assert found[0] in (start + url, f"http://{start}{url}") and found[1] == (title or found[0])


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda octets: push_pdu(service_indication("http://a.com/b"))[:14] + octets))
def test_any_octets_are_a_push_that_would_be_written_the_same_or_none(octets):
    found = decode_push(octets)
    assert found is None or push_pdu(service_indication(*found), octets[0]) == octets


@pytest.mark.parametrize("more", [{"action": "delete"}, {"id": "7"}, {"created": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_a_push_that_says_more_than_url_and_title_is_not_taken_for_one(more):
    assert decode_push(push_pdu(service_indication("http://a.com/b", "Hi"))) == ("http://a.com/b", "Hi")
    assert decode_push(push_pdu(service_indication("http://a.com/b", "Hi", **more))) is None
    assert decode_push(push_pdu(service_indication("http://a.com/b", "Hi")) + b"\0") is None
