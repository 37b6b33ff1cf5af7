"""A message takes addresses as people write them, and the parts of a text join to it in whatever order they are."""

import copy
import pickle
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.message.address import Address
from smswire.message.message import Message, Part, join


def test_make_reads_addresses_and_passes_the_rest_on():
    made = Message.make("+385951111111", "hi", sender="Infobip", flash=True)
    assert made == Message(to=Address("385951111111", 1, 1), sender=Address("Infobip", 5, 0), text="hi", flash=True)
    assert Message.make(Address("12"), binary=b"x") == Message(to=Address("12"), binary=b"x")


def test_make_refuses_what_is_no_address_or_option():
    with pytest.raises(EncodeError, match="to has 2 digits"):
        Message.make("12", "hi")
    with pytest.raises(EncodeError, match="sender is empty"):
        Message.make("38591", "hi", sender="")
    with pytest.raises(TypeError):
        Message.make("38591", "hi", colour="red")


@given(st.lists(st.text(max_size=4), min_size=1, max_size=8), st.randoms())
def test_parts_join_in_any_order(texts, random):
    parts = [Part(number, len(texts), text, b"", 0) for number, text in enumerate(texts, 1)]
    random.shuffle(parts)
    assert join(parts) == "".join(texts)
    assert join([Part(1, 1, None, b"\1", 1)]) == ""


def test_messages_can_be_pickled_and_copied():
    made = Message.make("385951111111", "hi", sender="+38591", ports=(1, 2), reference=7, validity=timedelta(hours=1))
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == made
