"""Hypothesis strategies of requests that XML, JSON and plain can hold alike: load of what dump wrote gives them back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.value import LONGEST_VALIDITY, TYPES

# What all three forms hold: XML has neither most control characters nor halves of surrogate pairs.
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r&<>\"'%+=;\\ ]")
_words = st.text(_CHARACTERS, min_size=1, max_size=12).filter(lambda text: text == text.strip() != "")
_texts = st.text(_CHARACTERS, min_size=1, max_size=40).filter(lambda text: not text.isspace())
_tons = st.integers(0, 6) | st.none()
_npis = st.sampled_from([None, 0, 1, 3, 4, 6, 8, 9, 10, 14, 18])
_octets = st.none() | st.integers(0, 255)
_numbers = st.text("0123456789", min_size=1, max_size=15) | _words.filter(lambda text: "," not in text)
_ids = _words.filter(lambda text: "," not in text)


@st.composite
def _recipients(draw: st.DrawFn) -> list[Recipient]:
    numbers = draw(st.lists(_numbers, max_size=4))
    # Plain pairs ids by position, and has fewer, not gaps.
    ids = draw(st.lists(_ids, max_size=len(numbers)))
    return [Recipient(gsm, message_id) for gsm, message_id in zip(numbers, [*ids, *[""] * len(numbers)])]


messages = st.builds(
    SendMessage,
    sender=st.just("") | _words, text=st.none() | _texts, flash=st.booleans(), type=st.just("") | st.sampled_from(TYPES),
    wapurl=st.just("") | _words, binary=st.none() | st.binary(min_size=1, max_size=20), datacoding=_octets, esmclass=_octets,
    src_ton=_tons, src_npi=_npis, dest_ton=_tons, dest_npi=_npis,
    send_date_time=st.none() | st.integers(0, 365 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    validity_period=st.none() | st.integers(1, LONGEST_VALIDITY // timedelta(minutes=1)).map(lambda minutes: timedelta(minutes=minutes)),
    appid=st.just("") | _words, push_url=st.just("") | _words.filter(lambda text: text.lower() != "nopush"), nopush=st.booleans(),
    campaign_id=st.just("") | _words, recipients=_recipients(),
)


def send_requests(most: int = 3) -> st.SearchStrategy[SendRequest]:
    """Requests of one to `most` messages."""
    return st.builds(
        SendRequest, username=st.just("") | _words, password=st.just("") | _words, messages=st.lists(messages, min_size=1, max_size=most))
