"""Addresses: what people write gets the right TON and NPI or is refused with a sentence; what stood in a PDU is read whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.alphabets import LOCKING, SINGLE
from smswire.message.address import Address

digits = st.text("0123456789", min_size=1, max_size=14)
in_gsm_and_latin1 = [char for char in {*LOCKING[0]} if char.isprintable() and ord(char) < 256]
of_extension = [char for char in {*SINGLE[0]} if char.isprintable() and ord(char) < 256]


@given(digits, st.sampled_from(["", "+"]))
def test_a_numeric_sender_is_international(number, plus):
    assert Address.sender(plus + number) == Address(number, 1, 1)


@given(st.text(in_gsm_and_latin1, min_size=1, max_size=11).filter(lambda text: not text.removeprefix("+").isdigit()))
def test_any_other_sender_is_alphanumeric_and_goes_through_a_pdu(text):
    sender = Address.sender(text)
    assert sender == Address(text, 5, 0)
    pdu = smpp.SubmitSm(source_addr=sender.value, source_addr_ton=sender.ton, source_addr_npi=sender.npi)
    assert Address.of_source(pdu) == sender


@given(st.text("0123456789", min_size=5, max_size=15).filter(lambda text: text[0] != "0"), st.sampled_from(["", "+"]))
def test_a_destination_is_a_number_of_e_164(number, plus):
    assert Address.destination(plus + number) == Address(number, 1, 1)


@given(st.text(max_size=30))
def test_whatever_is_written_gives_an_address_that_fits_in_a_pdu_or_an_encode_error(text):
    for make, field in ((Address.sender, "sender"), (Address.destination, "to")):
        try:
            made = make(text)
        except smpp.EncodeError as error:
            assert error.field == field and "\n" not in str(error)
        else:
            assert str(made) == made.value
            assert smpp.SubmitSm(source_addr=made.value, destination_addr=made.value).source_addr == made.value


@pytest.mark.parametrize(("text", "kind"), [("38591", (1, 1)), ("Infobip", (5, 0))])
def test_a_ton_or_npi_given_alone_keeps_the_default_of_the_other(text, kind):
    ton, npi = kind
    assert Address.sender(text, ton=3) == Address(text, 3, npi)
    assert Address.sender(text, npi=8) == Address(text, ton, 8)
    assert Address.sender(text, 0, 0) == Address(text, 0, 0)
    assert Address.destination("38591", npi=0) == Address("38591", 1, 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "sender is empty"),
        ("385" * 5, "sender has 15 digits, the limit is 14"),
        ("+" + "1" * 15, "sender has 15 digits, the limit is 14"),
        ("twelve chars", "alphanumeric sender has 12 characters, the limit is 11"),
        ("[" * 6, "alphanumeric sender has 12 characters (characters of the extension table count two), the limit is 11"),
        ("a\nb", "sender has '\\n' (U+000A) at index 1, which an alphanumeric sender cannot have"),
        ("a\0", "sender has '\\x00' (U+0000) at index 1, which an alphanumeric sender cannot have"),
        ("Žuti", "sender has '\\u017d' (U+017D) at index 0, which an alphanumeric sender cannot have"),
        ("ΔΣ", "sender has '\\u0394' (U+0394) at index 0, which an alphanumeric sender cannot have"),
        ("٣٨٥", "sender has '\\u0663' (U+0663) at index 0, which an alphanumeric sender cannot have"),
        ("3€", "sender has '\\u20ac' (U+20AC) at index 1, which an alphanumeric sender cannot have"),
    ],
)
def test_a_bad_sender_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(smpp.EncodeError) as caught:
        Address.sender(text)
    assert str(caught.value) == sentence and caught.value.field == "sender"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "to is empty"),
        ("+", "to is empty"),
        ("0038591", "to begins with 0; write the country code first, without 00"),
        ("038591", "to begins with 0; write the country code first, without 00"),
        ("3859", "to has 4 digits, not 5 to 15"),
        ("1" * 16, "to has 16 digits, not 5 to 15"),
        ("385 91 123", "to is '385 91 123'; it has digits only, after a + that may be left out"),
        ("38591\r\n", "to is '38591\\r\\n'; it has digits only, after a + that may be left out"),
        ("٣٨٥٩١٢", "to is '\\u0663\\u0668\\u0665\\u0669\\u0661\\u0662'; it has digits only, after a + that may be left out"),
        ("++38591", "to is '++38591'; it has digits only, after a + that may be left out"),
    ],
)
def test_a_bad_destination_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(smpp.EncodeError) as caught:
        Address.destination(text)
    assert str(caught.value) == sentence and caught.value.field == "to"


@pytest.mark.parametrize(("ton", "npi"), [(256, None), (None, -1)])
def test_a_ton_or_npi_that_is_no_octet_is_refused(ton, npi):
    with pytest.raises(smpp.EncodeError, match="is no octet"):
        Address.sender("38591", ton, npi)
    with pytest.raises(smpp.EncodeError, match="is no octet"):
        Address.destination("38591", ton, npi)


def test_addresses_of_a_pdu_are_read_however_short_it_is():
    octets = bytes(smpp.SubmitSm(source_addr="Infobip", source_addr_ton=5, destination_addr="38591", dest_addr_ton=1, dest_addr_npi=1))
    for end in range(16, len(octets) + 1):
        pdu = smpp.decode(end.to_bytes(4, "big") + octets[4:end], strict=False)
        assert "Infobip".startswith(Address.of_source(pdu).value) and Address.of_source(pdu).ton in (0, 5)
        assert "38591".startswith(Address.of_destination(pdu).value)
    assert Address.of_source(pdu) == Address("Infobip", 5, 0) and Address.of_destination(pdu) == Address("38591", 1, 1)
    for pdu in (smpp.EnquireLink(), smpp.SubmitMulti(), smpp.GenericNack(), smpp.QuerySm()):
        assert Address.of_source(pdu) == Address.of_destination(pdu) == Address("")


def test_addresses_are_equal_by_value_and_can_be_keys():
    assert {Address("1", 1, 1): 1}[Address("1", 1, 1)] == 1
    with pytest.raises(AttributeError):
        Address("1").value = "2"
