"""Strategies of requests to send (layer 7) that every form of the API can say: values at both ends of their range, absent ones too."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.value import NPIS, TONS, TYPES

__all__ = ["messages", "numbers", "recipients", "send_requests"]

# What XML 1.0 can hold, too; carriage returns among them.
_ANY = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
_WORD = st.text(_ANY, min_size=1, max_size=12).filter(lambda text: text == text.strip())
_words = st.just("") | _WORD
_octets = st.none() | st.integers(0, 255)
_tons = st.none() | st.sampled_from(sorted(TONS))
_npis = st.none() | st.sampled_from(sorted(NPIS))
_YEAR = 365 * 86_400

numbers = st.from_regex(r"[1-9][0-9]{4,14}", fullmatch=True)
_listed = st.text("0123456789+abcXYZ()&%=;' äш", min_size=1, max_size=12).filter(lambda text: text == text.strip())
recipients = st.builds(Recipient, numbers | _listed, st.just("") | _listed)
messages = st.builds(
    SendMessage,
    sender=_words, text=st.none() | st.text(_ANY, max_size=40).filter(lambda text: text != "" and not text.isspace()), flash=st.booleans(),
    type=st.sampled_from(("", *TYPES)), wapurl=_words, binary=st.none() | st.binary(min_size=1, max_size=20), datacoding=_octets,
    esmclass=_octets, src_ton=_tons, src_npi=_npis, dest_ton=_tons, dest_npi=_npis,
    send_date_time=st.none() | st.integers(0, _YEAR).map(lambda seconds: timedelta(seconds=seconds)),
    validity_period=st.none() | st.integers(1, 48 * 60).map(lambda minutes: timedelta(minutes=minutes)), appid=_words,
    push_url=_words.filter(lambda text: text.lower() != "nopush"), nopush=st.booleans(), campaign_id=_words,
    recipients=st.lists(recipients, max_size=5),
)


def send_requests(most: int = 3) -> st.SearchStrategy[SendRequest]:
    """Requests of 1 to most messages."""
    return st.builds(SendRequest, username=_words, password=_words, messages=st.lists(messages, min_size=1, max_size=most))
