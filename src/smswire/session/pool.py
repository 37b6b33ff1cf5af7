"""Layer 6 of 9: several binds of one account that work as one client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from smpp_core import EncodeError

from .client import Client
from .url import Bind, Endpoint

__all__ = ["Pool"]

_BINDS = 1_000  # more binds to one account are a slip


class Pool(Client):
    """A client with several binds: it has all that `Client` has.

    url and options: those of Client; window is each bind's, rate and retry are shared. binds: how many of the URL's kind. kinds: instead,
    the kind of each one, as ("transmitter", "transmitter", "receiver").

    A request goes out on the bound link with the fewest in flight; deliveries of all links come to one inbound. A link that has fallen
    does not stop the others: only what was in flight on it ends with SessionClosed. Entering raises only if no bind succeeds; an account
    that allows fewer (ESME_RALYBND) keeps what it got, and the rest try again.
    """

    def __init__(self, url: str | Endpoint, binds: int = 4, *, kinds: Sequence[Bind] | None = None, **options: Any) -> None:
        super().__init__(url, **options)
        if kinds is not None:
            self.kinds: tuple[Bind, ...] = tuple(kinds)
        else:
            self.kinds = (self.endpoint.bind,) * binds
        if not 1 <= len(self.kinds) <= _BINDS:
            raise EncodeError(f"a pool has 1 to {_BINDS} binds, not {len(self.kinds)}", "binds")
        self._each = [msgspec.structs.replace(self.endpoint, bind=kind) for kind in self.kinds]

    def _endpoints(self) -> Sequence[Endpoint]:
        return self._each
