"""Layer 8 of 9: one account of the simulated SMSC as it runs: its settings, its limiter, what is on its way to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .limiter import limiter_of
from .outbox import Outbox
from .scenario import Account

__all__ = ["Customer", "Seat"]


class Customer:
    """settings: the account's. outbox: receipts and inbound messages; lookups: answers of Number Context, for HLR sessions only.

    owed: receipts that were promised to it and are not settled; at the cap its submissions are refused, so that nothing grows.
    """

    def __init__(self, settings: Account, outbox: Outbox, lookups: Outbox) -> None:
        self.settings = settings
        self.name = settings.name
        self.outbox = outbox
        self.lookups = lookups
        self.limiter = limiter_of(settings)
        self.refused_senders = frozenset(settings.refused_senders)
        self.owed = 0


class Seat(Struct, frozen=True):
    """What a session is for, as its system_type says: "sms", "lookup" (HLR, Number Context) or "flash" (NSMS). reports: its route's.

    version: the bind's interface_version.
    """

    customer: Customer
    service: Literal["sms", "lookup", "flash"] = "sms"
    reports: bool = True
    version: int = 0x34
