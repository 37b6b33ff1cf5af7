"""Layer 6 of 9: who may bind: accounts, the check of a bind against a table of them, and the count of their sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from smpp_core import Pdu, Profile
from smpp_core.spec.values import CommandStatus

from .guard import same_secret
from .rate import Rate

if TYPE_CHECKING:
    from .peer import Session

__all__ = ["Account", "Authenticate", "Roster", "Verdict", "authenticator"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer that has bound may do.

    name: whose sessions are counted together. password: for `authenticator`; never shown. max_sessions: bound at once, of all kinds
    together. window: its requests that may wait for our answers; delivery_window: ours that may wait for its; profile: its dialect; each
    None for the server's. rate: messages a second over all its sessions (a submit_multi counts each destination), of which one second's
    may come at once; more are answered ESME_RTHROTTLED. None for no limit.
    """

    name: str
    password: str | None = None
    max_sessions: int = 4
    window: int | None = None
    delivery_window: int | None = None
    profile: Profile | None = None
    rate: float | None = None

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, max_sessions={self.max_sessions})"


Verdict: TypeAlias = Account | int
Authenticate: TypeAlias = "Callable[[Session, Pdu], Verdict | Awaitable[Verdict]]"


def authenticator(accounts: Mapping[str, str | Account]) -> Authenticate:
    """An `authenticate` for a Server from a table: system_id to password, or to an Account that has one.

    An unknown system_id and a wrong password are both answered ESME_RINVPASWD, after the same work, so that names cannot be found by
    trying. An Account without password never binds this way. The table is read at each bind: it may change while the server runs.
    """

    def authenticate(session: Session, bind: Pdu) -> Verdict:
        name = bind.system_id or ""
        found = accounts.get(name)
        right = found.password if isinstance(found, Account) else found
        same = same_secret(bind.password or "", "" if right is None else right)
        if found is None or right is None or not same:
            return CommandStatus.ESME_RINVPASWD
        return found if isinstance(found, Account) else Account(name=name)

    return authenticate


class Roster:
    """Counts the bound sessions of each account, and keeps the rate that they share."""

    __slots__ = ("_counts", "_rates")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._rates: dict[str, Rate] = {}

    def count(self, name: str) -> int:
        """Sessions of the account."""
        return self._counts.get(name, 0)

    def enter(self, account: Account) -> bool:
        """Count one more session; False if the account has as many as it may have."""
        count = self._counts.get(account.name, 0)
        if count >= account.max_sessions:
            return False
        self._counts[account.name] = count + 1
        return True

    def leave(self, account: Account) -> None:
        """A session that was counted is over."""
        count = self._counts[account.name] - 1
        if count:
            self._counts[account.name] = count
        else:
            del self._counts[account.name]

    def rate(self, account: Account) -> Rate | None:
        """The rate that all sessions of an account share. It is kept when they end: to bind anew does not fill it."""
        if account.rate is None:
            return None
        rate = self._rates.get(account.name)
        if rate is None or rate.per_second != account.rate:
            rate = self._rates[account.name] = Rate(account.rate, max(1.0, account.rate))
        return rate
