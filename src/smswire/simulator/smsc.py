"""Layer 8 of 9: the simulated SMSC: an SMPP server that behaves as its scenario says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from msgspec.structs import asdict, replace

from smpp_core import CancelSm, CommandStatus, DataSm, Pdu, Profile, QuerySm, ReplaceSm, SubmitMulti, SubmitSm

from ..session.account import Account as SessionAccount
from ..session.guard import same_secret
from ..session.limits import SERVER, Limits
from ..session.link import Link, Observer
from ..session.peer import Session
from ..session.server import Server
from .clock import Clock
from .customer import Customer, Seat
from .desk import Desk
from .faulty_link import Faults
from .intake import Intake
from .lifecycle import Lifecycle
from .scenario import Account, Scenario, load
from .statistics import Statistics
from .store import Submission

__all__ = ["Simulator"]

_UNKNOWN_NAME = int(CommandStatus.ESME_RINVSYSID)
_WRONG_PASSWORD = int(CommandStatus.ESME_RINVPASWD)
_WRONG_TYPE = int(CommandStatus.ESME_RINVSYSTYP)
_COMMAND = int(CommandStatus.ESME_RINVCMDID)
# Every request is answered before the next read, so that what waits for answers is what one read brought: no wider window is refused.
_LIMITS = replace(SERVER, inbound=100_000, inbound_octets=16_777_216)


class Simulator:
    """An SMSC for tests, demonstrations and load: `async with Simulator("realistic", accounts={"name": "password"}) as smsc`.

    scenario: a Scenario, the name of a shipped one, a TOML file or TOML text. accounts: further ones, name -> password; they replace
    those of the same name, and have the scenario's default_account. seed: instead of the scenario's; the same seed, clock and order of
    submissions give the same ids, fates and receipts. host, port: 0 picks a free one. tls: a context. limits: time-outs of sessions.
    link: makes connections, default Link, or Faults.link where the scenario has faults. observer: sees every PDU.
    Raises ScenarioError for a bad scenario.
    """

    def __init__(
        self, scenario: Scenario | str | PathLike[str] = "default", *, accounts: Mapping[str, str] | None = None, seed: int | None = None,
        host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None, limits: Limits | None = None,
        link: Callable[..., Link] | None = None, observer: Observer | None = None,
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.seed = self.scenario.seed if seed is None else seed
        self.host = host
        defaults = asdict(self.scenario.default_account)
        self._accounts = {account.name: account for account in self.scenario.accounts}
        for name, password in (accounts or {}).items():
            known = self._accounts.get(name)
            self._accounts[name] = replace(known, password=password) if known else Account(name=name, password=password, **defaults)
        self._types = {name.lower() for name in self.scenario.system_types}
        self._routes = {route.code.lower(): route for route in self.scenario.routes}
        self._port = port
        self._tls = tls
        self._limits = limits if limits is not None else _LIMITS
        if link is None:
            link = Faults(self.scenario.faults, self.seed).link if self.scenario.faults else Link
        self._link = link
        self._observer = observer
        self._session_accounts: dict[str, SessionAccount] = {}
        self._handlers: dict[type[Pdu], Callable[[Seat, Any], Pdu | int]] = {}
        self.life: Lifecycle  # both made by start
        self.server: Server

    # -- life -----------------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the port, and let what the scenario does by itself begin. Raises OSError if the port cannot be opened."""
        loop = asyncio.get_running_loop()
        scenario = self.scenario
        clock = Clock(loop.time, scenario.start, scenario.receipts.utc_offset)
        self.life = life = Lifecycle(scenario, self.seed, clock, loop)
        for account in self._accounts.values():
            life.add_customer(account)
            self._session_accounts[account.name] = SessionAccount(
                name=account.name, max_sessions=account.max_sessions, delivery_window=account.window, profile=_profile(account),
            )
        intake, desk = Intake(life), Desk(life)
        self._handlers = {SubmitSm: intake.submit}
        if not scenario.strict_pdu_set:
            self._handlers |= {
                DataSm: intake.submit, SubmitMulti: intake.submit_multi, CancelSm: desk.cancel, ReplaceSm: desk.replace,
                QuerySm: desk.query,
            }
        self.server = Server(
            self._handle, self.host, self._port, authenticate=self._authenticate, tls=self._tls, system_id=scenario.system_id,
            limits=self._limits, on_session=self._session_changed, link=self._link, observer=self._observer,
        )
        await self.server.start()
        life.start()

    async def close(self, drain: float = 2.0) -> None:
        """Stop: end all plans, wait up to drain seconds for acknowledgements that are under way, unbind every session, close."""
        self.life.stop()
        await self.server.close(drain)
        self.life.store.clear()

    def abort(self) -> None:
        """Drop every connection at once, so that a `close` that waits for peers comes to its end."""
        for session in list(self.server.connections):
            session.link.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    # -- what can be seen and done from outside -----------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server.port

    def url(self, account: str | None = None) -> str:
        """The URL by which a client binds to an account; default the first one."""
        name = next(iter(self._accounts)) if account is None else account
        scheme = "smpps" if self._tls is not None else "smpp"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{quote(name, '')}:{quote(self._accounts[name].password, '')}@{host}:{self.port}/"

    @property
    def statistics(self) -> Statistics:
        """What it has counted since the start."""
        return self.life.statistics

    @property
    def delivered(self) -> list[Submission]:
        """The last 1,000 messages that handsets got, the oldest first."""
        return list(self.life.delivered)

    @property
    def receipts_owed(self) -> int:
        """Receipts that were promised and are neither acknowledged nor given up."""
        return sum(customer.owed for customer in self.life.customers.values())

    def message(self, message_id: str) -> Submission | None:
        """A message by the id of its response, as long as the store has room for it."""
        return self.life.store.get(message_id)

    def write(self, account: str, sender: str, to: str, text: str) -> int:
        """Have somebody write to an account now. Returns how many deliver_sm that makes, 0 if there is no room for it.

        Raises KeyError for an unknown account, EncodeError for addresses or a text that no message holds.
        """
        return self.life.deliver(self.life.customers[account], sender, to, text)

    # -- what the server calls --------------------------------------------------------------------------------------------------------

    def _authenticate(self, session: Session, bind: Pdu) -> SessionAccount | int:
        account = self._accounts.get(session.system_id)
        if account is None:
            return _UNKNOWN_NAME
        given = getattr(bind, "password", None) or ""  # octets as Latin-1; beyond ASCII clients write either that or UTF-8
        if not same_secret(given, account.password) and not same_secret(given, account.password.encode().decode("latin-1")):
            return _WRONG_PASSWORD
        seat = self._seat(self.life.customers[account.name], session.system_type)
        if seat is None:
            return _WRONG_TYPE
        session.data = replace(seat, version=getattr(bind, "interface_version", None) or 0)
        return self._session_accounts[account.name]

    def _seat(self, customer: Customer, system_type: str) -> Seat | None:
        """What a system_type means, its case ignored (V59); None if nothing."""
        kind = system_type.lower()
        if kind == "hlr":
            return Seat(customer, "lookup")
        if kind == "nsms":
            return Seat(customer, "flash")
        if kind.startswith("r:"):
            route = self._routes.get(kind[2:])
            return None if route is None else Seat(customer, reports=route.reports)
        return Seat(customer) if not kind or kind in self._types else None

    def _session_changed(self, session: Session, what: str) -> None:
        seat: Seat = session.data
        box = seat.customer.lookups if seat.service == "lookup" else seat.customer.outbox
        if what == "closed":
            box.detach(session)
            return
        self.life.statistics.sessions += 1
        if session.can_receive:
            box.attach(session)

    def _handle(self, session: Session, pdu: Pdu) -> Pdu | int:
        handler = self._handlers.get(pdu.__class__)
        return handler(session.data, pdu) if handler is not None else _COMMAND


def _profile(account: Account) -> Profile | None:
    """The account's dialect; None for the server's, which is the vendor's and forgives a stray NUL."""
    return None if account.profile == "vendor" else Profile.standard().with_options(lenient={"trailing-octets"})
