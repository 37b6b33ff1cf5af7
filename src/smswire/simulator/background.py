"""Layer 8 of 9: a simulator in a thread of its own, for tests and scripts without a loop; its methods wait, and may be called anywhere."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from smpp_core import Pdu, Receipt, decode, parse_receipt
from smpp_core.spec.commands import BY_NAME

from ..message.received import Received
from ..session.link import Link
from .faults import Trigger
from .faulty_link import Faults
from .scenario import Account, Scenario, load, of_document
from .smsc import Simulator
from .statistics import Statistics

__all__ = ["BackgroundSimulator"]

T = TypeVar("T")

KEPT: Final = 100_000  # messages, and receipts, that are kept; the oldest go first
_SUBMITS: Final = frozenset(BY_NAME[name].id for name in ("submit_sm", "submit_multi", "data_sm"))
_CARRIERS: Final = frozenset(BY_NAME[name].id for name in ("deliver_sm", "data_sm"))
_START: Final = 10.0  # seconds for a start and for an end


class BackgroundSimulator:
    """An SMSC beside the program: `with BackgroundSimulator("throttled") as smsc: …`.

    scenario, accounts, seed and further options: those of Simulator; a scenario without accounts has one named test, password test.
    Everything that is sent to it and every receipt that it sends is kept, the last 100,000 of each.
    """

    def __init__(
        self, scenario: Scenario | str | PathLike[str] = "default", *, accounts: dict[str, str] | None = None, seed: int | None = None,
        **options: Any,
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
        if not self.scenario.accounts and not accounts:
            accounts = {"test": "test"}
        self._faults = Faults(self.scenario.faults, self.scenario.seed if seed is None else seed)
        self._simulator = Simulator(self.scenario, accounts=accounts, seed=seed, link=self._faults.link, observer=self, **options)
        self._submitted: deque[Received] = deque(maxlen=KEPT)
        self._receipts: deque[Receipt] = deque(maxlen=KEPT)
        self._news = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # -- life -----------------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the port. Raises OSError if that cannot be done."""
        if self._thread is not None:
            raise RuntimeError("a BackgroundSimulator is started once")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._turn, name="smswire simulator", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._simulator.start(), self._loop).result(_START)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Unbind every session, within a second, and end the thread."""
        if self._thread is None or self._loop is None or self._loop.is_closed():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(_START)
        finally:
            self._end()

    async def _shut(self) -> None:
        handle = asyncio.get_running_loop().call_later(1.0, self._simulator.abort)  # clients under test do not always answer
        try:
            await self._simulator.close(0.2)
        finally:
            handle.cancel()

    def _turn(self) -> None:
        assert self._loop is not None
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())  # it has resolved names
        finally:
            self._loop.close()

    def _end(self) -> None:
        assert self._loop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _do(self, function: Callable[[], T]) -> T:
        """Have something done in the simulator's thread."""
        assert self._loop is not None, "it is not started"

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(_START)

    # -- for the program --------------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What a client binds to: the first account's."""
        return self._simulator.url()

    def url_of(self, account: str) -> str:
        """The same of another account. KeyError for one that there is not."""
        return self._simulator.url(account)

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._simulator.host

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._simulator.port

    @property
    def account(self) -> Account:
        """The first account: name and password."""
        return next(iter(self._simulator._accounts.values()))

    @property
    def submitted(self) -> list[Received]:
        """What clients have submitted, the oldest first: sender, to, text, pdus. Parts of long messages stand one by one.

        What the SMSC refused is among them, but not what a fault kept it from reading.
        """
        with self._news:
            return list(self._submitted)

    @property
    def receipts(self) -> list[Receipt]:
        """The receipts that it has sent, the oldest first, those sent again too."""
        with self._news:
            return list(self._receipts)

    def wait_for(self, n: int, timeout: float = 5.0) -> list[Received]:
        """Wait until n messages have been submitted, and give them all. Raises TimeoutError after `timeout` seconds."""
        return self._wait(lambda: self._submitted, n, timeout, "messages were submitted")

    def wait_for_receipts(self, n: int, timeout: float = 5.0) -> list[Receipt]:
        """Wait until n receipts have been sent, and give them all. Raises TimeoutError after `timeout` seconds."""
        return self._wait(lambda: self._receipts, n, timeout, "receipts were sent")

    def _wait(self, kept: Callable[[], deque[T]], n: int, timeout: float, what: str) -> list[T]:
        until = time.monotonic() + timeout
        with self._news:
            while len(kept()) < n:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{len(kept())} of {n} {what} within {timeout:g} s")
                self._news.wait(left)
            return list(kept())

    def clear(self) -> None:
        """Forget what was submitted and which receipts were sent."""
        with self._news:
            self._submitted.clear()
            self._receipts.clear()

    def deliver(self, text: str, *, sender: str = "385911234567", to: str = "12345", account: str | None = None) -> int:
        """Have somebody write to a client. account: its name, default the first. Returns how many deliver_sm that makes.

        Raises KeyError for an unknown account, EncodeError for addresses or a text that no message holds.
        """
        name = self.account.name if account is None else account
        return self._do(lambda: self._simulator.write(name, sender, to, text))

    def fault(self, kind: str, **options: Any) -> Trigger:
        """Have one more fault from now on: `smsc.fault("late", every=3)`. options: its keys. `fired` of the result: how often it happened.

        Raises ScenarioError, a ValueError, for a kind, a key or a value that there is not.
        """
        (fault,) = of_document({"fault": [{"kind": kind} | options]}).faults
        return self._do(lambda: self._faults.add(fault))

    def clear_faults(self) -> None:
        """Have no faults from now on."""
        self._do(self._faults.clear)

    @property
    def faults_fired(self) -> dict[str, int]:
        """How often each kind of fault has happened."""
        return self._do(lambda: dict(self._faults.fired))

    @property
    def statistics(self) -> Statistics:
        """What the simulator has counted."""
        return self._do(lambda: self._simulator.statistics)

    @property
    def sessions(self) -> int:
        """How many sessions are bound now."""
        return self._do(lambda: len(self._simulator.server.sessions))

    def drop_connections(self) -> None:
        """Drop every connection at once, without unbind."""
        self._do(self._simulator.abort)

    # -- what links tell, in the simulator's thread ------------------------------------------------------------------------------------

    def received(self, link: Link, pdu: Pdu) -> None:
        """A PDU came in."""
        if pdu.command_id in _SUBMITS:
            with self._news:
                self._submitted.append(Received.of((pdu,)))
                self._news.notify_all()

    def sent(self, link: Link, octets: bytes) -> None:
        """A PDU goes out."""
        if int.from_bytes(octets[4:8], "big") in _CARRIERS:
            found = parse_receipt(decode(octets, strict=False, profile=link.machine.profile))
            if found is not None:
                with self._news:
                    self._receipts.append(found)
                    self._news.notify_all()
