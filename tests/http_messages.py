"""Hypothesis strategies for messages of requests that can be sent."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from smswire.http.request import Recipient, SendMessage

gsm_texts = st.text(st.sampled_from("abcXYZ 019@£$\n{}[]~€"), min_size=1, max_size=400).filter(lambda text: not text.isspace())
latin1_texts = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=("Cc", "Zs")), min_size=1, max_size=300)
unicode_texts = st.text(
    st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="\ufeff\ufffe"), min_size=1,
    max_size=200,
)
digits = st.text(st.sampled_from("0123456789"), min_size=1, max_size=14)
names = st.text(st.sampled_from("ABCabc09._-&"), min_size=1, max_size=11).filter(lambda text: not text.isdigit())
senders = digits | names | digits.map("+".__add__)
numbers = st.from_regex(r"[1-9][0-9]{4,14}", fullmatch=True)
spans = st.integers(0, 95 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
lives = st.integers(1, 48 * 60).map(lambda minutes: timedelta(minutes=minutes))
tons, npis = st.sampled_from(range(7)), st.sampled_from((0, 1, 3, 4, 6, 8, 9, 10, 14, 18))
optional = {"src_ton": tons, "src_npi": npis, "dest_ton": tons, "dest_npi": npis, "send_date_time": spans, "validity_period": lives}


@st.composite
def messages(draw: Any) -> SendMessage:
    """A message to one number, of any type, with any of its parameters."""
    kind = draw(st.sampled_from(("text", "text", "notification", "bookmark", "binary", "header", "long binary")))
    fields = {name: draw(values) for name, values in optional.items() if draw(st.booleans())}
    fields |= {"sender": draw(senders), "recipients": [Recipient(draw(numbers), draw(st.sampled_from(("", "id-1"))))]}
    if draw(st.booleans()):
        fields["campaign_id"] = draw(st.text(st.sampled_from("abcé019-"), max_size=64))
    mode = draw(st.sampled_from((None, 0, 1, 2, 3, 0x80, 0x83)))
    if kind == "text":
        fields |= {"text": draw(gsm_texts | latin1_texts | unicode_texts), "flash": draw(st.booleans())}
        fields |= {"type": draw(st.sampled_from(("", "longSMS"))), "datacoding": draw(st.sampled_from((None, 0, 1, 3, 8, 24, 240)))}
    elif kind == "notification":
        fields |= {"text": draw(gsm_texts | unicode_texts)[:70], "type": "nSMS", "flash": draw(st.booleans())}
        fields["text"] = fields["text"] if not fields["text"].isspace() else "a"
    elif kind == "bookmark":
        fields |= {"type": "bookmark", "wapurl": draw(st.sampled_from(("www.example.com/a.jpg", "https://www.example.org/", "tel:123")))}
        if draw(st.booleans()):
            fields["text"] = draw(unicode_texts)
    elif kind == "long binary":
        fields |= {"type": "longSMS", "datacoding": draw(st.sampled_from((8, 24))), "flash": draw(st.booleans())}
        text = draw(st.sampled_from(("", "\ufeff"))) + draw(unicode_texts) + "x" * 71
        fields["binary"] = text.encode("utf-16-be")
    else:
        fields |= {"datacoding": draw(st.sampled_from((None, 0, 1, 2, 4, 8, 24, 240, 245))), "type": draw(st.sampled_from(("", "longSMS")))}
        fields["flash"] = fields["datacoding"] != 2 and draw(st.booleans())
        fields["binary"] = draw(st.binary(min_size=1, max_size=140))
        if kind == "header":
            mode = 0x40 | (mode or 0)
            length = draw(st.integers(0, 20))
            fields["binary"] = bytes((length,)) + draw(st.binary(min_size=length, max_size=139))
    if mode is not None:
        fields["esmclass"] = mode
    return SendMessage(**fields)
