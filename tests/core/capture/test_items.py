"""An item says where in the capture it stands, and a PDU with octets missing shows the rest."""

import pickle

import pytest

from smpp_core import Profile
from smpp_core.capture import CapturedPdu, Gap, Item

from .reading import BIND, BIND_RESP, read_ips
from .traffic import message
from .writer import Conversation


def test_an_item_says_where_it_stands():
    conversation = Conversation(client=("10.0.0.1", 40000), server=("10.0.0.2", 2775)).open().send(0, BIND).send(1, BIND_RESP)
    first, second = read_ips(conversation.packets)
    assert (first.stream, first.frame, first.time_ns) == (0, 4, 1_700_000_000_000_000_000 + 3 * 1_000_001)
    assert (first.src, first.dst, first.direction) == ("10.0.0.1:40000", "10.0.0.2:2775", 0)
    assert (second.src, second.dst, second.direction) == ("10.0.0.2:2775", "10.0.0.1:40000", 1)
    assert (first.offset, first.missing, first.header, first.complete, first.after_garbage) == (0, (), True, True, False)
    assert first.pdu.system_id == "harbour" and bytes(first.pdu) == first.octets == BIND and first.length == len(BIND)
    assert first.pdu is first.pdu and first.pdu.profile is Profile.vendor()
    assert "bind_transceiver" in repr(first) or "BindTransceiver" in repr(first)


@pytest.mark.parametrize(("address", "text"), [
    ("::1", "[::1]"), ("::", "[::]"), ("2001:db8::1", "[2001:db8::1]"), ("2001:db8:0:1:0:0:0:1", "[2001:db8:0:1::1]"),
    ("fe80::1:0:0:1", "[fe80::1:0:0:1]"), ("1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"), ("1:0:3:4:5:6:7:8", "[1:0:3:4:5:6:7:8]"),
    ("::ffff:1.2.3.4", "[::ffff:1.2.3.4]"), ("1:2:3:4:5:6:7:0", "[1:2:3:4:5:6:7:0]"), ("1:2:3:4:5:6::", "[1:2:3:4:5:6::]"),
])
def test_addresses_are_written_as_rfc_5952_says(address, text):
    (item,) = read_ips(Conversation(client=(address, 5), server=("::2", 6)).open().send(0, BIND).packets)
    assert (item.src, item.dst) == (f"{text}:5", "[::2]:6")


def test_items_cannot_be_made_but_survive_pickling():
    for kind in (Item, CapturedPdu, Gap):
        with pytest.raises(TypeError):
            kind()
    blank = CapturedPdu.__new__(CapturedPdu)
    assert (blank.stream, blank.src, blank.octets) == (0, "", b"")
    (item,) = read_ips(Conversation().open().send(0, BIND).packets)
    again = pickle.loads(pickle.dumps(item))
    assert (again.src, again.frame, again.octets, again.pdu) == (item.src, item.frame, item.octets, item.pdu)


def test_the_profile_is_that_of_the_pdus():
    (item,) = read_ips(Conversation().open().send(0, message(1, b"hi")).packets, profile=Profile.standard())
    assert item.pdu.profile is Profile.standard()


def test_a_pdu_with_a_hole_shows_what_stands_in_front_of_it():
    conversation = Conversation().open().send(0, BIND)
    octets = message(2, b"x" * 100)
    conversation.send(0, octets[:50]).send(0, octets[50:60]).send(0, octets[60:])
    del conversation.packets[5]
    bind, item = read_ips(conversation.packets)
    assert item.missing == ((50, 60),) and not item.complete
    assert item.octets == octets[:50] + bytes(10) + octets[60:]
    assert item.pdu.sequence_number == 2 and item.pdu.source_addr == "Lantern" and item.pdu.short_message is None
    assert "missing" in repr(item)
