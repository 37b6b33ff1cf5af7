"""Layer 8 of 9: what becomes of a message, and when: a function of the seed and the message's number, and of the scenario's rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from smpp_core import MessageState

from .chance import Draw, mix, share_of
from .distribution import Delay
from .handset import Handsets, matcher
from .scenario import Handset, Network, Outcome, Rule

__all__ = ["ABSENT", "MEMORY_FULL", "VALIDITY_OVER", "Fate", "Fates"]

# GSM error codes of the vendor's table 15.
ABSENT = 27
MEMORY_FULL = 256
VALIDITY_OVER = 4101

_STATES = {state.name: state for state in MessageState}
_NEVER = float("inf")


class Fate(NamedTuple):
    """status: refuses the message at once, 0 for none. state, error: what it ends in after delay seconds (infinite: never, so that it
    expires). receipt: whether the receipt is sent. intermediate: notifications before. expired_error: what an expiry says instead.
    """

    status: int
    state: MessageState
    error: int
    delay: float
    receipt: bool = True
    intermediate: int = 0
    expired_error: int = VALIDITY_OVER


class Fates:
    """Deals fates. rules, delay: the scenario's; handsets: may be switched off or full, whatever a rule says about delivery."""

    def __init__(self, rules: Iterable[Rule], delay: Delay, handsets: Handsets, seed: int) -> None:
        self._rules = [_Compiled(rule) for rule in rules]
        self._delay = delay
        self._handsets = handsets if handsets else None
        self._seed = seed
        self.reads_text = any(rule.text is not None for rule in self._rules)

    def deal(self, number: int, to: str, sender: str, account: str, network: Network, text: str = "") -> Fate:
        """The fate of a message. number: its own, which chance hangs on; text: needed where `reads_text` says so."""
        bits = mix(self._seed, number)
        outcome = _DELIVERED
        for rule in self._rules:
            if rule.fits(to, sender, account, network.name, text):
                outcome = rule.draw.at(share_of(bits))
                break
        if outcome.status is not None:
            return Fate(outcome.refusal, MessageState.REJECTED, 0, 0.0)
        state = _STATES[outcome.state]
        delay = _NEVER if state is MessageState.ENROUTE else (outcome.delay or network.delay or self._delay).quantile(share_of(bits >> 32))
        if self._handsets is not None and state is MessageState.DELIVERED:
            handset = self._handsets.find(to)
            if handset is not None and handset.state != "on":
                return _of_handset(handset, outcome, delay)
        return Fate(0, state, outcome.error, delay, outcome.receipt, outcome.intermediate)


def _of_handset(handset: Handset, outcome: Outcome, delay: float) -> Fate:
    notes = outcome.intermediate or 1
    if handset.state == "full":
        return Fate(0, MessageState.UNDELIVERABLE, MEMORY_FULL, delay, outcome.receipt, notes, MEMORY_FULL)
    wait = _NEVER if handset.on_after is None else max(handset.on_after, delay)
    return Fate(0, MessageState.DELIVERED, outcome.error, wait, outcome.receipt, notes, ABSENT)


_DELIVERED = Outcome()


class _Compiled:
    """A rule, ready to be asked."""

    def __init__(self, rule: Rule) -> None:
        self._to = matcher(rule.to) if rule.to else None
        self._sender = matcher(rule.sender) if rule.sender else None
        self._account = rule.account
        self._network = rule.network
        self.text: Callable[[str], object] | None = re.compile(rule.text).search if rule.text else None
        self.draw = Draw(rule.outcomes, [outcome.weight for outcome in rule.outcomes])

    def fits(self, to: str, sender: str, account: str, network: str, text: str) -> bool:
        return not (
            self._account and self._account != account
            or self._network and self._network != network
            or self._to is not None and not self._to(to)
            or self._sender is not None and not self._sender(sender)
            or self.text is not None and not self.text(text)
        )
