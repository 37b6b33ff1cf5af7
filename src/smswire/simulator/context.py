"""Layer 8 of 9: Number Context over SMPP (system_type HLR): what is known about a number, and the deliver_sm that says it (vendor 3.2)."""

from __future__ import annotations

from typing import NamedTuple

from smpp_core import DeliverSm, MessageState, Pdu, format_receipt

from .chance import mix, share_of
from .clock import Clock
from .fate import ABSENT
from .handset import Handsets
from .network import Networks
from .receipts import MOST_SHORT, RECEIPT, error_octets
from .scenario import Context, Network
from .store import Submission

__all__ = ["NO_ROUTE", "ContextWriter", "Found", "Lookups"]

NO_ROUTE = 1153  # GSM error of the vendor's table 15: no route for this address
_NOWHERE = "0000000000"
_IMSI_DIGITS = 15
_SALT = 0x4E43  # so that a number's context does not hang together with the fates of messages


class Found(NamedTuple):
    """What a lookup found. state, error: as the receipt says. original: the network that issued the number, None if unknown; home: the
    one it was ported to, else original; serving: the one it is roaming in, else home. imsi, msc, hlr: digits, "" where unknown.
    """

    state: MessageState
    error: int
    original: Network | None
    home: Network | None = None
    serving: Network | None = None
    imsi: str = ""
    msc: str = ""
    hlr: str = ""

    @property
    def ported(self) -> bool:
        """True if the number has left its original network."""
        return self.home is not self.original


class Lookups:
    """Looks numbers up: always with the same answer for the same seed, since a number does not move while it is being simulated."""

    def __init__(self, networks: Networks, handsets: Handsets, seed: int) -> None:
        self._networks = networks
        self._handsets = handsets
        self._seed = seed ^ _SALT

    def find(self, number: str) -> Found:
        """What is known about a number (digits)."""
        original = self._networks.find(number)
        if original is None or not original.covered:
            return Found(MessageState.REJECTED, NO_ROUTE, original)
        bits, more = mix(self._seed, int(number)), mix(~self._seed, int(number))
        handset = self._handsets.find(number)
        off = handset is not None and handset.state == "off"
        if off or share_of(more >> 32) < original.absent:
            return Found(MessageState.UNDELIVERABLE, ABSENT, original)
        by_name = self._networks.by_name
        home = by_name[original.ported_to] if share_of(bits) < original.ported else original
        serving = by_name[original.roaming_in] if share_of(bits >> 32) < original.roaming else home
        rest = _IMSI_DIGITS - len(home.mccmnc)
        imsi = f"{home.mccmnc}{more % 10 ** rest:0{rest}d}" if home.mccmnc else ""
        return Found(
            MessageState.DELIVERED, 0, original, home, serving, imsi, f"{_prefix(serving)}016" if _prefix(serving) else "",
            f"{_prefix(home)}017" if _prefix(home) else "",
        )


def _prefix(network: Network) -> str:
    return network.country_prefix + network.network_prefix


class ContextWriter:
    """Writes the answers to lookups. options: the scenario's package; clock: of dates."""

    def __init__(self, options: Context, clock: Clock) -> None:
        self._options = options
        self._omit = frozenset(options.omit)
        self._clock = clock

    def write(self, submission: Submission, found: Found, now: float) -> Pdu:
        """The deliver_sm about a lookup: from the number, to nowhere, text and TLVs as the vendor's document prints them (V53)."""
        stamp = self._clock.stamp
        text = format_receipt(
            submission.id, found.state, dlvrd=1, sub=1, submit_date=stamp(submission.submitted, 10), done_date=stamp(now, 10),
            err=found.error, text=None, extra=_words(found), form="context",
        )
        tlvs: list[tuple[int | str, int | str | bytes]] = [
            ("network_error_code", error_octets(found.error)), ("message_state", int(found.state)), ("receipted_message_id", submission.id),
        ]
        tlvs += [(name, value) for name, value in _facts(found, self._options.price) if name not in self._omit]
        if len(text) > MOST_SHORT:
            tlvs.append(("message_payload", text))
            text = b""
        return DeliverSm(source_addr=submission.to, destination_addr=_NOWHERE, esm_class=RECEIPT, short_message=text, tlvs=tlvs)


def _words(found: Found) -> dict[str, str]:
    """The keys behind `err`; a failed lookup has those that stand always, and what is known of the number's origin."""
    if found.home is None or found.serving is None:
        return {"ORN": found.original.name} if found.original is not None and found.original.name else {}
    return {
        "IMSI": found.imsi, "MSC": found.msc, "HLR": found.hlr, "ORN": found.original.name if found.original is not None else "",
        "PON": found.home.name if found.ported else "", "RON": found.serving.name, "ROC": found.serving.country_code,
        "MCCMNC": found.home.mccmnc,
    }


def _facts(found: Found, price: int) -> list[tuple[str, int | str | bytes]]:
    """The TLVs of table 14 in the order of the document's example, without those that nothing is known for; IMSI and MSC last."""
    original, home, serving = found.original, found.home, found.serving
    texts: list[tuple[str, int | str | bytes]] = [("serving_hlr", found.hlr)]
    if original is not None:
        texts += [("original_network_prefix", original.network_prefix), ("original_network_name", original.name)]
    if home is not None and found.ported:
        texts += [
            ("ported_network_name", home.name), ("ported_country_prefix", home.country_prefix),
            ("ported_network_prefix", home.network_prefix), ("ported_network_country_name", home.country),
        ]
    if serving is not None:
        texts += [
            ("roaming_network_name", serving.name), ("roaming_country_name", serving.country),
            ("roaming_country_code", serving.country_code),
        ]
    facts = [(name, value) for name, value in texts if value]
    facts += [("mccmnc", home.mccmnc if home is not None else ""), ("price_per_message", price)]
    if serving is not None:
        places = [("roaming_network_prefix", serving.network_prefix), ("roaming_country_prefix", serving.country_prefix)]
        facts += [(name, value) for name, value in places if value]
    facts.append(("is_number_ported", int(home is not None and found.ported)))
    if original is not None:
        places = [
            ("original_country", original.country), ("original_country_code", original.country_code),
            ("original_country_prefix", original.country_prefix),
        ]
        facts += [(name, value) for name, value in places if value]
    facts.append(("is_number_correct", 1))
    if found.imsi:
        facts.append(("imsi", found.imsi))
    if found.msc:
        facts.append(("msc", found.msc))
    return facts
