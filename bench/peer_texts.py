"""The text codecs of others (GSM 7-bit, unpacked: one septet an octet), and the regular expressions that receipts are measured against.

Each is a function that takes its input and returns a loop over it, as in peers.py. smpplib encodes only.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from peers import Loop, version_of

from smpp_core import receipt as receipts

Codec = tuple[Callable[[str], bytes] | None, Callable[[bytes], str] | None, str]

# One tolerant expression, keys in the order of SMPP 3.4 appendix B: what most packages use.
FIXED = re.compile(
    r"id:(?P<id>\S*)\s+sub:(?P<sub>\S*)\s+dlvrd?:(?P<dlvrd>\S*)\s+submit[ _]?date:(?P<submit_date>\S*)\s+done[ _]?date:"
    r"(?P<done_date>\S*)\s+stat:(?P<stat>\S*)\s+err:(?P<err>\S*)(?:\s+text:(?P<text>.*))?", re.IGNORECASE | re.DOTALL)

# One tolerant expression for any order: a key, and its value up to the next key or the end; the text is last.
ANY = re.compile(
    r"(?:^|(?<=\s))(?:text:(?P<text>.*)|(?P<key>id|sub|dlvrd?|submit[ _]?date|done[ _]?date|stat|err):\s*(?P<value>.*?)"
    r"(?=\s+(?:id|sub|dlvrd?|submit[ _]?date|done[ _]?date|stat|err|text):|\s*$))", re.IGNORECASE | re.DOTALL)


def gsm_codecs() -> dict[str, Codec]:
    """Encoder, decoder and version of every GSM 7-bit codec of this machine, by name, smswire first."""
    from smpp_core import gsm7

    found: dict[str, Codec] = {"smswire": (gsm7.encode, gsm7.decode, version_of("smswire") or "source tree")}
    for name, make in (("gsm0338", _gsm0338), ("smsutil", _smsutil), ("smpplib", _smpplib), ("aiosmpplib", _aiosmpplib)):
        try:
            found[name] = (*make(), version_of(name))
        except ImportError:
            continue
    return found


def _gsm0338() -> tuple[Callable[[str], bytes], Callable[[bytes], str]]:
    import gsm0338

    codec = gsm0338.Codec()
    return lambda text: codec.encode(text)[0], lambda octets: codec.decode(octets)[0]


def _smsutil() -> tuple[Callable[[str], bytes], Callable[[bytes], str]]:
    import smsutil.codecs  # noqa: F401  (registers the codec)

    return lambda text: text.encode("gsm0338"), lambda octets: octets.decode("gsm0338")


def _smpplib() -> tuple[Callable[[str], bytes], None]:
    from smpplib.gsm import gsm_encode

    return gsm_encode, None


def _aiosmpplib() -> tuple[Callable[[str], bytes], Callable[[bytes], str]]:
    from aiosmpplib.codec import GSM7BitCodec

    codec = GSM7BitCodec()
    return lambda text: codec.encode(text)[0], lambda octets: codec.decode(octets)[0]


def over(call: Callable[[Any], Any], items: Sequence[Any]) -> Loop:
    """A loop that calls a function with each item."""
    def loop() -> None:
        for item in items:
            call(item)
    return loop


def parse_receipt(octets: bytes) -> Any:
    """smpp_core, with four fields read."""
    receipt = receipts.parse_receipt(octets, flagged=True)
    receipt.id, receipt.stat, receipt.done_date, receipt.err
    return receipt


def parse_fixed(octets: bytes) -> dict[str, str] | None:
    """The fixed-order expression, as most packages apply it."""
    match = FIXED.search(octets.decode("latin-1"))
    return match.groupdict() if match else None


def parse_any(octets: bytes) -> dict[str, str]:
    """The any-order expression."""
    found: dict[str, str] = {}
    for match in ANY.finditer(octets.decode("latin-1")):
        key, value, text = match["key"], match["value"], match["text"]
        if key:
            found.setdefault(key.lower(), value)
        else:
            found.setdefault("text", text)
    return found
