"""Layer 6 of 9: a message of any length through a client: composed, sent part by part, and followed to its receipts."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from smpp_core import Pdu, RequestTimeout, SessionClosed, SmppError

from ..message.compose import Composition, References, compose
from ..message.message import Message
from ..message.rollup import Rollup, State
from ..message.tracker import PushedOut, Tracker

if TYPE_CHECKING:
    from .client import Client
    from .inbound import Delivery

__all__ = ["Sender", "Sent"]

log = logging.getLogger("smswire.session")


class Sent:
    """A message that was sent, and what has become of it so far.

    composition: how it was encoded and cut. errors: what each part failed by, None for a part that was accepted: CommandFailed,
    RequestTimeout, SessionClosed.
    """

    __slots__ = ("_rollup", "_sender", "composition", "errors")

    def __init__(self, sender: Sender, composition: Composition, rollup: Rollup) -> None:
        self._sender = sender
        self._rollup = rollup
        self.composition = composition
        self.errors: list[SmppError | None] = [None] * len(composition.parts)

    def __repr__(self) -> str:
        return f"<Sent to {self.composition.message.to}: {self.state}, {self.parts} part{'s' * (self.parts > 1)}>"

    @property
    def parts(self) -> int:
        """How many PDUs it took."""
        return len(self.composition.parts)

    @property
    def message_ids(self) -> tuple[str | None, ...]:
        """The peer's names for the parts, in order; None where none is known."""
        return self._rollup.message_ids

    @property
    def accepted(self) -> bool:
        """True if the peer has accepted every part."""
        return not any(self.errors)

    @property
    def state(self) -> State:
        """The state of the worst part: SUBMITTED while receipts are awaited, then what they say; SENT where none was asked for;
        REJECTED or AMBIGUOUS where a part was not accepted."""
        return self._rollup.state

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the parts, in order."""
        return self._rollup.states

    @property
    def final(self) -> bool:
        """True once nothing more is awaited."""
        return self._rollup.final

    @property
    def reason(self) -> str:
        """Why the state is no better, as "part 2 of 3: UNDELIVERED, err 027"; "" while nothing is wrong."""
        return self._rollup.reason

    async def outcome(self, timeout: float | None = None) -> State:
        """Wait for the final receipts of all parts and return the state.

        timeout: seconds, None for as long as receipts are awaited (72 h from the sending; UNKNOWN then). Raises RequestTimeout, and
        SessionClosed if the client is closed before.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._sender.followed(self._rollup)
        except TimeoutError:
            raise RequestTimeout(f"no final receipt in {timeout:g} s", written=True) from None
        return self._rollup.state


class Sender:
    """Sends messages for a client and joins the receipts that come to them.

    Keeps what Tracker does: 100,000 open messages, 200,000 ids, 10,000 receipts that came before their response.
    """

    def __init__(self, client: Client) -> None:
        self.tracker = Tracker()
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._references = References()
        self._last = 0
        self._waiters: dict[object, list[asyncio.Future[None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(
        self, message: Message, timeout: float | None = None, *, national: tuple[str | int, ...] = (), latin1: bool = False
    ) -> Sent:
        """Send a message: its parts in order, none after one that was not accepted. See Client.send."""
        composition = compose(message, profile=self._client.profile, national=national, latin1=latin1, reference=self._references)
        pdus = composition.pdus()
        self._last = key = self._last + 1
        receipts = message.receipt in ("final", "intermediate")
        sent: Sent | None = None
        failed: SmppError | None = None
        for number, pdu in enumerate(pdus, 1):
            rollup = self.tracker.submitted(key, self._loop.time(), number, len(pdus), receipts=receipts)
            if sent is None:
                sent = Sent(self, composition, rollup)
                self._arm()
            outcome: Pdu | SmppError
            if failed is not None:
                outcome = SessionClosed(f"not sent, since an earlier part failed: {failed}")
            else:
                try:
                    outcome = await self._client.submit(pdu, timeout)
                except SmppError as error:
                    outcome = failed = error
                except asyncio.CancelledError:
                    self._told(self.tracker.responded(key, number, SessionClosed("its sender was cancelled", written=True)))
                    raise
            if isinstance(outcome, SmppError):
                sent.errors[number - 1] = outcome
            self._told(self.tracker.responded(key, number, outcome))
        assert sent is not None
        return sent

    def delivered(self, delivery: Delivery) -> bool:
        """Take the receipt that a delivery carries. Returns whether it belongs to a message of this sender."""
        if not len(self.tracker):
            return False
        receipt = delivery.receipt
        if receipt is None:
            return False
        rollup = self.tracker.receipt(receipt, self._loop.time())
        self._told(rollup)
        return rollup is not None

    async def followed(self, rollup: Rollup) -> None:
        """Wait until a message is final."""
        if rollup.final:
            return
        if self._closed:
            raise SessionClosed("the client was closed before the final receipt", written=True)
        future = self._loop.create_future()
        self._waiters.setdefault(rollup.key, []).append(future)
        try:
            await future
        finally:
            waiters = self._waiters.get(rollup.key, [])
            if future in waiters:
                waiters.remove(future)
                if not waiters:
                    del self._waiters[rollup.key]

    def close(self) -> None:
        """No more receipts will come."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for key in list(self._waiters):
            self._wake(key, SessionClosed("the client was closed before the final receipt", written=True))

    def _told(self, rollup: Rollup | None) -> None:
        if rollup is not None and rollup.final and rollup.key in self._waiters:
            self._wake(rollup.key)

    def _wake(self, key: object, error: SmppError | None = None) -> None:
        for future in self._waiters.pop(key, []):
            if not future.done():
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(error)

    def _arm(self) -> None:
        """Have the tracker look at what is overdue when that time has come."""
        when = self.tracker.deadline()
        if self._timer is None and when is not None and not self._closed:
            self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for event in self.tracker.tick(self._loop.time()):
            rollup = getattr(event, "rollup", None)
            if isinstance(event, PushedOut):
                log.warning("a message is no longer followed to its receipts: too many %s", event.reason)
                self._wake(event.rollup.key, RequestTimeout("too many messages are open; this one is no longer followed", written=True))
            else:
                self._told(rollup)
        self._arm()
